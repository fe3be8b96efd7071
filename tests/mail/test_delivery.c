/* SPDX-License-Identifier: MIT */
#include "mail/delivery.h"
#include "mail/sample.h"

static struct delivery *
make_delivery(void)
{
	static const unsigned recipients[] = { 0, 2, 3 };
	struct message *message = sample_message("From: a@b.example\n\n");
	struct envelope *envelope = message->submission->envelope;
	struct delivery *delivery;

	envelope_add_recipient(envelope, sample_address("Bob@example.org"));
	envelope_add_recipient(envelope, sample_address("bob@example.org"));
	delivery = delivery_new(message, recipients, 3);
	message_unref(message);
	return delivery;
}

static void
test_recipients(void **state)
{
	struct delivery *delivery = make_delivery();

	(void)state;
	assert_int_equal(delivery->count, 3);
	assert_int_equal(delivery->attempt, 1);
	assert_int_equal(delivery->form, DELIVERY_FIELDS);
	assert_string_equal(
	    delivery_recipient(delivery, 0)->text, "one@example.org");
	assert_string_equal(
	    delivery_recipient(delivery, 1)->text, "Bob@example.org");
	delivery_free(delivery);
	delivery_free(NULL);
}

static void
test_find(void **state)
{
	static const struct {
		const char *spec;
		int number;
	} cases[] = {
		{ "one@example.org", 0 },
		{ "ONE@Example.ORG", 0 },
		{ "two@example.org", -1 },
		{ "Bob@example.org", 1 },
		{ "bob@example.org", 2 },
		{ "BOB@example.org", 1 },
		{ "nobody", -1 },
		{ "", -1 },
	};
	struct delivery *delivery = make_delivery();

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct header_address *address =
		    header_address_new("Name", cases[i].spec);

		assert_int_equal(
		    delivery_find(delivery, cases[i].spec), cases[i].number);
		assert_int_equal(
		    delivery_is_for(delivery, address), cases[i].number >= 0);
		header_address_free(address);
	}
	delivery_free(delivery);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recipients),
		cmocka_unit_test(test_find),
	};

	parse_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
