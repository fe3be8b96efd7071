/* SPDX-License-Identifier: MIT */
#include "mail/raw.h"

#include "core/clock.h"
#include "fold.h"
#include "qualify.h"
#include "recode.h"
#include "words.h"

#include <string.h>

#define FOREIGN_MAX 200

static const char *const removed[] = { "Bcc", "Resent-Bcc", "Return-Path",
	"Content-Length", NULL };

/* The raw form under way. */
struct raw {
	const struct message *message;
	const struct raw_options *options;
	enum recode_need need;
	struct recode *recode; /* owned; NULL: the body stays */
	bool untouched;        /* signed as a whole */
};

/* RFC 5322 3.6: these stand once. */
static const char *const single[] = { "Date", "From", "Message-ID", "Sender",
	"To", "Cc", "Reply-To", "Disposition-Notification-To", NULL };

/* Of them those that are lists: a second one goes on with the first. */
static const char *const lists[] = { "To", "Cc", "Reply-To", NULL };

/* What we make when it is missing. */
static const char *const made[] = { "Date", "From", "Message-ID", NULL };

/* Text of the client's choosing becomes something that cannot end a comment,
 * a quoted string or the line. */
static void
append_foreign(GString *head, const char *text)
{
	size_t length = 0;

	for (; text != NULL && *text != '\0' && length < FOREIGN_MAX; text++) {
		if (*text <= ' ' || *text > '~' ||
		    strchr("()\\\"<>;", *text) != NULL)
			continue;
		g_string_append_c(head, *text);
		length++;
	}
	if (length == 0)
		g_string_append(head, "unknown");
}

static void
append_client(GString *head, const struct submission *submission)
{
	g_string_append(head, "from ");
	append_foreign(head, submission->helo);
	if (strcmp(submission->peer, NETWORK_PEER_UNIX) == 0) {
		g_string_append(head, " (Unix socket)\r\n\t");
		return;
	}
	g_string_append(head, " ([");
	/* RFC 5321 4.1.3 */
	if (strchr(submission->peer, ':') != NULL)
		g_string_append(head, "IPv6:");
	append_foreign(head, submission->peer);
	g_string_append(head, "])\r\n\t");
}

/* A report of ours was received from nobody. */
static void
append_received(
    GString *head, const struct submission *submission, const char *hostname)
{
	char date[CLOCK_RFC5322_LENGTH];

	clock_rfc5322(submission->received_ms, date);
	g_string_append(head, "Received: ");
	if (!submission->report)
		append_client(head, submission);
	g_string_append(head, "by ");
	append_foreign(head, hostname);
	g_string_append(head, " (postferry)");
	if (!submission->report)
		g_string_append_printf(head, " with %s", submission->protocol);
	g_string_append_printf(
	    head, " id %s;\r\n\t%s\r\n", submission->id, date);
}

static bool
is_named(const char *const *names, const char *name)
{
	for (; names != NULL && *names != NULL; names++) {
		size_t length = strlen(*names);

		if (g_ascii_strcasecmp(*names, name) == 0 ||
		    ((*names)[length - 1] == '-' &&
			g_ascii_strncasecmp(*names, name, length) == 0))
			return true;
	}
	return false;
}

/* Where a line that begins at text and has no room for more than `room` octets
 * is broken: before its last blank, else where the room ends, but never within
 * a character of UTF-8. */
static size_t
find_break(const char *text, size_t room)
{
	size_t at = room;

	while (at > 1 && text[at] != ' ' && text[at] != '\t')
		at--;
	if (at > 1)
		return at;
	for (at = room;
	     at > room - 3 && ((unsigned char)text[at] & 0xc0) == 0x80; at--)
		continue;
	return at;
}

/* Unfolded and folded anew: what else could be done with a line of 5,000
 * octets is to lose it. */
static void
append_folded(GString *head, const struct header_field *field)
{
	const char *text = field->body;
	size_t start = head->len;
	size_t left, column;

	if (field->name[0] != '\0') {
		g_string_append_printf(head, "%s: ", field->name);
	} else {
		/* the malformed name and its colon */
		size_t name = strcspn(text, ":");

		name += text[name] == ':';
		g_string_append_len(head, text, (gssize)name);
		text += name;
	}
	left = strlen(text);
	column = head->len - start;
	while (column + left > FOLD_LINE_MAX) {
		/* a name that leaves no room stays alone on its line */
		size_t take = column + 4 > FOLD_LINE_MAX
				  ? 0
				  : find_break(text, FOLD_LINE_MAX - column);

		g_string_append_len(head, text, (gssize)take);
		g_string_append(head, "\r\n");
		text += take;
		left -= take;
		column = 0;
		if (*text != ' ' && *text != '\t') {
			g_string_append_c(head, ' ');
			column = 1;
		}
	}
	g_string_append_printf(head, "%s\r\n", text);
}

