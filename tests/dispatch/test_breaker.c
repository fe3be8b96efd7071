/* SPDX-License-Identifier: MIT */
#include "breaker.h"

#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum step_act {
	END,     /* of the row */
	BEGIN,   /* attempt number `attempt` is begun */
	SUCCESS, /* it was answered */
	FAILURE, /* it failed */
	HOLD,    /* the breaker is held for `pause` */
	RELEASE, /* it told nothing */
};

struct step {
	enum step_act act;
	int64_t at_ms;
	unsigned attempt;
	int64_t pause_ms; /* HOLD */
	bool told;        /* what the function says */
	enum breaker_state state;
	int64_t until_ms; /* while not closed */
};

static const struct breaker_limits limits = { 5000, 300000 };

static const struct {
	const char *name;
	struct step steps[8];
} cases[] = {
	{ "well stays well",
	    { { BEGIN, 0, 0, 0, false, BREAKER_CLOSED, 0 },
		{ SUCCESS, 10, 0, 0, false, BREAKER_CLOSED, 0 } } },
	{ "a failure opens for the least pause",
	    { { BEGIN, 0, 0, 0, false, BREAKER_CLOSED, 0 },
		{ FAILURE, 10, 0, 0, true, BREAKER_OPEN, 5010 } } },
	{ "a probe that is answered closes",
	    { { FAILURE, 10, 0, 0, true, BREAKER_OPEN, 5010 },
		{ BEGIN, 5010, 1, 0, false, BREAKER_PROBING, 5010 },
		{ SUCCESS, 5020, 1, 0, true, BREAKER_CLOSED, 0 } } },
	{ "a probe that fails doubles the pause",
	    { { FAILURE, 10, 0, 0, true, BREAKER_OPEN, 5010 },
		{ BEGIN, 5010, 1, 0, false, BREAKER_PROBING, 5010 },
		{ FAILURE, 6000, 1, 0, false, BREAKER_OPEN, 16000 },
		{ BEGIN, 16000, 2, 0, false, BREAKER_PROBING, 16000 },
		{ FAILURE, 16000, 2, 0, false, BREAKER_OPEN, 36000 } } },
	{ "success forgets the pause",
	    { { FAILURE, 0, 0, 0, true, BREAKER_OPEN, 5000 },
		{ BEGIN, 5000, 1, 0, false, BREAKER_PROBING, 5000 },
		{ FAILURE, 5000, 1, 0, false, BREAKER_OPEN, 15000 },
		{ BEGIN, 15000, 2, 0, false, BREAKER_PROBING, 15000 },
		{ SUCCESS, 15000, 2, 0, true, BREAKER_CLOSED, 0 },
		{ BEGIN, 15000, 3, 0, false, BREAKER_CLOSED, 0 },
		{ FAILURE, 15000, 3, 0, true, BREAKER_OPEN, 20000 } } },
	{ "what was begun together and fails together is one failure",
	    { { BEGIN, 0, 0, 0, false, BREAKER_CLOSED, 0 },
		{ BEGIN, 0, 1, 0, false, BREAKER_CLOSED, 0 },
		{ BEGIN, 0, 2, 0, false, BREAKER_CLOSED, 0 },
		{ FAILURE, 0, 0, 0, true, BREAKER_OPEN, 5000 },
		{ FAILURE, 0, 1, 0, false, BREAKER_OPEN, 5000 },
		{ FAILURE, 9, 2, 0, false, BREAKER_OPEN, 5000 } } },
	{ "an answer to what was begun before does not close",
	    { { BEGIN, 0, 0, 0, false, BREAKER_CLOSED, 0 },
		{ BEGIN, 0, 1, 0, false, BREAKER_CLOSED, 0 },
		{ FAILURE, 0, 0, 0, true, BREAKER_OPEN, 5000 },
		{ SUCCESS, 9, 1, 0, false, BREAKER_OPEN, 5000 } } },
	{ "nor ends the probing",
	    { { BEGIN, 0, 0, 0, false, BREAKER_CLOSED, 0 },
		{ BEGIN, 0, 1, 0, false, BREAKER_CLOSED, 0 },
		{ FAILURE, 0, 0, 0, true, BREAKER_OPEN, 5000 },
		{ BEGIN, 5000, 2, 0, false, BREAKER_PROBING, 5000 },
		{ SUCCESS, 5001, 1, 0, false, BREAKER_PROBING, 5000 },
		{ RELEASE, 5002, 0, 0, false, BREAKER_PROBING, 5000 },
		{ SUCCESS, 5003, 2, 0, true, BREAKER_CLOSED, 0 } } },
	{ "a late failure does not open again what was closed since",
	    { { BEGIN, 0, 0, 0, false, BREAKER_CLOSED, 0 },
		{ BEGIN, 0, 1, 0, false, BREAKER_CLOSED, 0 },
		{ FAILURE, 0, 0, 0, true, BREAKER_OPEN, 5000 },
		{ BEGIN, 5000, 2, 0, false, BREAKER_PROBING, 5000 },
		{ SUCCESS, 5003, 2, 0, true, BREAKER_CLOSED, 0 },
		{ FAILURE, 60000, 1, 0, false, BREAKER_CLOSED, 0 } } },
	{ "a probe that told nothing leaves the next to probe",
	    { { FAILURE, 0, 0, 0, true, BREAKER_OPEN, 5000 },
		{ BEGIN, 5000, 1, 0, false, BREAKER_PROBING, 5000 },
		{ RELEASE, 5001, 1, 0, false, BREAKER_OPEN, 5000 },
		{ BEGIN, 5001, 2, 0, false, BREAKER_PROBING, 5000 } } },
	{ "a hold opens",
	    { { HOLD, 100, 0, 60000, true, BREAKER_OPEN, 60100 },
		{ BEGIN, 60100, 1, 0, false, BREAKER_PROBING, 60100 },
		{ SUCCESS, 60101, 1, 0, true, BREAKER_CLOSED, 0 } } },
	{ "a hold never shortens",
	    { { HOLD, 0, 0, 60000, true, BREAKER_OPEN, 60000 },
		{ HOLD, 10, 0, 20000, false, BREAKER_OPEN, 60000 },
		{ HOLD, 10, 0, 60000, false, BREAKER_OPEN, 60010 } } },
	{ "a hold while probing makes the probe old news",
	    { { FAILURE, 0, 0, 0, true, BREAKER_OPEN, 5000 },
		{ BEGIN, 5000, 1, 0, false, BREAKER_PROBING, 5000 },
		{ HOLD, 5001, 0, 1000, true, BREAKER_OPEN, 6001 },
		{ SUCCESS, 5002, 1, 0, false, BREAKER_OPEN, 6001 } } },
	{ "a hold does not touch the pause of failures",
	    { { FAILURE, 0, 0, 0, true, BREAKER_OPEN, 5000 },
		{ HOLD, 1, 0, 9000, false, BREAKER_OPEN, 9001 },
		{ BEGIN, 9001, 1, 0, false, BREAKER_PROBING, 9001 },
		{ FAILURE, 9001, 1, 0, false, BREAKER_OPEN, 19001 } } },
};

