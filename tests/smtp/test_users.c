/* SPDX-License-Identifier: MIT */
#include "smtp/users.h"

#include <crypt.h>
#include <glib/gstdio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define TAIL     "0123456789012345678901234567890123456789012"
#define FIVE     "$y$j9T$salt$" TAIL
#define ONE      "$y$j75$salt$" TAIL
#define BLOWFISH "$2b$05$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZabcde"

#define DIGEST                             \
	"ba7816bf8f01cfea414140de5dae2223" \
	"b00361a396177a9cb410ff61f20015ad" /* of abc */

static const struct {
	const char *name, *text, *fault;
} faults[] = {
	{ "no hash", "joe\n", "F:1: expected NAME:HASH:SENDERS" },
	{ "empty hash", "joe:\n", "F:1: what stands behind joe: is no hash" },
	{ "a password", "joe:secret\n",
	    "F:1: the hash of joe is of an old kind" },
	{ "a locked one", "joe:!\n",
	    "F:1: what stands behind joe: is no hash" },
	{ "an old one", "joe:$1$salt$abcdefghijklmnopqrstuv\n",
	    "F:1: the hash of joe is of an old kind" },
	{ "cut short", "joe:$y$j9T$salt$abc\n",
	    "F:1: what stands behind joe: is no hash of a password as in "
	    "crypt(5), or not all of one" },
	{ "blank in the name", "jo e:" FIVE "\n", "F:1: expected NAME:HASH" },
	{ "no name", ":" FIVE "\n", "F:1: expected NAME:HASH" },
	{ "other letters", "j\xc3\xb6:" FIVE "\n", "F:1: expected NAME:HASH" },
	{ "twice", "joe:" FIVE "\n\n#\njoe:" FIVE "\n",
	    "F:4: there is a user joe already" },
	{ "sender", "joe:" FIVE ":a@b.example, a b@c.example\n",
	    "F:1: \"a b@c.example\" is no sender for joe; expected "
	    "addresses" },
	{ "sender's domain", "joe:" FIVE ":@-\n", "F:1: \"@-\" is no sender" },
	{ "a token without scopes", "app:$token$$" DIGEST "\n",
	    "F:1: what stands behind app: is not all of a token" },
	{ "a token with another scope", "app:$token$send,root$" DIGEST "\n",
	    "F:1: what stands behind app: is not all of a token" },
	{ "a token cut short", "app:$token$send$ba7816bf\n",
	    "F:1: what stands behind app: is not all of a token; expected "
	    "$token$SCOPES$DIGEST with scopes of send, read, operate; make it "
	    "with `postferry user token app --scope send`" },
	{ "a token of a user's name",
	    "joe:" FIVE "\njoe:$token$send$" DIGEST "\n",
	    "F:2: there is a user joe already" },
	{ "a comma too many", "joe:" FIVE ":a@b.example,\n",
	    "F:1: \"\" is no sender" },
	{ "all at once", "joe\n# fine\nann:x:y\nkim:" FIVE ":z\n",
	    "F:1: expected NAME:HASH:SENDERS, the name in up to 128 printable "
	    "ASCII characters without blanks\nF:3: what stands behind ann: is "
	    "no hash of a password as in crypt(5), or not all of one; make it "
	    "with `postferry user add ann`\nF:3: \"y\" is no sender for ann; "
	    "expected addresses and domains separated by commas, like "
	    "shop@example.com or @example.com\nF:4: \"z\" is no sender for "
	    "kim" },
};

static void
test_faults(void **state)
{
	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(faults); i++) {
		g_autoptr(GError) error = NULL;

		assert_null(users_parse("F", faults[i].text, &error));
		if (!g_str_has_prefix(error->message, faults[i].fault))
			fail_msg("%s: %s", faults[i].name, error->message);
	}
}

