/* SPDX-License-Identifier: MIT */
/*
 * application/x-www-form-urlencoded (WHATWG URL 5.1), but for what is no %
 * code: that is an error here.
 */
#include "payload.h"

#include "mail/composition.h"
#include "payload_tree.h"
#include <string.h>

/* Of all values that are held. */
#define VALUES_MOST ((size_t)2 << 20)

struct reading {
	struct payload *payload;
	GString *name, *value;       /* decoded */
	bool in_value;               /* behind the = */
	struct payload_piece *piece; /* the value; NULL: it is held */
	unsigned digits;             /* of a % code, still to come */
	char code;                   /* the first of them, read */
	GString *run;                /* decoded of this block, not given on */
	size_t held;
};

static void
flush(struct reading *reading)
{
	GString *into = reading->in_value ? reading->value : reading->name;

	if (reading->piece != NULL) {
		payload_append(reading->payload, reading->piece,
		    reading->run->str, reading->run->len);
	} else {
		g_string_append_len(
		    into, reading->run->str, (gssize)reading->run->len);
		reading->held += reading->run->len;
	}
	g_string_truncate(reading->run, 0);
	if (reading->held > VALUES_MOST)
		payload_break(reading->payload, 413,
		    "the form is too large even without its texts and files");
	if (reading->name->len > PAYLOAD_TREE_NAME_MOST)
		payload_break(reading->payload, 400,
		    "a name in the form has more than %d bytes",
		    PAYLOAD_TREE_NAME_MOST);
}

static void
begin_value(struct reading *reading)
{
	flush(reading);
	g_autofree char *path = payload_tree_path(reading->name->str);
	reading->in_value = true;
	reading->piece = payload_begin(reading->payload, path, BASE64_FORM);
}

static struct json_object *
make_value(struct reading *reading)
{
	const GString *value = reading->value;

	if (reading->piece != NULL) {
		payload_end(reading->payload, reading->piece);
		return payload_mark(reading->payload);
	}
	if (g_utf8_validate_len(value->str, value->len, NULL))
		return json_object_new_string_len(value->str, (int)value->len);
	composition_add_error(
	    reading->payload->errors, reading->name->str, "is no UTF-8");
	return NULL;
}

static void
end_pair(struct reading *reading)
{
	struct payload *payload = reading->payload;

	if (reading->digits > 0)
		payload_break(payload, 400, "the form has a broken %% code");
	flush(reading);
	if (strlen(reading->name->str) != reading->name->len)
		payload_break(payload, 400, "a name in the form holds a NUL");
	/* && and a & at the end are nothing */
	if (!payload_is_broken(payload) &&
	    (reading->name->len > 0 || reading->in_value)) {
		struct json_object *value = make_value(reading);

		payload_tree_put(payload, reading->name->str, value);
	}
	g_string_truncate(reading->name, 0);
	g_string_truncate(reading->value, 0);
	reading->in_value = false;
	reading->piece = NULL;
}

static void
take_digit(struct reading *reading, char c)
{
	if (!g_ascii_isxdigit(c)) {
		payload_break(
		    reading->payload, 400, "the form has a broken %% code");
		return;
	}
	reading->code = (char)(reading->code << 4 | g_ascii_xdigit_value(c));
	if (--reading->digits == 0)
		g_string_append_c(reading->run, reading->code);
}

static void
take(struct reading *reading, char c)
{
	if (c == '&') {
		end_pair(reading);
	} else if (reading->digits > 0) {
		take_digit(reading, c);
	} else if (c == '%') {
		reading->digits = 2;
		reading->code = 0;
	} else if (c == '=' && !reading->in_value) {
		begin_value(reading);
	} else {
		g_string_append_c(reading->run, c == '+' ? ' ' : c);
	}
}

static void
on_bytes(void *object, const char *bytes, size_t length)
{
	struct reading *reading = object;

	for (size_t i = 0; i < length && !payload_is_broken(reading->payload);
	     i++)
		take(reading, bytes[i]);
	flush(reading);
}

void
payload_form_read(struct payload *payload, const struct spool *body)
{
	struct reading reading = {
		.payload = payload,
		.name = g_string_new(NULL),
		.value = g_string_new(NULL),
		.run = g_string_new(NULL),
	};

	payload_pour(payload, body, on_bytes, &reading);
	end_pair(&reading);
	g_string_free(reading.name, TRUE);
	g_string_free(reading.value, TRUE);
	g_string_free(reading.run, TRUE);
}
