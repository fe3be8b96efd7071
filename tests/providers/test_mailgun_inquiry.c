/* SPDX-License-Identifier: MIT */
#include "providers/turn.h"

#define BEGUN   INT64_C(1795256640123)
#define KEY     " as key-of-mailgun"
#define EVENTS  "GET https://api.mailgun.net/v3/mg.example.com/events"
#define QUERY   "&event=accepted&begin=1795256340&ascending=yes&limit=148"
#define EVENTS1 EVENTS "?message-id=m1%40example.com" QUERY KEY
#define LOGS    "POST https://api.mailgun.net/v1/analytics/logs" KEY " "
#define FILTER(NAME, VALUE)                                 \
	"{\"attribute\":\"" NAME "\",\"comparator\":\"=\"," \
	"\"values\":[{\"label\":\"" VALUE "\",\"value\":\"" VALUE "\"}]}"
#define LOGS1(PAGE)                                                               \
	LOGS                                                                      \
	    "{\"start\":\"Sat, 21 Nov 2026 10:19:00 +0000\","                     \
	    "\"events\":[\"accepted\"],\"filter\":{\"AND\":[" FILTER(             \
		"message_id", "m1@example.com") "," FILTER("domain",              \
		"mg.example.com") "]},\"pagination\":{"                           \
				  "\"sort\":\"timestamp:asc\",\"limit\":100" PAGE \
				  "}}"

#define ITEM(EVENT, TIME, ID, RECIPIENT)                             \
	"{\"event\":\"" EVENT "\"," TIME ",\"message\":{\"headers\"" \
	":{\"message-id\":\"" ID "\"}},\"recipient\":\"" RECIPIENT "\"}"
#define AT(SECONDS)   "\"timestamp\":" SECONDS
#define ONE(TIME, TO) ITEM("accepted", TIME, "m1@example.com", TO)
#define NEXT                                                    \
	",\"paging\":{\"next\":\"https://elsewhere.example/v3/" \
	"mg.example.com/events/W3siYSI6?x=1\"}}"
#define PAGE(ITEMS) "{\"items\":[" ITEMS "]" NEXT
#define NOTHING     PAGE("")
#define LATER       AT("1795256641.5")

struct row {
	const char *settings;
	const char *message_id; /* NULL: <m1@example.com> */
	struct turn turns[4];
	const char *found; /* "10": the first recipient of two */
	const char *text;  /* found in it; NULL: it was answered */
	enum verdict_class class;
	int64_t retry_ms;
};

