/* SPDX-License-Identifier: MIT */
/* A waiting mail becomes a submission again, as it was posted. */
#include "queue.h"

#include "answer.h"
#include "core/clock.h"
#include "core/config.h"
#include <string.h>

/* A body that cannot be read just now (memory, descriptors) is tried again. */
#define AGAIN_MS 60000

struct load {
	struct queue *queue;
	struct queue_mail mail;
	struct queue_body body;
	struct submission *submission;
};

static void
read_seen(struct query *query, struct limiter_seen *seen)
{
	g_autofree char *why = NULL;
	int64_t traits;

	seen->header_end = (uint64_t)query_number(query, 0, INT64_MAX);
	seen->header_start = (uint64_t)query_number(query, 0, INT64_MAX);
	seen->long_lines = (uint64_t)query_number(query, 0, INT64_MAX);
	seen->folds = (uint64_t)query_number(query, 0, INT64_MAX);
	seen->body_escapes = (uint64_t)query_number(query, 0, INT64_MAX);
	traits = query_number(query, 0, 0x3f);
	seen->header_broken = (traits & 1) != 0;
	seen->bcc_inside = (traits & 1 << 1) != 0;
	seen->eightbit_header = (traits & 1 << 2) != 0;
	seen->eightbit_body = (traits & 1 << 3) != 0;
	seen->ends_with_newline = (traits & 1 << 4) != 0;
	seen->opaque = (traits & 1 << 5) != 0;
	why = query_string_or_null(query);
	seen->opaque_why = g_intern_string(why);
}

/* As it was printed once, so it can be read again. */
static struct address *
read_address(struct load *load, const char *text)
{
	enum address_fault fault;
	struct address *address =
	    address_parse(text, strlen(text), NULL, &fault);

	if (address == NULL)
		database_damage(load->queue->database,
		    "mail %s has the address %.300s: %s", load->submission->id,
		    text, address_fault_text(fault));
	return address;
}

static void
read_session(struct query *query, struct load *load)
{
	struct submission *submission = load->submission;
	struct envelope *envelope = submission->envelope;
	g_autofree char *listener = query_string_or_null(query);
	g_autofree char *peer = query_string(query);
	g_autofree char *protocol = NULL, *sender = NULL;

	submission->listener = g_intern_string(listener);
	g_strlcpy(submission->peer, peer, sizeof submission->peer);
	submission->helo = query_string_or_null(query);
	protocol = query_string(query);
	submission->protocol = g_intern_string(protocol);
	submission->user = query_string_or_null(query);
	envelope->id = query_string_or_null(query);
	envelope->returned = (enum envelope_return)query_number(
	    query, ENVELOPE_RETURN_UNSAID, ENVELOPE_RETURN_FULL);
	submission->repaired = query_bool(query);
	sender = query_string_or_null(query);
	if (sender != NULL)
		envelope->sender = read_address(load, sender);
	envelope->eightbit = query_bool(query);
	envelope->size_declared = (uint64_t)query_number(query, 0, INT64_MAX);
}

static void
read_mail(struct load *load)
{
	struct submission *submission = load->submission;
	struct query query = query_open(load->queue->database, "mail",
	    "SELECT number, received, listener, peer, helo, protocol, user,"
	    " envid, ret, repaired, sender, eightbit, declared, size, digest, header_end,"
	    " header_start, long_lines, folds, body_escapes, traits,"
	    " opaque_why, in_file, report, warned, rounds, attempts,"
	    " coalesce((SELECT begun FROM attempt WHERE"
	    " attempt.mail = mail.number AND"
	    " attempt.number = mail.attempts), 0),"
	    " coalesce(planned, due), planned IS NOT NULL"
	    " FROM mail WHERE number = ?");

	query_put_number(&query, load->mail.number);
	if (!query_next(&query))
		return;
	load->body.number = query_number(&query, 1, INT64_MAX);
	submission->received_ms = query_number(&query, 0, INT64_MAX);
	read_session(&query, load);
	load->body.size = (uint64_t)query_number(&query, 0, INT64_MAX);
	load->body.digest =
	    (uint64_t)query_number(&query, INT64_MIN, INT64_MAX);
	read_seen(&query, &submission->seen);
	load->body.in_file = query_bool(&query);
	submission->report = query_bool(&query);
	submission->warned = query_bool(&query);
	submission->rounds = (unsigned)query_number(&query, 0, UINT_MAX);
	submission->attempts = (unsigned)query_number(&query, 0, UINT_MAX);
	submission->asked_ms = query_number(&query, 0, INT64_MAX);
	submission->due_ms = query_number(&query, INT64_MIN, INT64_MAX);
	submission->wanted = query_bool(&query);
	query_end(&query);
}

