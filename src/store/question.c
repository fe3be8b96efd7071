/* SPDX-License-Identifier: MIT */
#include "question.h"

#include "core/clock.h"
#include "core/log.h"
#include "departure.h"
#include "due.h"
#include "listing.h"
#include "news.h"
#include "space.h"

/* Mails that one transaction changes. */
#define SLICE 200

#define STOPPING "postferry is stopping"

/* On the stack of whoever waits for its letter in `done`. */
struct question {
	struct store_ask ask; /* a copy: its letter goes through threads */
	struct mailbox *done;
	struct letter back;
	unsigned changed;         /* in the slices before */
	struct engine_act act;    /* a deed: how far it came */
	struct engine_act before; /* this transaction */
	bool written;             /* in this transaction */
	struct listing_part part; /* a list of both: the queue's */
};

static const char *const deeds[] = {
	[STORE_RETRY] = "retry",
	[STORE_HOLD] = "hold",
	[STORE_RELEASE] = "release",
	[STORE_DROP] = "drop",
	[STORE_SUPPRESS] = "suppress",
	[STORE_UNSUPPRESS] = "unsuppress",
};

static bool
is_deed(const struct question *question)
{
	return question->ask.question >= STORE_RETRY;
}

static void
on_back(void *owner, struct letter *letter)
{
	(void)owner;
	(void)letter;
}

/* The question may be gone when this returns. */
static void
answer(struct question *question)
{
	mailbox_post(question->done, &question->back, on_back);
}

static void
refuse(struct question *question, const char *why)
{
	g_free(question->ask.obstacle);
	question->ask.obstacle = g_strdup(why);
	answer(question);
}

static void
on_question(void *owner, struct letter *letter)
{
	struct store *store = owner;
	struct store_ask *ask = LETTER_OF(letter, struct store_ask, letter);

	g_queue_push_tail(
	    &store->questions, LETTER_OF(ask, struct question, ask));
	store->space.retry |= ask->question >= STORE_RETRY;
}

void
question_ask(struct store *store, struct store_ask *ask)
{
	struct question question = { .ask = *ask };

	g_assert(!loop_here(store->loop));
	question.done = mailbox_new(NULL);
	question.act = (struct engine_act){
		.ask = &question.ask,
		.most = SLICE,
		.finished = g_ptr_array_new_with_free_func(g_free),
	};
	loop_post(store->loop, &question.ask.letter, on_question);
	mailbox_read_one(question.done);
	mailbox_free(question.done);
	g_ptr_array_unref(question.act.finished);
	*ask = question.ask;
}

bool
question_waits(const struct store *store)
{
	for (const GList *at = store->questions.head; at != NULL; at = at->next)
		if (is_deed(at->data))
			return true;
	return false;
}

static enum engine_result
write_one(struct store *store, struct question *question)
{
	enum engine_result result;

	question->before = question->act;
	question->act.now_ms = clock_wall_ms();
	result = store->engine->act(store->rows, &question->act);
	question->written = true;
	if (result != ENGINE_ABSENT)
		return result;
	question->ask.found = false;
	question->act.done = true;
	return ENGINE_OK;
}

enum engine_result
question_write(struct store *store)
{
	enum engine_result result = ENGINE_OK;

	for (GList *at = store->questions.head;
	     at != NULL && result == ENGINE_OK; at = at->next)
		if (is_deed(at->data))
			result = write_one(store, at->data);
	return result;
}

static void
note(const struct question *question)
{
	const struct store_ask *ask = &question->ask;

	if (ask->entries != NULL) {
		log_info("suppression list changed by hand",
		    log_str("what", deeds[ask->question]),
		    log_num("addresses", ask->changed),
		    log_str("who", ask->who));
		return;
	}
	log_info("queue changed by hand", log_str("what", deeds[ask->question]),
	    log_str("mail", ask->id), log_num("mails", ask->changed),
	    log_str("who", ask->who), log_str("obstacle", ask->obstacle));
}

