/* SPDX-License-Identifier: MIT */
#include "guard.h"

#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* Mails in a row, a letter each: refused, the letter is the mail; upper case:
 * by another sender; '+': one is accepted.  Then how many are counted, and
 * after which one (from 1) it was distrusted, 0: it was not. */
static const struct {
	const char *name, *mails;
	bool to_two_domains;
	unsigned count, distrusted;
} cases[] = {
	{ "nothing", "", false, 0, 0 },
	{ "nine", "abcdefghI", false, 9, 0 },
	{ "ten of two senders", "abcdefghiJ", false, 10, 10 },
	{ "ten of one sender to one domain", "abcdefghij", false, 10, 0 },
	{ "ten of one sender to two domains", "abcdefghij", true, 10, 10 },
	{ "one more by another sender", "abcdefghijK", false, 11, 11 },
	{ "the same mail again", "aaaaaaaaaaaaB", false, 2, 0 },
	{ "two mails in turn", "aBaBaBaBaBaBaBaB", false, 2, 0 },
	{ "an acceptance in between", "abcdeFghi+abcdefgh", false, 8, 0 },
	{ "told once", "abcdefghiJklm", false, 13, 10 },
	{ "anew after an acceptance", "abcdefghiJ+abC", false, 3, 10 },
};

static bool
take_mail(struct guard *guard, char letter, unsigned n, bool to_two_domains)
{
	const struct guard_refusal refusal = {
		.mail = (uint64_t)g_ascii_tolower(letter),
		.sender = g_ascii_isupper(letter),
		.domain = to_two_domains && n % 3 == 0,
	};

	if (letter != '+')
		return guard_refused(guard, &refusal);
	assert_true(guard_accepted(guard));
	assert_false(guard->distrusted);
	assert_false(guard_accepted(guard)); /* nothing to take back */
	return false;
}

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct guard guard = { 0 };
		unsigned distrusted = 0;

		for (unsigned n = 0; n < strlen(cases[i].mails); n++)
			if (take_mail(&guard, cases[i].mails[n], n,
				cases[i].to_two_domains))
				distrusted = distrusted * 100 + n + 1;
		if (guard.count != cases[i].count ||
		    distrusted != cases[i].distrusted)
			fail_msg("%s: count %u, distrusted %u", cases[i].name,
			    guard.count, distrusted);
	}
}

/* Of one alone as it is set; of a row longer and longer, until it is known
 * whose fault it is. */
static void
test_wait(void **state)
{
	static const struct {
		unsigned count;
		int64_t wait_ms, waits_ms;
	} rows[] = {
		{ 0, 10000, 10000 },
		{ 1, 10000, 10000 },
		{ 2, 10000, 20000 },
		{ 3, 10000, 40000 },
		{ 7, 10000, 600000 },
		{ 9, 10000, 600000 },
		{ 10, 10000, 10000 },
		{ 11, 10000, 10000 },
		{ 9, 0, 0 },
		{ 9, 900000, 900000 },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct guard guard = { .count = rows[i].count };
		assert_int_equal(
		    guard_wait(&guard, rows[i].wait_ms), rows[i].waits_ms);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
