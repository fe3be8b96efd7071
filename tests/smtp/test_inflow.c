/* SPDX-License-Identifier: MIT */
#include "inflow.h"

#include "rig.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define WINDOW 1000
#define GROWTH 10
#define DELAY  3600000 /* never over in a test */

/* Looks one after another: when, how many mails, and whether clients are slowed
 * down then. */
static const struct {
	const char *name;
	struct {
		int64_t at_ms;
		uint64_t mails;
		bool on;
	} looks[8];
	unsigned count;
} rows[] = {
	{ "what was there before",
	    { { 5000, 900, false }, { 5500, 900, false },
		{ 6000, 900, false } },
	    3 },
	{ "grows",
	    { { 0, 5, false }, { 500, 12, false }, { 999, 90, false },
		{ 1000, 95, true }, { 1500, 99, true } },
	    5 },
	{ "grows enough",
	    { { 0, 5, false }, { 500, 12, false }, { 1000, 15, true } }, 3 },
	{ "grows too little",
	    { { 0, 5, false }, { 500, 12, false }, { 1000, 14, false } }, 3 },
	{ "falls back",
	    { { 0, 5, false }, { 500, 90, false }, { 600, 4, false },
		{ 1100, 90, false }, { 1599, 90, false }, { 1600, 90, true } },
	    6 },
	{ "and on",
	    { { 0, 5, false }, { 500, 90, false }, { 1000, 95, true },
		{ 1500, 110, true }, { 2000, 120, true } },
	    5 },
	{ "grows no more",
	    { { 0, 5, false }, { 500, 90, false }, { 1000, 95, true },
		{ 1500, 96, true }, { 2000, 97, false } },
	    5 },
	{ "shrinks",
	    { { 0, 5, false }, { 500, 90, false }, { 1000, 95, true },
		{ 1100, 94, false }, { 1500, 200, false } },
	    5 },
	{ "nobody looked",
	    { { 0, 5, false }, { 1500, 90, false }, { 2000, 200, false },
		{ 2500, 200, true } },
	    4 },
};

static struct inflow *
make_inflow(void)
{
	return inflow_new(&(struct inflow_limits){
	    .window_ms = WINDOW, .growth = GROWTH, .delay_ms = DELAY });
}

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct inflow *inflow = make_inflow();

		for (unsigned n = 0; n < rows[i].count; n++) {
			inflow_look(inflow, rows[i].looks[n].mails,
			    rows[i].looks[n].at_ms);
			if (inflow_delay(inflow) !=
			    (rows[i].looks[n].on ? DELAY : 0))
				fail_msg("%s: look %u: %d", rows[i].name, n,
				    (int)inflow_delay(inflow));
		}
		inflow_free(inflow);
	}
	assert_int_equal(inflow_delay(NULL), 0);
}

static void
say(struct rig *rig, const char *line)
{
	g_string_truncate(rig->heard, 0);
	rig_say(rig, line, strlen(line));
}

/* After MAIL, not before, and only a client outside `allow` waits. */
static void
test_sessions(void **state)
{
	struct inflow *inflow = make_inflow();

	(void)state;
	inflow_look(inflow, 5, 0);
	inflow_look(inflow, 50, 500);
	inflow_look(inflow, 50, 1000);
	for (int allowed = 0; allowed < 2; allowed++) {
		struct rig rig;

		rig_open(&rig, "greet_pause = 0\n");
		rig.world.inflow = inflow;
		rig.peer.allowed = allowed;
		rig_connect(&rig);
		say(&rig, "EHLO c\r\n");
		say(&rig, "NOOP\r\n");
		assert_string_equal(rig.heard->str, "250 2.0.0 Ok\r\n");
		say(&rig, "MAIL FROM:<a@x.example>\r\n");
		assert_string_equal(rig.heard->str, "250 2.1.0 Ok\r\n");
		say(&rig, "NOOP\r\n");
		assert_string_equal(
		    rig.heard->str, allowed ? "250 2.0.0 Ok\r\n" : "");
		rig_close(&rig);
	}
	inflow_free(inflow);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_sessions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
