<?php
/* What a machine gets, from one file that has all of them. */
require 'catalog.php';

$path = dirname(getenv('MIRRORBOOT_CATALOG')) . '/hosts.json';
$hosts = json_decode(file_get_contents($path), true);
answer(json_encode($hosts[$_GET['mac']]) . "\n");
