/* SPDX-License-Identifier: MIT */
/* What tests/simulate/test_lift.c does not see: paths, and how deep. */
#include "core/json_lift.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static bool
on_begin(void *object, const char *path)
{
	g_string_append_printf(object, "%s;", path);
	return strcmp(path, "a") == 0;
}

static void
on_text(void *object, const char *bytes, size_t length)
{
	g_string_append_len(object, bytes, (gssize)length);
}

static void
on_end(void *object, bool utf8)
{
	g_string_append(object, utf8 ? "!" : "?");
}

static const struct json_lift_hooks hooks = { on_begin, on_text, on_end };

/* What was seen; *lift is to be freed. */
static GString *
run(const char *text, size_t step, struct json_lift **lift)
{
	GString *seen = g_string_new(NULL);
	const struct json_lift_options options = { 1000, &hooks, seen };
	size_t length = strlen(text);

	*lift = json_lift_new(&options);
	for (size_t at = 0; at < length; at += step)
		json_lift_feed(*lift, text + at, MIN(step, length - at));
	return seen;
}

static const struct {
	const char *name, *text, *seen;
} rows[] = {
	{ "keys", "{\"b\":\"x\",\"a\":\"y\",\"c\":\"z\"}", "b;a;y!c;" },
	{ "in each other",
	    "{\"x\":{\"y\":\"1\",\"z\":{\"w\":\"2\"}},\"v\":\"3\"}",
	    "x.y;x.z.w;v;" },
	{ "lists", "{\"x\":[\"1\",{\"y\":\"2\"},\"3\",[\"4\"]],\"y\":\"5\"}",
	    "x[];x[].y;x[];x[][];y;" },
	{ "a list alone", "[\"1\",{\"a\":\"2\"}]", "[];[].a;" },
	{ "a text alone", "\"a\"", "" },
	{ "a long key", "{\"0123456789abcdefghij\":\"x\"}",
	    "0123456789abcdef;" },
	{ "no values", "{\"x\":1,\"y\":null,\"z\":[true]}", "" },
	{ "closed too often", "}]}{\"b\":\"x\"}", "b;" },
};

static void
test_paths(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		for (size_t step = 1; step < 100; step += 7) {
			struct json_lift *lift;
			GString *seen = run(rows[i].text, step, &lift);

			assert_string_equal(seen->str, rows[i].seen);
			json_lift_free(lift);
			g_string_free(seen, TRUE);
		}
}

static void
test_deep(void **state)
{
	g_autofree char *fits = g_strnfill(JSON_LIFT_DEPTH, '[');
	g_autofree char *deep = g_strnfill(JSON_LIFT_DEPTH + 1, '[');
	struct json_lift *lift;
	const char *problem;

	(void)state;
	g_string_free(run(fits, 10, &lift), TRUE);
	assert_non_null(json_lift_json(lift, &problem));
	json_lift_free(lift);
	g_string_free(run(deep, 10, &lift), TRUE);
	assert_null(json_lift_json(lift, &problem));
	assert_non_null(strstr(problem, "more than 32"));
	assert_false(json_lift_is_large(lift));
	json_lift_free(lift);
}

/* What is lifted does not count. */
static void
test_large(void **state)
{
	g_autofree char *filler = g_strnfill(2000, 'x');
	g_autofree char *lifted = g_strconcat("{\"a\":\"", filler, "\"}", NULL);
	g_autofree char *kept = g_strconcat("{\"b\":\"", filler, "\"}", NULL);
	struct json_lift *lift;
	const char *problem;

	(void)state;
	g_string_free(run(lifted, 100, &lift), TRUE);
	assert_non_null(json_lift_json(lift, &problem));
	json_lift_free(lift);
	g_string_free(run(kept, 100, &lift), TRUE);
	assert_null(json_lift_json(lift, &problem));
	assert_true(json_lift_is_large(lift));
	json_lift_free(lift);
}

static void
test_marks(void **state)
{
	g_autofree char *mark = json_lift_make_mark(12);

	(void)state;
	assert_int_equal(json_lift_mark(mark), 12);
	assert_int_equal(json_lift_mark("\001lifted "), -1);
	assert_int_equal(json_lift_mark("\001lifted -1"), -1);
	assert_int_equal(json_lift_mark("lifted 1"), -1);
	assert_int_equal(json_lift_mark(""), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_deep),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_marks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
