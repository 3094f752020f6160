#include "verify.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "date.h"
#include "fetch.h"
#include "mem.h"
#include "mirror.h"
#include "pin.h"
#include "releasefile.h"
#include "signature.h"
#include "sumlist.h"

/* The largest list, and the largest kernel or initrd. */
#define LIST_MAX ((long long)16 * 1024 * 1024)
#define FILE_MAX ((long long)8 * 1024 * 1024 * 1024)

/* How long a list may stay behind that of another mirror, in seconds. */
#define LAG_MAX (2 * 24 * 60 * 60)

/* How far two clocks may be apart, in seconds. */
#define CLOCKS_MAX (24 * 60 * 60)

/* A file that is fetched whole, once. */
struct download {
	char *url;
	int is_list;   /* its content is kept */
	long status;   /* 0: no answer */
	char *problem; /* why it broke off; NULL */
	int is_too_long;
	long long length; /* that has come */
	long long modified;
	struct buf content;
	struct digest *digest;
	struct sums sums;
};

/* A signed list, verified once. */
struct trust {
	char *key; /* URLs of the list and its signature, and the keyring */
	struct signature signature;
	long long valid_until; /* 0: it says nothing */
	char *problem;         /* of the keyring; NULL */
};

/* What is verified. */
struct verifier {
	const struct online_options *options;
	struct fetcher *fetcher;
	struct findings *findings;
	struct pins *pins;
	struct download **downloads;
	size_t download_count;
	json_t *download_index; /* URL -> place */
	struct trust **trusts;
	size_t trust_count;
	int has_failed; /* gpgv or libgcrypt cannot be used */
};

/* A kernel or initrd of a release on a mirror. */
struct subject {
	const struct release *release;
	const struct mirror_files *files;
	size_t index; /* 0: the kernel */
};

/* What is known of a subject. */
struct verdict {
	const struct download *file;
	int is_right;     /* it is as its signed list says */
	long long time;   /* of the signature; 0: not verified */
	const char *list; /* URL of the signed list */
};

static const char *url_of(const struct subject *s)
{
	return release_file(s->files, s->index);
}

static const char *name_of(const struct subject *s)
{
	return s->index == 0 ? "kernel" : "initrd";
}

static const struct sum_lists *lists_of(const struct subject *s)
{
	return &s->files->sums[s->index];
}

/* Checks whose findings prevent no boot. */
static const char *const warnings[] = { "lags", "differs", "pin", NULL };

static enum severity severity_of(const char *check)
{
	const char *const *warning = warnings;

	while (*warning != NULL && strcmp(*warning, check) != 0)
		warning++;
	return *warning != NULL ? SEVERITY_WARNING : SEVERITY_ERROR;
}

__attribute__((format(printf, 5, 6))) static void
add(const struct verifier *v, const struct subject *s, const char *check,
    const char *url, const char *fmt, ...)
{
	struct buf pointer = BUF_INIT;
	struct buf reason = BUF_INIT;
	va_list args;

	release_add_pointer(s->release, &pointer);
	va_start(args, fmt);
	buf_vprintf(&reason, fmt, args);
	va_end(args);
	findings_add(v->findings, &(struct finding){
					  .severity = severity_of(check),
					  .check = check,
					  .file = s->release->file,
					  .pointer = pointer.data,
					  .reason = reason.data,
					  .url = url,
				  });
	buf_free(&pointer);
	buf_free(&reason);
}

static int take(void *ctx, const char *bytes, size_t len)
{
	struct download *d = ctx;
	const long long max = d->is_list ? LIST_MAX : FILE_MAX;

	if (bytes == NULL) {
		buf_truncate(&d->content, 0);
		digest_reset(d->digest);
		d->length = 0;
		return 0;
	}
	if ((long long)len > max - d->length) {
		d->is_too_long = 1;
		return -1;
	}
	d->length += (long long)len;
	digest_add(d->digest, bytes, len);
	if (d->is_list)
		buf_add(&d->content, bytes, len);
	return 0;
}

static void done(void *ctx, const struct fetch_answer *answer)
{
	struct download *d = ctx;

	d->status = answer->status;
	d->modified = answer->modified;
	if (answer->problem != NULL)
		d->problem = mem_copy(answer->problem, strlen(answer->problem));
	digest_read(d->digest, &d->sums);
	digest_free(d->digest);
	d->digest = NULL;
}

static struct download *find(const struct verifier *v, const char *url)
{
	const json_t *place = json_object_get(v->download_index, url);

	return place != NULL ? v->downloads[json_integer_value(place)] : NULL;
}

