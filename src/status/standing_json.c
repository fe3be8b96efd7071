/* SPDX-License-Identifier: MIT */
#include "standing_json.h"

#include "page.h"

static void
add_limit(struct json_object *object, const char *key, uint64_t limit)
{
	if (limit == 0)
		json_object_object_add(object, key, NULL);
	else
		page_add_number(object, key, limit);
}

static void
add_work(struct json_object *object, const struct provider_standing *provider)
{
	page_add_number(object, "requests", provider->requests);
	page_add_number(object, "limit", provider->limit);
	page_add_number(object, "connections", provider->connections);
	page_add_number(object, "waiting", provider->waiting);
	page_add_number(object, "doubts", provider->doubts);
	page_add_number(object, "accepted", provider->accepted);
	page_add_number(object, "failed", provider->failed);
	page_add_number(object, "hour_sent", provider->hour_sent);
	add_limit(object, "hour_max", provider->hour_max);
	page_add_number(object, "day_sent", provider->day_sent);
	add_limit(object, "day_max", provider->day_max);
}

static struct json_object *
write_senders(char *const *domains)
{
	struct json_object *array = json_object_new_array();

	for (; domains != NULL && *domains != NULL; domains++) {
		g_autofree char *valid = g_utf8_make_valid(*domains, -1);

		json_object_array_add(array, json_object_new_string(valid));
	}
	return array;
}

static struct json_object *
write_health(const struct health *health)
{
	struct json_object *object = json_object_new_object();

	page_add_text(object, "state", health_state_text(health->state));
	page_add_text(object, "text", health->text);
	page_add_text(object, "advice", health->advice);
	page_add_time(object, "probed", health->probed_ms);
	return object;
}

struct json_object *
standing_json_new(const struct provider_standing *provider)
{
	struct json_object *object = json_object_new_object();

	page_add_text(object, "name", provider->name);
	page_add_text(object, "type", provider->type);
	page_add_text(object, "state", provider->state);
	page_add_text(object, "why", provider->why);
	page_add_number(object, "failing", provider->failing);
	page_add_number(object, "told_before", provider->told);
	page_add_time(object, "since", provider->since_ms);
	page_add_number(object, "until_ms",
	    provider->until_ms > 0 ? (uint64_t)provider->until_ms : 0);
	page_add_flag(object, "reserve", provider->reserve);
	add_work(object, provider);
	json_object_object_add(
	    object, "refused_senders", write_senders(provider->senders));
	json_object_object_add(
	    object, "health", write_health(&provider->health));
	return object;
}
