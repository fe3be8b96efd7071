/* SPDX-License-Identifier: MIT */
#include "mail/inquiry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct inquiry *
make_inquiry(void)
{
	struct inquiry *inquiry = inquiry_new(
	    "01JQZX3V5K8M2N4P6R7S9T0W1Y", "<m1@example.com>", "example.com");

	inquiry_add(inquiry, "bob@example.net");
	inquiry_add(inquiry, "Eve@example.net");
	inquiry_add(inquiry, "eve@example.net");
	return inquiry;
}

static void
test_new(void **state)
{
	struct inquiry *inquiry = make_inquiry();

	(void)state;
	assert_string_equal(inquiry->id, "01JQZX3V5K8M2N4P6R7S9T0W1Y");
	assert_string_equal(inquiry->message_id, "<m1@example.com>");
	assert_string_equal(inquiry->from_domain, "example.com");
	assert_int_equal(inquiry->count, 3);
	assert_string_equal(inquiry->recipients[0].address, "bob@example.net");
	assert_false(inquiry->recipients[0].found);
	assert_null(inquiry->recipients[0].id);
	inquiry_free(inquiry);
	inquiry_free(NULL);
}

static void
test_find(void **state)
{
	static const struct {
		const char *address, *id;
		const char *found; /* by recipient, all that were so far */
		bool known;
	} rows[] = {
		{ "nobody@example.net", "x", "000", false },
		{ "", "x", "000", false },
		/* a mailbox written in two ways is the same to an answer */
		{ "EVE@example.NET", "a", "011", true },
		{ "eve@example.net", NULL, "011", true },
		{ NULL, "b", "111", true },
	};
	struct inquiry *inquiry = make_inquiry();

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		assert_int_equal(
		    inquiry_find(inquiry, rows[i].address, rows[i].id),
		    rows[i].known);
		for (unsigned j = 0; j < inquiry->count; j++)
			assert_int_equal(inquiry->recipients[j].found,
			    rows[i].found[j] == '1');
		if (rows[i].known && rows[i].id != NULL)
			assert_string_equal(
			    inquiry->recipients[2].id, rows[i].id);
		else
			assert_null(inquiry->recipients[2].id);
	}
	inquiry_free(inquiry);
}

/* Under the id of another delivery nothing is found, nor was. */
static void
test_except(void **state)
{
	static const struct {
		const char *id;
		bool known;
	} rows[] = {
		{ "a1", false },
		{ "a1 (bounced)", false },
		{ "a12", true },
		{ NULL, true },
	};
	const struct verdict refused = { .class = VERDICT_RECIPIENT,
		.text = (char *)"no",
		.id = (char *)"a1" };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct inquiry *inquiry = make_inquiry();
		const struct inquiry_recipient *bob = &inquiry->recipients[0];

		inquiry_find(inquiry, bob->address, rows[i].id);
		inquiry_except(inquiry, 0, "a1");
		assert_int_equal(bob->found, rows[i].known);
		bob = &inquiry->recipients[0];
		assert_int_equal(
		    inquiry_find(inquiry, bob->address, rows[i].id),
		    rows[i].known);
		inquiry_except(inquiry, 0, "a1");
		assert_int_equal(bob->found, rows[i].known);
		assert_int_equal(
		    inquiry_refuse(inquiry, bob->address, &refused), false);
		assert_false(bob->refused);
		inquiry_free(inquiry);
	}
}

static void
test_reply(void **state)
{
	struct inquiry_reply reply = { .answered = true,
		.class = VERDICT_THROTTLE,
		.retry_ms = 7,
		.text = g_strdup("later") };

	(void)state;
	inquiry_reply_clear(&reply);
	assert_false(reply.answered);
	assert_int_equal(reply.class, VERDICT_NONE);
	assert_int_equal(reply.retry_ms, 0);
	assert_null(reply.text);
	inquiry_reply_clear(&reply);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_except),
		cmocka_unit_test(test_reply),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
