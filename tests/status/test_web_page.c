/* SPDX-License-Identifier: MIT */
#include "web_page.h"

#include "fake_store.h"
#include "web_files.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct status_answer
request(const char *target, const char *etag)
{
	const struct status_options options = { .store = NULL };
	struct status *status = status_new(&options);
	const struct request asked = {
		.method = "GET",
		.target = target,
		.field = etag != NULL ? (const char *(*)(void *,
					    const char *))g_hash_table_lookup
				      : NULL,
	};
	struct request with = asked;
	g_autoptr(GHashTable) fields =
	    g_hash_table_new(g_str_hash, g_str_equal);
	struct status_answer answer;

	g_hash_table_insert(fields, (char *)"If-None-Match", (char *)etag);
	with.object = fields;
	status_request(status, &with, &answer);
	status_free(status);
	return answer;
}

static const struct {
	const char *name, *target;
	unsigned code;
	const char *type, *holds; /* NULL: not looked at */
} rows[] = {
	{ "the page", "/", 200, "text/html; charset=utf-8", "<!doctype html>" },
	{ "a search", "/?state=held&q=a+b", 200, "text/html; charset=utf-8",
	    "<!doctype html>" },
	{ "the page of a mail", "/mail/" FAKE_ID, 200,
	    "text/html; charset=utf-8", "<!doctype html>" },
	{ "the page of the providers", "/providers", 200,
	    "text/html; charset=utf-8", "<!doctype html>" },
	{ "a module", "/web/app.js", 200, "text/javascript; charset=utf-8",
	    "import " },
	{ "the style", "/web/style.css", 200, "text/css; charset=utf-8",
	    ":root" },
	{ "the icon", "/web/icon.svg", 200, "image/svg+xml; charset=utf-8",
	    "<svg" },
	{ "a part that is none", "/web/none.js", 404, NULL, NULL },
	{ "a way out", "/web/..%2fstatus.c", 404, NULL, NULL },
	{ "a folder", "/web/", 404, NULL, NULL },
	{ "an unknown parameter", "/?from=a", 400, NULL, NULL },
};

static void
test_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct status_answer answer = request(rows[i].target, NULL);

		print_message("%s\n", rows[i].name);
		assert_int_equal(answer.code, rows[i].code);
		if (rows[i].type != NULL) {
			g_autofree char *text =
			    g_strndup(answer.bytes, answer.length);

			assert_string_equal(answer.type, rows[i].type);
			assert_non_null(strstr(text, rows[i].holds));
			assert_non_null(
			    strstr(answer.policy, "default-src 'none'"));
			assert_null(strstr(answer.policy, "unsafe"));
		}
		status_answer_clear(&answer);
	}
}

/* Who has a file gets it no more, until it is another. */
static void
test_known(void **state)
{
	struct status_answer first = request("/web/app.js", NULL);
	struct status_answer again = request("/web/app.js", first.etag);
	struct status_answer other = request("/web/style.css", first.etag);

	(void)state;
	assert_int_equal(again.code, 304);
	assert_int_equal(again.length, 0);
	assert_null(again.bytes);
	assert_string_equal(again.etag, first.etag);
	assert_int_equal(other.code, 200);
	assert_string_not_equal(other.etag, first.etag);
	status_answer_clear(&first);
	status_answer_clear(&again);
	status_answer_clear(&other);
}

static bool
is_there(const char *name)
{
	for (const struct web_file *file = web_files; file->name != NULL;
	     file++)
		if (strcmp(file->name, name) == 0)
			return true;
	return false;
}

/* Every NAME that stands between `before` and a quote is one of the files. */
static void
check_names(const char *text, const char *before)
{
	const char *place = text;

	while ((place = strstr(place, before)) != NULL) {
		place += strlen(before);
		g_autofree char *name = g_strndup(place, strcspn(place, "\""));

		print_message("%s\n", name);
		assert_true(is_there(name));
	}
}

/* What would make markup or code of a text; and addresses of others but in
 * words that a person reads. */
static const char *const banned[] = { "innerHTML", "outerHTML",
	"insertAdjacentHTML", "document.write", "eval(", "new Function",
	" style=\"", "<script>",
	"javascript:", "\"https:", "\"http:", "//cdn" };

static void
test_hygiene(void **state)
{
	(void)state;
	for (const struct web_file *file = web_files; file->name != NULL;
	     file++) {
		g_autofree char *text =
		    g_strndup((const char *)file->bytes, file->length);

		print_message("%s\n", file->name);
		assert_true(g_utf8_validate(text, -1, NULL));
		check_names(text, "from \"./");
		check_names(text, "\"/web/");
		for (size_t i = 0; i < G_N_ELEMENTS(banned); i++) {
			const char *place = strstr(text, banned[i]);

			if (place != NULL)
				print_message("%.60s\n", place);
			assert_null(place);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_hygiene),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
