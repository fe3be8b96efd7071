/* SPDX-License-Identifier: MIT */
#include "from.h"

#include <string.h>

/* Comments within comments. */
#define DEPTH_MAX 8

struct scan {
	const char *at;
	const struct from_reader *reader;
	unsigned found;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* A control character; TAB is a blank. */
static bool
is_control(char c)
{
	return ((unsigned char)c < ' ' && c != '\t') || c == 0x7f;
}

/* atext of RFC 5322 3.2.3, without what stands beyond ASCII. */
static bool
is_atom(char c)
{
	return g_ascii_isalnum(c) ||
	       (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

/* What a name may be written with outside of quotes: dots are obsolete and
 * everywhere, bytes beyond ASCII are those of RFC 6532. */
static bool
is_word(char c)
{
	return is_atom(c) || c == '.' || (unsigned char)c > 0x7f;
}

/* Behind its opening parenthesis.  An escape in it is of no use, and not every
 * reader knows it. */
static bool
skip_comment(struct scan *scan)
{
	unsigned depth = 1;

	for (; depth > 0; scan->at++) {
		if (*scan->at == '\0' || *scan->at == '\\')
			return false;
		if (*scan->at == '(' && ++depth > DEPTH_MAX)
			return false;
		if (*scan->at == ')')
			depth--;
	}
	return true;
}

/* Blanks and comments. */
static bool
skip_space(struct scan *scan)
{
	while (is_blank(*scan->at) || *scan->at == '(') {
		if (*scan->at++ == '(' && !skip_comment(scan))
			return false;
	}
	return true;
}

/* True: there always is one. */
static bool
skip_word(struct scan *scan)
{
	while (is_word(*scan->at))
		scan->at++;
	return true;
}

/* From its opening quote on. */
static bool
skip_quoted(struct scan *scan)
{
	for (scan->at++; *scan->at != '"'; scan->at++) {
		if (*scan->at == '\\')
			scan->at++;
		if (*scan->at == '\0')
			return false;
	}
	scan->at++;
	return true;
}

/* The length of a local part or a domain; 0: there is none.  A quoted one is
 * taken when what is in it could stand there without quotes but for blanks and
 * dots: no reader finds another address in it. */
static size_t
measure_local(const char *text)
{
	size_t length = 0;

	if (*text == '"') {
		for (length = 1; is_atom(text[length]) || text[length] == ' ' ||
				 text[length] == '.';)
			length++;
		return text[length] == '"' ? length + 1 : 0;
	}
	while (is_atom(text[length]) || text[length] == '.')
		length++;
	/* some readers decode before they look for the address */
	return g_strstr_len(text, (gssize)length, "=?") != NULL ? 0 : length;
}

static size_t
measure_domain(const char *text)
{
	size_t length = 0;

	while (g_ascii_isalnum(text[length]) || text[length] == '-' ||
	       text[length] == '.')
		length++;
	return length;
}

static bool
take_address(struct scan *scan, const char *text, size_t length)
{
	enum address_fault fault;
	struct address *address =
	    address_parse(text, length, scan->reader->domain, &fault);
	bool taken = address != NULL &&
		     scan->reader->take(scan->reader->object, address);

	address_free(address);
	scan->found++;
	return taken;
}

/* local@domain, or only the local part; what follows is not looked at. */
static bool
read_address(struct scan *scan)
{
	const char *start = scan->at;
	size_t length = measure_local(start), domain;

	if (length == 0)
		return false;
	if (start[length] == '@') {
		domain = measure_domain(start + length + 1);
		if (domain == 0)
			return false;
		length += 1 + domain;
	}
	scan->at = start + length;
	return take_address(scan, start, length);
}

/* Behind <. */
static bool
read_angle(struct scan *scan)
{
	while (is_blank(*scan->at))
		scan->at++;
	if (!read_address(scan))
		return false;
	while (is_blank(*scan->at))
		scan->at++;
	return *scan->at++ == '>' && skip_space(scan);
}

/* Words, quoted or not, up to what is none.  One that begins with a dot makes
 * some readers look for the next address, within quotes, too. */
static bool
skip_phrase(struct scan *scan)
{
	while (*scan->at != '.' && (is_word(*scan->at) || *scan->at == '"')) {
		if (*scan->at == '"' ? !skip_quoted(scan) : !skip_word(scan))
			return false;
		if (!skip_space(scan))
			return false;
	}
	return true;
}

/* True when here is one word, and nothing but the end of a mailbox behind it.
 */
static bool
is_lone_word(const struct scan *scan)
{
	struct scan ahead = *scan;
	size_t length = measure_local(scan->at);

	ahead.at += length;
	return length > 0 && skip_space(&ahead) &&
	       (*ahead.at == '\0' || *ahead.at == ',' || *ahead.at == ';');
}

static bool
is_address(const struct scan *scan)
{
	size_t length = measure_local(scan->at);

	return length > 0 && scan->at[length] == '@';
}

/* [phrase] "<" address ">", or the address alone.  An address in place of the
 * phrase is one that somebody could take for the mailbox: it counts, too. */
static bool
read_mailbox(struct scan *scan)
{
	if (is_address(scan) || is_lone_word(scan)) {
		if (!read_address(scan) || !skip_space(scan))
			return false;
		if (*scan->at != '<')
			return true;
	} else if (!skip_phrase(scan)) {
		return false;
	}
	return *scan->at++ == '<' && read_angle(scan);
}

/* Up to what ends it: the end of the field, or of a group. */
static bool
read_mailboxes(struct scan *scan)
{
	for (;;) {
		if (!read_mailbox(scan))
			return false;
		if (*scan->at != ',')
			return true;
		scan->at++;
		if (!skip_space(scan))
			return false;
	}
}

/* True when here is a group, with its members next; else nothing is read. */
static bool
enter_group(struct scan *scan)
{
	struct scan ahead = *scan;

	if (!skip_phrase(&ahead) || ahead.at == scan->at || *ahead.at != ':')
		return false;
	ahead.at++;
	*scan = ahead;
	return true;
}

static bool
read_members(struct scan *scan)
{
	if (!skip_space(scan) || (*scan->at != ';' && !read_mailboxes(scan)))
		return false;
	return *scan->at++ == ';' && skip_space(scan);
}

/* address-list of RFC 5322 3.4 */
static bool
read_list(struct scan *scan)
{
	if (!skip_space(scan))
		return false;
	for (;;) {
		if (!(enter_group(scan) ? read_members(scan)
					: read_mailbox(scan)))
			return false;
		if (*scan->at == '\0')
			return true;
		if (*scan->at++ != ',' || !skip_space(scan))
			return false;
	}
}

bool
from_read(const char *body, const struct from_reader *reader)
{
	struct scan scan = { .at = body, .reader = reader };

	for (const char *c = body; *c != '\0'; c++)
		if (is_control(*c))
			return false;
	return read_list(&scan) && scan.found > 0;
}
