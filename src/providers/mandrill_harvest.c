/* SPDX-License-Identifier: MIT */
#include "mandrill_harvest.h"

#include "core/clock.h"
#include "mandrill_account.h"
#include "mandrill_events.h"
#include "query.h"

#include <json-c/json.h>
#include <string.h>

#define SEARCH_PATH "/api/1.0/messages/search.json"

/* A mail found has half a kilobyte and more; an answer may have 256 of them. */
#define MAILS 200u

#define DAY_MS INT64_C(86400000)

static void
add_day(struct json_object *query, const char *name, int64_t wall_ms)
{
	g_autoptr(GDateTime) time =
	    g_date_time_new_from_unix_utc(wall_ms / 1000);
	g_autofree char *day = g_date_time_format(time, "%Y-%m-%d");

	json_object_object_add(query, name, json_object_new_string(day));
}

/* What bounces today was sent the day before, perhaps. */
bool
mandrill_harvest_ask(const struct provider *provider,
    const struct event_span *span, struct exchange *exchange)
{
	const struct mandrill_account *self = provider->self;
	struct json_object *query = json_object_new_object();
	int64_t end = span->end_ms != 0 ? span->end_ms : clock_wall_ms();

	json_object_object_add(query, "key", json_object_new_string(self->key));
	json_object_object_add(query, "query", json_object_new_string("*"));
	add_day(query, "date_from", span->begin_ms - DAY_MS);
	add_day(query, "date_to", end + DAY_MS);
	json_object_object_add(query, "limit",
	    json_object_new_int(
		(int)(span->most != 0 ? MIN(span->most, MAILS) : MAILS)));
	query_post(exchange, SEARCH_PATH, query);
	return true;
}

bool
mandrill_harvest_asked(const struct provider *provider,
    const struct event_span *span, struct exchange *exchange, GPtrArray *events,
    struct inquiry_reply *reply)
{
	struct json_object *list = query_answer(exchange, 200);
	g_autofree char *said = query_text(exchange);

	(void)span;
	reply->answered = json_object_is_type(list, json_type_array);
	if (!reply->answered)
		query_refuse(exchange, said, reply);
	for (size_t i = 0;
	     reply->answered && i < json_object_array_length(list); i++) {
		struct event *event = mandrill_events_find(
		    provider, json_object_array_get_idx(list, i));

		if (event != NULL)
			g_ptr_array_add(events, event);
	}
	json_object_put(list);
	return false;
}