static void
append_text(GString *head, const char *name, const char *body)
{
	const struct header_field field = { .name = name, .body = body };

	append_folded(head, &field);
}

static bool
is_ascii(const char *bytes, size_t length)
{
	unsigned char sum = 0;

	for (size_t i = 0; i < length; i++)
		sum |= (unsigned char)bytes[i];
	return sum <= 0x7f;
}

/* The charset that the mail names; NULL: none. */
static const char *
find_charset(const struct recode *recode)
{
	return recode == NULL ? NULL : recode->charset;
}

/* Appends a field that must not go beyond ASCII; false: it does not, or cannot
 * but stay as it is. */
static bool
append_encoded(
    GString *head, const struct raw *raw, const struct header_field *field)
{
	return raw->need != RECODE_SHORT &&
	       (raw->options->ascii || !raw->untouched) &&
	       !is_ascii(field->body, strlen(field->body)) &&
	       words_encode(head, field, find_charset(raw->recode));
}

/* Appends a field whose addresses have to get a domain; false: none has. */
static bool
append_qualified(
    GString *head, const struct raw *raw, const struct header_field *field)
{
	const char *domain = raw->message->domain;
	struct header_field whole = *field;
	g_autofree char *body = NULL;

	if (raw->untouched || domain == NULL || !qualify_is_named(field->name))
		return false;
	body = qualify_body(field->body, domain);
	if (body == NULL)
		return false;
	whole.body = body;
	if (!append_encoded(head, raw, &whole))
		append_text(head, field->name, body);
	return true;
}

static void
append_field(
    GString *head, const struct raw *raw, const struct header_field *field)
{
	const char *bytes = header_bytes(raw->message->header, field);
	size_t name = strlen(field->name), skip = 0;

	if (append_qualified(head, raw, field) ||
	    append_encoded(head, raw, field))
		return;
	if (field->longest > FOLD_LINE_MAX && !raw->untouched) {
		append_folded(head, field);
		return;
	}
	if (raw->options->once && name > 0) {
		g_string_append_len(head, bytes, (gssize)name);
		skip =
		    (size_t)((char *)memchr(bytes, ':', field->length) - bytes);
	}
	g_string_append_len(head, bytes + skip, (gssize)(field->length - skip));
	if (head->str[head->len - 1] != '\n')
		g_string_append(head, "\r\n");
}

/* True when a field of the name, and not an empty one, stands before it. */
static bool
is_repeated(const struct header *header, const struct header_field *field)
{
	for (unsigned i = 0; i < header->fields->len; i++) {
		const struct header_field *other =
		    &g_array_index(header->fields, struct header_field, i);

		if (other == field)
			return false;
		if (other->body[0] != '\0' &&
		    g_ascii_strcasecmp(other->name, field->name) == 0)
			return true;
	}
	return false;
}

/* The list of this field and of all of its name behind it; NULL: it is the only
 * one.  New string. */
static char *
join_lists(const struct header *header, unsigned first)
{
	const struct header_field *field =
	    &g_array_index(header->fields, struct header_field, first);
	GString *body = g_string_new(field->body);
	size_t alone = body->len;

	for (unsigned i = first + 1; i < header->fields->len; i++) {
		const struct header_field *other =
		    &g_array_index(header->fields, struct header_field, i);

		if (other->body[0] != '\0' &&
		    g_ascii_strcasecmp(other->name, field->name) == 0)
			g_string_append_printf(body, ", %s", other->body);
	}
	return g_string_free(body, body->len == alone);
}

/* What none ever gets to see, nor is judged by; an odd byte in its name does
 * not change that. */
static bool
is_removed(const struct header_field *field)
{
	g_autofree char *guess =
	    field->name[0] == '\0' ? header_guess_name(field) : NULL;
	const char *name = guess != NULL ? guess : field->name;

	return is_named(removed, name) || message_field_is_control(name);
}

static bool
is_omitted(const struct header_field *field, const struct raw_options *options)
{
	if (options->from != NULL &&
	    g_ascii_strcasecmp(field->name, "From") == 0)
		return true;
	if (options->no_sender &&
	    g_ascii_strcasecmp(field->name, "Sender") == 0)
		return true;
	/* one that was empty */
	if (options->reply_to != NULL &&
	    g_ascii_strcasecmp(field->name, "Reply-To") == 0)
		return true;
	return is_named(options->omit, field->name);
}

