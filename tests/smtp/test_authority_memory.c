/* SPDX-License-Identifier: MIT */
#include "authority_memory.h"

#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define KEEP 1000

/* joe's "secret" was right at 100. */
static const struct {
	const char *what, *name, *password;
	int64_t at_ms;
	bool known;
} rows[] = {
	{ "the same", "joe", "secret", 100, true },
	{ "at the last moment", "joe", "secret", 1099, true },
	{ "too late", "joe", "secret", 1100, false },
	{ "another password", "joe", "secre", 100, false },
	{ "none", "joe", "", 100, false },
	{ "another user", "ann", "secret", 100, false },
	{ "parted elsewhere", "jo", "esecret", 100, false },
	{ "both in the name", "joesecret", "", 100, false },
	{ "in another case", "Joe", "secret", 100, false },
};

static void
test_rows(void **state)
{
	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct authority_memory *memory =
		    authority_memory_new(KEEP, 10);

		authority_memory_add(memory, "joe", "secret", 100);
		authority_memory_add(memory, "joe", "secret", 100);
		if (authority_memory_has(memory, rows[i].name, rows[i].password,
			rows[i].at_ms) != rows[i].known)
			fail_msg("%s", rows[i].what);
		authority_memory_free(memory);
	}
}

static unsigned
count_known(struct authority_memory *memory, unsigned users)
{
	unsigned known = 0;

	for (unsigned i = 0; i < users; i++) {
		g_autofree char *name = g_strdup_printf("%u", i);

		known += authority_memory_has(memory, name, "secret", 0);
	}
	return known;
}

/* The oldest makes room. */
static void
test_bounded(void **state)
{
	struct authority_memory *memory = authority_memory_new(KEEP, 10);

	(void)state;
	for (unsigned i = 0; i < 25; i++) {
		g_autofree char *name = g_strdup_printf("%u", i);

		authority_memory_add(memory, name, "secret", 0);
	}
	assert_int_equal(count_known(memory, 15), 0);
	assert_int_equal(count_known(memory, 25), 10);
	authority_memory_clear(memory);
	assert_int_equal(count_known(memory, 25), 0);
	authority_memory_add(memory, "0", "secret", 0);
	assert_int_equal(count_known(memory, 25), 1);
	authority_memory_free(memory);
}

static void
test_off(void **state)
{
	struct authority_memory *memory = authority_memory_new(0, 10);

	(void)state;
	authority_memory_add(memory, "joe", "secret", 0);
	assert_false(authority_memory_has(memory, "joe", "secret", 0));
	authority_memory_free(memory);
	authority_memory_free(NULL);
}

/* What is used stays, and does not make room before what is not. */
static void
test_renewed(void **state)
{
	struct authority_memory *memory = authority_memory_new(KEEP, 2);

	(void)state;
	authority_memory_add(memory, "joe", "secret", 0);
	authority_memory_add(memory, "ann", "secret", 0);
	authority_memory_add(memory, "joe", "secret", KEEP - 1);
	assert_true(authority_memory_has(memory, "joe", "secret", KEEP));
	assert_false(authority_memory_has(memory, "ann", "secret", KEEP));
	authority_memory_add(memory, "ann", "secret", KEEP);
	authority_memory_add(memory, "joe", "secret", KEEP);
	authority_memory_add(memory, "kim", "secret", KEEP);
	assert_true(authority_memory_has(memory, "joe", "secret", KEEP));
	assert_false(authority_memory_has(memory, "ann", "secret", KEEP));
	authority_memory_free(memory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_renewed),
		cmocka_unit_test(test_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
