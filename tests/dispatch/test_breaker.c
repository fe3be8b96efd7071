/* SPDX-License-Identifier: MIT */
#include "breaker.h"

#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum step_act {
	END,     /* of the row */
	BEGIN,   /* attempt number `number` is begun */
	SUCCESS, /* it was answered */
	FAILURE, /* it failed */
	TIMEOUT, /* it failed for want of an answer */
	NOBODY,  /* ...for want of a connection in all its time */
	RELEASE, /* it told nothing */
	FAILS,   /* so many are begun and fail, one after the other */
	WELLS,   /* so many are begun and answered, likewise */
	SLOWS,   /* the same, slowly */
	HOLD,    /* the breaker is held for so many ms */
};

struct step {
	enum step_act act;
	int64_t at_ms;
	unsigned number;
	bool told; /* what the function says, the last time */
	enum breaker_state state;
	int64_t until_ms; /* while not closed */
};

static const struct breaker_limits limits = { 5000, 300000 };

/* for the rows */
#define CLOSED  BREAKER_CLOSED
#define OPEN    BREAKER_OPEN
#define PROBING BREAKER_PROBING

static const struct {
	const char *name;
	struct step steps[10];
} cases[] = {
	{ "well stays well", { { WELLS, 10, 200, false, CLOSED, 0 } } },
	{ "four failures in a row are none",
	    { { FAILS, 10, 4, false, CLOSED, 0 },
		{ WELLS, 20, 1, false, CLOSED, 0 },
		{ FAILS, 30, 4, false, CLOSED, 0 } } },
	{ "five open for the least pause",
	    { { FAILS, 10, 5, true, OPEN, 5010 } } },
	{ "three probes that are answered close",
	    { { FAILS, 10, 5, true, OPEN, 5010 },
		{ BEGIN, 5010, 1, false, PROBING, 5010 },
		{ SUCCESS, 5020, 1, false, OPEN, 5020 },
		{ BEGIN, 5030, 1, false, PROBING, 5020 },
		{ SUCCESS, 5040, 1, false, OPEN, 5040 },
		{ BEGIN, 5050, 1, false, PROBING, 5040 },
		{ SUCCESS, 5060, 1, true, CLOSED, 0 } } },
	{ "in a row", { { FAILS, 0, 5, true, OPEN, 5000 },
			  { WELLS, 5000, 2, false, OPEN, 5000 },
			  { FAILS, 5000, 1, false, OPEN, 15000 },
			  { WELLS, 15000, 2, false, OPEN, 15000 },
			  { WELLS, 15000, 1, true, CLOSED, 0 } } },
	{ "a probe that fails doubles the pause",
	    { { FAILS, 10, 5, true, OPEN, 5010 },
		{ FAILS, 6000, 1, false, OPEN, 16000 },
		{ FAILS, 16000, 1, false, OPEN, 36000 } } },
	{ "success forgets the pause",
	    { { FAILS, 0, 5, true, OPEN, 5000 },
		{ FAILS, 5000, 1, false, OPEN, 15000 },
		{ WELLS, 15000, 3, true, CLOSED, 0 },
		{ FAILS, 15000, 5, true, OPEN, 20000 } } },
	{ "half of ten within a minute open",
	    { { WELLS, 0, 3, false, CLOSED, 0 },
		{ FAILS, 1000, 3, false, CLOSED, 0 },
		{ WELLS, 2000, 2, false, CLOSED, 0 },
		{ FAILS, 3000, 2, true, OPEN, 8000 } } },
	{ "less than half do not", { { WELLS, 0, 6, false, CLOSED, 0 },
				       { FAILS, 1000, 4, false, CLOSED, 0 },
				       { WELLS, 2000, 2, false, CLOSED, 0 },
				       { FAILS, 3000, 1, false, CLOSED, 0 } } },
	{ "nor within more than a minute",
	    { { FAILS, 0, 4, false, CLOSED, 0 },
		{ WELLS, 1000, 5, false, CLOSED, 0 },
		{ FAILS, 61000, 4, false, CLOSED, 0 } } },
	{ "eight of ten that are slow open",
	    { { WELLS, 0, 2, false, CLOSED, 0 },
		{ SLOWS, 0, 7, false, CLOSED, 0 },
		{ SLOWS, 0, 1, false, OPEN, 5000 } } },
	{ "seven of ten do not", { { WELLS, 0, 3, false, CLOSED, 0 },
				     { SLOWS, 0, 7, false, CLOSED, 0 } } },
	{ "what fails with the first failure is one failure",
	    { { BEGIN, 0, 0, false, CLOSED, 0 },
		{ BEGIN, 0, 1, false, CLOSED, 0 },
		{ BEGIN, 0, 2, false, CLOSED, 0 },
		{ FAILURE, 0, 0, false, CLOSED, 0 },
		{ FAILURE, 0, 1, false, CLOSED, 0 },
		{ FAILURE, 9, 2, false, CLOSED, 0 },
		{ FAILS, 10, 3, false, CLOSED, 0 },
		{ FAILS, 10, 1, true, OPEN, 5010 } } },
	{ "but what times out had its own time",
	    { { BEGIN, 0, 0, false, CLOSED, 0 },
		{ BEGIN, 0, 1, false, CLOSED, 0 },
		{ BEGIN, 0, 2, false, CLOSED, 0 },
		{ TIMEOUT, 0, 0, false, CLOSED, 0 },
		{ TIMEOUT, 0, 1, false, CLOSED, 0 },
		{ TIMEOUT, 9, 2, false, CLOSED, 0 },
		{ FAILS, 10, 2, true, OPEN, 5010 } } },
	{ "nothing at all until the time to connect is over is enough",
	    { { WELLS, 0, 20, false, CLOSED, 0 },
		{ BEGIN, 0, 0, false, CLOSED, 0 },
		{ BEGIN, 0, 1, false, CLOSED, 0 },
		{ NOBODY, 10, 0, true, OPEN, 5010 },
		{ NOBODY, 10, 1, false, OPEN, 5010 } } },
	{ "and doubles the pause of a probe",
	    { { BEGIN, 0, 0, false, CLOSED, 0 },
		{ NOBODY, 10, 0, true, OPEN, 5010 },
		{ BEGIN, 5010, 0, false, PROBING, 5010 },
		{ NOBODY, 6000, 0, false, OPEN, 16000 } } },
	{ "a time that is over behind a connection is not",
	    { { BEGIN, 0, 0, false, CLOSED, 0 },
		{ TIMEOUT, 10, 0, false, CLOSED, 0 } } },
	{ "an answer to what was begun before does not close",
	    { { BEGIN, 0, 1, false, CLOSED, 0 },
		{ FAILS, 0, 5, true, OPEN, 5000 },
		{ SUCCESS, 9, 1, false, OPEN, 5000 } } },
	{ "nor ends the probing",
	    { { BEGIN, 0, 0, false, CLOSED, 0 },
		{ BEGIN, 0, 1, false, CLOSED, 0 },
		{ FAILS, 0, 5, true, OPEN, 5000 },
		{ BEGIN, 5000, 2, false, PROBING, 5000 },
		{ SUCCESS, 5001, 1, false, PROBING, 5000 },
		{ RELEASE, 5002, 0, false, PROBING, 5000 },
		{ SUCCESS, 5003, 2, false, OPEN, 5003 } } },
	{ "a late failure does not open again what was closed since",
	    { { BEGIN, 0, 1, false, CLOSED, 0 },
		{ FAILS, 0, 5, true, OPEN, 5000 },
		{ WELLS, 5000, 3, true, CLOSED, 0 },
		{ FAILS, 60000, 4, false, CLOSED, 0 },
		{ TIMEOUT, 60000, 1, false, CLOSED, 0 } } },
	{ "a probe that told nothing leaves the next to probe",
	    { { FAILS, 0, 5, true, OPEN, 5000 },
		{ BEGIN, 5000, 1, false, PROBING, 5000 },
		{ RELEASE, 5001, 1, false, OPEN, 5000 },
		{ BEGIN, 5001, 2, false, PROBING, 5000 } } },
	{ "a hold opens, one success closes it",
	    { { HOLD, 100, 60000, false, OPEN, 60100 },
		{ WELLS, 60100, 1, true, CLOSED, 0 } } },
	{ "a hold of what had failed takes three",
	    { { FAILS, 0, 5, true, OPEN, 5000 },
		{ HOLD, 100, 60000, false, OPEN, 60100 },
		{ WELLS, 60100, 2, false, OPEN, 60100 },
		{ WELLS, 60101, 1, true, CLOSED, 0 } } },
	{ "a hold never shortens",
	    { { HOLD, 0, 60000, false, OPEN, 60000 },
		{ HOLD, 10, 20000, false, OPEN, 60000 },
		{ HOLD, 10, 60000, false, OPEN, 60010 } } },
	{ "a hold while probing makes the probe old news",
	    { { FAILS, 0, 5, true, OPEN, 5000 },
		{ BEGIN, 5000, 1, false, PROBING, 5000 },
		{ HOLD, 5001, 1000, false, OPEN, 6001 },
		{ SUCCESS, 5002, 1, false, OPEN, 6001 } } },
	{ "a hold does not touch the pause of failures",
	    { { FAILS, 0, 5, true, OPEN, 5000 },
		{ HOLD, 1, 9000, false, OPEN, 9001 },
		{ FAILS, 9001, 1, false, OPEN, 19001 } } },
	{ "the third opening in ten minutes rests for one",
	    { { FAILS, 0, 5, true, OPEN, 5000 },
		{ WELLS, 5000, 3, true, CLOSED, 0 },
		{ FAILS, 100000, 5, true, OPEN, 105000 },
		{ WELLS, 105000, 3, true, CLOSED, 0 },
		{ FAILS, 600000, 5, true, OPEN, 660000 },
		{ FAILS, 660000, 1, false, OPEN, 780000 } } },
	{ "in more than ten it does not",
	    { { FAILS, 0, 5, true, OPEN, 5000 },
		{ WELLS, 5000, 3, true, CLOSED, 0 },
		{ FAILS, 100000, 5, true, OPEN, 105000 },
		{ WELLS, 105000, 3, true, CLOSED, 0 },
		{ FAILS, 600002, 5, true, OPEN, 605002 } } },
};

