/* SPDX-License-Identifier: MIT */
/* What dispatch tells, entry by entry (journal.h). */
#include "queue.h"

#include "core/clock.h"
#include "headline.h"

/* Why a mail is held that nobody gave a time. */
static const char hold_default[] =
    "a recipient is held: show the mail, then release or drop it";

static bool
set_recipients(
    struct queue *queue, struct queue_mail *mail, const struct journal *journal)
{
	for (unsigned i = 0; i < journal->recipients->len; i++) {
		const struct journal_recipient *changed = &g_array_index(
		    journal->recipients, struct journal_recipient, i);

		if (!queue_set_recipient(
			queue, mail, changed->number, &changed->is))
			return false;
	}
	return true;
}

/* Its headline, the first time that there is one. */
static bool
set_headline(struct queue *queue, const struct queue_mail *mail,
    const struct journal *journal)
{
	struct headline headline;
	struct query query;
	bool good;

	if (mail->headed || !headline_read(&headline, journal))
		return true;
	query = query_open(queue->database, "mail",
	    "UPDATE mail SET subject = ?, from_text = ?, tags = ?"
	    " WHERE number = ?");
	query_put_text(&query, headline.subject);
	query_put_text(&query, headline.from);
	query_put_text(&query, headline.tags);
	query_put_number(&query, mail->number);
	good = query_run(&query) == 1;
	headline_clear(&headline);
	return good;
}

/* The number of the last attempt, and how many recipients are left. */
static enum engine_result
set_progress(
    struct queue *queue, const struct queue_mail *mail, unsigned attempt)
{
	struct query query = query_open(queue->database, "mail",
	    "UPDATE mail SET attempts = max(attempts, ?), remaining = ?"
	    " WHERE number = ?");

	query_put_number(&query, attempt);
	query_put_number(&query, mail->remaining);
	query_put_number(&query, mail->number);
	query_run(&query);
	return queue->database->result;
}

static enum engine_result
enter_begun(
    struct queue *queue, struct queue_mail *mail, const struct journal *journal)
{
	const struct journal_attempt *attempt =
	    g_ptr_array_index(journal->attempts, 0);
	struct story story = { queue->database, mail->number };

	if (story_add_attempt(&story, attempt) &&
	    story_trim_attempts(&story, attempt->number) &&
	    set_recipients(queue, mail, journal))
		return set_progress(queue, mail, attempt->number);
	return queue->database->result;
}

static enum engine_result
enter_ended(
    struct queue *queue, struct queue_mail *mail, const struct journal *journal)
{
	const struct journal_attempt *attempt =
	    g_ptr_array_index(journal->attempts, 0);
	struct story story = { queue->database, mail->number };
	bool ended;

	if (!story_end_attempt(&story, attempt, &ended))
		return queue->database->result;
	if (!ended)
		return ENGINE_ABSENT;
	if (set_recipients(queue, mail, journal))
		return set_progress(queue, mail, attempt->number);
	return queue->database->result;
}

/* Where the mail goes.  One that nobody gave a time and that is not held would
 * be forgotten: it is due now if somebody waits, else held. */
static struct queue_move
choose_place(const struct journal *journal, int64_t now_ms)
{
	struct queue_move move = {
		.place = STORE_WAITING,
		.due_ms = journal->due_ms > 0 ? journal->due_ms : now_ms,
		.landed_ms = journal->wakes ? now_ms : 0,
		.hold = journal->hold,
	};

	if (journal->hold != NULL)
		move.place = STORE_HELD;
	return move;
}

static bool
is_held_only(struct queue *queue, const struct queue_mail *mail)
{
	struct query query = query_open(queue->database, "recipient",
	    "SELECT ?1, count(*) FROM recipient"
	    " WHERE mail = ?1 AND state IN (0, 1, 4)");
	int64_t waiting = 1;

	query_put_number(&query, mail->number);
	if (query_next(&query)) {
		query_number(&query, 0, INT64_MAX);
		waiting = query_number(&query, 0, UINT_MAX);
		query_end(&query);
	}
	return waiting == 0;
}

static bool
set_rounds(struct queue *queue, const struct queue_mail *mail,
    const struct journal *journal)
{
	struct query query = query_open(queue->database, "mail",
	    "UPDATE mail SET rounds = ?, warned = ? WHERE number = ?");

	query_put_number(&query, journal->rounds);
	query_put_number(&query, journal->warned);
	query_put_number(&query, mail->number);
	return query_run(&query) == 1;
}