/* As it was sent to who is in doubt there. */
static void
tell_sent(struct submission *submission, const struct journal_attempt *attempt)
{
	unsigned known = submission->envelope->recipients->len;

	for (unsigned i = 0; i < attempt->count; i++) {
		unsigned number = attempt->recipients[i];
		struct recipient *is;

		if (number >= known)
			continue;
		is = &submission->known[number];
		if (is->state != RECIPIENT_DOUBT ||
		    is->sent.message_id != NULL ||
		    g_strcmp0(is->provider, attempt->provider) != 0)
			continue;
		is->sent.message_id = g_strdup(attempt->message_id);
		is->sent.from_domain = g_strdup(attempt->from_domain);
		is->sent.redirect = g_strdup(attempt->redirect);
	}
}

/* What a provider is asked is as the mail left, whatever the settings are
 * now. */
static void
read_sent(struct load *load)
{
	struct submission *submission = load->submission;
	struct story story = { load->queue->database, load->mail.number };
	struct store_mail *mail;
	unsigned doubts = 0;

	for (unsigned i = 0; i < submission->envelope->recipients->len; i++)
		doubts += submission->known[i].state == RECIPIENT_DOUBT;
	if (doubts == 0)
		return;
	mail = store_mail_new();
	story_read_attempts(&story, mail);
	for (unsigned i = mail->attempts->len; i > 0; i--)
		tell_sent(submission, mail->attempts->pdata[i - 1]);
	store_mail_free(mail);
}

/* Takes over what is known of it, and wished for. */
static void
take_recipient(struct submission *submission, unsigned number,
    struct store_recipient *recipient)
{
	submission->known[number] = recipient->is;
	recipient->is = (struct recipient){ 0 };
	if (recipient->wish.notify == ENVELOPE_NOTIFY_UNSAID &&
	    recipient->wish.original == NULL)
		return;
	envelope_wish(submission->envelope, number, &recipient->wish);
	recipient->wish = (struct envelope_wish){ 0 };
}

static void
read_recipients(struct load *load)
{
	struct submission *submission = load->submission;
	struct story story = { load->queue->database, load->mail.number };
	struct store_mail *mail = store_mail_new();
	bool added = true;

	story_read_recipients(&story, mail);
	submission->known = g_new0(struct recipient, mail->recipients->len);
	for (unsigned i = 0; i < mail->recipients->len && added; i++) {
		struct store_recipient *recipient =
		    g_ptr_array_index(mail->recipients, i);
		struct address *address =
		    read_address(load, recipient->address);

		added =
		    address != NULL &&
		    envelope_add_recipient(submission->envelope, address) == i;
		if (added)
			take_recipient(submission, i, recipient);
		else
			database_damage(story.database,
			    "mail %s has the recipient %.300s twice",
			    submission->id, recipient->address);
	}
	envelope_end_recipients(submission->envelope);
	store_mail_free(mail);
}

static struct submission *
make_submission(const struct queue *queue, const char *id)
{
	struct submission *submission = g_new0(struct submission, 1);

	g_strlcpy(submission->id, id, sizeof submission->id);
	submission->envelope = envelope_new();
	submission->when = ANSWER_QUEUED;
	submission->queued = true;
	if (queue->options.config != NULL)
		submission->config = config_ref(queue->options.config);
	return submission;
}

/* The mail cannot be sent as it is: held, or tried again. */
static void
set_aside(struct load *load, bool missing, const char *why)
{
	struct database *database = load->queue->database;
	g_autofree char *hold =
	    g_strdup_printf("its body cannot be read: %s", why);
	struct queue_move move = {
		.place = missing ? STORE_HELD : STORE_WAITING,
		.due_ms = clock_wall_ms() + AGAIN_MS,
		.hold = hold,
	};

	if (!queue_move(load->queue, &load->mail, &move))
		return;
	/* The store tells the log. */
	g_free(database->error);
	database->error = g_strdup_printf("mail %s %s: %s", load->body.id,
	    missing ? "is held, its body cannot be read"
		    : "is tried again later",
	    why);
}

static bool
open_body(struct load *load)
{
	g_autofree char *why = NULL;
	bool missing;

	load->submission->spool =
	    queue_body_open(load->queue, &load->body, &missing, &why);
	if (load->submission->spool != NULL)
		return true;
	if (load->queue->database->result == ENGINE_OK)
		set_aside(load, missing, why);
	return false;
}

enum engine_result
queue_load(struct queue *queue, const char *id, struct submission **submission)
{
	struct load load = { .queue = queue, .body.id = id };
	struct queue_move active = { .place = STORE_ACTIVE };
	enum engine_result result = queue_find(queue, id, &load.mail);
	bool whole;

	*submission = NULL;
	if (result != ENGINE_OK)
		return result;
	if (load.mail.place != STORE_WAITING)
		return ENGINE_ABSENT;
	load.submission = make_submission(queue, id);
	read_mail(&load);
	read_recipients(&load);
	read_sent(&load);
	whole = queue->database->result == ENGINE_OK && open_body(&load) &&
		queue_move(queue, &load.mail, &active);
	if (whole)
		*submission = g_steal_pointer(&load.submission);
	submission_free(load.submission);
	return queue->database->result;
}
