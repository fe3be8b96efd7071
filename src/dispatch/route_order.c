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

/* Positions in the route of those that can carry it, with or without a loss,
 * behind those that are in out already. */
static unsigned
add_positions(const struct route *route, const struct plan *plans, bool loses,
    unsigned *out)
{
	unsigned count = 0;

	for (unsigned i = 0; i < route->count; i++) {
		const struct plan *plan = &plans[route->numbers[i]];

		if (plan->obstacle == PLAN_POSSIBLE &&
		    (plan->losses != 0) == loses)
			out[count++] = i;
	}
	return count;
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
	unsigned best = add_positions(route, plans, false, out);
	unsigned count = best + add_positions(route, plans, true, out + best);

	if (route->weighted && count > 0)
		move_to_front(
		    out, draw(route, out, best > 0 ? best : count, lot));
	for (unsigned i = 0; i < count; i++)
		out[i] = route->numbers[out[i]];
	return count;
}
