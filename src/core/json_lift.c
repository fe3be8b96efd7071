/* SPDX-License-Identifier: MIT */
#include "core/json_lift.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MARK      "\\u0001lifted " /* as written; read as MARK_READ */
#define MARK_READ "\001lifted "

enum lift_state {
	LIFT_BETWEEN, /* outside of strings */
	LIFT_PLAIN,   /* in a string that is passed on */
	LIFT_PLAIN_ESCAPE,
	LIFT_TEXT,   /* in one that is lifted */
	LIFT_ESCAPE, /* behind its backslash */
	LIFT_HEX,    /* in the digits of \u */
	LIFT_BROKEN,
};

/* An object or array that is open. */
struct level {
	bool array;
	bool value; /* a value comes next, no key */
	char key[JSON_LIFT_KEY_BYTES];
	unsigned key_length;
};

struct json_lift {
	struct json_lift_options options;
	enum lift_state state;
	GString *json;
	const char *problem;
	bool large;
	struct level levels[JSON_LIFT_DEPTH];
	unsigned depth;
	unsigned lifted;

	/* of the string being lifted */
	bool utf8;
	unsigned hex_digits;
	unsigned hex;
	unsigned high; /* surrogate that waits for its low one */
	char tail[4];  /* UTF-8 that is not complete yet */
	unsigned tail_length;
};

struct json_lift *
json_lift_new(const struct json_lift_options *options)
{
	struct json_lift *lift = g_new0(struct json_lift, 1);

	lift->options = *options;
	lift->json = g_string_new(NULL);
	return lift;
}

void
json_lift_free(struct json_lift *lift)
{
	if (lift == NULL)
		return;
	g_string_free(lift->json, TRUE);
	g_free(lift);
}

static void
breaks(struct json_lift *lift, const char *problem)
{
	lift->problem = problem;
	lift->state = LIFT_BROKEN;
}

/* NULL: outside of all. */
static struct level *
find_level(struct json_lift *lift)
{
	return lift->depth > 0 ? &lift->levels[lift->depth - 1] : NULL;
}

/* "attachments[].content" */
static bool
wants(struct json_lift *lift)
{
	char path[JSON_LIFT_DEPTH * (JSON_LIFT_KEY_BYTES + 2)] = "";
	char *at = path;

	for (unsigned i = 0; i < lift->depth; i++) {
		const struct level *level = &lift->levels[i];

		if (level->array) {
			at = stpcpy(at, "[]");
			continue;
		}
		if (i > 0)
			at = stpcpy(at, ".");
		memcpy(at, level->key, level->key_length);
		at += level->key_length;
		*at = '\0';
	}
	return lift->options.hooks->begin(lift->options.object, path);
}

static void
begin_string(struct json_lift *lift)
{
	struct level *level = find_level(lift);
	bool value = level != NULL && (level->array || level->value);

	if (!value || !wants(lift)) {
		g_string_append_c(lift->json, '"');
		if (!value && level != NULL)
			level->key_length = 0;
		lift->state = LIFT_PLAIN;
		return;
	}
	g_string_append_printf(lift->json, "\"" MARK "%u", lift->lifted++);
	lift->high = lift->tail_length = 0;
	lift->utf8 = true;
	lift->state = LIFT_TEXT;
}

/* The length of the character that begins with this byte. */
static unsigned
sequence_length(unsigned char first)
{
	return first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
}

/* Checks text without NUL that comes in pieces: what is cut off at the end of
 * one waits for the next. */
static void
check_run(struct json_lift *lift, const char *bytes, size_t length)
{
	const char *end;

	while (lift->tail_length > 0 && length > 0) {
		lift->tail[lift->tail_length++] = *bytes++;
		length--;
		if (lift->tail_length <
		    sequence_length((unsigned char)lift->tail[0]))
			continue;
		if (!g_utf8_validate_len(lift->tail, lift->tail_length, NULL))
			lift->utf8 = false;
		lift->tail_length = 0;
	}
	if (g_utf8_validate_len(bytes, length, &end))
		return;
	size_t rest = length - (size_t)(end - bytes);
	if (rest >= sequence_length((unsigned char)*end)) {
		lift->utf8 = false;
		return;
	}
	memcpy(lift->tail, end, rest);
	lift->tail_length = (unsigned)rest;
}

static void
check_utf8(struct json_lift *lift, const char *bytes, size_t length)
{
	const char *end = bytes + length;

	while (bytes < end) {
		const char *nul = memchr(bytes, '\0', (size_t)(end - bytes));

		check_run(
		    lift, bytes, (size_t)((nul != NULL ? nul : end) - bytes));
		if (nul == NULL)
			return;
		if (lift->tail_length > 0)
			lift->utf8 = false;
		lift->tail_length = 0;
		bytes = nul + 1;
	}
}

static void
take(struct json_lift *lift, const char *bytes, size_t length)
{
	if (lift->high != 0)
		lift->utf8 = false;
	lift->high = 0;
	check_utf8(lift, bytes, length);
	lift->options.hooks->text(lift->options.object, bytes, length);
}

static void
end_text(struct json_lift *lift)
{
	bool whole = lift->high == 0 && lift->tail_length == 0;

	lift->options.hooks->end(lift->options.object, lift->utf8 && whole);
	g_string_append_c(lift->json, '"');
	lift->state = LIFT_BETWEEN;
}