/* Of another file in its place the first faults are told. */
static void
test_many_faults(void **state)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	g_auto(GStrv) lines = NULL;

	(void)state;
	for (unsigned i = 0; i < 20; i++)
		g_string_append_printf(text, "x%u:y\n", i);
	assert_null(users_parse("F", text->str, &error));
	lines = g_strsplit(error->message, "\n", -1);
	assert_int_equal(g_strv_length(lines), 20);
	g_clear_error(&error);
	g_clear_pointer(&lines, g_strfreev);
	g_string_append(text, "joe\nann:" FIVE ":a,b\n");
	assert_null(users_parse("F", text->str, &error));
	lines = g_strsplit(error->message, "\n", -1);
	assert_int_equal(g_strv_length(lines), 21);
	assert_true(g_str_has_prefix(lines[19], "F:20: "));
	assert_string_equal(lines[20], "F: and 3 more");
}

static void
test_users(void **state)
{
	struct users *users = users_parse("F",
	    "# users\n"
	    "joe:" FIVE "\r\n"
	    "ann:" BLOWFISH ": a@B.example ,@Sub.B\xc3\xbc.example\n"
	    "kim@x.example:" FIVE ":",
	    NULL);
	const struct user *ann;

	(void)state;
	assert_int_equal(users_count(users), 3);
	assert_string_equal(users_find(users, "joe")->hash, FIVE);
	assert_null(users_find(users, "joe")->senders);
	assert_null(users_find(users, "Joe"));
	assert_null(users_find(users, ""));
	ann = users_find(users, "ann");
	assert_ptr_equal(ann, users_at(users, 1));
	assert_string_equal(ann->senders[0], "a@b.example");
	assert_string_equal(ann->senders[1], "@sub.xn--b-eha.example");
	assert_null(ann->senders[2]);
	assert_null(users_find(users, "kim@x.example")->senders);
	users_free(users);
	users_free(NULL);
}

static const struct {
	const char *name, *text, *start;
} dummies[] = {
	{ "none", "", "$y$j9T$" },
	{ "one", "a:" ONE "\n", ONE },
	{ "the most", "a:" ONE "\nb:" FIVE "\nc:" FIVE "\n", FIVE },
	{ "the first of two", "a:" BLOWFISH "\nb:" FIVE "\n", BLOWFISH },
	{ "by kind, not by salt",
	    "a:" BLOWFISH "\nb:" ONE "\nc:$y$j75$tlas$" TAIL "\n", ONE },
	{ "SHA-512", "a:$6$salt$" TAIL "\n", "$6$salt$" },
};

/* Nobody has it, it is of the usual cost, and what crypt(3) makes of it is
 * really made. */
static void
test_dummy(void **state)
{
	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(dummies); i++) {
		struct users *users = users_parse("F", dummies[i].text, NULL);
		const char *dummy = users_dummy(users);
		size_t length = MIN(strlen(dummies[i].start), 7);
		struct crypt_data data = { 0 };

		assert_non_null(users);
		assert_memory_equal(dummy, dummies[i].start, length);
		for (unsigned n = 0; n < users_count(users); n++)
			assert_string_not_equal(
			    dummy, users_at(users, n)->hash);
		assert_memory_equal(
		    crypt_r("secret", dummy, &data), dummies[i].start, length);
		users_free(users);
	}
}

static void
test_hashes(void **state)
{
	g_autofree char *hash = users_hash("p\xc3\xa4ss word", 1);
	g_autofree char *other = users_hash("p\xc3\xa4ss word", 1);
	g_autofree char *line = g_strdup_printf("joe:%s\n", hash);
	struct users *users = users_parse("F", line, NULL);

	(void)state;
	assert_true(g_str_has_prefix(hash, "$y$"));
	assert_string_not_equal(hash, other);
	assert_true(users_verify(hash, "p\xc3\xa4ss word"));
	assert_false(users_verify(hash, "p\xc3\xa4ss wort"));
	assert_false(users_verify(hash, ""));
	assert_false(users_verify("*0", "x"));
	assert_false(users_verify("", ""));
	assert_false(users_verify(users_dummy(users), "p\xc3\xa4ss word"));
	assert_null(users_hash("x", 99));
	users_free(users);
}

static const struct {
	const char *name, *text;
	mode_t mode;
	const char *fault;
} files[] = {
	{ "good", "joe:" FIVE "\n", 0640, NULL },
	{ "empty", "", 0600, NULL },
	{ "public", "joe:" FIVE "\n", 0644,
	    "can be read by everybody on this host (mode 0644)" },
	{ "faulty", "joe\n", 0600, ":1: expected NAME:HASH" },
};

