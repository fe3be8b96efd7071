/* SPDX-License-Identifier: MIT */
#include "providers/turn.h"

#define ID1 "01JQZX3V5K8M2N4P6R7S9T0W1Y"
#define ID2 "01JQZX3V5K8M2N4P6R7S9T0W2Z"

#define SEARCH(WORDS)                                                 \
	"POST https://mandrillapp.com/api/1.0/messages/search.json "  \
	"{\"key\":\"key-of-mandrill\",\"query\":\"" WORDS             \
	"\",\"date_from\":\"2026-11-20\",\"date_to\":\"2026-11-22\"," \
	"\"limit\":1000}"
#define BY_ID    SEARCH("u_postferry_id:" ID1 " OR u_postferry_id:" ID2)
#define BY_EMAIL SEARCH("email:bob@example.net OR email:eve@example.net")

#define ENTRY(ID, EMAIL, STATE, TIME)                              \
	"{\"_id\":\"x1\",\"email\":\"" EMAIL "\",\"ts\":" TIME     \
	",\"state\":\"" STATE "\",\"metadata\":{\"postferry_id\":" \
	"\"" ID "\"}}"
#define REJECTED(REASON)                                                   \
	"{\"_id\":\"x1\",\"email\":\"bob@example.net\",\"ts\":1795256641," \
	"\"state\":\"rejected\",\"reject_reason\":\"" REASON "\","         \
	"\"metadata\":{\"postferry_id\":\"" ID1 "\"}}"
#define SENT(ID, EMAIL) ENTRY(ID, EMAIL, "sent", "1795256641")

struct row {
	const char *settings;
	struct turn turns[3];
	const char *found; /* of bob and eve of the first, bob of the other: 1;
			    * R refused, S as suppressed */
	const char *id;    /* of the first that is found; NULL: any */
	const char *text;  /* found in it, or said of who is refused; NULL: all
			    * is well */
	enum verdict_class class;
};

