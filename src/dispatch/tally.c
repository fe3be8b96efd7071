/* SPDX-License-Identifier: MIT */
#include "tally.h"

#include <glib.h>

/* Steps after the last one counted are empty. */
static void
move_to(struct tally *tally, int64_t step)
{
	int64_t empty = MIN(step - tally->step, (int64_t)TALLY_STEPS);

	for (int64_t i = 1; i <= empty; i++)
		tally->counts[(tally->step + i) % TALLY_STEPS] = 0;
	tally->step = MAX(step, tally->step);
}

void
tally_add(struct tally *tally, int64_t now_ms)
{
	move_to(tally, now_ms / TALLY_STEP_MS);
	tally->counts[tally->step % TALLY_STEPS]++;
}

unsigned
tally_sum(const struct tally *tally, int64_t now_ms)
{
	struct tally now = *tally;
	unsigned sum = 0;

	move_to(&now, now_ms / TALLY_STEP_MS);
	for (unsigned i = 0; i < TALLY_STEPS; i++)
		sum += now.counts[i];
	return sum;
}
