/* SPDX-License-Identifier: MIT */
#include "hearing.h"

#include "core/clock.h"
#include "core/config.h"
#include "core/log.h"
#include "departure.h"
#include "due.h"
#include "heard.h"
#include "news.h"
#include "space.h"

/* A mail that a provider took is in the records only after its client was told
 * (`delivered`), while an event of it may come before: it is looked for again,
 * each second, so often, when the event is no older. */
#define TRIES    5
#define FRESH_MS 60000

/* An event is known at least so long: providers tell the same for a day. */
#define KEEP_MS (INT64_C(7) * 24 * 3600 * 1000)

/* What is known of one event. */
struct one {
	struct engine_hearing heard;
	bool done; /* on disk, or known before */
};

struct hearing {
	struct letter letter;
	struct store *store;
	struct event_batch *batch;
	struct one *each;
	unsigned tries;
	bool written; /* in this transaction */

	/* while the records are asked */
	GPtrArray *sought;      /* struct event *, borrowed */
	struct heard_of *found; /* of each */
};

void
hearing_open(struct store *store)
{
	const char *wrong;

	/* the settings were checked */
	suppression_read_kinds(
	    config_list(store->options.config, "server", "suppress"),
	    &store->hearings.suppress, &wrong);
	store->hearings.owes = true;
	g_queue_init(&store->hearings.waiting);
	g_queue_init(&store->hearings.later);
	store->hearings.proven =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

void
hearing_free(struct store *store)
{
	g_hash_table_unref(store->hearings.proven);
}

static void
end(struct hearing *hearing, bool recorded)
{
	struct event_batch *batch = hearing->batch;

	if (batch->recorded != NULL)
		batch->recorded(batch->object, recorded);
	for (unsigned i = 0; i < batch->events->len; i++)
		g_free(hearing->each[i].heard.suppressed);
	event_batch_free(batch);
	g_free(hearing->each);
	g_free(hearing);
}

/* What cannot be written is told again later. */
static void
take(struct hearing *hearing)
{
	struct store *store = hearing->store;

	if (store_has_room(store) && !store->closing)
		g_queue_push_tail(&store->hearings.waiting, hearing);
	else
		end(hearing, false);
}

static void
on_batch(void *owner, struct letter *letter)
{
	struct event_batch *batch =
	    LETTER_OF(letter, struct event_batch, letter);
	struct hearing *hearing = g_new0(struct hearing, 1);

	hearing->store = owner;
	hearing->batch = batch;
	hearing->each = g_new0(struct one, batch->events->len);
	for (unsigned i = 0; i < batch->events->len; i++)
		hearing->each[i].heard.event = batch->events->pdata[i];
	take(hearing);
}

void
hearing_post(struct store *store, struct event_batch *batch)
{
	loop_post(store->loop, &batch->letter, on_batch);
}

/* ---- the records ---- */

/* Its mail may be on its way to the records. */
static bool
may_come(const struct hearing *hearing, const struct event *event)
{
	return event->mail_id != NULL && hearing->tries < TRIES &&
	       event->at_ms > clock_wall_ms() - FRESH_MS;
}

static void
on_sought(void *owner, struct letter *letter)
{
	struct hearing *hearing = LETTER_OF(letter, struct hearing, letter);
	struct store *store = owner;
	bool later = false;

	for (unsigned i = 0, k = 0; i < hearing->batch->events->len; i++) {
		struct one *one = &hearing->each[i];

		if (one->done)
			continue;
		const struct heard_of *of = &hearing->found[k++];
		g_strlcpy(one->heard.id, of->id, sizeof one->heard.id);
		one->heard.number = of->number;
		one->heard.sought =
		    *of->id != '\0' || !may_come(hearing, one->heard.event);
		later |= !one->heard.sought;
	}
	g_clear_pointer(&hearing->sought, g_ptr_array_unref);
	g_clear_pointer(&hearing->found, g_free);
	hearing->tries++;
	if (later && !store->closing)
		g_queue_push_tail(&store->hearings.later, hearing);
	else
		take(hearing);
}

/* The records' thread. */
static void
on_entered(void *object)
{
	struct hearing *hearing = object;

	loop_post(hearing->store->loop, &hearing->letter, on_sought);
}

/* Those that are not done are not of the queue. */
static void
ask_records(struct hearing *hearing)
{
	struct store *store = hearing->store;

	hearing->written = false;
	hearing->sought = g_ptr_array_new();
	for (unsigned i = 0; i < hearing->batch->events->len; i++)
		if (!hearing->each[i].done)
			g_ptr_array_add(
			    hearing->sought, hearing->batch->events->pdata[i]);
	hearing->found = g_new0(struct heard_of, hearing->sought->len);
	struct records_hearing asked = {
		.events = hearing->sought,
		.found = hearing->found,
		.entered = on_entered,
		.object = hearing,
	};
	records_hear_post(store->records, &asked);
}

void
hearing_again(struct store *store)
{
	struct hearing *hearing;

	while ((hearing = g_queue_pop_head(&store->hearings.later)) != NULL)
		take(hearing);
	if (!store_has_room(store))
		hearing_settle(store, ENGINE_FULL);
}

void
hearing_report(struct store *store)
{
	struct store_owed *owed;

	if (store->options.owed == NULL || !store->hearings.owes ||
	    !store_sends(store) || !store_has_room(store))
		return;
	if (store->engine->owed(store->rows, &owed) == ENGINE_BAD) {
		space_bad(store, store->engine->error(store->rows));
		return;
	}
	store->hearings.owes = owed != NULL;
	if (owed != NULL)
		store->options.owed(store->options.owed_object, owed);
}

bool
hearing_landed(struct store *store, const char *id)
{
	return g_hash_table_remove(store->hearings.proven, id);
}

/* ---- a step of the batch ---- */

bool
hearing_waits(const struct store *store)
{
	return store->hearings.waiting.length > 0;
}

static enum engine_result
write_one(struct store *store, struct hearing *hearing)
{
	int64_t now = clock_wall_ms();
	int64_t keep = MAX(KEEP_MS,
	    config_number(store->options.config, "server", "keep_records"));
	enum engine_result result = ENGINE_OK;

	hearing->written = true;
	for (unsigned i = 0;
	     i < hearing->batch->events->len && result == ENGINE_OK; i++) {
		struct one *one = &hearing->each[i];

		one->heard.now_ms = now;
		one->heard.forget_ms = now - keep;
		one->heard.suppress = store->hearings.suppress;
		one->heard.reports = store->options.owed != NULL;
		if (!one->done)
			result = store->engine->hear(store->rows, &one->heard);
	}
	return result;
}

enum engine_result
hearing_write(struct store *store)
{
	enum engine_result result = ENGINE_OK;

	for (GList *at = store->hearings.waiting.head;
	     at != NULL && result == ENGINE_OK; at = at->next)
		result = write_one(store, at->data);
	return result;
}

/* Its mail is in the queue. */
static void
follow_found(struct store *store, const struct engine_hearing *heard)
{
	if (heard->due)
		due_expect(store, 0);
	if (heard->finished)
		departure_add(store, heard->id);
	else if (!departure_renew(store, heard->id) && heard->active &&
		 event_is_proof(heard->event->kind))
		g_hash_table_add(store->hearings.proven, g_strdup(heard->id));
}

static void
note(const struct engine_hearing *heard)
{
	const struct event *event = heard->event;

	log_debug("event heard", log_str("mail", event->mail_id),
	    log_str("provider", event->provider),
	    log_str("kind", event_kind_text(event->kind)),
	    log_str("to", event->recipient), log_str("text", event->text),
	    log_str("event", event->event_id), log_num("again", heard->again));
}

static void
follow_listed(struct store *store, struct engine_hearing *heard)
{
	log_info("address suppressed", log_str("address", heard->suppressed),
	    log_str("why", suppression_why_text(heard->why)),
	    log_str("provider", heard->event->provider),
	    log_str("mail", heard->event->mail_id),
	    log_str("text", heard->event->text));
	news_add(store, g_steal_pointer(&heard->suppressed), heard->why);
}

/* True when all are on disk. */
static bool
follow(struct store *store, struct hearing *hearing)
{
	bool all = true;

	for (unsigned i = 0; i < hearing->batch->events->len; i++) {
		struct one *one = &hearing->each[i];
		struct engine_hearing *heard = &one->heard;

		if (!one->done &&
		    (heard->again || heard->found || heard->sought)) {
			one->done = true;
			note(heard);
			if (heard->found)
				follow_found(store, heard);
			if (heard->suppressed != NULL)
				follow_listed(store, heard);
		}
		all &= one->done;
	}
	return all;
}

void
hearing_settle(struct store *store, enum engine_result result)
{
	GQueue settled = store->hearings.waiting;
	struct hearing *hearing;

	g_queue_init(&store->hearings.waiting);
	while ((hearing = g_queue_pop_head(&settled)) != NULL)
		if (result != ENGINE_OK)
			end(hearing, false);
		else if (!hearing->written)
			g_queue_push_tail(&store->hearings.waiting, hearing);
		else if (follow(store, hearing)) {
			store->hearings.owes = true;
			end(hearing, true);
		} else
			ask_records(hearing);
}

void
hearing_end(struct store *store)
{
	hearing_again(store);
	hearing_settle(store, ENGINE_BAD);
}
