/* SPDX-License-Identifier: MIT */
/*
 * What dispatch would tell the engine of a mail, for the tests of the queue.
 */
#ifndef TESTS_STORE_TELLING_H
#define TESTS_STORE_TELLING_H

#include "stand.h"

static inline struct journal_attempt *
make_attempt(unsigned number, unsigned recipients)
{
	struct journal_attempt *attempt = g_new0(struct journal_attempt, 1);

	attempt->number = number;
	attempt->provider = g_strdup("mailgun");
	attempt->form = DELIVERY_RAW;
	attempt->count = recipients;
	attempt->recipients = g_new(unsigned, recipients);
	for (unsigned i = 0; i < recipients; i++)
		attempt->recipients[i] = i;
	attempt->begun_ms = 5000;
	return attempt;
}

/* What a recipient is in that state. */
static inline struct recipient
make_recipient(enum recipient_state state)
{
	struct recipient is = { .state = state };

	if (state == RECIPIENT_WAITING)
		return is;
	is.provider = (char *)"mailgun";
	is.status = state == RECIPIENT_OPEN ? 0 : 200;
	is.class =
	    state == RECIPIENT_ACCEPTED ? VERDICT_ACCEPTED : VERDICT_NONE;
	is.until_ms = state == RECIPIENT_DOUBT ? 9000 : 0;
	is.doubts = state == RECIPIENT_DOUBT;
	return is;
}

/* An entry that says this of each recipient. */
static inline struct journal *
make_entry(enum journal_kind kind, struct message *message,
    const enum recipient_state *states)
{
	struct journal *journal = journal_new(kind, message);

	for (unsigned i = 0; i < message->submission->envelope->recipients->len;
	     i++) {
		struct recipient is = make_recipient(states[i]);

		journal_add_recipient(journal, i, &is);
	}
	return journal;
}

/* Enters it in a transaction of its own, frees it. */
static inline enum engine_result
enter(struct stand *stand, struct journal *journal, bool *finished)
{
	enum engine_result result;

	stand_begin(stand);
	result = stand->engine->enter(stand->self, journal, false, finished);
	if (result == ENGINE_OK || result == ENGINE_ABSENT)
		stand_commit(stand);
	journal_free(journal);
	return result;
}

static inline void
begin_attempt(struct stand *stand, struct message *message, unsigned number)
{
	static const enum recipient_state open[] = { RECIPIENT_OPEN,
		RECIPIENT_OPEN };
	struct journal *journal = make_entry(JOURNAL_BEGUN, message, open);
	bool finished;

	journal_add_attempt(
	    journal, make_attempt(number,
			 message->submission->envelope->recipients->len));
	assert_int_equal(enter(stand, journal, &finished), ENGINE_OK);
	assert_false(finished);
}

static inline enum engine_result
end_attempt(struct stand *stand, struct message *message, unsigned number,
    const enum recipient_state *states)
{
	struct journal *journal = make_entry(JOURNAL_ENDED, message, states);
	struct journal_attempt *attempt = make_attempt(
	    number, message->submission->envelope->recipients->len);
	struct verdict verdict = {
		.class = VERDICT_ACCEPTED, .status = 200, .text = (char *)"Ok"
	};
	bool finished;
	enum engine_result result;

	journal_attempt_end(attempt, 6000, 5120, &verdict);
	journal_add_attempt(journal, attempt);
	result = enter(stand, journal, &finished);
	assert_false(finished);
	return result;
}

static inline unsigned
load_due(struct stand *stand, bool fresh, int64_t woken_ms)
{
	struct engine_due due = {
		.now_ms = 100000,
		.woken_ms = woken_ms,
		.fresh = fresh,
		.most = 10,
	};
	GPtrArray *ids = g_ptr_array_new_with_free_func(g_free);
	unsigned count;

	assert_int_equal(stand->engine->due(stand->self, &due, ids), ENGINE_OK);
	count = ids->len;
	g_ptr_array_unref(ids);
	return count;
}

static inline struct submission *
load(struct stand *stand, const char *id)
{
	struct submission *submission = NULL;

	stand_begin(stand);
	assert_int_equal(
	    stand->engine->load(stand->self, id, &submission), ENGINE_OK);
	stand_commit(stand);
	return submission;
}

#endif
