/* SPDX-License-Identifier: MIT */
#include "due.h"

#include "core/clock.h"
#include "core/config.h"
#include "core/log.h"

/* Mails that one transaction loads: those who wait for a commit share it. */
#define LOADS 100

/* However far off the next mail is, the clock may be set meanwhile. */
#define LOOK_MS 60000

/* After a look that found nothing it could load. */
#define PAUSE_MS 1000

/* A clock that is set back by less is only late. */
#define BACK_MS 60000

/* One look for mail of one kind. */
struct look {
	enum window_kind kind;
	struct engine_due query;
	bool all; /* what it found was loaded, and there is no more */
};

bool
due_offer(struct store *store, const struct submission *submission)
{
	if (!store_sends(store) || !window_fits(store->window, WINDOW_FRESH))
		return false;
	window_enter(store->window, submission->id, WINDOW_FRESH,
	    spool_size(submission->spool));
	return true;
}

void
due_pass(struct store *store, struct submission *submission, bool offered)
{
	if (!offered) {
		submission_free(submission);
		window_wait(store->window, WINDOW_FRESH, true);
		due_expect(store, 0);
		return;
	}
	submission->return_to = (struct return_address){ .post = NULL };
	submission->queued = true;
	store->options.onward(store->options.stage, submission);
}

void
due_expect(struct store *store, int64_t due_ms)
{
	store->due.next_ms = MIN(store->due.next_ms, due_ms);
}

void
due_wake(struct store *store, unsigned count)
{
	struct due *due = &store->due;

	if (count == 0) {
		due->woken_ms = 0;
		due->probes = 0;
	} else if (count == UINT_MAX) {
		due->woken_ms = clock_wall_ms();
	} else {
		due->probes += count;
	}
	if (count > 0)
		due_expect(store, 0);
}

void
due_left(struct store *store)
{
	if (store->due.woken_ms != 0)
		due_expect(store, 0);
}

void
due_ramp(struct store *store, unsigned most)
{
	store->due.ramp = most;
	due_left(store);
}

static int64_t
read_ahead(void)
{
	return clock_wall_ms() - clock_monotonic_ms();
}

void
due_open(struct store *store)
{
	store->due.loaded = g_ptr_array_new();
	store->due.ramp = UINT_MAX;
	store->due.looked_ms = clock_monotonic_ms();
	store->due.ahead_ms = read_ahead();
	/* while nobody watched it */
	store->due.set_back = true;
}

void
due_watch(struct store *store)
{
	struct due *due = &store->due;
	int64_t ahead_ms = read_ahead(), back_ms = due->ahead_ms - ahead_ms;

	due->ahead_ms = MAX(due->ahead_ms, ahead_ms);
	/* else all that land until then count as woken, again and again */
	due->woken_ms = MIN(due->woken_ms, clock_wall_ms());
	if (back_ms <= BACK_MS)
		return;
	due->ahead_ms = ahead_ms;
	due->set_back = true;
	due_expect(store, 0);
	log_warn("clock set back: no mail waits longer for that",
	    log_num("seconds", back_ms / 1000));
}

/* The longest that a mail may have to wait; a pause is spread by a fifth. */
static int64_t
find_most(const struct store *store)
{
	const struct config *config = store->options.config;
	const GArray *pauses = config_durations(config, "server", "retry");
	int64_t most_ms = MAX(config_number(config, "server", "doubt_wait"),
	    config_number(config, "server", "doubt_wait_error"));

	for (unsigned i = 0; i < pauses->len; i++) {
		int64_t pause_ms = g_array_index(pauses, int64_t, i);

		most_ms = MAX(most_ms, pause_ms + pause_ms / 5);
	}
	return most_ms;
}

static enum engine_result
bring_back(struct store *store)
{
	store->due.beyond = false;
	if (!store->due.set_back)
		return ENGINE_OK;
	return store->engine->clamp(
	    store->rows, clock_wall_ms(), find_most(store), &store->due.beyond);
}

static bool
fits_any(const struct store *store)
{
	return window_fits(store->window, WINDOW_FRESH) ||
	       window_fits(store->window, WINDOW_TRIED);
}

/* The look that is due by the steady clock, however the other one was set. */
static int64_t
look_delay(const struct store *store)
{
	return store->due.looked_ms + LOOK_MS - clock_monotonic_ms();
}

int64_t
due_delay(const struct store *store)
{
	int64_t delay = look_delay(store);

	if (!store_sends(store) || !store_has_room(store) || !fits_any(store))
		return LOOK_MS;
	if (store->due.next_ms < INT64_MAX)
		delay = MIN(delay, store->due.next_ms - clock_wall_ms());
	return MAX(delay, 0);
}

bool
due_waits(const struct store *store)
{
	return due_delay(store) == 0;
}

static enum engine_result
load_one(struct store *store, const char *id, enum window_kind kind)
{
	struct submission *submission = NULL;
	enum engine_result result =
	    store->engine->load(store->rows, id, &submission);

	if (result == ENGINE_ABSENT)
		return ENGINE_OK;
	if (result != ENGINE_OK)
		return result;
	if (submission == NULL) {
		log_error("mail cannot be read back", log_str("mail", id),
		    log_str("why", store->engine->error(store->rows)));
		return ENGINE_OK;
	}
	window_enter(store->window, id, kind, spool_size(submission->spool));
	g_ptr_array_add(store->due.loaded, submission);
	return ENGINE_OK;
}

