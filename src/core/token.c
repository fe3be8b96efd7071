/* SPDX-License-Identifier: MIT */
#include "core/token.h"

#include <pthread.h>
#include <string.h>
#include <sys/random.h>

#define SECRET_BYTES 32

/* Whoever finds one in a file or a log knows what it is of. */
#define PREFIX "pfy_"

struct token_set {
	pthread_mutex_t mutex;
	GPtrArray *tokens; /* struct token * */
};

static const struct {
	const char *word;
	unsigned scope;
} words[] = {
	{ "send", SCOPE_SEND },
	{ "read", SCOPE_READ },
	{ "operate", SCOPE_OPERATE },
};

struct token *
token_new(
    const char *name, unsigned scopes, const char *digest, char *const *senders)
{
	struct token *token = g_atomic_rc_box_new0(struct token);

	token->name = g_strdup(name);
	token->scopes = scopes;
	g_strlcpy(token->digest, digest, sizeof token->digest);
	token->senders = g_strdupv((char **)senders);
	return token;
}

struct token *
token_ref(struct token *token)
{
	return g_atomic_rc_box_acquire(token);
}

static void
on_free(void *object)
{
	struct token *token = object;

	g_free(token->name);
	g_strfreev(token->senders);
}

void
token_unref(struct token *token)
{
	if (token != NULL)
		g_atomic_rc_box_release_full(token, on_free);
}

char *
token_secret(void)
{
	guchar bytes[SECRET_BYTES];
	size_t done = 0;

	while (done < sizeof bytes) {
		ssize_t got = getrandom(bytes + done, sizeof bytes - done, 0);

		if (got > 0)
			done += (size_t)got;
	}
	g_autofree char *text = g_base64_encode(bytes, sizeof bytes);
	explicit_bzero(bytes, sizeof bytes);
	/* as base64url: it stands in URLs, fields and shells as it is */
	g_strdelimit(text, "+", '-');
	g_strdelimit(text, "/", '_');
	*strchrnul(text, '=') = '\0';
	return g_strconcat(PREFIX, text, NULL);
}

void
token_digest(const char *secret, char digest[static TOKEN_DIGEST_LENGTH + 1])
{
	g_autofree char *made =
	    g_compute_checksum_for_string(G_CHECKSUM_SHA256, secret, -1);

	g_strlcpy(digest, made, TOKEN_DIGEST_LENGTH + 1);
}

bool
token_is_digest(const char *text)
{
	return strlen(text) == TOKEN_DIGEST_LENGTH &&
	       strspn(text, "0123456789abcdef") == TOKEN_DIGEST_LENGTH;
}

static unsigned
find_scope(const char *word)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(words); i++)
		if (strcmp(words[i].word, word) == 0)
			return words[i].scope;
	return 0;
}

bool
token_read_scopes(
    const char *const *texts, unsigned *scopes, const char **wrong)
{
	*scopes = 0;
	for (; texts != NULL && *texts != NULL; texts++) {
		unsigned scope = find_scope(*texts);

		*wrong = *texts;
		if (scope == 0)
			return false;
		*scopes |= scope;
	}
	return true;
}

char *
token_print_scopes(unsigned scopes)
{
	GString *text = g_string_new(NULL);

	for (unsigned i = 0; i < G_N_ELEMENTS(words); i++)
		if ((scopes & words[i].scope) != 0)
			g_string_append_printf(text, "%s%s",
			    text->len > 0 ? "," : "", words[i].word);
	return g_string_free(text, FALSE);
}

struct token_set *
token_set_new(void)
{
	struct token_set *set = g_new0(struct token_set, 1);

	pthread_mutex_init(&set->mutex, NULL);
	set->tokens = g_ptr_array_new();
	return set;
}

void
token_set_free(struct token_set *set)
{
	if (set == NULL)
		return;
	g_ptr_array_unref(set->tokens);
	pthread_mutex_destroy(&set->mutex);
	g_free(set);
}

void
token_set_renew(struct token_set *set, GPtrArray *tokens)
{
	GPtrArray *before;

	g_ptr_array_set_free_func(tokens, (GDestroyNotify)token_unref);
	pthread_mutex_lock(&set->mutex);
	before = set->tokens;
	set->tokens = tokens;
	pthread_mutex_unlock(&set->mutex);
	g_ptr_array_unref(before);
}

static bool
is_same(const char *a, const char *b)
{
	unsigned char differs = 0;

	for (size_t i = 0; i < TOKEN_DIGEST_LENGTH; i++)
		differs |= (unsigned char)(a[i] ^ b[i]);
	return differs == 0;
}

struct token *
token_set_find(struct token_set *set, const char *secret)
{
	char digest[TOKEN_DIGEST_LENGTH + 1];
	struct token *found = NULL;

	token_digest(secret, digest);
	pthread_mutex_lock(&set->mutex);
	for (unsigned i = 0; i < set->tokens->len; i++) {
		struct token *token = set->tokens->pdata[i];

		if (is_same(token->digest, digest))
			found = token;
	}
	if (found != NULL)
		token_ref(found);
	pthread_mutex_unlock(&set->mutex);
	return found;
}
