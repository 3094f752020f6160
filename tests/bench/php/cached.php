<?php
/* The menu, kept whole until the catalogue is edited. */
require 'catalog.php';

$name = $_GET['name'] ?? '';
$key = $name . filemtime(getenv('MIRRORBOOT_CATALOG'));
$text = apcu_fetch($key);
if ($text === false) {
	require 'text.php';
	$catalog = catalog();
	$text = menu_text($catalog, $name ?: $catalog['site']['menu']);
	apcu_store($key, $text);
}
answer($text);
