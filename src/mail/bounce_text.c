/* SPDX-License-Identifier: MIT */
#include "bounce_text.h"

#include "bounce_fields.h"
#include "core/clock.h"
#include "mail/journal.h"
#include <string.h>

#define LINE_COLUMNS 72

/* What is shown of a foreign text, in bytes. */
#define SUBJECT_MAX 200
#define FIELD_MAX   200
#define REASON_MAX  512

static const char smaller[] =
    "Make it smaller (attachments, most often) and send it again.";
static const char changed[] =
    "The mail itself was refused: change what it holds and send it again, or "
    "ask whoever runs your mail service.";
static const char suppressed[] =
    "The provider sends nothing to this address after an earlier bounce, a "
    "complaint or an unsubscription: ask whoever runs your mail service to "
    "take it off that list.";
static const char shunned[] =
    "Nothing is sent to this address after an earlier bounce, a complaint or "
    "an unsubscription: ask whoever runs your mail service to take it off the "
    "suppression list.";
static const char corrected[] =
    "Check the address for mistakes, and send the mail again to the right one.";
static const char asked[] =
    "A provider may have taken it and never said so: ask the recipient before "
    "you send it again.";
static const char repeated[] =
    "Nobody could take it in time: send it again later, or ask whoever runs "
    "your mail service.";

/* Adds the text in lines that begin with the indent. */
static void
append_wrapped(GString *out, const char *indent, const char *text)
{
	g_auto(GStrv) words = g_strsplit(text, " ", -1);
	size_t column = 0;

	for (unsigned i = 0; words[i] != NULL; i++) {
		size_t wide = (size_t)g_utf8_strlen(words[i], -1);

		if (column > 0 && column + 1 + wide > LINE_COLUMNS) {
			g_string_append_c(out, '\n');
			column = 0;
		}
		g_string_append(out, column == 0 ? indent : " ");
		g_string_append(out, words[i]);
		column += wide + (column == 0 ? strlen(indent) : 1);
	}
	g_string_append_c(out, '\n');
}

static void
append_field(GString *out, const char *name, const char *text, size_t most)
{
	g_autofree char *clean = verdict_clean(text, strlen(text), most);

	g_string_append_printf(out, "    %-12s%s\n", name, clean);
}

static void
append_mail(GString *out, const struct message *message)
{
	char arrived[CLOCK_RFC5322_LENGTH];

	clock_rfc5322(message->submission->received_ms, arrived);
	append_field(out,
	    "Subject:", message->subject == NULL ? "(none)" : message->subject,
	    SUBJECT_MAX);
	append_field(out, "Date:", message->date, FIELD_MAX);
	append_field(out, "Message-ID:", message->message_id, FIELD_MAX);
	append_field(out, "Handed in:", arrived, FIELD_MAX);
	append_field(out, "Our id:", message->submission->id, FIELD_MAX);
}

/* "it was tried for 20 s, and no provider took it; last tried mailgun: ..." */
static void
append_given_up(GString *out, const char *text)
{
	const char *age = text + strlen(RECIPIENT_GAVE_UP);
	size_t length = strcspn(age, ";");
	g_autofree char *line =
	    g_strdup_printf("it was tried for %.*s, and no provider took it%s",
		(int)length, age, age + length);

	append_wrapped(out, "    ", line);
}

/* "mailgun has accepted it: 250 queued" */
static void
append_acceptance(GString *out, const struct recipient *is)
{
	const char *said = is->text == NULL ? "" : is->text;
	const char *by = is->provider == NULL ? "a provider" : is->provider;
	g_autofree char *text = verdict_clean(said, strlen(said), REASON_MAX);
	g_autofree char *name = verdict_clean(by, strlen(by), FIELD_MAX);
	g_autofree char *line = g_strconcat(
	    name, " has accepted it", *text != '\0' ? ": " : "", text, NULL);

	append_wrapped(out, "    ", line);
}

