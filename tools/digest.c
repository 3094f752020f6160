#include "digest.h"

#include <gcrypt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"

struct digest {
	gcry_md_hd_t md;
	int has_sha512;
};

static int set_up(void)
{
	if (gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P))
		return 0;
	if (gcry_check_version(NULL) == NULL)
		return -1;
	/* No secrets are kept. */
	gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
	gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
	return 0;
}

struct digest *digest_new(int has_sha512)
{
	gcry_md_hd_t md;
	struct digest *d;

	if (set_up() < 0 || gcry_md_open(&md, GCRY_MD_SHA256, 0) != 0 ||
	    (has_sha512 && gcry_md_enable(md, GCRY_MD_SHA512) != 0)) {
		fputs("libgcrypt cannot be used\n", stderr);
		return NULL;
	}
	d = mem_alloc(sizeof(*d));
	d->md = md;
	d->has_sha512 = has_sha512;
	return d;
}

void digest_free(struct digest *d)
{
	if (d == NULL)
		return;
	gcry_md_close(d->md);
	free(d);
}

void digest_reset(struct digest *d)
{
	gcry_md_reset(d->md);
}

void digest_add(struct digest *d, const void *bytes, size_t len)
{
	gcry_md_write(d->md, bytes, len);
}

static void print(const unsigned char *bytes, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		*out++ = digits[bytes[i] >> 4];
		*out++ = digits[bytes[i] & 15];
	}
	*out = '\0';
}

void digest_read(struct digest *d, struct sums *out)
{
	print(gcry_md_read(d->md, GCRY_MD_SHA256), 32, out->sha256);
	out->sha512[0] = '\0';
	if (d->has_sha512)
		print(gcry_md_read(d->md, GCRY_MD_SHA512), 64, out->sha512);
}

struct sums digest_of(struct digest *d, const void *bytes, size_t len)
{
	struct sums sums;

	digest_reset(d);
	digest_add(d, bytes, len);
	digest_read(d, &sums);
	return sums;
}

int digest_is(const struct sums *file, const struct sums *wanted)
{
	if (wanted->sha256[0] == '\0' && wanted->sha512[0] == '\0')
		return 0;
	return (wanted->sha256[0] == '\0' ||
		strcmp(wanted->sha256, file->sha256) == 0) &&
	       (wanted->sha512[0] == '\0' ||
		strcmp(wanted->sha512, file->sha512) == 0);
}
