/* SPDX-License-Identifier: MIT */
#include "mail/event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void
test_kinds(void **state)
{
	static const struct {
		enum event_kind kind;
		const char *text;
		bool proof, failure;
	} rows[EVENT_KINDS] = {
		{ EVENT_ACCEPTED, "accepted", true, false },
		{ EVENT_DELIVERED, "delivered", true, false },
		{ EVENT_DEFERRED, "deferred", true, false },
		{ EVENT_BOUNCED_HARD, "bounced", true, true },
		{ EVENT_BOUNCED_SOFT, "soft-bounced", true, true },
		{ EVENT_REJECTED, "rejected", false, true },
		{ EVENT_COMPLAINED, "complained", true, false },
		{ EVENT_UNSUBSCRIBED, "unsubscribed", true, false },
		{ EVENT_OPENED, "opened", true, false },
		{ EVENT_CLICKED, "clicked", true, false },
	};

	(void)state;
	for (unsigned i = 0; i < EVENT_KINDS; i++) {
		enum event_kind read = EVENT_KINDS;

		assert_int_equal(rows[i].kind, i);
		assert_string_equal(
		    event_kind_text(rows[i].kind), rows[i].text);
		assert_true(event_kind_read(rows[i].text, &read));
		assert_int_equal(read, rows[i].kind);
		assert_int_equal(event_is_proof(rows[i].kind), rows[i].proof);
		assert_int_equal(
		    event_is_failure(rows[i].kind), rows[i].failure);
	}
	enum event_kind none;
	assert_false(event_kind_read("Delivered", &none));
	assert_false(event_kind_read("", &none));
}

static void
test_copy(void **state)
{
	static char *tags[] = { "order", "eu", NULL };
	struct event *event =
	    event_told_new(EVENT_BOUNCED_HARD, "mailgun", "bob@example.net");
	struct event *copy;

	(void)state;
	assert_null(event->mail_id);
	event->event_id = g_strdup("e1");
	event->provider_id = g_strdup("<m1@example.com>");
	event->at_ms = 1529692198641;
	event->status = 550;
	event->enhanced = g_strdup("5.1.1");
	event->tags = g_strdupv(tags);
	copy = event_copy(event);
	event_told_free(event);
	assert_int_equal(copy->kind, EVENT_BOUNCED_HARD);
	assert_string_equal(copy->provider, "mailgun");
	assert_string_equal(copy->recipient, "bob@example.net");
	assert_string_equal(copy->event_id, "e1");
	assert_string_equal(copy->provider_id, "<m1@example.com>");
	assert_null(copy->mail_id);
	assert_null(copy->message_id);
	assert_null(copy->text);
	assert_true(copy->at_ms == 1529692198641);
	assert_int_equal(copy->status, 550);
	assert_string_equal(copy->enhanced, "5.1.1");
	assert_string_equal(copy->tags[1], "eu");
	assert_null(copy->tags[2]);
	event_told_free(copy);
	event_told_free(NULL);
}

static void
test_batch(void **state)
{
	struct event_batch *batch = event_batch_new();

	(void)state;
	assert_int_equal(batch->events->len, 0);
	assert_null(batch->recorded);
	g_ptr_array_add(
	    batch->events, event_told_new(EVENT_OPENED, "mandrill", "a@b.c"));
	event_batch_free(batch);
	event_batch_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_batch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
