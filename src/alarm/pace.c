/* SPDX-License-Identifier: MIT */
#include "pace.h"

struct thing {
	int64_t quiet_ms; /* until then its beginning is not told again */
	bool told;        /* they know of it, and not that it is over */
	unsigned left_out;
	struct notice *waiting; /* it began again; NULL: it did not */
	unsigned count;         /* of a group: how many wait */
	GString *names;         /* the first of them; NULL: none waits */
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
	if (thing->names != NULL)
		g_string_free(thing->names, TRUE);
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

/* ---- groups ---- */

/* The notice is the latest of its group. */
static void
gather(struct pace *pace, struct thing *thing, struct notice *notice,
    int64_t now_ms)
{
	if (thing->waiting == NULL) {
		thing->quiet_ms = MAX(thing->quiet_ms,
		    now_ms + MIN(pace->pause_ms, PACE_GATHER_MS));
		thing->names = g_string_new(NULL);
	} else {
		notice->since_ms = thing->waiting->since_ms;
		leave_out(&thing->left_out, thing->waiting);
	}
	if (++thing->count <= PACE_NAMES)
		g_string_append_printf(thing->names, "%s%s",
		    thing->count > 1 ? ", " : "", notice->subject);
	thing->waiting = notice;
}

static void
name_all(struct thing *thing)
{
	struct notice *notice = thing->waiting;
	g_autofree char *last = notice->text;

	if (thing->count > PACE_NAMES)
		g_string_append_printf(
		    thing->names, " and %u more", thing->count - PACE_NAMES);
	notice->text = g_strdup_printf("%u times: %s; the last: %s",
	    thing->count, thing->names->str, last);
}

static struct notice *
take_waiting(struct pace *pace, struct thing *thing)
{
	if (thing->count > 1)
		name_all(thing);
	thing->count = 0;
	if (thing->names != NULL)
		g_string_free(g_steal_pointer(&thing->names), TRUE);
	return tell(pace, thing, g_steal_pointer(&thing->waiting));
}

/* ---- the whole ---- */

struct notice *
pace_take(struct pace *pace, struct notice *notice, int64_t now_ms)
{
	bool grouped = notice->group != NULL && !notice->over;
	g_autofree char *name =
	    g_strconcat(notice->kind, grouped ? " of " : " ",
		grouped ? notice->group : notice->subject, NULL);
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
	if (grouped) {
		gather(pace, thing, notice, now_ms);
		return NULL;
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
		return take_waiting(pace, thing);
	}
	return NULL;
}

struct notice *
pace_flush(struct pace *pace)
{
	GHashTableIter iter;
	void *value;

	g_hash_table_iter_init(&iter, pace->things);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct thing *thing = value;

		if (thing->count > 0)
			return take_waiting(pace, thing);
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
