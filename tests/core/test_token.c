/* SPDX-License-Identifier: MIT */
#include "core/token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void
test_scopes(void **state)
{
	static const struct {
		const char *text;
		unsigned scopes;
		const char *wrong; /* NULL: none */
	} rows[] = {
		{ "send", SCOPE_SEND, NULL },
		{ "read,send", SCOPE_SEND | SCOPE_READ, NULL },
		{ "send,read,operate", SCOPE_ALL, NULL },
		{ "operate,operate", SCOPE_OPERATE, NULL },
		{ "send,admin", 0, "admin" },
		{ "Send", 0, "Send" },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_auto(GStrv) words = g_strsplit(rows[i].text, ",", -1);
		const char *wrong = NULL;
		unsigned scopes;
		bool read = token_read_scopes(
		    (const char *const *)words, &scopes, &wrong);

		print_message("%s\n", rows[i].text);
		assert_int_equal(read, rows[i].wrong == NULL);
		if (read)
			assert_int_equal(scopes, rows[i].scopes);
		else
			assert_string_equal(wrong, rows[i].wrong);
	}
	g_autofree char *text = token_print_scopes(SCOPE_OPERATE | SCOPE_SEND);
	assert_string_equal(text, "send,operate");
}

/* Letters that neither a shell nor a URL takes for anything else; never twice
 * the same. */
static void
test_secret(void **state)
{
	g_autofree char *one = token_secret();
	g_autofree char *two = token_secret();

	(void)state;
	assert_true(g_str_has_prefix(one, "pfy_"));
	assert_int_equal(strlen(one), 4 + 43);
	assert_int_equal(strspn(one, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789-_"),
	    strlen(one));
	assert_string_not_equal(one, two);
}

static void
test_digest(void **state)
{
	char digest[TOKEN_DIGEST_LENGTH + 1];

	(void)state;
	token_digest("abc", digest); /* FIPS 180-2 B.1 */
	assert_string_equal(digest, "ba7816bf8f01cfea414140de5dae2223"
				    "b00361a396177a9cb410ff61f20015ad");
	assert_true(token_is_digest(digest));
	digest[0] = 'A';
	assert_false(token_is_digest(digest));
	assert_false(token_is_digest("ba78"));
}

static struct token *
make_token(const char *name, const char *secret)
{
	char digest[TOKEN_DIGEST_LENGTH + 1];

	token_digest(secret, digest);
	return token_new(name, SCOPE_SEND, digest, NULL);
}

static void
test_set(void **state)
{
	struct token_set *set = token_set_new();
	GPtrArray *tokens = g_ptr_array_new();
	struct token *held;

	(void)state;
	assert_null(token_set_find(set, "one"));
	g_ptr_array_add(tokens, make_token("a", "one"));
	g_ptr_array_add(tokens, make_token("b", "two"));
	token_set_renew(set, tokens);
	held = token_set_find(set, "two");
	assert_string_equal(held->name, "b");
	assert_null(token_set_find(set, "tw"));
	assert_null(token_set_find(set, ""));
	token_set_renew(set, g_ptr_array_new());
	assert_null(token_set_find(set, "two"));
	assert_string_equal(held->name, "b"); /* held beyond the set */
	token_unref(held);
	token_set_free(set);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scopes),
		cmocka_unit_test(test_secret),
		cmocka_unit_test(test_digest),
		cmocka_unit_test(test_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
