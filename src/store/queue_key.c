/* SPDX-License-Identifier: MIT */
/*
 * Idempotency keys: which mail was accepted with a key that a program gave, and
 * a digest of what it said then.  A row is written with its mail and lasts
 * longer; a mail that is taken back takes its row along.
 */
#include "queue.h"

#include <string.h>

/* Of a SHA-256: two keys do not share so many by chance. */
#define KEY_BYTES 16

struct key {
	guint8 bytes[32];
};

/* They may be long, and are nobody's business. */
static struct key
make_key(const struct submission *submission)
{
	g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
	struct key key;
	gsize length = sizeof key.bytes;

	g_checksum_update(
	    checksum, (const guchar *)submission->idempotency_key, -1);
	g_checksum_get_digest(checksum, key.bytes, &length);
	return key;
}

bool
queue_key_keep(struct queue *queue, const struct submission *submission)
{
	struct query query;
	struct key key;

	if (submission->idempotency_key == NULL)
		return true;
	key = make_key(submission);
	query = query_open(queue->database, "idempotency",
	    "INSERT OR REPLACE INTO idempotency (key, mail, digest, at)"
	    " VALUES (?, ?, ?, ?)");
	query_put_bytes(&query, key.bytes, KEY_BYTES);
	query_put_text(&query, submission->id);
	query_put_text(&query, submission->idempotency_digest);
	query_put_number(&query, submission->received_ms);
	return query_run(&query) >= 0;
}

enum engine_result
queue_key_find(struct queue *queue, const struct submission *submission,
    struct engine_keyed *out)
{
	struct key key = make_key(submission);
	g_autofree char *digest = NULL;
	struct query query = query_open(queue->database, "idempotency",
	    "SELECT at, mail, digest FROM idempotency WHERE key = ?");

	query_put_bytes(&query, key.bytes, KEY_BYTES);
	if (!query_next(&query))
		return queue->database->result;
	out->at_ms = query_number(&query, INT64_MIN, INT64_MAX);
	out->id = query_string(&query);
	digest = query_string(&query);
	out->alike = strcmp(digest, submission->idempotency_digest) == 0;
	query_end(&query);
	return queue->database->result;
}

/* By the index of its time: there is none of its mail. */
bool
queue_key_forget(struct queue *queue, int64_t mail)
{
	struct query query = query_open(queue->database, "idempotency",
	    "DELETE FROM idempotency WHERE key IN (SELECT i.key"
	    " FROM mail AS m JOIN idempotency AS i ON i.at = m.received"
	    " WHERE m.number = ? AND i.mail = m.id)");

	query_put_number(&query, mail);
	return query_run(&query) >= 0;
}

enum engine_result
queue_key_sweep(
    struct queue *queue, int64_t before_ms, unsigned most, bool *more)
{
	struct query query = query_open(queue->database, "idempotency",
	    "DELETE FROM idempotency WHERE key IN (SELECT key"
	    " FROM idempotency WHERE at < ? ORDER BY at LIMIT ?)");

	query_put_number(&query, before_ms);
	query_put_number(&query, most);
	*more = query_run(&query) == (int)most;
	return queue->database->result;
}
