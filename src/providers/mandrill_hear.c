/* SPDX-License-Identifier: MIT */
#include "mandrill_hear.h"

#include "digest.h"
#include "mandrill_events.h"
#include "response.h"

#include <json-c/json.h>
#include <string.h>

#define FIELD "mandrill_events"

/* The URL, then each name and value in the order of the names. */
static GString *
make_message(const char *url, GHashTable *form)
{
	g_autoptr(GList) names = g_list_sort(
	    g_hash_table_get_keys(form), (GCompareFunc)(void *)strcmp);
	GString *message = g_string_new(url);

	for (const GList *at = names; at != NULL; at = at->next) {
		g_string_append(message, at->data);
		g_string_append(message, g_hash_table_lookup(form, at->data));
	}
	return message;
}

static bool
is_signed(const struct provider *provider, const struct webhook *webhook,
    GHashTable *form)
{
	const struct provider_events *events = &provider->events;
	g_autoptr(GString) message = NULL;

	if (form == NULL || webhook->signature == NULL)
		return false;
	message = make_message(events->webhook_url, form);
	return digest_fits_base64(
	    G_CHECKSUM_SHA1, events->webhook_key, message, webhook->signature);
}

/* When it is told of a webhook Mandrill looks whether it is there by posting
 * none, signed with a key that nobody knows yet. */
static bool
is_trial(GHashTable *form)
{
	return form != NULL &&
	       g_strcmp0(g_hash_table_lookup(form, FIELD), "[]") == 0;
}

enum webhook_end
mandrill_hear(const struct provider *provider, struct webhook *webhook)
{
	g_autoptr(GHashTable) form = g_uri_parse_params(webhook->body,
	    (gssize)webhook->length, "&", G_URI_PARAMS_WWW_FORM, NULL);
	const char *text;
	struct json_object *list;

	if (!is_signed(provider, webhook, form))
		return is_trial(form) ? WEBHOOK_GOOD : WEBHOOK_FORGED;
	text = g_hash_table_lookup(form, FIELD);
	list = text != NULL ? response_read(text, strlen(text)) : NULL;
	if (!json_object_is_type(list, json_type_array)) {
		json_object_put(list);
		return WEBHOOK_UNREADABLE;
	}
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct event *event = mandrill_events_read(
		    provider, json_object_array_get_idx(list, i));

		if (event != NULL)
			g_ptr_array_add(webhook->events, event);
	}
	json_object_put(list);
	return WEBHOOK_GOOD;
}