/* Its place is taken by what is written below. */
static bool
is_replaced(const struct header_field *field, const struct recode *recode)
{
	return recode != NULL && recode->encoding != NULL &&
	       g_ascii_strcasecmp(field->name, "Content-Transfer-Encoding") ==
		   0;
}

/* Appends a list in several fields as one; false: it is in one. */
static bool
append_list(GString *head, const struct raw *raw, unsigned first)
{
	struct header_field field = g_array_index(
	    raw->message->header->fields, struct header_field, first);
	g_autofree char *list = NULL;

	if (!raw->options->once || field.body[0] == '\0' ||
	    !is_named(lists, field.name))
		return false;
	list = join_lists(raw->message->header, first);
	if (list == NULL)
		return false;
	field.body = list;
	if (!append_qualified(head, raw, &field) &&
	    !append_encoded(head, raw, &field))
		append_text(head, field.name, list);
	return true;
}

static void
append_fields(GString *head, const struct raw *raw)
{
	const struct header *header = raw->message->header;
	const struct raw_options *options = raw->options;

	for (unsigned i = 0; i < header->fields->len; i++) {
		const struct header_field *field =
		    &g_array_index(header->fields, struct header_field, i);

		if (is_removed(field) || is_omitted(field, options) ||
		    is_replaced(field, raw->recode))
			continue;
		/* as good as missing: ours stands below */
		if (field->body[0] == '\0' && is_named(made, field->name))
			continue;
		if (options->once && is_named(single, field->name) &&
		    is_repeated(header, field))
			continue;
		if (!append_list(head, raw, i))
			append_field(head, raw, field);
	}
}

static void
append_made(GString *head, const struct message *message,
    const struct raw_options *options)
{
	const struct header_address *from = NULL;

	if (message->from->len > 0)
		from = g_ptr_array_index(message->from, 0);
	if (!message->had_date && !is_named(options->omit, "Date"))
		g_string_append_printf(head, "Date: %s\r\n", message->date);
	if (options->from != NULL)
		append_text(head, "From", options->from);
	else if (!message->had_from && from != NULL &&
		 !is_named(options->omit, "From"))
		g_string_append_printf(head, "From: <%s>\r\n", from->spec);
	if (options->reply_to != NULL)
		append_text(head, "Reply-To", options->reply_to);
	if (!message->had_message_id && !is_named(options->omit, "Message-ID"))
		g_string_append_printf(
		    head, "Message-ID: %s\r\n", message->message_id);
}

/* What the body's new encoding makes of the header. */
static void
append_encoding(GString *head, const struct raw *raw)
{
	const struct recode *recode = raw->recode;

	if (recode == NULL || recode->encoding == NULL)
		return;
	if (header_find(raw->message->header, "MIME-Version") == NULL)
		g_string_append(head, "MIME-Version: 1.0\r\n");
	if (recode->type != NULL)
		g_string_append(head, recode->type);
	g_string_append_printf(
	    head, "Content-Transfer-Encoding: %s\r\n", recode->encoding);
}

static void
add_text(struct segments *segments, const char *text, size_t length, bool json)
{
	if (json)
		segments_add_json(segments, text, length);
	else
		segments_add(segments, text, length);
}

static void
add_body(struct segments *segments, const struct raw *raw)
{
	enum segment_form form = raw->options->json ? SEGMENT_JSON
				 : raw->untouched   ? SEGMENT_PLAIN
						    : SEGMENT_FOLDED;

	if (raw->recode == NULL) {
		segments_add_body(
		    segments, &raw->message->submission->seen, form);
		return;
	}
	if (form == SEGMENT_FOLDED)
		form = SEGMENT_PLAIN;
	for (unsigned i = 0; i < raw->recode->pieces->len; i++) {
		const struct recode_piece *piece =
		    &g_array_index(raw->recode->pieces, struct recode_piece, i);

		if (piece->text != NULL)
			add_text(segments, piece->text, strlen(piece->text),
			    form == SEGMENT_JSON);
		else
			segments_add_range(segments, &piece->range, form);
	}
}

static void
open_raw(struct raw *raw)
{
	raw->need = raw->options->json    ? RECODE_UTF8
		    : raw->options->seven ? RECODE_SEVEN
		    : raw->options->ascii ? RECODE_HEAD
					  : RECODE_SHORT;
	raw->untouched =
	    (raw->message->traits & TRAIT_DKIM) != 0 && !raw->options->json;
	raw->recode = recode_make(raw->message, raw->need);
}

