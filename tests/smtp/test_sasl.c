/* SPDX-License-Identifier: MIT */
#include "sasl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* What is said is base64 of what is given here, but what begins with an
 * exclamation mark is said as it is. */
struct word {
	const char *bytes;
	size_t length;
};

#define SAY(text)                      \
	{                              \
		text, sizeof(text) - 1 \
	}
#define NOTHING SAY("!-") /* no initial response */

static const struct {
	const char *name, *mechanism;
	struct word said[3];
	enum sasl_step steps[3];
	const char *user, *password;
} rows[] = {
	{ "PLAIN", "PLAIN", { SAY("\0joe\0secret") }, { SASL_DONE }, "joe",
	    "secret" },
	{ "plain in lower case", "plain", { SAY("\0joe\0secret") },
	    { SASL_DONE }, "joe", "secret" },
	{ "PLAIN, asked", "PLAIN", { NOTHING, SAY("\0joe\0secret") },
	    { SASL_ASKS, SASL_DONE }, "joe", "secret" },
	{ "PLAIN, for itself", "PLAIN", { SAY("joe\0joe\0secret") },
	    { SASL_DONE }, "joe", "secret" },
	{ "PLAIN, for another", "PLAIN", { SAY("ann\0joe\0secret") },
	    { SASL_REFUSED }, NULL, NULL },
	{ "PLAIN, for one that begins alike", "PLAIN",
	    { SAY("jo\0joe\0secret") }, { SASL_REFUSED }, NULL, NULL },
	{ "PLAIN without a password", "PLAIN", { SAY("\0joe\0") },
	    { SASL_DONE }, "joe", "" },
	{ "PLAIN without a name", "PLAIN", { SAY("\0\0secret") },
	    { SASL_REFUSED }, NULL, NULL },
	{ "PLAIN with other letters", "PLAIN",
	    { SAY("\0j\xc3\xb6\0p\xc3\xa4ss") }, { SASL_DONE }, "j\xc3\xb6",
	    "p\xc3\xa4ss" },
	{ "PLAIN with one NUL", "PLAIN", { SAY("joe\0secret") }, { SASL_BAD },
	    NULL, NULL },
	{ "PLAIN without NUL", "PLAIN", { SAY("joe") }, { SASL_BAD }, NULL,
	    NULL },
	{ "PLAIN with three NULs", "PLAIN", { SAY("\0joe\0sec\0ret") },
	    { SASL_BAD }, NULL, NULL },
	{ "PLAIN with a NUL behind", "PLAIN", { SAY("\0joe\0secret\0") },
	    { SASL_BAD }, NULL, NULL },
	{ "PLAIN, empty", "PLAIN", { SAY("!=") }, { SASL_BAD }, NULL, NULL },
	{ "PLAIN, CR LF in the password", "PLAIN", { SAY("\0joe\0a\r\nb") },
	    { SASL_REFUSED }, NULL, NULL },
	{ "PLAIN, LF in the name", "PLAIN", { SAY("\0jo\ne\0secret") },
	    { SASL_REFUSED }, NULL, NULL },
	{ "PLAIN, DEL in the name", "PLAIN", { SAY("\0jo\x7f\0secret") },
	    { SASL_REFUSED }, NULL, NULL },
	{ "cancelled", "PLAIN", { NOTHING, SAY("!*") },
	    { SASL_ASKS, SASL_CANCELLED }, NULL, NULL },
	{ "\"=\" is no response but the first", "PLAIN", { NOTHING, SAY("!=") },
	    { SASL_ASKS, SASL_BAD }, NULL, NULL },
	{ "no base64", "PLAIN", { SAY("!joe secret") }, { SASL_BAD }, NULL,
	    NULL },
	{ "base64 with a blank", "PLAIN", { SAY("!AGpv ZQBzZWNyZXQ=") },
	    { SASL_BAD }, NULL, NULL },
	{ "base64 without its end", "PLAIN", { SAY("!AGpvZQBzZWNyZXQ") },
	    { SASL_BAD }, NULL, NULL },
	{ "base64 with too much of an end", "PLAIN",
	    { SAY("!AGpvZQBzZWNyZXQ==") }, { SASL_BAD }, NULL, NULL },
	{ "base64 that goes on behind its end", "PLAIN",
	    { SAY("!AGpvZQBzZWNyZXQ=AAAA") }, { SASL_BAD }, NULL, NULL },
	{ "base64 with bits behind its end", "PLAIN",
	    { SAY("!AGpvZQBzZWNyZXR=") }, { SASL_BAD }, NULL, NULL },
	{ "base64 of URLs", "PLAIN", { SAY("!AGpvZQBzZWNyZXQ_") }, { SASL_BAD },
	    NULL, NULL },
	{ "base64 with an end alone", "PLAIN", { SAY("!====") }, { SASL_BAD },
	    NULL, NULL },

	{ "LOGIN", "LOGIN", { NOTHING, SAY("joe"), SAY("secret") },
	    { SASL_ASKS, SASL_ASKS, SASL_DONE }, "joe", "secret" },
	{ "Login with the name at once", "Login", { SAY("joe"), SAY("secret") },
	    { SASL_ASKS, SASL_DONE }, "joe", "secret" },
	{ "LOGIN without a password", "LOGIN",
	    { NOTHING, SAY("joe"), SAY("!") },
	    { SASL_ASKS, SASL_ASKS, SASL_DONE }, "joe", "" },
	{ "LOGIN without a name", "LOGIN", { SAY("!="), SAY("secret") },
	    { SASL_ASKS, SASL_REFUSED }, NULL, NULL },
	{ "LOGIN, NUL in the name", "LOGIN", { SAY("j\0e"), SAY("secret") },
	    { SASL_ASKS, SASL_REFUSED }, NULL, NULL },
	{ "LOGIN, CR in the password", "LOGIN", { SAY("joe"), SAY("a\rb") },
	    { SASL_ASKS, SASL_REFUSED }, NULL, NULL },
	{ "LOGIN, cancelled at the password", "LOGIN",
	    { NOTHING, SAY("joe"), SAY("!*") },
	    { SASL_ASKS, SASL_ASKS, SASL_CANCELLED }, NULL, NULL },
	{ "LOGIN, no base64", "LOGIN", { NOTHING, SAY("!joe") },
	    { SASL_ASKS, SASL_BAD }, NULL, NULL },
};

