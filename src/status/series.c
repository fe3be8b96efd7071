/* SPDX-License-Identifier: MIT */
#include "series.h"

#include "mail/standing.h"
#include "page.h"

#include <string.h>

/* Of a provider, at one point. */
struct provider_point {
	const char *state; /* a literal; NULL: nothing is known */
	uint32_t attempts[VERDICT_CLASSES];
	uint32_t p50_us, p95_us; /* 0: no request has ended */
	uint32_t requests, limit, waiting;
};

struct track {
	char *name, *type;
	struct provider_work before; /* at the last look */
	bool seen;                   /* by this look */
	struct provider_point points[SERIES_POINTS];
};

/* Of the queue; the last three since the point before. */
struct queue_point {
	bool known;
	uint64_t waiting, active, held, doubts;
	uint64_t accepted, settled, bounced;
};

struct series {
	uint64_t number;   /* of points so far */
	bool begun;        /* there was a look */
	int64_t last_ms;   /* of the last look, monotonic */
	int64_t wall_ms;   /* and by the wall clock */
	GPtrArray *tracks; /* struct track *, as they came */
	bool queued;       /* a queue was seen */
	struct store_totals before;
	struct queue_point queue[SERIES_POINTS];
};

static void
free_track(void *object)
{
	struct track *track = object;

	g_free(track->name);
	g_free(track->type);
	g_free(track);
}

struct series *
series_new(void)
{
	struct series *series = g_new0(struct series, 1);

	series->tracks = g_ptr_array_new_with_free_func(free_track);
	return series;
}

void
series_free(struct series *series)
{
	g_ptr_array_unref(series->tracks);
	g_free(series);
}

uint64_t
series_number(const struct series *series)
{
	return series->number;
}

/* ---- a look becomes a point ---- */

/* The duration below which that share of them was, in microseconds, as far as
 * buckets can tell; 0: there was none. */
static uint32_t
find_share(const uint64_t counts[static METRICS_BUCKETS], double share)
{
	uint64_t total = 0, below = 0;
	double rank;

	for (unsigned i = 0; i < METRICS_BUCKETS; i++)
		total += counts[i];
	if (total == 0)
		return 0;
	rank = share * (double)total;
	for (unsigned i = 0; i < METRICS_BUCKETS - 1; i++) {
		double low = i == 0 ? 0 : (double)metrics_bound_us(i - 1);
		double high = (double)metrics_bound_us(i);

		if (counts[i] > 0 && (double)(below + counts[i]) >= rank)
			return (uint32_t)(low + (high - low) *
						    (rank - (double)below) /
						    (double)counts[i]);
		below += counts[i];
	}
	return (uint32_t)metrics_bound_us(METRICS_BUCKETS - 2);
}

/* What was counted since then; where there is less now it was begun anew. */
static uint64_t
subtract(uint64_t now, uint64_t before)
{
	return now >= before ? now - before : now;
}

static void
fill_point(const struct track *track, const struct provider_standing *standing,
    struct provider_point *point)
{
	const struct provider_work *now = &standing->work;
	const struct provider_work *before = &track->before;
	uint64_t counts[METRICS_BUCKETS];

	for (unsigned i = 0; i < VERDICT_CLASSES; i++)
		point->attempts[i] =
		    (uint32_t)subtract(now->attempts[i], before->attempts[i]);
	for (unsigned i = 0; i < METRICS_BUCKETS; i++)
		counts[i] = subtract(
		    now->requests.counts[i], before->requests.counts[i]);
	point->p50_us = find_share(counts, 0.5);
	point->p95_us = find_share(counts, 0.95);
	point->state = standing->state;
	point->requests = standing->requests;
	point->limit = standing->limit;
	point->waiting = standing->waiting;
}

static struct track *
find_track(struct series *series, const struct provider_standing *standing)
{
	struct track *track;

	for (unsigned i = 0; i < series->tracks->len; i++) {
		track = series->tracks->pdata[i];
		if (strcmp(track->name, standing->name) == 0 &&
		    strcmp(track->type, standing->type) == 0)
			return track;
	}
	track = g_new0(struct track, 1);
	track->name = g_strdup(standing->name);
	track->type = g_strdup(standing->type);
	g_ptr_array_add(series->tracks, track);
	return track;
}

