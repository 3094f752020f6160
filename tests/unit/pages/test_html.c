/* What people are shown of menus and mirrors, and what a search finds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define PAGE page_boot
#include "ask.h"

#define B "http://h/"

/* Outside: anywhere else.  The laboratory is below the office. */
#define OFFICE "192.0.2.1"
#define LAB "192.0.2.129"
#define OUTSIDE "198.51.100.1"

static const char catalog[] =
	"{\"site\": {\"base\": \"http://h/\", \"title\": \"Site\","
	"  \"customer\": \"guest\"},"
	" \"mirrors\": {"
	"  \"one\": [\"http://a/d/\"],"
	"  \"three\": [\"http://a/\", \"http://b/\", \"https://a/x/\"]},"
	" \"distros\": {"
	"  \"alike\": {\"title\": \"All Alike {{version}}\","
	"   \"mirror\": \"three\", \"kernel\": \"{{mirror}}linux\","
	"   \"initrds\": [\"{{mirror}}initrd\", \"http://c/firmware\"],"
	"   \"args\": \"quiet\", \"versions\": {\"1\": {\"arches\":"
	"   [\"amd64\", \"i386\"]}},"
	"   \"variants\": {\"spare\": {\"title\": \"Rescue\"}}},"
	"  \"differ\": {\"title\": \"Differing\", \"mirror\": \"three\","
	"   \"kernel\": \"{{mirror}}{{mirror_host}}/linux\","
	"   \"pxelinux\": {\"loader\": \"{{mirror}}{{mirror_host}}.0\","
	"    \"config\": \"default\"}, \"root\": \"{{mirror}}\","
	"   \"args\": \"from={{mirror_host}}\","
	"   \"versions\": {\"2\": {\"arches\": [\"amd64\"]}}},"
	"  \"single\": {\"title\": \"Single\", \"mirror\": \"one\","
	"   \"args\": \"{{mirror}}seed\","
	"   \"kernel\": \"{{mirror}}linux\","
	"   \"versions\": {\"3\": {\"arches\": [\"amd64\"]}}},"
	"  \"tool\": {\"title\": \"Tool\", \"chain\":"
	"   {\"bios\": \"{{base}}t.bin\", \"efi\": \"{{base}}t.efi\"},"
	"   \"versions\": {\"4\": {\"arches\": [\"amd64\"]}}},"
	"  \"secret\": {\"title\": \"Hush\", \"kernel\": \"http://c/k\","
	"   \"versions\": {\"5\": {\"arches\": [\"amd64\"]}}},"
	"  \"nowhere\": {\"title\": \"Offered Nowhere\","
	"   \"kernel\": \"http://c/k\","
	"   \"versions\": {\"6\": {\"arches\": [\"amd64\"]}}}},"
	" \"menus\": {"
	"  \"main\": {\"title\": \"Main\", \"entries\": ["
	"   {\"heading\": \"Systems\"}, {\"distro\": \"alike\"},"
	"   {\"menu\": \"z-first\"}, {\"menu\": \"a-second\"},"
	"   {\"local\": true}]},"
	"  \"z-first\": {\"title\": \"First\", \"entries\": ["
	"   {\"menu\": \"below\", \"title\": \"Open below\"}]},"
	"  \"a-second\": {\"title\": \"Second\", \"entries\": ["
	"   {\"distro\": \"differ\"}]},"
	"  \"below\": {\"title\": \"<Below>\", \"entries\": ["
	"   {\"distro\": \"alike\", \"arch\": \"amd64\","
	"    \"variant\": \"spare\"}]},"
	"  \"guest\": {\"title\": \"Guest\", \"entries\": ["
	"   {\"distro\": \"single\"}]},"
	"  \"loose\": {\"title\": \"Loose\", \"entries\": ["
	"   {\"menu\": \"office\"}, {\"distro\": \"tool\"}]},"
	"  \"office\": {\"title\": \"Office\", \"entries\": ["
	"   {\"distro\": \"alike\"}, {\"menu\": \"lab\"}]},"
	"  \"lab\": {\"title\": \"Laboratory\", \"entries\": ["
	"   {\"distro\": \"secret\"}]}},"
	" \"customers\": {"
	"  \"office\": {\"menu\": \"office\","
	"   \"networks\": [\"192.0.2.0/24\"]},"
	"  \"lab\": {\"menu\": \"lab\", \"networks\": [\"192.0.2.128/25\"]},"
	"  \"guest\": {\"menu\": \"guest\"}}}";

