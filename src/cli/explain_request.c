/* SPDX-License-Identifier: MIT */
#include "explain_request.h"

#include "core/log.h"
#include "fact.h"
#include <stdio.h>
#include <string.h>

/* What is longer is told by its size and how it begins. */
#define VALUE_MAX 200

/* Fields of a raw mail that are shown. */
#define HEAD_MAX 60

struct json_object *
explain_request_text(const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	g_autofree char *shown = log_redact(valid);

	return json_object_new_string(shown != NULL ? shown : valid);
}

static GByteArray *
read_body(struct segments *segments)
{
	GByteArray *body = g_byte_array_new();
	struct segment_reader *reader = segment_reader_new(segments);
	unsigned char chunk[16384];
	ssize_t given;

	while ((given = segment_reader_read(reader, chunk, sizeof chunk)) > 0)
		g_byte_array_append(body, chunk, (guint)given);
	segment_reader_free(reader);
	g_byte_array_append(body, (const unsigned char *)"", 1);
	g_byte_array_set_size(body, body->len - 1);
	return body;
}

static void
add_number(struct json_object *to, const char *key, uint64_t number)
{
	json_object_object_add(to, key, json_object_new_int64((int64_t)number));
}

/* The lines of a raw mail's header, each as it is, and how many more it has. */
static void
add_head(struct json_object *to, const char *mail, size_t length)
{
	struct json_object *lines = json_object_new_array();
	const char *end = mail + length;
	unsigned count = 0;

	for (; mail < end; count++) {
		const char *line =
		    memmem(mail, (size_t)(end - mail), "\r\n", 2);
		size_t size = (size_t)((line ? line : end) - mail);
		g_autofree char *text = g_strndup(mail, size);

		if (size == 0)
			break;
		if (count < HEAD_MAX)
			json_object_array_add(
			    lines, explain_request_text(text));
		mail += size + 2;
	}
	json_object_object_add(to, "head", lines);
	if (count > HEAD_MAX)
		add_number(to, "head_more", count - HEAD_MAX);
}

static void
add_value(struct json_object *to, const char *value, size_t length)
{
	g_autofree char *start = g_strndup(value, MIN(length, VALUE_MAX));

	json_object_object_add(to, "value", explain_request_text(start));
	if (length > VALUE_MAX)
		add_number(to, "bytes", length);
}

/* The value of name="..." or NULL. */
static char *
read_parameter(const char *head, const char *name)
{
	const char *at = strstr(head, name);
	GString *value;

	if (at == NULL)
		return NULL;
	value = g_string_new(NULL);
	for (at += strlen(name); *at != '\0' && *at != '"'; at++) {
		at += *at == '\\' && at[1] != '\0';
		g_string_append_c(value, *at);
	}
	return g_string_free(value, FALSE);
}

static struct json_object *
show_part(const char *head, const char *content, size_t length)
{
	struct json_object *part = json_object_new_object();
	g_autofree char *name = read_parameter(head, " name=\"");
	g_autofree char *file = read_parameter(head, "; filename=\"");
	const char *type = strstr(head, "Content-Type: ");

	json_object_object_add(
	    part, "name", explain_request_text(name ? name : ""));
	if (file == NULL) {
		add_value(part, content, length);
		return part;
	}
	json_object_object_add(part, "file", explain_request_text(file));
	if (type != NULL)
		json_object_object_add(part, "type",
		    explain_request_text(type + strlen("Content-Type: ")));
	add_number(part, "bytes", length);
	if (strcmp(name, "message") == 0)
		add_head(part, content, length);
	return part;
}

