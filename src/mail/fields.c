/* SPDX-License-Identifier: MIT */
#include "fields.h"

#include "charset.h"
#include "core/clock.h"

#include <string.h>

#define LINE_MAX_OCTETS 998

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

static uint64_t
find_field_traits(const struct header_field *field)
{
	uint64_t traits = 0;

	if (field->name[0] == '\0')
		traits |= TRAIT_MALFORMED;
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

		if (IS_ONE_OF(field->name, dropped))
			continue;
		message->traits |= find_field_traits(field);
		if (!g_hash_table_add(names, g_ascii_strdown(field->name, -1)))
			message->traits |= TRAIT_REPEATED_FIELD;
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

static void
read_date(struct message *message)
{
	char date[CLOCK_RFC5322_LENGTH];

	message->date = read_value(message, "Date");
	message->had_date = message->date != NULL;
	if (message->had_date)
		return;
	clock_rfc5322(message->submission->received_ms, date);
	message->date = g_strdup(date);
}

void
fields_read(struct message *message, const char *hostname)
{
	const struct header_field *subject =
	    header_find(message->header, "Subject");
	g_autofree char *from = read_value(message, "From");

	read_field_traits(message);
	read_message_id(message, hostname);
	read_date(message);
	message->had_from = from != NULL;
	if (subject != NULL)
		message->subject = message_field_text(subject);
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