/* The body of an answer with status 200: release it with free(). */
static char *body_of(const struct http_request *request)
{
	struct site *site = ask_open("catalog.json");
	int status;
	char *answer = ask(site, request, &status);
	char *body;

	if (status != 200)
		fail_msg("'%s': %s", request->query, answer);
	body = strdup(ask_body(answer));
	free(answer);
	site_free(site);
	return body;
}

/* Compare what stands between begin and end, which occur. */
static void check_part(const struct http_request *request, const char *begin,
		       const char *end, const char *expected)
{
	char *body = body_of(request);
	char *part = strstr(body, begin);
	char *behind = part != NULL ? strstr(part + strlen(begin), end) : NULL;

	if (behind == NULL)
		fail_msg("'%s': %s", request->query, body);
	part += strlen(begin);
	*behind = '\0';
	if (strcmp(part, expected) != 0)
		fail_msg("'%s' from %s:\n%s\nexpected:\n%s", request->query,
			 request->client ? request->client : "-", part,
			 expected);
	free(body);
}

/* That part of the view, as JSON. */
static void check_view(const struct http_request *request, const char *name,
		       const char *expected)
{
	char *body = body_of(request);
	json_t *view = json_loads(body, 0, NULL);
	char *part = json_dumps(json_object_get(view, name), 0);

	if (part == NULL || strcmp(part, expected) != 0)
		fail_msg("'%s' from %s:\n%s\nexpected:\n%s", request->query,
			 request->client ? request->client : "-",
			 part ? part : body, expected);
	free(part);
	json_decref(view);
	free(body);
}

#define LINE(url, title, text)                                                 \
	"<li><a href=\"" B url "\">" title "</a> <span class=\"soft\">" text   \
	"</span>\n"
#define MENU(id, title, text)                                                  \
	LINE("menu?dialect=html&amp;name=" id, title, id ", entries: " text)
#define END "</li>\n"
#define BELOW(menus) "<ul>\n" menus "</ul>\n"

#define MAIN                                                                   \
	LINE("menu?dialect=html", "Main", "main, entries: 5, the main menu")   \
	BELOW(MENU("z-first", "First", "1")                                    \
		      BELOW(MENU("below", "&lt;Below&gt;", "1") END)           \
			      END MENU("a-second", "Second", "1") END)         \
	END
#define GUEST MENU("guest", "Guest", "1") END
#define CLOSED ", for its customer's networks only"
#define OFFICE_MENU MENU("office", "Office", "3" CLOSED)
#define LAB_MENU MENU("lab", "Laboratory", "1" CLOSED) END
#define OWN                                                                    \
	"<li><a href=\"" B "customermenu?dialect=html\">Your own menu</a> "    \
	"<span class=\"soft\">for the address of this browser</span></li>\n"

static void test_menus_are_a_tree_of_what_the_client_may_see(void **state)
{
	static const struct {
		const char *client;
		const char *tree;
	} rows[] = {
		{ OUTSIDE, MAIN GUEST MENU("loose", "Loose", "1") END OWN },
		{ NULL, MAIN GUEST MENU("loose", "Loose", "1") END OWN },
		{ OFFICE, MAIN GUEST MENU("loose", "Loose", "2") BELOW(
				  OFFICE_MENU BELOW(LAB_MENU) END) END OWN },
		{ LAB,
		  MAIN GUEST LAB_MENU MENU("loose", "Loose", "1") END OWN },
	};

	(void)state;
	put("catalog.json", catalog);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct http_request request = { .query = "dialect=html",
						      .client =
							      rows[i].client };

		check_part(&request, "<ul class=\"tree\">\n",
			   "</ul>\n</section>", rows[i].tree);
	}
}

