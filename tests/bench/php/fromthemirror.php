<?php
require 'catalog.php';

/* Fills a pattern of the catalogue. */
function fill(string $pattern, array $values): string
{
	$names = array_map(fn($name) => '{{' . $name . '}}', array_keys($values));
	return str_replace($names, $values, $pattern);
}

$catalog = catalog();
$arch = $_GET['arch'] ?? '';
$distro = $catalog['distros'][$_GET['distro'] ?? ''] ?? refuse(404, 'no such distro');
$version = $distro['versions'][$_GET['version'] ?? ''] ?? refuse(404, 'no such version');
if (!in_array($arch, $version['arches'], true))
	refuse(404, 'not for that architecture');

$values = [
	'mirror' => $catalog['mirrors'][$distro['mirror']][0],
	'version' => $_GET['version'],
	'arch' => $arch,
];
$values['root'] = fill($distro['root'], $values);
$root = plain($values['root']);
$config = plain(fill($distro['pxelinux']['config'], $values));
$loader = plain(fill($distro['pxelinux']['loader'], $values));

answer(<<<END
#!gpxe
echo It is assumed that you have dhcp networking
ifopen net0
dhcp net0
set 209:string $config


set 210:string $root

echo Here we go
chain $loader
echo PxeKnife booting cancelled, using local disk instead..

END);