static bool
finish(struct breaker *breaker, const struct step *step,
    const struct breaker_mark *mark, enum step_act act)
{
	/* a random of 0.5 is no jitter */
	const struct breaker_news news = {
		.moment = { step->at_ms, 0.5 },
		.slow = act == SLOWS,
		.timed_out = act == TIMEOUT || act == NOBODY,
		.unreached = act == NOBODY,
	};

	if (act != SUCCESS && act != WELLS && act != SLOWS)
		return breaker_failure(breaker, mark, &limits, &news);
	return breaker_success(breaker, mark, &limits, &news);
}

static bool
take_many(struct breaker *breaker, const struct step *step)
{
	bool told = false;

	for (unsigned i = 0; i < step->number; i++) {
		assert_true(breaker_allows(breaker, step->at_ms));
		struct breaker_mark mark = breaker_begin(breaker);
		told = finish(breaker, step, &mark, step->act);
	}
	return told;
}

static bool
take_step(struct breaker *breaker, const struct step *step,
    struct breaker_mark *marks)
{
	switch (step->act) {
	case BEGIN:
		assert_true(breaker_allows(breaker, step->at_ms));
		marks[step->number] = breaker_begin(breaker);
		return false;
	case SUCCESS:
	case FAILURE:
	case TIMEOUT:
	case NOBODY:
		return finish(breaker, step, &marks[step->number], step->act);
	case RELEASE:
		breaker_release(breaker, &marks[step->number]);
		return false;
	case HOLD:
		breaker_hold(
		    breaker, BREAKER_ACCOUNT, step->at_ms, step->number);
		return false;
	case FAILS:
	case WELLS:
	case SLOWS:
		return take_many(breaker, step);
	case END:
		break;
	}
	g_assert_not_reached();
}

