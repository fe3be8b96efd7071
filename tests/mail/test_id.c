/* SPDX-License-Identifier: MIT */
#include "mail/id.h"

#include "core/clock.h"
#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT 10000

static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* The milliseconds in the first ten digits. */
static int64_t
read_time(const char *id)
{
	int64_t ms = 0;

	for (int i = 0; i < 10; i++)
		ms = ms << 5 | (strchr(digits, id[i]) - digits);
	return ms;
}

static void
test_form(void **state)
{
	char id[ID_LENGTH + 1];
	int64_t before = clock_wall_ms(), ms;

	(void)state;
	id_make(id);
	assert_int_equal(strlen(id), ID_LENGTH);
	assert_int_equal(strspn(id, digits), ID_LENGTH);
	ms = read_time(id);
	assert_in_range(ms, before, clock_wall_ms());
}

static void
test_unique(void **state)
{
	g_autoptr(GHashTable) seen =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	unsigned used = 0;

	(void)state;
	for (int i = 0; i < COUNT; i++) {
		char id[ID_LENGTH + 1];

		id_make(id);
		used |= 1u << (strchr(digits, id[10]) - digits);
		assert_true(g_hash_table_add(seen, g_strdup(id)));
	}
	/* Every digit occurs: the random part is not cut. */
	assert_int_equal(used, 0xffffffff);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_unique),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
