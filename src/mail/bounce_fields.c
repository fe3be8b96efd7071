/* SPDX-License-Identifier: MIT */
#include "bounce_fields.h"

#include "core/clock.h"
#include "mail/journal.h"
#include <string.h>

/* What is said of a diagnosis, in bytes. */
#define TEXT_MAX 512

/* No HTTP status: the refusals of this size are our own. */
#define HTTP_STATUS_MAX 549

static const char *const actions[] = {
	[BOUNCE_FAILED] = "failed",
	[BOUNCE_DELAYED] = "delayed",
	[BOUNCE_RELAYED] = "relayed",
};

/* RFC 3464 2.1: these fields are ASCII, and stay readable. */
static void
append_ascii(GString *out, const char *text)
{
	g_autofree char *clean = verdict_clean(text, strlen(text), TEXT_MAX);

	for (const char *at = clean; *at != '\0'; at = g_utf8_next_char(at))
		g_string_append_c(out, *at > 0 && *at < 0x7f ? *at : '?');
}

static void
append_date(GString *out, const char *name, int64_t wall_ms)
{
	char date[CLOCK_RFC5322_LENGTH];

	if (wall_ms == 0)
		return;
	clock_rfc5322(wall_ms, date);
	g_string_append_printf(out, "%s: %s\n", name, date);
}

static bool
speaks_smtp(const struct bounce_options *options, const char *provider)
{
	return options->smtp != NULL && provider != NULL &&
	       g_strv_contains(options->smtp, provider);
}

/* RFC 3464 2.3.6: an atom for whose language it is; those that nobody has
 * registered begin with x-. */
static const char *
choose_language(const struct recipient *is, bool smtp)
{
	if (is->status == 0 || is->provider == NULL)
		return "x-postferry";
	if (smtp)
		return "smtp";
	return is->status > HTTP_STATUS_MAX ? "x-postferry" : "x-http";
}

const char *
bounce_fields_text(const struct recipient *is)
{
	const char *text = is->text == NULL ? "" : is->text, *at = text;
	g_autofree char *digits = g_strdup_printf("%u", is->status);

	if (g_str_has_prefix(at, "HTTP "))
		at += strlen("HTTP ");
	if (is->status == 0 || !g_str_has_prefix(at, digits))
		return text;
	at += strlen(digits);
	if (*at == ':')
		at++;
	return *at == '\0' || *at == ' ' ? at + strspn(at, " ") : text;
}

static void
append_diagnosis(GString *out, const struct recipient *is, bool smtp)
{
	const char *text = bounce_fields_text(is);

	if (is->status == 0 && *text == '\0')
		return;
	g_string_append_printf(
	    out, "Diagnostic-Code: %s;", choose_language(is, smtp));
	if (is->status != 0)
		g_string_append_printf(out, " %u", is->status);
	if (*text != '\0') {
		g_string_append_c(out, ' ');
		append_ascii(out, text);
	}
	g_string_append_c(out, '\n');
}

static void
append_recipient(GString *out, const struct message *message,
    const struct journal_recipient *recipient,
    const struct bounce_options *options)
{
	const struct envelope *envelope = message->submission->envelope;
	const struct recipient *is = &recipient->is;
	const char *original =
	    envelope_wish_of(envelope, recipient->number)->original;
	bool delayed = options->action == BOUNCE_DELAYED;

	g_string_append_c(out, '\n');
	if (original != NULL) {
		g_string_append(out, "Original-Recipient: ");
		append_ascii(out, original);
		g_string_append_c(out, '\n');
	}
	g_string_append_printf(out, "Final-Recipient: rfc822; %s\n",
	    envelope_recipient(envelope, recipient->number)->text);
	g_string_append_printf(out, "Action: %s\nStatus: %s\n",
	    actions[options->action], bounce_status(is));
	if (is->provider != NULL) {
		/* the name of a section, not of a host */
		g_string_append(out, "Remote-MTA: x-provider; ");
		append_ascii(out, is->provider);
		g_string_append_c(out, '\n');
	}
	append_diagnosis(out, is, speaks_smtp(options, is->provider));
	append_date(out, "Last-Attempt-Date", options->last_ms);
	if (delayed)
		append_date(out, "Will-Retry-Until", options->until_ms);
}

void
bounce_fields_write(GString *out, const struct message *message,
    const GArray *recipients, const struct bounce_options *options)
{
	const char *envid = message->submission->envelope->id;

	if (envid != NULL) {
		g_string_append(out, "Original-Envelope-Id: ");
		append_ascii(out, envid);
		g_string_append_c(out, '\n');
	}
	g_string_append(out, "Reporting-MTA: dns; ");
	append_ascii(out, options->hostname);
	g_string_append_printf(
	    out, "\nX-Postferry-ID: %s\n", message->submission->id);
	append_date(out, "Arrival-Date", message->submission->received_ms);
	for (unsigned i = 0; i < recipients->len; i++)
		append_recipient(out, message,
		    &g_array_index(recipients, struct journal_recipient, i),
		    options);
}

static bool
is_hidden(const struct header_field *field)
{
	return g_ascii_strcasecmp(field->name, "Bcc") == 0 ||
	       g_ascii_strcasecmp(field->name, "Resent-Bcc") == 0;
}

static void
append_lines(GString *out, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (bytes[i] != '\r' || i + 1 == length || bytes[i + 1] != '\n')
			g_string_append_c(out, bytes[i]);
	if (length > 0 && bytes[length - 1] != '\n')
		g_string_append_c(out, '\n');
}

/* Whole fields, at most so many bytes. */
static void
append_header(GString *out, const struct header *header, uint64_t most)
{
	uint64_t quoted = 0;

	for (unsigned i = 0; i < header->fields->len; i++) {
		const struct header_field *field =
		    &g_array_index(header->fields, struct header_field, i);

		if (is_hidden(field))
			continue;
		quoted += field->length;
		if (quoted > most)
			return;
		append_lines(
		    out, header_bytes(header, field), (size_t)field->length);
	}
}

void
bounce_fields_quote(GString *out, const struct header *header)
{
	append_header(out, header, BOUNCE_HEADER_MAX);
}

bool
bounce_fields_allow(const struct submission *submission)
{
	const struct limiter_seen *seen = &submission->seen;

	return spool_size(submission->spool) <= BOUNCE_FULL_MAX &&
	       !seen->header_broken && !seen->eightbit_header &&
	       seen->long_lines == 0;
}

bool
bounce_fields_give_back(GString *out, const struct message *message)
{
	const struct spool *spool = message->submission->spool;
	uint64_t at = message->header->end;
	size_t length = (size_t)(spool_size(spool) - at);
	g_autofree char *body = g_malloc(length + 1);

	for (size_t have = 0; have < length;) {
		ssize_t more =
		    spool_read(spool, at + have, body + have, length - have);

		if (more <= 0)
			return false;
		have += (size_t)more;
	}
	append_header(out, message->header, UINT64_MAX);
	g_string_append_c(out, '\n');
	append_lines(out, body, length);
	return true;
}
