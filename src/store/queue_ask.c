/* SPDX-License-Identifier: MIT */
/* Answers to LIST, MAIL, BODY and COUNTS. */
#include "queue.h"

#include "answer.h"
#include "listing.h"

/* Up to so many mails the rows are counted; of more the counter is told, which
 * the tests compare with the rows. */
#define COUNT_MAX 20000

#define MAIL_COLUMNS STORY_MAIL_COLUMNS ", due, hold"

static struct store_mail *
read_mail(struct query *query, int64_t *number)
{
	struct store_mail *mail = story_read_mail(query, number);
	int64_t due = query_number_or(query, -1, INT64_MAX);

	mail->hold = query_string_or_null(query);
	mail->place = STORE_ACTIVE;
	if (mail->hold != NULL)
		mail->place = STORE_HELD;
	else if (due >= 0)
		mail->place = STORE_WAITING;
	mail->due_ms = MAX(due, 0);
	return mail;
}

#define SELECT  "SELECT " MAIL_COLUMNS " FROM mail WHERE id > ? AND id < ?"
#define WAITING " AND due IS NOT NULL"
#define ACTIVE  " AND due IS NULL AND hold IS NULL"
#define HELD    " AND hold IS NOT NULL"
#define OLDEST  " ORDER BY id LIMIT ?"
#define NEWEST  " ORDER BY id DESC LIMIT ?"

static const char *
select_list(const struct store_ask *ask)
{
	static const char *const selects[][2] = {
		[STORE_WAITING] = { SELECT WAITING OLDEST,
		    SELECT WAITING NEWEST },
		[STORE_ACTIVE] = { SELECT ACTIVE OLDEST, SELECT ACTIVE NEWEST },
		[STORE_HELD] = { SELECT HELD OLDEST, SELECT HELD NEWEST },
	};
	static const char *const all[] = { SELECT OLDEST, SELECT NEWEST };

	return ask->place < 0 ? all[ask->newest]
			      : selects[ask->place][ask->newest];
}

static void
answer_list(struct queue *queue, struct store_ask *ask)
{
	struct listing listing;
	struct query query;

	ask->mails = store_mails_new();
	ask->found = true;
	if (ask->place == STORE_FINISHED)
		return;
	query = query_open(queue->database, "mail", select_list(ask));
	listing_begin(&listing, ask);
	listing_put(&query, &listing);
	listing_answer(&query, read_mail, ask);
}

static void
answer_mail(struct queue *queue, struct store_ask *ask)
{
	struct query query = query_open(queue->database, "mail",
	    "SELECT " MAIL_COLUMNS " FROM mail WHERE id = ?");

	ask->mails = store_mails_new();
	story_answer_mail(&query, read_mail, ask);
	/* the records are asked next */
	if (!ask->found)
		g_clear_pointer(&ask->mails, g_ptr_array_unref);
}

static void
answer_body(struct queue *queue, struct store_ask *ask)
{
	struct queue_body body = { .id = ask->id };
	bool missing;
	struct query query = query_open(queue->database, "mail",
	    "SELECT number, in_file, size, digest FROM mail WHERE id = ?");

	query_put_text(&query, ask->id);
	if (!query_next(&query))
		return;
	body.number = query_number(&query, 1, INT64_MAX);
	body.in_file = query_bool(&query);
	body.size = (uint64_t)query_number(&query, 0, INT64_MAX);
	body.digest = (uint64_t)query_number(&query, INT64_MIN, INT64_MAX);
	query_end(&query);
	ask->found = true;
	ask->spool = queue_body_open(queue, &body, &missing, &ask->obstacle);
}

static int64_t
read_one(struct queue *queue, const char *sql)
{
	struct query query = query_open(queue->database, "mail", sql);
	int64_t number = 0;

	if (query_next(&query)) {
		number = query_number(&query, 0, INT64_MAX);
		query_end(&query);
	}
	return number;
}

static void
answer_counts(struct queue *queue, struct store_ask *ask)
{
	const struct queue_totals *totals = &queue->totals;
	const int64_t *places = totals->places;
	struct store_counts *counts = &ask->counts;
	int64_t mails =
	    places[STORE_WAITING] + places[STORE_ACTIVE] + places[STORE_HELD];

	ask->found = true;
	counts->waiting = (uint64_t)places[STORE_WAITING];
	counts->active = (uint64_t)places[STORE_ACTIVE];
	counts->held = (uint64_t)places[STORE_HELD];
	counts->doubts = (uint64_t)totals->doubts;
	counts->bytes = (uint64_t)totals->bytes;
	counts->totals.accepted = (uint64_t)totals->accepted;
	counts->totals.settled = (uint64_t)totals->settled;
	counts->totals.bounced = (uint64_t)totals->bounced;
	counts->totals.dead = (uint64_t)totals->dead;
	counts->totals.waiting = (uint64_t)totals->remaining;
	counts->totals.doubts = (uint64_t)totals->doubts_seen;
	counts->totals.resolved = (uint64_t)totals->resolved;
	counts->totals.possible = (uint64_t)totals->possible;
	counts->totals.confirmed = (uint64_t)totals->confirmed;
	if (mails <= COUNT_MAX)
		counts->totals.waiting =
		    (uint64_t)read_one(queue, "SELECT count(*) FROM recipient"
					      " WHERE state NOT IN (2, 3, 6)");
	/* Numbers are given in the order of coming. */
	counts->oldest_ms = read_one(
	    queue, "SELECT received FROM mail ORDER BY number LIMIT 1");
}

enum engine_result
queue_ask(struct queue *queue, struct store_ask *ask)
{
	ask->found = false;
	switch (ask->question) {
	case STORE_LIST:
		answer_list(queue, ask);
		break;
	case STORE_MAIL:
		answer_mail(queue, ask);
		break;
	case STORE_BODY:
		answer_body(queue, ask);
		break;
	case STORE_COUNTS:
		answer_counts(queue, ask);
		break;
	case STORE_SUPPRESSED:
		queue_suppress_list(queue, ask);
		break;
	case STORE_RETRY:
	case STORE_HOLD:
	case STORE_RELEASE:
	case STORE_DROP:
	case STORE_SUPPRESS:
	case STORE_UNSUPPRESS:
		g_assert_not_reached();
	}
	return queue->database->result;
}
