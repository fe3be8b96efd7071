/* SPDX-License-Identifier: MIT */
#include "fresh.h"

#include "core/clock.h"
#include "core/log.h"
#include "departure.h"
#include "due.h"
#include "repeat.h"
#include "space.h"

struct fresh {
	struct letter letter;
	struct body body;
	struct store *store;
	struct submission *submission;
	struct repeat repeat;
	int64_t arrived_ms; /* monotonic */
	bool in_file;
	bool active;  /* posted onward after the commit */
	bool written; /* in this transaction */
};

enum refusal {
	REFUSAL_FULL,
	REFUSAL_BAD,
	REFUSAL_LATE,
	REFUSAL_BUSY,
};

static const struct {
	unsigned code;
	const char *enhanced, *text, *why;
} refusals[] = {
	[REFUSAL_FULL] = { 452, "4.3.1",
	    "Insufficient system storage; try again later",
	    "the disk is full" },
	[REFUSAL_BAD] = { 451, "4.3.0",
	    "The mail cannot be kept; try again later",
	    "the queue cannot be written" },
	[REFUSAL_LATE] = { 451, "4.3.0",
	    "Keeping the mail took too long; try again later",
	    "it took longer than the client was to wait" },
	[REFUSAL_BUSY] = { 451, "4.3.0",
	    "The mail cannot be kept now; try again later",
	    "its file cannot be made" },
};

static void
free_fresh(struct fresh *fresh)
{
	submission_free(fresh->submission);
	repeat_clear(&fresh->repeat);
	g_free(fresh);
}

static void
answer(const struct submission *submission, unsigned code, const char *enhanced,
    const char *text)
{
	if (submission->return_to.post != NULL)
		submission_answer(submission, code, enhanced, text);
}

static void
refuse(struct fresh *fresh, enum refusal refusal)
{
	const struct submission *submission = fresh->submission;

	answer(submission, refusals[refusal].code, refusals[refusal].enhanced,
	    refusals[refusal].text);
	log_info("mail not queued", log_str("mail", submission->id),
	    log_num("code", refusals[refusal].code),
	    log_str("why", refusals[refusal].why));
	free_fresh(fresh);
}

/* With its file, which no row refers to; when the disk went bad nothing is
 * touched any more. */
static void
refuse_whole(struct store *store, struct fresh *fresh, enum refusal refusal)
{
	if (fresh->in_file && refusal != REFUSAL_BAD)
		body_remove(store->bodies, fresh->submission->id);
	refuse(fresh, refusal);
}

static void
on_kept(void *object, int wrong)
{
	struct fresh *fresh = object;
	struct store *store = fresh->store;
	enum body_fault fault = body_fault(wrong);

	if (wrong != 0 && fault == BODY_FULL)
		space_full(store, "a large mail did not fit");
	if (wrong != 0 && fault == BODY_FATAL)
		space_bad(store, g_strerror(wrong));
	if (store->space.state == DISK_BAD)
		refuse_whole(store, fresh, REFUSAL_BAD);
	else if (store->space.state != DISK_WELL)
		refuse_whole(store, fresh, REFUSAL_FULL);
	else if (wrong != 0)
		refuse_whole(store, fresh, REFUSAL_BUSY);
	else
		g_queue_push_tail(&store->fresh, fresh);
}

static void
keep_body(struct store *store, struct fresh *fresh)
{
	fresh->in_file = true;
	fresh->body.id = fresh->submission->id;
	fresh->body.spool = fresh->submission->spool;
	fresh->body.kept = on_kept;
	fresh->body.object = fresh;
	body_keep(store->bodies, &fresh->body);
}

static void
on_fresh(void *owner, struct letter *letter)
{
	struct store *store = owner;
	struct fresh *fresh = LETTER_OF(letter, struct fresh, letter);

	if (store->space.state == DISK_BAD)
		refuse(fresh, REFUSAL_BAD);
	else if (store->space.state != DISK_WELL)
		refuse(fresh, REFUSAL_FULL);
	else if (store_keeps_file(store, fresh->submission->spool))
		keep_body(store, fresh);
	else
		g_queue_push_tail(&store->fresh, fresh);
}

