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

/* Mails that one slice looks at, whether they are meant or not. */
#define LOOKS 5000

struct act {
	struct queue *queue;
	struct engine_act *asked;
	struct store_ask *ask;
	const struct deed *deed;
	int64_t now_ms;
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
	return queue_resend_forget(queue, mail->number, false);
}

/* Who is in doubt is sent it once more when a person names the mail, who knows
 * or may find out that it did not arrive: not of all at once. */
static bool
release_recipients(struct act *act, struct queue_mail *mail)
{
	if (act->ask->id != NULL && !queue_turn_recipients(act->queue, mail,
					RECIPIENT_DOUBT, RECIPIENT_WAITING))
		return false;
	return queue_turn_recipients(
	    act->queue, mail, RECIPIENT_HELD, RECIPIENT_WAITING);
}

/* A round that a person wants is none of its schedule. */
static bool
keep_planned(struct queue *queue, const struct queue_mail *mail)
{
	struct query query = query_open(queue->database, "mail",
	    "UPDATE mail SET planned = coalesce(planned, due, 0)"
	    " WHERE number = ?");

	query_put_number(&query, mail->number);
	return query_run(&query) == 1;
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
		if (!release_recipients(act, mail))
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
	case STORE_SUPPRESSED:
	case STORE_SUPPRESS:
	case STORE_UNSUPPRESS:
		g_assert_not_reached();
	}
	return keep_planned(act->queue, mail) &&
	       queue_move(act->queue, mail, &move);
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
		act->ask->obstacle = g_strdup_printf(
		    "mail %s: %s", id, act->deed->obstacles[mail.place]);
		return ENGINE_OK;
	}
	story = (struct story){ database, mail.number };
	if (!change_mail(act, &mail) || !story_add_act(&story, &done))
		return database->result;
	act->ask->changed++;
	if (mail.remaining == 0 && mail.place == STORE_ACTIVE)
		g_ptr_array_add(act->asked->finished, g_strdup(id));
	return ENGINE_OK;
}

static bool
is_meant(const struct act *act, enum store_place place)
{
	int asked = act->ask->place;

	return (asked == -1 || asked == (int)place) &&
	       act->deed->obstacles[place] == NULL;
}

/* The first slice: mails that come later are not meant. */
static void
find_bound(struct act *act)
{
	struct query query = query_open(act->queue->database, "mail",
	    "SELECT number FROM mail ORDER BY number DESC LIMIT 1");

	if (!query_next(&query))
		return;
	act->asked->bound = query_number(&query, 1, INT64_MAX);
	query_end(&query);
}

/* Looks at the next row; a retry leaves out what is due already. */
static void
collect_row(struct act *act, struct query *query, GPtrArray *ids)
{
	int64_t due_ms;
	bool waits, held;

	act->asked->at = query_number(query, 1, INT64_MAX);
	waits = query_bool(query);
	held = query_bool(query);
	due_ms = query_number(query, INT64_MIN, INT64_MAX);
	if (!waits && !held)
		return;
	if (!is_meant(act, held ? STORE_HELD : STORE_WAITING))
		return;
	if (act->ask->question != STORE_RETRY || due_ms > act->now_ms)
		g_ptr_array_add(ids, query_string(query));
}

static void
collect(struct act *act, GPtrArray *ids)
{
	struct query query = query_open(act->queue->database, "mail",
	    "SELECT number, due IS NOT NULL, hold IS NOT NULL,"
	    " coalesce(due, 0), id FROM mail WHERE number > ? AND number <= ?"
	    " ORDER BY number LIMIT ?");
	unsigned looks = 0;

	query_put_number(&query, act->asked->at);
	query_put_number(&query, act->asked->bound);
	query_put_number(&query, LOOKS);
	while (ids->len < act->asked->most && query_next(&query)) {
		collect_row(act, &query, ids);
		looks++;
	}
	if (ids->len == act->asked->most)
		query_end(&query);
	else
		act->asked->done = looks < LOOKS;
}

static enum engine_result
act_on_many(struct act *act)
{
	g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
	const struct database *database = act->queue->database;
	enum engine_result result;

	act->ask->found = true;
	if (act->asked->at == 0)
		find_bound(act);
	collect(act, ids);
	result = database->result;
	for (unsigned i = 0; i < ids->len && result == ENGINE_OK; i++)
		result = act_on(act, ids->pdata[i]);
	return result;
}

enum engine_result
queue_act(struct queue *queue, struct engine_act *asked)
{
	struct store_ask *ask = asked->ask;
	struct act act = { queue, asked, ask, &deeds[ask->question],
		asked->now_ms };

	ask->changed = 0;
	if (ask->who == NULL)
		ask->who = "unknown";
	if (ask->id == NULL)
		return act_on_many(&act);
	asked->done = true;
	return act_on(&act, ask->id);
}
