/* SPDX-License-Identifier: MIT */
/*
 * Which mails are to be loaded.  Each select has an index of its own that holds
 * nothing else, so it costs what it returns.
 */
#include "queue.h"

/* Mails that one call brings back from the future, of each kind. */
#define CLAMPS 1000

void
queue_due_collect(struct query *query, GPtrArray *ids)
{
	while (query_next(query))
		g_ptr_array_add(ids, query_string(query));
}

static void
find_due(struct queue *queue, const struct engine_due *due, GPtrArray *ids)
{
	struct query query = query_open(queue->database, "mail",
	    due->fresh ? "SELECT id FROM mail WHERE due <= ? AND rounds = 0"
			 " ORDER BY due LIMIT ?"
		       : "SELECT id FROM mail WHERE due <= ? AND rounds > 0"
			 " ORDER BY due LIMIT ?");

	query_put_number(&query, due->now_ms);
	query_put_number(&query, due->most);
	queue_due_collect(&query, ids);
}

/* Not due, but what they wait for has come; those that wait longest first. */
static void
find_woken(struct queue *queue, const struct engine_due *due, GPtrArray *ids)
{
	struct query query = query_open(queue->database, "mail",
	    "SELECT id FROM mail INDEXED BY mail_woken"
	    " WHERE due IS NOT NULL AND landed < ? AND"
	    " (due > ? OR rounds = 0) ORDER BY landed LIMIT ?");

	query_put_number(&query, due->woken_ms);
	query_put_number(&query, due->now_ms);
	query_put_number(&query, due->most - ids->len);
	queue_due_collect(&query, ids);
}

enum engine_result
queue_due(struct queue *queue, const struct engine_due *due, GPtrArray *ids)
{
	GPtrArray *found = g_ptr_array_new();

	find_due(queue, due, found);
	if (!due->fresh && due->woken_ms > 0 && found->len < due->most)
		find_woken(queue, due, found);
	g_ptr_array_extend_and_steal(ids, found);
	return queue->database->result;
}

static int64_t
read_first(struct queue *queue, const char *sql)
{
	struct query query = query_open(queue->database, "mail", sql);
	int64_t due_ms = 0;

	if (!query_next(&query))
		return 0;
	due_ms = query_number(&query, 0, INT64_MAX);
	query_end(&query);
	return MAX(due_ms, 1); /* 0 says that none waits */
}

enum engine_result
queue_due_next(struct queue *queue, int64_t *due_ms)
{
	int64_t fresh = read_first(queue,
	    "SELECT due FROM mail WHERE due IS NOT NULL AND rounds = 0"
	    " ORDER BY due LIMIT 1");
	int64_t tried = read_first(queue,
	    "SELECT due FROM mail WHERE due IS NOT NULL AND rounds > 0"
	    " ORDER BY due LIMIT 1");

	*due_ms = fresh == 0 || (tried > 0 && tried < fresh) ? tried : fresh;
	return queue->database->result;
}

#define BEYOND(rounds)                                        \
	" (SELECT number FROM mail WHERE due > ?1 AND rounds" \
	" " rounds " 0 ORDER BY due, number LIMIT ?2)"

/* How many rows it changed, -1 when it failed. */
static int
clamp(struct queue *queue, const char *sql, int64_t to_ms)
{
	struct query query = query_open(queue->database, "mail", sql);

	query_put_number(&query, to_ms);
	query_put_number(&query, CLAMPS);
	return query_run(&query);
}

/* They did land before now, nobody knows when; early enough that whoever is
 * woken from now on is among them. */
static int
clamp_landed(struct queue *queue, int64_t now_ms, int64_t most_ms)
{
	struct query query = query_open(queue->database, "mail",
	    "UPDATE mail SET landed = ? WHERE number IN"
	    " (SELECT number FROM mail INDEXED BY mail_woken"
	    " WHERE due IS NOT NULL AND landed > ?"
	    " ORDER BY landed DESC LIMIT ?)");

	query_put_number(&query, now_ms - most_ms);
	query_put_number(&query, now_ms);
	query_put_number(&query, CLAMPS);
	return query_run(&query);
}

enum engine_result
queue_due_clamp(
    struct queue *queue, int64_t now_ms, int64_t most_ms, bool *more)
{
	static const char *const sqls[] = {
		"UPDATE recipient SET until = ?1 WHERE until > ?1"
		" AND mail IN" BEYOND("="),
		"UPDATE recipient SET until = ?1 WHERE until > ?1"
		" AND mail IN" BEYOND(">"),
		"UPDATE mail SET due = ?1 WHERE number IN" BEYOND("="),
		"UPDATE mail SET due = ?1 WHERE number IN" BEYOND(">"),
		"UPDATE mail SET planned = ?1 WHERE number IN"
		" (SELECT number FROM mail INDEXED BY mail_planned"
		" WHERE planned > ?1 LIMIT ?2)",
	};
	int changed = 0;

	*more = false;
	for (size_t i = 0; i < G_N_ELEMENTS(sqls) && changed >= 0; i++) {
		changed = clamp(queue, sqls[i], now_ms + most_ms);
		*more |= i >= 2 && changed == CLAMPS;
	}
	*more |= clamp_landed(queue, now_ms, most_ms) == CLAMPS;
	return queue->database->result;
}
