/* SPDX-License-Identifier: MIT */
#include "pattern.h"

#include <string.h>

/* A domain in its own form, those below it with a dot before it; NULL: it is
 * none. */
static char *
read_domain(const char *text)
{
	bool below = false;
	g_autofree char *ascii = NULL;

	if (g_str_has_prefix(text, "*."))
		text++;
	if (*text == '.') {
		below = true;
		text++;
	}
	ascii = address_domain_to_ascii(text);
	if (ascii == NULL || !below)
		return g_steal_pointer(&ascii);
	return g_strconcat(".", ascii, NULL);
}

static char *
read_anyone(const char *text)
{
	enum address_fault fault;
	struct address *address;
	char *copy;

	if (strchr(text, '@') == NULL)
		return read_domain(text);
	address = address_parse(text, strlen(text), NULL, &fault);
	copy = address != NULL ? g_strdup(address->text) : NULL;
	address_free(address);
	return copy;
}

static void
add_error(const struct pattern_place *place, GPtrArray *errors,
    const char *text, const char *expected)
{
	g_ptr_array_add(errors,
	    g_strdup_printf("%s: [%s] %s names \"%s\"; expected %s",
		config_origin(place->config, place->section, place->key),
		place->section, place->key, text, expected));
}

static char **
read_list(const struct pattern_place *place, char *(*read)(const char *text),
    const char *expected, GPtrArray *errors)
{
	const char *const *texts =
	    config_list(place->config, place->section, place->key);
	GPtrArray *patterns;

	if (texts == NULL)
		return NULL;
	patterns = g_ptr_array_new();
	for (; *texts != NULL; texts++) {
		char *pattern = read(*texts);

		if (pattern != NULL)
			g_ptr_array_add(patterns, pattern);
		else
			add_error(place, errors, *texts, expected);
	}
	g_ptr_array_add(patterns, NULL);
	return (char **)g_ptr_array_free(patterns, FALSE);
}

char **
pattern_read_domains(const struct pattern_place *place, GPtrArray *errors)
{
	return read_list(place, read_domain,
	    "a domain (example.com), or those below it without itself "
	    "(.example.com, *.example.com)",
	    errors);
}

char **
pattern_read_people(const struct pattern_place *place, GPtrArray *errors)
{
	return read_list(place, read_anyone,
	    "an address (ann@example.com), a domain (example.com), or those "
	    "below it without itself (.example.com, *.example.com)",
	    errors);
}

static bool
means_domain(const char *pattern, const char *domain)
{
	size_t length = strlen(pattern), whole = strlen(domain);

	if (*pattern != '.')
		return g_ascii_strcasecmp(pattern, domain) == 0;
	return whole > length &&
	       g_ascii_strcasecmp(pattern, domain + whole - length) == 0;
}

bool
pattern_has_domain(char *const *patterns, const char *domain)
{
	for (; *patterns != NULL; patterns++)
		if (means_domain(*patterns, domain))
			return true;
	return false;
}

bool
pattern_has_address(char *const *patterns, const struct address *address)
{
	for (char *const *p = patterns; *p != NULL; p++)
		if (strchr(*p, '@') != NULL && address_matches(address, *p))
			return true;
	return pattern_has_domain(patterns, address->domain);
}
