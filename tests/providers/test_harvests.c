/* SPDX-License-Identifier: MIT */
/*
 * How providers are asked for events, and what is read from their pages.
 */
#include "providers/turn.h"

#define BEGIN_MS INT64_C(1795256640123)
#define END_MS   INT64_C(1795258440123)

#define KEY    " as key-of-mailgun"
#define EVENTS "GET https://api.mailgun.net/v3/mg.example.com/events"
#define FIRST  EVENTS "?begin=1795256640&ascending=yes&limit=100" KEY
#define SPAN \
	EVENTS "?begin=1795256640&end=1795258440&ascending=yes&limit=100" KEY
#define OTHER                                                      \
	"GET https://api.mailgun.net/v3/example.org/events?begin=" \
	"1795256640&ascending=yes&limit=100" KEY
#define ITEM(EVENT, ID)                                               \
	"{\"event\":\"" EVENT "\",\"id\":\"" ID "\",\"timestamp\":"   \
	"1795256700.5,\"recipient\":\"bob@example.net\",\"message\":" \
	"{\"headers\":{\"message-id\":\"m1@c\"}}}"
#define NEXT(DOMAIN)                                                   \
	",\"paging\":{\"next\":\"https://elsewhere.example/v3/" DOMAIN \
	"/events/W3siYSI6\"}}"
#define PAGE(ITEMS) "{\"items\":[" ITEMS "]" NEXT("mg.example.com")

#define SEARCH                                                        \
	"POST https://mandrillapp.com/api/1.0/messages/search.json "  \
	"{\"key\":\"key-of-mandrill\",\"query\":\"*\",\"date_from\":" \
	"\"2026-11-20\",\"date_to\":\"2026-11-22\",\"limit\":200}"
#define FOUND(ID, STATE, MORE)                                       \
	"{\"ts\":1795256640,\"_id\":\"" ID "\",\"email\":\"a@b.c\"," \
	"\"state\":\"" STATE "\",\"metadata\":{\"postferry_id\":"    \
	"\"01JQZX3V5K8M2N4P6R7S9T0W1Y\"}" MORE "}"

struct row {
	const char *type, *settings;
	int64_t end_ms;
	struct turn turns[4];
	const char *events; /* kinds and ids */
	const char *text;   /* not answered: found in it; NULL: it was */
	enum verdict_class class;
	int64_t retry_ms;
};

static const struct row rows[] = {
	{ "mailgun", "", 0, { { FIRST, 200, PAGE("") } }, "", NULL, 0, 0 },
	{ "mailgun", "", END_MS, { { SPAN, 200, PAGE("") } }, "", NULL, 0, 0 },
	/* page by page, at our host; what there is no word for is left out */
	{ "mailgun", "", 0,
	    { { FIRST, 200,
		  PAGE(ITEM("accepted", "a") "," ITEM("stored", "b") ",7") },
		{ EVENTS "/W3siYSI6" KEY, 200,
		    "{\"items\":[" ITEM("delivered", "c") "]}" } },
	    "accepted a@20778 delivered c@20778 ", NULL, 0, 0 },
	/* each domain */
	{ "mailgun", "domain=from domains=mg.example.com,example.org", 0,
	    { { FIRST, 200, PAGE(ITEM("accepted", "a")) },
		{ EVENTS "/W3siYSI6" KEY, 200, PAGE("") },
		{ OTHER, 200,
		    "{\"items\":[" ITEM("opened", "d") "]" NEXT(
			"mg.example.com") } },
	    "accepted a@20778 opened d@20778 ", NULL, 0, 0 },
	/* no answer */
	{ "mailgun", "", 0, { { FIRST, 401, "Forbidden" } }, "",
	    "api_key may not look up events", VERDICT_ACCOUNT, 0 },
	{ "mailgun", "lookup_key=other", 0,
	    { { EVENTS "?begin=1795256640&ascending=yes&limit=100 as other",
		403, "{\"message\":\"no\"}" } },
	    "", "lookup_key may not look up events", VERDICT_ACCOUNT, 0 },
	{ "mailgun", "", 0,
	    { { FIRST, 429,
		"{\"message\":\"limit exceeded, try again after 7 seconds"
		"\"}" } },
	    "", "7 seconds", VERDICT_THROTTLE, 7000 },
	{ "mailgun", "", 0, { { FIRST, 200, "Mailgun Magnificent API" } }, "",
	    "Magnificent", VERDICT_ACCOUNT, 0 },
	{ "mailgun", "", 0, { { FIRST, 0, "connection refused" } }, "",
	    "connection refused", VERDICT_OUTAGE, 0 },
	{ "mailgun", "", 0,
	    { { FIRST, 200, PAGE(ITEM("accepted", "a")) },
		{ EVENTS "/W3siYSI6" KEY, 502, "" } },
	    "accepted a@20778 ", "HTTP 502", VERDICT_OUTAGE, 0 },
	/* Mandrill tells of states */
	{ "mandrill", "", 0, { { SEARCH, 200, "[]" } }, "", NULL, 0, 0 },
	{ "mandrill", "", 0,
	    { { SEARCH, 200,
		"[" FOUND("a", "sent", "") "," FOUND("b", "bounced",
		    ",\"smtp_events\":[{\"ts\":1795256700,\"type\":"
		    "\"bounced\",\"diag\":\"550 5.1.1 no\"}]") "," FOUND("c",
		    "soft-bounced", "") "," FOUND("d", "rejected",
		    "") "," FOUND("e", "spam", "") "," FOUND("f", "unsub",
		    "") "," FOUND("g", "queued", "") ",7]" } },
	    "accepted a:send bounced b:hard_bounce soft-bounced "
	    "c:soft_bounce rejected d:reject complained e:spam "
	    "unsubscribed f:unsub ",
	    NULL, 0, 0 },
	{ "mandrill", "", 0,
	    { { SEARCH, 401,
		"{\"status\":\"error\",\"name\":\"Invalid_Key\","
		"\"message\":\"Invalid API key\"}" } },
	    "", "Invalid_Key", VERDICT_ACCOUNT, 0 },
	{ "mandrill", "", 0,
	    { { SEARCH, 429,
		"{\"status\":\"error\",\"name\":\"RequestLimitExceeded\","
		"\"message\":\"Too Many Requests\"}" } },
	    "", "Too Many", VERDICT_THROTTLE, 0 },
	{ "mandrill", "", 0, { { SEARCH, 200, "{\"status\":\"error\"}" } }, "",
	    "", VERDICT_OUTAGE, 0 },
};