/* Each node has every name: one that is missing is looked up outside. */
static void test_every_node_of_the_tree_has_its_own_names(void **state)
{
	/* clang-format off */
#define NODE(id, title, query, count, main, opens, children)                   \
	"{\"id\": \"" id "\", \"title\": \"" title "\", \"url\": \"" B         \
	"menu?dialect=json" query "\", \"count\": " count ", \"main\": " main    \
	", \"closed\": false, \"opens\": " opens ", \"children\": [" children   \
	"], \"below\": null}"
#define LEAF(id, title)                                                        \
	NODE(id, title, "&name=" id, "1", "false", "false", "")
	static const char expected[] = "["
		NODE("main", "Main", "", "5", "true", "true",
			NODE("z-first", "First", "&name=z-first", "1", "false",
				"true", LEAF("below", "<Below>"))
			", " LEAF("a-second", "Second"))
		", " LEAF("guest", "Guest")
		", " LEAF("loose", "Loose") "]";
	/* clang-format on */

	(void)state;
	put("catalog.json", catalog);
	check_view(&(struct http_request){ .query = "dialect=json" }, "menus",
		   expected);
}

/* The main menu, and levels of menus that each open all of the next level. */
static void put_levels(const int *width, int count)
{
	struct buf text = BUF_INIT;

	buf_puts(&text, "{\"site\": {\"base\": \"http://h/\", \"menu\": "
			"\"m0-0\"}, \"menus\": {");
	for (int i = 0; i < count; i++)
		for (int j = 0; j < width[i]; j++) {
			buf_printf(&text,
				   "\"m%d-%d\": {\"title\": \"M\", "
				   "\"entries\": [",
				   i, j);
			for (int k = 0; i + 1 < count && k < width[i + 1]; k++)
				buf_printf(&text, "{\"menu\": \"m%d-%d\"}, ",
					   i + 1, k);
			buf_puts(&text, "{\"local\": true}]}, ");
		}
	buf_truncate(&text, text.len - 2);
	buf_puts(&text, "}}");
	put("catalog.json", text.data);
	buf_free(&text);
}

#define HOW_MANY(count) ", menus below, on its page: " count "</span>\n"

/* Of how many menus the tree is, how deep it is, and how often it says text. */
static void check_tree(size_t menus, size_t deepest, const char *text,
		       size_t count)
{
	char *body = body_of(&(struct http_request){ .query = "dialect=html" });
	size_t depth = 0;

	for (const char *c = strstr(body, "<ul class=\"tree\">");
	     strncmp(c, "</section>", 10) != 0; c++) {
		depth += strncmp(c, "<ul", 3) == 0;
		assert_true(depth <= deepest);
		depth -= strncmp(c, "</ul", 4) == 0;
		menus -= strncmp(c, ", entries: ", 11) == 0;
		count -= strncmp(c, text, strlen(text)) == 0;
	}
	assert_int_equal(menus, 0);
	assert_int_equal(count, 0);
	free(body);
}

/* As deep as menus may be, 33 of them. */
static void test_tree_is_eight_menus_deep(void **state)
{
	int width[33];

	(void)state;
	for (size_t i = 0; i < LENGTH(width); i++)
		width[i] = 1;
	put_levels(width, LENGTH(width));
	check_tree(8, 8, HOW_MANY("1"), 1);
}

/* Each menu stands there as often as entries lead to it: 1 + 10 + 100 times,
 * then for 88 of the last 100 there is room, and 12 say what is on their page.
 * A main menu with too many says so at once. */
static void test_tree_has_room_for_a_thousand_menus(void **state)
{
	static const int shared[] = { 1, 10, 10, 10, 10 };
	static const int wide[] = { 1, 999 };
	static const int too_wide[] = { 1, 1000 };

	(void)state;
	put_levels(shared, LENGTH(shared));
	check_tree(1 + 10 + 100 + 880, 4, HOW_MANY("10"), 12 + 880);
	put_levels(wide, LENGTH(wide));
	check_tree(1000, 2, HOW_MANY("999"), 0);
	put_levels(too_wide, LENGTH(too_wide));
	check_tree(1, 1, HOW_MANY("1000"), 1);
}

/* Such menus beside those that the main menu opens. */
static void test_menus_that_no_menu_opens_are_counted(void **state)
{
	static const char line[] =
		"<li class=\"soft\">Menus that are not shown here: 3</li>\n";
	struct buf text = BUF_INIT;

	(void)state;
	buf_puts(&text, "{\"site\": {\"base\": \"http://h/\"}, \"menus\": {");
	for (int i = 0; i < 1002; i++)
		buf_printf(&text,
			   "\"m%d\": {\"title\": \"M\", \"entries\": "
			   "[{\"local\": true}]}, ",
			   i);
	buf_puts(&text, "\"main\": {\"title\": \"M\", \"entries\": "
			"[{\"menu\": \"m0\"}, {\"local\": true}]}}}");
	put("catalog.json", text.data);
	buf_free(&text);
	check_tree(1000, 2, line, 1);
}

