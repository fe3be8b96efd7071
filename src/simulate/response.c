/* SPDX-License-Identifier: MIT */
#include "response.h"
#include <microhttpd.h>
#include <string.h>

struct response *
response_new_bytes(const char *type, GBytes *bytes)
{
	struct response *answer = g_new0(struct response, 1);

	answer->status = 200;
	answer->type = type;
	answer->body = bytes;
	answer->fields = g_ptr_array_new_with_free_func(g_free);
	return answer;
}

struct response *
response_new(unsigned status, const char *type, const char *text)
{
	size_t length = text != NULL ? strlen(text) : 0;
	struct response *answer =
	    response_new_bytes(type, g_bytes_new(text, length));

	answer->status = status;
	return answer;
}

struct response *
response_new_json(unsigned status, struct json_object *object)
{
	const char *text = json_object_to_json_string_ext(
	    object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	struct response *answer =
	    response_new(status, "application/json", text);

	json_object_put(object);
	return answer;
}

struct response *
response_new_message(unsigned status, const char *text)
{
	struct json_object *object = json_object_new_object();
	g_autofree char *valid = g_utf8_make_valid(text, -1);

	json_object_object_add(
	    object, "message", json_object_new_string(valid));
	return response_new_json(status, object);
}

void
response_free(struct response *answer)
{
	if (answer == NULL)
		return;
	g_bytes_unref(answer->body);
	g_ptr_array_unref(answer->fields);
	g_free(answer);
}

void
response_add(struct response *answer, const char *name, const char *value)
{
	g_ptr_array_add(answer->fields, g_strconcat(name, ": ", value, NULL));
}

const char *
response_phrase(unsigned status)
{
	const char *phrase = MHD_get_reason_phrase_for(status);

	return phrase != NULL ? phrase : "Unknown";
}

GString *
response_print(const struct response *answer)
{
	GString *bytes = g_string_new(NULL);
	size_t length;
	const char *body = g_bytes_get_data(answer->body, &length);

	g_string_printf(bytes, "HTTP/1.1 %u %s\r\n", answer->status,
	    response_phrase(answer->status));
	if (answer->type != NULL)
		g_string_append_printf(
		    bytes, "Content-Type: %s\r\n", answer->type);
	for (guint i = 0; i < answer->fields->len; i++)
		g_string_append_printf(
		    bytes, "%s\r\n", (const char *)answer->fields->pdata[i]);
	g_string_append_printf(
	    bytes, "Content-Length: %zu\r\nConnection: close\r\n\r\n", length);
	g_string_append_len(bytes, body, (gssize)length);
	return bytes;
}
