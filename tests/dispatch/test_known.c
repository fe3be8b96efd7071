/* SPDX-License-Identifier: MIT */
#include "known.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define WALL_MS INT64_C(1795256640000)
#define NOW_MS  INT64_C(5000000)
#define DAY_MS  INT64_C(86400000)

#define ONE_TWO                                                    \
	(char *[])                                                 \
	{                                                          \
		(char *)"one", (char *)"gone", (char *)"two", NULL \
	}

static const char *const names[] = { "one", "two", "three", NULL };

static const struct known_terms terms = { names, WALL_MS, NOW_MS };

static const struct {
	const char *name;
	struct recipient known;
	enum recipient_state state;
	unsigned provider;
	uint32_t refused_by, tried;
	int64_t doubt_ms;
	int64_t since_ms, absent_ms;
} cases[] = {
	{ "nothing known", { 0 }, RECIPIENT_WAITING, LEDGER_NOBODY, 0, 0, 0, 0,
	    0 },
	{ "accepted",
	    { .state = RECIPIENT_ACCEPTED, .provider = (char *)"two" },
	    RECIPIENT_ACCEPTED, 1, 0, 0, 0, 0, 0 },
	{ "accepted by one that is gone",
	    { .state = RECIPIENT_ACCEPTED, .provider = (char *)"gone" },
	    RECIPIENT_ACCEPTED, LEDGER_NOBODY, 0, 0, 0, 0, 0 },
	{ "refused by two, of whom one is gone: another round",
	    { .refused_by =
		    (char *[]){ (char *)"three", (char *)"gone", NULL } },
	    RECIPIENT_WAITING, LEDGER_NOBODY, 4, 4, 0, 0, 0 },
	{ "refused by two: for good", { .refused_by = ONE_TWO },
	    RECIPIENT_REFUSED, LEDGER_NOBODY, 3, 3, 0, 0, 0 },
	{ "a doubt: another one next",
	    { .state = RECIPIENT_DOUBT,
		.provider = (char *)"two",
		.until_ms = WALL_MS + 700,
		.since_ms = WALL_MS - 300,
		.asks = 2,
		.absent_ms = WALL_MS - 100 },
	    RECIPIENT_DOUBT, 1, 0, 2, NOW_MS + 700, NOW_MS - 300,
	    NOW_MS - 100 },
	{ "a doubt from before the machine was started",
	    { .state = RECIPIENT_DOUBT,
		.until_ms = WALL_MS + 700,
		.since_ms = WALL_MS - NOW_MS - 5,
		.absent_ms = WALL_MS - NOW_MS },
	    RECIPIENT_DOUBT, LEDGER_NOBODY, 0, 0, NOW_MS + 700, -5, -1 },
	{ "the clock was set back since then",
	    { .state = RECIPIENT_DOUBT,
		.until_ms = WALL_MS + 700,
		.since_ms = WALL_MS + DAY_MS,
		.absent_ms = WALL_MS + DAY_MS },
	    RECIPIENT_DOUBT, LEDGER_NOBODY, 0, 0, NOW_MS + 700, NOW_MS,
	    NOW_MS },
	{ "a doubt of one that is gone keeps its time",
	    { .state = RECIPIENT_DOUBT,
		.provider = (char *)"gone",
		.until_ms = WALL_MS + 700 },
	    RECIPIENT_DOUBT, LEDGER_NOBODY, 0, 0, NOW_MS + 700, NOW_MS, 0 },
	{ "a doubt that is over for long",
	    { .state = RECIPIENT_DOUBT, .until_ms = 1 }, RECIPIENT_DOUBT,
	    LEDGER_NOBODY, 0, 0, 1, NOW_MS, 0 },
	{ "a doubt from when the clock was wrong",
	    { .state = RECIPIENT_DOUBT, .until_ms = INT64_MAX / 2 },
	    RECIPIENT_DOUBT, LEDGER_NOBODY, 0, 0, NOW_MS + DAY_MS, NOW_MS, 0 },
	{ "an attempt nobody ended",
	    { .state = RECIPIENT_OPEN, .provider = (char *)"one" },
	    RECIPIENT_DOUBT, 0, 0, 1, 0, NOW_MS, 0 },
	{ "held", { .state = RECIPIENT_HELD }, RECIPIENT_HELD, LEDGER_NOBODY, 0,
	    0, 0, 0, 0 },
	{ "dropped", { .state = RECIPIENT_DROPPED }, RECIPIENT_DROPPED,
	    LEDGER_NOBODY, 0, 0, 0, 0, 0 },
};