static enum engine_result
enter_landed(struct queue *queue, struct queue_mail *mail,
    const struct journal *journal, bool *finished)
{
	int64_t now_ms = clock_wall_ms();
	struct queue_move move = choose_place(journal, now_ms);

	if (!set_recipients(queue, mail, journal) ||
	    !set_rounds(queue, mail, journal) ||
	    !queue_resend_forget(queue, mail->number, false))
		return queue->database->result;
	if (mail->remaining == 0 && journal->due_ms == 0)
		move.place = STORE_ACTIVE;
	else if (mail->remaining == 0)
		move.place = STORE_WAITING;
	else if (move.place == STORE_WAITING && journal->due_ms == 0 &&
		 is_held_only(queue, mail)) {
		move.place = STORE_HELD;
		move.hold = hold_default;
	}
	if (!queue_move(queue, mail, &move) ||
	    !queue_hear_settle(queue, mail, now_ms))
		return queue->database->result;
	*finished = mail->remaining == 0 && mail->place == STORE_ACTIVE;
	return queue->database->result;
}

static unsigned
find_last(const struct journal *journal)
{
	unsigned last = 0;

	for (unsigned i = 0; i < journal->attempts->len; i++) {
		const struct journal_attempt *attempt =
		    g_ptr_array_index(journal->attempts, i);

		last = MAX(last, attempt->number);
	}
	return last;
}

static enum engine_result
enter_taken(struct queue *queue, const struct journal *journal, bool in_file)
{
	const struct submission *submission = journal->message->submission;
	unsigned count = submission->envelope->recipients->len;
	g_autofree const struct recipient **known =
	    g_new0(const struct recipient *, count);
	struct queue_newcomer newcomer = {
		.submission = submission,
		.known = known,
		.active = true,
		.in_file = in_file,
		.warned = journal->warned,
		.rounds = journal->rounds,
		.attempts = find_last(journal),
	};
	struct queue_mail mail = { .place = STORE_ACTIVE };
	struct story story = { .database = queue->database };

	for (unsigned i = 0; i < journal->recipients->len; i++) {
		const struct journal_recipient *recipient = &g_array_index(
		    journal->recipients, struct journal_recipient, i);

		g_assert(recipient->number < count);
		known[recipient->number] = &recipient->is;
	}
	if (queue_accept(queue, &newcomer) != ENGINE_OK)
		return queue->database->result;
	story.mail = mail.number = newcomer.number;
	if (!set_headline(queue, &mail, journal))
		return queue->database->result;
	for (unsigned i = 0; i < journal->attempts->len; i++)
		if (!story_add_attempt(
			&story, g_ptr_array_index(journal->attempts, i)))
			return queue->database->result;
	if (story_trim_attempts(&story, newcomer.attempts))
		queue_notes_tell(queue, story.mail, journal);
	return queue->database->result;
}

/* About a mail that dispatch has. */
static enum engine_result
enter_active(struct queue *queue, const struct journal *journal, bool *finished)
{
	struct queue_mail mail;
	enum engine_result result =
	    queue_find(queue, journal->message->submission->id, &mail);

	if (result != ENGINE_OK)
		return result;
	/* Dispatch has no other mail. */
	if (mail.place != STORE_ACTIVE)
		return ENGINE_ABSENT;
	if (!set_headline(queue, &mail, journal) ||
	    !queue_notes_tell(queue, mail.number, journal))
		return queue->database->result;
	switch (journal->kind) {
	case JOURNAL_BEGUN:
		return enter_begun(queue, &mail, journal);
	case JOURNAL_ENDED:
		return enter_ended(queue, &mail, journal);
	case JOURNAL_LANDED:
		return enter_landed(queue, &mail, journal, finished);
	case JOURNAL_TAKEN:
	case JOURNAL_PASSED:
	case JOURNAL_NOTED:
		break;
	}
	g_assert_not_reached();
}

enum engine_result
queue_journal(struct queue *queue, const struct journal *journal, bool in_file,
    bool *finished)
{
	*finished = false;
	queue_notes_count(queue, &journal->counts);
	switch (journal->kind) {
	case JOURNAL_TAKEN:
		return enter_taken(queue, journal, in_file);
	case JOURNAL_NOTED:
		if (*journal->owed_id != '\0')
			return queue_owed_settle(queue, journal);
		return queue_notes_keep(queue, journal);
	case JOURNAL_PASSED:
		return ENGINE_OK;
	case JOURNAL_BEGUN:
	case JOURNAL_ENDED:
	case JOURNAL_LANDED:
		break;
	}
	return enter_active(queue, journal, finished);
}