static void
check_allows(const struct breaker *breaker, const struct step *step)
{
	switch (step->state) {
	case BREAKER_CLOSED:
		assert_true(breaker_allows(breaker, 0));
		break;
	case BREAKER_OPEN:
		assert_int_equal(breaker->until_ms, step->until_ms);
		assert_false(breaker_allows(breaker, step->until_ms - 1));
		assert_true(breaker_allows(breaker, step->until_ms));
		break;
	case BREAKER_PROBING:
		assert_false(breaker_allows(breaker, INT64_MAX));
		break;
	}
}

static void
test_steps(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct breaker breaker = { 0 };
		struct breaker_mark marks[8] = { 0 };
		const struct step *step = cases[i].steps;

		for (unsigned n = 0; n < 10 && step[n].act != END; n++) {
			bool told = take_step(&breaker, &step[n], marks);
			if (told != step[n].told ||
			    breaker.state != step[n].state)
				fail_msg("%s: step %u: told %d, state %d",
				    cases[i].name, n + 1, told, breaker.state);
			check_allows(&breaker, &step[n]);
		}
	}
}

static void
fail_one(struct breaker *breaker, int64_t now_ms, double random)
{
	const struct breaker_news news = { .moment = { now_ms, random } };
	struct breaker_mark mark = breaker_begin(breaker);

	breaker_failure(breaker, &mark, &limits, &news);
}

