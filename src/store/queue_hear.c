/* SPDX-License-Identifier: MIT */
/*
 * What providers tell of mails they took.  An event counts once, however often
 * and by whatever way it is told: its key is kept longer than its mail.
 */
#include "queue.h"

#include "heard.h"
#include <string.h>

/* Of a SHA-256: two events do not share so many by chance. */
#define KEY_BYTES 16

/* Old keys that go with each new one. */
#define SWEEP_ROWS 20

/* The name ends with a NUL, so that it does not run into the id. */
static void
make_key(const struct event *event, guint8 key[static 32])
{
	g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
	gsize length = 32;

	g_checksum_update(checksum, (const guchar *)event->provider,
	    (gssize)strlen(event->provider) + 1);
	g_checksum_update(checksum, (const guchar *)event->event_id,
	    (gssize)strlen(event->event_id));
	g_checksum_get_digest(checksum, key, &length);
}

static bool
was_heard(struct queue *queue, const guint8 *key)
{
	struct query query = query_open(
	    queue->database, "heard", "SELECT at FROM heard WHERE key = ?");
	bool heard;

	query_put_bytes(&query, key, KEY_BYTES);
	heard = query_next(&query);
	if (heard)
		query_end(&query);
	return heard;
}

static bool
forget_old(struct queue *queue, int64_t before_ms)
{
	struct query query = query_open(queue->database, "heard",
	    "DELETE FROM heard WHERE key IN (SELECT key FROM heard"
	    " WHERE at < ? ORDER BY at LIMIT ?)");

	query_put_number(&query, before_ms);
	query_put_number(&query, SWEEP_ROWS);
	return query_run(&query) >= 0;
}

static bool
keep_key(struct queue *queue, const struct engine_hearing *hearing,
    const guint8 *key)
{
	struct query query = query_open(queue->database, "heard",
	    "INSERT INTO heard (key, at) VALUES (?, ?)");

	query_put_bytes(&query, key, KEY_BYTES);
	query_put_number(&query, hearing->now_ms);
	return query_run(&query) == 1 &&
	       forget_old(queue, hearing->forget_ms) &&
	       queue_owed_forget(queue, hearing->forget_ms, SWEEP_ROWS);
}

/* ---- doubts ---- */

/* Those whose provider told that it has, or had, the mail: REJECTED is no such
 * word.  Several events may say so of one. */
static GArray *
list_proven(struct queue *queue, int64_t mail)
{
	GArray *numbers = g_array_new(FALSE, FALSE, sizeof(unsigned));
	struct query query = query_open(queue->database, "recipient",
	    "SELECT DISTINCT recipient.number FROM recipient JOIN event"
	    " ON event.mail = recipient.mail"
	    " AND event.recipient = recipient.number"
	    " AND event.provider = recipient.provider AND event.kind <> 5"
	    " WHERE recipient.mail = ? AND recipient.state = 4");

	query_put_number(&query, mail);
	while (query_next(&query)) {
		unsigned number = (unsigned)query_number(&query, 0, UINT_MAX);

		g_array_append_val(numbers, number);
	}
	return numbers;
}

/* The provider's id stays unknown when the event does not tell it. */
static bool
settle_recipient(
    struct queue *queue, const struct queue_mail *mail, unsigned number)
{
	struct query query = query_open(queue->database, "recipient",
	    "UPDATE recipient SET state = 2, class = 1, status = 0, until = 0,"
	    " text = 'an event of the provider says that it has the mail'"
	    " WHERE mail = ? AND number = ? AND state = 4");

	query_put_number(&query, mail->number);
	query_put_number(&query, number);
	return query_run(&query) == 1;
}

static bool
note_settled(struct queue *queue, const struct queue_mail *mail, unsigned count,
    int64_t now_ms)
{
	struct story story = { queue->database, mail->number };
	g_autofree char *what = g_strdup_printf(
	    "the provider told that it has the mail for %u recipient%s in "
	    "doubt",
	    count, count == 1 ? "" : "s");
	struct store_act act = {
		.at_ms = now_ms,
		.what = what,
		.who = (char *)STORE_NOTED,
	};

	return story_add_act(&story, &act) && story_trim_notes(&story);
}

static bool
stay_held(struct queue *queue, const struct queue_mail *mail)
{
	struct query query = query_open(queue->database, "mail",
	    "UPDATE mail SET remaining = ? WHERE number = ?");

	query_put_number(&query, mail->remaining);
	query_put_number(&query, mail->number);
	return query_run(&query) == 1;
}

/* Its sender asked to be told when a provider has it: dispatch does it. */
static bool
owes_report(struct queue *queue, const struct queue_mail *mail)
{
	struct query query = query_open(queue->database, "mail",
	    "SELECT number FROM mail WHERE number = ? AND " QUEUE_OWES_REPORT);
	bool owes;

	query_put_number(&query, mail->number);
	owes = query_next(&query);
	if (owes)
		query_end(&query);
	return owes;
}

/* Due now, or, with nothing left to be done, until it is removed in no place
 * but the one of those that dispatch has. */
