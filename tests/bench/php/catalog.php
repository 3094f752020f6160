<?php
/* What the pages share: the catalogue, read for each request. */

function refuse(int $status, string $reason): never
{
	http_response_code($status);
	header('Content-Type: text/plain');
	exit("$reason\n");
}

function catalog(): array
{
	$text = file_get_contents(getenv('MIRRORBOOT_CATALOG'));
	return json_decode($text, true) ?? refuse(500, 'the catalogue is broken');
}

/* A value for loaders, which have no quoting. */
function plain(string $value): string
{
	if (preg_match('/[^ -~]|\^/', $value))
		refuse(500, 'a value cannot be written');
	return $value;
}

function answer(string $text): void
{
	header('Content-Type: text/plain');
	header('Cache-Control: max-age=1');
	header('Content-Length: ' . strlen($text));
	echo $text;
}
