/* SPDX-License-Identifier: MIT */
#include "alarms.h"

#include "core/clock.h"
#include <string.h>

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

void
alarms_mute(struct alarms *alarms)
{
	alarms->alarm = NULL;
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

static bool
is_kind(const char *key, const char *kind)
{
	size_t length = strlen(kind);

	return strncmp(key, kind, length) == 0 && key[length] == ' ';
}

/* So that what comes from mail (a From domain) cannot fill the memory: the
 * oldest of its kind, which was told, is forgotten. */
static void
make_room(struct alarms *alarms, const char *kind)
{
	unsigned count = 0;
	const char *oldest = NULL;
	int64_t oldest_ms = INT64_MAX;
	GHashTableIter iter;
	gpointer key, since;

	if (g_hash_table_size(alarms->on) < ALARMS_MAX)
		return;
	g_hash_table_iter_init(&iter, alarms->on);
	while (g_hash_table_iter_next(&iter, &key, &since)) {
		if (!is_kind(key, kind))
			continue;
		count++;
		if (*(const int64_t *)since < oldest_ms) {
			oldest_ms = *(const int64_t *)since;
			oldest = key;
		}
	}
	if (count >= ALARMS_MAX)
		g_hash_table_remove(alarms->on, oldest);
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
	make_room(alarms, alarm->kind);
	g_hash_table_insert(alarms->on, g_steal_pointer(&key),
	    g_memdup2(&one.since_ms, sizeof one.since_ms));
	tell(alarms, &one);
}

void
alarms_end(struct alarms *alarms, const char *kind, const char *subject,
    const char *text)
{
	g_autofree char *key = NULL;
	const int64_t *since;

	/* it is asked for with each mail */
	if (g_hash_table_size(alarms->on) == 0)
		return;
	key = make_key(kind, subject);
	since = g_hash_table_lookup(alarms->on, key);
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
	g_autofree char *key = NULL;

	if (g_hash_table_size(alarms->on) == 0)
		return false;
	key = make_key(kind, subject);
	return g_hash_table_contains(alarms->on, key);
}

char *
alarms_print(const struct alarms *alarms)
{
	GString *line = g_string_new("v=1");
	GHashTableIter iter;
	gpointer key, since;

	g_hash_table_iter_init(&iter, alarms->on);
	while (g_hash_table_iter_next(&iter, &key, &since)) {
		g_autofree char *word = g_uri_escape_string(key, NULL, FALSE);
		g_string_append_printf(line, " %s=%" G_GINT64_FORMAT, word,
		    *(const int64_t *)since);
	}
	return g_string_free(line, FALSE);
}

static void
recall_word(struct alarms *alarms, char *word)
{
	char *text = strchr(word, '=');
	g_autofree char *key = NULL;
	int64_t since;

	if (text == NULL)
		return;
	*text++ = '\0';
	key = g_uri_unescape_string(word, NULL);
	if (key == NULL || strchr(key, ' ') == NULL ||
	    !g_ascii_string_to_signed(text, 10, 1, G_MAXINT64, &since, NULL))
		return;
	g_hash_table_insert(
	    alarms->on, g_steal_pointer(&key), g_memdup2(&since, sizeof since));
}

void
alarms_recall(struct alarms *alarms, const char *line)
{
	g_auto(GStrv) words = g_strsplit(line, " ", 0);

	if (words[0] == NULL || strcmp(words[0], "v=1") != 0)
		return;
	for (unsigned i = 1; words[i] != NULL; i++)
		recall_word(alarms, words[i]);
}
