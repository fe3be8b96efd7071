/* SPDX-License-Identifier: MIT */
#include "senders.h"

#include <string.h>

GHashTable *
senders_new(void)
{
	return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

struct breaker *
senders_find(GHashTable *senders, const char *from_domain)
{
	return g_hash_table_lookup(senders, from_domain);
}

static gboolean
is_over(gpointer key, gpointer value, gpointer now_ms)
{
	const struct breaker *sender = value;

	(void)key;
	return breaker_allows(sender, *(const int64_t *)now_ms);
}

static struct breaker *
add_sender(GHashTable *senders, const char *from_domain, int64_t now_ms)
{
	struct breaker *sender;

	if (g_hash_table_size(senders) >= SENDERS_MAX)
		g_hash_table_foreach_remove(senders, is_over, &now_ms);
	if (g_hash_table_size(senders) >= SENDERS_MAX)
		return NULL;
	sender = g_new0(struct breaker, 1);
	g_hash_table_insert(senders, g_strdup(from_domain), sender);
	return sender;
}

bool
senders_close(GHashTable *senders, const char *from_domain, int64_t now_ms,
    int64_t pause_ms)
{
	struct breaker *sender = senders_find(senders, from_domain);
	bool is_new = sender == NULL;

	if (is_new)
		sender = add_sender(senders, from_domain, now_ms);
	if (sender == NULL)
		return false;
	breaker_hold(sender, BREAKER_SENDER, now_ms, pause_ms);
	return is_new;
}

static gint
compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

char **
senders_list(GHashTable *senders, int64_t now_ms)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	GHashTableIter iter;
	gpointer name, sender;

	g_hash_table_iter_init(&iter, senders);
	while (g_hash_table_iter_next(&iter, &name, &sender))
		if (!breaker_allows(sender, now_ms))
			g_ptr_array_add(names, g_strdup(name));
	if (names->len == 0)
		return NULL;
	g_ptr_array_sort(names, compare_names);
	g_ptr_array_add(names, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&names), FALSE);
}
