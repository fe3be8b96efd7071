/* SPDX-License-Identifier: MIT */
/*
 * The order in which a mail tries the providers of its route.
 */
#include "route.h"

#include <string.h>

/* FNV-1a, stirred as splitmix64 does, so that ids that differ by little fall
 * far apart. */
uint64_t
route_order_lot(const char *id)
{
	uint64_t lot = UINT64_C(0xcbf29ce484222325);

	for (; *id != '\0'; id++)
		lot = (lot ^ (unsigned char)*id) * UINT64_C(0x100000001b3);
	lot = (lot ^ lot >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	lot = (lot ^ lot >> 27) * UINT64_C(0x94d049bb133111eb);
	return lot ^ lot >> 31;
}

static const struct plan *
plan_of(const struct route *route, const struct plan *plans, unsigned position)
{
	return &plans[route->numbers[position]];
}

/* True when the other keeps all that this one keeps, and more. */
static bool
is_poorer(const struct plan *plan, const struct plan *other)
{
	uint64_t lost = plan->losses & ~PLAN_SLIGHT;
	uint64_t others = other->losses & ~PLAN_SLIGHT;

	return lost != others && (others & ~lost) == 0;
}

/* True when one of those that are left keeps more. */
static bool
is_bettered(const struct route *route, const struct plan *plans,
    unsigned position, uint32_t left)
{
	for (unsigned i = 0; i < route->count; i++)
		if ((left & 1u << i) &&
		    is_poorer(plan_of(route, plans, position),
			plan_of(route, plans, i)))
			return true;
	return false;
}

/* Adds those of the positions left that none of them betters; returns them. */
static uint32_t
add_best(const struct route *route, const struct plan *plans, uint32_t left,
    unsigned *out, unsigned *count)
{
	uint32_t best = 0;

	for (unsigned i = 0; i < route->count; i++)
		if ((left & 1u << i) && !is_bettered(route, plans, i, left)) {
			best |= 1u << i;
			out[(*count)++] = i;
		}
	return best;
}

static uint32_t
find_able(const struct route *route, const struct plan *plans)
{
	uint32_t able = 0;

	for (unsigned i = 0; i < route->count; i++)
		if (plan_of(route, plans, i)->obstacle == PLAN_POSSIBLE)
			able |= 1u << i;
	return able;
}

/* Which of these positions the lot falls on; the first when none has a
 * weight. */
static unsigned
draw(const struct route *route, const unsigned *positions, unsigned count,
    uint64_t lot)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < count; i++)
		sum += route->weights[positions[i]];
	if (sum == 0)
		return 0;
	lot %= sum;
	for (unsigned i = 0; i < count; i++) {
		if (lot < route->weights[positions[i]])
			return i;
		lot -= route->weights[positions[i]];
	}
	g_assert_not_reached();
}

static void
move_to_front(unsigned *positions, unsigned drawn)
{
	unsigned first = positions[drawn];

	memmove(positions + 1, positions, drawn * sizeof *positions);
	positions[0] = first;
}

unsigned
route_order(const struct route *route, const struct plan *plans, uint64_t lot,
    unsigned *out)
{
	uint32_t left = find_able(route, plans);
	unsigned count = 0, best;

	left &= ~add_best(route, plans, left, out, &count);
	best = count;
	while (left != 0)
		left &= ~add_best(route, plans, left, out, &count);
	if (route->weighted && count > 0)
		move_to_front(out, draw(route, out, best, lot));
	for (unsigned i = 0; i < count; i++)
		out[i] = route->numbers[out[i]];
	return count;
}
