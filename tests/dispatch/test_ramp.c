/* SPDX-License-Identifier: MIT */
#include "stage.h"

/* What the store is told, one after the other. */
static void
expect_ramps(const char *const *wanted)
{
	for (; *wanted != NULL; wanted++) {
		g_autofree char *most = take(&post.ramps, *wanted);
		assert_string_equal(most, *wanted);
	}
}

static const struct {
	const char *name, *settings;
	const char *ramps[24];
} cases[] = {
	{ "twice the requests of one, then more: it is idle",
	    "[server]\n" PROVIDER("one", "connections = 1\n"),
	    { "2", "4", "7", "11", "17", "26", "40", "61", "92", "139", "209",
		"314", "472", "709", "1064", "1597", "all" } },
	{ "of all that are open",
	    "[server]\n" PROVIDER("one", "connections = 3\n")
		PROVIDER("two", "connections = 2\n"),
	    { "10", "16" } },
};

static void
test_start(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		print_message("%s\n", cases[i].name);
		start_with_store(cases[i].settings);
		dispatcher_start(post.dispatcher);
		expect_wake("all");
		expect_ramps(cases[i].ramps);
		stop();
	}
}

/* One that comes back begins anew. */
static void
test_back(void **state)
{
	static const char *const first[] = { "2", "4", NULL };

	(void)state;
	start_with_store("[server]\naccount_pause = 20ms\n" PROVIDER(
	    "one", "connections = 8\n"));
	submit_one("bad");
	serve("one 0", "account");
	expect_answer(451, "4.4.1", "no provider takes it now");
	expect_entry("passed #1 one account: 0 waiting");
	expect_wake("0");
	expect_wake("1");
	assert_int_equal(count(&post.ramps), 0);
	submit_one("well");
	serve("one 0", "accepted");
	expect_answer(250, "2.0.0", "accepted by one");
	expect_entry("passed #1 one accepted: 0 accepted");
	expect_wake("all");
	expect_ramps(first);
	stop();
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_start),
		cmocka_unit_test(test_back),
	};

	return cmocka_run_group_tests(tests, start_all, end_all);
}
