/* SPDX-License-Identifier: MIT */
/*
 * The sampler looks at the providers and the queue every ten seconds, on a
 * thread of its own that may wait for them, and adds a point to the series.
 */
#ifndef STATUS_SAMPLER_H
#define STATUS_SAMPLER_H

#include "series.h"
#include "status.h"

struct sampler;

/* Looks for the first time at once.  What the options name is borrowed. NULL
 * when there is no thread left. */
struct sampler *sampler_start(const struct status_options *options);

/* Waits for a look under way.  NULL is fine. */
void sampler_stop(struct sampler *sampler);

/* Any thread: series_number(). */
uint64_t sampler_number(struct sampler *sampler);

/* Any thread: series_json(). */
struct json_object *sampler_json(struct sampler *sampler);

#endif