static bool
move_settled(struct queue *queue, struct queue_mail *mail, int64_t now_ms)
{
	struct queue_move move = { .place = STORE_WAITING, .due_ms = now_ms };

	if (mail->place == STORE_HELD && mail->remaining > 0)
		return stay_held(queue, mail);
	if (mail->remaining == 0 && !owes_report(queue, mail))
		move.place = STORE_ACTIVE;
	return queue_move(queue, mail, &move);
}

static bool
settle_proven(struct queue *queue, struct queue_mail *mail,
    const GArray *numbers, int64_t now_ms)
{
	for (unsigned i = 0; i < numbers->len; i++) {
		if (!settle_recipient(
			queue, mail, g_array_index(numbers, unsigned, i)))
			return false;
		queue_count(queue, RECIPIENT_DOUBT, -1);
		queue_count(queue, RECIPIENT_ACCEPTED, 1);
		queue->totals.resolved++;
		mail->remaining--;
	}
	return note_settled(queue, mail, numbers->len, now_ms) &&
	       move_settled(queue, mail, now_ms);
}

bool
queue_hear_settle(struct queue *queue, struct queue_mail *mail, int64_t now_ms)
{
	g_autoptr(GArray) numbers = NULL;

	if (queue->totals.doubts == 0 || mail->place == STORE_ACTIVE)
		return true;
	numbers = list_proven(queue, mail->number);
	return queue->database->result == ENGINE_OK &&
	       (numbers->len == 0 ||
		   settle_proven(queue, mail, numbers, now_ms));
}

/* ---- one event ---- */

/* A doubt does not say by which id the provider knows the mail. */
static bool
keep_provider_id(
    struct queue *queue, const struct heard_of *of, const struct event *event)
{
	struct query query;

	if (event->provider_id == NULL || of->number == HEARD_NOBODY ||
	    !event_is_proof(event->kind))
		return true;
	query = query_open(queue->database, "recipient",
	    "UPDATE recipient SET provider_id = ? WHERE mail = ? AND"
	    " number = ? AND state = 4 AND provider = ?");
	query_put_text(&query, event->provider_id);
	query_put_number(&query, of->mail);
	query_put_number(&query, of->number);
	query_put_text(&query, event->provider);
	return query_run(&query) >= 0;
}

static enum engine_result
hear_of(struct queue *queue, const struct heard_of *of,
    struct engine_hearing *hearing)
{
	struct queue_mail mail;
	int64_t left;
	enum engine_result result = queue_find(queue, of->id, &mail);

	if (result != ENGINE_OK)
		return result;
	hearing->found = true;
	hearing->active = mail.place == STORE_ACTIVE;
	left = mail.remaining;
	g_strlcpy(hearing->id, of->id, sizeof hearing->id);
	hearing->number = of->number;
	if (heard_add(queue->database, of, hearing->event, hearing->now_ms) &&
	    keep_provider_id(queue, of, hearing->event))
		queue_hear_settle(queue, &mail, hearing->now_ms);
	hearing->due = mail.remaining < left && mail.place == STORE_WAITING;
	hearing->finished = mail.remaining < left && mail.place == STORE_ACTIVE;
	return queue->database->result;
}

/* Whoever it is about enters the list, also of a mail that nobody knows. */
static void
suppress(struct queue *queue, struct engine_hearing *hearing)
{
	const struct event *event = hearing->event;
	g_autofree char *key = NULL;
	bool fresh = false;

	if (!suppression_of_event(event->kind, &hearing->why) ||
	    (hearing->suppress & 1u << hearing->why) == 0)
		return;
	key = suppression_key(event->recipient);
	if (key == NULL)
		return;
	struct suppression one = {
		.address = key,
		.why = hearing->why,
		.provider = event->provider,
		.mail_id = *hearing->id != '\0' ? hearing->id : NULL,
		.text = event->text,
		.who = (char *)STORE_NOTED,
		.at_ms = hearing->now_ms,
	};
	if (queue_suppress_add(queue, &one, &fresh) && fresh)
		hearing->suppressed = g_steal_pointer(&key);
}

/* The provider had taken it, and now there is nobody who gets it. */
static bool
is_reported(const struct engine_hearing *hearing)
{
	return hearing->reports && *hearing->id != '\0' &&
	       hearing->number >= 0 && event_is_failure(hearing->event->kind);
}

enum engine_result
queue_hear(struct queue *queue, struct engine_hearing *hearing)
{
	guint8 key[32];
	struct heard_of of;

	hearing->found = hearing->active = false;
	hearing->due = hearing->finished = false;
	g_clear_pointer(&hearing->suppressed, g_free);
	make_key(hearing->event, key);
	hearing->again = was_heard(queue, key);
	if (hearing->again || queue->database->result != ENGINE_OK)
		return queue->database->result;
	if (heard_find(queue->database, hearing->event, &of) &&
	    hear_of(queue, &of, hearing) != ENGINE_OK)
		return queue->database->result;
	if (queue->database->result == ENGINE_OK &&
	    (hearing->found || hearing->sought) &&
	    keep_key(queue, hearing, key)) {
		suppress(queue, hearing);
		if (is_reported(hearing))
			queue_owed_add(queue, hearing);
	}
	return queue->database->result;
}
