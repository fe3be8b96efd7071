/* SPDX-License-Identifier: MIT */
#include "parse_address.h"

#include "charset.h"
#include "plain_mailbox.h"

#include <gmime/gmime.h>
#include <string.h>

struct reading {
	struct message *message;
	const char *domain; /* for addresses without one */
	GMimeParserOptions *gmime_options;
};

static void
on_warning(gint64 offset, GMimeParserWarning warning, const gchar *item,
    gpointer user_data)
{
	struct reading *reading = user_data;

	(void)offset;
	(void)item;
	if (warning == GMIME_WARN_INVALID_ADDRESS_LIST)
		reading->message->traits |= TRAIT_ADDRESS_BROKEN;
}

/* The local part as it may be printed: visible ASCII, blanks in quotes only. */
static bool
is_local_part(const char *local, size_t length)
{
	bool quoted = length > 2 && local[0] == '"' && local[length - 1] == '"';

	for (size_t i = 0; i < length; i++) {
		if (local[i] < ' ' || local[i] > '~')
			return false;
		if (!quoted && strchr(" \"(),:;<>[\\]", local[i]) != NULL)
			return false;
	}
	return length > 0;
}

/* local@domain as an exit may print it, or NULL.  cron and its like write no
 * domain: they get ours. */
static char *
make_spec(const struct reading *reading, const char *text)
{
	const char *at = strrchr(text, '@');
	size_t length = at == NULL ? strlen(text) : (size_t)(at - text);
	const char *domain = at == NULL ? reading->domain : at + 1;
	g_autofree char *ascii = NULL;

	if (!is_local_part(text, length))
		return NULL;
	ascii = address_domain_to_ascii(domain);
	return ascii == NULL
		   ? NULL
		   : g_strdup_printf("%.*s@%s", (int)length, text, ascii);
}

static bool
is_special(const char *name)
{
	bool foreign = false, special = false;

	for (; *name != '\0'; name++) {
		foreign |= (unsigned char)*name > 0x7e;
		special |= strchr("()<>[]:;@\\,.\"", *name) != NULL;
	}
	return foreign && special;
}

/* One as it was read: either may be NULL. */
struct found {
	const char *name;
	const char *text; /* local@domain, or less */
};

static void
add_found(struct reading *reading, const struct found *found, GPtrArray *list)
{
	const char *text = found->text, *name = found->name;
	g_autofree char *spec = text == NULL ? NULL : make_spec(reading, text);
	g_autofree char *line = name == NULL ? NULL : charset_line(name);

	if (spec == NULL) {
		reading->message->traits |= TRAIT_ADDRESS_BROKEN;
		return;
	}
	if (line != NULL && is_special(line))
		reading->message->traits |= TRAIT_DISPLAY_SPECIAL;
	if (line != NULL && !g_str_is_ascii(line))
		reading->message->traits |= TRAIT_DISPLAY_NON_ASCII;
	g_ptr_array_add(list, header_address_new(line, spec));
}

static bool
is_mailbox(InternetAddress *address)
{
	return address != NULL && INTERNET_ADDRESS_IS_MAILBOX(address);
}

/* spelt: the same one of the list whose words are spelt anew; NULL: there is
 * none.  Only its name counts: what looks like a word within an address is
 * none. */
static void
add_mailbox(struct reading *reading, InternetAddress *address,
    InternetAddress *spelt, GPtrArray *list)
{
	struct found found = {
		.name = internet_address_get_name(
		    is_mailbox(spelt) ? spelt : address),
		.text = internet_address_mailbox_get_addr(
		    INTERNET_ADDRESS_MAILBOX(address)),
	};

	add_found(reading, &found, list);
}

static InternetAddressList *
members_of(InternetAddress *group)
{
	return group != NULL && INTERNET_ADDRESS_IS_GROUP(group)
		   ? internet_address_group_get_members(
			 INTERNET_ADDRESS_GROUP(group))
		   : NULL;
}

static void
add_mailboxes(struct reading *reading, InternetAddressList *from,
    InternetAddressList *spelt, GPtrArray *list)
{
	int count = internet_address_list_length(from);

	if (spelt != NULL && internet_address_list_length(spelt) != count)
		spelt = NULL;
	for (int i = 0; i < count; i++) {
		InternetAddress *address =
		    internet_address_list_get_address(from, i);
		InternetAddress *twin =
		    spelt == NULL ? NULL
				  : internet_address_list_get_address(spelt, i);

		if (INTERNET_ADDRESS_IS_MAILBOX(address)) {
			add_mailbox(reading, address, twin, list);
			continue;
		}
		reading->message->traits |= TRAIT_GROUP;
		add_mailboxes(
		    reading, members_of(address), members_of(twin), list);
	}
}

/* The last parenthesis that opens, but not one in quotes; NULL: there is none.
 */
static const char *
find_comment(const char *at)
{
	const char *open = NULL;
	bool quoted = false;

	for (; *at != '\0'; at++) {
		if (*at == '"')
			quoted = !quoted;
		else if (*at == '\\' && at[1] != '\0')
			at++;
		else if (*at == '(' && !quoted)
			open = at;
	}
	return open;
}

/* "root (Cron Daemon)": before there were display names they were comments,
 * and readers still show them so.  GMime knows that of whole addresses only.
 * One that belongs to one of several is not read; the raw form has it. */
