/* SPDX-License-Identifier: MIT */
/*
 * GMime is given only what was made or cleaned here; the parsed mail's objects
 * are long gone.
 */
#include "mail/bounce.h"

#include "bounce_fields.h"
#include "bounce_text.h"
#include "core/clock.h"
#include "core/config.h"
#include <errno.h>
#include <gmime/gmime.h>
#include <string.h>

/* RFC 5322 2.1.1, without the line end. */
#define LINE_MAX_OCTETS 998

/* A longer Message-ID is not referred to: its line could not be written. */
#define MESSAGE_ID_MAX 900

static const char *const subjects[] = {
	[BOUNCE_FAILED] = "Undelivered Mail Returned to Sender",
	[BOUNCE_DELAYED] = "Delayed Mail (still being retried)",
	[BOUNCE_RELAYED] = "Relayed Mail (accepted for delivery)",
};

/* The first word of a structured field, without what may stand behind it. */
static bool
says(const struct header_field *field, const char *word)
{
	size_t length = strlen(word);

	return g_ascii_strncasecmp(field->body, word, length) == 0 &&
	       strchr(" \t;(", field->body[length]) != NULL;
}

/* RFC 3834 5.2, and RFC 6522. */
static bool
is_automatic(const struct header_field *field)
{
	return g_ascii_strcasecmp(field->name, "Auto-Submitted") == 0 &&
	       !says(field, "no");
}

static bool
is_report(const struct header_field *field)
{
	return g_ascii_strcasecmp(field->name, "Content-Type") == 0 &&
	       says(field, "multipart/report");
}

static bool
has_field(const struct message *message,
    bool (*fits)(const struct header_field *field))
{
	const GArray *fields = message->header->fields;

	for (unsigned i = 0; i < fields->len; i++)
		if (fits(&g_array_index(fields, struct header_field, i)))
			return true;
	return false;
}

/* ".example.com" means those below it. */
static bool
means_domain(const char *pattern, const char *domain)
{
	size_t length = strlen(pattern), whole = strlen(domain);

	if (*pattern == '.' && whole > length)
		domain += whole - length;
	return g_ascii_strcasecmp(pattern, domain) == 0;
}

static bool
has_domain(const char *const *domains, const char *domain)
{
	for (; *domains != NULL; domains++)
		if (means_domain(*domains, domain))
			return true;
	return false;
}

const char *
bounce_obstacle(const struct message *message, const char *const *domains)
{
	const struct address *sender = message->submission->envelope->sender;

	if (message->submission->report)
		return "it is a report of our own";
	if (sender == NULL)
		return "it has no sender who could be told (MAIL FROM:<>)";
	if (has_field(message, is_report))
		return "it is a report itself (multipart/report)";
	if (has_field(message, is_automatic))
		return "a program sent it by itself (Auto-Submitted)";
	if (!has_domain(domains, sender->domain))
		return "its sender's domain is not in bounce_domains, so no "
		       "report may be sent";
	return NULL;
}

/* Given up, or still tried, for want of somebody who takes it. */
static const char *
choose_transient(const struct recipient *recipient)
{
	if (recipient->state == RECIPIENT_REFUSED)
		return "4.4.7";
	switch (recipient->class) {
	case VERDICT_OUTAGE:
		return "4.4.1";
	case VERDICT_DOUBT:
		return "4.4.2";
	case VERDICT_THROTTLE:
		return "4.4.5";
	case VERDICT_ACCOUNT:
	case VERDICT_SENDER:
		return "4.3.5";
	default:
		return "4.0.0";
	}
}

const char *
bounce_status(const struct recipient *recipient)
{
	if (recipient->state == RECIPIENT_ACCEPTED)
		return "2.1.9";
	if (recipient->class == VERDICT_RECIPIENT)
		return recipient->suppressed ? "5.7.1" : "5.1.1";
	if (recipient->class != VERDICT_PAYLOAD)
		return choose_transient(recipient);
	if (recipient->status == 413 || recipient->status == 552)
		return "5.3.4";
	return "5.6.0";
}

/* Seven bits, lines of an allowed length, no control character. */
static bool
is_plain(const GString *text)
{
	size_t column = 0;

	for (size_t i = 0; i < text->len; i++) {
		unsigned char c = (unsigned char)text->str[i];

		column = c == '\n' ? 0 : column + 1;
		if (c > 0x7e || (c < 0x20 && c != '\t' && c != '\n') ||
		    column > LINE_MAX_OCTETS)
			return false;
	}
	return true;
}

