/* SPDX-License-Identifier: MIT */
#include "mail/envelope.h"

/* From so many on they are found by a table: for fewer it would cost each
 * session memory and save no time. */
#define TABLE_FROM 64

static void
on_address_free(void *address)
{
	address_free(address);
}

struct envelope *
envelope_new(void)
{
	struct envelope *envelope = g_new0(struct envelope, 1);

	envelope->recipients = g_ptr_array_new_with_free_func(on_address_free);
	return envelope;
}

void
envelope_free(struct envelope *envelope)
{
	if (envelope == NULL)
		return;
	address_free(envelope->sender);
	g_ptr_array_unref(envelope->recipients);
	envelope_end_recipients(envelope);
	if (envelope->wishes != NULL)
		g_array_unref(envelope->wishes);
	g_free(envelope->id);
	g_free(envelope);
}

void
envelope_end_recipients(struct envelope *envelope)
{
	g_clear_pointer(&envelope->numbers, g_hash_table_unref);
}

/* The text says it all: it is made in one way only (address_equal()). */
static void
remember(struct envelope *envelope, unsigned i)
{
	g_hash_table_insert(envelope->numbers,
	    envelope_recipient(envelope, i)->text, GUINT_TO_POINTER(i + 1));
}

/* Its number; that of the next one: it is not there. */
static unsigned
find_recipient(struct envelope *envelope, const struct address *recipient)
{
	unsigned count = envelope->recipients->len, i = 0;
	void *number;

	if (count < TABLE_FROM) {
		while (
		    i < count &&
		    !address_equal(envelope_recipient(envelope, i), recipient))
			i++;
		return i;
	}
	if (envelope->numbers == NULL) {
		envelope->numbers = g_hash_table_new(g_str_hash, g_str_equal);
		for (; i < count; i++)
			remember(envelope, i);
	}
	number = g_hash_table_lookup(envelope->numbers, recipient->text);
	return number != NULL ? GPOINTER_TO_UINT(number) - 1 : count;
}

unsigned
envelope_add_recipient(struct envelope *envelope, struct address *recipient)
{
	unsigned i = find_recipient(envelope, recipient);

	if (i < envelope->recipients->len) {
		address_free(recipient);
		return i;
	}
	g_ptr_array_add(envelope->recipients, recipient);
	if (envelope->numbers != NULL)
		remember(envelope, i);
	return i;
}

void
envelope_remove_recipient(struct envelope *envelope, unsigned i)
{
	/* the numbers of others change, too */
	envelope_end_recipients(envelope);
	g_ptr_array_remove_index(envelope->recipients, i);
	if (envelope->wishes != NULL && i < envelope->wishes->len)
		g_array_remove_index(envelope->wishes, i);
}

static void
on_wish_clear(void *wish)
{
	g_free(((struct envelope_wish *)wish)->original);
}

void
envelope_wish(
    struct envelope *envelope, unsigned i, const struct envelope_wish *wish)
{
	struct envelope_wish *at;

	g_assert(i < envelope->recipients->len);
	if (envelope->wishes == NULL) {
		envelope->wishes =
		    g_array_new(FALSE, TRUE, sizeof(struct envelope_wish));
		g_array_set_clear_func(envelope->wishes, on_wish_clear);
	}
	if (envelope->wishes->len <= i)
		g_array_set_size(envelope->wishes, i + 1);
	at = &g_array_index(envelope->wishes, struct envelope_wish, i);
	g_free(at->original);
	*at = *wish;
}

const struct envelope_wish *
envelope_wish_of(const struct envelope *envelope, unsigned i)
{
	static const struct envelope_wish none = { 0 };

	if (envelope->wishes == NULL || i >= envelope->wishes->len)
		return &none;
	return &g_array_index(envelope->wishes, struct envelope_wish, i);
}

const struct address *
envelope_recipient(const struct envelope *envelope, unsigned i)
{
	g_assert(i < envelope->recipients->len);
	return g_ptr_array_index(envelope->recipients, i);
}

char *
envelope_tell(const struct envelope *envelope, unsigned first, unsigned count)
{
	const char *text;

	if (count == 0)
		return g_strdup("");
	text = envelope_recipient(envelope, first)->text;
	return count == 1 ? g_strdup(text)
			  : g_strdup_printf("%s +%u", text, count - 1);
}
