/* SPDX-License-Identifier: MIT */
/* What is told when, by a pause of 100 ms. */
#include "pace.h"

#include "backlog.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define PAUSE 100

static struct notice *
make_notice(const char *subject, bool over)
{
	struct alarm alarm = {
		.kind = "reserve",
		.subject = subject,
		.over = over,
		.since_ms = 1,
		.text = "mail goes by it",
	};

	return notice_new(&alarm);
}

/* What happens: at 250 "+a": a begins, "-a" it is over, "." time alone.  What
 * is told: the same with how many were left out before. */
static const struct {
	const char *name;
	struct {
		int64_t at_ms;
		const char *what, *told;
	} steps[8];
} rows[] = {
	{ "a beginning and its end are told",
	    { { 10, "+a", "+a0 " }, { 20, "-a", "-a0 " } } },
	{ "the same again is not told within the pause",
	    { { 10, "+a", "+a0 " }, { 20, "+a", "" }, { 90, "+a", "" },
		{ 110, "+a", "+a2 " } } },
	{ "another thing is",
	    { { 10, "+a", "+a0 " }, { 11, "+b", "+b0 " }, { 12, "-b", "-b0 " },
		{ 13, "-a", "-a0 " } } },
	{ "flapping is told once in a pause, and its end",
	    { { 10, "+a", "+a0 " }, { 20, "-a", "-a0 " }, { 30, "+a", "" },
		{ 40, "-a", "" }, { 50, "+a", "" }, { 60, "-a", "" },
		{ 200, ".", "" }, { 210, "+a", "+a4 " } } },
	{ "what began again and lasts is told when the pause is over",
	    { { 10, "+a", "+a0 " }, { 20, "-a", "-a0 " }, { 30, "+a", "" },
		{ 109, ".", "" }, { 110, ".", "+a0 " }, { 120, ".", "" },
		{ 130, "-a", "-a0 " } } },
	{ "it is told once when it began twice",
	    { { 10, "+a", "+a0 " }, { 20, "-a", "-a0 " }, { 30, "+a", "" },
		{ 40, "+a", "" }, { 150, ".", "+a1 " } } },
	{ "an end of what nobody remembers", { { 10, "-a", "-a0 " } } },
	{ "an end twice", { { 10, "+a", "+a0 " }, { 20, "-a", "-a0 " },
			      { 30, "-a", "" }, { 300, "+a", "+a1 " } } },
};

static void
note(GString *told, struct notice *notice)
{
	if (notice == NULL)
		return;
	g_string_append_printf(told, "%c%s%u ", notice->over ? '-' : '+',
	    notice->subject, notice->left_out);
	notice_free(notice);
}

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct pace *pace = pace_new(PAUSE);

		print_message("%s\n", rows[i].name);
		for (size_t k = 0; k < G_N_ELEMENTS(rows[i].steps) &&
				   rows[i].steps[k].what != NULL;
		     k++) {
			const char *what = rows[i].steps[k].what;
			int64_t now_ms = rows[i].steps[k].at_ms;
			GString *told = g_string_new(NULL);

			note(told, pace_due(pace, now_ms));
			if (*what != '.')
				note(told,
				    pace_take(pace,
					make_notice(what + 1, *what == '-'),
					now_ms));
			assert_string_equal(told->str, rows[i].steps[k].told);
			g_string_free(told, TRUE);
		}
		pace_free(pace);
	}
}

/* At 250 of the group happens to b; "." time alone, "!" the end of it all. */
static const struct {
	const char *name;
	struct {
		int64_t at_ms;
		const char *group, *subject, *told;
	} steps[8];
} gatherings[] = {
	{ "one is told as it is, a moment later",
	    { { 10, "x", "a", "" }, { 5009, ".", "", "" },
		{ 5010, ".", "", "a 0 mail goes by it" } } },
	{ "some at once are one, and counted",
	    { { 10, "x", "a", "" }, { 11, "x", "b", "" },
		{ 5010, ".", "",
		    "b 1 2 times: a, b; the last: mail goes by it" } } },
	{ "the first are named",
	    { { 10, "x", "a", "" }, { 11, "x", "b", "" }, { 12, "x", "c", "" },
		{ 13, "x", "d", "" }, { 14, "x", "e", "" },
		{ 5010, ".", "",
		    "e 4 5 times: a, b, c and 2 more; the last: mail goes by "
		    "it" } } },
	{ "then one in a pause",
	    { { 10, "x", "a", "" }, { 5010, ".", "", "a 0 mail goes by it" },
		{ 5020, "x", "b", "" }, { 11000, ".", "", "" },
		{ 12000, "x", "c", "" }, { 25009, ".", "", "" },
		{ 25010, ".", "",
		    "c 1 2 times: b, c; the last: mail goes by it" } } },
	{ "after a silence a moment again",
	    { { 10, "x", "a", "" }, { 5010, ".", "", "a 0 mail goes by it" },
		{ 90000, "x", "b", "" }, { 94999, ".", "", "" },
		{ 95000, ".", "", "b 0 mail goes by it" } } },
	{ "other groups are others",
	    { { 10, "x", "a", "" }, { 20, "y", "b", "" },
		{ 5010, ".", "", "a 0 mail goes by it" },
		{ 5020, ".", "", "b 0 mail goes by it" } } },
	{ "at the end it is told what waits",
	    { { 10, "x", "a", "" }, { 11, "x", "b", "" },
		{ 12, "!", "", "b 1 2 times: a, b; the last: mail goes by it" },
		{ 13, "!", "", "" } } },
};

