<?php
require 'catalog.php';

$site = catalog()['site'];
answer("#!gpxe\nimgfree\nchain " . plain($site['base'] . $site['vesamenu'])
	. ' ' . plain($site['base']) . "menu\n");
