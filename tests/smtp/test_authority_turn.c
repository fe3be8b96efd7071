/* SPDX-License-Identifier: MIT */
#include "authority_turn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Asks as "name@peer", each with a blank behind; order: who is hashed next, and
 * next, with two threads of which one has come out each time. */
static const struct {
	const char *what, *asks, *order;
} rows[] = {
	{ "nobody", "", "" },
	{ "as they came", "ann@192.0.2.1 joe@192.0.2.2 kim@192.0.2.3 ",
	    "ann joe | kim | |" },
	{ "a name that is guessed",
	    "ann@192.0.2.1 ann@192.0.2.2 ann@192.0.2.3 joe@192.0.2.4 "
	    "kim@192.0.2.5 ",
	    "ann joe | ann | kim | ann | |" },
	{ "an address that guesses",
	    "a@192.0.2.1 b@192.0.2.1 c@192.0.2.1 joe@192.0.2.4 ",
	    "a joe | b | | c |" },
	{ "a network of IPv6 that guesses",
	    "a@2001:db8::1 b@2001:db8::2 joe@2001:db8:0:1::1 ",
	    "a joe | b | |" },
	{ "our own host has many users", "a@127.0.0.1 b@127.0.0.1 c@unix ",
	    "a b | c | |" },
	{ "but a name is a name", "a@127.0.0.1 a@127.0.0.1 c@unix d@unix ",
	    "a c | a | d | |" },
	/* b waits for its address, and goes before another of its name */
	{ "nobody goes past his own",
	    "a@192.0.2.1 b@192.0.2.1 b@192.0.2.2 c@192.0.2.3 ",
	    "a c | b | | b |" },
};

static void
add_asks(GQueue *waiting, const char *asks)
{
	g_auto(GStrv) words = g_strsplit(asks, " ", -1);

	for (char **word = words; *word != NULL && **word != '\0'; word++) {
		struct authority_ask *ask = g_new0(struct authority_ask, 1);
		char *at = strchr(*word, '@');

		g_strlcpy(ask->peer, at + 1, sizeof(ask->peer));
		ask->name = g_strndup(*word, (size_t)(at - *word));
		ask->password = g_strdup("");
		g_queue_push_tail(waiting, ask);
	}
}

/* A "|" each time the one that has been hashed longest comes out. */
static char *
find_order(GQueue *waiting)
{
	g_autoptr(GPtrArray) hashing = g_ptr_array_new();
	GString *order = g_string_new(NULL);
	struct authority_ask *ask;

	do {
		if (hashing->len > 0) {
			authority_ask_free(
			    g_ptr_array_remove_index(hashing, 0));
			g_string_append(order, "| ");
		}
		while (hashing->len < 2 &&
		       (ask = authority_turn_take(waiting, hashing)) != NULL) {
			g_string_append_printf(order, "%s ", ask->name);
			g_ptr_array_add(hashing, ask);
		}
	} while (hashing->len > 0);
	return g_strchomp(g_string_free(order, FALSE));
}

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GQueue) waiting = g_queue_new();
		g_autofree char *order = NULL;

		add_asks(waiting, rows[i].asks);
		order = find_order(waiting);
		assert_true(g_queue_is_empty(waiting));
		if (strcmp(order, rows[i].order) != 0)
			fail_msg("%s: %s", rows[i].what, order);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
