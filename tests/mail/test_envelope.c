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
	unsigned number; /* that it has then */
} rows[] = {
	{ "the first", "a@x.y", 0 },
	{ "another", "b@x.y", 1 },
	{ "the first again", "a@x.y", 0 },
	{ "domain in another case", "a@X.Y", 0 },
	{ "local part in another case", "A@x.y", 2 },
	{ "needless quotes", "\"b\"@x.y", 1 },
	{ "another domain", "a@z.y", 3 },
};

/* So many that they are found by a table. */
#define MANY 200

static unsigned
add(struct envelope *envelope, const char *text)
{
	enum address_fault fault;

	return envelope_add_recipient(
	    envelope, address_parse(text, strlen(text), NULL, &fault));
}

static void
add_many(struct envelope *envelope)
{
	for (unsigned i = 0; i < MANY; i++) {
		g_autofree char *text = g_strdup_printf("many%u@x.y", i);
		unsigned count = envelope->recipients->len;

		assert_int_equal(add(envelope, text), count);
	}
}

static void
check_rows(struct envelope *envelope)
{
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		if (add(envelope, rows[i].address) != rows[i].number)
			fail_msg("%s", rows[i].name);
}

static void
test_recipients(void **state)
{
	struct envelope *envelope = envelope_new();

	(void)state;
	assert_null(envelope->sender);
	check_rows(envelope);
	assert_int_equal(envelope->recipients->len, 4);
	assert_string_equal(envelope_recipient(envelope, 2)->text, "A@x.y");
	envelope_free(envelope);
}

/* The same among many, and when one of them has gone. */
static void
test_many(void **state)
{
	struct envelope *envelope = envelope_new();

	(void)state;
	check_rows(envelope);
	add_many(envelope);
	check_rows(envelope);
	assert_non_null(envelope->numbers);
	assert_int_equal(add(envelope, "many7@x.y"), 4 + 7);
	envelope_remove_recipient(envelope, 4);
	assert_int_equal(add(envelope, "many7@x.y"), 4 + 6);
	assert_int_equal(add(envelope, "many0@x.y"), 4 + MANY - 1);
	envelope_end_recipients(envelope);
	assert_null(envelope->numbers);
	assert_int_equal(add(envelope, "many0@x.y"), 4 + MANY - 1);
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
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_frees_all),
		cmocka_unit_test(test_tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
