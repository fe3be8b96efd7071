/* SPDX-License-Identifier: MIT */
#include "alarms.h"

#include "core/clock.h"

struct alarms {
	alarm_fn alarm;
	void *object;
	GHashTable *on; /* "kind subject" -> int64_t *: since when */
};

struct alarms *
alarms_new(alarm_fn alarm, void *object)
{
	struct alarms *alarms = g_new0(struct alarms, 1);

	alarms->alarm = alarm;
	alarms->object = object;
	alarms->on =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return alarms;
}

void
alarms_free(struct alarms *alarms)
{
	if (alarms == NULL)
		return;
	g_hash_table_unref(alarms->on);
	g_free(alarms);
}

static void
tell(const struct alarms *alarms, const struct alarm *alarm)
{
	if (alarms->alarm != NULL)
		alarms->alarm(alarms->object, alarm);
}

static char *
make_key(const char *kind, const char *subject)
{
	return g_strconcat(kind, " ", subject, NULL);
}

void
alarms_ring(struct alarms *alarms, const struct alarm *alarm)
{
	struct alarm one = *alarm;

	if (one.since_ms == 0)
		one.since_ms = clock_wall_ms();
	tell(alarms, &one);
}

void
alarms_begin(struct alarms *alarms, const struct alarm *alarm)
{
	g_autofree char *key = make_key(alarm->kind, alarm->subject);
	struct alarm one = *alarm;

	if (g_hash_table_contains(alarms->on, key))
		return;
	if (one.since_ms == 0)
		one.since_ms = clock_wall_ms();
	g_hash_table_insert(alarms->on, g_steal_pointer(&key),
	    g_memdup2(&one.since_ms, sizeof one.since_ms));
	tell(alarms, &one);
}

void
alarms_end(struct alarms *alarms, const char *kind, const char *subject,
    const char *text)
{
	g_autofree char *key = make_key(kind, subject);
	const int64_t *since = g_hash_table_lookup(alarms->on, key);

	if (since == NULL)
		return;
	struct alarm one = {
		.kind = kind,
		.subject = subject,
		.over = true,
		.since_ms = *since,
		.text = text,
	};
	g_hash_table_remove(alarms->on, key);
	tell(alarms, &one);
}

bool
alarms_are_on(
    const struct alarms *alarms, const char *kind, const char *subject)
{
	g_autofree char *key = make_key(kind, subject);

	return g_hash_table_contains(alarms->on, key);
}
