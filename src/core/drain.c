/* SPDX-License-Identifier: MIT */
#include "core/drain.h"

#include <glib.h>

double
drain_taken(
    const struct drain *drain, const struct drain_flow *flow, int64_t now_ms)
{
	double passed_ms = (double)MAX(now_ms - drain->at_ms, (int64_t)0);
	double back = passed_ms * flow->most / (double)flow->window_ms;

	return MAX(drain->taken - back, 0.0);
}