static enum engine_result
load_found(struct store *store, struct look *look, const GPtrArray *ids)
{
	enum engine_result result = ENGINE_OK;
	unsigned i;

	for (i = 0; i < ids->len && result == ENGINE_OK; i++) {
		if (store->due.loaded->len >= LOADS ||
		    !window_fits(store->window, look->kind))
			break;
		result = load_one(store, ids->pdata[i], look->kind);
	}
	look->all = i == ids->len && ids->len < look->query.most;
	window_wait(store->window, look->kind, !look->all);
	return result;
}

static enum engine_result
load_kind(struct store *store, struct look *look)
{
	g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
	enum engine_result result =
	    store->engine->due(store->rows, &look->query, ids);

	return result == ENGINE_OK ? load_found(store, look, ids) : result;
}

/* Woken mails that may go in by the ramp. */
static unsigned
find_ramp(const struct store *store)
{
	unsigned tried = window_count(store->window, WINDOW_TRIED);

	if (store->due.woken_ms == 0)
		return 0;
	return store->due.ramp > tried ? store->due.ramp - tried : 0;
}

/* Whether any waits is asked of both kinds before one is loaded, so that each
 * leaves the other its share. */
static enum engine_result
find_waiting(struct store *store, const struct look *look)
{
	g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
	struct engine_due query = look->query;
	enum engine_result result;

	query.most = 1;
	if (find_ramp(store) > 0)
		query.woken_ms = store->due.woken_ms;
	result = store->engine->due(store->rows, &query, ids);
	window_wait(store->window, look->kind, ids->len > 0);
	return result;
}

/* Mails that wait for a provider, to see whether it is well. */
static enum engine_result
load_probes(struct store *store)
{
	struct due *due = &store->due;
	struct look look = {
		.kind = WINDOW_TRIED,
		.query = { .now_ms = clock_wall_ms(),
		    .woken_ms = clock_wall_ms() + 1,
		    .most = MIN(due->probes, LOADS) },
	};
	unsigned before = due->loaded->len;
	enum engine_result result;

	if (due->probes == 0)
		return ENGINE_OK;
	result = load_kind(store, &look);
	due->probes -= MIN(due->probes, due->loaded->len - before);
	if (look.all)
		due->probes = 0;
	return result;
}

/* All that wait for a provider, those that wait longest first. */
static enum engine_result
load_woken(struct store *store)
{
	unsigned room = MIN(find_ramp(store), window_room(store->window));
	struct look look = {
		.kind = WINDOW_TRIED,
		.query = { .now_ms = clock_wall_ms(),
		    .woken_ms = store->due.woken_ms,
		    .most = MIN(room, LOADS) },
	};
	enum engine_result result;

	if (room == 0)
		return ENGINE_OK;
	result = load_kind(store, &look);
	if (look.all)
		store->due.woken_ms = 0;
	return result;
}

static enum engine_result
plan_next(struct store *store, const struct look looks[2])
{
	struct due *due = &store->due;
	enum engine_result result = ENGINE_OK;
	int64_t next_ms = 0, now_ms = looks[WINDOW_FRESH].query.now_ms;

	due->looked_ms = clock_monotonic_ms();
	due->next_ms = 0;
	if (looks[WINDOW_FRESH].all && looks[WINDOW_TRIED].all &&
	    due->probes == 0 && find_ramp(store) == 0) {
		result = store->engine->next(store->rows, &next_ms);
		due->next_ms = next_ms == 0 ? INT64_MAX : next_ms;
	}
	if (due->loaded->len == 0 && due->next_ms <= now_ms)
		due->next_ms = now_ms + PAUSE_MS;
	return result;
}

enum engine_result
due_write(struct store *store)
{
	int64_t now_ms = clock_wall_ms();
	unsigned most = MIN(window_room(store->window), LOADS);
	struct look looks[] = {
		[WINDOW_FRESH] = { WINDOW_FRESH,
		    { .now_ms = now_ms, .fresh = true, .most = most }, false },
		[WINDOW_TRIED] = { WINDOW_TRIED,
		    { .now_ms = now_ms, .most = most }, false },
	};
	enum engine_result result = bring_back(store);

	store->due.looking = true;
	if (result == ENGINE_OK)
		result = find_waiting(store, &looks[WINDOW_TRIED]);
	for (unsigned i = 0; i < G_N_ELEMENTS(looks); i++)
		if (result == ENGINE_OK)
			result = load_kind(store, &looks[i]);
	if (result == ENGINE_OK)
		result = load_woken(store);
	if (result == ENGINE_OK)
		result = load_probes(store);
	return result == ENGINE_OK ? plan_next(store, looks) : result;
}

void
due_settle(struct store *store, enum engine_result result)
{
	GPtrArray *loaded = store->due.loaded;

	if (store->due.looking && result == ENGINE_OK)
		store->due.set_back = store->due.beyond;
	if (store->due.looking && (result != ENGINE_OK || store->due.set_back))
		due_expect(store, 0);
	store->due.looking = false;
	for (unsigned i = 0; i < loaded->len; i++) {
		struct submission *submission = loaded->pdata[i];

		if (result == ENGINE_OK) {
			store->options.onward(store->options.stage, submission);
			continue;
		}
		window_leave(store->window, submission->id);
		submission_free(submission);
	}
	g_ptr_array_set_size(loaded, 0);
}