/* What a part must be encoded in.  A message may not be (RFC 2046 5.2.1). */
static GMimeContentEncoding
choose_encoding(const char *type, const GString *text)
{
	if (is_plain(text))
		return GMIME_CONTENT_ENCODING_7BIT;
	return strcmp(type, "message") == 0
		   ? GMIME_CONTENT_ENCODING_8BIT
		   : GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE;
}

/* Adds a part of this type, which takes the text over. */
static void
add_part(GMimeMultipart *report, const char *type, const char *subtype,
    GString *text)
{
	GMimePart *part = g_mime_part_new_with_type(type, subtype);
	GMimeStream *stream =
	    g_mime_stream_mem_new_with_buffer(text->str, text->len);
	GMimeDataWrapper *content = g_mime_data_wrapper_new_with_stream(
	    stream, GMIME_CONTENT_ENCODING_DEFAULT);

	g_mime_part_set_content(part, content);
	g_mime_part_set_content_encoding(part, choose_encoding(type, text));
	if (strcmp(subtype, "plain") == 0)
		g_mime_object_set_content_type_parameter(
		    GMIME_OBJECT(part), "charset", "utf-8");
	g_mime_multipart_add(report, GMIME_OBJECT(part));
	g_object_unref(part);
	g_object_unref(content);
	g_object_unref(stream);
	g_string_free(text, TRUE);
}

/* RFC 3461 4.3: of a failure only. */
static bool
wants_whole(const struct message *message, const struct bounce_options *options)
{
	const struct envelope *envelope = message->submission->envelope;

	return options->action == BOUNCE_FAILED &&
	       envelope->returned == ENVELOPE_RETURN_FULL;
}

/* False when it is not to be given back as a whole, or cannot be. */
static bool
add_whole(GMimeMultipart *report, const struct message *message)
{
	GString *original;

	if (!bounce_fields_allow(message->submission))
		return false;
	original = g_string_new(NULL);
	if (!bounce_fields_give_back(original, message)) {
		g_string_free(original, TRUE);
		return false;
	}
	/* as of the part, so of the whole (RFC 2045 6.4) */
	if (!is_plain(original))
		g_mime_object_set_header(GMIME_OBJECT(report),
		    "Content-Transfer-Encoding", "8bit", NULL);
	add_part(report, "message", "rfc822", original);
	return true;
}

/* What is given back of the mail. */
static void
add_original(GMimeMultipart *report, const struct message *message,
    const struct bounce_options *options)
{
	GString *quoted;

	if (wants_whole(message, options) && add_whole(report, message))
		return;
	quoted = g_string_new(NULL);
	bounce_fields_quote(quoted, message->header);
	add_part(report, "text", "rfc822-headers", quoted);
}

/* The boundary holds the report's id: nobody could have foreseen it. */
static GMimeMultipart *
make_parts(const struct message *message, const GArray *recipients,
    const struct bounce_options *options, const char *id)
{
	g_autofree char *boundary = g_strconcat("=_report_", id, NULL);
	GMimeMultipart *report = g_mime_multipart_new_with_subtype("report");
	GString *text = g_string_new(NULL), *fields = g_string_new(NULL);

	g_mime_object_set_content_type_parameter(
	    GMIME_OBJECT(report), "report-type", "delivery-status");
	g_mime_multipart_set_boundary(report, boundary);
	bounce_text_write(text, message, recipients, options);
	bounce_fields_write(fields, message, recipients, options);
	add_part(report, "text", "plain", text);
	add_part(report, "message", "delivery-status", fields);
	add_original(report, message, options);
	return report;
}

static void
set_field(GMimeMessage *report, const char *name, const char *value)
{
	g_mime_object_set_header(GMIME_OBJECT(report), name, value, NULL);
}

static void
set_expires(GMimeMessage *report, const struct bounce_options *options)
{
	char until[CLOCK_RFC5322_LENGTH];

	if (options->action != BOUNCE_DELAYED || options->until_ms == 0)
		return;
	clock_rfc5322(options->until_ms, until);
	set_field(report, "Expires", until);
}

int64_t
bounce_expires_ms(const struct message *message)
{
	const GArray *fields = message->header->fields;

	if (!message->submission->report)
		return 0;
	for (unsigned i = 0; i < fields->len; i++) {
		const struct header_field *field =
		    &g_array_index(fields, struct header_field, i);

		if (strcmp(field->name, "Expires") != 0)
			continue;
		g_autoptr(GDateTime) date =
		    g_mime_utils_header_decode_date(field->body);
		return date == NULL ? 0 : g_date_time_to_unix(date) * 1000;
	}
	return 0;
}