/* Ask for a URL, if nobody has. */
static void ask(struct verifier *v, const char *url, int is_list)
{
	struct download *d = find(v, url);

	if (d != NULL) {
		d->is_list |= is_list;
		return;
	}
	d = mem_alloc(sizeof(*d));
	d->url = mem_copy(url, strlen(url));
	d->is_list = is_list;
	d->digest = digest_new(1);
	json_object_set_new(v->download_index, url,
			    json_integer((json_int_t)v->download_count));
	v->downloads = mem_grow_by_one(v->downloads, v->download_count,
				       sizeof(*v->downloads));
	v->downloads[v->download_count++] = d;
	if (d->digest == NULL) {
		v->has_failed = 1;
		return;
	}
	fetcher_add(v->fetcher, &(struct fetch){
					.url = d->url,
					.method = FETCH_WHOLE,
					.take = take,
					.done = done,
					.ctx = d,
				});
}

static void ask_for(struct verifier *v, const struct subject *s)
{
	const struct sum_lists *lists = lists_of(s);

	for (size_t i = 0; i < lists->count; i++)
		ask(v, lists->urls[i], 1);
	if (lists->signature != NULL)
		ask(v, lists->signature, 1);
	ask(v, url_of(s), 0);
}

/* Whether it is where a redirect leads that the file cannot be had. */
static int has_lost_its_way(const struct download *d)
{
	return d->status / 100 == 3 && d->problem != NULL;
}

/* Whether the file has come whole; adds why not. */
static int has_come(const struct verifier *v, const struct subject *s,
		    const char *name, const struct download *d)
{
	if (d->is_too_long)
		add(v, s, "sum", d->url, "%s is longer than %lld bytes", name,
		    d->is_list ? LIST_MAX : FILE_MAX);
	else if (fetch_is_missing(d->status))
		add(v, s, "missing", d->url, "%s is missing: status %ld", name,
		    d->status);
	else if (d->status != 0 && d->status / 100 != 2 && !has_lost_its_way(d))
		add(v, s, "refused", d->url, "%s is refused: status %ld", name,
		    d->status);
	else if (d->problem != NULL)
		add(v, s, "broken", d->url, "%s cannot be fetched: %s", name,
		    d->problem);
	else
		return 1;
	return 0;
}

/* Whether a file that begins so is one of the two kinds that gpgv reads: the
 * packet of a key (RFC 9580, 4.2) or the header of GnuPG's keybox. */
static int is_keyring(const unsigned char *bytes, size_t len)
{
	return (bytes[0] & 0xfc) == 0x98 || bytes[0] == 0xc6 ||
	       (len >= 12 && memcmp(bytes + 8, "KBXf", 4) == 0);
}

/* What is wrong with a keyring; NULL: nothing. */
static const char *keyring_problem(const char *keyring)
{
	static const char armour[] = "-----BEGIN PGP ";
	unsigned char first[sizeof(armour)] = "";
	struct stat status;
	FILE *file;
	size_t len;

	if (stat(keyring, &status) == 0 && !S_ISREG(status.st_mode))
		return "it is not a regular file";
	file = fopen(keyring, "re");
	if (file == NULL)
		return strerror(errno);
	len = fread(first, 1, sizeof(first) - 1, file);
	fclose(file);
	if (len == 0)
		return "it is empty";
	if (memcmp(first, armour, sizeof(armour) - 1) == 0)
		return "it is text, which gpgv does not read: convert it with "
		       "gpg --dearmor";
	return is_keyring(first, len)
		       ? NULL
		       : "it has no keys: gpg --export writes such a file";
}

static struct trust *new_trust(struct verifier *v,
			       const struct sum_lists *lists, char *key)
{
	const struct download *list = find(v, lists->urls[0]);
	const struct buf *detached =
		lists->signature != NULL ? &find(v, lists->signature)->content
					 : NULL;
	const char *problem = keyring_problem(lists->keyring);
	struct trust *t = mem_alloc(sizeof(*t));

	t->key = key;
	if (problem != NULL)
		t->problem = mem_copy(problem, strlen(problem));
	else if (!v->has_failed &&
		 signature_check(&list->content, detached, lists->keyring,
				 &t->signature) < 0)
		v->has_failed = 1;
	t->valid_until = releasefile_valid_until(buf_text(&t->signature.text));
	v->trusts =
		mem_grow_by_one(v->trusts, v->trust_count, sizeof(*v->trusts));
	v->trusts[v->trust_count++] = t;
	return t;
}