#define RELEASE(arch, variant, title)                                          \
	"<li><a href=\"" B "fromthemirror?arch=" arch                          \
	"&amp;dialect=html&amp;distro=alike" variant "&amp;version=1\">" title \
	"</a> <span class=\"soft\">alike, 1, " arch "</span></li>\n"

/* A browser replaces the query of the URL, and knows nothing of machines. */
static void test_form_asks_for_html(void **state)
{
	(void)state;
	put("catalog.json", catalog);
	check_part(&(struct http_request){ .query = "arch=i386&dialect=html" },
		   "<form", "<input type=\"search\"",
		   " role=\"search\" action=\"" B "boot\">\n"
		   "<label for=\"find\">Find a release</label>\n"
		   "<input type=\"hidden\" name=\"dialect\" value=\"html\">"
		   "\n");
}

static void test_search_lists_releases_with_links(void **state)
{
	static const struct {
		const char *query;
		const char *section;
	} rows[] = {
		{ "dialect=html&find=all",
		  ">Releases found: 3</h2>\n<ul class=\"entries\">\n" RELEASE(
			  "amd64", "",
			  "All Alike 1") RELEASE("amd64", "&amp;variant=spare",
						 "All Alike 1 (Rescue)")
			  RELEASE("i386", "", "All Alike 1") "</ul>\n" },
		{ "dialect=html&find=zzEVILzz",
		  ">Releases found: 0</h2>\n<ul class=\"entries\">\n"
		  "<li>Nothing found.</li>\n</ul>\n" },
	};

	(void)state;
	put("catalog.json", catalog);
	for (size_t i = 0; i < LENGTH(rows); i++)
		check_part(&(struct http_request){ .query = rows[i].query },
			   "<h2 id=\"found\"", "</section>", rows[i].section);
}

/* The titles that the search finds, each with its architecture. */
static char *titles_found(const char *query, const char *client)
{
	const struct http_request request = { .query = query,
					      .client = client };
	char *body = body_of(&request);
	json_t *view = json_loads(body, 0, NULL);
	const json_t *found = json_object_get(view, "found");
	const json_t *list = json_object_get(found, "releases");
	struct buf titles = BUF_INIT;
	size_t i;
	json_t *one;

	assert_int_equal(json_integer_value(json_object_get(found, "count")),
			 json_array_size(list));
	json_array_foreach(list, i, one)
		buf_printf(&titles, "%s%s", i > 0 ? ", " : "",
			   json_string_value(json_object_get(one, "title")));
	json_decref(view);
	free(body);
	return buf_take(&titles);
}

static void test_every_word_must_occur_in_the_title_or_an_id(void **state)
{
	static const struct {
		const char *find;
		const char *client;
		const char *titles;
	} rows[] = {
		{ "alike", NULL,
		  "All Alike 1, All Alike 1 (Rescue), All Alike 1" },
		{ "ALIKE+i386", NULL, "All Alike 1" },
		{ "i386%20all", NULL, "All Alike 1" },
		{ "lik", NULL,
		  "All Alike 1, All Alike 1 (Rescue), All Alike 1" },
		{ "spare", NULL, "All Alike 1 (Rescue)" },
		{ "%28rescue%29", NULL, "All Alike 1 (Rescue)" },
		{ "++alike++1++amd64++", NULL,
		  "All Alike 1, All Alike 1 (Rescue)" },
		{ "alike+2", NULL, "" },
		{ "alike1", NULL, "" },
		{ "differ+2", NULL, "Differing" },
		{ "differing+differ", NULL, "Differing" },
		{ "linux", NULL, "" },
		{ "%2b", NULL, "" },
		/* Nothing is asked for, so all is found. */
		{ "", NULL,
		  "All Alike 1, All Alike 1 (Rescue), All Alike 1, Differing, "
		  "Single, Tool" },
		{ "+", OUTSIDE,
		  "All Alike 1, All Alike 1 (Rescue), All Alike 1, Differing, "
		  "Single, Tool" },
		/* Nobody finds what no menu offers that he may see. */
		{ "nowhere", NULL, "" },
		{ "hush", NULL, "" },
		{ "secret", OUTSIDE, "" },
		{ "hush", "", "" },
		{ "hush", "zzEVILzz", "" },
		{ "hush", OFFICE, "Hush" },
		{ "SECRET+5", LAB, "Hush" },
	};

	(void)state;
	put("catalog.json", catalog);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct buf query = BUF_INIT;
		char *titles;

		buf_printf(&query, "dialect=json&find=%s", rows[i].find);
		titles = titles_found(query.data, rows[i].client);
		if (strcmp(titles, rows[i].titles) != 0)
			fail_msg("'%s' from %s: %s", rows[i].find,
				 rows[i].client ? rows[i].client : "-", titles);
		free(titles);
		buf_free(&query);
	}
}