static void
take_escape(struct json_lift *lift, char c)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at = c != '\0' ? strchr(from, c) : NULL;

	lift->state = LIFT_TEXT;
	if (at != NULL) {
		take(lift, &to[at - from], 1);
	} else if (c == 'u') {
		lift->hex = lift->hex_digits = 0;
		lift->state = LIFT_HEX;
	} else {
		breaks(lift, "a string has an escape that JSON does not know");
	}
}

static void
take_character(struct json_lift *lift, gunichar character)
{
	char utf8[6];

	take(lift, utf8, (size_t)g_unichar_to_utf8(character, utf8));
}

/* Takes what \uXXXX said: surrogates come in pairs. */
static void
take_unit(struct json_lift *lift, unsigned unit)
{
	bool low = unit >= 0xdc00 && unit <= 0xdfff;

	if (low && lift->high != 0) {
		unsigned high = lift->high;

		lift->high = 0;
		take_character(
		    lift, 0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00));
	} else if (unit >= 0xd800 && unit <= 0xdbff) {
		lift->utf8 &= lift->high == 0;
		lift->high = unit;
	} else if (low) {
		lift->utf8 = false;
	} else {
		take_character(lift, unit);
	}
}

static void
take_hex(struct json_lift *lift, char c)
{
	if (!g_ascii_isxdigit(c)) {
		breaks(lift, "a string has a \\u without four digits");
		return;
	}
	lift->hex = lift->hex * 16 + (unsigned)g_ascii_xdigit_value(c);
	if (++lift->hex_digits < 4)
		return;
	lift->state = LIFT_TEXT;
	take_unit(lift, lift->hex);
}

/* Takes bytes of a lifted string up to one that means something. */
static size_t
take_run(struct json_lift *lift, const char *bytes, size_t length)
{
	size_t run = 0;

	while (run < length && bytes[run] != '"' && bytes[run] != '\\' &&
	       (unsigned char)bytes[run] >= 0x20)
		run++;
	if (run > 0)
		take(lift, bytes, run);
	if (run == length)
		return run;
	if (bytes[run] == '"')
		end_text(lift);
	else if (bytes[run] == '\\')
		lift->state = LIFT_ESCAPE;
	else
		breaks(lift, "a string has a bare control character");
	return run + 1;
}

/* Keys are kept as they are written. */
static void
keep_key(struct json_lift *lift, char c)
{
	struct level *level = find_level(lift);

	if (level != NULL && !level->array && !level->value &&
	    level->key_length < JSON_LIFT_KEY_BYTES)
		level->key[level->key_length++] = c;
}

static void
pass_plain(struct json_lift *lift, char c)
{
	g_string_append_c(lift->json, c);
	if (lift->state == LIFT_PLAIN_ESCAPE) {
		lift->state = LIFT_PLAIN;
	} else if (c == '\\') {
		lift->state = LIFT_PLAIN_ESCAPE;
	} else if (c == '"') {
		lift->state = LIFT_BETWEEN;
		return;
	}
	keep_key(lift, c);
}

static void
open_level(struct json_lift *lift, bool array)
{
	if (lift->depth == JSON_LIFT_DEPTH) {
		breaks(lift, "the document has more than 32 objects and "
			     "arrays in each other");
		return;
	}
	lift->levels[lift->depth++] = (struct level){ .array = array };
}

static void
pass_between(struct json_lift *lift, char c)
{
	struct level *level = find_level(lift);

	if (c == '"') {
		begin_string(lift);
		return;
	}
	g_string_append_c(lift->json, c);
	if (c == '{' || c == '[')
		open_level(lift, c == '[');
	else if ((c == '}' || c == ']') && lift->depth > 0)
		lift->depth--;
	else if ((c == ':' || c == ',') && level != NULL)
		level->value = c == ':';
}

static size_t
step(struct json_lift *lift, const char *bytes, size_t length)
{
	switch (lift->state) {
	case LIFT_BETWEEN:
		pass_between(lift, *bytes);
		return 1;
	case LIFT_PLAIN:
	case LIFT_PLAIN_ESCAPE:
		pass_plain(lift, *bytes);
		return 1;
	case LIFT_TEXT:
		return take_run(lift, bytes, length);
	case LIFT_ESCAPE:
		take_escape(lift, *bytes);
		return 1;
	case LIFT_HEX:
		take_hex(lift, *bytes);
		return 1;
	case LIFT_BROKEN:
		return length;
	}
	return length;
}

void
json_lift_feed(struct json_lift *lift, const char *bytes, size_t length)
{
	while (length > 0) {
		size_t n = step(lift, bytes, length);

		bytes += n;
		length -= n;
	}
	if (lift->state == LIFT_BROKEN ||
	    lift->json->len <= lift->options.bytes_most)
		return;
	lift->large = true;
	breaks(lift, "the document is too large even without its texts and "
		     "files");
}

const GString *
json_lift_json(const struct json_lift *lift, const char **problem)
{
	*problem = lift->problem;
	return lift->state == LIFT_BROKEN ? NULL : lift->json;
}

bool
json_lift_is_large(const struct json_lift *lift)
{
	return lift->large;
}

long
json_lift_mark(const char *value)
{
	const char *digits = value + strlen(MARK_READ);

	if (!g_str_has_prefix(value, MARK_READ) || !g_ascii_isdigit(*digits))
		return -1;
	return strtol(digits, NULL, 10);
}

char *
json_lift_make_mark(unsigned n)
{
	return g_strdup_printf(MARK_READ "%u", n);
}
