/* SPDX-License-Identifier: MIT */
#include "composition_address.h"

#include "mail/limiter.h"
#include "mail/parse_list.h"
#include <string.h>

/* GMime goes down a level at each of them, and a door has a small stack. */
#define COLONS_MAX 64

#define EXPECTED                                                          \
	"expected are addresses like Some Name <user@example.com>, with " \
	"commas between"

static void
free_mailbox(void *object)
{
	struct mailbox *mailbox = object;

	g_free(mailbox->name);
	address_free(mailbox->address);
	g_free(mailbox);
}

GPtrArray *
composition_address_list(void)
{
	return g_ptr_array_new_with_free_func(free_mailbox);
}

static bool
has_control(const char *text)
{
	for (; *text != '\0'; text++)
		if ((*text >= '\0' && *text < ' ') || *text == 0x7f)
			return true;
	return false;
}

static unsigned
count_colons(const char *text)
{
	unsigned count = 0;

	for (; *text != '\0'; text++)
		count += *text == ':';
	return count;
}

/* What may not even be shown to a parser; NULL: nothing. */
static const char *
find_obstacle(const char *text)
{
	if (strlen(text) > COMPOSITION_ADDRESSES_MAX)
		return "it is longer than " G_STRINGIFY(
		    COMPOSITION_ADDRESSES_MAX) " bytes; make it a list of "
					       "several";
	if (!g_utf8_validate(text, -1, NULL))
		return "it is not UTF-8";
	if (has_control(text))
		return "a line end or another control character is in it";
	if (count_colons(text) > COLONS_MAX)
		return "more than " G_STRINGIFY(COLONS_MAX) " colons are in it";
	return NULL;
}

static bool
add_mailbox(const struct header_address *found, const char *domain,
    GPtrArray *mailboxes, char **why)
{
	enum address_fault fault;
	struct address *address =
	    address_parse(found->spec, strlen(found->spec), domain, &fault);
	struct mailbox *mailbox;

	if (address == NULL) {
		*why = g_strdup_printf("\"%.*s\": %s", ADDRESS_PATH_MAX,
		    found->spec, address_fault_text(fault));
		return false;
	}
	mailbox = g_new0(struct mailbox, 1);
	mailbox->name = g_strdup(found->name);
	mailbox->address = address;
	g_ptr_array_add(mailboxes, mailbox);
	return true;
}

static void
free_found(void *found)
{
	header_address_free(found);
}

static bool
read_found(
    const char *text, const char *domain, GPtrArray *mailboxes, char **why)
{
	g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(free_found);
	bool whole = parse_list_mailboxes(text, found);

	for (unsigned i = 0; whole && i < found->len; i++)
		if (!add_mailbox(found->pdata[i], domain, mailboxes, why))
			return false;
	if (whole && found->len > 0)
		return true;
	*why = g_strdup_printf("\"%.*s\" %s; " EXPECTED, ADDRESS_PATH_MAX, text,
	    whole ? "names nobody" : "cannot be read as a whole");
	return false;
}

bool
composition_address_read(
    const char *text, const char *domain, GPtrArray *mailboxes, char **why)
{
	const char *obstacle = find_obstacle(text);
	bool read;

	*why = NULL;
	if (obstacle != NULL) {
		*why = g_strdup(obstacle);
		return false;
	}
	read = read_found(text, domain, mailboxes, why);
	/* it may have been cut within a character */
	if (*why != NULL) {
		char *valid = g_utf8_make_valid(*why, -1);

		g_free(*why);
		*why = valid;
	}
	return read;
}

char *
composition_address_text(const GPtrArray *mailboxes)
{
	GString *text = g_string_new(NULL);

	for (unsigned i = 0; i < mailboxes->len; i++) {
		const struct mailbox *mailbox = mailboxes->pdata[i];
		g_autofree char *one =
		    composition_mailbox(mailbox->name, mailbox->address->text);

		g_string_append_printf(text, "%s%s", i == 0 ? "" : ", ", one);
	}
	return g_string_free(text, FALSE);
}