/* Whatever somebody looks for, the page repeats nothing of it. */
static void test_search_is_cached_by_nobody_and_not_repeated(void **state)
{
	static const char *const queries[] = {
		"dialect=html&find=zzEVILzz",
		"dialect=html&find=%3Cb%3EzzEVILzz",
		"find=zzEVILzz+alike&dialect=json",
		"dialect=html&explain=1&find=zzEVILzz",
	};
	struct site *site;

	(void)state;
	put("catalog.json", catalog);
	site = ask_open("catalog.json");
	for (size_t i = 0; i < LENGTH(queries); i++) {
		const struct http_request request = { .query = queries[i] };
		int status;
		char *answer = ask(site, &request, &status);

		if (status != 200 ||
		    strstr(answer, "\r\nCache-Control: no-store\r\n") == NULL ||
		    strstr(answer, EVIL) != NULL)
			fail_msg("'%s': %s", queries[i], answer);
		free(answer);
	}
	site_free(site);
}

static void test_search_is_refused_where_it_has_no_place(void **state)
{
#define PLACE "find goes with dialect=html or json, and without menu\n"
#define BYTES "find is printable ASCII, at most 64 bytes\n"
#define X16 "xxxxxxxxxxxxxxxx"
	static const struct row rows[] = {
		{ { .query = "find=alike" }, 400, PLACE },
		{ { .query = "dialect=ipxe&find=alike" }, 400, PLACE },
		{ { .query = "find=alike", .user_agent = "iPXE/1" },
		  400,
		  PLACE },
		{ { .query = "dialect=json&find=alike&view=syslinux" },
		  400,
		  PLACE },
		{ { .query = "dialect=html&find=alike&menu=below" },
		  400,
		  PLACE },
		{ { .query = "dialect=html&find=alike&menu=local" },
		  400,
		  PLACE },
		{ { .query = "dialect=html&find=" X16 X16 X16 X16 },
		  200,
		  NULL },
		{ { .query = "dialect=html&find=" X16 X16 X16 X16 "x" },
		  400,
		  BYTES },
		{ { .query = "dialect=html&find=a%0ab" }, 400, BYTES },
		{ { .query = "dialect=html&find=a%00b" }, 400, BYTES },
		{ { .query = "dialect=html&find=%7f" }, 400, BYTES },
		{ { .query = "dialect=html&find=%C3%BC" EVIL }, 400, BYTES },
		{ { .query = "dialect=html&find=%4" EVIL }, 400, BYTES },
		{ { .query = "dialect=html&find=a&find=b" },
		  400,
		  "a parameter is given twice: give it once\n" },
		{ { .query = "dialect=html&find=a", .script = "/menu" },
		  400,
		  "unknown parameter; this page takes name, from, platform, "
		  "arch, problem, shim, dialect, view, explain\n" },
	};
	struct site *site;

	(void)state;
	put("catalog.json", catalog);
	site = ask_open("catalog.json");
	for (size_t i = 0; i < LENGTH(rows); i++)
		ask_check(site, &rows[i]);
	site_free(site);
}