static void
read_comment(struct reading *reading, const char *body,
    struct header_address *address, unsigned count)
{
	size_t length = strlen(body);
	const char *open = find_comment(body);
	g_autofree char *comment = NULL;

	if (open == NULL || address->name != NULL)
		return;
	if (count > 1 || body[length - 1] != ')' || open == body) {
		reading->message->traits |= TRAIT_ADDRESS_BROKEN;
		return;
	}
	comment = g_strndup(open + 1, length - 2 - (size_t)(open - body));
	if (comment[0] != '\0')
		address->name = charset_words(comment);
}

static bool
read_plain(struct reading *reading, const char *body, GPtrArray *list)
{
	g_autofree char *name = NULL, *address = NULL;
	bool plain = plain_mailbox_read(body, &name, &address);
	struct found found = { name, address };

	if (plain)
		add_found(reading, &found, list);
	return plain;
}

/* Of several words in one display name GMime loses the end of some, and it does
 * not know what the names of charsets mean.  NULL: the body has no words. */
static InternetAddressList *
parse_spelt(const char *body)
{
	g_autofree char *spelt = NULL;

	if (strstr(body, "=?") == NULL)
		return NULL;
	spelt = charset_words_join(body);
	return internet_address_list_parse(NULL, spelt);
}

static void
read_field(struct reading *reading, const char *body, GPtrArray *list)
{
	unsigned before = list->len;
	InternetAddressList *found, *spelt;

	if (read_plain(reading, body, list))
		return;
	found = internet_address_list_parse(reading->gmime_options, body);
	if (found == NULL) {
		reading->message->traits |= TRAIT_ADDRESS_BROKEN;
		return;
	}
	spelt = parse_spelt(body);
	add_mailboxes(reading, found, spelt, list);
	g_clear_object(&spelt);
	g_object_unref(found);
	if (list->len > before)
		read_comment(reading, body, g_ptr_array_index(list, before),
		    list->len - before);
}

/* All fields of the name: a repeated To is one list in two fields. */
static void
read_addresses(struct reading *reading, const char *name, GPtrArray *list)
{
	const GArray *fields = reading->message->header->fields;

	for (unsigned i = 0; i < fields->len; i++) {
		const struct header_field *field =
		    &g_array_index(fields, struct header_field, i);

		if (field->body[0] != '\0' &&
		    g_ascii_strcasecmp(field->name, name) == 0)
			read_field(reading, field->body, list);
	}
}

static void
free_address(void *address)
{
	header_address_free(address);
}

static void
read_sender(struct reading *reading)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(free_address);

	read_addresses(reading, "Sender", list);
	/* RFC 5322 3.6.2: one mailbox */
	if (list->len > 1)
		reading->message->traits |= TRAIT_ADDRESS_BROKEN;
	if (list->len > 0)
		reading->message->sender = g_ptr_array_steal_index(list, 0);
	g_ptr_array_unref(list);
}

/* An API is given each recipient once. */
static bool
has_twins(const struct message *message)
{
	g_autoptr(GHashTable) seen =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	const GPtrArray *lists[] = { message->to, message->cc };

	for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
		for (unsigned k = 0; k < lists[i]->len; k++) {
			const struct header_address *address =
			    lists[i]->pdata[k];
			if (!g_hash_table_add(
				seen, g_ascii_strdown(address->spec, -1)))
				return true;
		}
	return false;
}

static void
read_all_addresses(struct reading *reading)
{
	struct message *message = reading->message;
	uint64_t traits = message->traits;

	/* removed always: what is wrong with it is no matter */
	read_addresses(reading, "Bcc", message->bcc);
	message->traits = traits;
	read_addresses(reading, "From", message->from);
	read_addresses(reading, "To", message->to);
	read_addresses(reading, "Cc", message->cc);
	read_addresses(reading, "Reply-To", message->reply_to);
	read_sender(reading);
	if (message->from->len > 1)
		message->traits |= TRAIT_MANY_FROM;
	if (has_twins(message))
		message->traits |= TRAIT_ADDRESS_TWICE;
}

/* Opaque mail is routed by its author's domain all the same: what stands in
 * the last angle brackets of a From of sane length, or all of it. */
static void
guess_from(struct reading *reading)
{
	const struct header_field *from =
	    header_find(reading->message->header, "From");
	const char *open, *close;
	g_autofree char *text = NULL, *spec = NULL;

	if (from == NULL || strlen(from->body) > ADDRESS_PATH_MAX * 4)
		return;
	open = strrchr(from->body, '<');
	close = open == NULL ? NULL : strchr(open, '>');
	text = close == NULL ? g_strdup(from->body)
			     : g_strndup(open + 1, (size_t)(close - open - 1));
	spec = make_spec(reading, text);
	if (spec != NULL && strchr(text, '@') != NULL)
		g_ptr_array_add(
		    reading->message->from, header_address_new(NULL, spec));
}

void
parse_address_read(struct message *message, const char *domain)
{
	struct reading reading = { message, domain, NULL };

	if (message->submission->seen.opaque) {
		guess_from(&reading);
		return;
	}
	reading.gmime_options = g_mime_parser_options_new();
	g_mime_parser_options_set_warning_callback(
	    reading.gmime_options, on_warning, &reading);
	read_all_addresses(&reading);
	g_mime_parser_options_free(reading.gmime_options);
}
