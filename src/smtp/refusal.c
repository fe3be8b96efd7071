/* SPDX-License-Identifier: MIT */
#include "refusal.h"

#include "core/log.h"
#include <string.h>

/* Octets of what the client said. */
#define SAID_MAX 80

/* True when it is the form of what was said that is at fault. */
static bool
is_of_form(const struct reply *reply)
{
	return reply->code == 500 || reply->code == 501 || reply->code == 555 ||
	       reply == reply_find(REPLY_AUTHOR_SYNTAX);
}

static char *
cut_text(const char *text, size_t length)
{
	bool whole = length <= SAID_MAX;
	g_autofree char *part = g_strndup(text, whole ? length : SAID_MAX);

	return g_strconcat(part, whole ? "" : "...", NULL);
}

/* NULL: nothing of it is to be seen. */
static char *
tell_said(const struct session *session, const struct reply *reply)
{
	const struct session_quote *quote = &session->quote;

	return quote->said_length > 0 && is_of_form(reply)
		   ? cut_text(quote->said, quote->said_length)
		   : NULL;
}

/* The address of the command under way, else of the mail; NULL: there is
 * none. */
static char *
tell_from(const struct session_quote *quote, const struct envelope *envelope)
{
	if (quote->path != NULL && !quote->is_recipient)
		return cut_text(quote->path, quote->path_length);
	if (envelope == NULL)
		return NULL;
	return g_strdup(envelope->sender == NULL ? "" : envelope->sender->text);
}

static char *
tell_to(const struct session_quote *quote, const struct envelope *envelope)
{
	if (quote->path != NULL && quote->is_recipient)
		return cut_text(quote->path, quote->path_length);
	if (quote->path != NULL || envelope == NULL)
		return NULL;
	return envelope_tell(envelope, 0, envelope->recipients->len);
}

/* The null sender is written as such, no sender not at all. */
static struct log_field
field_from(const char *from)
{
	struct log_field field = log_str("from", from);

	if (from == NULL)
		field.type = LOG_TYPE_NOTHING;
	return field;
}

void
refusal_log(const struct session *session, const struct reply *reply,
    const char *detail)
{
	const struct session_quote *quote = &session->quote;
	const struct envelope *envelope =
	    quote->envelope != NULL ? quote->envelope : session->mail.envelope;
	g_autofree char *said = tell_said(session, reply);
	g_autofree char *from = tell_from(quote, envelope);
	g_autofree char *to = tell_to(quote, envelope);

	log_info("refused", log_num("session", (int64_t)session->id),
	    log_str("client", session->peer.text),
	    log_str("listener", session->rules->listener),
	    log_str_if("user", session->identity.user),
	    log_str("helo", session->identity.helo),
	    log_str("command", session->verb), log_num("code", reply->code),
	    log_str_if("status", reply->enhanced),
	    log_str("reason", reply->text), log_str_if("detail", detail),
	    field_from(from), log_str_if("to", to), log_str_if("said", said),
	    log_str_if("advice", quote->advice));
}

/* The octets of the first word: no blank, no control character. */
static size_t
measure_word(const char *line, size_t length)
{
	size_t word = 0;

	while (word < length && (unsigned char)line[word] > ' ' &&
	       line[word] != 0x7f)
		word++;
	return word;
}

void
refusal_quote(
    struct session *session, const char *line, size_t length, bool known)
{
	struct session_quote *quote = &session->quote;
	size_t word = measure_word(line, length);

	if (word == strlen("AUTH") &&
	    g_ascii_strncasecmp(line, "AUTH", word) == 0)
		session->login.tried = true;
	else if (known)
		word = length;
	else if (session->login.tried)
		word = 0;
	quote->said = line;
	quote->said_length = word;
}

void
refusal_forget(struct session *session)
{
	session->quote = (struct session_quote){ 0 };
}
