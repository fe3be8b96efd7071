/* SPDX-License-Identifier: MIT */
#include "smtp/aliases.h"

#include <string.h>

struct aliases {
	GHashTable *addresses; /* name in lower case -> struct address */
};

static void
free_address(void *address)
{
	address_free(address);
}

static bool
refuse(GError **error, const char *row, const char *why)
{
	g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
	    "\"%s\": %s; expected a name, a colon and an address, as in root:"
	    "ops@example.com",
	    row, why);
	return false;
}

static bool
read_row(struct aliases *aliases, const char *row, GError **error)
{
	const char *colon = strchr(row, ':');
	g_autofree char *name = NULL, *target = NULL;
	enum address_fault fault;
	struct address *address;

	if (colon == NULL)
		return refuse(error, row, "there is no colon in it");
	name = g_ascii_strdown(row, colon - row);
	g_strstrip(name);
	if (*name == '\0' || strpbrk(name, "@ \"") != NULL)
		return refuse(error, row, "that is no name without a domain");
	if (g_hash_table_contains(aliases->addresses, name))
		return refuse(error, row, "that name is there already");
	target = g_strstrip(g_strdup(colon + 1));
	address = address_parse(target, strlen(target), NULL, &fault);
	if (address == NULL)
		return refuse(error, row, address_fault_text(fault));
	g_hash_table_insert(
	    aliases->addresses, g_steal_pointer(&name), address);
	return true;
}

struct aliases *
aliases_new(const char *const *rows, GError **error)
{
	struct aliases *aliases;

	if (rows == NULL)
		return NULL;
	aliases = g_new0(struct aliases, 1);
	aliases->addresses = g_hash_table_new_full(
	    g_str_hash, g_str_equal, g_free, free_address);
	for (; *rows != NULL; rows++)
		if (!read_row(aliases, *rows, error)) {
			aliases_free(aliases);
			return NULL;
		}
	return aliases;
}

void
aliases_free(struct aliases *aliases)
{
	if (aliases == NULL)
		return;
	g_hash_table_unref(aliases->addresses);
	g_free(aliases);
}

struct address *
aliases_find(const struct aliases *aliases, const char *path, size_t length)
{
	g_autofree char *name = NULL;
	const struct address *address;

	if (aliases == NULL || memchr(path, '@', length) != NULL)
		return NULL;
	name = g_ascii_strdown(path, (gssize)length);
	address = g_hash_table_lookup(aliases->addresses, name);
	return address == NULL ? NULL : address_copy(address);
}