/* Verify the first of the lists, which has come, once. */
static const struct trust *verify(struct verifier *v,
				  const struct sum_lists *lists)
{
	struct buf key = BUF_INIT;

	buf_printf(&key, "%s %s %s", lists->urls[0],
		   lists->signature != NULL ? lists->signature : "",
		   lists->keyring);
	for (size_t i = 0; i < v->trust_count; i++)
		if (strcmp(v->trusts[i]->key, key.data) == 0) {
			buf_free(&key);
			return v->trusts[i];
		}
	return new_trust(v, lists, buf_take(&key));
}

/* What a state of the signature that is not good means. */
static const struct {
	const char *check, *reason;
} faults[] = {
	[SIGNATURE_NONE] = { "unsigned", "is not signed" },
	[SIGNATURE_BAD] = { "signature", "has changed since it was signed" },
	[SIGNATURE_UNKNOWN_KEY] = { "key", "is signed by another key than "
					   "those of" },
	[SIGNATURE_REVOKED_KEY] = { "key", "is signed by a key that has been "
					   "revoked" },
	[SIGNATURE_EXPIRED_KEY] = { "expired", "is signed by a key that has "
					       "expired" },
	[SIGNATURE_EXPIRED] = { "expired", "has a signature that has expired" },
	[SIGNATURE_UNREADABLE] = { "signature", "has a signature that gpgv "
						"cannot read" },
};

/* Add what is wrong with the signature.  Returns whether it is good. */
static int is_signed(const struct verifier *v, const struct subject *s,
		     const struct trust *t)
{
	const struct sum_lists *lists = lists_of(s);
	const enum signature_state state = t->signature.state;

	if (t->problem != NULL)
		add(v, s, "keyring", lists->urls[0],
		    "list of sums cannot be verified: keyring %s: %s",
		    lists->keyring, t->problem);
	else if (state == SIGNATURE_UNKNOWN_KEY)
		add(v, s, faults[state].check, lists->urls[0],
		    "list of sums %s %s: %s", faults[state].reason,
		    lists->keyring, t->signature.key);
	else if (state != SIGNATURE_GOOD)
		add(v, s, faults[state].check, lists->urls[0],
		    "list of sums %s", faults[state].reason);
	else
		return 1;
	return 0;
}

/* Whether the time is later than this machine's: its clock and that of who
 * signs may differ. */
static int is_future(long long seconds)
{
	return seconds > (long long)time(NULL) + CLOCKS_MAX;
}

/* Whether the list may be used now; adds why not. */
static int is_fresh(const struct verifier *v, const struct subject *s,
		    const struct trust *t)
{
	const char *url = lists_of(s)->urls[0];
	char date[DATE_SIZE];

	if (is_future(t->signature.time)) {
		date_print(t->signature.time, date);
		add(v, s, "future", url,
		    "list of sums was signed %s, which is still to come: "
		    "compare this machine's clock",
		    date);
		return 0;
	}
	if (t->valid_until == 0 || t->valid_until > (long long)time(NULL))
		return 1;
	date_print(t->valid_until, date);
	if (t->valid_until < 0)
		add(v, s, "expired", url,
		    "list of sums has a Valid-Until that is not a date");
	else
		add(v, s, "expired", url,
		    "list of sums was valid until %s only", date);
	return 0;
}

/* Whether the list is of the release that is asked for; adds that it is not.
 * The archive's keys sign all its suites, and each has files of these names. */
static int is_of_suite(const struct verifier *v, const struct subject *s,
		       const struct trust *t)
{
	const char *url = lists_of(s)->urls[0];
	const char *suite;
	size_t len;

	if (releasefile_is_of(buf_text(&t->signature.text), url, &suite, &len))
		return 1;
	add(v, s, "suite", url,
	    "list of sums is of another release than %.*s: that is neither its "
	    "Suite nor its Codename",
	    (int)len, suite);
	return 0;
}

/* The list that names a file, as text and with its own URL. */
struct list {
	const char *url;
	const char *text;
	long long time; /* of the signature above it */
};

/* Add that the file is not the one of the list: it may be newer. */
static void add_wrong(const struct verifier *v, const struct subject *s,
		      const char *name, const struct download *d,
		      const struct list *list)
{
	char made[DATE_SIZE];
	char modified[DATE_SIZE];

	date_print(list->time, made);
	date_print(d->modified, modified);
	if (d->modified > list->time)
		add(v, s, "older", d->url,
		    "%s is not the one of the list of sums, which is older: "
		    "signed %s, and the file is of %s: the mirror is being "
		    "updated, or its list stays behind (%s)",
		    name, made, modified, list->url);
	else
		add(v, s, "sum", d->url,
		    "%s is not the one of the list of sums: its SHA-256 is %s "
		    "(%s)",
		    name, d->sums.sha256, list->url);
}

