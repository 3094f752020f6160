#include "arming_directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"

/* The largest file: a group of 20,000 machines with all their addresses. */
#define FILE_MAX_BYTES (16 * 1024 * 1024)

void *arming_directory_attach(const char *place, const char *password_file)
{
	(void)password_file;
	return (char *)place;
}

void arming_directory_detach(void *at)
{
	(void)at;
}

int arming_directory_read(void *at, const char *name, struct arming *a,
			  struct error *err)
{
	const char *dir = at;
	struct buf path = BUF_INIT;
	struct buf text = BUF_INIT;
	json_t *file = NULL;
	int reason = 0;
	int rc = 0;
	int fd;

	buf_printf(&path, "%s/%s", dir, name);
	fd = open(path.data, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || buf_read(&text, fd, FILE_MAX_BYTES) < 0)
		reason = errno;
	else
		file = json_loadb(buf_text(&text), text.len,
				  JSON_REJECT_DUPLICATES, NULL);
	if (fd >= 0)
		close(fd);
	if (reason == 0)
		rc = arming_take(a, name, file, err);
	else if (reason != ENOENT)
		rc = arming_set_broken(a, name, strerror(reason), err);
	json_decref(file);
	buf_free(&text);
	buf_free(&path);
	return rc;
}

static int fail(struct error *err)
{
	return error_set(err, NULL, 0, "the state directory cannot be read: %s",
			 strerror(errno));
}

int arming_directory_find(void *at, const char *digits,
			  char name[static ARMING_NAME_SIZE], struct error *err)
{
	DIR *stream = opendir(at);
	const struct dirent *entry;
	char find[ARMING_FIND_SIZE];
	int found = 0;

	if (stream == NULL && errno == ENOENT)
		return 0;
	if (stream == NULL)
		return fail(err);
	while (!found && (entry = readdir(stream)) != NULL) {
		size_t len = strlen(entry->d_name);

		if (entry->d_name[0] == '.' || len >= ARMING_NAME_SIZE)
			continue;
		arming_print_find(entry->d_name, find);
		found = strcmp(find, digits) == 0;
		if (found)
			memcpy(name, entry->d_name, len + 1);
	}
	closedir(stream);
	return found;
}

static int is_state(const char *name)
{
	size_t len = strlen(name);

	return name[0] != '.' && len > 5 && len < ARMING_NAME_SIZE &&
	       strcmp(name + len - 5, ".json") == 0;
}

int arming_directory_list(void *at, json_t *names, struct error *err)
{
	DIR *stream = opendir(at);
	const struct dirent *entry;

	if (stream == NULL)
		return fail(err);
	while ((entry = readdir(stream)) != NULL)
		if (is_state(entry->d_name))
			json_object_set_new(names, entry->d_name, json_true());
	closedir(stream);
	return 0;
}

const struct arming_kind arming_directory = {
	.attach = arming_directory_attach,
	.detach = arming_directory_detach,
	.read = arming_directory_read,
	.find = arming_directory_find,
	.list = arming_directory_list,
};