static const struct row rows[] = {
	/* all */
	{ "",
	    { { BY_ID, 200,
		"[" SENT(ID2, "bob@example.net") "," SENT(ID1,
		    "EVE@example.net") "," SENT(ID1, "bob@example.net") "]" } },
	    "111", "x1", NULL, VERDICT_NONE },
	/* the index works: who is not found is not there */
	{ "", { { BY_ID, 200, "[" SENT(ID1, "eve@example.net") "]" } }, "010",
	    "x1", NULL, VERDICT_NONE },
	/* nothing: is there an index? */
	{ "", { { BY_ID, 200, "[]" }, { BY_EMAIL, 200, "[]" } }, "000", NULL,
	    NULL, VERDICT_NONE },
	{ "",
	    { { BY_ID, 200, "[]" }, { BY_EMAIL, 200,
					"[" SENT("01JQZX3V5K8M2N4P6R7S9T0W3A",
					    "bob@example.net") "," SENT(ID2,
					    "bob@example.net") "]" } },
	    "001", "x1", NULL, VERDICT_NONE },
	/* what it says became of it */
	{ "",
	    { { BY_ID, 200,
		"[" ENTRY(
		    ID1, "bob@example.net", "bounced", "1795256641") "]" } },
	    "R00", "x1", "asked later: bounced", VERDICT_RECIPIENT },
	{ "",
	    { { BY_ID, 200,
		"[" ENTRY(ID1, "bob@example.net", "soft-bounced",
		    "1795256641") "]" } },
	    "R00", "x1", "asked later: soft-bounced", VERDICT_RECIPIENT },
	{ "",
	    { { BY_ID, 200,
		"[" ENTRY(ID1, "bob@example.net", "spam", "1795256641") "]" } },
	    "100", "x1 (spam)", NULL, VERDICT_NONE },
	{ "",
	    { { BY_ID, 200,
		"[" ENTRY(
		    ID1, "bob@example.net", "rejected", "1795256641") "]" } },
	    "R00", "x1", "asked later: rejected", VERDICT_RECIPIENT },
	{ "", { { BY_ID, 200, "[" REJECTED("unsub") "]" } }, "S00", "x1",
	    "asked later: rejected, unsub", VERDICT_RECIPIENT },
	{ "", { { BY_ID, 200, "[" REJECTED("invalid-sender") "]" } }, "R00",
	    "x1", "rejected, invalid-sender", VERDICT_SENDER },
	{ "", { { BY_ID, 200, "[" REJECTED("rule") "]" } }, "R00", "x1",
	    "rejected, rule", VERDICT_PAYLOAD },
	/* of two copies one is delivered, in either order */
	{ "",
	    { { BY_ID, 200,
		"[" REJECTED("unsub") "," SENT(ID1, "bob@example.net") "]" } },
	    "100", "x1", NULL, VERDICT_NONE },
	{ "",
	    { { BY_ID, 200,
		"[" SENT(ID1, "bob@example.net") "," REJECTED("unsub") "]" } },
	    "100", "x1", NULL, VERDICT_NONE },
	/* of an attempt before: the clocks may differ, a refusal is none */
	{ "",
	    { { BY_ID, 200,
		"[" ENTRY(ID1, "bob@example.net", "sent", "1795256440") "]" } },
	    "100", "x1", NULL, VERDICT_NONE },
	{ "",
	    { { BY_ID, 200,
		  "[" ENTRY(
		      ID1, "bob@example.net", "rejected", "1795256440") "]" },
		{ BY_EMAIL, 200, "[]" } },
	    "000", NULL, NULL, VERDICT_NONE },
	{ "",
	    { { BY_ID, 200,
		  "[" ENTRY(ID1, "bob@example.net", "sent", "1795250000") "]" },
		{ BY_EMAIL, 200, "[]" } },
	    "000", NULL, NULL, VERDICT_NONE },
	/* entries that are none */
	{ "",
	    { { BY_ID, 200,
		  "[null,1,{},{\"email\":\"bob@example.net\",\"ts\":1795256641,"
		  "\"metadata\":[]},{\"ts\":1795256641,\"metadata\":"
		  "{\"postferry_id\":\"" ID1 "\"}}]" },
		{ BY_EMAIL, 200, "[]" } },
	    "000", NULL, NULL, VERDICT_NONE },
	/* refused */
	{ "",
	    { { BY_ID, 500,
		"{\"status\":\"error\",\"name\":\"Invalid_Key\",\"message\":"
		"\"Invalid API key\"}" } },
	    "000", NULL, "HTTP 500: Invalid_Key: Invalid API key",
	    VERDICT_ACCOUNT },
	{ "",
	    { { BY_ID, 429,
		"{\"name\":\"RequestLimitExceeded\",\"message\":\"Too Many "
		"Requests\"}" } },
	    "000", NULL, "Too Many Requests", VERDICT_THROTTLE },
	{ "",
	    { { BY_ID, 500,
		"{\"name\":\"RequestLimitExceeded\",\"message\":\"later\"}" } },
	    "000", NULL, "later", VERDICT_THROTTLE },
	{ "",
	    { { BY_ID, 503,
		"{\"name\":\"ServiceUnavailable\",\"message\":\"down\"}" } },
	    "000", NULL, "ServiceUnavailable: down", VERDICT_OUTAGE },
	{ "", { { BY_ID, 200, "{}" } }, "000", NULL, "HTTP 200",
	    VERDICT_OUTAGE },
	{ "", { { BY_ID, 200, "[{" } }, "000", NULL, "HTTP 200",
	    VERDICT_OUTAGE },
	{ "", { { BY_ID, 0, "no address" } }, "000", NULL, "no address",
	    VERDICT_OUTAGE },
	{ "", { { BY_ID, 200, "[]" }, { BY_EMAIL, 502, "" } }, "000", NULL,
	    "HTTP 502", VERDICT_OUTAGE },
};

static struct inquiry *
make_inquiry(const char *id)
{
	struct inquiry *inquiry =
	    inquiry_new(id, "<m1@example.com>", "example.com");

	inquiry->begun_ms = INT64_C(1795256640123);
	inquiry_add(inquiry, "bob@example.net");
	return inquiry;
}

static GPtrArray *
make_inquiries(void)
{
	GPtrArray *inquiries = g_ptr_array_new_with_free_func(
	    (GDestroyNotify)(void *)inquiry_free);

	g_ptr_array_add(inquiries, make_inquiry(ID1));
	inquiry_add(inquiries->pdata[0], "eve@example.net");
	g_ptr_array_add(inquiries, make_inquiry(ID2));
	return inquiries;
}

static void
check_refused(
    const struct row *row, const struct inquiry_recipient *r, char found)
{
	assert_int_equal(r->refused, found == 'R' || found == 'S');
	if (!r->refused)
		return;
	assert_int_equal(r->class, row->class);
	assert_int_equal(r->suppressed, found == 'S');
	assert_non_null(strstr(r->text, row->text));
}

