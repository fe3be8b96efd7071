/* SPDX-License-Identifier: MIT */
#include "mailgun_page.h"

#include "query.h"
#include "response.h"

#include <json-c/json.h>
#include <string.h>

/* Events have a number, logs a text. */
int64_t
mailgun_page_time(struct json_object *item)
{
	struct json_object *number = NULL;
	const char *text = response_member(item, "@timestamp");
	g_autoptr(GDateTime) time = NULL;

	if (json_object_object_get_ex(item, "timestamp", &number) &&
	    (json_object_is_type(number, json_type_double) ||
		json_object_is_type(number, json_type_int)))
		return (int64_t)(json_object_get_double(number) * 1000);
	if (text == NULL)
		text = response_member(item, "timestamp");
	if (text != NULL)
		time = g_date_time_new_from_iso8601(text, NULL);
	return time != NULL ? g_date_time_to_unix(time) * 1000 : 0;
}

const char *
mailgun_page_message_id(struct json_object *item)
{
	struct json_object *message =
	    query_member(item, "message", json_type_object);

	return response_member(
	    query_member(message, "headers", json_type_object), "message-id");
}

char *
mailgun_page_next(
    struct json_object *json, const char *domain, const char *path)
{
	const char *next = response_member(
	    query_member(json, "paging", json_type_object), "next");
	g_autofree char *prefix = g_strdup_printf("/v3/%s/events", domain);
	g_autoptr(GUri) uri =
	    next != NULL ? g_uri_parse(next, G_URI_FLAGS_ENCODED, NULL) : NULL;
	const char *query = uri != NULL ? g_uri_get_query(uri) : NULL;
	g_autofree char *page = NULL;

	if (uri == NULL)
		return NULL;
	page = g_strconcat(g_uri_get_path(uri), query != NULL ? "?" : "",
	    query != NULL ? query : "", NULL);
	if (!g_str_has_prefix(page, prefix) || strstr(page, "..") != NULL ||
	    !g_str_is_ascii(page) || strpbrk(page, " \t\r\n") != NULL ||
	    strcmp(page, path) == 0)
		return NULL;
	return g_steal_pointer(&page);
}
