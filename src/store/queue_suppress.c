/* SPDX-License-Identifier: MIT */
/* The suppression list: a row per address; the first reason stays. */
#include "queue.h"

#define LIST_DEFAULT 1000

/* What read_one() reads. */
#define COLUMNS "why, address, provider, mail, text, who, at"

bool
queue_suppress_add(
    struct queue *queue, const struct suppression *suppression, bool *fresh)
{
	struct query query = query_open(queue->database, "suppression",
	    "INSERT OR IGNORE INTO suppression (address, why, provider, mail,"
	    " text, who, at) VALUES (?, ?, ?, ?, ?, ?, ?)");
	int changed;

	query_put_text(&query, suppression->address);
	query_put_number(&query, suppression->why);
	query_put_text(&query, suppression->provider);
	query_put_text(&query, suppression->mail_id);
	query_put_text(&query, suppression->text);
	query_put_text(&query, suppression->who);
	query_put_number(&query, suppression->at_ms);
	changed = query_run(&query);
	*fresh = changed == 1;
	return changed >= 0;
}

static bool
remove_one(struct queue *queue, const char *address, bool *gone)
{
	struct query query = query_open(queue->database, "suppression",
	    "DELETE FROM suppression WHERE address = ?");
	int changed;

	query_put_text(&query, address);
	changed = query_run(&query);
	*gone = changed == 1;
	return changed >= 0;
}

enum engine_result
queue_suppress_act(struct queue *queue, struct engine_act *act)
{
	struct store_ask *ask = act->ask;
	bool done;

	ask->changed = 0;
	ask->found = act->done = true;
	for (unsigned i = 0; i < ask->entries->len; i++) {
		const struct suppression *one = ask->entries->pdata[i];
		bool good = ask->question == STORE_SUPPRESS
				? queue_suppress_add(queue, one, &done)
				: remove_one(queue, one->address, &done);

		if (!good)
			break;
		ask->changed += done;
	}
	return queue->database->result;
}

static struct suppression *
read_one(struct query *query)
{
	enum suppression_why why =
	    (enum suppression_why)query_number(query, 0, SUPPRESSION_WHYS - 1);
	struct suppression *one = suppression_new(query_string(query), why);

	one->provider = query_string_or_null(query);
	one->mail_id = query_string_or_null(query);
	one->text = query_string_or_null(query);
	one->who = query_string(query);
	one->at_ms = query_number(query, 0, INT64_MAX);
	return one;
}

static void
find_one(struct queue *queue, struct store_ask *ask)
{
	struct query query = query_open(queue->database, "suppression",
	    "SELECT " COLUMNS " FROM suppression WHERE address = ?");

	query_put_text(&query, ask->address);
	if (!query_next(&query))
		return;
	g_ptr_array_add(ask->suppressions, read_one(&query));
	query_end(&query);
}

static void
list_some(struct queue *queue, struct store_ask *ask)
{
	unsigned limit = ask->limit == 0 ? LIST_DEFAULT : ask->limit;
	struct query query = query_open(queue->database, "suppression",
	    "SELECT " COLUMNS " FROM suppression WHERE address > ?"
	    " ORDER BY address LIMIT ?");

	query_put_text(&query, ask->id == NULL ? "" : ask->id);
	query_put_number(&query, limit);
	while (query_next(&query))
		g_ptr_array_add(ask->suppressions, read_one(&query));
	if (ask->suppressions->len == limit) {
		const struct suppression *last =
		    ask->suppressions->pdata[limit - 1];

		ask->next_address = g_strdup(last->address);
	}
}

void
queue_suppress_list(struct queue *queue, struct store_ask *ask)
{
	ask->suppressions = g_ptr_array_new_with_free_func(suppression_free);
	if (ask->address != NULL)
		find_one(queue, ask);
	else
		list_some(queue, ask);
	ask->found = true;
}

enum engine_result
queue_suppress_each(struct queue *queue, store_suppressed_fn each, void *object)
{
	struct query query = query_open(queue->database, "suppression",
	    "SELECT why, address FROM suppression");

	while (query_next(&query)) {
		enum suppression_why why = (enum suppression_why)query_number(
		    &query, 0, SUPPRESSION_WHYS - 1);
		g_autofree char *address = query_string(&query);

		each(object, address, why);
	}
	return queue->database->result;
}
