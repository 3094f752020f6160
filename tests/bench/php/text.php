<?php
/* A menu's text. */

const LOOK = <<<'END'
menu timeoutrow 29
menu vshift 2
menu rows 12
menu color title  1;36;44   #ff8bc2ff #00000000 std
menu color unsel  37;44     #ff1069c5 #00000000 std
menu color sel    7;37;40   #ff000000 #ffff7518 all
menu color hotkey 1;37;44   #ffffffff #00000000 std
menu color hotsel 1;7;37;40 #ff000431 #ffff7518 all

END;

function menu_text(array $catalog, string $name): string
{
	$base = plain($catalog['site']['base']);
	$menu = $catalog['menus'][$name] ?? refuse(404, 'no such menu');
	$text = "menu margin 10\nprompt 0\nallowoptions 0\n" . LOOK
		. "\nmenu title " . plain($menu['title']) . "\n";
	foreach ($menu['entries'] as $entry) {
		$query = http_build_query([
			'arch' => $entry['arch'],
			'distro' => $entry['distro'],
			'version' => $entry['version'],
		]);
		$text .= "\nlabel " . plain($entry['id'])
			. "\nmenu label " . plain($entry['title'])
			. "\nkernel {$base}fromthemirror?$query\n";
	}
	return $text;
}
