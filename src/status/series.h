/* SPDX-License-Identifier: MIT */
/*
 * A series is what happened in the last hour, as one point for each step of ten
 * seconds: how the providers and the queue were at its end, and what came of
 * the attempts that ended in it.  Its memory is fixed by the number of
 * providers; nothing of any mail is in it.  One thread at a time.
 */
#ifndef STATUS_SERIES_H
#define STATUS_SERIES_H

#include "store.h"
#include <json-c/json.h>

#define SERIES_STEP_MS 10000
#define SERIES_POINTS  360u

struct series;

/* What there is to see at one moment; borrowed. */
struct series_look {
	int64_t now_ms;                    /* monotonic */
	int64_t wall_ms;                   /* of the same moment */
	const GPtrArray *providers;        /* struct provider_standing * */
	const struct store_counts *counts; /* NULL: no queue, or it does not
					    * answer */
};

struct series *series_new(void);
void series_free(struct series *series);

/* The first look is what later ones are compared with, every further one a
 * point.  Steps that nobody looked in are points of which nothing is known. A
 * provider that is not there any more is forgotten, with its points. */
void series_add(struct series *series, const struct series_look *look);

/* Of the last point, counted from the start; 0: there is none. */
uint64_t series_number(const struct series *series);

/* The points, oldest first, in arrays of one length; null where nothing is
 * known.  New. */
struct json_object *series_json(const struct series *series);

#endif
