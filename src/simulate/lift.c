/* SPDX-License-Identifier: MIT */
/*
 * Only strings are understood here: everything between them, and every string
 * that is not lifted, is passed on as it is for json-c to judge.
 */
#include "lift.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JSON_BYTES ((size_t)8 * 1024 * 1024)
#define MARK       "\\u0001lifted " /* as written; read as MARK_READ */
#define MARK_READ  "\001lifted "
#define KEY_BYTES  16

enum lift_state {
	LIFT_BETWEEN, /* outside of strings */
	LIFT_PLAIN,   /* in a string that is passed on */
	LIFT_PLAIN_ESCAPE,
	LIFT_TEXT,   /* in one that is lifted */
	LIFT_ESCAPE, /* behind its backslash */
	LIFT_HEX,    /* in the digits of \u */
	LIFT_BROKEN,
};

struct lift {
	enum lift_state state;
	const char *directory;
	GString *json;
	const char *problem;
	bool value;          /* the last thing outside of strings was a colon */
	char key[KEY_BYTES]; /* the last string passed on, cut */
	unsigned key_length;
	GPtrArray *lifted;

	/* of the string being lifted */
	struct lifted *current;
	unsigned hex_digits;
	unsigned hex;
	unsigned high; /* surrogate that waits for its low one */
	char tail[4];  /* UTF-8 that is not complete yet */
	unsigned tail_length;
	int base64_state;
	guint base64_save;
	unsigned padding;
	uint64_t symbols;
};

static void
destroy_lifted(gpointer pointer)
{
	struct lifted *lifted = pointer;

	blob_free(lifted->text);
	blob_free(lifted->decoded);
	g_free(lifted);
}

struct lift *
lift_new(const char *directory)
{
	struct lift *lift = g_new0(struct lift, 1);

	lift->directory = directory;
	lift->json = g_string_new(NULL);
	lift->lifted = g_ptr_array_new_with_free_func(destroy_lifted);
	return lift;
}

void
lift_free(struct lift *lift)
{
	if (lift == NULL)
		return;
	g_string_free(lift->json, TRUE);
	g_ptr_array_unref(lift->lifted);
	g_free(lift);
}

static void
breaks(struct lift *lift, const char *problem)
{
	lift->problem = problem;
	lift->state = LIFT_BROKEN;
}

static bool
wants(const struct lift *lift)
{
	static const char *const keys[] = { "raw_message", "content", "html",
		"text" };

	for (size_t i = 0; lift->value && i < G_N_ELEMENTS(keys); i++) {
		if (strcmp(lift->key, keys[i]) == 0)
			return true;
	}
	return false;
}

static void
begin_string(struct lift *lift)
{
	if (!wants(lift)) {
		g_string_append_c(lift->json, '"');
		lift->key_length = 0;
		lift->state = LIFT_PLAIN;
		return;
	}
	struct lifted *lifted = g_new0(struct lifted, 1);

	lifted->text = blob_new(lift->directory);
	if (strcmp(lift->key, "content") == 0)
		lifted->decoded = blob_new(lift->directory);
	if (strcmp(lift->key, "raw_message") == 0)
		blob_watch(lifted->text);
	lifted->utf8 = true;
	lifted->base64 = lifted->decoded != NULL;
	g_string_append_printf(lift->json, "\"" MARK "%u", lift->lifted->len);
	g_ptr_array_add(lift->lifted, lifted);
	lift->current = lifted;
	lift->high = lift->tail_length = lift->padding = 0;
	lift->base64_state = 0;
	lift->base64_save = 0;
	lift->symbols = 0;
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
check_run(struct lift *lift, const char *bytes, size_t length)
{
	const char *end;

	while (lift->tail_length > 0 && length > 0) {
		lift->tail[lift->tail_length++] = *bytes++;
		length--;
		if (lift->tail_length <
		    sequence_length((unsigned char)lift->tail[0]))
			continue;
		if (!g_utf8_validate_len(lift->tail, lift->tail_length, NULL))
			lift->current->utf8 = false;
		lift->tail_length = 0;
	}
	if (g_utf8_validate_len(bytes, length, &end))
		return;
	size_t rest = length - (size_t)(end - bytes);
	if (rest >= sequence_length((unsigned char)*end)) {
		lift->current->utf8 = false;
		return;
	}
	memcpy(lift->tail, end, rest);
	lift->tail_length = (unsigned)rest;
}

static void
check_utf8(struct lift *lift, const char *bytes, size_t length)
{
	const char *end = bytes + length;

	while (bytes < end) {
		const char *nul = memchr(bytes, '\0', (size_t)(end - bytes));

		check_run(
		    lift, bytes, (size_t)((nul != NULL ? nul : end) - bytes));
		if (nul == NULL)
			return;
		if (lift->tail_length > 0)
			lift->current->utf8 = false;
		lift->tail_length = 0;
		bytes = nul + 1;
	}
}

static void
check_base64(struct lift *lift, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		char c = bytes[i];

		lift->symbols++;
		if (c == '=')
			lift->padding++;
		else if (lift->padding > 0 ||
			 (!g_ascii_isalnum(c) && c != '+' && c != '/'))
			lift->current->base64 = false;
	}
}