static struct notice *
step_group(
    struct pace *pace, const char *group, const char *subject, int64_t now_ms)
{
	struct notice *notice;

	if (*group == '!')
		return pace_flush(pace);
	if (*group == '.')
		return pace_due(pace, now_ms);
	notice = make_notice(subject, false);
	notice->group = g_strdup(group);
	return pace_take(pace, notice, now_ms);
}

static void
test_groups(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(gatherings); i++) {
		struct pace *pace = pace_new(20000);

		print_message("%s\n", gatherings[i].name);
		for (size_t k = 0; k < G_N_ELEMENTS(gatherings[i].steps) &&
				   gatherings[i].steps[k].group != NULL;
		     k++) {
			struct notice *notice =
			    step_group(pace, gatherings[i].steps[k].group,
				gatherings[i].steps[k].subject,
				gatherings[i].steps[k].at_ms);
			g_autofree char *told =
			    notice == NULL
				? g_strdup("")
				: g_strdup_printf("%s %u %s", notice->subject,
				      notice->left_out, notice->text);

			assert_string_equal(told, gatherings[i].steps[k].told);
			notice_free(notice);
		}
		pace_free(pace);
	}
}

/* The timer is set to the first that waits. */
static void
test_next(void **state)
{
	struct pace *pace = pace_new(PAUSE);
	static const char *const subjects[] = { "b", "a" };

	(void)state;
	assert_int_equal(pace_next(pace), 0);
	for (int i = 0; i < 2; i++) {
		notice_free(
		    pace_take(pace, make_notice(subjects[i], false), 10 - i));
		notice_free(
		    pace_take(pace, make_notice(subjects[i], true), 20));
		assert_null(
		    pace_take(pace, make_notice(subjects[i], false), 30));
	}
	assert_int_equal(pace_next(pace), 109);
	pace_free(pace);
}

/* However many things there are: those that are over their pause make room,
 * what finds none is counted. */
static void
test_bounded(void **state)
{
	struct pace *pace = pace_new(PAUSE);
	struct notice *notice;

	(void)state;
	for (unsigned i = 0; i < PACE_MAX + 5; i++) {
		g_autofree char *subject = g_strdup_printf("mail %u", i);

		notice = pace_take(pace, make_notice(subject, false), 10);
		assert_int_equal(notice != NULL, i < PACE_MAX);
		notice_free(notice);
	}
	notice = pace_take(pace, make_notice("late", false), 110);
	assert_non_null(notice);
	assert_int_equal(notice->left_out, 5);
	notice_free(notice);
	pace_free(pace);
}

/* Of what waits to be told one way, no more than a hundred. */
static void
test_backlog(void **state)
{
	struct backlog backlog = { .left_out = 0 };
	struct notice *notice;

	(void)state;
	assert_null(backlog_take(&backlog));
	for (unsigned i = 0; i < BACKLOG_MAX + 3; i++) {
		notice = make_notice("a", false);
		notice->left_out = 2;
		backlog_add(&backlog, notice);
	}
	for (unsigned i = 0; i < BACKLOG_MAX; i++) {
		notice = backlog_take(&backlog);
		assert_non_null(notice);
		assert_int_equal(notice->left_out, i == 0 ? 11 : 2);
		notice_free(notice);
	}
	assert_null(backlog_take(&backlog));
	backlog_add(&backlog, make_notice("a", false));
	backlog_clear(&backlog);
	assert_null(backlog_take(&backlog));
}

/* What is read by programs. */
static void
test_json(void **state)
{
	struct alarm alarm = {
		.kind = "sender_refused",
		.subject = "mailgun",
		.over = true,
		.since_ms = INT64_C(1795256640123),
		.text = "it \"refuses\"\nmail\x01 of /example.com",
	};
	struct notice *notice = notice_new(&alarm);
	struct notice *copy = notice_copy(notice);
	g_autofree char *text = NULL;

	(void)state;
	notice_free(notice);
	copy->left_out = 3;
	text = notice_json(copy, "mail.example.com");
	assert_string_equal(text,
	    "{\"kind\":\"sender_refused\",\"subject\":\"mailgun\","
	    "\"over\":true,\"since\":\"2026-11-21T10:24:00.123Z\","
	    "\"text\":\"it \\\"refuses\\\" mail of /example.com\","
	    "\"advice\":null,\"left_out\":3,\"host\":\"mail.example.com\","
	    "\"version\":\"" POSTFERRY_VERSION "\"}\n");
	notice_free(copy);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_next),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_backlog),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
