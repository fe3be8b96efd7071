/* SPDX-License-Identifier: MIT */
#include "odd.h"
#include <string.h>

#define JSON_HEAD                                               \
	"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" \
	"Connection: close\r\n\r\n"
#define CHUNKED_HEAD                                            \
	"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" \
	"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
#define MANY_LINES  20000
#define LONG_LINE   65536
#define DEEP_LEVELS 100000

typedef void (*body_fn)(GString *out, const char *body, size_t length);

/* An odd answer: its head up to the empty line, and who writes what follows;
 * of SMTP only the name. */
struct odd {
	const char *name;
	int kinds;
	const char *head;
	body_fn body;
	const char *help;
	bool refuses; /* no server answers like this and keeps the mail */
};

static void
say_body(GString *out, const char *body, size_t length)
{
	g_string_append_len(out, body, (gssize)length);
}

static void
say_nothing(GString *out, const char *body, size_t length)
{
	(void)out;
	(void)body;
	(void)length;
}

static void
say_chunk(GString *out, const char *body, size_t length)
{
	g_string_append_printf(out, "%zx\r\n", length);
	g_string_append_len(out, body, (gssize)length);
	g_string_append(out, "\r\n");
}

static void
say_chunks(GString *out, const char *body, size_t length)
{
	for (size_t i = 0; i < length; i++)
		say_chunk(out, body + i, 1);
	g_string_append(out, "0\r\n\r\n");
}

static void
say_behind_mark(GString *out, const char *body, size_t length)
{
	g_string_append(out, "\xef\xbb\xbf");
	say_body(out, body, length);
}

static void
say_before_nul(GString *out, const char *body, size_t length)
{
	say_body(out, body, length);
	g_string_append_len(out, "\0\xff", 2);
}

static void
say_twice(GString *out, const char *body, size_t length)
{
	g_string_append(out, "{\"id\":1,\"id\":[],\"status\":");
	say_body(out, body, length);
	g_string_append_c(out, '}');
}

static void
say_headers(GString *out, const char *body, size_t length)
{
	(void)body;
	(void)length;
	for (unsigned i = 0; i < MANY_LINES; i++)
		g_string_append_printf(out, "X-%u: %040u\r\n", i, i);
}

static void
say_deep(GString *out, const char *body, size_t length)
{
	for (unsigned i = 0; i < DEEP_LEVELS; i++)
		g_string_append_c(out, '[');
	say_body(out, body, length);
}

static void
say_page(GString *out, const char *body, size_t length)
{
	(void)body;
	(void)length;
	g_string_append(out, "<html><body>Bad Gateway</body></html>");
}

static void
say_less(GString *out, const char *body, size_t length)
{
	say_body(out, body, length / 2);
}

static void
say_no_chunks(GString *out, const char *body, size_t length)
{
	g_string_append(out, "ffffffffffffffffff\r\n");
	say_body(out, body, length);
	g_string_append(out, "\r\n-1\r\n");
}