static void
decode(struct lift *lift, const char *bytes, size_t length)
{
	guchar out[3 * 1024 + 3];

	check_base64(lift, bytes, length);
	while (length > 0) {
		size_t now = MIN(length, 4 * 1024);
		size_t n = g_base64_decode_step(
		    bytes, now, out, &lift->base64_state, &lift->base64_save);

		blob_append(lift->current->decoded, out, n);
		bytes += now;
		length -= now;
	}
}

static void
take(struct lift *lift, const char *bytes, size_t length)
{
	if (lift->high != 0)
		lift->current->utf8 = false;
	lift->high = 0;
	check_utf8(lift, bytes, length);
	blob_append(lift->current->text, bytes, length);
	if (lift->current->decoded != NULL)
		decode(lift, bytes, length);
}

static void
end_text(struct lift *lift)
{
	struct lifted *lifted = lift->current;

	if (lift->high != 0 || lift->tail_length > 0)
		lifted->utf8 = false;
	if (lift->symbols % 4 != 0 || lift->padding > 2)
		lifted->base64 = false;
	g_string_append_c(lift->json, '"');
	lift->value = false;
	lift->current = NULL;
	lift->state = LIFT_BETWEEN;
}

static void
take_escape(struct lift *lift, char c)
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
take_character(struct lift *lift, gunichar character)
{
	char utf8[6];

	take(lift, utf8, (size_t)g_unichar_to_utf8(character, utf8));
}

/* Takes what \uXXXX said: surrogates come in pairs. */
static void
take_unit(struct lift *lift, unsigned unit)
{
	bool low = unit >= 0xdc00 && unit <= 0xdfff;

	if (low && lift->high != 0) {
		unsigned high = lift->high;

		lift->high = 0;
		take_character(
		    lift, 0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00));
	} else if (unit >= 0xd800 && unit <= 0xdbff) {
		lift->current->utf8 &= lift->high == 0;
		lift->high = unit;
	} else if (low) {
		lift->current->utf8 = false;
	} else {
		take_character(lift, unit);
	}
}

static void
take_hex(struct lift *lift, char c)
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
take_run(struct lift *lift, const char *bytes, size_t length)
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

static void
pass_plain(struct lift *lift, char c)
{
	g_string_append_c(lift->json, c);
	if (lift->state == LIFT_PLAIN_ESCAPE) {
		lift->state = LIFT_PLAIN;
	} else if (c == '\\') {
		lift->state = LIFT_PLAIN_ESCAPE;
	} else if (c == '"') {
		lift->key[lift->key_length] = '\0';
		lift->value = false;
		lift->state = LIFT_BETWEEN;
		return;
	}
	if (lift->key_length < KEY_BYTES - 1)
		lift->key[lift->key_length++] = c;
}

static void
pass_between(struct lift *lift, char c)
{
	if (c == '"') {
		begin_string(lift);
		return;
	}
	if (!g_ascii_isspace(c))
		lift->value = c == ':';
	g_string_append_c(lift->json, c);
}

static size_t
step(struct lift *lift, const char *bytes, size_t length)
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
lift_feed(struct lift *lift, const char *bytes, size_t length)
{
	while (length > 0) {
		size_t n = step(lift, bytes, length);

		bytes += n;
		length -= n;
	}
	if (lift->json->len > JSON_BYTES)
		breaks(lift, "the document is too large even without its "
			     "texts and files");
}

const GString *
lift_json(const struct lift *lift, const char **problem)
{
	*problem = lift->problem;
	return lift->state == LIFT_BROKEN ? NULL : lift->json;
}

struct lifted *
lift_find(const struct lift *lift, const char *value)
{
	if (!g_str_has_prefix(value, MARK_READ))
		return NULL;
	unsigned long index = strtoul(value + strlen(MARK_READ), NULL, 10);
	return index < lift->lifted->len ? lift->lifted->pdata[index] : NULL;
}