static const struct row rows[] = {
	/* yes */
	{ "", NULL,
	    { { EVENTS1, 200,
		PAGE(ONE(LATER, "bob@example.net") "," ONE(
		    LATER, "EVE@example.NET")) } },
	    "11", NULL, VERDICT_NONE, 0 },
	/* no */
	{ "", NULL, { { EVENTS1, 200, NOTHING } }, "00", NULL, VERDICT_NONE,
	    0 },
	/* for one; the next page is looked for at our host */
	{ "", NULL,
	    { { EVENTS1, 200, PAGE(ONE(LATER, "eve@example.net")) },
		{ EVENTS "/W3siYSI6?x=1" KEY, 200, NOTHING } },
	    "01", NULL, VERDICT_NONE, 0 },
	{ "", NULL,
	    { { EVENTS1, 200, PAGE(ONE(LATER, "eve@example.net")) },
		{ EVENTS "/W3siYSI6?x=1" KEY, 200,
		    PAGE(ONE(LATER, "bob@example.net")) } },
	    "11", NULL, VERDICT_NONE, 0 },
	/* the same Message-ID before, in that second, another one, another
	 * event, without a time, to somebody else */
	{ "", NULL,
	    { { EVENTS1, 200,
		"{\"items\":[" ONE(
		    AT("1795256639.99"), "bob@example.net") "]}" } },
	    "00", NULL, VERDICT_NONE, 0 },
	{ "", NULL,
	    { { EVENTS1, 200,
		"{\"items\":[" ONE(
		    AT("1795256640"), "bob@example.net") "]}" } },
	    "10", NULL, VERDICT_NONE, 0 },
	{ "", NULL,
	    { { EVENTS1, 200,
		"{\"items\":[" ITEM("accepted", LATER, "m2@example.com",
		    "bob@example.net") "]}" } },
	    "00", NULL, VERDICT_NONE, 0 },
	{ "", NULL,
	    { { EVENTS1, 200,
		"{\"items\":[" ITEM("failed", LATER, "m1@example.com",
		    "bob@example.net") "]}" } },
	    "00", NULL, VERDICT_NONE, 0 },
	{ "", NULL,
	    { { EVENTS1, 200,
		"{\"items\":[" ONE("\"x\":0", "bob@example.net") "]}" } },
	    "00", NULL, VERDICT_NONE, 0 },
	{ "", NULL,
	    { { EVENTS1, 200,
		"{\"items\":[1,null,{}," ONE(LATER, "x@example.net") "]}" } },
	    "00", NULL, VERDICT_NONE, 0 },
	/* a next page that is none is not asked for */
	{ "", NULL,
	    { { EVENTS1, 200,
		"{\"items\":[" ONE(LATER,
		    "bob@example.net") "],\"paging\":"
				       "{\"next\":\"https://api.mailgun.net/v3/domains\"}}" } },
	    "10", NULL, VERDICT_NONE, 0 },
	{ "", NULL,
	    { { EVENTS1, 200,
		"{\"items\":[" ONE(LATER,
		    "bob@example.net") "],\"paging\":"
				       "{\"next\":\"https://a/v3/mg.example.com/events/../x\"}}" } },
	    "10", NULL, VERDICT_NONE, 0 },
	/* what means something in a search is quoted */
	{ "", "<a b\"c@d>",
	    { { EVENTS "?message-id=%22a%20b%5C%22c%40d%22" QUERY KEY, 200,
		NOTHING } },
	    "00", NULL, VERDICT_NONE, 0 },
	{ "", "odd&x=1",
	    { { EVENTS "?message-id=%22odd%26x%3D1%22" QUERY KEY, 200,
		NOTHING } },
	    "00", NULL, VERDICT_NONE, 0 },
	/* the events are gone */
	{ "", NULL,
	    { { EVENTS1, 404, "404 page not found" },
		{ LOGS1(""), 200,
		    "{\"items\":[" ONE("\"@timestamp\":\"2026-11-21T10:24:00Z"
				       "\"",
			"bob@example.net") "]}" } },
	    "10", NULL, VERDICT_NONE, 0 },
	{ "", NULL,
	    { { EVENTS1, 410, "{\"message\":\"gone\"}" },
		{ LOGS1(""), 200, "{\"items\":[]}" } },
	    "00", NULL, VERDICT_NONE, 0 },
	{ "", NULL,
	    { { EVENTS1, 200, "Mailgun Magnificent API" },
		{ LOGS1(""), 401, "Forbidden" } },
	    "00", "set lookup_key", VERDICT_ACCOUNT, 0 },
	{ "", NULL,
	    { { EVENTS1, 400, "{\"message\":\"this API is deprecated\"}" },
		{ LOGS1(""), 200, "Mailgun Magnificent API" } },
	    "00", "HTTP 200: Mailgun Magnificent API", VERDICT_ACCOUNT, 0 },
	/* the logs, and their next page */
	{ "lookup=logs", NULL,
	    { { LOGS1(""), 200,
		  "{\"items\":[" ONE("\"@timestamp\":\"2026-11-21T10:23:59.9Z"
				     "\"",
		      "bob@example.net") "],\"pagination\":{\"next\":\"t1\"}}" },
		{ LOGS1(",\"token\":\"t1\""), 200,
		    "{\"items\":[" ONE(
			"\"@timestamp\":\"2026-11-21T10:24:07+00:00\"",
			"eve@example.net") "],\"pagination\":{\"next\":\"\"}}" } },
	    "01", NULL, VERDICT_NONE, 0 },
	/* refused */
	{ "", NULL, { { EVENTS1, 401, "Forbidden" } }, "00",
	    "HTTP 401: Forbidden; api_key may not look up events, as a sending "
	    "key never may: set lookup_key",
	    VERDICT_ACCOUNT, 0 },
	{ "lookup_key=other", NULL,
	    { { EVENTS "?message-id=m1%40example.com" QUERY " as other", 403,
		"{\"message\":\"no\"}" } },
	    "00", "HTTP 403: no; lookup_key may not look up events",
	    VERDICT_ACCOUNT, 0 },
	{ "", NULL, { { EVENTS1, 404, "{\"message\":\"Domain not found\"}" } },
	    "00", "HTTP 404: Domain not found", VERDICT_ACCOUNT, 0 },
	{ "", NULL,
	    { { EVENTS1, 429,
		"{\"message\":\"limit exceeded, try again after 7 seconds"
		"\"}" } },
	    "00", "try again after 7 seconds", VERDICT_THROTTLE, 7000 },
	{ "", NULL, { { EVENTS1, 403, "{\"message\":\"Too many requests\"}" } },
	    "00", "Too many requests", VERDICT_THROTTLE, 0 },
	{ "", NULL, { { EVENTS1, 502, "<title>Bad Gateway</title>" } }, "00",
	    "HTTP 502", VERDICT_OUTAGE, 0 },
	{ "", NULL, { { EVENTS1, 200, "{\"items\":[" } }, "00", "HTTP 200",
	    VERDICT_OUTAGE, 0 },
	{ "", NULL, { { EVENTS1, 200, "{\"items\":7}" } }, "00", "HTTP 200",
	    VERDICT_OUTAGE, 0 },
	{ "", NULL, { { EVENTS1, 0, "connection refused" } }, "00",
	    "connection refused", VERDICT_OUTAGE, 0 },
	/* a page that is missing: what stood before it stands */
	{ "", NULL,
	    { { EVENTS1, 200, PAGE(ONE(LATER, "eve@example.net")) },
		{ EVENTS "/W3siYSI6?x=1" KEY, 500, "" } },
	    "01", "HTTP 500", VERDICT_OUTAGE, 0 },
};

