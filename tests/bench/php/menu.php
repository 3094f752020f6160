<?php
require 'catalog.php';
require 'text.php';

$catalog = catalog();
answer(menu_text($catalog, $_GET['name'] ?? $catalog['site']['menu']));