static struct json_object *
show_form(const GByteArray *body, const char *boundary)
{
	struct json_object *parts = json_object_new_array();
	g_autofree char *mark = g_strconcat("\r\n--", boundary, NULL);
	const char *at = (const char *)body->data;
	const char *end = at + body->len;

	at += strlen(mark) - 2;
	while (at < end) {
		const char *blank =
		    memmem(at, (size_t)(end - at), "\r\n\r\n", 4);
		const char *next;

		if (blank == NULL)
			break;
		next = memmem(
		    blank + 4, (size_t)(end - blank - 4), mark, strlen(mark));
		if (next == NULL)
			break;
		g_autofree char *head = g_strndup(at, (size_t)(blank - at));
		json_object_array_add(parts,
		    show_part(head, blank + 4, (size_t)(next - blank - 4)));
		at = next + strlen(mark);
	}
	return parts;
}

static struct json_object *show_value(
    const char *name, struct json_object *value);

static struct json_object *
show_object(struct json_object *value)
{
	struct json_object *shown = json_object_new_object();

	json_object_object_foreach(value, key, member)
	    json_object_object_add(shown, key, show_value(key, member));
	return shown;
}

static struct json_object *
show_text(const char *name, const char *text, size_t length)
{
	struct json_object *shown;
	g_autofree char *size = NULL;

	if (strcmp(name, "key") == 0)
		return json_object_new_string("<redacted>");
	if (length <= VALUE_MAX)
		return explain_request_text(text);
	shown = json_object_new_object();
	if (strcmp(name, "content") != 0 && strcmp(name, "raw_message") != 0) {
		add_value(shown, text, length);
		return shown;
	}
	add_number(shown, "bytes", length);
	if (strcmp(name, "raw_message") == 0)
		add_head(shown, text, length);
	return shown;
}

static struct json_object *
show_value(const char *name, struct json_object *value)
{
	struct json_object *shown;

	switch (json_object_get_type(value)) {
	case json_type_object:
		return show_object(value);
	case json_type_array:
		shown = json_object_new_array();
		for (size_t i = 0; i < json_object_array_length(value); i++)
			json_object_array_add(
			    shown, show_value(name,
				       json_object_array_get_idx(value, i)));
		return shown;
	case json_type_string:
		return show_text(name, json_object_get_string(value),
		    (size_t)json_object_get_string_len(value));
	default:
		return json_object_get(value);
	}
}

static void
add_body(struct json_object *request, const GByteArray *body,
    const char *content_type)
{
	const char *boundary = strstr(content_type, "boundary=");
	struct json_object *json;

	if (boundary != NULL) {
		json_object_object_add(request, "form",
		    show_form(body, boundary + strlen("boundary=")));
		return;
	}
	json = json_tokener_parse((const char *)body->data);
	json_object_object_add(request, "json", show_value("", json));
	json_object_put(json);
}

static struct json_object *
show_fields(const struct exchange *exchange, const char **content_type)
{
	struct json_object *fields = json_object_new_array();

	*content_type = "";
	if (exchange->endpoint->password != NULL)
		json_object_array_add(fields,
		    json_object_new_string("Authorization: Basic <redacted>"));
	for (unsigned i = 0; i < exchange->http.fields->len; i++) {
		const char *field = exchange->http.fields->pdata[i];

		json_object_array_add(fields, explain_request_text(field));
		if (g_str_has_prefix(field, "Content-Type: "))
			*content_type = field;
	}
	return fields;
}

static void
show_http(struct json_object *request, const struct exchange *exchange,
    const GByteArray *body)
{
	const char *content_type;
	g_autofree char *url = g_strconcat(
	    exchange->endpoint->base_url, exchange->http.path, NULL);

	json_object_object_add(
	    request, "method", explain_request_text(exchange->http.method));
	json_object_object_add(request, "url", explain_request_text(url));
	json_object_object_add(
	    request, "headers", show_fields(exchange, &content_type));
	add_number(request, "bytes", body->len);
	add_body(request, body, content_type);
}

