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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recipients),
		cmocka_unit_test(test_frees_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