/* Whether the file is as the list says; adds why not. */
static int is_listed(const struct verifier *v, const struct subject *s,
		     const char *name, const struct download *d,
		     const struct list *list)
{
	struct sums wanted;
	size_t len = 0;
	const char *path = sumlist_name(list->url, d->url, &len);
	char *listed = path != NULL ? mem_copy(path, len) : NULL;
	enum sumlist_result result =
		listed != NULL ? sumlist_find(list->text, listed, &wanted)
			       : SUMLIST_NONE;
	int is_right = 0;

	if (result == SUMLIST_NONE)
		add(v, s, "unlisted", d->url,
		    "%s has no SHA-256 or SHA-512 in the list of sums (%s)",
		    name, list->url);
	else if (result == SUMLIST_TWICE)
		add(v, s, "unlisted", d->url,
		    "%s has two different sums in the list of sums (%s)", name,
		    list->url);
	else if (!digest_is(&d->sums, &wanted))
		add_wrong(v, s, name, d, list);
	else
		is_right = 1;
	free(listed);
	return is_right;
}

/* The signed list of the subject, verified; text NULL and a finding if it
 * cannot be used. */
static struct list signed_list(struct verifier *v, const struct subject *s)
{
	const struct sum_lists *lists = lists_of(s);
	const struct download *detached =
		lists->signature != NULL ? find(v, lists->signature) : NULL;
	struct list list = { lists->urls[0], NULL, 0 };
	const struct trust *t;

	if (!has_come(v, s, "list of sums", find(v, lists->urls[0])))
		return list;
	if (detached != NULL && fetch_is_missing(detached->status)) {
		add(v, s, "unsigned", detached->url,
		    "list of sums is not signed: its signature is missing, "
		    "status %ld",
		    detached->status);
		return list;
	}
	if (detached != NULL &&
	    !has_come(v, s, "signature of the list of sums", detached))
		return list;
	t = verify(v, lists);
	if (v->has_failed || !is_signed(v, s, t) || !is_fresh(v, s, t) ||
	    !is_of_suite(v, s, t))
		return list;
	list.text = buf_text(&t->signature.text);
	list.time = t->signature.time;
	return list;
}

static struct verdict judge(struct verifier *v, const struct subject *s)
{
	static const char further[] = "further list of sums";
	const struct sum_lists *lists = lists_of(s);
	struct list list = signed_list(v, s);
	struct verdict verdict = { find(v, url_of(s)), 0, 0, lists->urls[0] };
	int is_right = list.text != NULL;

	for (size_t i = 1; is_right && i < lists->count; i++) {
		const struct download *next = find(v, lists->urls[i]);

		is_right = has_come(v, s, further, next) &&
			   is_listed(v, s, further, next, &list);
		list.url = next->url;
		list.text = buf_text(&next->content);
	}
	/* Without a list the mirrors can still be compared. */
	if (!has_come(v, s, name_of(s), verdict.file))
		verdict.file = NULL;
	else if (is_right)
		verdict.is_right =
			is_listed(v, s, name_of(s), verdict.file, &list);
	if (is_right)
		verdict.time = list.time;
	return verdict;
}

static int has_same_file(const struct verdict *one, const struct verdict *other)
{
	return one->file == NULL || other->file == NULL ||
	       strcmp(one->file->sums.sha256, other->file->sums.sha256) == 0;
}

/* Some hours are as usual, where the file is the same. */
static int lags(const struct verdict *one, const struct verdict *newest)
{
	return one->time > 0 && one->time < newest->time &&
	       (newest->time - one->time > LAG_MAX ||
		!has_same_file(one, newest));
}

/* A mirror whose list is older than another's lags behind.  Where no list says
 * which file is right, mirrors can only differ. */
static void compare(const struct verifier *v, const struct subject *s,
		    const struct verdict *one, const struct verdict *newest)
{
	char its_time[DATE_SIZE];
	char newest_time[DATE_SIZE];

	date_print(one->time, its_time);
	date_print(newest->time, newest_time);
	if (lags(one, newest))
		add(v, s, "lags", one->list,
		    "mirror lags behind: its list of sums was signed %s, and "
		    "another %s (%s)",
		    its_time, newest_time, newest->list);
	else if (newest->time == 0 && !has_same_file(one, newest))
		add(v, s, "differs", one->file->url,
		    "%s differs between mirrors, and no list says which is "
		    "right: compared with %s",
		    name_of(s), newest->file->url);
}