/* True when that was the last slice: all is done, or it is cut short. */
static bool
follow(struct store *store, struct question *question)
{
	struct store_ask *ask = &question->ask;
	const GPtrArray *finished = question->act.finished;
	bool last = question->act.done || store->quiet;

	question->changed += ask->changed;
	ask->changed = question->changed;
	for (unsigned i = 0; i < finished->len; i++)
		departure_add(store, finished->pdata[i]);
	if (ask->entries != NULL)
		news_tell(store, ask);
	else if (question->changed > 0)
		due_expect(store, 0);
	if (!question->act.done && last && ask->obstacle == NULL)
		ask->obstacle = g_strdup(STOPPING);
	if (last)
		note(question);
	return last;
}

static bool
settle_one(
    struct store *store, struct question *question, enum engine_result result)
{
	bool last =
	    question->written && result == ENGINE_OK && follow(store, question);

	if (question->written && result != ENGINE_OK)
		question->act = question->before;
	question->written = false;
	g_ptr_array_set_size(question->act.finished, 0);
	return last;
}

void
question_settle(struct store *store, enum engine_result result)
{
	GQueue settled = store->questions;
	struct question *question;

	g_queue_init(&store->questions);
	while ((question = g_queue_pop_head(&settled)) != NULL)
		if (store->space.state == DISK_BAD)
			refuse(question, "the queue cannot be written: the "
					 "log says why");
		else if (settle_one(store, question, result))
			answer(question);
		else
			g_queue_push_tail(&store->questions, question);
}

void
question_settle_full(struct store *store, enum engine_result result)
{
	GQueue settled;
	struct question *question;

	question_settle(store, result);
	if (result != ENGINE_FULL)
		return;
	settled = store->questions;
	g_queue_init(&store->questions);
	while ((question = g_queue_pop_head(&settled)) != NULL)
		if (is_deed(question))
			refuse(question, "the disk is full: make room first");
		else
			g_queue_push_tail(&store->questions, question);
}

/* The records' thread. */
static void
on_answered(struct store_ask *ask)
{
	struct question *question = LETTER_OF(ask, struct question, ask);

	if (question->part.mails != NULL && ask->obstacle == NULL)
		listing_join(&question->part, ask);
	g_clear_pointer(&question->part.mails, g_ptr_array_unref);
	answer(question);
}

static bool
is_list(const struct store_ask *ask, int place)
{
	return ask->question == STORE_LIST && ask->place == place;
}

static bool
is_for_records(const struct store_ask *ask)
{
	return is_list(ask, STORE_FINISHED) || is_list(ask, STORE_ANYWHERE) ||
	       (ask->question == STORE_MAIL && !ask->found);
}

static void
ask_records(struct store *store, struct question *question)
{
	struct store_ask *ask = &question->ask;

	if (is_list(ask, STORE_ANYWHERE))
		listing_take(&question->part, ask);
	store_ask_clear(ask);
	records_ask_post(store->records, ask, on_answered);
}

static void
read_one(struct store *store, struct question *question)
{
	struct store_ask *ask = &question->ask;
	enum engine_result result = ENGINE_OK;

	if (!is_list(ask, STORE_FINISHED))
		result = store->engine->ask(store->rows, ask);
	if (result == ENGINE_BAD)
		space_bad(store, store->engine->error(store->rows));
	if (result != ENGINE_OK)
		refuse(question, store->engine->error(store->rows));
	else if (is_for_records(ask))
		ask_records(store, question);
	else
		answer(question);
}

void
question_read(struct store *store)
{
	GQueue asked = store->questions;
	struct question *question;

	g_queue_init(&store->questions);
	while ((question = g_queue_pop_head(&asked)) != NULL)
		if (is_deed(question))
			g_queue_push_tail(&store->questions, question);
		else
			read_one(store, question);
}

void
question_end(struct store *store)
{
	struct question *question;

	while ((question = g_queue_pop_head(&store->questions)) != NULL)
		refuse(question, STOPPING);
}