/* A random of 0.5 is no jitter. */
static bool
take_step(struct breaker *breaker, const struct step *step, unsigned *openings)
{
	struct breaker_moment moment = { step->at_ms, 0.5 };
	unsigned opening = openings[step->attempt];

	switch (step->act) {
	case BEGIN:
		assert_true(breaker_allows(breaker, step->at_ms));
		openings[step->attempt] = breaker_begin(breaker);
		return false;
	case SUCCESS:
		return breaker_success(breaker, opening);
	case FAILURE:
		return breaker_failure(breaker, opening, &limits, &moment);
	case HOLD:
		return breaker_hold(breaker, step->at_ms, step->pause_ms);
	case RELEASE:
		breaker_release(breaker, opening);
		return false;
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
		unsigned openings[8] = { 0 };
		const struct step *step = cases[i].steps;

		for (unsigned n = 0; step[n].act != END; n++) {
			bool told = take_step(&breaker, &step[n], openings);
			if (told != step[n].told ||
			    breaker.state != step[n].state)
				fail_msg("%s: step %u: told %d, state %d",
				    cases[i].name, n + 1, told, breaker.state);
			check_allows(&breaker, &step[n]);
		}
	}
}

static void
test_pause_grows_to_its_limit(void **state)
{
	struct breaker breaker = { 0 };
	struct breaker_moment moment = { 0, 0.5 };
	static const int64_t pauses[] = { 5000, 10000, 20000, 40000, 80000,
		160000, 300000, 300000 };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(pauses); i++) {
		unsigned opening = breaker_begin(&breaker);
		breaker_failure(&breaker, opening, &limits, &moment);
		assert_int_equal(breaker.until_ms - moment.now_ms, pauses[i]);
		moment.now_ms = breaker.until_ms;
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
		struct breaker_moment moment = { 100, rows[i].random };
		breaker_failure(&breaker, 0, &limits, &moment);
		assert_int_equal(breaker.until_ms, 100 + rows[i].pause_ms);
		assert_int_equal(breaker.opened_ms, 100);
	}
}

static void
test_opened_since(void **state)
{
	struct breaker breaker = { 0 };
	unsigned before = breaker_begin(&breaker);

	(void)state;
	assert_false(breaker_opened_since(&breaker, before));
	breaker_hold(&breaker, 0, 1000);
	assert_true(breaker_opened_since(&breaker, before));
	unsigned probe = breaker_begin(&breaker);
	assert_false(breaker_opened_since(&breaker, probe));
	breaker_success(&breaker, probe);
	assert_true(breaker_opened_since(&breaker, before));
	assert_false(breaker_opened_since(&breaker, probe));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_pause_grows_to_its_limit),
		cmocka_unit_test(test_jitter),
		cmocka_unit_test(test_opened_since),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
