/* SPDX-License-Identifier: MIT */
#include "tie.h"

#include "auth.h"
#include "from.h"
#include "mail/header.h"
#include <string.h>

/* Octets below a broken header that are searched for a From. */
#define BELOW_MAX 65536

static const char from[] = "From";

static const char expected[] =
    "expected are mailboxes like Some Name <user@example.com>, quoted where "
    "there is more than letters in the name";

struct check {
	const struct session *session;
	char *refused; /* the address that was; NULL: none */
};

static bool
on_mailbox(void *object, const struct address *address)
{
	struct check *check = object;

	if (auth_may_send(check->session, address))
		return true;
	check->refused = g_strdup(address->text);
	return false;
}

static void
set_fault(struct tie_fault *fault, enum reply_name name, const char *detail)
{
	if (fault->name != REPLY_NONE)
		return;
	fault->name = name;
	fault->detail = g_strdup(detail);
}

static void
set_unread(struct tie_fault *fault, const struct header_field *field,
    const char *detail)
{
	if (fault->name == REPLY_NONE)
		fault->said = g_strdup(field->body);
	set_fault(fault, REPLY_AUTHOR_SYNTAX, detail);
}

/* One that has no domain gets ours, as it will when it is sent. */
static void
check_field(const struct session *session, const struct header_field *field,
    struct tie_fault *fault)
{
	const struct rules *rules = session->rules;
	struct check check = { .session = session };
	struct from_reader reader = {
		.domain =
		    rules->domain != NULL ? rules->domain : rules->hostname,
		.take = on_mailbox,
		.object = &check,
	};

	if (from_read(field->body, &reader))
		return;
	if (check.refused != NULL)
		set_fault(fault, REPLY_AUTHOR_LOGIN, check.refused);
	else
		set_unread(fault, field, expected);
	g_free(check.refused);
}

/* True when the line is a From field for a reader who does not mind odd bytes
 * in a name or blanks before the colon. */
static bool
is_like_from(const char *line, size_t length)
{
	size_t matched = 0;

	for (size_t i = 0; i < length; i++) {
		if (line[i] == ':')
			return matched == strlen(from);
		if (line[i] <= ' ' || line[i] > '~')
			continue;
		if (matched == strlen(from) ||
		    g_ascii_tolower(line[i]) != g_ascii_tolower(from[matched]))
			return false;
		matched++;
	}
	return false;
}

/* Lines up to the first empty one, below where a line that is no field has
 * ended the header: some reader may not think so.  True when none could be
 * taken for a From. */
static bool
is_clear_below(const char *text, size_t length, bool whole)
{
	const char *end = text + length;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *next = newline == NULL ? end : newline + 1;

		if (newline == NULL && !whole)
			return false;
		if (*text == '\r' || *text == '\n')
			return true;
		if (is_like_from(text, (size_t)(next - text)))
			return false;
		text = next;
	}
	return whole;
}

static void
check_below(const struct session *session, const struct limiter_seen *seen,
    struct tie_fault *fault)
{
	const struct spool *spool = session->mail.spool;
	uint64_t rest = spool_size(spool) - seen->header_end;
	size_t wanted = (size_t)MIN(rest, BELOW_MAX);
	g_autofree char *text = g_malloc(wanted + 1);
	ssize_t got = spool_read(spool, seen->header_end, text, wanted);

	if (got < 0 || (size_t)got < wanted)
		set_fault(fault, REPLY_SPOOL_ERROR, NULL);
	else if (!is_clear_below(text, wanted, rest == wanted))
		set_fault(fault, REPLY_AUTHOR_SYNTAX,
		    "the header is broken by a line that is no field, above "
		    "what could be a From");
}

/* Without a From the envelope sender becomes it; for want of that one we
 * would, whom nobody is tied to. */
static void
check_author(const struct session *session, const struct header *header,
    struct tie_fault *fault)
{
	if (session->mail.envelope->sender == NULL &&
	    header_find(header, from) == NULL)
		set_fault(fault, REPLY_AUTHOR_SYNTAX,
		    "there is none, and no sender to take its place");
}

static void
check_fields(const struct session *session, const struct header *header,
    struct tie_fault *fault)
{
	for (unsigned i = 0; i < header->fields->len; i++) {
		const struct header_field *field =
		    &g_array_index(header->fields, struct header_field, i);

		if (g_ascii_strcasecmp(field->name, from) == 0)
			check_field(session, field, fault);
		else if (*field->name == '\0' &&
			 is_like_from(field->body, strlen(field->body)))
			set_unread(fault, field,
			    "a byte in its name that belongs in none");
	}
}

void
tie_check(const struct session *session, const struct limiter_seen *seen,
    struct tie_fault *fault)
{
	struct header *header;

	*fault = (struct tie_fault){ 0 };
	if (session->identity.senders == NULL)
		return;
	header = header_read(session->mail.spool, seen);
	if (header == NULL) {
		set_fault(fault, REPLY_SPOOL_ERROR, NULL);
		return;
	}
	check_fields(session, header, fault);
	check_author(session, header, fault);
	if (seen->header_broken)
		check_below(session, seen, fault);
	header_free(header);
}

void
tie_fault_clear(struct tie_fault *fault)
{
	g_clear_pointer(&fault->detail, g_free);
	g_clear_pointer(&fault->said, g_free);
}
