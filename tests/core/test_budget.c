/* SPDX-License-Identifier: MIT */
#include "core/budget.h"

#include "threads.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <glib.h>

static const struct {
	const char *name;
	uint64_t limit, first, second;
	bool taken; /* the second */
	enum budget_level level;
} rows[] = {
	{ "nothing", 64, 0, 0, true, BUDGET_FREE },
	{ "below", 64, 40, 7, true, BUDGET_FREE },
	{ "three quarters", 64, 40, 8, true, BUDGET_SOFT },
	{ "below seven eighths", 64, 40, 15, true, BUDGET_SOFT },
	{ "seven eighths", 64, 40, 16, true, BUDGET_TIGHT },
	{ "below fifteen sixteenths", 64, 40, 19, true, BUDGET_TIGHT },
	{ "fifteen sixteenths", 64, 40, 20, true, BUDGET_DRY },
	{ "nearly", 6400, 6000, 299, true, BUDGET_DRY },
	{ "full but for 1/64", 6400, 6000, 300, true, BUDGET_HARD },
	{ "all", 64, 0, 64, true, BUDGET_HARD },
	{ "one over", 64, 0, 65, false, BUDGET_FREE },
	{ "one over in two", 64, 60, 5, false, BUDGET_DRY },
	{ "the sum would wrap", 64, 40, UINT64_MAX - 8, false, BUDGET_FREE },
	{ "no budget at all", 0, 0, 1, false, BUDGET_HARD },
	{ "the largest", UINT64_MAX, UINT64_MAX, 0, true, BUDGET_HARD },
};

static void
test_rows(void **state)
{
	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct budget *budget = budget_new(rows[i].limit);
		uint64_t sum =
		    rows[i].first + (rows[i].taken ? rows[i].second : 0);

		assert_true(budget_take(budget, rows[i].first));
		if (budget_take(budget, rows[i].second) != rows[i].taken ||
		    budget_taken(budget) != sum ||
		    budget_limit(budget) != rows[i].limit ||
		    budget_level(budget) != rows[i].level)
			fail_msg("%s: %" G_GUINT64_FORMAT " taken, level %d",
			    rows[i].name, budget_taken(budget),
			    budget_level(budget));
		budget_give(budget, sum);
		assert_int_equal(budget_taken(budget), 0);
		budget_free(budget);
	}
}

struct worker {
	struct budget *budget;
	uint64_t most; /* seen at any time */
};

static void *
on_take(void *object)
{
	struct worker *worker = object;

	for (unsigned i = 0; i < 20000; i++) {
		if (!budget_take(worker->budget, 3))
			continue;
		worker->most = MAX(worker->most, budget_taken(worker->budget));
		budget_give(worker->budget, 3);
	}
	return NULL;
}

static void
test_threads(void **state)
{
	struct budget *budget = budget_new(7);
	struct worker workers[THREADS];
	uint64_t most = 0;

	(void)state;
	for (unsigned i = 0; i < THREADS; i++)
		workers[i] = (struct worker){ budget, 0 };
	run_threads(on_take, workers, sizeof(workers[0]));
	for (unsigned i = 0; i < THREADS; i++)
		most = MAX(most, workers[i].most);
	assert_in_range(most, 3, 7);
	assert_int_equal(budget_taken(budget), 0);
	budget_free(budget);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
