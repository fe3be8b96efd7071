/* SPDX-License-Identifier: MIT */
/* The mails that come: one row each in mail and body, one per recipient. */
#include "queue.h"

#include <errno.h>
#include <string.h>

static void
put_seen(struct query *query, const struct limiter_seen *seen)
{
	int64_t traits =
	    (int64_t)seen->header_broken | (int64_t)seen->bcc_inside << 1 |
	    (int64_t)seen->eightbit_header << 2 |
	    (int64_t)seen->eightbit_body << 3 |
	    (int64_t)seen->ends_with_newline << 4 | (int64_t)seen->opaque << 5;

	query_put_number(query, (int64_t)seen->header_end);
	query_put_number(query, (int64_t)seen->header_start);
	query_put_number(query, (int64_t)seen->long_lines);
	query_put_number(query, (int64_t)seen->folds);
	query_put_number(query, (int64_t)seen->body_escapes);
	query_put_number(query, traits);
	query_put_text(query, seen->opaque_why);
}

static void
put_envelope(struct query *query, const struct submission *submission)
{
	const struct envelope *envelope = submission->envelope;

	query_put_text(query, submission->listener);
	query_put_text(query, submission->peer);
	query_put_text(query, submission->helo);
	query_put_text(query, submission->protocol);
	query_put_text(query, submission->user);
	query_put_text(query, envelope->id);
	query_put_number(query, envelope->returned);
	query_put_text(query, submission->resend_key);
	query_put_number(query, submission->repaired);
	query_put_text(
	    query, envelope->sender == NULL ? NULL : envelope->sender->text);
	query_put_number(query, envelope->eightbit);
	query_put_number(query, (int64_t)envelope->size_declared);
}

static int64_t
count_remaining(const struct queue_newcomer *newcomer)
{
	unsigned count = newcomer->submission->envelope->recipients->len;
	int64_t remaining = count;

	for (unsigned i = 0; newcomer->known != NULL && i < count; i++)
		if (newcomer->known[i] != NULL &&
		    recipient_is_final(newcomer->known[i]->state))
			remaining--;
	return remaining;
}

static bool
add_mail(struct queue *queue, struct queue_newcomer *newcomer)
{
	const struct submission *submission = newcomer->submission;
	struct query query = query_open(queue->database, "mail",
	    "INSERT INTO mail (id, received, listener, peer, helo, protocol,"
	    " user, envid, ret, resend, repaired, sender, eightbit, declared,"
	    " size, digest, header_end, header_start, long_lines, folds,"
	    " body_escapes, traits, opaque_why, in_file, report, warned,"
	    " rounds, attempts, remaining, due) VALUES (?, ?, ?, ?, ?, ?, ?,"
	    " ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
	    " ?, ?)");

	query_put_text(&query, submission->id);
	query_put_number(&query, submission->received_ms);
	put_envelope(&query, submission);
	query_put_number(&query, (int64_t)spool_size(submission->spool));
	query_put_number(&query, (int64_t)spool_digest(submission->spool));
	put_seen(&query, &submission->seen);
	query_put_number(&query, newcomer->in_file);
	query_put_number(&query, submission->report);
	query_put_number(&query, newcomer->warned);
	query_put_number(&query, newcomer->rounds);
	query_put_number(&query, newcomer->attempts);
	query_put_number(&query, count_remaining(newcomer));
	if (newcomer->active)
		query_put_null(&query);
	else
		query_put_number(&query, submission->received_ms);
	if (query_run(&query) != 1)
		return false;
	newcomer->number = sqlite3_last_insert_rowid(queue->database->handle);
	return true;
}

/* The bytes of a spool that has them in a file; NULL when it cannot be
 * read. */
static unsigned char *
read_spool(const struct spool *spool)
{
	uint64_t size = spool_size(spool);
	g_autofree unsigned char *bytes = g_malloc(size);

	for (uint64_t at = 0; at < size;) {
		ssize_t got =
		    spool_read(spool, at, bytes + at, (size_t)(size - at));

		if (got <= 0)
			return NULL;
		at += (uint64_t)got;
	}
	return g_steal_pointer(&bytes);
}

static bool
add_body(struct queue *queue, const struct queue_newcomer *newcomer)
{
	const struct spool *spool = newcomer->submission->spool;
	const unsigned char *bytes = spool_memory(spool);
	g_autofree unsigned char *copy = NULL;
	struct query query;

	if (newcomer->in_file)
		return true;
	if (bytes == NULL)
		bytes = copy = read_spool(spool);
	if (bytes == NULL) {
		database_damage(queue->database,
		    "the spool of mail %s cannot be read: %s",
		    newcomer->submission->id, strerror(errno));
		return false;
	}
	query = query_open(queue->database, "body",
	    "INSERT INTO body (mail, bytes) VALUES (?, ?)");
	query_put_number(&query, newcomer->number);
	query_put_bytes(&query, bytes, (size_t)spool_size(spool));
	return query_run(&query) == 1;
}

static bool
add_recipients(struct queue *queue, const struct queue_newcomer *newcomer)
{
	const struct envelope *envelope = newcomer->submission->envelope;
	struct story story = { queue->database, newcomer->number };

	for (unsigned i = 0; i < envelope->recipients->len; i++) {
		struct store_recipient recipient = {
			.address = envelope_recipient(envelope, i)->text,
			.wish = *envelope_wish_of(envelope, i),
		};

		if (newcomer->known != NULL && newcomer->known[i] != NULL)
			recipient.is = *newcomer->known[i];
		if (!story_add_recipient(&story, i, &recipient))
			return false;
		queue->totals.accepted++;
		queue_count(queue, recipient.is.state, 1);
	}
	return queue_resend_keep(queue, newcomer) &&
	       queue_key_keep(queue, newcomer->submission);
}

enum engine_result
queue_accept(struct queue *queue, struct queue_newcomer *newcomer)
{
	enum store_place place =
	    newcomer->active ? STORE_ACTIVE : STORE_WAITING;

	if (!add_mail(queue, newcomer) || !add_body(queue, newcomer) ||
	    !add_recipients(queue, newcomer))
		return queue->database->result;
	queue->totals.places[place]++;
	queue->totals.bytes += (int64_t)spool_size(newcomer->submission->spool);
	return ENGINE_OK;
}