static struct ledger *
make_ledger(void)
{
	struct ledger *ledger = ledger_new(1, 3);

	for (unsigned i = 0; i < 3; i++)
		ledger_allow(ledger, i, 0);
	return ledger;
}

static void
test_recall(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct ledger *ledger = make_ledger();
		const struct ledger_recipient *r = &ledger->recipients[0];

		print_message("%s\n", cases[i].name);
		known_recall(ledger, &cases[i].known, &terms);
		assert_int_equal(r->state, cases[i].state);
		assert_int_equal(r->provider, cases[i].provider);
		assert_int_equal(r->refused_by, cases[i].refused_by);
		assert_int_equal(r->tried, cases[i].tried);
		assert_int_equal(r->doubt.until_ms, cases[i].doubt_ms);
		assert_int_equal(r->doubt.since_ms, cases[i].since_ms);
		assert_int_equal(r->doubt.absent_ms, cases[i].absent_ms);
		assert_int_equal(r->doubt.asks, cases[i].known.asks);
		ledger_free(ledger);
	}
}

/* What was recalled is told as it was, at any other moment. */
static void
test_tell(void **state)
{
	const struct recipient known = {
		.state = RECIPIENT_DOUBT,
		.class = VERDICT_DOUBT,
		.status = 502,
		.suppressed = true,
		.provider = (char *)"three",
		.id = (char *)"<id>",
		.text = (char *)"bad gateway",
		.refused_by = (char *[]){ (char *)"two", NULL },
		.until_ms = WALL_MS + 900,
		.since_ms = WALL_MS - 900,
		.asks = 3,
		.absent_ms = WALL_MS - 400,
		.doubts = 2,
	};
	const struct known_terms later = { names, WALL_MS + 7, NOW_MS + 7 };
	struct ledger *ledger = make_ledger();
	struct recipient told;

	(void)state;
	known_recall(ledger, &known, &terms);
	known_tell(ledger, 0, &later, &told);
	assert_int_equal(told.state, known.state);
	assert_int_equal(told.class, known.class);
	assert_int_equal(told.status, known.status);
	assert_true(told.suppressed);
	assert_string_equal(told.provider, "three");
	assert_string_equal(told.id, known.id);
	assert_string_equal(told.text, known.text);
	assert_string_equal(told.refused_by[0], "two");
	assert_null(told.refused_by[1]);
	assert_int_equal(told.until_ms, known.until_ms);
	assert_int_equal(told.since_ms, known.since_ms);
	assert_int_equal(told.asks, 3);
	assert_int_equal(told.absent_ms, known.absent_ms);
	assert_true(ledger->recipients[0].doubt.unlikely); /* by its status */
	assert_int_equal(told.doubts, 2);
	recipient_clear(&told);
	ledger_free(ledger);
}

/* Who is asked, not who was asked last; a crash now would leave a doubt. */
static void
test_tell_open(void **state)
{
	static const unsigned first[] = { 0 };
	struct ledger *ledger = make_ledger();
	struct recipient told;

	(void)state;
	ledger->recipients[0].provider = 0;
	ledger_open(ledger, 1, first, 1);
	known_tell(ledger, 0, &terms, &told);
	assert_int_equal(told.state, RECIPIENT_OPEN);
	assert_string_equal(told.provider, "two");
	assert_null(told.refused_by);
	assert_int_equal(told.doubts, 1);
	recipient_clear(&told);
	ledger_free(ledger);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recall),
		cmocka_unit_test(test_tell),
		cmocka_unit_test(test_tell_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
