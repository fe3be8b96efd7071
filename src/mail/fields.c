/* SPDX-License-Identifier: MIT */
#include "fields.h"

#include "charset.h"
#include "core/clock.h"
#include "date.h"
#include "marks.h"

#include <string.h>

#define LINE_MAX_OCTETS 998

/* A mail that comes later than that after its Date was held up on its way, or
 * is an old one sent again. */
#define DATE_APART_MS (10 * 60 * 1000)

/* No loss when they go: removed always, or the work of the hosts before us. */
static const char *const dropped[] = { "Received", "Return-Path", "Bcc",
	"Resent-Bcc", "Content-Length" };

/* Their length is no matter: an API takes the addresses one by one. */
static const char *const unbounded[] = { "From", "To", "Cc", "Reply-To",
	"Sender" };

/* What of Content-* an API makes anew by itself.  Content-Language is an
 * ordinary field that speaks of the whole mail. */
static const char *const remade[] = { "Content-Type", "Content-Disposition",
	"Content-Transfer-Encoding", "Content-ID", "Content-Language" };

/* RFC 5322 3.6: one of each; of the lists a second goes on with the first. */
static const char *const single[] = { "Date", "From", "Message-ID", "Sender",
	"Disposition-Notification-To" };

#define IS_ONE_OF(name, names) is_one_of(name, names, G_N_ELEMENTS(names))

static bool
is_one_of(const char *name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (g_ascii_strcasecmp(name, names[i]) == 0)
			return true;
	return false;
}

static bool
has_prefix(const char *name, const char *prefix)
{
	return g_ascii_strncasecmp(name, prefix, strlen(prefix)) == 0;
}

static bool
is_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text > 0x7e)
			return false;
	return true;
}

/* A word that has no room on a line of its own is cut. */
static bool
has_long_word(const struct header_field *field)
{
	size_t room = LINE_MAX_OCTETS - strlen("x: ");
	const char *at = field->body;

	room -= MIN(room, strlen(field->name));
	if (field->longest <= LINE_MAX_OCTETS)
		return false;
	while (*at != '\0') {
		size_t length = strcspn(at, " \t");

		if (length > room)
			return true;
		at += length;
		at += strspn(at, " \t");
	}
	return false;
}

/* True when between the first and the last letter of the field there is a TAB,
 * or, when `runs` are asked for, more than one blank at once.  The blank behind
 * a line end is the fold's. */
static bool
has_odd_blanks(const char *bytes, size_t length, bool runs)
{
	size_t i = 0, blanks = 0;
	bool tab = false, odd = false;

	while (length > 0 && g_ascii_isspace(bytes[length - 1]))
		length--;
	while (i < length && bytes[i] != ':')
		i++;
	for (i++; i < length && g_ascii_isspace(bytes[i]); i++)
		continue;
	for (; i < length && !odd; i++) {
		if (bytes[i] == '\r' || bytes[i] == '\n')
			continue;
		if (bytes[i] != ' ' && bytes[i] != '\t') {
			odd = tab || (runs && blanks > 1);
			blanks = 0;
			tab = false;
			continue;
		}
		tab |= bytes[i] == '\t' && bytes[i - 1] != '\n';
		blanks++;
	}
	return odd;
}

static uint64_t
find_blanks(const struct header *header, const struct header_field *field)
{
	bool subject = g_ascii_strcasecmp(field->name, "Subject") == 0;

	if (!subject && message_field_is_own(field->name))
		return 0;
	return has_odd_blanks(
		   header_bytes(header, field), field->length, subject)
		   ? TRAIT_BLANKS
		   : 0;
}

static uint64_t
find_field_traits(const struct header_field *field)
{
	uint64_t traits = 0;

	if (field->name[0] == '\0')
		traits |= TRAIT_MALFORMED;
	if (field->body[0] == '\0' &&
	    g_ascii_strcasecmp(field->name, "Subject") != 0)
		traits |= TRAIT_EMPTY_FIELD;
	if (has_long_word(field))
		traits |= TRAIT_LONG_WORD;
	if (g_ascii_strcasecmp(field->name, "Authentication-Results") == 0)
		traits |= TRAIT_RESULTS;
	if (!g_utf8_validate(field->body, -1, NULL))
		traits |= TRAIT_EIGHTBIT_FIELD;
	if (!IS_ONE_OF(field->name, unbounded) &&
	    strlen(field->name) + 2 + strlen(field->body) > LINE_MAX_OCTETS)
		traits |= TRAIT_LONG_FIELD;
	if (has_prefix(field->name, "ARC-") ||
	    g_ascii_strcasecmp(field->name, "DKIM-Signature") == 0)
		traits |= TRAIT_DKIM;
	if (has_prefix(field->name, "Content-") &&
	    !IS_ONE_OF(field->name, remade))
		traits |= TRAIT_PART_HEADERS;
	return traits;
}

