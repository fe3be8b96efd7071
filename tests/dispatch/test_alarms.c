/* SPDX-License-Identifier: MIT */
#include "alarms.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void
on_alarm(void *object, const struct alarm *alarm)
{
	GString *told = object;

	g_string_append_printf(told, "%s%s %s\n", alarm->over ? "over: " : "",
	    alarm->kind, alarm->subject);
}

static struct alarms *
recall(GString *told, const char *line)
{
	struct alarms *alarms = alarms_new(on_alarm, told);

	alarms_recall(alarms, line);
	return alarms;
}

static unsigned
count_told(const GString *told, const char *kind)
{
	unsigned count = 0;

	for (const char *at = told->str; *at != '\0'; at = strchr(at, '\n') + 1)
		count += g_str_has_prefix(at, kind) ? 1 : 0;
	return count;
}

/* A kind that comes from mail takes so much room and no more, and none of
 * another kind's; each is told, the newest are known to be on. */
static void
test_bounded(void **state)
{
	g_autoptr(GString) told = g_string_new(NULL);
	struct alarms *alarms = alarms_new(on_alarm, told);
	struct alarm alarm = { .kind = "all_down", .subject = "r" };

	(void)state;
	alarms_begin(alarms, &alarm);
	alarm.kind = "sender";
	for (int64_t i = 0; i < 2 * ALARMS_MAX; i++) {
		g_autofree char *subject =
		    g_strdup_printf("d%" G_GINT64_FORMAT, i);
		alarm.subject = subject;
		alarm.since_ms = 10 + i;
		alarms_begin(alarms, &alarm);
		alarms_begin(alarms, &alarm);
		if (!alarms_are_on(alarms, "sender", subject))
			fail_msg("%s is not on", subject);
	}
	assert_int_equal(count_told(told, "sender "), 2 * ALARMS_MAX);
	assert_true(alarms_are_on(alarms, "all_down", "r"));
	assert_false(alarms_are_on(alarms, "sender", "d0"));
	g_autofree char *line = alarms_print(alarms);
	g_auto(GStrv) words = g_strsplit(line, " ", 0);
	assert_in_range(g_strv_length(words), ALARMS_MAX, ALARMS_MAX + 2);
	alarms_free(alarms);
}

/* What is on stays on, told to nobody until it is over, once. */
static void
test_restart(void **state)
{
	static const char *const subjects[] = { "one", "one for a.example",
		"100 % = all\n", "\xc3\xa4" };
	g_autoptr(GString) told = g_string_new(NULL);

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(subjects); i++) {
		const struct alarm alarm = {
			.kind = "reserve", .subject = subjects[i], .since_ms = 5
		};
		struct alarms *first = alarms_new(NULL, NULL);
		alarms_begin(first, &alarm);
		g_autofree char *line = alarms_print(first);
		struct alarms *next = recall(told, line);
		alarms_begin(next, &alarm);
		assert_string_equal(told->str, "");
		alarms_end(next, "reserve", subjects[i], "well");
		alarms_end(next, "reserve", subjects[i], "well");
		g_autofree char *wanted =
		    g_strdup_printf("over: reserve %s\n", subjects[i]);
		assert_string_equal(told->str, wanted);
		g_string_truncate(told, 0);
		g_autofree char *empty = alarms_print(next);
		assert_string_equal(empty, "v=1");
		alarms_free(first);
		alarms_free(next);
	}
}

/* A line that somebody else wrote does no harm. */
static void
test_garbage(void **state)
{
	static const char *const lines[] = { "", "v=1", "v=2 reserve%20one=5",
		"v=1 reserve", "v=1 =5", "v=1 reserve=5", "v=1 %zz=5",
		"v=1 reserve%20one=x",
		"v=1 reserve%20one=", "v=1  = ==", "reserve%20one=5" };
	g_autoptr(GString) told = g_string_new(NULL);

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
		struct alarms *alarms = recall(told, lines[i]);
		if (alarms_are_on(alarms, "reserve", "one"))
			fail_msg("%s", lines[i]);
		alarms_free(alarms);
	}
	assert_string_equal(told->str, "");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_garbage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