static void test_search_shows_the_first_200(void **state)
{
	static const char *const begin[] = {
		"Releases found: 200</h2>\n",
		"Releases found: 201</h2>\n<p>Only the first 200 are shown. "
		"Add a word to find fewer.</p>\n",
	};
	const struct http_request html = { .query = "dialect=html&find=d" };
	const struct http_request json = { .query = "dialect=json&find=d" };

	(void)state;
	for (int more = 0; more <= 1; more++) {
		struct buf text = BUF_INIT;
		json_t *view;
		char *body;

		buf_puts(&text, "{\"site\": {\"base\": \"http://h/\"}, "
				"\"distros\": {\"d\": {\"title\": \"D\", "
				"\"kernel\": \"http://m/k\", \"versions\": {");
		for (int i = 0; i < 200 + more; i++)
			buf_printf(&text, "%s\"%d\": {\"arches\": [\"amd64\"]}",
				   i > 0 ? ", " : "", i);
		buf_puts(&text, "}}}, \"menus\": {\"main\": {\"entries\": "
				"[{\"distro\": \"d\"}]}}}");
		put("catalog.json", text.data);
		buf_free(&text);
		check_part(&html, "<h2 id=\"found\">", "<ul", begin[more]);
		body = body_of(&json);
		view = json_loads(body, 0, NULL);
		assert_int_equal(
			json_array_size(json_object_get(
				json_object_get(view, "found"), "releases")),
			200);
		json_decref(view);
		free(body);
	}
}

#define ROW(title, values)                                                     \
	"{\"title\": \"" title "\", \"values\": [" values "]}"
#define SAME(text, url)                                                        \
	"{\"text\": \"" text "\", \"url\": \"" url "\", \"numbers\": []}"
#define EACH(text, numbers)                                                    \
	"{\"text\": \"" text "\", \"url\": null, \"numbers\": [" numbers "]}"
#define ONLY(text, url, numbers)                                               \
	"{\"text\": \"" text "\", \"url\": \"" url                             \
	"\", \"numbers\": [" numbers "]}"
#define AT(number, url) "{\"number\": " #number ", \"url\": \"" url "\"}"
#define FROM(number) "{\"number\": " #number ", \"url\": null}"

static void test_files_are_shown_once_with_what_differs(void **state)
{
	static const struct {
		const char *query;
		const char *files;
	} rows
		[] = {
			{ "arch=amd64&dialect=json&distro=alike&version=1", "[" ROW("Kernel", EACH(
												      "linux", AT(1, "http://a/linux") ","
																       " " AT(
																	       2, "http://b/linux") ", " AT(3, "https://a/x/linux"))) ", " ROW("Initrd",
																									       EACH(
																										       "initrd", AT(1, "http://a/initrd") ", " AT(2,
																																  "http://"
																																  "b/"
																																  "initrd") ", " AT(3, "https://a/x/initrd"))) ", " ROW("Ini"
																																							"tr"
																																							"d",
																																							SAME("http://c/firmware", "http://c/firmware")) ", " ROW("Kernel arguments",
																																														 EACH("quiet",
																																														      "")) "]" },
			{ "arch=amd64&dialect=json&distro=differ&version=2", "[" ROW("Kernel", EACH(
												       "a/linux", AT(
															  1, "http://a/a/linux") ","
																		 " " AT(
																			 3, "https://a/x/a/linux")) ", " ONLY("b/"
																							      "linu"
																							      "x",
																							      "http:"
																							      "//b/"
																							      "b/"
																							      "linu"
																							      "x",
																							      FROM(2))) ", " ROW("PXELINUX for "
																										 "BIOS",
																										 EACH(
																											 "a.0", AT(
																													1, "http://a/a.0") ", " AT(3,
																																   "https://a/x/a.0")) ", " ONLY("b.0",
																																				 "http://b/b.0", FROM(2))) ", " ROW("PXELINUX directory, DHCP option 210",
																																								    EACH(
																																									    "./", AT(1, "http://a/") ", " AT(2, "http://b/") ", " AT(3, "https://a/x/"))) ", " ROW("PXELINUX configuration, DHCP option 209",
																																																				   EACH(
																																																					   "default", "")) ", " ROW("Kernel arguments", EACH("from=a",
																																																											     FROM(
																																																												     1) ", " FROM(3)) ", " EACH("from=b",
																																																																FROM(2))) "]" },
			{ "arch=amd64&dialect=json&distro=single&version=3",
			  "[" ROW("Kernel",
				  SAME("linux",
				       "http://a/d/linux")) ", " ROW("Kernel "
								     "argument"
								     "s",
								     EACH("http"
									  "://"
									  "a/d/"
									  "see"
									  "d",
									  "")) "]" },
			{ "arch=amd64&dialect=json&distro=tool&version=4",
			  "[" ROW("Program for BIOS",
				  SAME("http://h/t.bin",
				       "http://h/t.bin")) ", " ROW("Program "
								   "for UEFI",
								   SAME("http:/"
									"/h/"
									"t.efi",
									"http:/"
									"/h/"
									"t."
									"efi")) "]" },
		};

	(void)state;
	put("catalog.json", catalog);
	for (size_t i = 0; i < LENGTH(rows); i++)
		check_view(&(struct http_request){ .query = rows[i].query,
						   .script = "/fromthemirror" },
			   "mirror_files", rows[i].files);
}