static void
test_pause_grows_to_its_limit(void **state)
{
	struct breaker breaker = { 0 };
	int64_t now = 0;
	static const int64_t pauses[] = { 5000, 10000, 20000, 40000, 80000,
		160000, 300000, 300000 };

	(void)state;
	for (unsigned i = 0; i < BREAKER_FAILURES - 1; i++)
		fail_one(&breaker, 0, 0.5);
	for (size_t i = 0; i < G_N_ELEMENTS(pauses); i++) {
		fail_one(&breaker, now, 0.5);
		assert_int_equal(breaker.until_ms - now, pauses[i]);
		now = breaker.until_ms;
	}
}

static void
test_jitter(void **state)
{
	static const struct {
		double random;
		int64_t pause_ms;
	} rows[] = { { 0, 4000 }, { 0.5, 5000 }, { 1, 6000 } };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct breaker breaker = { 0 };
		for (unsigned n = 0; n < BREAKER_FAILURES; n++)
			fail_one(&breaker, 100, rows[i].random);
		assert_int_equal(breaker.until_ms, 100 + rows[i].pause_ms);
		assert_int_equal(breaker.opened_ms, 100);
		assert_int_equal(breaker.reason, BREAKER_FAILED);
	}
}

static void
test_opened_since(void **state)
{
	struct breaker breaker = { 0 };
	struct breaker_mark before = breaker_begin(&breaker);
	const struct breaker_news news = { .moment = { 1000, 0.5 } };

	(void)state;
	assert_false(breaker_opened_since(&breaker, &before));
	breaker_hold(&breaker, BREAKER_ACCOUNT, 0, 1000);
	assert_true(breaker_opened_since(&breaker, &before));
	struct breaker_mark probe = breaker_begin(&breaker);
	assert_false(breaker_opened_since(&breaker, &probe));
	breaker_success(&breaker, &probe, &limits, &news);
	assert_true(breaker_opened_since(&breaker, &before));
	assert_false(breaker_opened_since(&breaker, &probe));
}

/* The graver reason stays to be told. */
static void
test_reason(void **state)
{
	struct breaker breaker = { 0 };

	(void)state;
	breaker_hold(&breaker, BREAKER_DISTRUST, 0, 1000);
	breaker_hold(&breaker, BREAKER_ACCOUNT, 0, 500);
	assert_int_equal(breaker.reason, BREAKER_DISTRUST);
	breaker_hold(&breaker, BREAKER_ACCOUNT, 0, 2000);
	assert_int_equal(breaker.reason, BREAKER_ACCOUNT);
	/* of three successes the first tells that this is over */
	breaker.needed = 3;
	struct breaker_mark mark = breaker_begin(&breaker);
	breaker_success(&breaker, &mark, &limits,
	    &(struct breaker_news){ .moment = { 2000, 0.5 } });
	assert_int_equal(breaker.reason, BREAKER_FAILED);
	assert_int_equal(breaker.state, BREAKER_OPEN);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_pause_grows_to_its_limit),
		cmocka_unit_test(test_jitter),
		cmocka_unit_test(test_opened_since),
		cmocka_unit_test(test_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
