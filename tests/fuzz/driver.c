/*
 * Where there is no libFuzzer: gives a fuzzer every file of the directories
 * named, in order of name.  So the corpora are tests with every compiler.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"

static int is_input(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void run_file(const char *dir, const char *name)
{
	struct buf path = BUF_INIT;
	struct buf text = BUF_INIT;

	buf_printf(&path, "%s/%s", dir, name);
	/* Where a check fails, this is the last line. */
	printf("%s\n", path.data);
	fflush(stdout);
	fuzz_read_file(&text, path.data);
	LLVMFuzzerTestOneInput((const uint8_t *)buf_text(&text), text.len);
	buf_free(&text);
	buf_free(&path);
}

int main(int argc, char **argv)
{
	int total = 0;

	for (int i = 1; i < argc; i++) {
		struct dirent **names = NULL;
		int count = scandir(argv[i], &names, is_input, alphasort);

		for (int j = 0; j < count; j++) {
			run_file(argv[i], names[j]->d_name);
			free(names[j]);
			total++;
		}
		free(names);
	}
	printf("%d inputs\n", total);
	return total > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
