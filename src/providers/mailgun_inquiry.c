/* SPDX-License-Identifier: MIT */
#include "mailgun_inquiry.h"

#include "mailgun_account.h"
#include "mailgun_page.h"
#include "query.h"
#include "response.h"

#include "core/clock.h"
#include <inttypes.h>
#include <json-c/json.h>
#include <string.h>

#define LOGS_PATH "/v1/analytics/logs"

/* Events in a page, at most, and pages of one inquiry. */
#define EVENTS_PAGE 300
#define LOGS_PAGE   100
#define PAGES_MAX   50

/* An event is so large, and names each recipient of the mail twice; a page of
 * them must fit into the 256 KiB that an answer may have. */
#define PAGE_BYTES      (192 * 1024)
#define EVENT_BYTES     1200
#define RECIPIENT_BYTES 64

/* Their clock may be behind ours, and an event before `begun` is another mail
 * all the same: only the search begins so much earlier. */
#define EARLIER_S 300

/* In a search these mean something of their own. */
#define SEARCH_SPECIAL " \t\"\\()<>:&|,;"

/* The Message-ID without <>: with them other mails are found. */
static char *
strip_brackets(const char *message_id)
{
	size_t length = strlen(message_id);

	if (length >= 2 && message_id[0] == '<' &&
	    message_id[length - 1] == '>')
		return g_strndup(message_id + 1, length - 2);
	return g_strdup(message_id);
}

static char *
quote(const char *text)
{
	GString *quoted;

	if (strpbrk(text, SEARCH_SPECIAL) == NULL)
		return g_strdup(text);
	quoted = g_string_new("\"");
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			g_string_append_c(quoted, '\\');
		g_string_append_c(quoted, *text);
	}
	g_string_append_c(quoted, '"');
	return g_string_free(quoted, FALSE);
}

static unsigned
find_limit(const struct inquiry *inquiry, unsigned most)
{
	return CLAMP(
	    PAGE_BYTES / (EVENT_BYTES + RECIPIENT_BYTES * inquiry->count), 1,
	    most);
}

static void
ask_events(const struct mailgun_account *self, const char *domain,
    const struct inquiry *inquiry, struct exchange *exchange)
{
	g_autofree char *id = strip_brackets(inquiry->message_id);
	g_autofree char *quoted = quote(id);
	g_autofree char *escaped = g_uri_escape_string(quoted, NULL, FALSE);
	g_autofree char *path = g_strdup_printf(
	    "/v3/%s/events?message-id=%s&event=accepted&begin=%" PRId64
	    "&ascending=yes&limit=%u",
	    domain, escaped, inquiry->begun_ms / 1000 - EARLIER_S,
	    find_limit(inquiry, EVENTS_PAGE));

	query_get(exchange, &self->asking, path);
}

/* {"attribute": NAME, "comparator": "=", "values": [...]} */
static struct json_object *
make_filter(const char *name, const char *value)
{
	struct json_object *filter = json_object_new_object();
	struct json_object *values = json_object_new_array();
	struct json_object *one = json_object_new_object();

	json_object_object_add(one, "label", json_object_new_string(value));
	json_object_object_add(one, "value", json_object_new_string(value));
	json_object_array_add(values, one);
	json_object_object_add(
	    filter, "attribute", json_object_new_string(name));
	json_object_object_add(
	    filter, "comparator", json_object_new_string("="));
	json_object_object_add(filter, "values", values);
	return filter;
}

static struct json_object *
make_filters(const char *domain, const struct inquiry *inquiry)
{
	g_autofree char *id = strip_brackets(inquiry->message_id);
	struct json_object *filters = json_object_new_object();
	struct json_object *list = json_object_new_array();

	json_object_array_add(list, make_filter("message_id", id));
	json_object_array_add(list, make_filter("domain", domain));
	json_object_object_add(filters, "AND", list);
	return filters;
}

/* token: of the page, NULL for the first. */
static void
ask_logs(const char *domain, const struct inquiry *inquiry, const char *token,
    struct exchange *exchange)
{
	struct json_object *query = json_object_new_object();
	struct json_object *events = json_object_new_array();
	struct json_object *page = json_object_new_object();
	char start[CLOCK_RFC5322_LENGTH];

	clock_rfc5322(inquiry->begun_ms - EARLIER_S * 1000, start);
	json_object_object_add(query, "start", json_object_new_string(start));
	json_object_array_add(events, json_object_new_string("accepted"));
	json_object_object_add(query, "events", events);
	json_object_object_add(query, "filter", make_filters(domain, inquiry));
	json_object_object_add(
	    page, "sort", json_object_new_string("timestamp:asc"));
	json_object_object_add(page, "limit",
	    json_object_new_int((int)find_limit(inquiry, LOGS_PAGE)));
	if (token != NULL)
		json_object_object_add(
		    page, "token", json_object_new_string(token));
	json_object_object_add(query, "pagination", page);
	query_post(exchange, LOGS_PATH, query);
}

bool
mailgun_inquiry_ask(const struct provider *provider, const GPtrArray *inquiries,
    struct exchange *exchange)
{
	const struct mailgun_account *self = provider->self;
	const struct inquiry *inquiry = inquiries->pdata[0];
	const char *domain =
	    mailgun_account_domain(provider, inquiry->from_domain);

	if (self->lookup == MAILGUN_OFF || domain == NULL)
		return false;
	exchange->endpoint = &self->asking;
	if (self->lookup == MAILGUN_LOGS)
		ask_logs(domain, inquiry, NULL, exchange);
	else
		ask_events(self, domain, inquiry, exchange);
	return true;
}