static void pin(struct verifier *v, const struct subject *s,
		const struct verdict *verdict)
{
	const char *mirror = s->files->mirror;
	size_t len = mirror != NULL ? strlen(mirror) : 0;
	char date[DATE_SIZE];
	const struct pin pin = { verdict->file->sums.sha256, date };
	const char *later;
	const char *why = NULL;

	/* A query may have a password, and the file of pins is for all. */
	if (strchr(url_of(s), '?') != NULL)
		why = "its URL has a query";
	else if (mirror == NULL || strncmp(url_of(s), mirror, len) != 0)
		why = "it is not below a mirror";
	if (why != NULL) {
		add(v, s, "pin", url_of(s), "%s is not pinned: %s", name_of(s),
		    why);
		return;
	}
	date_print(verdict->time, date);
	later = pins_set(v->pins, s->release->mirror->id, url_of(s) + len,
			 &pin);
	if (later != NULL)
		add(v, s, "pin", verdict->list,
		    "%s stays pinned by the later list of %s: this one was "
		    "signed %s",
		    name_of(s), later, date);
}

/* The same file on all mirrors. */
static void judge_file(struct verifier *v, const struct release *release,
		       size_t index)
{
	struct verdict *verdicts =
		mem_alloc(release->mirror_count * sizeof(*verdicts));
	size_t newest = 0;

	for (size_t i = 0; i < release->mirror_count; i++) {
		const struct subject s = { release, &release->mirrors[i],
					   index };

		verdicts[i] = judge(v, &s);
		if (verdicts[i].time > verdicts[newest].time)
			newest = i;
	}
	for (size_t i = 0; i < release->mirror_count; i++) {
		const struct subject s = { release, &release->mirrors[i],
					   index };

		compare(v, &s, &verdicts[i], &verdicts[newest]);
		if (v->pins != NULL && verdicts[i].is_right &&
		    verdicts[i].time == verdicts[newest].time)
			pin(v, &s, &verdicts[i]);
	}
	free(verdicts);
}

/* Call one for the files of each release that has sums. */
static void each(struct verifier *v, const struct catalog *c,
		 void (*one)(struct verifier *v, const struct release *release,
			     size_t index))
{
	size_t count;
	const struct release *const *all = catalog_releases(c, &count);

	for (size_t i = 0; i < count; i++) {
		const struct mirror_files *files = &all[i]->mirrors[0];

		if (files->sums == NULL || !online_wants(v->options, all[i]))
			continue;
		for (size_t j = 0; j <= files->initrd_count; j++)
			one(v, all[i], j);
	}
}

static void ask_file(struct verifier *v, const struct release *release,
		     size_t index)
{
	for (size_t i = 0; i < release->mirror_count; i++)
		ask_for(v, &(struct subject){ release, &release->mirrors[i],
					      index });
}

static void show_progress(size_t ended, size_t all)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r%zu of %zu files", ended, all);
}

static void free_verifier(struct verifier *v)
{
	for (size_t i = 0; i < v->download_count; i++) {
		free(v->downloads[i]->url);
		free(v->downloads[i]->problem);
		buf_free(&v->downloads[i]->content);
		digest_free(v->downloads[i]->digest);
		free(v->downloads[i]);
	}
	for (size_t i = 0; i < v->trust_count; i++) {
		signature_free(&v->trusts[i]->signature);
		free(v->trusts[i]->problem);
		free(v->trusts[i]->key);
		free(v->trusts[i]);
	}
	free(v->downloads);
	free(v->trusts);
	json_decref(v->download_index);
	fetcher_free(v->fetcher);
}

int verify_check(const struct catalog *c, const struct online_options *options,
		 struct pins *pins, struct findings *f)
{
	const struct fetch_limits limits = {
		.timeout = options->timeout,
		.per_host = options->per_host,
		.max_time = options->max_time,
	};
	struct verifier v = {
		.options = options,
		.fetcher = fetcher_new(&limits),
		.findings = f,
		.pins = pins,
	};

	if (v.fetcher == NULL)
		return -1;
	v.download_index = json_object();
	each(&v, c, ask_file);
	if (!v.has_failed) {
		fetcher_run(v.fetcher, show_progress);
		if (isatty(STDERR_FILENO))
			fputc('\n', stderr);
		each(&v, c, judge_file);
	}
	if (v.download_count == 0)
		fprintf(stderr,
			"mirrorboot-check: nothing is verified: no release %s"
			"has sums\n",
			options->distros != NULL ? "of --distro " : "");
	free_verifier(&v);
	return v.has_failed ? -1 : 0;
}
