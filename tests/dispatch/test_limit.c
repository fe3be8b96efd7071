/* SPDX-License-Identifier: MIT */
#include "limit.h"

#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* What happens, in order: s success, c cut by one begun since the last cut, o
 * cut by one begun before, r recovery; and the limit after each. */
static const struct {
	const char *name, *events;
	unsigned most;
	unsigned limits[16];
} cases[] = {
	{ "one more for each full round", "ssssssssss", 32,
	    { 4, 4, 4, 5, 5, 5, 5, 5, 6, 6 } },
	{ "never more than the connections", "ssssssssss", 5,
	    { 4, 4, 4, 5, 5, 5, 5, 5, 5, 5 } },
	{ "a cut halves", "cccc", 32, { 2, 1, 1, 1 } },
	{ "once for each crowd", "cooo", 32, { 2, 2, 2, 2 } },
	{ "a cut begins a new round", "ssscss", 32, { 4, 4, 4, 2, 2, 3 } },
	{ "after a recovery one more for each", "rssssssssss", 32,
	    { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10 } },
	{ "and as usual when cut meanwhile", "rssscsss", 32,
	    { 1, 2, 3, 4, 2, 2, 3, 3 } },
	{ "what was begun before a recovery does not cut", "rsso", 32,
	    { 1, 2, 3, 3 } },
	{ "few connections", "rss", 2, { 1, 2, 2 } },
};

static void
take_event(struct limit *limit, char event)
{
	switch (event) {
	case 's':
		limit_success(limit);
		return;
	case 'c':
		limit_cut(limit, limit->cuts);
		return;
	case 'o':
		limit_cut(limit, limit->cuts - 1);
		return;
	case 'r':
		limit_recover(limit);
		return;
	}
	g_assert_not_reached();
}

static void
test_events(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct limit limit;
		limit_start(&limit, cases[i].most);
		for (size_t n = 0; n < strlen(cases[i].events); n++) {
			take_event(&limit, cases[i].events[n]);
			if (limit.now != cases[i].limits[n])
				fail_msg("%s: event %zu: %u", cases[i].name,
				    n + 1, limit.now);
		}
	}
}

static void
test_start(void **state)
{
	static const unsigned rows[][2] = { { 32, 4 }, { 4, 4 }, { 3, 3 },
		{ 1, 1 }, { 0, 1 } };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct limit limit;
		limit_start(&limit, rows[i][0]);
		assert_int_equal(limit.now, rows[i][1]);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
