/* SPDX-License-Identifier: MIT */
#include "hearsay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define BEGUN INT64_C(1795256640123)
#define MINE  "01JQZX3V5K8M2N4P6R7S9T0W1Y"

static struct event *
make_event(enum event_kind kind, const char *recipient, int64_t at_ms)
{
	struct event *event = event_told_new(kind, "one", recipient);

	event->event_id = g_strdup("e");
	event->message_id = g_strdup("<m1@example.com>");
	event->provider_id = g_strdup("<p1>");
	event->at_ms = at_ms;
	return event;
}

static struct inquiry *
make_inquiry(const char *message_id)
{
	struct inquiry *inquiry = inquiry_new(MINE, message_id, "example.com");

	inquiry->begun_ms = BEGUN;
	inquiry_add(inquiry, "Bob@example.net");
	return inquiry;
}

static void
test_find(void **state)
{
	static const struct {
		enum event_kind kind;
		const char *recipient;
		int64_t after_ms; /* the attempt began it happened */
		const char *mail_id;
		const char *provider, *message_id; /* of the question */
		bool found;
	} rows[] = {
		{ EVENT_ACCEPTED, "bob@EXAMPLE.net", 0, NULL, "one",
		    "<m1@example.com>", true },
		{ EVENT_DELIVERED, "bob@example.net", 5000, NULL, "one",
		    "<m1@example.com>", true },
		{ EVENT_DEFERRED, "bob@example.net", 1, NULL, "one",
		    "<m1@example.com>", true },
		{ EVENT_BOUNCED_HARD, "bob@example.net", 1, NULL, "one",
		    "<m1@example.com>", true },
		{ EVENT_BOUNCED_SOFT, "bob@example.net", 1, NULL, "one",
		    "<m1@example.com>", true },
		/* they prove nothing of this sending */
		{ EVENT_REJECTED, "bob@example.net", 1, NULL, "one",
		    "<m1@example.com>", false },
		{ EVENT_OPENED, "bob@example.net", 1, NULL, "one",
		    "<m1@example.com>", false },
		{ EVENT_COMPLAINED, "bob@example.net", 1, NULL, "one",
		    "<m1@example.com>", false },
		/* whole seconds are all that some tell */
		{ EVENT_ACCEPTED, "bob@example.net", -123, NULL, "one",
		    "<m1@example.com>", true },
		/* a mail of the same Message-ID before */
		{ EVENT_ACCEPTED, "bob@example.net", -1123, NULL, "one",
		    "<m1@example.com>", false },
		/* others */
		{ EVENT_ACCEPTED, "eve@example.net", 1, NULL, "one",
		    "<m1@example.com>", false },
		{ EVENT_ACCEPTED, "bob@example.net", 1, NULL, "two",
		    "<m1@example.com>", false },
		{ EVENT_ACCEPTED, "bob@example.net", 1, NULL, "one",
		    "<m2@example.com>", false },
		/* our own id is in no other mail; their clock may be behind */
		{ EVENT_ACCEPTED, "bob@example.net", -299000, MINE, "one",
		    "<m2@example.com>", true },
		{ EVENT_ACCEPTED, "bob@example.net", -301000, MINE, "one",
		    "<m2@example.com>", false },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct hearsay *hearsay = hearsay_new();
		struct event *event = make_event(
		    rows[i].kind, rows[i].recipient, BEGUN + rows[i].after_ms);
		struct inquiry *inquiry = make_inquiry(rows[i].message_id);
		struct hearsay_word word;
		bool found;

		event->mail_id = g_strdup(rows[i].mail_id);
		hearsay_keep(hearsay, event, 1);
		event_told_free(event);
		found =
		    hearsay_find(hearsay, rows[i].provider, inquiry, 0, &word);
		if (found != rows[i].found)
			fail_msg("row %zu", i);
		if (found) {
			assert_int_equal(word.kind, rows[i].kind);
			assert_string_equal(word.provider_id, "<p1>");
		}
		inquiry_free(inquiry);
		hearsay_unref(hearsay);
	}
}

/* The latest of several counts; they are forgotten one after the other. */
static void
test_kept(void **state)
{
	struct hearsay *hearsay = hearsay_new();
	struct inquiry *inquiry = make_inquiry("<m1@example.com>");
	struct event *early =
	    make_event(EVENT_ACCEPTED, "bob@example.net", BEGUN - 60000);
	struct event *late =
	    make_event(EVENT_DELIVERED, "bob@example.net", BEGUN + 1);
	struct event *other =
	    make_event(EVENT_DELIVERED, "eve@example.net", BEGUN + 1);
	struct hearsay_word word;

	(void)state;
	hearsay_keep(hearsay, early, 0);
	assert_false(hearsay_find(hearsay, "one", inquiry, 0, &word));
	hearsay_keep(hearsay, late, 10);
	hearsay_keep(hearsay, early, 20);
	assert_int_equal(hearsay_count(hearsay), 1);
	assert_true(hearsay_find(hearsay, "one", inquiry, 0, &word));
	assert_int_equal(word.kind, EVENT_DELIVERED);
	hearsay_keep(hearsay, other, HEARSAY_KEEP_MS + 9);
	assert_int_equal(hearsay_count(hearsay), 2);
	hearsay_keep(hearsay, other, HEARSAY_KEEP_MS + 10);
	assert_int_equal(hearsay_count(hearsay), 1);
	assert_false(hearsay_find(hearsay, "one", inquiry, 0, &word));
	event_told_free(early);
	event_told_free(late);
	event_told_free(other);
	inquiry_free(inquiry);
	hearsay_unref(hearsay);
}

static void
test_bounded(void **state)
{
	struct hearsay *hearsay = hearsay_ref(hearsay_new());

	(void)state;
	hearsay_unref(hearsay);
	for (unsigned i = 0; i < HEARSAY_MOST + 10; i++) {
		g_autofree char *to = g_strdup_printf("r%u@example.net", i);
		struct event *event = make_event(EVENT_ACCEPTED, to, BEGUN);

		hearsay_keep(hearsay, event, 1);
		event_told_free(event);
	}
	assert_int_equal(hearsay_count(hearsay), HEARSAY_MOST);
	hearsay_unref(hearsay);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