static void
read_field_traits(struct message *message)
{
	g_autoptr(GHashTable) names =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	const GArray *fields = message->header->fields;

	for (unsigned i = 0; i < fields->len; i++) {
		const struct header_field *field =
		    &g_array_index(fields, struct header_field, i);

		if (IS_ONE_OF(field->name, dropped) ||
		    message_field_is_control(field->name))
			continue;
		message->traits |= find_field_traits(field) |
				   find_blanks(message->header, field);
		if (g_hash_table_add(names, g_ascii_strdown(field->name, -1)))
			continue;
		message->traits |= TRAIT_REPEATED_FIELD;
		if (IS_ONE_OF(field->name, single))
			message->traits |= TRAIT_SECOND_FIELD;
	}
	if (header_find(message->header, "To") == NULL &&
	    header_find(message->header, "Cc") == NULL)
		message->traits |= TRAIT_NO_TO;
	if (message->submission->seen.header_broken)
		message->traits |= TRAIT_MALFORMED;
}

/* The first field of the name that says anything, as one clean line; NULL:
 * none.  Without decoding: these are no text for people. */
static char *
read_value(const struct message *message, const char *name)
{
	const GArray *fields = message->header->fields;

	for (unsigned i = 0; i < fields->len; i++) {
		const struct header_field *field =
		    &g_array_index(fields, struct header_field, i);

		if (field->body[0] != '\0' &&
		    g_ascii_strcasecmp(field->name, name) == 0)
			return charset_line(field->body);
	}
	return NULL;
}

/* RFC 5322 3.6.4: <left@right>, nothing around it. */
static bool
is_message_id(const char *text)
{
	size_t length = strlen(text);
	const char *at = strchr(text, '@');

	return length > 4 && text[0] == '<' && text[length - 1] == '>' &&
	       strpbrk(text, " \t") == NULL && is_ascii(text) && at != NULL &&
	       at > text + 1 && at < text + length - 2 &&
	       strcspn(text + 1, "<>") == length - 2;
}

/* A Message-ID of another form is kept as it is written in the raw form, where
 * it does most good; an API may refuse or replace it, hence the trait. */
static void
read_message_id(struct message *message, const char *hostname)
{
	char *text = read_value(message, "Message-ID");

	message->had_message_id = text != NULL;
	if (text == NULL) {
		message->message_id = g_strdup_printf(
		    "<%s@%s>", message->submission->id, hostname);
		return;
	}
	message->message_id = text;
	if (is_message_id(text))
		return;
	message->traits |= TRAIT_UNKNOWN;
	if (strpbrk(text, "<>") == NULL) {
		message->message_id = g_strdup_printf("<%s>", text);
		g_free(text);
	}
}

static bool
is_date_apart(const struct message *message)
{
	int64_t date_ms = 0, came_ms = message->submission->received_ms;

	return !date_read(message->date, &date_ms) ||
	       date_ms < came_ms - DATE_APART_MS ||
	       date_ms > came_ms + DATE_APART_MS;
}

static void
read_date(struct message *message)
{
	char date[CLOCK_RFC5322_LENGTH];

	message->date = read_value(message, "Date");
	message->had_date = message->date != NULL;
	if (message->had_date) {
		if (is_date_apart(message))
			message->traits |= TRAIT_DATE;
		return;
	}
	clock_rfc5322(message->submission->received_ms, date);
	message->date = g_strdup(date);
}

static void
read_subject(struct message *message)
{
	const struct header_field *field =
	    header_find(message->header, "Subject");

	if (field != NULL)
		message->subject = message_field_text(field);
	if (message->subject == NULL ||
	    message->subject[strspn(message->subject, " ")] == '\0')
		message->traits |= TRAIT_NO_SUBJECT;
	else
		message->traits |=
		    marks_find(message->subject, strlen(message->subject));
}

void
fields_read(struct message *message, const char *hostname)
{
	g_autofree char *from = read_value(message, "From");

	read_field_traits(message);
	read_message_id(message, hostname);
	read_date(message);
	message->had_from = from != NULL;
	read_subject(message);
}

void
fields_make_from(struct message *message, const char *hostname)
{
	const struct address *sender = message->submission->envelope->sender;
	g_autofree char *spec = NULL;

	if (message->had_from)
		return;
	if (sender != NULL)
		spec = g_strdup(sender->text);
	else
		spec = g_strconcat("MAILER-DAEMON@", hostname, NULL);
	g_ptr_array_add(message->from, header_address_new(NULL, spec));
}
