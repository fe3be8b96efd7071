/* SPDX-License-Identifier: MIT */
#include "core/budget.h"

#include <glib.h>
#include <stdatomic.h>

/* Relaxed everywhere: the sum is all there is, nothing is ordered by it. */
struct budget {
	uint64_t limit;
	_Atomic uint64_t taken;
};

struct budget *
budget_new(uint64_t limit_bytes)
{
	struct budget *budget = g_new0(struct budget, 1);

	budget->limit = limit_bytes;
	return budget;
}

void
budget_free(struct budget *budget)
{
	g_free(budget);
}

bool
budget_take(struct budget *budget, uint64_t bytes)
{
	uint64_t taken =
	    atomic_load_explicit(&budget->taken, memory_order_relaxed);

	do {
		if (bytes > budget->limit - taken)
			return false;
	} while (!atomic_compare_exchange_weak_explicit(&budget->taken, &taken,
	    taken + bytes, memory_order_relaxed, memory_order_relaxed));
	return true;
}

void
budget_give(struct budget *budget, uint64_t bytes)
{
	uint64_t taken = atomic_fetch_sub_explicit(
	    &budget->taken, bytes, memory_order_relaxed);

	g_assert(taken >= bytes);
}

enum budget_level
budget_level(const struct budget *budget)
{
	uint64_t left = budget->limit - budget_taken(budget);

	if (left <= budget->limit / 64)
		return BUDGET_HARD;
	if (left <= budget->limit / 16)
		return BUDGET_DRY;
	if (left <= budget->limit / 8)
		return BUDGET_TIGHT;
	if (left <= budget->limit / 4)
		return BUDGET_SOFT;
	return BUDGET_FREE;
}

uint64_t
budget_taken(const struct budget *budget)
{
	return atomic_load_explicit(&budget->taken, memory_order_relaxed);
}

uint64_t
budget_limit(const struct budget *budget)
{
	return budget->limit;
}
