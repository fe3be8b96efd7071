/* SPDX-License-Identifier: MIT */
/* The engine that keeps its rows in SQLite: the table of its functions, and
 * what holds for all of them: a transaction that failed is rolled back. */
#include "engine.h"

#include "queue.h"

static void *
open_engine(const struct engine_options *options, GError **error)
{
	return queue_open(options, error);
}

static void
close_engine(void *self)
{
	queue_close(self);
}

static const char *
tell_error(const void *self)
{
	const struct queue *queue = self;
	const char *error = queue->database->error;

	return error == NULL ? "no error" : error;
}

/* Ends what failed; the result says how it failed. */
static enum engine_result
settle(struct queue *queue, enum engine_result result)
{
	if (result == ENGINE_OK || result == ENGINE_ABSENT)
		return result;
	queue_rollback(queue);
	result = queue->database->result;
	/* A full disk is no harm to what is on it. */
	if (result == ENGINE_FULL) {
		queue->database->result = ENGINE_OK;
		queue->full = true;
	}
	return result;
}

static enum engine_result
begin(void *self)
{
	struct queue *queue = self;

	queue_begin(queue);
	return settle(queue, queue->database->result);
}

static enum engine_result
commit(void *self)
{
	struct queue *queue = self;

	queue_commit(queue);
	return settle(queue, queue->database->result);
}

static void
rollback(void *self)
{
	queue_rollback(self);
}

/* What is known already: of a mail that comes again from elsewhere. */
static const struct recipient **
list_known(const struct submission *submission)
{
	unsigned count = submission->envelope->recipients->len;
	const struct recipient **known;

	if (submission->known == NULL)
		return NULL;
	known = g_new(const struct recipient *, count);
	for (unsigned i = 0; i < count; i++)
		known[i] = &submission->known[i];
	return known;
}

static enum engine_result
accept_mail(
    void *self, const struct submission *submission, bool active, bool in_file)
{
	g_autofree const struct recipient **known = list_known(submission);
	struct queue_newcomer newcomer = {
		.submission = submission,
		.known = known,
		.active = active,
		.in_file = in_file,
		.warned = submission->warned,
		.rounds = submission->rounds,
		.attempts = submission->attempts,
	};

	return settle(self, queue_accept(self, &newcomer));
}

static enum engine_result
find_resends(void *self, const struct submission *submission, char **ids)
{
	return settle(self, queue_resend_find(self, submission, ids));
}

static enum engine_result
find_keyed(
    void *self, const struct submission *submission, struct engine_keyed *out)
{
	return settle(self, queue_key_find(self, submission, out));
}

static enum engine_result
forget_keys(void *self, int64_t before_ms, unsigned most, bool *more)
{
	return settle(self, queue_key_sweep(self, before_ms, most, more));
}

static enum engine_result
forget_resends(void *self, int64_t before_ms, unsigned most, bool *more)
{
	return settle(self, queue_resend_sweep(self, before_ms, most, more));
}

static enum engine_result
enter(void *self, const struct journal *journal, bool in_file, bool *finished)
{
	return settle(self, queue_journal(self, journal, in_file, finished));
}

static enum engine_result
load(void *self, const char *id, struct submission **submission)
{
	return settle(self, queue_load(self, id, submission));
}

static enum engine_result
remove_mail(void *self, const char *id, bool *in_file)
{
	return settle(self, queue_remove(self, id, in_file));
}

static enum engine_result
hear(void *self, struct engine_hearing *hearing)
{
	return settle(self, queue_hear(self, hearing));
}

static enum engine_result
act(void *self, struct engine_act *act)
{
	if (act->ask->question >= STORE_SUPPRESS)
		return settle(self, queue_suppress_act(self, act));
	return settle(self, queue_act(self, act));
}

static enum engine_result
clamp(void *self, int64_t now_ms, int64_t most_ms, bool *more)
{
	return settle(self, queue_due_clamp(self, now_ms, most_ms, more));
}

static enum engine_result
find_due(void *self, const struct engine_due *query, GPtrArray *ids)
{
	return settle(self, queue_due(self, query, ids));
}

static enum engine_result
find_next(void *self, int64_t *due_ms)
{
	return settle(self, queue_due_next(self, due_ms));
}

static void
tell_fill(const void *self, uint64_t *mails, uint64_t *bytes)
{
	const struct queue *queue = self;
	const struct queue_totals *totals = &queue->committed;
	int64_t sum = 0;

	for (unsigned i = 0; i < G_N_ELEMENTS(totals->places); i++)
		sum += totals->places[i];
	*mails = (uint64_t)MAX(sum, 0);
	*bytes = (uint64_t)MAX(totals->bytes, 0);
}

static uint64_t
tell_changes(const void *self)
{
	const struct queue *queue = self;

	return queue->database->changes;
}

static enum engine_result
find_states(void *self, GPtrArray *states)
{
	return settle(self, queue_notes_states(self, states));
}

static enum engine_result
find_owed(void *self, struct store_owed **owed)
{
	return settle(self, queue_owed_next(self, owed));
}

static enum engine_result
find_suppressed(void *self, store_suppressed_fn each, void *object)
{
	return settle(self, queue_suppress_each(self, each, object));
}

static enum engine_result
ask_queue(void *self, struct store_ask *ask)
{
	return settle(self, queue_ask(self, ask));
}

static enum engine_result
spare(void *self)
{
	struct queue *queue = self;

	return database_spare(queue->database) ? ENGINE_OK : ENGINE_BAD;
}

static bool
has(void *self, const char *id)
{
	struct queue *queue = self;
	bool in_file = false;
	struct query query = query_open(
	    queue->database, "mail", "SELECT in_file FROM mail WHERE id = ?");

	query_put_text(&query, id);
	if (query_next(&query)) {
		in_file = query_bool(&query);
		query_end(&query);
	}
	/* Nobody unlinks what could not be asked for. */
	return in_file || settle(queue, queue->database->result) != ENGINE_OK;
}

static enum engine_result
find_finished(void *self, GPtrArray *ids)
{
	struct queue *queue = self;
	struct query query = query_open(queue->database, "mail",
	    "SELECT id FROM mail WHERE remaining = 0 AND due IS NULL"
	    " AND hold IS NULL ORDER BY id");

	queue_due_collect(&query, ids);
	return settle(queue, queue->database->result);
}

const struct engine engine_sqlite = {
	.open = open_engine,
	.close = close_engine,
	.error = tell_error,
	.spare = spare,
	.begin = begin,
	.commit = commit,
	.rollback = rollback,
	.accept = accept_mail,
	.resends = find_resends,
	.keyed = find_keyed,
	.forget_keys = forget_keys,
	.forget = forget_resends,
	.enter = enter,
	.load = load,
	.remove = remove_mail,
	.hear = hear,
	.act = act,
	.clamp = clamp,
	.due = find_due,
	.fill = tell_fill,
	.next = find_next,
	.states = find_states,
	.owed = find_owed,
	.suppressed = find_suppressed,
	.ask = ask_queue,
	.changes = tell_changes,
	.has = has,
	.finished = find_finished,
};