static enum sasl_step
say(struct sasl *sasl, const struct word *word)
{
	g_autofree char *text = NULL;

	if (strcmp(word->bytes, "!-") == 0)
		return sasl_take(sasl, NULL);
	if (*word->bytes == '!')
		return sasl_take(sasl, word->bytes + 1);
	text = g_base64_encode((const guchar *)word->bytes, word->length);
	return sasl_take(sasl, text);
}

static void
test_exchanges(void **state)
{
	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct sasl *sasl = sasl_new(rows[i].mechanism);

		assert_non_null(sasl);
		for (unsigned n = 0; n < 3 && rows[i].said[n].bytes != NULL;
		     n++)
			if (say(sasl, &rows[i].said[n]) != rows[i].steps[n])
				fail_msg("%s: response %u", rows[i].name, n);
		if (rows[i].user != NULL) {
			assert_string_equal(sasl_name(sasl), rows[i].user);
			assert_string_equal(
			    sasl_password(sasl), rows[i].password);
		}
		sasl_free(sasl);
	}
}

static void
test_challenges(void **state)
{
	struct sasl *plain = sasl_new("PLAIN"), *login = sasl_new("LOGIN");

	(void)state;
	assert_int_equal(sasl_take(plain, NULL), SASL_ASKS);
	assert_string_equal(sasl_challenge(plain), "");
	assert_int_equal(sasl_take(login, NULL), SASL_ASKS);
	assert_string_equal(sasl_challenge(login), "VXNlcm5hbWU6");
	assert_int_equal(sasl_take(login, "am9l"), SASL_ASKS);
	assert_string_equal(sasl_challenge(login), "UGFzc3dvcmQ6");
	sasl_free(plain);
	sasl_free(login);
}

/* A password is as long as a line lets it be. */
static void
test_long(void **state)
{
	struct sasl *sasl = sasl_new("PLAIN");
	g_autofree char *bytes = g_malloc0(9000);
	g_autofree char *text = NULL;

	(void)state;
	memset(bytes + 1, 'n', 1);
	memset(bytes + 3, 'p', 8997);
	text = g_base64_encode((const guchar *)bytes, 9000);
	assert_true(strlen(text) < SASL_LINE_MAX);
	assert_int_equal(sasl_take(sasl, text), SASL_DONE);
	assert_int_equal(strlen(sasl_password(sasl)), 8997);
	sasl_forget(sasl);
	assert_null(sasl_password(sasl));
	assert_string_equal(sasl_name(sasl), "n");
	sasl_free(sasl);
}

static void
test_mechanisms(void **state)
{
	static const char *const others[] = { "", "CRAM-MD5", "PLAINER",
		"XOAUTH2", "EXTERNAL", "PLAI" };

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(others); i++)
		assert_null(sasl_new(others[i]));
	sasl_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exchanges),
		cmocka_unit_test(test_challenges),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_mechanisms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
