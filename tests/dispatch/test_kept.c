/* SPDX-License-Identifier: MIT */
/*
 * When mail comes back that a provider keeps for itself (overflow = no), or in
 * whose line there was no room.
 */
#include "stage.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)

/* Keeps its mail, and takes one recipient a day. */
#define KEEPER PROVIDER("keeper", "overflow = no\nquota_day = 1\n")
#define RETRY  "[server]\nretry = 1m\ngive_up = 10m\n"

static void
fly(unsigned recipients, int64_t age_ms)
{
	static const struct parse_options options = {
		.hostname = "mail.example.com",
	};
	struct sending sending = { "x", recipients, 0 };
	struct submission *submission = make_submission_with(&sending, "");

	submission->return_to = (struct return_address){ 0 };
	submission->queued = true;
	submission->received_ms = clock_wall_ms() - age_ms;
	submission->known = g_new0(struct recipient, recipients);
	dispatcher_post(post.dispatcher,
	    flight_new(parse_message(submission, &options, NULL),
		dispatcher_route(post.dispatcher)));
}

static void
expect_kinds(const char *const *kinds)
{
	for (; *kinds != NULL; kinds++) {
		g_autofree char *line = take(&post.entries, *kinds);
		if (!g_str_has_prefix(line, *kinds))
			fail_msg("%s instead of %s", line, *kinds);
	}
}

/* In how many ms the next mail to land comes back. */
static int64_t
take_due(void)
{
	static const char *const landed[] = { "landed", NULL };

	expect_kinds(landed);
	return post.due_ms - clock_wall_ms();
}

static int64_t
find_midnight(void)
{
	return QUOTA_DAY_MS - clock_wall_ms() % QUOTA_DAY_MS;
}

static const struct {
	const char *name, *settings;
	struct {
		const char *to, *says;
	} first; /* of the second mail's round; NULL: nobody is asked */
	int64_t age_ms;
	int64_t least_ms, most_ms; /* it is due in */
} cases[] = {
	{ "until its day is over, but no longer than it lives", RETRY KEEPER,
	    { 0 }, 0, 9 * MINUTE, 10 * MINUTE },
	{ "it lives no longer", RETRY KEEPER, { 0 }, 11 * MINUTE, 48 * SECOND,
	    72 * SECOND },
	{ "it is never given up",
	    "[server]\nretry = 1m\ngive_up = 10m\nsoft_bounce = yes\n" KEEPER,
	    { 0 }, 0, INT64_MAX, INT64_MAX },
	{ "the other failed, and is asked again",
	    RETRY PROVIDER("other", "") KEEPER
	    "[route default]\nproviders = other, keeper\n",
	    { "other 0", "outage" }, 0, 48 * SECOND, 72 * SECOND },
	{ "the other refused it, and is not asked again",
	    RETRY PROVIDER("other", "") KEEPER
	    "[route default]\nproviders = other, keeper\n",
	    { "other 0", "payload" }, 0, 9 * MINUTE, 10 * MINUTE },
};

static void
use_up(size_t row)
{
	static const char *const used[] = { "begun", "ended", "landed", NULL };
	static const char *const failed[] = { "begun", "ended", NULL };

	fly(1, 0);
	if (cases[row].first.to != NULL) {
		serve(cases[row].first.to, cases[row].first.says);
		expect_kinds(failed);
	}
	serve("keeper 0", "accepted");
	expect_kinds(used);
}

static void
test_kept(void **state)
{
	static const char *const failed[] = { "begun", "ended", NULL };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		print_message("%s\n", cases[i].name);
		start_with_store(cases[i].settings);
		use_up(i);
		fly(1, cases[i].age_ms);
		if (cases[i].first.to != NULL) {
			serve(cases[i].first.to, cases[i].first.says);
			expect_kinds(failed);
		}
		/* its day may be over sooner, whenever this is run */
		int64_t midnight = find_midnight(), due = take_due();
		if (due > midnight + SECOND ||
		    due < MIN(cases[i].least_ms, midnight) - 10 * SECOND ||
		    due > cases[i].most_ms)
			fail_msg("due in %" G_GINT64_FORMAT " ms", due);
		stop();
	}
}

/* A line is as long as what its rate lets go in ten seconds; behind it mail
 * comes back one at a time. */
static void
test_line(void **state)
{
	static const char *const begun[] = { "begun", NULL };
	static const char *const done[] = { "ended", "landed", NULL };

	(void)state;
	start_with_store(PROVIDER("one", "rate = 1\n"));
	fly(1, 0);
	expect_kinds(begun);
	for (unsigned i = 0; i < 10; i++)
		fly(1, 0);
	for (int64_t i = 1; i <= 3; i++) {
		fly(1, 0);
		assert_in_range(
		    take_due(), i * SECOND + 9500, i * SECOND + 10000);
	}
	g_autoptr(GPtrArray) lanes = dispatcher_standings(post.dispatcher);
	assert_int_equal(
	    ((const struct provider_standing *)lanes->pdata[0])->waiting, 10);
	dispatcher_stop(post.dispatcher, NULL, NULL);
	for (unsigned i = 0; i < 10; i++)
		take_due();
	serve("one 0", "accepted");
	expect_kinds(done);
	stop();
}

/* What is used of a quota is on its way to the disk before the attempt is. */
static void
test_told_before(void **state)
{
	static const char *const begun[] = { "begun", NULL };
	static const char *const done[] = { "ended", "landed", NULL };

	(void)state;
	start_with_store(PROVIDER("one", "quota_day = 200\n"));
	for (unsigned i = 0; i < 7; i++) {
		fly(1, 0);
		expect_kinds(begun);
		/* a hundredth more each time */
		assert_int_equal(count(&post.states), i / 3 + 1);
		serve("one 0", i < 6 ? "accepted" : "outage");
		expect_kinds(done);
	}
	for (unsigned i = 0; i < 3; i++) {
		g_autofree char *line = take(&post.states, "states");
		g_autofree char *wanted = g_strdup_printf(":%u", 3 * i + 3);
		assert_non_null(strstr(line, wanted));
	}
	dispatcher_stop(post.dispatcher, on_stopped, &post);
	take(&post.stopped, "stop");
	g_autofree char *line = take(&post.states, "states");
	assert_non_null(g_strrstr(line, ":6\n"));
	stop();
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_told_before),
	};

	return cmocka_run_group_tests(tests, start_all, end_all);
}
