/* SPDX-License-Identifier: MIT */
#include "mail/envelope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *name, *address;
	bool added;
} rows[] = {
	{ "the first", "a@x.y", true },
	{ "another", "b@x.y", true },
	{ "the first again", "a@x.y", false },
	{ "domain in another case", "a@X.Y", false },
	{ "local part in another case", "A@x.y", true },
	{ "needless quotes", "\"b\"@x.y", false },
	{ "another domain", "a@z.y", true },
};

static void
test_recipients(void **state)
{
	struct envelope *envelope = envelope_new();
	enum address_fault fault;
	unsigned count = 0;

	(void)state;
	assert_null(envelope->sender);
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct address *address = address_parse(
		    rows[i].address, strlen(rows[i].address), NULL, &fault);

		if (envelope_add_recipient(envelope, address) != rows[i].added)
			fail_msg("%s", rows[i].name);
		if (!rows[i].added)
			continue;
		assert_ptr_equal(
		    envelope_recipient(envelope, count++), address);
	}
	assert_int_equal(envelope->recipients->len, count);
	envelope_free(envelope);
}

static void
test_frees_all(void **state)
{
	struct envelope *envelope = envelope_new();
	enum address_fault fault;

	(void)state;
	envelope->sender = address_parse("a@x.y", 5, NULL, &fault);
	envelope_free(envelope);
	envelope_free(NULL);
}

static void
test_tell(void **state)
{
	static const struct {
		unsigned first, count;
		const char *said;
	} tells[] = {
		{ 0, 0, "" },
		{ 0, 1, "a@x.y" },
		{ 0, 2, "a@x.y +1" },
		{ 1, 1, "b@x.y" },
	};
	struct envelope *envelope = envelope_new();
	enum address_fault fault;

	(void)state;
	envelope_add_recipient(
	    envelope, address_parse("a@x.y", 5, NULL, &fault));
	envelope_add_recipient(
	    envelope, address_parse("b@x.y", 5, NULL, &fault));
	for (size_t i = 0; i < G_N_ELEMENTS(tells); i++) {
		g_autofree char *said =
		    envelope_tell(envelope, tells[i].first, tells[i].count);
		assert_string_equal(said, tells[i].said);
	}
	envelope_free(envelope);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recipients),
		cmocka_unit_test(test_frees_all),
		cmocka_unit_test(test_tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
