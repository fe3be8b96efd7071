/* SPDX-License-Identifier: MIT */
#include "pace.h"

struct thing {
	int64_t quiet_ms; /* until then its beginning is not told again */
	bool told;        /* they know of it, and not that it is over */
	unsigned left_out;
	struct notice *waiting; /* it began again; NULL: it did not */
};

struct pace {
	int64_t pause_ms;
	GHashTable *things; /* "kind subject" -> struct thing */
	unsigned left_out;  /* of things that were forgotten */
};

static void
free_thing(void *object)
{
	struct thing *thing = object;

	notice_free(thing->waiting);
	g_free(thing);
}

struct pace *
pace_new(int64_t pause_ms)
{
	struct pace *pace = g_new0(struct pace, 1);

	pace->pause_ms = pause_ms;
	pace->things =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_thing);
	return pace;
}

void
pace_free(struct pace *pace)
{
	if (pace == NULL)
		return;
	g_hash_table_unref(pace->things);
	g_free(pace);
}

/* Makes room: things that may be told at once need not be remembered. */
static void
forget_old(struct pace *pace, int64_t now_ms)
{
	GHashTableIter iter;
	void *value;

	g_hash_table_iter_init(&iter, pace->things);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const struct thing *thing = value;

		if (thing->waiting != NULL || thing->quiet_ms > now_ms)
			continue;
		pace->left_out += thing->left_out;
		g_hash_table_iter_remove(&iter);
	}
}

/* The thing is told of now. */
static struct notice *
tell(struct pace *pace, struct thing *thing, struct notice *notice)
{
	notice->left_out += thing->left_out + pace->left_out;
	thing->left_out = pace->left_out = 0;
	thing->told = !notice->over;
	return notice;
}

static struct notice *
leave_out(unsigned *count, struct notice *notice)
{
	(*count)++;
	notice_free(notice);
	return NULL;
}

static struct notice *
take_end(struct pace *pace, struct thing *thing, struct notice *notice)
{
	if (thing->told)
		return tell(pace, thing, notice);
	if (thing->waiting != NULL)
		leave_out(&thing->left_out, g_steal_pointer(&thing->waiting));
	return leave_out(&thing->left_out, notice);
}

static struct notice *
take_beginning(struct pace *pace, struct thing *thing, struct notice *notice,
    int64_t now_ms)
{
	if (now_ms >= thing->quiet_ms) {
		g_clear_pointer(&thing->waiting, notice_free);
		thing->quiet_ms = now_ms + pace->pause_ms;
		return tell(pace, thing, notice);
	}
	if (thing->told)
		return leave_out(&thing->left_out, notice);
	if (thing->waiting != NULL)
		leave_out(&thing->left_out, g_steal_pointer(&thing->waiting));
	thing->waiting = notice;
	return NULL;
}

struct notice *
pace_take(struct pace *pace, struct notice *notice, int64_t now_ms)
{
	g_autofree char *name =
	    g_strconcat(notice->kind, " ", notice->subject, NULL);
	struct thing *thing = g_hash_table_lookup(pace->things, name);

	/* it was told before we remember, and nobody may be left with it */
	if (thing == NULL && notice->over)
		return notice;
	if (thing == NULL) {
		if (g_hash_table_size(pace->things) >= PACE_MAX)
			forget_old(pace, now_ms);
		if (g_hash_table_size(pace->things) >= PACE_MAX)
			return leave_out(&pace->left_out, notice);
		thing = g_new0(struct thing, 1);
		thing->quiet_ms = now_ms;
		g_hash_table_insert(
		    pace->things, g_steal_pointer(&name), thing);
	}
	return notice->over ? take_end(pace, thing, notice)
			    : take_beginning(pace, thing, notice, now_ms);
}

struct notice *
pace_due(struct pace *pace, int64_t now_ms)
{
	GHashTableIter iter;
	void *value;

	g_hash_table_iter_init(&iter, pace->things);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct thing *thing = value;

		if (thing->waiting == NULL || thing->quiet_ms > now_ms)
			continue;
		thing->quiet_ms = now_ms + pace->pause_ms;
		return tell(pace, thing, g_steal_pointer(&thing->waiting));
	}
	return NULL;
}

int64_t
pace_next(const struct pace *pace)
{
	GHashTableIter iter;
	int64_t next = 0;
	void *value;

	g_hash_table_iter_init(&iter, pace->things);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const struct thing *thing = value;

		if (thing->waiting != NULL &&
		    (next == 0 || thing->quiet_ms < next))
			next = thing->quiet_ms;
	}
	return next;
}
