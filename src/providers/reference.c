/* SPDX-License-Identifier: MIT */
#include "reference.h"

#include "filename.h"
#include <string.h>

#define SCHEME "cid:"

/* What ends a URL in html and in css. */
#define URL_END "\"'<>()&; \t\r\n"

char *
reference_name(const struct part *part)
{
	char *name = filename_make_inline(part);
	size_t length = strlen(name);
	char *longer;

	if (length < 4 || g_ascii_strcasecmp(name + length - 4, ".com") != 0)
		return name;
	longer = g_strconcat(name, ".inline", NULL);
	g_free(name);
	return longer;
}

/* The names that differ, by Content-ID. */
static GHashTable *
find_renamed(const struct message *message)
{
	GHashTable *renamed =
	    g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);

	for (unsigned i = 0; i < message->parts->len; i++) {
		const struct part *part = message->parts->pdata[i];
		g_autofree char *name = NULL;

		if (part->role != PART_INLINE || part->content_id == NULL)
			continue;
		name = reference_name(part);
		if (strcmp(name, part->content_id) != 0)
			g_hash_table_insert(
			    renamed, part->content_id, g_steal_pointer(&name));
	}
	return renamed;
}

/* The next "cid:" of the text or its end. */
static const char *
find_scheme(const char *text)
{
	for (; *text != '\0'; text++)
		if (g_ascii_strncasecmp(text, SCHEME, strlen(SCHEME)) == 0)
			break;
	return text;
}

/* A URL may have any character as %HH (RFC 2392). */
static const char *
find_name(GHashTable *renamed, const char *url, size_t length)
{
	g_autofree char *content_id =
	    g_uri_unescape_segment(url, url + length, NULL);

	return content_id == NULL ? NULL
				  : g_hash_table_lookup(renamed, content_id);
}

static GBytes *
rename_all(GHashTable *renamed, const char *text)
{
	GString *out = g_string_new(NULL);

	while (*text != '\0') {
		const char *scheme = find_scheme(text);
		const char *url = scheme;
		const char *name;
		size_t length;

		if (*scheme != '\0')
			url += strlen(SCHEME);
		g_string_append_len(out, text, url - text);
		length = strcspn(url, URL_END);
		name = find_name(renamed, url, length);
		if (name != NULL)
			g_string_append(out, name);
		else
			g_string_append_len(out, url, (gssize)length);
		text = url + length;
	}
	return g_string_free_to_bytes(out);
}

GBytes *
reference_html(const struct message *message)
{
	g_autoptr(GHashTable) renamed = NULL;
	g_autofree char *text = NULL;
	size_t length;

	if (message->html == NULL)
		return NULL;
	renamed = find_renamed(message);
	if (g_hash_table_size(renamed) == 0)
		return g_bytes_ref(message->html);
	length = g_bytes_get_size(message->html);
	text = g_strndup(g_bytes_get_data(message->html, NULL), length);
	return rename_all(renamed, text);
}
