/* SPDX-License-Identifier: MIT */
#include "locator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Places as text: "1[server] 2server.key 3!" (! is a fault). */
static const struct {
	const char *name, *text, *places, *clean;
} rows[] = {
	{ "nothing", "", "", "" },
	{ "comments and blanks", "# [a]\n\n \t\n\t# b=c\n", "", "\n\n\n\n\n" },
	{ "as usual", "[server]\na = b\n\nc=d=e\n",
	    "1[server] 2server.a 4server.c", "[server]\na = b\n\nc=d=e\n\n" },
	{ "no end of line", "[a]\nb=", "1[a] 2a.b", "[a]\nb=\n" },
	{ "CR LF", "[a]\r\n\r\nb=c\r\n", "1[a] 3a.b", "[a]\n\nb=c\n\n" },
	{ "blanks", " [ a \t b ] \n  c d  = e \n", "1[a b] 2a b.c d",
	    "[a b]\nc d  = e\n\n" },
	{ "twice", "[a]\nb=1\nb=2\n[a]\nb=3", "1[a] 2a.b 3a.b 4[a] 5a.b",
	    "[a]\nb=1\nb=2\n[a]\nb=3\n" },
	{ "before any section", "a=b\n[c]\nd=e", "1! 2[c] 3c.d",
	    "\n[c]\nd=e\n" },
	{ "neither nor", "[a]\nb\n;c\n=d\ne[f]=g\nh=[i]\n",
	    "1[a] 2! 3! 4! 5! 6a.h", "[a]\n\n\n\n\nh=[i]\n\n" },
	{ "what follows a bad section belongs to nobody",
	    "[a]\n[b\nc=d\nnonsense\n[e] f\ng=h\n[i]\nj=k\n",
	    "1[a] 2! 5! 7[i] 8i.j", "[a]\n\n\n\n\n\n[i]\nj=k\n\n" },
	{ "sections without a name", "[]\n[ ]\n[a[b]\n[a\001]\n", "1! 2! 3! 4!",
	    "\n\n\n\n\n" },
	{ "Encoding", "[a]\nEncoding =x\nEncodings=y\nencoding=z",
	    "1[a] 2! 3a.Encodings 4a.encoding",
	    "[a]\n\nEncodings=y\nencoding=z\n" },
};

static char *
print_places(const struct locator *locator)
{
	GString *text = g_string_new(NULL);

	for (unsigned i = 0; i < locator->places->len; i++) {
		const struct place *place =
		    &g_array_index(locator->places, struct place, i);

		g_string_append_printf(
		    text, "%s%u", i > 0 ? " " : "", place->line);
		if (place->kind == PLACE_SECTION)
			g_string_append_printf(text, "[%s]", place->section);
		else if (place->kind == PLACE_KEY)
			g_string_append_printf(
			    text, "%s.%s", place->section, place->key);
		else
			g_string_append(text, place->fault ? "!" : "?");
	}
	return g_string_free(text, FALSE);
}

static void
test_rows(void **state)
{
	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct locator *locator = locator_new(rows[i].text);
		g_autofree char *places = print_places(locator);

		if (strcmp(places, rows[i].places) != 0 ||
		    strcmp(locator->clean, rows[i].clean) != 0)
			fail_msg(
			    "%s: %s\n%s", rows[i].name, places, locator->clean);
		locator_free(locator);
	}
	locator_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