static void
append_reason(GString *out, const struct recipient *is)
{
	const char *said = bounce_fields_text(is);
	const char *by = is->provider == NULL ? "" : is->provider;
	bool refused =
	    is->class == VERDICT_RECIPIENT || is->class == VERDICT_PAYLOAD;
	g_autofree char *text = verdict_clean(said, strlen(said), REASON_MAX);
	g_autofree char *name = verdict_clean(by, strlen(by), FIELD_MAX);
	g_autoptr(GString) line = g_string_new(name);

	if (is->provider == NULL && g_str_has_prefix(text, RECIPIENT_GAVE_UP)) {
		append_given_up(out, text);
		return;
	}
	if (is->provider == NULL)
		g_string_append(line, "no provider has taken it");
	else
		g_string_append(
		    line, refused ? " refused it" : " did not take it");
	if (is->status != 0)
		g_string_append_printf(line, ": %u", is->status);
	if (*text != '\0')
		g_string_append_printf(
		    line, "%s%s", is->status != 0 ? " " : ": ", text);
	append_wrapped(out, "    ", line->str);
}

/* Theirs, or ours. */
static const char *
choose_list(const struct recipient *is)
{
	return is->provider != NULL ? suppressed : shunned;
}

static const char *
choose_advice(const struct recipient *is)
{
	const char *status = bounce_status(is);

	if (is->class == VERDICT_RECIPIENT)
		return is->suppressed ? choose_list(is) : corrected;
	if (is->class == VERDICT_PAYLOAD)
		return strcmp(status, "5.3.4") == 0 ? smaller : changed;
	if (is->class == VERDICT_DOUBT || is->class == VERDICT_NONE)
		return is->provider != NULL ? asked : repeated;
	return repeated;
}

static void
append_recipient(GString *out, const struct message *message,
    const struct journal_recipient *recipient, enum bounce_action action)
{
	const struct envelope *envelope = message->submission->envelope;

	g_string_append_printf(out, "\n<%s>\n",
	    envelope_recipient(envelope, recipient->number)->text);
	if (action == BOUNCE_RELAYED)
		append_acceptance(out, &recipient->is);
	else
		append_reason(out, &recipient->is);
	if (action == BOUNCE_FAILED)
		append_wrapped(out, "    ", choose_advice(&recipient->is));
}

static void
append_outlook(GString *out, const struct bounce_options *options)
{
	char until[CLOCK_RFC5322_LENGTH];

	if (options->action == BOUNCE_RELAYED) {
		append_wrapped(out, "",
		    "A mail of yours was accepted for those who are named "
		    "below by a service that delivers it, as you wished to be "
		    "told. Whether it has come to its mailbox that service "
		    "does not report to us: this is the last you hear from us "
		    "about them. If it cannot be delivered after all, a "
		    "notice may still come from elsewhere.");
		return;
	}
	if (options->action == BOUNCE_FAILED) {
		append_wrapped(out, "",
		    "A mail of yours could not be delivered to everyone it "
		    "was for. It will not be tried again for those who are "
		    "named below.");
		return;
	}
	append_wrapped(out, "",
	    "A mail of yours has not yet been delivered to everyone it was "
	    "for. You need not do anything: it is still being tried for those "
	    "who are named below, and you will be told if it fails. To send "
	    "it again would only send it twice.");
	if (options->until_ms == 0)
		return;
	clock_rfc5322(options->until_ms, until);
	g_string_append_printf(out, "\nIt is tried until %s.\n", until);
}

void
bounce_text_write(GString *out, const struct message *message,
    const GArray *recipients, const struct bounce_options *options)
{
	g_string_append_printf(out,
	    "This is the mail service (postferry) at %s.\n\n",
	    options->hostname);
	append_outlook(out, options);
	g_string_append_c(out, '\n');
	append_mail(out, message);
	for (unsigned i = 0; i < recipients->len; i++)
		append_recipient(out, message,
		    &g_array_index(recipients, struct journal_recipient, i),
		    options->action);
}