/* Only what could not end its line: the id is a stranger's. */
static void
set_references(GMimeMessage *report, const char *id)
{
	size_t length = strlen(id);

	if (length < 3 || length > MESSAGE_ID_MAX || id[0] != '<' ||
	    strcspn(id + 1, "<>") != length - 2 || id[length - 1] != '>')
		return;
	for (const char *at = id; *at != '\0'; at++)
		if (*at <= ' ' || *at > '~')
			return;
	set_field(report, "In-Reply-To", id);
	set_field(report, "References", id);
}

static void
set_fields(GMimeMessage *report, const struct message *message,
    const struct bounce_options *options, const char *id)
{
	const struct address *sender = message->submission->envelope->sender;
	g_autofree char *from =
	    g_strdup_printf("Mail Delivery System <%s>", options->from);
	g_autofree char *to = g_strdup_printf("<%s>", sender->text);
	g_autofree char *own =
	    g_strdup_printf("<%s@%s>", id, options->hostname);
	char date[CLOCK_RFC5322_LENGTH];

	clock_rfc5322(options->now_ms, date);
	set_field(report, "From", from);
	set_field(report, "To", to);
	set_field(report, "Subject", subjects[options->action]);
	set_field(report, "Date", date);
	set_field(report, "Message-ID", own);
	set_field(report, "Auto-Submitted", "auto-replied");
	set_expires(report, options);
	set_references(report, message->message_id);
}

/* The report as GMime writes it: lines ended by LF. */
static GByteArray *
write_report(const struct message *message, const GArray *recipients,
    const struct bounce_options *options, const char *id)
{
	GMimeMessage *report = g_mime_message_new(TRUE);
	GMimeMultipart *parts = make_parts(message, recipients, options, id);
	GByteArray *bytes = g_byte_array_new();
	GMimeStream *stream = g_mime_stream_mem_new_with_byte_array(bytes);

	g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), FALSE);
	set_fields(report, message, options, id);
	g_mime_message_set_mime_part(report, GMIME_OBJECT(parts));
	g_mime_object_write_to_stream(GMIME_OBJECT(report), NULL, stream);
	g_object_unref(stream);
	g_object_unref(parts);
	g_object_unref(report);
	return bytes;
}

static GString *
end_lines(const GByteArray *bytes)
{
	GString *lines = g_string_sized_new(bytes->len + bytes->len / 32);

	for (unsigned i = 0; i < bytes->len; i++) {
		if (bytes->data[i] == '\n')
			g_string_append_c(lines, '\r');
		g_string_append_c(lines, (char)bytes->data[i]);
	}
	return lines;
}

/* As a session would have brought them; false and errno. */
static bool
keep_bytes(struct submission *report, const GString *bytes)
{
	struct limiter *limiter = limiter_new(&limiter_defaults);
	enum limiter_verdict verdict;

	limiter_feed(limiter, bytes->str, bytes->len);
	verdict = limiter_end(limiter, &report->seen);
	limiter_free(limiter);
	if (verdict != LIMITER_OK) {
		errno = EMSGSIZE;
		return false;
	}
	return spool_append(report->spool, bytes->str, bytes->len) &&
	       spool_seal(report->spool);
}

static struct submission *
make_submission(
    const struct submission *about, const struct bounce_options *options)
{
	static const struct envelope_wish never = {
		.notify = ENVELOPE_NOTIFY_NEVER,
	};
	struct submission *report = g_new0(struct submission, 1);

	id_make(report->id);
	report->envelope = envelope_new();
	envelope_add_recipient(
	    report->envelope, address_copy(about->envelope->sender));
	envelope_wish(report->envelope, 0, &never);
	report->spool = spool_new(options->place);
	report->listener = "report";
	report->protocol = "SMTP";
	report->helo = g_strdup("");
	report->received_ms = options->now_ms;
	report->config =
	    about->config == NULL ? NULL : config_ref(about->config);
	report->when = ANSWER_QUEUED;
	report->report = true;
	return report;
}

struct submission *
bounce_make(const struct message *message, const GArray *recipients,
    const struct bounce_options *options)
{
	struct submission *report =
	    make_submission(message->submission, options);
	g_autoptr(GByteArray) bytes =
	    write_report(message, recipients, options, report->id);
	g_autoptr(GString) lines = end_lines(bytes);
	int fault;

	if (keep_bytes(report, lines))
		return report;
	fault = errno;
	submission_free(report);
	errno = fault;
	return NULL;
}
