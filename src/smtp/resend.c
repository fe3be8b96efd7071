/* SPDX-License-Identifier: MIT */
#include "resend.h"

#include "xforward.h"
#include <string.h>

/* Of a mail: the topmost Received field stands there, or is of no use. */
#define HEAD_BYTES 16384

/* Appends the value of a field up to its semicolon, without comments, its lines
 * in one (RFC 5321 4.4, RFC 5322 3.2.2). */
static char *
clean_value(const char *at, const char *end)
{
	GString *text = g_string_new(NULL);
	unsigned depth = 0;

	for (; at < end && (depth > 0 || *at != ';'); at++) {
		if (*at == '\\' && depth > 0)
			at++;
		else if (*at == '(')
			depth++;
		else if (*at == ')' && depth > 0)
			depth--;
		else if (depth == 0)
			g_string_append_c(text,
			    *at == '\t' || *at == '\r' || *at == '\n' ? ' '
								      : *at);
	}
	return g_string_free(text, FALSE);
}

/* The end of the field that begins there: a line end that no blank follows. */
static const char *
find_end(const char *at, const char *end)
{
	while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		at++;
		if (at == end || (*at != ' ' && *at != '\t'))
			return at;
	}
	return end;
}

/* The value of the topmost Received field, clean; NULL: there is none. */
static char *
find_received(const char *at, const char *end)
{
	static const char name[] = "Received:";

	while (at < end && *at != '\r' && *at != '\n') {
		const char *next = find_end(at, end);

		if ((size_t)(next - at) > strlen(name) &&
		    g_ascii_strncasecmp(at, name, strlen(name)) == 0)
			return clean_value(at + strlen(name), next);
		at = next;
	}
	return NULL;
}

/* True for the words that begin a clause (RFC 5321 4.4). */
static bool
begins_clause(const char *word)
{
	static const char *const clauses[] = { "from", "by", "via", "with",
		"id", "for" };

	for (unsigned i = 0; i < G_N_ELEMENTS(clauses); i++)
		if (g_ascii_strcasecmp(word, clauses[i]) == 0)
			return true;
	return false;
}

/* What the clause says; NULL: there is none.  What another says begins none: a
 * client may call itself "id". */
static const char *
find_clause(char *const *words, const char *clause)
{
	for (; words[0] != NULL && words[1] != NULL; words++) {
		if (g_ascii_strcasecmp(words[0], clause) == 0)
			return words[1];
		if (begins_clause(words[0]))
			words++;
	}
	return NULL;
}

/* Without the empty words between two blanks. */
static void
drop_empty(char **words)
{
	char **to = words;

	for (char **from = words; *from != NULL; from++) {
		if (**from == '\0')
			g_free(*from);
		else
			*to++ = *from;
	}
	*to = NULL;
}

static char *
key_of_received(const struct session *session, const struct spool *spool)
{
	g_autofree char *head = g_malloc(HEAD_BYTES);
	ssize_t got = spool_read(spool, 0, head, HEAD_BYTES);
	g_autofree char *value =
	    got > 0 ? find_received(head, head + got) : NULL;
	g_auto(GStrv) words = g_strsplit(value != NULL ? value : "", " ", -1);
	const char *by, *id;

	drop_empty(words);
	by = find_clause(words, "by");
	id = find_clause(words, "id");
	if (by == NULL || id == NULL)
		return NULL;
	return g_strdup_printf("received %s %s %s", session->peer.text, by, id);
}

char *
resend_key(const struct session *session, const struct spool *spool)
{
	const struct xforward *forwarded = session->forwarded;
	enum rules_resends resends = session->rules->door.resends;

	if (resends == RULES_RESENDS_TAKE)
		return NULL;
	if (forwarded != NULL && forwarded->ident != NULL)
		return g_strdup_printf(
		    "ident %s %s", session->peer.text, forwarded->ident);
	return resends == RULES_RESENDS_RECEIVED
		   ? key_of_received(session, spool)
		   : NULL;
}
