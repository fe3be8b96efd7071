/* SPDX-License-Identifier: MIT */
#include "tokens.h"

struct tokens {
	GHashTable *spent;   /* name (owned) -> int64_t * until_ms */
	GQueue oldest_first; /* the names */
};

struct tokens *
tokens_new(void)
{
	struct tokens *tokens = g_new0(struct tokens, 1);

	tokens->spent =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_queue_init(&tokens->oldest_first);
	return tokens;
}

void
tokens_free(struct tokens *tokens)
{
	if (tokens == NULL)
		return;
	g_queue_clear(&tokens->oldest_first);
	g_hash_table_unref(tokens->spent);
	g_free(tokens);
}

static char *
make_name(const char *provider, const char *token)
{
	return g_strdup_printf("%s %s", provider, token);
}

bool
tokens_is_spent(const struct tokens *tokens, const char *provider,
    const char *token, int64_t now_ms)
{
	g_autofree char *name = make_name(provider, token);
	const int64_t *until = g_hash_table_lookup(tokens->spent, name);

	return until != NULL && now_ms < *until;
}

void
tokens_spend(struct tokens *tokens, const char *provider, const char *token,
    int64_t until_ms)
{
	char *name = make_name(provider, token);
	int64_t *until = g_hash_table_lookup(tokens->spent, name);

	if (until != NULL) {
		*until = until_ms;
		g_free(name);
		return;
	}
	if (g_hash_table_size(tokens->spent) >= TOKENS_MOST)
		g_hash_table_remove(
		    tokens->spent, g_queue_pop_head(&tokens->oldest_first));
	g_hash_table_insert(
	    tokens->spent, name, g_memdup2(&until_ms, sizeof until_ms));
	g_queue_push_tail(&tokens->oldest_first, name);
}