static void
show_smtp(struct json_object *request, const struct exchange *exchange,
    const GByteArray *body)
{
	const struct smtp_request *smtp = &exchange->smtp;
	struct json_object *to = json_object_new_array();
	g_autofree char *host = g_strdup_printf(
	    "%s:%u", exchange->endpoint->host, exchange->endpoint->port);

	json_object_object_add(request, "host", explain_request_text(host));
	json_object_object_add(request, "sender",
	    explain_request_text(smtp->sender ? smtp->sender->text : ""));
	for (unsigned i = 0; i < smtp->recipients->len; i++) {
		const struct address *address = smtp->recipients->pdata[i];

		json_object_array_add(to, explain_request_text(address->text));
	}
	json_object_object_add(request, "recipients", to);
	add_number(request, "bytes", body->len);
	add_head(request, (const char *)body->data, body->len);
}

struct json_object *
explain_request(const struct explain_way *way)
{
	const struct exchange *exchange = way->exchange;
	struct json_object *request = json_object_new_object();
	g_autoptr(GByteArray) body = read_body(exchange->body);

	if (exchange->kind == EXCHANGE_HTTP)
		show_http(request, exchange, body);
	else
		show_smtp(request, exchange, body);
	return request;
}

/* ---- for people ---- */

static void
print_lines(struct json_object *of, const char *key, const char *indent)
{
	for (size_t i = 0; i < fact_count(of, key); i++) {
		g_autofree char *line = fact_text_at(of, key, i);

		printf("%s%s\n", indent, line);
	}
}

/* A line that goes on with the one before keeps what it begins with. */
static void
print_head(struct json_object *of)
{
	uint64_t more = fact_number(of, "head_more");

	for (size_t i = 0; i < fact_count(of, "head"); i++) {
		const char *whole =
		    json_object_get_string(fact_element(of, "head", i));
		g_autofree char *line = fact_text_at(of, "head", i);

		printf("        | %.*s%s\n", (int)strspn(whole, " \t"), whole,
		    line);
	}
	if (more > 0)
		printf("        ... and %" G_GUINT64_FORMAT
		       " more lines of the header\n",
		    more);
}

static void
print_part(struct json_object *part)
{
	g_autofree char *name = fact_text_or(part, "name", "");
	g_autofree char *file = fact_text(part, "file");
	g_autofree char *type = fact_text_or(part, "type", "");
	g_autofree char *value = fact_text_or(part, "value", "");
	uint64_t bytes = fact_number(part, "bytes");

	if (file != NULL)
		printf("      %s: file \"%s\", %s, %" G_GUINT64_FORMAT
		       " bytes\n",
		    name, file, type, bytes);
	else if (bytes > 0)
		printf("      %s: %s... (%" G_GUINT64_FORMAT " bytes)\n", name,
		    value, bytes);
	else
		printf("      %s: %s\n", name, value);
	print_head(part);
}

static void
print_json(struct json_object *json)
{
	g_auto(GStrv) lines =
	    g_strsplit(json_object_to_json_string_ext(json,
			   JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
			       JSON_C_TO_STRING_NOSLASHESCAPE),
		"\n", -1);

	for (unsigned i = 0; lines[i] != NULL; i++)
		printf("      %s\n", lines[i]);
}

static void
print_http(struct json_object *request)
{
	g_autofree char *method = fact_text_or(request, "method", "");
	g_autofree char *url = fact_text_or(request, "url", "");
	struct json_object *json = fact_object(request, "json");

	printf("    %s %s\n", method, url);
	print_lines(request, "headers", "      ");
	for (size_t i = 0; i < fact_count(request, "form"); i++)
		print_part(fact_element(request, "form", i));
	if (json != NULL)
		print_json(json);
}

void
explain_request_print(struct json_object *request)
{
	g_autofree char *host = fact_text(request, "host");

	if (host == NULL) {
		print_http(request);
		return;
	}
	g_autofree char *sender = fact_text_or(request, "sender", "");
	printf("    SMTP to %s\n      MAIL FROM:<%s>\n", host, sender);
	for (size_t i = 0; i < fact_count(request, "recipients"); i++) {
		g_autofree char *to = fact_text_at(request, "recipients", i);

		printf("      RCPT TO:<%s>\n", to);
	}
	printf("      DATA, %" G_GUINT64_FORMAT " bytes\n",
	    fact_number(request, "bytes"));
	print_head(request);
}
