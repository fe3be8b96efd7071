/* SPDX-License-Identifier: MIT */
#include "plain_mailbox.h"

#include <gmime/gmime.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *body, *name, *address;
} plain[] = {
	{ "a@b.example", NULL, "a@b.example" },
	{ "<a@b.example>", NULL, "a@b.example" },
	{ "Ann <a@b.example>", "Ann", "a@b.example" },
	{ "Ann B O'Neil-Q <a.b+c_d=e-f@b>", "Ann B O'Neil-Q", "a.b+c_d=e-f@b" },
	{ "\"B, Ann & Co.\" <a@b-c.example>", "B, Ann & Co.", "a@b-c.example" },
	{ "1 <2@3>", "1", "2@3" },
	{ "-@-", NULL, "-@-" },
	{ "\".\" <a@b>", ".", "a@b" },
};

static const char *const intricate[] = { "", " ", "a", "a@", "@b", "a@b ",
	" a@b", "a@b,", "a@b, c@d", "a@b (c)", "(c) a@b", "a@b.", "a@.b",
	"a@b..c", ".a@b", "a.@b", "a..c@b", "a@b@c", "a b@c", "<a@b", "a@b>",
	"<a@b>,", "<<a@b>>", "<a>", "< a@b>", "<>", "Ann<a@b>", "Ann  <a@b>",
	"Ann  B <a@b>", " Ann <a@b>", "Ann <a@b> ", "Ann <a@b> c",
	"Ann B. <a@b>", "Ann, B <a@b>", "Ann: a@b;", "Ann:;", "Ann@b <a@b>",
	"=?utf-8?q?Ann?= <a@b>", "\"=?utf-8?q?Ann?=\" <a@b>",
	"\"Ann \\\"B\\\"\" <a@b>", "\"Ann\\ B\" <a@b>", "\" Ann\" <a@b>",
	"\"Ann \" <a@b>", "\"\" <a@b>", "\"Ann <a@b>", "Ann\" <a@b>",
	"\"Ann\" \"B\" <a@b>", "\"Ann\"B <a@b>", "\"Ann\"<a@b>", "\"a\"@b",
	"a@[192.0.2.1]", "a@b\xc3\xbc", "J\xc3\xbc <a@b>", "Ann\t<a@b>",
	"a%b@c", "a!b@c", "<@x:a@b>", "Ann (B) <a@b>", "Ann <a@b>\n",
	"Ann \x01 <a@b>" };

/* GMime reads the same, and warns of nothing. */
static void
on_warning(gint64 offset, GMimeParserWarning warning, const gchar *item,
    gpointer object)
{
	(void)offset;
	(void)warning;
	fail_msg("%s: %s", (const char *)object, item);
}

static void
check_alike(const char *body, const char *name, const char *address)
{
	GMimeParserOptions *options = g_mime_parser_options_new();
	InternetAddressList *list;
	InternetAddress *first;
	const char *its;

	g_mime_parser_options_set_warning_callback(
	    options, on_warning, (void *)body);
	list = internet_address_list_parse(options, body);
	assert_non_null(list);
	assert_int_equal(internet_address_list_length(list), 1);
	first = internet_address_list_get_address(list, 0);
	assert_true(INTERNET_ADDRESS_IS_MAILBOX(first));
	assert_string_equal(address,
	    internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(first)));
	its = internet_address_get_name(first);
	assert_string_equal(name == NULL ? "" : name, its == NULL ? "" : its);
	g_object_unref(list);
	g_mime_parser_options_free(options);
}

static bool
read_alike(const char *body)
{
	g_autofree char *name = NULL, *address = NULL;
	bool read = plain_mailbox_read(body, &name, &address);

	if (read)
		check_alike(body, name, address);
	else
		assert_true(name == NULL && address == NULL);
	return read;
}

static void
test_plain(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(plain); i++) {
		g_autofree char *name = NULL, *address = NULL;

		if (!read_alike(plain[i].body))
			fail_msg("not read: %s", plain[i].body);
		plain_mailbox_read(plain[i].body, &name, &address);
		assert_true(g_strcmp0(name, plain[i].name) == 0);
		assert_string_equal(address, plain[i].address);
	}
}

static void
test_intricate(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(intricate); i++)
		if (read_alike(intricate[i]))
			fail_msg("read: %s", intricate[i]);
}

/* Bodies of the characters that matter, at random. */
static void
test_noise(void **state)
{
	static const char marks[] = "aB0.@<>\" -'+,&=";
	g_autoptr(GRand) random = g_rand_new_with_seed(31);
	unsigned read = 0;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		char body[12];
		int length = g_rand_int_range(random, 3, sizeof body);

		for (int k = 0; k < length; k++)
			body[k] = marks[g_rand_int_range(
			    random, 0, sizeof marks - 1)];
		body[length] = '\0';
		/* so that there is an address now and then */
		memcpy(body + length - 3, i % 2 == 0 ? "@b>" : "a@b", 3);
		read += read_alike(body);
	}
	assert_true(read > 500);
}

static int
start(void **state)
{
	(void)state;
	g_mime_init();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_intricate),
		cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
