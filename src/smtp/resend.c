/* SPDX-License-Identifier: MIT */
#include "resend.h"

#include "mail/header.h"
#include "xforward.h"
#include <string.h>

/* The body of a field up to its semicolon, without comments (RFC 5321 4.4, RFC
 * 5322 3.2.2). */
static char *
clean_body(const char *at)
{
	GString *text = g_string_new(NULL);
	unsigned depth = 0;

	for (; *at != '\0' && (depth > 0 || *at != ';'); at++) {
		if (*at == '\\' && depth > 0 && at[1] != '\0')
			at++;
		else if (*at == '(')
			depth++;
		else if (*at == ')' && depth > 0)
			depth--;
		else if (depth == 0)
			g_string_append_c(text, *at == '\t' ? ' ' : *at);
	}
	return g_string_free(text, FALSE);
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
key_of_received(const struct session *session, const struct spool *spool,
    const struct limiter_seen *seen)
{
	struct header *header = header_read(spool, seen);
	const struct header_field *received =
	    header != NULL ? header_find(header, "Received") : NULL;
	g_autofree char *body =
	    clean_body(received != NULL ? received->body : "");
	g_auto(GStrv) words = g_strsplit(body, " ", -1);
	const char *by, *id;

	header_free(header);
	drop_empty(words);
	by = find_clause(words, "by");
	id = find_clause(words, "id");
	if (by == NULL || id == NULL)
		return NULL;
	return g_strdup_printf("received %s %s %s", session->peer.text, by, id);
}

char *
resend_key(const struct session *session, const struct spool *spool,
    const struct limiter_seen *seen)
{
	const struct xforward *forwarded = session->forwarded;
	enum rules_resends resends = session->rules->door.resends;

	if (resends == RULES_RESENDS_TAKE)
		return NULL;
	if (forwarded != NULL && forwarded->ident != NULL)
		return g_strdup_printf(
		    "ident %s %s", session->peer.text, forwarded->ident);
	return resends == RULES_RESENDS_RECEIVED
		   ? key_of_received(session, spool, seen)
		   : NULL;
}
