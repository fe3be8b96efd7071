/* SPDX-License-Identifier: MIT */
#include "mail/sample.h"

static void
test_trait_text(void **state)
{
	(void)state;
	for (unsigned i = 0; i < TRAIT_COUNT; i++) {
		const char *text = trait_text(UINT64_C(1) << i);

		assert_string_not_equal(text, "unknown");
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(
			    text, trait_text(UINT64_C(1) << k));
	}
	assert_string_equal(
	    trait_text(TRAIT_NESTED_MESSAGE), "a nested message");
	assert_string_equal(trait_text(TRAIT_NO_TO), "neither To nor Cc");
	assert_string_equal(trait_text(TRAIT_NO_BODY), "neither text nor html");
	assert_string_equal(trait_text((enum trait)0), "unknown");
}

static void
test_own_fields(void **state)
{
	static const struct {
		const char *name;
		bool own;
	} rows[] = {
		{ "From", true },
		{ "SUBJECT", true },
		{ "message-id", true },
		{ "Bcc", true },
		{ "Return-Path", true },
		{ "Received", true },
		{ "Content-Type", true },
		{ "Content-Anything", true },
		{ "Content-Language", false },
		{ "DKIM-Signature", true },
		{ "ARC-Seal", true },
		{ "In-Reply-To", false },
		{ "List-Unsubscribe", false },
		{ "X-From", false },
		{ "Resent-From", false },
		{ "X-Mailgun-Tag", true },
		{ "x-smtpapi", true },
		{ "X-Mail", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		assert_int_equal(
		    message_field_is_own(rows[i].name), rows[i].own);
}

static void
test_field_text(void **state)
{
	struct message *message = sample_message(
	    "X-A: =?utf-8?Q?caf=C3=A9?=\n =?utf-8?Q?_x?=\n\ty\n\n");
	const struct header_field *field = header_find(message->header, "x-a");
	g_autofree char *text = message_field_text(field);

	(void)state;
	assert_string_equal(text, "caf\xc3\xa9 x y");
	message_unref(message);
}

static void
test_addresses(void **state)
{
	struct header_address *named = header_address_new("N", "a@b.example");
	struct header_address *bare = header_address_new("", "a@b.example");

	(void)state;
	assert_string_equal(named->name, "N");
	assert_null(bare->name);
	assert_string_equal(bare->spec, "a@b.example");
	header_address_free(named);
	header_address_free(bare);
	header_address_free(NULL);
	part_free(NULL);
	message_unref(NULL);
}

static void
test_references(void **state)
{
	struct message *message = sample_message("From: a@b.example\n\n");

	(void)state;
	assert_ptr_equal(message_ref(message), message);
	message_unref(message);
	assert_string_equal(message->submission->id, SAMPLE_ID);
	message_unref(message);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trait_text),
		cmocka_unit_test(test_own_fields),
		cmocka_unit_test(test_field_text),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_references),
	};

	parse_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