static void
check_found(const struct row *row, const GPtrArray *inquiries)
{
	const char *found = row->found, *id = row->id;

	for (unsigned i = 0; i < inquiries->len; i++) {
		const struct inquiry *inquiry = inquiries->pdata[i];

		for (unsigned j = 0; j < inquiry->count; j++, found++) {
			const struct inquiry_recipient *r =
			    &inquiry->recipients[j];
			assert_int_equal(r->found, *found != '0');
			check_refused(row, r, *found);
			if (r->found && id != NULL)
				assert_string_equal(r->id, id);
			if (r->found)
				id = NULL;
		}
	}
}

static void
check_row(const struct row *row)
{
	struct provider *provider = turn_provider("mandrill", row->settings);
	const struct translator *translator = provider->translator;
	g_autoptr(GPtrArray) inquiries = make_inquiries();
	struct inquiry_reply reply = { 0 };
	struct exchange *exchange =
	    exchange_new(EXCHANGE_HTTP, &provider->endpoint, ID1);
	const struct turn *turn = row->turns;
	bool more = true, refused;

	assert_true(translator->ask(provider, inquiries, exchange));
	for (; more; turn++) {
		turn_answer(turn, exchange);
		more = translator->asked(provider, inquiries, exchange, &reply);
	}
	assert_null(turn->request);
	check_found(row, inquiries);
	refused = strpbrk(row->found, "RS") != NULL;
	assert_int_equal(reply.answered, row->text == NULL || refused);
	if (!reply.answered) {
		assert_int_equal(reply.class, row->class);
		assert_non_null(strstr(reply.text, row->text));
	}
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

static void
test_off(void **state)
{
	struct provider *provider = turn_provider("mandrill", "lookup=off");
	g_autoptr(GPtrArray) inquiries = make_inquiries();
	struct exchange *exchange =
	    exchange_new(EXCHANGE_HTTP, &provider->endpoint, ID1);

	(void)state;
	assert_false(provider->translator->ask(provider, inquiries, exchange));
	exchange_free(exchange);
	provider_unref(provider);
}

/* What cannot be searched through is no answer: a thousand entries of others,
 * a hundred and one recipients. */
static void
test_too_many(void **state)
{
	struct provider *provider = turn_provider("mandrill", "");
	const struct translator *translator = provider->translator;
	g_autoptr(GString) list = g_string_new("[{}");

	(void)state;
	for (unsigned i = 1; i < 1000; i++)
		g_string_append(list, ",{}");
	g_string_append_c(list, ']');
	for (unsigned more = 0; more <= 100; more += 100) {
		g_autoptr(GPtrArray) inquiries = make_inquiries();
		struct inquiry_reply reply = { 0 };
		struct exchange *exchange =
		    exchange_new(EXCHANGE_HTTP, &provider->endpoint, ID1);

		for (unsigned i = 0; i < more; i++) {
			g_autofree char *address =
			    g_strdup_printf("r%u@example.net", i);

			inquiry_add(inquiries->pdata[0], address);
		}
		translator->ask(provider, inquiries, exchange);
		do {
			exchange->end = EXCHANGE_ANSWERED;
			exchange->http_response.status = 200;
			g_string_assign(
			    exchange->http_response.body, list->str);
		} while (
		    translator->asked(provider, inquiries, exchange, &reply));
		assert_int_equal(exchange->renewed, more == 0);
		assert_false(reply.answered);
		assert_int_equal(reply.class, VERDICT_OUTAGE);
		assert_non_null(strstr(reply.text, "index the metadata"));
		inquiry_reply_clear(&reply);
		exchange_free(exchange);
	}
	provider_unref(provider);
}

/* An address may have anything in quotes. */
static void
test_odd_address(void **state)
{
	struct provider *provider = turn_provider("mandrill", "");
	const struct translator *translator = provider->translator;
	g_autoptr(GPtrArray) inquiries = make_inquiries();
	struct inquiry_reply reply = { 0 };
	struct exchange *exchange =
	    exchange_new(EXCHANGE_HTTP, &provider->endpoint, ID1);
	const struct turn first = { BY_ID, 200, "[]" };

	(void)state;
	inquiry_add(inquiries->pdata[0], "\"a\\\"b (c)\"@example.net");
	assert_true(translator->ask(provider, inquiries, exchange));
	turn_answer(&first, exchange);
	assert_true(translator->asked(provider, inquiries, exchange, &reply));
	g_autofree char *line = turn_print(exchange);
	assert_non_null(strstr(line,
	    "email:\\\"\\\\\\\"a\\\\\\\\\\\\\\\"b (c)\\\\\\\"@example.net\\\" "
	    "OR email:bob@example.net OR email:eve@example.net"));
	inquiry_reply_clear(&reply);
	exchange_free(exchange);
	provider_unref(provider);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_off),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_odd_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
