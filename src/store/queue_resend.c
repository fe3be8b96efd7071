/* SPDX-License-Identifier: MIT */
/*
 * The resends: which mail was the first of those that are one mail to their
 * client, recipient by recipient.  A row lasts longer than its mail, and goes
 * before it when the recipient was refused or dropped: whoever sends the mail
 * again then means it.
 */
#include "queue.h"

#include <inttypes.h>
#include <string.h>

/* Of a SHA-256: two mails do not share so many by chance. */
#define KEY_BYTES 16

/* What one recipient's key is made of, beside the address. */
struct source {
	const char *resend_key;
	const char *sender; /* NULL: the null sender */
	uint64_t digest;    /* of the body */
};

struct key {
	guint8 bytes[32];
};

static struct source
read_source(const struct submission *submission)
{
	const struct address *sender = submission->envelope->sender;

	return (struct source){
		.resend_key = submission->resend_key,
		.sender = sender == NULL ? NULL : sender->text,
		.digest = spool_digest(submission->spool),
	};
}

/* The texts end with a NUL each, so that none runs into the next. */
static struct key
make_key(const struct source *source, const char *address)
{
	const char *sender = source->sender == NULL ? "" : source->sender;
	g_autofree char *digest =
	    g_strdup_printf("%016" PRIx64, source->digest);
	const char *const texts[] = { source->resend_key, sender, digest,
		address };
	g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
	struct key key;
	gsize length = sizeof key.bytes;

	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
		g_checksum_update(checksum, (const guchar *)texts[i],
		    (gssize)strlen(texts[i]) + 1);
	g_checksum_get_digest(checksum, key.bytes, &length);
	return key;
}

static bool
is_refused(const struct queue_newcomer *newcomer, unsigned number)
{
	const struct recipient *is =
	    newcomer->known == NULL ? NULL : newcomer->known[number];

	return is != NULL && (is->state == RECIPIENT_REFUSED ||
				 is->state == RECIPIENT_DROPPED);
}

static bool
keep_one(struct queue *queue, const struct queue_newcomer *newcomer,
    const struct key *key)
{
	const struct submission *submission = newcomer->submission;
	struct query query = query_open(queue->database, "resend",
	    "INSERT OR REPLACE INTO resend (key, mail, at) VALUES (?, ?, ?)");

	query_put_bytes(&query, key->bytes, KEY_BYTES);
	query_put_text(&query, submission->id);
	query_put_number(&query, submission->received_ms);
	return query_run(&query) >= 0;
}

bool
queue_resend_keep(struct queue *queue, const struct queue_newcomer *newcomer)
{
	const struct submission *submission = newcomer->submission;
	const struct envelope *envelope = submission->envelope;
	struct source source = read_source(submission);

	if (source.resend_key == NULL)
		return true;
	for (unsigned i = 0; i < envelope->recipients->len; i++) {
		struct key key =
		    make_key(&source, envelope_recipient(envelope, i)->text);

		if (!is_refused(newcomer, i) &&
		    !keep_one(queue, newcomer, &key))
			return false;
	}
	return true;
}

/* New string; NULL: there is none. */
static char *
find_first(struct queue *queue, const struct key *key)
{
	struct query query = query_open(queue->database, "resend",
	    "SELECT at, mail FROM resend WHERE key = ?");
	char *id;

	query_put_bytes(&query, key->bytes, KEY_BYTES);
	if (!query_next(&query))
		return NULL;
	query_number(&query, INT64_MIN, INT64_MAX);
	id = query_string(&query);
	query_end(&query);
	return id;
}

enum engine_result
queue_resend_find(
    struct queue *queue, const struct submission *submission, char **ids)
{
	const struct envelope *envelope = submission->envelope;
	struct source source = read_source(submission);

	for (unsigned i = 0; i < envelope->recipients->len; i++) {
		struct key key =
		    make_key(&source, envelope_recipient(envelope, i)->text);

		ids[i] = find_first(queue, &key);
	}
	return queue->database->result;
}

static bool
forget_one(struct queue *queue, struct query *row)
{
	g_autofree char *address = NULL, *resend_key = NULL, *sender = NULL;
	g_autofree char *id = NULL;
	struct source source;
	struct query query;
	struct key key;

	query_number(row, 1, INT64_MAX);
	address = query_string(row);
	source.resend_key = resend_key = query_string(row);
	source.sender = sender = query_string_or_null(row);
	source.digest = (uint64_t)query_number(row, INT64_MIN, INT64_MAX);
	id = query_string(row);
	key = make_key(&source, address);
	query = query_open(queue->database, "resend",
	    "DELETE FROM resend WHERE key = ? AND mail = ?");
	query_put_bytes(&query, key.bytes, KEY_BYTES);
	query_put_text(&query, id);
	return query_run(&query) >= 0;
}

bool
queue_resend_forget(struct queue *queue, int64_t mail, bool whole)
{
	struct query query = query_open(queue->database, "mail",
	    "SELECT m.number, r.address, m.resend, m.sender, m.digest, m.id"
	    " FROM mail AS m JOIN recipient AS r ON r.mail = m.number"
	    " WHERE m.number = ? AND m.resend IS NOT NULL"
	    " AND (r.state IN (3, 6) OR (? AND r.state <> 2))");

	query_put_number(&query, mail);
	query_put_number(&query, whole);
	while (query_next(&query))
		if (!forget_one(queue, &query))
			break;
	return queue->database->result == ENGINE_OK;
}

enum engine_result
queue_resend_sweep(
    struct queue *queue, int64_t before_ms, unsigned most, bool *more)
{
	struct query query = query_open(queue->database, "resend",
	    "DELETE FROM resend WHERE key IN (SELECT key FROM resend"
	    " WHERE at < ? ORDER BY at LIMIT ?)");

	query_put_number(&query, before_ms);
	query_put_number(&query, most);
	*more = query_run(&query) == (int)most;
	return queue->database->result;
}
