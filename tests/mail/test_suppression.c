/* SPDX-License-Identifier: MIT */
#include "mail/suppression.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *address, *key; /* NULL: it is none */
} keys[] = {
	{ "a@example.org", "a@example.org" },
	{ "Ann.B@Example.ORG", "ann.b@example.org" },
	{ "a@b\xc3\xbc"
	  "cher.example",
	    "a@xn--bcher-kva.example" },
	{ "\"Ann\"@example.org", "ann@example.org" },
	{ "a", NULL },
	{ "", NULL },
	{ "a b@example.org", NULL },
	{ "<a@example.org", NULL },
};

static void
test_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
		g_autofree char *key = suppression_key(keys[i].address);

		if (g_strcmp0(key, keys[i].key) != 0)
			fail_msg("%s: %s", keys[i].address, key);
	}
}

#define BOUNCE      (1u << SUPPRESSION_BOUNCE)
#define COMPLAINT   (1u << SUPPRESSION_COMPLAINT)
#define UNSUBSCRIBE (1u << SUPPRESSION_UNSUBSCRIBE)

static const struct {
	const char *words;
	unsigned kinds;
	const char *wrong; /* NULL: nothing is */
} kinds[] = {
	{ "hard_bounces,complaints,unsubscribes",
	    BOUNCE | COMPLAINT | UNSUBSCRIBE, NULL },
	{ "complaints", COMPLAINT, NULL },
	{ "none", 0, NULL },
	{ "complaints,none", 0, "none" },
	{ "bounces", 0, "bounces" },
	{ "by_hand", 0, "by_hand" },
};

static void
test_kinds(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		g_auto(GStrv) words = g_strsplit(kinds[i].words, ",", -1);
		const char *wrong = NULL;
		unsigned found = 0;
		bool good = suppression_read_kinds(
		    (const char *const *)words, &found, &wrong);

		assert_int_equal(good, kinds[i].wrong == NULL);
		if (good)
			assert_int_equal(found, kinds[i].kinds);
		else
			assert_string_equal(wrong, kinds[i].wrong);
	}
}

static void
test_words(void **state)
{
	enum suppression_why back;

	(void)state;
	for (unsigned i = 0; i < SUPPRESSION_WHYS; i++) {
		const char *word =
		    suppression_why_word((enum suppression_why)i);

		assert_true(suppression_why_read(word, &back));
		assert_int_equal(back, i);
	}
	assert_false(suppression_why_read("bounce", &back));
}

/* What happens again and again, or to others than the recipient, is no
 * reason. */
static void
test_events(void **state)
{
	unsigned reasons = 0;

	(void)state;
	for (int kind = 0; kind < EVENT_KINDS; kind++) {
		enum suppression_why why = SUPPRESSION_HAND;

		if (suppression_of_event((enum event_kind)kind, &why))
			reasons |= 1u << why;
	}
	assert_int_equal(reasons, BOUNCE | COMPLAINT | UNSUBSCRIBE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
