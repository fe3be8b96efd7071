/* SPDX-License-Identifier: MIT */
/*
 * Mail that was given up in doubt, and of which no bounce can be made now: it
 * comes back after a while, however long its lifetime is over.
 */
#include "stage.h"
#include "state.h"

#define HOUR_MS  (60 * 60 * INT64_C(1000))
#define PAUSE_MS (60 * INT64_C(1000))
#define SETTINGS "[server]\nretry = 2m\nbounce_domains = example.com\n"
/* Five days, and a few minutes. */
#define AGE_MS (120 * HOUR_MS + 5 * PAUSE_MS)

static struct submission *
load_old(const char *provider)
{
	struct sending sending = { "x", 1, 0 };
	struct submission *submission = make_submission_with(&sending, "");

	submission->return_to = (struct return_address){ 0 };
	submission->queued = true;
	submission->rounds = 2;
	submission->attempts = 3;
	submission->asked_ms = clock_wall_ms();
	submission->received_ms = clock_wall_ms() - AGE_MS;
	submission->known = g_new0(struct recipient, 1);
	submission->known[0] = (struct recipient){
		.state = RECIPIENT_DOUBT,
		.provider = g_strdup(provider),
		.text = g_strdup("lost"),
		.until_ms = 1,
		.since_ms = clock_wall_ms() - HOUR_MS,
		.doubts = 1,
	};
	return submission;
}

static const struct {
	const char *name, *settings;
} cases[] = {
	{ "the only one", SETTINGS PROVIDER("one", "") },
	{ "another is there",
	    SETTINGS PROVIDER("one", "") PROVIDER("two", "") },
	{ "an upstream, long to be moved from",
	    SETTINGS PROVIDER("one", "smtp = yes\n") PROVIDER("two", "") },
};

static void
test_no_bounce_now(void **state)
{
	static const struct parse_options options = {
		.hostname = "mail.example.com",
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		start_with_store(cases[i].settings);
		post.dispatcher->reports = (struct report_count){
			.minute_ms = clock_monotonic_ms(),
			.made = 60,
		};
		dispatcher_post(post.dispatcher,
		    flight_new(parse_message(load_old("one"), &options, NULL),
			dispatcher_route(post.dispatcher)));
		g_autofree char *line = take(&post.entries, cases[i].name);
		if (strstr(line, "0 doubt") == NULL)
			fail_msg("%s: %s", cases[i].name, line);
		if (post.due_ms < clock_wall_ms() + PAUSE_MS)
			fail_msg("%s: due in %" G_GINT64_FORMAT " ms",
			    cases[i].name, post.due_ms - clock_wall_ms());
		stop();
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_bounce_now),
	};

	return cmocka_run_group_tests(tests, start_all, end_all);
}
