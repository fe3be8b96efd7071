/* SPDX-License-Identifier: MIT */
#include "core/rate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <glib.h>

#define SECOND 1000
#define MINUTE (60 * SECOND)
#define MANY   100

/* Attempts of one peer: 'y' at that second is taken, 'n' is not. */
static const struct {
	const char *name;
	unsigned most;
	const char *steps; /* "SECOND:yyn ..." */
} rows[] = {
	{ "no limit", 0, "0:yyyyyyyyyyyyyyyyyyyyyyyy" },
	{ "one", 1, "0:yn 30:n 59:n 60:yn" },
	{ "several at once", 3, "0:yyyn" },
	{ "they flow back", 3, "0:yyyn 19:n 20:yn 40:yn 60:yn" },
	{ "all of them in a minute", 3, "0:yyy 60:yyyn" },
	{ "no more than all", 3, "0:yyy 600:yyyn" },
	{ "what is refused takes nothing", 2, "0:yyn 29:nnnnnn 30:yn" },
	{ "over generations", 60, "0:y 61:y 122:y 183:y" },
	{ "kept from one to the next", 2, "0:y 55:yy 61:n 85:yn" },
};

static void
play(struct rate *rate, unsigned row, const char *step)
{
	const char *tries = strchr(step, ':') + 1;
	int64_t now = (MINUTE + (int64_t)atoi(step) * SECOND);

	for (; *tries != '\0'; tries++)
		if (rate_take(rate, "192.0.2.1", rows[row].most, now) !=
		    (*tries == 'y'))
			fail_msg("%s: %s", rows[row].name, step);
	assert_true(rate_take(rate, "192.0.2.2", 1000, now));
}

static void
test_rows(void **state)
{
	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct rate *rate = rate_new(MANY);
		g_auto(GStrv) steps = g_strsplit(rows[i].steps, " ", -1);

		for (char **step = steps; *step != NULL; step++)
			play(rate, i, *step);
		rate_free(rate);
	}
	rate_free(NULL);
}

/* Whoever floods it with addresses gets no memory for that, and who comes all
 * the time is not forgotten. */
static void
test_bounded(void **state)
{
	struct rate *rate = rate_new(MANY);

	(void)state;
	assert_true(rate_take(rate, "often", 2, 0));
	assert_true(rate_take(rate, "often", 2, 0));
	for (unsigned i = 0; i < 50 * MANY; i++) {
		g_autofree char *peer = g_strdup_printf("peer %u", i);

		assert_true(rate_take(rate, peer, 1, 0));
		assert_in_range(rate_count(rate), 1, MANY);
		assert_false(rate_take(rate, "often", 2, 0));
	}
	rate_free(rate);
}

/* Nobody is kept who was not there for two minutes. */
static void
test_swept(void **state)
{
	struct rate *rate = rate_new(MANY);

	(void)state;
	for (unsigned i = 0; i < 40; i++) {
		g_autofree char *peer = g_strdup_printf("peer %u", i);

		rate_take(rate, peer, 1, MINUTE);
	}
	assert_int_equal(rate_count(rate), 40);
	rate_take(rate, "a", 1, 2 * MINUTE);
	assert_int_equal(rate_count(rate), 41);
	rate_take(rate, "a", 1, 3 * MINUTE);
	assert_int_equal(rate_count(rate), 1);
	rate_free(rate);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_swept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
