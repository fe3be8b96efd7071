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

static void
test_guise_from(void **state)
{
	static const struct {
		const char *mail, *reply_to;
		bool drops;
	} cases[] = {
		{ "From: Ann <a@b.example>, c@d.example\n", "a@b.example",
		    false },
		{ "From: a@b.example\nReply-To: r@b.example\n", NULL, false },
		{ "From: a@b.example\nReply-To:\n", "a@b.example", false },
		/* one that nobody can read is one all the same */
		{ "From: a@b.example\nReply-To: <<>>\n", NULL, false },
		{ "From: a@b.example\nSender: A@b.example\n", "a@b.example",
		    true },
		{ "From: a@b.example\nSender: s@b.example\n", "a@b.example",
		    false },
		{ "To: x@b.example\n", "app@example.com", false },
	};
	struct header_address *from = header_address_new("Me", "me@D.Example");
	const unsigned all[] = { 0, 1 };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *mail = g_strconcat(cases[i].mail, "\n", NULL);
		struct message *message = sample_message(mail);
		struct delivery *delivery = delivery_new(message, all, 2);
		const struct header_address *reply_to;
		g_autofree char *domain = NULL;

		assert_null(delivery_reply_to(delivery));
		assert_false(delivery_drops_sender(delivery));
		delivery->guise.from = from;
		reply_to = delivery_reply_to(delivery);
		assert_int_equal(reply_to == NULL, cases[i].reply_to == NULL);
		if (reply_to != NULL)
			assert_string_equal(reply_to->spec, cases[i].reply_to);
		assert_int_equal(
		    delivery_drops_sender(delivery), cases[i].drops);
		assert_ptr_equal(delivery_from(delivery), from);
		domain = delivery_from_domain(delivery);
		assert_string_equal(domain, "d.example");
		delivery_free(delivery);
		message_unref(message);
	}
	header_address_free(from);
}

static void
test_redirect(void **state)
{
	struct delivery *delivery = make_delivery();
	struct address *one = sample_address("staging@example.org");
	g_autofree char *none = delivery_original(delivery, ", ");

	(void)state;
	assert_null(none);
	assert_int_equal(delivery_addresses(delivery), 3);
	delivery->guise.redirect = one;
	assert_int_equal(delivery_addresses(delivery), 1);
	assert_ptr_equal(delivery_recipient(delivery, 2), one);
	assert_int_equal(delivery_find(delivery, "Staging@example.org"), 0);
	assert_int_equal(delivery_find(delivery, "bob@example.org"), -1);
	g_autofree char *original = delivery_original(delivery, ", ");
	assert_string_equal(
	    original, "one@example.org, Bob@example.org, bob@example.org");
	address_free(one);
	delivery_free(delivery);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recipients),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_guise_from),
		cmocka_unit_test(test_redirect),
	};

	parse_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
