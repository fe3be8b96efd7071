/* SPDX-License-Identifier: MIT */
#include "cutoff.h"

#include <glib.h>

struct cutoff {
	bool on;
};

struct cutoff *
cutoff_new(void)
{
	return g_new0(struct cutoff, 1);
}

void
cutoff_free(struct cutoff *cutoff)
{
	g_free(cutoff);
}

bool
cutoff_is_on(const struct cutoff *cutoff)
{
	return cutoff->on;
}
