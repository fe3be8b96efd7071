/* SPDX-License-Identifier: MIT */
/* What people do to mails: retry, hold, release, drop; each leaves a row. */
#include "queue.h"

#define BEING_SENT "it is being sent now: ask again when it waits"

/* What is done from which place; an obstacle where it cannot be. */
static const struct deed {
	const char *what;
	const char *obstacles[STORE_FINISHED];
} deeds[] = {
	[STORE_RETRY] = { "retry",
	    { [STORE_ACTIVE] = BEING_SENT,
		[STORE_HELD] = "it is held: release it" } },
	[STORE_HOLD] = { "hold", { [STORE_ACTIVE] = BEING_SENT,
				     [STORE_HELD] = "it is held already" } },
	[STORE_RELEASE] = { "release",
	    { [STORE_WAITING] = "it is not held",
		[STORE_ACTIVE] = "it is not held" } },
	[STORE_DROP] = { "drop", { [STORE_ACTIVE] = BEING_SENT } },
};

struct act {
	struct queue *queue;
	struct store_ask *ask;
	const struct deed *deed;
	int64_t now_ms;
	GPtrArray *finished;
};

static bool
drop_recipients(struct queue *queue, struct queue_mail *mail)
{
	static const enum recipient_state states[] = { RECIPIENT_WAITING,
		RECIPIENT_OPEN, RECIPIENT_DOUBT, RECIPIENT_HELD };

	for (size_t i = 0; i < G_N_ELEMENTS(states); i++)
		if (!queue_turn_recipients(
			queue, mail, states[i], RECIPIENT_DROPPED))
			return false;
	return true;
}

/* Does it to one mail; false when something went wrong. */
static bool
change_mail(struct act *act, struct queue_mail *mail)
{
	g_autofree char *hold = g_strdup_printf("held by %s", act->ask->who);
	struct queue_move move = {
		.place = STORE_WAITING,
		.due_ms = act->now_ms,
		.hold = hold,
	};

	switch (act->ask->question) {
	case STORE_RETRY:
		break;
	case STORE_HOLD:
		move.place = STORE_HELD;
		break;
	case STORE_RELEASE:
		if (!queue_turn_recipients(
			act->queue, mail, RECIPIENT_HELD, RECIPIENT_WAITING))
			return false;
		break;
	case STORE_DROP:
		if (!drop_recipients(act->queue, mail))
			return false;
		move.place = STORE_ACTIVE; /* until it is removed */
		break;
	case STORE_LIST:
	case STORE_MAIL:
	case STORE_BODY:
	case STORE_COUNTS:
		g_assert_not_reached();
	}
	return queue_move(act->queue, mail, &move);
}

static enum engine_result
act_on(struct act *act, const char *id)
{
	struct database *database = act->queue->database;
	struct store_act done = {
		.at_ms = act->now_ms,
		.what = (char *)act->deed->what,
		.who = (char *)act->ask->who,
	};
	struct queue_mail mail;
	struct story story;
	enum engine_result result = queue_find(act->queue, id, &mail);

	if (result == ENGINE_ABSENT)
		return ENGINE_OK;
	if (result != ENGINE_OK)
		return result;
	act->ask->found = true;
	if (act->deed->obstacles[mail.place] != NULL) {
		g_free(act->ask->obstacle);
		act->ask->obstacle = g_strdup(act->deed->obstacles[mail.place]);
		return ENGINE_OK;
	}
	story = (struct story){ database, mail.number };
	if (!change_mail(act, &mail) || !story_add_act(&story, &done))
		return database->result;
	act->ask->changed++;
	if (mail.remaining == 0)
		g_ptr_array_add(act->finished, g_strdup(id));
	return ENGINE_OK;
}

/* Waiting mails; a retry leaves out what is due already, so that the next slice
 * goes on behind this one. */
static void
collect_waiting(struct act *act, unsigned most, GPtrArray *ids)
{
	static const char *const selects[] = {
		"SELECT id FROM mail WHERE due > ? AND rounds = 0"
		" ORDER BY due LIMIT ?",
		"SELECT id FROM mail WHERE due > ? AND rounds > 0"
		" ORDER BY due LIMIT ?",
	};
	int64_t after = act->ask->question == STORE_RETRY ? act->now_ms : -1;

	for (size_t i = 0; i < G_N_ELEMENTS(selects); i++) {
		struct query query =
		    query_open(act->queue->database, "mail", selects[i]);

		query_put_number(&query, after);
		query_put_number(&query, most - ids->len);
		queue_due_collect(&query, ids);
	}
}

static void
collect_held(struct act *act, unsigned most, GPtrArray *ids)
{
	struct query query = query_open(act->queue->database, "mail",
	    "SELECT id FROM mail WHERE hold IS NOT NULL ORDER BY id LIMIT ?");

	query_put_number(&query, most - ids->len);
	queue_due_collect(&query, ids);
}

static bool
is_meant(const struct act *act, enum store_place place)
{
	int asked = act->ask->place;

	return (asked == -1 || asked == (int)place) &&
	       act->deed->obstacles[place] == NULL;
}

static enum engine_result
act_on_many(struct act *act, unsigned most)
{
	GPtrArray *ids = g_ptr_array_new_with_free_func(g_free);
	enum engine_result result = act->queue->database->result;

	act->ask->found = true;
	if (is_meant(act, STORE_WAITING))
		collect_waiting(act, most, ids);
	if (is_meant(act, STORE_HELD))
		collect_held(act, most, ids);
	for (unsigned i = 0; i < ids->len && result == ENGINE_OK; i++)
		result = act_on(act, g_ptr_array_index(ids, i));
	g_ptr_array_unref(ids);
	return act->queue->database->result;
}

enum engine_result
queue_act(struct queue *queue, struct store_ask *ask, unsigned most,
    int64_t now_ms, GPtrArray *finished)
{
	struct act act = { queue, ask, &deeds[ask->question], now_ms,
		finished };

	ask->changed = 0;
	if (ask->who == NULL)
		ask->who = "unknown";
	return ask->id != NULL ? act_on(&act, ask->id)
			       : act_on_many(&act, most);
}