static void
forget_absent(struct series *series)
{
	for (unsigned i = series->tracks->len; i-- > 0;) {
		struct track *track = series->tracks->pdata[i];

		if (!track->seen)
			g_ptr_array_remove_index(series->tracks, i);
		else
			track->seen = false;
	}
}

/* point: NULL at the first look. */
static void
add_providers(
    struct series *series, const GPtrArray *providers, const unsigned *point)
{
	for (unsigned i = 0; i < providers->len; i++) {
		const struct provider_standing *standing = providers->pdata[i];
		struct track *track = find_track(series, standing);

		if (point != NULL)
			fill_point(track, standing, &track->points[*point]);
		track->before = standing->work;
		track->seen = true;
	}
	forget_absent(series);
}

static void
add_queue(struct series *series, const struct store_counts *counts,
    const unsigned *point)
{
	const struct store_totals *now = &counts->totals;
	const struct store_totals *before = &series->before;

	if (point != NULL && series->queued)
		series->queue[*point] = (struct queue_point){
			.known = true,
			.waiting = counts->waiting,
			.active = counts->active,
			.held = counts->held,
			.doubts = counts->doubts,
			.accepted = subtract(now->accepted, before->accepted),
			.settled = subtract(now->settled, before->settled),
			.bounced = subtract(now->bounced, before->bounced),
		};
	series->before = *now;
	series->queued = true;
}

/* The next point, of which nothing is known yet. */
static unsigned
open_point(struct series *series)
{
	unsigned point = (unsigned)(series->number++ % SERIES_POINTS);

	for (unsigned i = 0; i < series->tracks->len; i++) {
		struct track *track = series->tracks->pdata[i];

		track->points[point] = (struct provider_point){ 0 };
	}
	series->queue[point] = (struct queue_point){ 0 };
	return point;
}

/* Steps that nobody looked in; a look may come a little before its time or
 * behind it. */
static uint64_t
count_missed(const struct series *series, int64_t now_ms)
{
	int64_t since = now_ms - series->last_ms;
	int64_t steps = (since + SERIES_STEP_MS / 2) / SERIES_STEP_MS;

	return (uint64_t)CLAMP(steps - 1, 0, (int64_t)SERIES_POINTS);
}

void
series_add(struct series *series, const struct series_look *look)
{
	unsigned point = 0;
	const unsigned *at = NULL;

	if (series->begun) {
		for (uint64_t i = count_missed(series, look->now_ms); i > 0;
		     i--)
			open_point(series);
		point = open_point(series);
		at = &point;
	}
	series->begun = true;
	series->last_ms = look->now_ms;
	series->wall_ms = look->wall_ms;
	add_providers(series, look->providers, at);
	if (look->counts != NULL)
		add_queue(series, look->counts, at);
}

/* ---- points become JSON ---- */

/* A number of each point, in the order of time: NULL where it is not known. */
typedef struct json_object *(*cell_fn)(
    const void *object, unsigned point, size_t offset);

static struct json_object *
write_column(const struct series *series, const void *object, cell_fn cell,
    size_t offset)
{
	uint64_t count = MIN(series->number, SERIES_POINTS);
	struct json_object *column = json_object_new_array_ext((int)count);

	for (uint64_t i = series->number - count; i < series->number; i++)
		json_object_array_add(column,
		    cell(object, (unsigned)(i % SERIES_POINTS), offset));
	return column;
}

static struct json_object *
write_state(const void *object, unsigned point, size_t offset)
{
	const struct track *track = object;
	const char *state = track->points[point].state;

	(void)offset;
	return state == NULL ? NULL : json_object_new_string(state);
}

static uint32_t
read_number(const struct provider_point *point, size_t offset)
{
	uint32_t number;

	memcpy(&number, (const char *)point + offset, sizeof number);
	return number;
}