static void
test_files(void **state)
{
	g_autofree char *folder = g_dir_make_tmp("users-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(folder, "users", NULL);
	g_autoptr(GError) missing = NULL;

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autoptr(GError) error = NULL;
		struct users *users;

		assert_true(g_file_set_contents(path, files[i].text, -1, NULL));
		assert_int_equal(chmod(path, files[i].mode), 0);
		users = users_read(path, &error);
		if ((users != NULL) != (files[i].fault == NULL))
			fail_msg("%s: %s", files[i].name,
			    users != NULL ? "taken" : error->message);
		if (users == NULL)
			assert_non_null(strstr(error->message, files[i].fault));
		users_free(users);
	}
	g_autofree char *large = g_strnfill(USERS_FILE_MAX + 1, '\n');
	assert_true(g_file_set_contents(path, large, USERS_FILE_MAX + 1, NULL));
	assert_null(users_read(path, &missing));
	assert_non_null(strstr(missing->message, "than 2097152 bytes"));
	g_clear_error(&missing);
	assert_true(g_file_set_contents(path, "a\0b", 3, NULL));
	assert_null(users_read(path, &missing));
	assert_non_null(strstr(missing->message, "holds NUL bytes"));
	g_clear_error(&missing);
	g_unlink(path);
	assert_null(users_read(path, &missing));
	assert_non_null(strstr(missing->message, path));
	g_rmdir(folder);
}

static const struct {
	const char *name;
	bool good;
} names[] = {
	{ "joe", true },
	{ "joe@example.com", true },
	{ "a+b-c_d.e/f", true },
	{ "", false },
	{ "#joe", false },
	{ "j:e", false },
	{ "j e", false },
	{ "j\te", false },
	{ "j\x7f", false },
	{ "j\xc3\xb6", false },
};

static void
test_names(void **state)
{
	g_autofree char *longest = g_strnfill(USERS_NAME_MAX, 'n');
	g_autofree char *longer = g_strnfill(USERS_NAME_MAX + 1, 'n');

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
		if (users_is_name(names[i].name) != names[i].good)
			fail_msg("\"%s\"", names[i].name);
	assert_true(users_is_name(longest));
	assert_false(users_is_name(longer));
}

static void
test_tokens(void **state)
{
	g_autoptr(GError) error = NULL;
	struct users *users = users_parse("F",
	    "joe:" FIVE "\n"
	    "app:$token$read,send$" DIGEST ":@shop.example, a@b.example\n"
	    "any:$token$operate$" DIGEST "\n",
	    &error);
	GPtrArray *tokens = users_tokens(users);
	const struct token *app = tokens->pdata[0], *any = tokens->pdata[1];

	(void)state;
	assert_int_equal(users_count(users), 3);
	assert_int_equal(users_token_count(users), 2);
	assert_int_equal(tokens->len, 2);
	assert_string_equal(app->name, "app");
	assert_string_equal(app->digest, DIGEST);
	assert_int_equal(app->scopes, SCOPE_SEND | SCOPE_READ);
	assert_string_equal(app->senders[0], "@shop.example");
	assert_string_equal(app->senders[1], "a@b.example");
	assert_string_equal(any->name, "any");
	assert_null(any->senders);
	/* nobody logs in with one */
	assert_non_null(users_find_login(users, "joe"));
	assert_non_null(users_find(users, "app"));
	assert_null(users_find_login(users, "app"));
	assert_null(users_find_login(users, "nobody"));
	assert_true(users_verify(users_find(users, "app")->hash, "abc"));
	assert_false(users_verify(users_find(users, "app")->hash, "abd"));
	g_ptr_array_set_free_func(tokens, (GDestroyNotify)token_unref);
	g_ptr_array_unref(tokens);
	users_free(users);
}

static void
test_token_hash(void **state)
{
	g_autofree char *hash = users_token_hash(SCOPE_READ, "abc");

	(void)state;
	assert_string_equal(hash, "$token$read$" DIGEST);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_many_faults),
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_token_hash),
		cmocka_unit_test(test_users),
		cmocka_unit_test(test_dummy),
		cmocka_unit_test(test_hashes),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
