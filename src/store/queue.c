/* SPDX-License-Identifier: MIT */
#include "queue.h"

#include "core/clock.h"
#include <errno.h>
#include <string.h>

/* Pages of 4 KiB that are kept for the next mails, and how many more a commit
 * gives back. */
#define SPARE_PAGES  4096
#define SHRINK_PAGES 256
#define FEW_MAILS    100

static bool
read_totals(struct queue *queue)
{
	struct queue_totals *totals = &queue->totals;
	int64_t *const numbers[] = { &totals->accepted, &totals->settled,
		&totals->bounced, &totals->dead, &totals->remaining,
		&totals->doubts, &totals->places[STORE_WAITING],
		&totals->places[STORE_ACTIVE], &totals->places[STORE_HELD],
		&totals->bytes, &totals->doubts_seen, &totals->resolved,
		&totals->possible, &totals->confirmed };
	struct query query = query_open(queue->database, "total",
	    "SELECT one, accepted, settled, bounced, dead, remaining, doubts,"
	    " waiting, active, held, bytes, doubts_seen, resolved, possible,"
	    " confirmed FROM total");

	if (!query_next(&query)) {
		if (queue->database->result == ENGINE_OK)
			database_damage(
			    queue->database, "table total has no row");
		return false;
	}
	query_number(&query, 1, 1);
	for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
		*numbers[i] = query_number(&query, 0, INT64_MAX);
	query_end(&query);
	queue->committed = *totals;
	return queue->database->result == ENGINE_OK;
}

static bool
write_totals(struct queue *queue)
{
	const struct queue_totals *totals = &queue->totals;
	const int64_t numbers[] = { totals->accepted, totals->settled,
		totals->bounced, totals->dead, totals->remaining,
		totals->doubts, totals->places[STORE_WAITING],
		totals->places[STORE_ACTIVE], totals->places[STORE_HELD],
		totals->bytes, totals->doubts_seen, totals->resolved,
		totals->possible, totals->confirmed };
	struct query query;

	if (memcmp(totals, &queue->committed, sizeof *totals) == 0)
		return true;
	query = query_open(queue->database, "total",
	    "UPDATE total SET accepted = ?, settled = ?, bounced = ?,"
	    " dead = ?, remaining = ?, doubts = ?, waiting = ?, active = ?,"
	    " held = ?, bytes = ?, doubts_seen = ?, resolved = ?,"
	    " possible = ?, confirmed = ?");
	for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
		query_put_number(&query, numbers[i]);
	return query_run(&query) == 1;
}

bool
queue_begin(struct queue *queue)
{
	return database_begin(queue->database);
}

/* The file keeps the size it once needed; when hardly a mail is left each
 * commit gives some of it back to the disk. */
static bool
give_back(struct queue *queue)
{
	const int64_t *places = queue->totals.places;
	int64_t mails =
	    places[STORE_WAITING] + places[STORE_ACTIVE] + places[STORE_HELD];
	struct query query;
	int64_t spare = 0;

	if (mails > FEW_MAILS || queue->full)
		return true;
	query = query_open(queue->database, "none", "PRAGMA freelist_count");
	if (query_next(&query)) {
		spare = query_number(&query, 0, INT64_MAX);
		query_end(&query);
	}
	return spare <= SPARE_PAGES ||
	       database_shrink(queue->database, SHRINK_PAGES);
}

bool
queue_commit(struct queue *queue)
{
	if (!write_totals(queue) || !give_back(queue) ||
	    !database_commit(queue->database))
		return false;
	queue->full = false;
	queue->committed = queue->totals;
	return true;
}

void
queue_rollback(struct queue *queue)
{
	database_rollback(queue->database);
	queue->totals = queue->committed;
}

/* Runs a literal with one or two numbers; -1 when it failed. */
static int
settle(struct queue *queue, const char *sql, int64_t first, int64_t second)
{
	struct query query = query_open(queue->database, "mail", sql);

	query_put_number(&query, first);
	query_put_number(&query, second);
	return query_run(&query);
}

/* When the open attempt for a recipient began; 0: nobody knows. */
#define BEGUN_OPEN                                 \
	"coalesce((SELECT max(begun) FROM attempt" \
	" WHERE attempt.mail = recipient.mail AND" \
	" ended IS NULL AND recipient.number IN"   \
	" (SELECT value FROM json_each(recipients))), 0)"

/* The process ended before an answer: the providers that were asked may have
 * these mails. */
static bool
settle_attempts(struct queue *queue, int64_t now_ms)
{
	int doubts = settle(queue,
	    "UPDATE recipient SET state = 4, class = 8, status = 0,"
	    " text = 'the process ended before an answer', until = ?2 + ?1,"
	    " since = " BEGUN_OPEN ", asks = 0, absent = 0"
	    " WHERE state = 1 AND mail IN"
	    " (SELECT number FROM mail WHERE due IS NULL AND hold IS NULL)",
	    now_ms, queue->options.doubt_ms);

	if (doubts < 0)
		return false;
	queue->totals.doubts += doubts;
	queue->totals.doubts_seen += doubts;
	return settle(queue,
		   "UPDATE attempt SET ended = max(?1, begun), class = ?2,"
		   " text = 'the process ended before an answer'"
		   " WHERE ended IS NULL",
		   now_ms, VERDICT_DOUBT) >= 0;
}