static struct json_object *
write_number(const void *object, unsigned point, size_t offset)
{
	const struct provider_point *at =
	    &((const struct track *)object)->points[point];

	return at->state == NULL
		   ? NULL
		   : json_object_new_int64(read_number(at, offset));
}

/* Of no request at all there is no duration. */
static struct json_object *
write_duration(const void *object, unsigned point, size_t offset)
{
	const struct provider_point *at =
	    &((const struct track *)object)->points[point];
	uint32_t us = read_number(at, offset);

	return us == 0 ? NULL : json_object_new_int64(us);
}

static struct json_object *
write_count(const void *object, unsigned point, size_t offset)
{
	const struct queue_point *at =
	    &((const struct series *)object)->queue[point];
	uint64_t number;

	if (!at->known)
		return NULL;
	memcpy(&number, (const char *)at + offset, sizeof number);
	return json_object_new_uint64(number);
}

static bool
has_attempts(const struct track *track, unsigned class)
{
	for (unsigned i = 0; i < SERIES_POINTS; i++)
		if (track->points[i].attempts[class] > 0)
			return true;
	return false;
}

/* Of the classes that occurred. */
static struct json_object *
write_attempts(const struct series *series, const struct track *track)
{
	struct json_object *object = json_object_new_object();

	for (unsigned i = 0; i < VERDICT_CLASSES; i++) {
		size_t offset = offsetof(struct provider_point, attempts) +
				i * sizeof(uint32_t);

		if (has_attempts(track, i))
			json_object_object_add(object,
			    verdict_class_text((enum verdict_class)i),
			    write_column(series, track, write_number, offset));
	}
	return object;
}

static struct json_object *
write_track(const struct series *series, const struct track *track)
{
	static const struct {
		const char *key;
		cell_fn cell;
		size_t offset;
	} columns[] = {
		{ "state", write_state, 0 },
		{ "p50_us", write_duration,
		    offsetof(struct provider_point, p50_us) },
		{ "p95_us", write_duration,
		    offsetof(struct provider_point, p95_us) },
		{ "requests", write_number,
		    offsetof(struct provider_point, requests) },
		{ "limit", write_number,
		    offsetof(struct provider_point, limit) },
		{ "waiting", write_number,
		    offsetof(struct provider_point, waiting) },
	};
	struct json_object *object = json_object_new_object();

	page_add_text(object, "name", track->name);
	page_add_text(object, "type", track->type);
	json_object_object_add(
	    object, "attempts", write_attempts(series, track));
	for (unsigned i = 0; i < G_N_ELEMENTS(columns); i++)
		json_object_object_add(object, columns[i].key,
		    write_column(
			series, track, columns[i].cell, columns[i].offset));
	return object;
}

static struct json_object *
write_queue(const struct series *series)
{
	static const struct {
		const char *key;
		size_t offset;
	} columns[] = {
		{ "waiting", offsetof(struct queue_point, waiting) },
		{ "active", offsetof(struct queue_point, active) },
		{ "held", offsetof(struct queue_point, held) },
		{ "doubts", offsetof(struct queue_point, doubts) },
		{ "accepted", offsetof(struct queue_point, accepted) },
		{ "settled", offsetof(struct queue_point, settled) },
		{ "bounced", offsetof(struct queue_point, bounced) },
	};
	struct json_object *object = json_object_new_object();

	for (unsigned i = 0; i < G_N_ELEMENTS(columns); i++)
		json_object_object_add(object, columns[i].key,
		    write_column(
			series, series, write_count, columns[i].offset));
	return object;
}

struct json_object *
series_json(const struct series *series)
{
	struct json_object *object = json_object_new_object();
	struct json_object *providers = json_object_new_array();

	page_add_number(object, "number", series->number);
	page_add_number(object, "step_ms", SERIES_STEP_MS);
	page_add_time(object, "at", series->wall_ms);
	for (unsigned i = 0; i < series->tracks->len; i++)
		json_object_array_add(
		    providers, write_track(series, series->tracks->pdata[i]));
	json_object_object_add(object, "providers", providers);
	json_object_object_add(
	    object, "queue", series->queued ? write_queue(series) : NULL);
	return object;
}