static void test_mirrors_are_named_once_and_files_link_to_each(void **state)
{
	const struct http_request differ = {
		.query = "arch=amd64&dialect=html&distro=differ&version=2",
		.script = "/fromthemirror",
	};
	const struct http_request tool = {
		.query = "arch=amd64&dialect=html&distro=tool&version=4",
		.script = "/fromthemirror",
	};
#define NOT_FOR(client)                                                        \
	"<p class=\"soft\">Not for " client ": it needs https, which this "    \
	"loader does not have</p>\n"
#define NUMBER(n, url)                                                         \
	"<a class=\"number\" href=\"" url "\" aria-label=\"Kernel, mirror " #n \
	"\">" #n "</a> "
#define PLAIN(n)                                                               \
	"<span class=\"number\"><span class=\"hidden\">mirror </span>" #n      \
	"</span> "

	(void)state;
	put("catalog.json", catalog);
	check_part(&differ, "<ol class=\"mirrors\">\n", "</ol>",
		   "<li><a href=\"http://a/\">http://a/</a>\n</li>\n"
		   "<li><a href=\"http://b/\">http://b/</a>\n</li>\n"
		   "<li><a href=\"https://a/x/\">https://a/x/</a>\n" NOT_FOR(
			   "gPXE") NOT_FOR("vesamenu.c32 3.x, run by gPXE")
			   NOT_FOR("SYSLINUX 6.x") NOT_FOR("GRUB 2") "</li>\n");
	check_part(&tool, "<ol class=\"mirrors\">\n", "</ol>",
		   "<li>No mirror: each file has an address of its own\n"
		   "</li>\n");
	check_part(
		&differ, "<dt>Kernel</dt>\n", "<dt>",
		"<dd>" NUMBER(1, "http://a/a/linux") NUMBER(
			3,
			"https://a/x/a/linux") "<code>a/linux</code></dd>\n"
					       "<dd>" PLAIN(
						       2) "<a "
							  "href=\"http://b/b/"
							  "linux\">b/linux</a>"
							  "</dd>\n");
	check_part(&differ, "<dt>Kernel arguments</dt>\n", "</dl>",
		   "<dd>" PLAIN(1) PLAIN(
			   3) "<code>from=a</code></dd>\n"
			      "<dd>" PLAIN(2) "<code>from=b</code></dd>\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(test_menus_are_a_tree_of_what_the_client_may_see),
		SCRATCH_TEST(test_every_node_of_the_tree_has_its_own_names),
		SCRATCH_TEST(test_tree_is_eight_menus_deep),
		SCRATCH_TEST(test_tree_has_room_for_a_thousand_menus),
		SCRATCH_TEST(test_menus_that_no_menu_opens_are_counted),
		SCRATCH_TEST(test_form_asks_for_html),
		SCRATCH_TEST(test_search_lists_releases_with_links),
		SCRATCH_TEST(test_every_word_must_occur_in_the_title_or_an_id),
		SCRATCH_TEST(test_search_is_cached_by_nobody_and_not_repeated),
		SCRATCH_TEST(test_search_is_refused_where_it_has_no_place),
		SCRATCH_TEST(test_search_shows_the_first_200),
		SCRATCH_TEST(test_files_are_shown_once_with_what_differs),
		SCRATCH_TEST(
			test_mirrors_are_named_once_and_files_link_to_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