/* Nobody has the mails that were in dispatch. */
static bool
settle_mails(struct queue *queue, int64_t now_ms)
{
	int moved = settle(queue,
	    "UPDATE mail SET due = ?1"
	    " WHERE due IS NULL AND hold IS NULL"
	    " AND (remaining > ?2 OR (" QUEUE_OWES_REPORT "))",
	    now_ms, 0);

	if (moved < 0)
		return false;
	queue->totals.places[STORE_ACTIVE] -= moved;
	queue->totals.places[STORE_WAITING] += moved;
	return true;
}

/* What a crash left, in one transaction. */
static bool
settle_all(struct queue *queue)
{
	int64_t now_ms = clock_wall_ms();

	if (!queue_begin(queue))
		return false;
	return settle_attempts(queue, now_ms) && settle_mails(queue, now_ms) &&
	       queue_commit(queue);
}

/* On a full disk there is room once the log is in the database.  The commands,
 * which send nothing, may read what a crash left as it is. */
static bool
settle_full(struct queue *queue)
{
	if (settle_all(queue))
		return true;
	if (queue->database->result != ENGINE_FULL)
		return false;
	queue_rollback(queue);
	if (database_spare(queue->database) && settle_all(queue))
		return true;
	if (queue->database->result != ENGINE_FULL || !queue->options.offline)
		return false;
	queue_rollback(queue);
	queue->database->result = ENGINE_OK;
	return true;
}

struct queue *
queue_open(const struct engine_options *options, GError **error)
{
	struct queue *queue;
	bool damaged;
	struct database *database = database_open(options->directory,
	    &schema_queue, DATABASE_SYNC_ALL, &damaged, error);

	if (database == NULL)
		return NULL;
	queue = g_new0(struct queue, 1);
	queue->database = database;
	queue->options = *options;
	queue->directory = g_strdup(options->directory);
	queue->options.directory = queue->directory;
	if (read_totals(queue) && settle_full(queue))
		return queue;
	g_set_error(error, g_quark_from_static_string("queue"), 0,
	    "cannot open %s%s", database->error,
	    database->result == ENGINE_FULL
		? "; make room on its disk, or enlarge the file system"
		: "");
	queue_close(queue);
	return NULL;
}

void
queue_close(struct queue *queue)
{
	if (queue == NULL)
		return;
	database_close(queue->database);
	g_free(queue->directory);
	g_free(queue);
}

static enum store_place
place_of(bool due, bool hold)
{
	if (hold)
		return STORE_HELD;
	return due ? STORE_WAITING : STORE_ACTIVE;
}

enum engine_result
queue_find(struct queue *queue, const char *id, struct queue_mail *mail)
{
	struct query query = query_open(queue->database, "mail",
	    "SELECT number, due IS NOT NULL, hold IS NOT NULL, remaining,"
	    " from_text IS NOT NULL FROM mail WHERE id = ?");
	bool due, hold;

	query_put_text(&query, id);
	if (!query_next(&query))
		return queue->database->result == ENGINE_OK
			   ? ENGINE_ABSENT
			   : queue->database->result;
	mail->number = query_number(&query, 1, INT64_MAX);
	due = query_bool(&query);
	hold = query_bool(&query);
	mail->place = place_of(due, hold);
	mail->remaining = query_number(&query, 0, UINT_MAX);
	mail->headed = query_bool(&query);
	query_end(&query);
	return queue->database->result;
}

bool
queue_move(
    struct queue *queue, struct queue_mail *mail, const struct queue_move *move)
{
	struct query query = query_open(queue->database, "mail",
	    "UPDATE mail SET due = ?, landed = ?, hold = ?, remaining = ?,"
	    " planned = CASE WHEN ? THEN NULL ELSE planned END"
	    " WHERE number = ?");
	bool waits = move->place == STORE_WAITING;

	if (waits)
		query_put_number(&query, move->due_ms);
	else
		query_put_null(&query);
	if (waits && move->landed_ms > 0)
		query_put_number(&query, move->landed_ms);
	else
		query_put_null(&query);
	query_put_text(&query, move->place == STORE_HELD ? move->hold : NULL);
	query_put_number(&query, mail->remaining);
	query_put_number(&query, move->place == STORE_ACTIVE);
	query_put_number(&query, mail->number);
	if (query_run(&query) != 1)
		return false;
	queue->totals.places[mail->place]--;
	queue->totals.places[move->place]++;
	mail->place = move->place;
	return true;
}

void
queue_count(struct queue *queue, enum recipient_state state, int64_t by)
{
	struct queue_totals *totals = &queue->totals;

	if (state == RECIPIENT_ACCEPTED)
		totals->settled += by;
	else if (state == RECIPIENT_REFUSED)
		totals->bounced += by;
	else if (state == RECIPIENT_DROPPED)
		totals->dead += by;
	else
		totals->remaining += by;
	if (state == RECIPIENT_DOUBT)
		totals->doubts += by;
}

