/* SPDX-License-Identifier: MIT */
#include "batch.h"

#include "core/clock.h"
#include "departure.h"
#include "due.h"
#include "entries.h"
#include "fresh.h"
#include "hearing.h"
#include "question.h"
#include "space.h"

/* A step writes one kind of work that waits into the transaction; when that was
 * committed or rolled back it is told, and tells others.  While the disk is
 * well all steps share one transaction; when it is full each has one of its
 * own, so that what fits is not lost with what does not. */
static const struct step {
	enum disk_state when;
	bool (*waits)(const struct store *store);
	enum engine_result (*write)(struct store *store);
	void (*settle)(struct store *store, enum engine_result result);
} steps[] = {
	{ DISK_WELL, fresh_waits, fresh_write, fresh_settle },
	{ DISK_WELL, entries_wait, entries_write, entries_settle },
	{ DISK_WELL, question_waits, question_write, question_settle },
	{ DISK_WELL, departure_waits, departure_write, departure_settle },
	{ DISK_WELL, hearing_waits, hearing_write, hearing_settle },
	{ DISK_WELL, due_waits, due_write, due_settle },
	{ DISK_FULL, entries_wait_results, entries_write_results,
	    entries_settle },
	{ DISK_FULL, entries_wait_taken, entries_write_taken,
	    entries_settle_taken },
	{ DISK_FULL, question_waits, question_write, question_settle_full },
	{ DISK_FULL, departure_waits, departure_write, departure_settle },
};

/* A run of steps in one transaction. */
struct batch {
	const struct step *first;
	unsigned count;
};

static bool
any_waits(const struct store *store, const struct batch *batch)
{
	for (unsigned i = 0; i < batch->count; i++)
		if (batch->first[i].waits(store))
			return true;
	return false;
}

static enum engine_result
write_all(struct store *store, const struct batch *batch)
{
	enum engine_result result = store->engine->begin(store->rows);

	for (unsigned i = 0; i < batch->count && result == ENGINE_OK; i++)
		if (batch->first[i].waits(store))
			result = batch->first[i].write(store);
	return result == ENGINE_OK ? store->engine->commit(store->rows)
				   : result;
}

/* Committed, so that whoever sees the new version sees what is new. */
static void
note_changes(struct store *store)
{
	uint64_t changes = store->engine->changes(store->rows);

	if (changes != store->changes)
		store_changed(store);
	store->changes = changes;
}

static void
run(struct store *store, const struct batch *batch)
{
	enum engine_result result;
	int64_t begun_us;

	if (!any_waits(store, batch))
		return;
	begun_us = clock_monotonic_us();
	result = write_all(store, batch);
	metrics_time(store->options.metrics, METRICS_COMMIT,
	    clock_monotonic_us() - begun_us);
	g_assert(result != ENGINE_ABSENT);
	if (result == ENGINE_OK)
		note_changes(store);
	space_measure(store);
	if (result == ENGINE_FULL)
		space_full(store, store->engine->error(store->rows));
	if (result == ENGINE_BAD)
		space_bad(store, store->engine->error(store->rows));
	for (unsigned i = 0; i < batch->count; i++)
		batch->first[i].settle(store, result);
}

static void
run_well(struct store *store)
{
	struct batch batch = { steps, 0 };

	while (steps[batch.count].when == DISK_WELL)
		batch.count++;
	run(store, &batch);
}

static void
run_full(struct store *store)
{
	store->space.retry = false;
	for (unsigned i = 0; i < G_N_ELEMENTS(steps); i++) {
		struct batch batch = { &steps[i], 1 };

		if (steps[i].when == DISK_FULL &&
		    store->space.state == DISK_FULL)
			run(store, &batch);
	}
}

/* Whoever waits is told so: nothing is written any more. */
static void
settle_bad(struct store *store)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(steps); i++)
		if (steps[i].when == DISK_WELL)
			steps[i].settle(store, ENGINE_BAD);
}

bool
batch_turn(struct store *store)
{
	bool more = false;

	if (store_has_room(store))
		run_well(store);
	if (store->space.state == DISK_FULL && store->space.retry)
		run_full(store);
	if (store->space.state == DISK_FULL && store->quiet)
		entries_give_up(store);
	if (store->space.state != DISK_BAD) {
		more = departure_move(store);
		question_read(store);
	}
	if (store->space.state == DISK_BAD)
		settle_bad(store);
	if (store_has_room(store))
		more |= question_waits(store) || departure_waits(store) ||
			hearing_waits(store);
	return more;
}
