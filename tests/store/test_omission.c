/* SPDX-License-Identifier: MIT */
#include "omission.h"

#include "core/log.h"

#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* What was logged, in place of the log. */
static GString *lines;

bool
log_wants(enum log_level level)
{
	(void)level;
	return true;
}

void
log_write(
    enum log_level level, const char *event, const struct log_field *field)
{
	(void)level;
	g_string_append_printf(lines, "%s:", event);
	for (; field->type != LOG_TYPE_END; field++)
		if (field->type == LOG_TYPE_NUMBER)
			g_string_append_printf(
			    lines, " %" G_GINT64_FORMAT, field->number);
		else
			g_string_append_printf(lines, " %s", field->string);
	g_string_append(lines, "; ");
}

/* Notes in order: so many at a time; 0: the second is over. */
static const struct {
	const char *name;
	struct {
		unsigned count;
		int64_t at_ms;
	} notes[5];
	const char *lines;
} cases[] = {
	{ "one", { { 1, 5 } }, "not recorded: A begun why; " },
	{ "a second passes", { { 1, 5 }, { 0, 1000 } },
	    "not recorded: A begun why; " },
	{ "many at once", { { 2000, 5 }, { 0, 1000 }, { 0, 2000 } },
	    "not recorded: A begun why; "
	    "more not recorded: 1999 begun why; " },
	{ "two far apart", { { 1, 5 }, { 1, 1005 } },
	    "not recorded: A begun why; not recorded: A begun why; " },
	{ "on and on", { { 10, 5 }, { 10, 1000 }, { 0, 1001 }, { 5, 1002 } },
	    "not recorded: A begun why; more not recorded: 19 begun why; " },
	{ "nobody asked meanwhile", { { 3, 5 }, { 1, 3000 } },
	    "not recorded: A begun why; more not recorded: 2 begun why; "
	    "not recorded: A begun why; " },
};

static void
test_rows(void **state)
{
	static const struct omission one = { "A", "begun", "why" };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct omissions omissions = { 0 };

		lines = g_string_new(NULL);
		for (unsigned n = 0; cases[i].notes[n].at_ms != 0; n++) {
			int64_t now = cases[i].notes[n].at_ms;
			for (unsigned k = 0; k < cases[i].notes[n].count; k++)
				omission_note(&omissions, &one, now);
			if (cases[i].notes[n].count == 0)
				omission_tell(&omissions, now);
		}
		if (strcmp(lines->str, cases[i].lines) != 0)
			fail_msg("%s: %s", cases[i].name, lines->str);
		g_string_free(lines, TRUE);
		g_free(omissions.why);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
