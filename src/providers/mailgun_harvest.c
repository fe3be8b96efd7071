/* SPDX-License-Identifier: MIT */
#include "mailgun_harvest.h"

#include "mailgun_account.h"
#include "mailgun_events.h"
#include "mailgun_page.h"
#include "query.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <string.h>

/* An event has a good kilobyte, where its mail does not go to hundreds; an
 * answer may have 256 of them. */
#define PAGE_EVENTS 100u

#define PATH_START "/v3/"
#define PATH_END   "/events"

/* The domain behind that one; after NULL the first; NULL: there is none. */
static const char *
find_domain(const struct provider *provider, const char *before)
{
	const struct mailgun_account *self = provider->self;
	char **domain = provider->domains;

	if (self->domain != NULL)
		return before == NULL ? self->domain : NULL;
	while (
	    before != NULL && *domain != NULL && strcmp(*domain, before) != 0)
		domain++;
	if (before != NULL && *domain != NULL)
		domain++;
	return *domain;
}

/* Those of one domain.  Opens and clicks are asked for as well: whoever has
 * them counted wants them. */
static void
ask_domain(const struct provider *provider, const char *domain,
    const struct event_span *span, struct exchange *exchange)
{
	const struct mailgun_account *self = provider->self;
	g_autoptr(GString) path = g_string_new(NULL);

	g_string_append_printf(path, PATH_START "%s" PATH_END "?begin=%" PRId64,
	    domain, span->begin_ms / 1000);
	if (span->end_ms != 0)
		g_string_append_printf(
		    path, "&end=%" PRId64, span->end_ms / 1000);
	g_string_append_printf(path, "&ascending=yes&limit=%u",
	    span->most != 0 ? MIN(span->most, PAGE_EVENTS) : PAGE_EVENTS);
	query_get(exchange, &self->asking, path->str);
}

bool
mailgun_harvest_ask(const struct provider *provider,
    const struct event_span *span, struct exchange *exchange)
{
	ask_domain(provider, find_domain(provider, NULL), span, exchange);
	return true;
}

/* Whose events these are: its request says it. */
static char *
read_domain(const struct exchange *exchange)
{
	const char *path = exchange->http.path + strlen(PATH_START);

	return g_strndup(path, strcspn(path, "/"));
}

static void
read_items(const struct provider *provider, struct json_object *items,
    GPtrArray *events)
{
	for (size_t i = 0; i < json_object_array_length(items); i++) {
		struct event *event = mailgun_events_read(
		    provider, json_object_array_get_idx(items, i));

		if (event != NULL)
			g_ptr_array_add(events, event);
	}
}

static void
refuse(const struct provider *provider, const struct exchange *exchange,
    struct inquiry_reply *reply)
{
	const struct mailgun_account *self = provider->self;
	g_autofree char *said = query_text(exchange);
	unsigned status = exchange->http_response.status;
	bool forbidden = exchange->end == EXCHANGE_ANSWERED &&
			 (status == 401 || status == 403) &&
			 !query_is_throttle(exchange, said);
	g_autofree char *text = g_strdup_printf("%s%s", said,
	    !forbidden         ? ""
	    : self->lookup_key ? "; lookup_key may not look up events, set one "
				 "that may"
			       : "; api_key may not look up events, as a "
				 "sending key never may: set lookup_key");

	query_refuse(exchange, text, reply);
}

/* The next page; behind the last one, which is empty, the next domain. */
static bool
ask_more(const struct provider *provider, const struct event_span *span,
    struct json_object *json, struct exchange *exchange)
{
	const struct mailgun_account *self = provider->self;
	g_autofree char *domain = read_domain(exchange);
	size_t count = json_object_array_length(
	    query_member(json, "items", json_type_array));
	g_autofree char *page =
	    count > 0 ? mailgun_page_next(json, domain, exchange->http.path)
		      : NULL;
	const char *next = find_domain(provider, domain);

	if (page == NULL && next == NULL)
		return false;
	exchange_renew(exchange);
	if (page != NULL)
		query_get(exchange, &self->asking, page);
	else
		ask_domain(provider, next, span, exchange);
	return true;
}

bool
mailgun_harvest_asked(const struct provider *provider,
    const struct event_span *span, struct exchange *exchange, GPtrArray *events,
    struct inquiry_reply *reply)
{
	struct json_object *json = query_answer(exchange, 200);
	struct json_object *items =
	    query_member(json, "items", json_type_array);
	bool more = false;

	reply->answered = items != NULL;
	if (items != NULL) {
		read_items(provider, items, events);
		more = ask_more(provider, span, json, exchange);
	} else {
		refuse(provider, exchange, reply);
	}
	json_object_put(json);
	return more;
}
