/* SPDX-License-Identifier: MIT */
/*
 * Reports that are owed: what a provider told of a recipient after it had taken
 * his mail, and the sender is to be told.  A row is there once per recipient,
 * and stays for a time when the report was made, or none is to be.
 */
#include "queue.h"

/* No report is to be made. */
#define NONE "-"

bool
queue_owed_add(struct queue *queue, const struct engine_hearing *hearing)
{
	const struct event *event = hearing->event;
	struct query query = query_open(queue->database, "owed",
	    "INSERT OR IGNORE INTO owed (mail, recipient, provider, status,"
	    " enhanced, text, at, heard) VALUES (?, ?, ?, ?, ?, ?, ?, ?)");

	query_put_text(&query, hearing->id);
	query_put_number(&query, hearing->number);
	query_put_text(&query, event->provider);
	query_put_number(&query, event->status);
	query_put_text(&query, event->enhanced);
	query_put_text(&query, event->text);
	query_put_number(&query, MAX(event->at_ms, 0));
	query_put_number(&query, hearing->now_ms);
	return query_run(&query) >= 0;
}

bool
queue_owed_forget(struct queue *queue, int64_t before_ms, unsigned most)
{
	struct query query = query_open(queue->database, "owed",
	    "DELETE FROM owed WHERE number IN (SELECT number FROM owed"
	    " WHERE made IS NOT NULL AND heard < ? LIMIT ?)");

	query_put_number(&query, before_ms);
	query_put_number(&query, most);
	return query_run(&query) >= 0;
}

enum engine_result
queue_owed_next(struct queue *queue, struct store_owed **owed)
{
	struct query query = query_open(queue->database, "owed",
	    "SELECT recipient, mail, provider, status, enhanced, text, at"
	    " FROM owed WHERE made IS NULL ORDER BY number LIMIT 1");
	struct store_owed *next;

	*owed = NULL;
	if (!query_next(&query))
		return queue->database->result;
	next = *owed = g_new0(struct store_owed, 1);
	next->number = (unsigned)query_number(&query, 0, UINT_MAX);
	g_autofree char *id = query_string(&query);
	g_strlcpy(next->id, id, sizeof next->id);
	next->provider = query_string(&query);
	next->status = (unsigned)query_number(&query, 0, UINT_MAX);
	next->enhanced = query_string_or_null(&query);
	next->text = query_string_or_null(&query);
	next->at_ms = query_number(&query, 0, INT64_MAX);
	query_end(&query);
	if (queue->database->result != ENGINE_OK)
		g_clear_pointer(owed, store_owed_free);
	return queue->database->result;
}

enum engine_result
queue_owed_settle(struct queue *queue, const struct journal *journal)
{
	struct query query = query_open(queue->database, "owed",
	    "UPDATE owed SET made = ? WHERE mail = ? AND recipient = ?"
	    " AND made IS NULL");
	int changed;

	query_put_text(
	    &query, journal->report == NULL ? NONE : journal->report->id);
	query_put_text(&query, journal->owed_id);
	query_put_number(&query, journal->owed_number);
	changed = query_run(&query);
	if (changed < 0)
		return queue->database->result;
	return changed == 1 ? ENGINE_OK : ENGINE_ABSENT;
}