static bool
is_body_ascii(const struct raw *raw)
{
	return raw->recode != NULL
		   ? !raw->recode->eightbit
		   : !raw->message->submission->seen.eightbit_body;
}

bool
raw_append(struct segments *segments, const struct message *message,
    const struct raw_options *options)
{
	struct raw raw = { .message = message, .options = options };
	g_autoptr(GString) head = g_string_new(NULL);
	bool ascii;

	open_raw(&raw);
	append_received(head, message->submission, options->hostname);
	if (options->add != NULL)
		g_string_append(head, options->add);
	append_fields(head, &raw);
	append_made(head, message, options);
	append_encoding(head, &raw);
	g_string_append(head, "\r\n");
	add_text(segments, head->str, head->len, options->json);
	add_body(segments, &raw);
	ascii = is_ascii(head->str, head->len) && is_body_ascii(&raw);
	recode_free(raw.recode);
	return ascii;
}

/* Checks what is there; the bytes of a character that has not ended yet are
 * moved to the front, their number is *held. */
static bool
check_utf8(char *bytes, size_t length, size_t *held)
{
	const char *end = bytes;

	*held = 0;
	if (g_utf8_validate_len(bytes, length, &end))
		return true;
	*held = length - (size_t)(end - bytes);
	if (g_utf8_get_char_validated(end, (gssize)*held) != (gunichar)-2)
		return false;
	memmove(bytes, end, *held);
	return true;
}

/* The body as it will leave: a fold in the midst of a character breaks it. */
static bool
is_body_utf8(const struct message *message)
{
	const struct spool *spool = message->submission->spool;
	uint64_t offset = message->header->end;
	unsigned char in[4096];
	char out[4 + sizeof in + FOLD_BYTES * (sizeof in / 997 + 1)];
	uint32_t column = 0;
	size_t held = 0;

	for (;;) {
		ssize_t taken = spool_read(spool, offset, in, sizeof in);
		size_t length;

		if (taken <= 0)
			return taken == 0 && held == 0;
		offset += (uint64_t)taken;
		length = held + fold_bytes(&column, in, (size_t)taken,
				    (unsigned char *)out + held);
		if (!check_utf8(out, length, &held))
			return false;
	}
}

static bool
is_field_utf8(const struct header *header, const struct header_field *field,
    const struct recode *recode)
{
	g_autoptr(GString) encoded = g_string_new(NULL);

	return g_utf8_validate_len(
		   header_bytes(header, field), field->length, NULL) ||
	       words_encode(encoded, field, find_charset(recode));
}

static bool
is_header_utf8(const struct header *header, const struct recode *recode)
{
	for (unsigned i = 0; i < header->fields->len; i++) {
		const struct header_field *field =
		    &g_array_index(header->fields, struct header_field, i);

		if (!is_removed(field) && !is_field_utf8(header, field, recode))
			return false;
	}
	return true;
}

bool
raw_is_utf8(const struct message *message)
{
	const struct limiter_seen *seen = &message->submission->seen;
	struct recode *recode = recode_make(message, RECODE_UTF8);
	bool utf8 =
	    !seen->eightbit_header || is_header_utf8(message->header, recode);

	if (utf8 && recode != NULL)
		utf8 = !recode->other;
	else if (utf8 && seen->eightbit_body)
		utf8 = is_body_utf8(message);
	recode_free(recode);
	return utf8;
}

static bool
is_field_ascii(const struct header *header, const struct header_field *field,
    const struct recode *recode)
{
	g_autoptr(GString) encoded = g_string_new(NULL);

	return is_ascii(header_bytes(header, field), field->length) ||
	       words_encode(encoded, field, find_charset(recode));
}

bool
raw_is_header_ascii(const struct message *message)
{
	const struct header *header = message->header;
	struct recode *recode = NULL;
	bool ascii = true;

	if (!message->submission->seen.eightbit_header)
		return true;
	if ((message->traits & TRAIT_EIGHTBIT_FIELD) != 0)
		recode = recode_make(message, RECODE_HEAD);
	for (unsigned i = 0; ascii && i < header->fields->len; i++) {
		const struct header_field *field =
		    &g_array_index(header->fields, struct header_field, i);

		ascii =
		    is_removed(field) || is_field_ascii(header, field, recode);
	}
	recode_free(recode);
	return ascii;
}