/* ---- what is found ---- */

/* An acceptance of this mail, not of one with the same Message-ID before.  Some
 * times are in whole seconds. */
static bool
is_of(struct json_object *item, const struct inquiry *inquiry)
{
	const char *event = response_member(item, "event");
	const char *id = mailgun_page_message_id(item);
	g_autofree char *theirs = id != NULL ? strip_brackets(id) : NULL;
	g_autofree char *ours = strip_brackets(inquiry->message_id);

	return g_strcmp0(event, "accepted") == 0 &&
	       g_strcmp0(theirs, ours) == 0 &&
	       mailgun_page_time(item) / 1000 >= inquiry->begun_ms / 1000;
}

static void
read_items(struct json_object *items, struct inquiry *inquiry)
{
	for (size_t i = 0; i < json_object_array_length(items); i++) {
		struct json_object *item = json_object_array_get_idx(items, i);
		const char *recipient = response_member(item, "recipient");

		if (recipient != NULL && is_of(item, inquiry))
			inquiry_find(inquiry, recipient, inquiry->message_id);
	}
}

static bool
has_all(const struct inquiry *inquiry)
{
	for (unsigned i = 0; i < inquiry->count; i++)
		if (!inquiry->recipients[i].found)
			return false;
	return true;
}

/* ---- the next request ---- */

static bool
is_logs(const struct exchange *exchange)
{
	return g_str_has_prefix(exchange->http.path, LOGS_PATH);
}

/* True when there is a next page, which stands in the exchange then. */
static bool
ask_next(const struct provider *provider, const struct inquiry *inquiry,
    struct json_object *json, struct exchange *exchange)
{
	const struct mailgun_account *self = provider->self;
	const char *domain =
	    mailgun_account_domain(provider, inquiry->from_domain);
	const char *token = response_member(
	    query_member(json, "pagination", json_type_object), "next");
	g_autofree char *page = NULL;

	if (domain == NULL)
		return false;
	if (is_logs(exchange)) {
		if (token == NULL || *token == '\0')
			return false;
		exchange_renew(exchange);
		ask_logs(domain, inquiry, token, exchange);
		return true;
	}
	page = mailgun_page_next(json, domain, exchange->http.path);
	if (page == NULL)
		return false;
	exchange_renew(exchange);
	query_get(exchange, &self->asking, page);
	return true;
}

/* The events interface is to go one day. */
static bool
is_gone(const struct exchange *exchange, const char *text)
{
	unsigned status = exchange->http_response.status;

	if (exchange->end != EXCHANGE_ANSWERED || is_logs(exchange) ||
	    g_regex_match_simple("domain not found", text, G_REGEX_CASELESS, 0))
		return false;
	return status == 404 || status == 410 ||
	       g_regex_match_simple(
		   "deprecated|magnificent api", text, G_REGEX_CASELESS, 0);
}

static void
refuse(const struct mailgun_account *self, const struct exchange *exchange,
    struct inquiry_reply *reply)
{
	g_autofree char *said = query_text(exchange);
	unsigned status = exchange->http_response.status;
	const char *advice = "";
	g_autofree char *text = NULL;

	if (exchange->end == EXCHANGE_ANSWERED &&
	    (status == 401 || status == 403) &&
	    !query_is_throttle(exchange, said))
		advice = self->lookup_key
			     ? "; lookup_key may not look up events, set one "
			       "that may"
			     : "; api_key may not look up events, as a sending "
			       "key never may: set lookup_key to one that may";
	text = g_strdup_printf(
	    "whether Mailgun has the mail is not known: %s%s", said, advice);
	query_refuse(exchange, text, reply);
}

/* Reads a page of the answer.  True: there is more, which was asked for. */
static bool
read_page(const struct provider *provider, struct inquiry *inquiry,
    struct json_object *json, struct exchange *exchange,
    struct inquiry_reply *reply)
{
	struct json_object *items =
	    query_member(json, "items", json_type_array);
	size_t count = json_object_array_length(items);

	read_items(items, inquiry);
	reply->answered = has_all(inquiry) || count == 0;
	if (reply->answered)
		return false;
	if (exchange->renewed < PAGES_MAX &&
	    ask_next(provider, inquiry, json, exchange))
		return true;
	/* what is not there may stand behind a page that we do not get */
	reply->answered = count < find_limit(inquiry, LOGS_PAGE);
	if (!reply->answered)
		query_refuse(exchange,
		    "Mailgun has more events of this mail than can be read",
		    reply);
	return false;
}

bool
mailgun_inquiry_asked(const struct provider *provider,
    const GPtrArray *inquiries, struct exchange *exchange,
    struct inquiry_reply *reply)
{
	struct inquiry *inquiry = inquiries->pdata[0];
	const char *domain =
	    mailgun_account_domain(provider, inquiry->from_domain);
	struct json_object *json = query_answer(exchange, 200);
	g_autofree char *text = query_text(exchange);
	bool more = false;

	if (query_member(json, "items", json_type_array) != NULL) {
		more = read_page(provider, inquiry, json, exchange, reply);
	} else if (domain != NULL && is_gone(exchange, text)) {
		exchange_renew(exchange);
		ask_logs(domain, inquiry, NULL, exchange);
		more = true;
	} else {
		refuse(provider->self, exchange, reply);
	}
	json_object_put(json);
	return more;
}