void
fresh_post(struct store *store, struct submission *submission)
{
	struct fresh *fresh = g_new0(struct fresh, 1);

	fresh->store = store;
	fresh->submission = submission;
	fresh->arrived_ms = clock_monotonic_ms();
	loop_post(store->loop, &fresh->letter, on_fresh);
}

bool
fresh_waits(const struct store *store)
{
	return store->fresh.length > 0;
}

static bool
is_late(const struct fresh *fresh)
{
	int64_t deadline_ms = fresh->submission->deadline_ms;

	return deadline_ms > 0 && clock_monotonic_ms() >= deadline_ms;
}

static enum engine_result
write_one(struct store *store, struct fresh *fresh)
{
	struct submission *submission = fresh->submission;
	enum engine_result result;

	fresh->written = !is_late(fresh);
	if (!fresh->written)
		return ENGINE_OK;
	result = repeat_look(store, submission, &fresh->repeat);
	if (result != ENGINE_OK || fresh->repeat.whole)
		return result;
	fresh->active = due_offer(store, submission);
	return store->engine->accept(
	    store->rows, submission, fresh->active, fresh->in_file);
}

enum engine_result
fresh_write(struct store *store)
{
	enum engine_result result = ENGINE_OK;

	for (GList *at = store->fresh.head; at != NULL && result == ENGINE_OK;
	     at = at->next)
		result = write_one(store, at->data);
	return result;
}

/* It is on disk: the client may be told, and from then on it is ours. */
static void
settle_one(struct store *store, struct fresh *fresh)
{
	struct submission *submission = fresh->submission;
	g_autofree char *text =
	    g_strconcat("Ok: queued as ", submission->id, NULL);

	answer(submission, 250, "2.0.0", text);
	repeat_tell(&fresh->repeat, submission);
	log_info("mail queued", log_str("mail", submission->id),
	    log_num("size", (int64_t)spool_size(submission->spool)),
	    log_num("waited_ms", clock_monotonic_ms() - fresh->arrived_ms));
	body_done(store->bodies, submission->id);
	fresh->submission = NULL;
	due_pass(store, submission, fresh->active);
	free_fresh(fresh);
}

/* The client has given up by now, or is about to: it is not ours. */
static void
take_back(struct store *store, struct fresh *fresh)
{
	const char *id = fresh->submission->id;

	window_leave(store->window, id);
	departure_abort(store, id);
	refuse(fresh, REFUSAL_LATE);
}

/* Everyone it is for is in a mail that is on disk. */
static void
settle_repeat(struct store *store, struct fresh *fresh)
{
	if (repeat_is_void(store, &fresh->repeat)) {
		refuse_whole(store, fresh, REFUSAL_LATE);
		return;
	}
	repeat_answer(&fresh->repeat, fresh->submission);
	repeat_tell(&fresh->repeat, fresh->submission);
	if (fresh->in_file)
		body_remove(store->bodies, fresh->submission->id);
	free_fresh(fresh);
}

static void
settle_written(struct store *store, struct fresh *fresh)
{
	if (!fresh->written)
		refuse_whole(store, fresh, REFUSAL_LATE);
	else if (fresh->repeat.whole)
		settle_repeat(store, fresh);
	else if (is_late(fresh) || repeat_is_void(store, &fresh->repeat))
		take_back(store, fresh);
	else
		settle_one(store, fresh);
}

void
fresh_settle(struct store *store, enum engine_result result)
{
	GQueue settled = store->fresh;
	struct fresh *fresh;

	g_queue_init(&store->fresh);
	while ((fresh = g_queue_pop_head(&settled)) != NULL) {
		if (result == ENGINE_OK) {
			settle_written(store, fresh);
			continue;
		}
		if (fresh->active)
			window_leave(store->window, fresh->submission->id);
		refuse_whole(store, fresh,
		    result == ENGINE_FULL ? REFUSAL_FULL : REFUSAL_BAD);
	}
}