/* The magic number, and then what is no deflated data. */
static void
say_packed(GString *out, const char *body, size_t length)
{
	g_string_append_len(out, "\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
	say_body(out, body, length);
}

static void
say_number(GString *out, const char *body, size_t length)
{
	(void)body;
	(void)length;
	g_string_append(out, "{\"id\":12,\"message\":\"Queued. Thank you.\"}");
}

static void
say_no_entries(GString *out, const char *body, size_t length)
{
	(void)body;
	(void)length;
	g_string_append(out, "[]");
}

/* Runs over the entries of Mandrill's answer; index counts up. */
typedef void (*entry_fn)(struct json_object *list, size_t index);

static void
say_entries(GString *out, const char *body, entry_fn fn)
{
	struct json_object *list = json_tokener_parse(body);
	size_t length = json_object_is_type(list, json_type_array)
			    ? json_object_array_length(list)
			    : 0;

	/* from the end, for entries may go */
	for (size_t i = length; i-- > 0;)
		fn(list, i);
	g_string_append(
	    out, json_object_to_json_string_ext(list, JSON_C_TO_STRING_PLAIN));
	json_object_put(list);
}

static void
drop_first(struct json_object *list, size_t index)
{
	if (index == 0)
		json_object_array_del_idx(list, 0, 1);
}

static void
say_fewer(GString *out, const char *body, size_t length)
{
	(void)length;
	say_entries(out, body, drop_first);
}

static void
repeat_first(struct json_object *list, size_t index)
{
	if (index == 0)
		json_object_array_add(
		    list, json_object_get(json_object_array_get_idx(list, 0)));
}

static void
say_more(GString *out, const char *body, size_t length)
{
	(void)length;
	say_entries(out, body, repeat_first);
}

static void
raise_case(struct json_object *list, size_t index)
{
	struct json_object *entry = json_object_array_get_idx(list, index);
	struct json_object *email = json_object_object_get(entry, "email");
	g_autofree char *upper =
	    g_ascii_strup(json_object_get_string(email), -1);

	json_object_object_add(entry, "email", json_object_new_string(upper));
}

static void
say_loudly(GString *out, const char *body, size_t length)
{
	(void)length;
	say_entries(out, body, raise_case);
}

static void
drop_email(struct json_object *list, size_t index)
{
	json_object_object_del(json_object_array_get_idx(list, index), "email");
}

static void
say_nameless(GString *out, const char *body, size_t length)
{
	(void)length;
	say_entries(out, body, drop_email);
}

static const struct odd odds[] = {
	{ "length", FAULT_HTTP,
	    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	    "Content-Length: 99999\r\n\r\n",
	    say_body, "Content-Length is larger than the body", false },
	{ "http10", FAULT_HTTP,
	    "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n",
	    say_body, "HTTP/1.0, ends with the connection", false },
	{ "type", FAULT_HTTP,
	    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
	    "Connection: close\r\n\r\n",
	    say_body, "JSON that is called HTML", false },
	{ "page", FAULT_HTTP, JSON_HEAD, say_page,
	    "200, HTML that is called JSON", false },
	{ "chunked", FAULT_HTTP, CHUNKED_HEAD, say_chunks,
	    "each byte in a chunk of its own", false },
	{ "chunk-cut", FAULT_HTTP, CHUNKED_HEAD, say_chunk,
	    "the last chunk is missing", false },
	{ "chunk-nonsense", FAULT_HTTP, CHUNKED_HEAD, say_no_chunks,
	    "a chunk larger than any number", false },
	{ "gzip", FAULT_HTTP,
	    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	    "Content-Encoding: gzip\r\nConnection: close\r\n\r\n",
	    say_packed, "called gzip, which nobody asked for", false },
	{ "half", FAULT_HTTP, JSON_HEAD, say_less,
	    "half the JSON, and a clean end", false },
	{ "bom", FAULT_HTTP, JSON_HEAD, say_behind_mark,
	    "a byte order mark before the JSON", false },
	{ "nul", FAULT_HTTP, JSON_HEAD, say_before_nul,
	    "a NUL and a byte of no UTF-8 behind the JSON", false },
	{ "duplicate", FAULT_HTTP, JSON_HEAD, say_twice,
	    "JSON with a key twice", false },
	{ "deep", FAULT_HTTP, JSON_HEAD, say_deep, "JSON 100,000 levels deep",
	    false },
	{ "headers", FAULT_HTTP, "HTTP/1.1 200 OK\r\n", say_headers,
	    "a head of 1 MB, and no end of it", false },
	{ "redirect", FAULT_HTTP,
	    "HTTP/1.1 307 Temporary Redirect\r\nContent-Length: 0\r\n"
	    "Location: http://127.0.0.1:9/elsewhere\r\n"
	    "Connection: close\r\n\r\n",
	    say_nothing, "go elsewhere; not recorded", true },
	{ "number", FAULT_MAILGUN, JSON_HEAD, say_number, "the id is a number",
	    false },
	{ "none", FAULT_MANDRILL, JSON_HEAD, say_no_entries,
	    "200 and an empty list", false },
	{ "fewer", FAULT_MANDRILL, JSON_HEAD, say_fewer,
	    "one recipient less than there were", false },
	{ "more", FAULT_MANDRILL, JSON_HEAD, say_more, "one recipient twice",
	    false },
	{ "case", FAULT_MANDRILL, JSON_HEAD, say_loudly,
	    "the addresses in capitals", false },
	{ "nameless", FAULT_MANDRILL, JSON_HEAD, say_nameless, "no addresses",
	    false },
	{ "long", FAULT_SMTP, NULL, NULL, "a reply line of 64 KiB", false },
	{ "lines", FAULT_SMTP, NULL, NULL, "a reply of 20,000 lines", false },
	{ "unfinished", FAULT_SMTP, NULL, NULL,
	    "a reply whose line does not end", false },
};

static const struct odd *
find(const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(odds); i++) {
		if (strcmp(odds[i].name, name) == 0)
			return &odds[i];
	}
	return NULL;
}

bool
odd_has(enum fault_kind kind, const char *name)
{
	const struct odd *odd = find(name);

	return odd != NULL && (odd->kinds & (int)kind) != 0;
}

bool
odd_refuses(const char *name)
{
	return find(name)->refuses;
}

char *
odd_names(int kinds)
{
	GString *page = g_string_new(NULL);

	for (size_t i = 0; i < G_N_ELEMENTS(odds); i++) {
		if ((odds[i].kinds & kinds) != 0)
			g_string_append_printf(
			    page, "    %-23s %s\n", odds[i].name, odds[i].help);
	}
	return g_string_free(page, FALSE);
}

GString *
odd_print(const char *name, const struct response *answer)
{
	const struct odd *odd = find(name);
	GString *out = g_string_new(odd->head);
	size_t length;
	const char *bytes = g_bytes_get_data(answer->body, &length);
	g_autofree char *body = g_strndup(bytes, length);

	odd->body(out, body, length);
	return out;
}

GString *
odd_reply(const char *name, const char *text)
{
	GString *out = g_string_new(NULL);

	if (strcmp(name, "unfinished") == 0)
		return g_string_append(out, text);
	if (strcmp(name, "lines") == 0) {
		for (unsigned i = 0; i < MANY_LINES; i++)
			g_string_append_printf(
			    out, "%.3s-line %u\r\n", text, i);
	}
	g_string_append(out, text);
	if (strcmp(name, "long") == 0) {
		g_autofree char *rest = g_strnfill(LONG_LINE, 'x');

		g_string_append(out, rest);
	}
	return g_string_append(out, "\r\n");
}
