/*
 * What a machine says of itself, and the text of its host file: the input is
 * its MAC, its UUID and its serial, a line each, then the file.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "catalog.h"
#include "fuzz.h"
#include "mem.h"

#define FILE_NAME "52-54-00-12-34-56.json"

/* The catalogue that host files name things of, and a directory for one. */
static struct catalog *catalog;
static char directory[] = "/tmp/fuzz-host-XXXXXX";

static void remove_directory(void)
{
	if (chdir(directory) == 0 && unlink(FILE_NAME) == 0)
		rmdir(directory);
}

static void open_catalog(void)
{
	struct error err = ERROR_INIT;
	struct stamps *stamps = stamps_new();

	catalog = catalog_load(TESTS "/schema/valid/everything.json", NULL,
			       stamps, &err);
	stamps_free(stamps);
	FUZZ_CHECK(catalog != NULL && mkdtemp(directory) != NULL, "%s",
		   err.text);
	atexit(remove_directory);
}

/* Each name leads nowhere else, and is that of the same machine. */
static void check_names(const struct identity *id)
{
	static const char safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "abcdefghijklmnopqrstuvwxyz0123456789._-";
	char name[IDENTITY_NAME_SIZE];

	for (int key = 0; key < IDENTITY_KEY_COUNT; key++) {
		struct buf instead = BUF_INIT;
		struct identity again;

		if (identity_name(id, (enum identity_key)key, name) < 0)
			continue;
		FUZZ_CHECK(name[0] != '.' && name[strspn(name, safe)] == '\0',
			   "%s", name);
		FUZZ_CHECK(identity_parse_name(name, &again, &instead) == NULL,
			   "%s", name);
		if (key == IDENTITY_MAC)
			FUZZ_CHECK(strcmp(again.mac, id->mac) == 0, "%s", name);
		if (key == IDENTITY_SERIAL)
			FUZZ_CHECK(strcmp(again.serial, id->serial) == 0, "%s",
				   name);
		buf_free(&instead);
	}
}

static void check_identity(const uint8_t **data, size_t *size)
{
	const char *(*const set[])(struct identity *, const char *) = {
		identity_set_mac,
		identity_set_uuid,
		identity_set_serial,
	};
	struct identity id = { "", "", "" };

	for (size_t i = 0; i < sizeof(set) / sizeof(*set); i++) {
		char *text = fuzz_part(data, size, '\n', NULL);

		if (text != NULL)
			set[i](&id, text);
		free(text);
	}
	check_names(&id);
}

static void check_host(const struct host *host)
{
	const struct assignment *a = &host->assigned;

	FUZZ_CHECK((a->menu != NULL) + a->is_local + (a->release != NULL) == 1,
		   "%s", a->pointer);
	FUZZ_CHECK(a->file != NULL && a->pointer[0] == '/', "%s", a->pointer);
}

static void check_file(const uint8_t *data, size_t size)
{
	const struct identity id = { "52-54-00-12-34-56", "", "" };
	struct error err = ERROR_INIT;
	FILE *file = fopen(FILE_NAME, "w");
	struct host host;
	int found;

	FUZZ_CHECK(file != NULL && fwrite(data, 1, size, file) == size &&
			   fclose(file) == 0,
		   "no file");
	found = catalog_find_host(catalog, ".", &id, &host, &err);
	FUZZ_CHECK(found == 1 || found == -1, "%d", found);
	if (found == 1) {
		check_host(&host);
	} else {
		fuzz_check_error(&err);
		FUZZ_CHECK(strncmp(err.text, FILE_NAME ":", 23) == 0, "%s",
			   err.text);
	}
	host_free(&host);
}

/* A file is never taken for one that somebody is writing to. */
int __wrap_stamps_is_recent(struct timespec changed);
int __wrap_stamps_is_recent(struct timespec changed)
{
	(void)changed;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (catalog == NULL)
		open_catalog();
	FUZZ_CHECK(chdir(directory) == 0, "%s", directory);
	check_identity(&data, &size);
	check_file(data, size);
	return 0;
}
