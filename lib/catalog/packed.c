#include "packed.h"

#include <stdlib.h>
#include <string.h>

#include "mirror.h"

#define ALL_BYTES PACKED_MIRROR PACKED_VERSION PACKED_ARCH PACKED_DISTRO_ARCH

/* How files are copied. */
struct copying {
	/* A text in place of another, which is never NULL. */
	const char *(*text)(void *ctx, const char *text);
	/* A whole array of size bytes, which is in the pool. */
	const void *(*array)(void *ctx, const void *array, size_t size);
	void *ctx;
	struct mem_pool *pool;
};

static void copy_text(const struct copying *c, const char **text)
{
	if (*text != NULL)
		*text = c->text(c->ctx, *text);
}

/* A copy of the array's bytes to change; NULL for NULL. */
static void *copy_bytes(const struct copying *c, const void *array, size_t size)
{
	return array != NULL
		       ? memcpy(mem_pool_alloc(c->pool, size), array, size)
		       : NULL;
}

static const void *end_array(const struct copying *c, const void *array,
			     size_t size)
{
	return array != NULL ? c->array(c->ctx, array, size) : NULL;
}

/* Texts, any of which may be NULL. */
static const char *const *copy_texts(const struct copying *c,
				     const char *const *from, size_t count)
{
	const size_t size = count * sizeof(*from);
	const char **texts = copy_bytes(c, from, size);

	for (size_t i = 0; texts != NULL && i < count; i++)
		copy_text(c, &texts[i]);
	return end_array(c, texts, size);
}

static const struct initrd *
copy_initrds(const struct copying *c, const struct initrd *from, size_t count)
{
	const size_t size = count * sizeof(*from);
	struct initrd *list = copy_bytes(c, from, size);

	for (size_t i = 0; list != NULL && i < count; i++) {
		copy_text(c, &list[i].url);
		copy_text(c, &list[i].path);
		copy_text(c, &list[i].args);
	}
	return end_array(c, list, size);
}

static const struct dialect_kernel *copy_kernel(const struct copying *c,
						const struct dialect_kernel *k)
{
	struct dialect_kernel *kernel = copy_bytes(c, k, sizeof(*k));

	if (kernel == NULL)
		return NULL;
	copy_text(c, &kernel->url);
	copy_text(c, &kernel->args);
	kernel->initrds = copy_initrds(c, k->initrds, k->initrd_count);
	return end_array(c, kernel, sizeof(*kernel));
}

static const struct sum_lists *
copy_sums(const struct copying *c, const struct sum_lists *from, size_t count)
{
	const size_t size = count * sizeof(*from);
	struct sum_lists *list = copy_bytes(c, from, size);

	for (size_t i = 0; list != NULL && i < count; i++) {
		list[i].urls = copy_texts(c, list[i].urls, list[i].count);
		copy_text(c, &list[i].signature);
		copy_text(c, &list[i].keyring);
	}
	return end_array(c, list, size);
}

static const struct pin *copy_pins(const struct copying *c,
				   const struct pin *from, size_t count)
{
	const size_t size = count * sizeof(*from);
	struct pin *list = copy_bytes(c, from, size);

	for (size_t i = 0; list != NULL && i < count; i++) {
		copy_text(c, &list[i].sha256);
		copy_text(c, &list[i].date);
	}
	return end_array(c, list, size);
}

static size_t count_dialects(void)
{
	size_t count = 0;

	while (dialects[count] != NULL)
		count++;
	return count;
}

static void copy_files(const struct copying *c, const struct mirror_files *from,
		       struct mirror_files *to)
{
	/* Padding has to be the same in equal files. */
	memcpy(to, from, sizeof(*to));
	copy_text(c, &to->mirror);
	copy_text(c, &to->pathprefix);
	copy_text(c, &to->configfile);
	copy_text(c, &to->loader);
	copy_text(c, &to->kernel);
	copy_text(c, &to->shim);
	copy_text(c, &to->args);
	copy_text(c, &to->own_args);
	copy_text(c, &to->answer_args);
	for (int i = 0; i < PLATFORM_COUNT; i++) {
		copy_text(c, &to->chain[i]);
		copy_text(c, &to->script[i]);
		copy_text(c, &to->image[i]);
	}
	to->unwritable = copy_texts(c, from->unwritable, count_dialects());
	to->initrds = copy_initrds(c, from->initrds, from->initrd_count);
	to->sums = copy_sums(c, from->sums, 1 + from->initrd_count);
	to->pins = copy_pins(c, from->pins, 1 + from->initrd_count);
	to->memdisk = copy_kernel(c, from->memdisk);
}

void packed_note(struct packer *p, const char *whole, const char *packed)
{
	p->list = mem_grow_by_one(p->list, p->count, sizeof(*p->list));
	p->list[p->count++] = (struct packed_text){ whole, packed };
}

void packed_forget(struct packer *p)
{
	p->count = p->next = 0;
}

void packed_free(struct packer *p)
{
	free(p->list);
	p->list = NULL;
	packed_forget(p);
}

/* Texts are mostly looked for in the order in which they were noted. */
const char *packed_text(struct packer *p, const char *whole)
{
	for (size_t i = 0; i < p->count; i++) {
		const size_t place = (p->next + i) % p->count;

		if (p->list[place].whole == whole) {
			p->next = place + 1;
			return p->list[place].packed;
		}
	}
	return store_text(p->store, whole);
}

/* For struct copying. */
static const char *pack_text(void *ctx, const char *text)
{
	return packed_text(ctx, text);
}

static const void *store_packed(void *ctx, const void *array, size_t size)
{
	const struct packer *p = ctx;

	return store_array(p->store, array, size);
}

void packed_add(struct packer *p, const struct mirror_files *files,
		struct mirror_files *to)
{
	const struct copying packing = { pack_text, store_packed, p,
					 p->scratch };

	copy_files(&packing, files, to);
}

/* What the bytes of packed texts stand for. */
struct opening {
	const char *values[sizeof(ALL_BYTES)]; /* by byte; NULL: none */
	struct mem_pool *pool;
	struct buf text;
};

/* For struct copying. */
static const char *open_text(void *ctx, const char *text)
{
	struct opening *o = ctx;
	size_t len = strcspn(text, ALL_BYTES);

	if (text[len] == '\0')
		return text;
	buf_truncate(&o->text, 0);
	for (;;) {
		buf_add(&o->text, text, len);
		if (text[len] == '\0')
			return mem_pool_copy(o->pool, o->text.data);
		buf_puts(&o->text, o->values[(unsigned char)text[len]]);
		text += len + 1;
		len = strcspn(text, ALL_BYTES);
	}
}

static const void *leave_array(void *ctx, const void *array, size_t size)
{
	(void)ctx;
	(void)size;
	return array;
}

const struct mirror_files *packed_open(const struct release *release,
				       struct mem_pool *pool)
{
	struct opening opening = {
		.values = { [2] = release->version,
			    [3] = machine_arch_name((int)release->arch),
			    [4] = release->distro_arch },
		.pool = pool,
	};
	const struct copying copying = { open_text, leave_array, &opening,
					 pool };
	struct mirror_files *all =
		mem_pool_alloc(pool, release->mirror_count * sizeof(*all));

	for (size_t i = 0; i < release->mirror_count; i++) {
		if (release->mirror != NULL)
			opening.values[1] = release->mirror->bases[i].url;
		copy_files(&copying, &release->mirrors[i], &all[i]);
	}
	buf_free(&opening.text);
	return all;
}
