/* SPDX-License-Identifier: MIT */
#include "ebb.h"

#include <glib.h>
#include <malloc.h>

/* Fewer than these do not pay. */
#define CROWD 100

bool
ebb_is_low(struct ebb *ebb, unsigned total)
{
	ebb->high = MAX(ebb->high, total);
	if (ebb->high - total < CROWD || total > ebb->high / 2)
		return false;
	ebb->high = total;
	return true;
}

void
ebb_look(struct ebb *ebb, unsigned total)
{
	if (ebb_is_low(ebb, total))
		malloc_trim(0);
}
