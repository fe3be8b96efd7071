/* SPDX-License-Identifier: MIT */
#include "qualify.h"

#include <glib.h>
#include <string.h>

/* One of a list, up to its comma. */
struct scan {
	const char *domain;
	const char *copied; /* up to here the body stands in out */
	const char *at;
	GString *out;
	const char *word; /* behind the only word so far; NULL: none */
	unsigned words;
	bool angle; /* there was <...> */
	bool other; /* there was what no bare local part has */
	bool changed;
};

static bool
is_atom(char c)
{
	return g_ascii_isalnum(c) ||
	       (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~.", c) != NULL);
}

/* Behind what is quoted from at on, comments within comments; NULL: it has no
 * end. */
static const char *
skip_enclosed(const char *at, char open, char close)
{
	unsigned depth = 0;

	for (; *at != '\0'; at++) {
		if (*at == '\\' && at[1] != '\0')
			at++;
		else if (*at == close && (open != close || depth > 0)) {
			if (--depth == 0)
				return at + 1;
		} else if (*at == open) {
			depth++;
		}
	}
	return NULL;
}

static void
insert(struct scan *scan, const char *where)
{
	g_string_append_len(
	    scan->out, scan->copied, (gssize)(where - scan->copied));
	g_string_append_printf(scan->out, "@%s", scan->domain);
	scan->copied = where;
	scan->changed = true;
}

static size_t
measure_atom(const char *at)
{
	size_t length = 0;

	while (is_atom(at[length]))
		length++;
	/* an encoded word is no address */
	return g_str_has_prefix(at, "=?") ? 0 : length;
}

/* <root> */
static bool
take_angle(struct scan *scan)
{
	const char *start = scan->at + 1 + strspn(scan->at + 1, " \t");
	const char *end = start + measure_atom(start);
	const char *close = strchr(scan->at, '>');

	if (close == NULL)
		return false;
	if (end > start && end + strspn(end, " \t") == close && !scan->angle)
		insert(scan, end);
	scan->angle = true;
	scan->at = close + 1;
	return true;
}

static void
end_one(struct scan *scan)
{
	if (scan->words == 1 && !scan->angle && !scan->other)
		insert(scan, scan->word);
	scan->words = 0;
	scan->angle = scan->other = false;
}

static void
take_word(struct scan *scan)
{
	size_t length = measure_atom(scan->at);

	scan->other = scan->other || length == 0;
	scan->at += MAX(length, 1);
	scan->word = scan->at;
	scan->words++;
}

/* A local part in quotes stays: it cannot be told from a name. */
static bool
take_quoted(struct scan *scan)
{
	scan->other = true;
	scan->at = skip_enclosed(scan->at, '"', '"');
	return scan->at != NULL;
}

/* False: it cannot be read. */
static bool
take_piece(struct scan *scan)
{
	switch (*scan->at) {
	case ' ':
	case '\t':
		scan->at++;
		return true;
	case ',':
	case ';':
		end_one(scan);
		scan->at++;
		return true;
	case ':': /* of a group, its name */
		scan->words = 0;
		scan->other = false;
		scan->at++;
		return true;
	case '(':
		scan->at = skip_enclosed(scan->at, '(', ')');
		return scan->at != NULL;
	case '"':
		return take_quoted(scan);
	case '<':
		return take_angle(scan);
	default:
		take_word(scan);
		return true;
	}
}

bool
qualify_is_named(const char *name)
{
	static const char *const names[] = { "From", "Sender", "To", "Cc",
		"Reply-To" };

	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
		if (g_ascii_strcasecmp(name, names[i]) == 0)
			return true;
	return false;
}

char *
qualify_body(const char *body, const char *domain)
{
	g_autoptr(GString) out = g_string_new(NULL);
	struct scan scan = {
		.domain = domain,
		.copied = body,
		.at = body,
		.out = out,
	};

	while (*scan.at != '\0')
		if (!take_piece(&scan))
			return NULL;
	end_one(&scan);
	if (!scan.changed)
		return NULL;
	g_string_append(out, scan.copied);
	return g_strdup(out->str);
}