static void
count_change(struct queue *queue, struct queue_mail *mail,
    enum recipient_state from, enum recipient_state to)
{
	queue_count(queue, from, -1);
	queue_count(queue, to, 1);
	if (!recipient_is_final(from) && recipient_is_final(to))
		mail->remaining--;
}

/* False when there is no such recipient, which no caller may name. */
static bool
read_state(struct queue *queue, const struct queue_mail *mail, unsigned number,
    enum recipient_state *state)
{
	struct query query = query_open(queue->database, "recipient",
	    "SELECT mail, state FROM recipient WHERE mail = ? AND number = ?");

	query_put_number(&query, mail->number);
	query_put_number(&query, number);
	if (!query_next(&query)) {
		database_damage(queue->database,
		    "table recipient has no row for mail %" G_GINT64_FORMAT
		    ", recipient %u",
		    mail->number, number);
		return false;
	}
	query_number(&query, 1, INT64_MAX);
	*state = (enum recipient_state)query_number(
	    &query, RECIPIENT_WAITING, RECIPIENT_DROPPED);
	query_end(&query);
	return queue->database->result == ENGINE_OK;
}

bool
queue_set_recipient(struct queue *queue, struct queue_mail *mail,
    unsigned number, const struct recipient *is)
{
	struct story story = { queue->database, mail->number };
	enum recipient_state from;

	if (!read_state(queue, mail, number, &from))
		return false;
	if (recipient_is_final(from) && is->state != from)
		return true;
	if (!story_set_recipient(&story, number, is))
		return false;
	count_change(queue, mail, from, is->state);
	return true;
}

bool
queue_turn_recipients(struct queue *queue, struct queue_mail *mail,
    enum recipient_state from, enum recipient_state to)
{
	struct query query = query_open(queue->database, "recipient",
	    "UPDATE recipient SET state = ?, until = 0"
	    " WHERE mail = ? AND state = ?");
	int changed;

	query_put_number(&query, to);
	query_put_number(&query, mail->number);
	query_put_number(&query, from);
	changed = query_run(&query);
	for (int i = 0; i < changed; i++)
		count_change(queue, mail, from, to);
	return changed >= 0;
}

char *
queue_body_path(const struct queue *queue, const char *id)
{
	return g_build_filename(queue->directory, "bodies", id, NULL);
}

/* Each returns NULL and in *wrong the errno of what failed. */
static struct spool *
open_file(struct queue *queue, const struct queue_body *body, int *wrong)
{
	g_autofree char *path = queue_body_path(queue, body->id);
	struct spool *spool =
	    spool_open(queue->options.place, path, body->size, body->digest);

	*wrong = errno;
	return spool;
}

static struct spool *
copy_row(struct queue *queue, struct query *query, int *wrong)
{
	struct spool *spool = spool_new(queue->options.place);
	const void *bytes;
	size_t length;

	query_number(query, 1, INT64_MAX);
	bytes = query_bytes(query, &length);
	if (spool_append(spool, bytes, length) && spool_seal(spool))
		return spool;
	*wrong = errno;
	spool_unref(spool);
	return NULL;
}

static struct spool *
open_row(struct queue *queue, const struct queue_body *body, int *wrong)
{
	struct query query = query_open(queue->database, "body",
	    "SELECT mail, bytes FROM body WHERE mail = ?");
	struct spool *spool;

	*wrong = ENOENT;
	query_put_number(&query, body->number);
	if (!query_next(&query))
		return NULL;
	spool = copy_row(queue, &query, wrong);
	query_end(&query);
	if (spool == NULL || (spool_size(spool) == body->size &&
				 spool_digest(spool) == body->digest))
		return spool;
	*wrong = EBADMSG;
	spool_unref(spool);
	return NULL;
}

/* Someone must look after it: trying again finds the same. */
static bool
is_missing(int wrong)
{
	switch (wrong) {
	case 0:
	case EMFILE:
	case ENFILE:
	case ENOMEM:
	case EINTR:
	case EAGAIN:
		return false;
	default:
		return true;
	}
}

static const char *
tell_wrong(int wrong)
{
	if (wrong == EBADMSG)
		return "not the bytes that were received";
	return wrong == ELOOP ? "a symbolic link" : strerror(wrong);
}

struct spool *
queue_body_open(struct queue *queue, const struct queue_body *body,
    bool *missing, char **why)
{
	int wrong = 0;
	struct spool *spool = body->in_file ? open_file(queue, body, &wrong)
					    : open_row(queue, body, &wrong);

	*missing = spool == NULL && is_missing(wrong);
	if (spool == NULL)
		*why = g_strdup_printf("%s%s: %s",
		    body->in_file ? "the file bodies/" : "the body",
		    body->in_file ? body->id : "", tell_wrong(wrong));
	return spool;
}
