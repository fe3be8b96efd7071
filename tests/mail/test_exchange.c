/* SPDX-License-Identifier: MIT */
#include "mail/exchange.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct endpoint endpoint = { .provider = "test" };

static void
test_fields(void **state)
{
	struct exchange *exchange = exchange_new(
	    EXCHANGE_HTTP, &endpoint, "01JQZX3V5K8M2N4P6R7S9T0W1Y");

	(void)state;
	assert_string_equal(exchange->id, "01JQZX3V5K8M2N4P6R7S9T0W1Y");
	assert_ptr_equal(exchange->endpoint, &endpoint);
	assert_int_equal(exchange->end, EXCHANGE_PENDING);
	exchange_add_field(exchange, "X-Test", "a\r\nHost: b\n");
	exchange_add_field(exchange, "Empty", "");
	assert_int_equal(exchange->http.fields->len, 2);
	assert_string_equal(
	    g_ptr_array_index(exchange->http.fields, 0), "X-Test: aHost: b");
	assert_string_equal(
	    g_ptr_array_index(exchange->http.fields, 1), "Empty: ");
	exchange_free(exchange);
	exchange_free(NULL);
}

/* All that it may hold is freed with it (the sanitizer looks). */
static void
test_all_is_freed(void **state)
{
	struct exchange *exchange = exchange_new(EXCHANGE_SMTP, &endpoint, "x");
	enum address_fault fault;

	(void)state;
	exchange->smtp.sender = address_parse("a@b.example", 11, NULL, &fault);
	for (int i = 0; i < 2; i++)
		g_ptr_array_add(exchange->smtp.recipients,
		    address_parse("c@d.example", 11, NULL, &fault));
	exchange->body = segments_new(NULL);
	exchange->error = g_strdup("refused");
	exchange->http.method = g_strdup("POST");
	exchange->http.path = g_strdup("/");
	exchange->http_response.content_type = g_strdup("text/html");
	exchange->smtp_response.recipients = g_new0(struct smtp_reply, 2);
	smtp_reply_set(&exchange->smtp_response.recipients[1], 550, "5.1.1",
	    "no such user");
	smtp_reply_set(&exchange->smtp_response.greeting, 220, NULL, "hi");
	exchange_free(exchange);
}

/* What belongs to the mail stays, the rest is as new. */
static void
test_renew(void **state)
{
	struct exchange *exchange = exchange_new(EXCHANGE_HTTP, &endpoint, "x");

	(void)state;
	assert_int_equal(exchange->renewed, 0);
	for (unsigned i = 1; i <= 2; i++) {
		exchange->http.path = g_strdup("/");
		exchange->body = segments_new(NULL);
		exchange->error = g_strdup("refused");
		exchange->end = EXCHANGE_LOST;
		exchange->deadline_ms = 7;
		exchange_add_field(exchange, "A", "b");
		exchange_renew(exchange);
		assert_int_equal(exchange->renewed, i);
		assert_int_equal(exchange->deadline_ms, 7);
		assert_ptr_equal(exchange->endpoint, &endpoint);
		assert_int_equal(exchange->end, EXCHANGE_PENDING);
		assert_null(exchange->http.path);
		assert_null(exchange->body);
		assert_null(exchange->error);
		assert_int_equal(exchange->http.fields->len, 0);
	}
	exchange_free(exchange);
}

static void
test_reply(void **state)
{
	struct smtp_reply reply = { 0 };

	(void)state;
	smtp_reply_set(&reply, 550, "5.1.1", "first");
	smtp_reply_set(&reply, 451, NULL, reply.text);
	assert_int_equal(reply.code, 451);
	assert_null(reply.enhanced);
	assert_string_equal(reply.text, "first");
	smtp_reply_set(&reply, 0, NULL, NULL);
	assert_null(reply.text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_all_is_freed),
		cmocka_unit_test(test_renew),
		cmocka_unit_test(test_reply),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