static void
check_reply(const struct row *row, const struct inquiry_reply *reply)
{
	assert_int_equal(reply->answered, row->text == NULL);
	if (row->text == NULL)
		return;
	assert_int_equal(reply->class, row->class);
	assert_int_equal(reply->retry_ms, row->retry_ms);
	if (strstr(reply->text, row->text) == NULL)
		fail_msg("%s is not in: %s", row->text, reply->text);
}

static void
check_row(const struct row *row)
{
	struct provider *provider = turn_provider(row->type, row->settings);
	const struct translator *translator = provider->translator;
	struct exchange *exchange =
	    exchange_new(EXCHANGE_HTTP, &provider->endpoint, "");
	const struct event_span span = {
		.begin_ms = BEGIN_MS,
		.end_ms = row->end_ms != 0 || strcmp(row->type, "mailgun") == 0
			      ? row->end_ms
			      : BEGIN_MS,
	};
	g_autoptr(GPtrArray) events =
	    g_ptr_array_new_with_free_func(event_told_free);
	g_autoptr(GString) have = g_string_new(NULL);
	struct inquiry_reply reply = { 0 };
	const struct turn *turn = row->turns;
	bool more = true;

	assert_true(translator->harvest(provider, &span, exchange));
	for (; more; turn++) {
		inquiry_reply_clear(&reply);
		turn_answer(turn, exchange);
		more = translator->harvested(
		    provider, &span, exchange, events, &reply);
	}
	assert_null(turn->request);
	for (unsigned i = 0; i < events->len; i++) {
		const struct event *event = events->pdata[i];

		g_string_append_printf(have, "%s %s ",
		    event_kind_text(event->kind), event->event_id);
	}
	assert_string_equal(have->str, row->events);
	check_reply(row, &reply);
	inquiry_reply_clear(&reply);
	exchange_free(exchange);
	provider_unref(provider);
}

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		check_row(&rows[i]);
}

/* No more than fit into an answer. */
static void
test_most(void **state)
{
	static const struct event_span span = { BEGIN_MS, BEGIN_MS, 4 };
	static const struct {
		const char *type, *found;
	} limits[] = {
		{ "mailgun", "&ascending=yes&limit=4 " },
		{ "mandrill", "\"limit\":4}" },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(limits); i++) {
		struct provider *provider = turn_provider(limits[i].type, "");
		struct exchange *exchange =
		    exchange_new(EXCHANGE_HTTP, &provider->endpoint, "");
		g_autofree char *line = NULL;

		provider->translator->harvest(provider, &span, exchange);
		line = turn_print(exchange);
		if (strstr(line, limits[i].found) == NULL)
			fail_msg("%s", line);
		exchange_free(exchange);
		provider_unref(provider);
	}
}

/* It is told as the webhook tells it: what was last, and when. */
static void
test_details(void **state)
{
	static const struct turn turn = { SEARCH, 200,
		"[" FOUND("b", "bounced",
		    ",\"smtp_events\":[{\"ts\":1,\"diag\":\"451 later\"},"
		    "{\"ts\":1795256700,\"diag\":\"550 5.1.1 no\"}]") "]" };
	static const struct event_span span = { BEGIN_MS, BEGIN_MS, 0 };
	struct provider *provider = turn_provider("mandrill", "");
	struct exchange *exchange =
	    exchange_new(EXCHANGE_HTTP, &provider->endpoint, "");
	g_autoptr(GPtrArray) events =
	    g_ptr_array_new_with_free_func(event_told_free);
	struct inquiry_reply reply = { 0 };
	const struct event *event;

	(void)state;
	provider->translator->harvest(provider, &span, exchange);
	turn_answer(&turn, exchange);
	assert_false(provider->translator->harvested(
	    provider, &span, exchange, events, &reply));
	assert_int_equal(events->len, 1);
	event = events->pdata[0];
	assert_string_equal(event->mail_id, "01JQZX3V5K8M2N4P6R7S9T0W1Y");
	assert_string_equal(event->provider_id, "b");
	assert_true(event->at_ms == INT64_C(1795256700000));
	assert_int_equal(event->status, 550);
	assert_string_equal(event->enhanced, "5.1.1");
	assert_string_equal(event->text, "550 5.1.1 no");
	exchange_free(exchange);
	provider_unref(provider);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_most),
		cmocka_unit_test(test_details),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