static struct inquiry *
make_inquiry(const char *message_id)
{
	struct inquiry *inquiry = inquiry_new(SAMPLE_ID,
	    message_id != NULL ? message_id : "<m1@example.com>",
	    "example.com");

	inquiry->begun_ms = BEGUN;
	inquiry_add(inquiry, "bob@example.net");
	inquiry_add(inquiry, "eve@example.net");
	return inquiry;
}

static void
check_reply(const struct row *row, const struct inquiry *inquiry,
    const struct inquiry_reply *reply)
{
	for (unsigned i = 0; i < inquiry->count; i++)
		assert_int_equal(
		    inquiry->recipients[i].found, row->found[i] == '1');
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
	struct provider *provider = turn_provider("mailgun", row->settings);
	const struct translator *translator = provider->translator;
	struct inquiry *inquiry = make_inquiry(row->message_id);
	g_autoptr(GPtrArray) inquiries = g_ptr_array_new();
	struct inquiry_reply reply = { 0 };
	struct exchange *exchange =
	    exchange_new(EXCHANGE_HTTP, &provider->endpoint, SAMPLE_ID);
	const struct turn *turn = row->turns;
	bool more = true;

	g_ptr_array_add(inquiries, inquiry);
	assert_true(translator->ask(provider, inquiries, exchange));
	for (; more; turn++) {
		turn_answer(turn, exchange);
		more = translator->asked(provider, inquiries, exchange, &reply);
	}
	assert_null(turn->request);
	check_reply(row, inquiry, &reply);
	inquiry_reply_clear(&reply);
	exchange_free(exchange);
	inquiry_free(inquiry);
	provider_unref(provider);
}

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		check_row(&rows[i]);
}

/* Off, or a domain that is no more in the settings. */
static void
test_not_asked(void **state)
{
	static const char *const settings[] = { "lookup=off",
		"domain=from domains=example.org", NULL };

	(void)state;
	for (unsigned i = 0; settings[i] != NULL; i++) {
		struct provider *provider =
		    turn_provider("mailgun", settings[i]);
		struct exchange *exchange =
		    exchange_new(EXCHANGE_HTTP, &provider->endpoint, SAMPLE_ID);
		struct inquiry *inquiry = make_inquiry(NULL);
		g_autoptr(GPtrArray) inquiries = g_ptr_array_new();

		g_ptr_array_add(inquiries, inquiry);
		assert_false(
		    provider->translator->ask(provider, inquiries, exchange));
		inquiry_free(inquiry);
		exchange_free(exchange);
		provider_unref(provider);
	}
}

/* Pages without end end, and are no answer. */
static void
test_endless(void **state)
{
	struct provider *provider = turn_provider("mailgun", "lookup=logs");
	const struct translator *translator = provider->translator;
	struct exchange *exchange =
	    exchange_new(EXCHANGE_HTTP, &provider->endpoint, SAMPLE_ID);
	struct inquiry *inquiry = make_inquiry(NULL);
	g_autoptr(GPtrArray) inquiries = g_ptr_array_new();
	g_autoptr(GString) page = g_string_new("{\"items\":[{}");
	struct inquiry_reply reply = { 0 };
	unsigned requests = 0;
	bool more = true;

	(void)state;
	for (unsigned i = 1; i < 100; i++)
		g_string_append(page, ",{}");
	g_string_append(page, "],\"pagination\":{\"next\":\"again\"}}");
	g_ptr_array_add(inquiries, inquiry);
	assert_true(translator->ask(provider, inquiries, exchange));
	for (; more; requests++) {
		exchange->end = EXCHANGE_ANSWERED;
		exchange->http_response.status = 200;
		g_string_assign(exchange->http_response.body, page->str);
		more = translator->asked(provider, inquiries, exchange, &reply);
	}
	assert_int_equal(requests, 51);
	assert_false(reply.answered);
	assert_int_equal(reply.class, VERDICT_OUTAGE);
	inquiry_reply_clear(&reply);
	inquiry_free(inquiry);
	exchange_free(exchange);
	provider_unref(provider);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_not_asked),
		cmocka_unit_test(test_endless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
