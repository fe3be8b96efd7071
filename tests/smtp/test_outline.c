/* SPDX-License-Identifier: MIT */
/* What a person is told of a listener, and which of them stand in each other's
 * way. */
#include "secure.h"

#include "smtp/outline.h"

#define ADDRESS "[listener l]\naddress = 127.0.0.1:2525\n"

/* Puts the folder where %s is. */
static char *
place(const char *folder, const char *text)
{
	g_auto(GStrv) parts = g_strsplit(text, "%s", -1);

	return g_strjoinv(folder, parts);
}

static struct config *
read_config(const char *folder, const char *settings)
{
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *text = place(folder, settings);
	struct config *config = stand_config(text, errors);

	if (config == NULL)
		fail_msg("%s", (const char *)errors->pdata[0]);
	return config;
}

/* Patterns (* and ?) of all that is told of the listener. */
static const struct {
	const char *name, *settings, *pattern;
} rows[] = {
	{ "nothing said", ADDRESS,
	    "127.0.0.1:2525, SMTP, answer queued\nTLS: off\nAUTH: off\n"
	    "may send: 127.0.0.0/8, ::1\n" },
	{ "LMTP behind a proxy",
	    ADDRESS "protocol = lmtp\nanswer = delivered\nproxy = 10.0.0.2\n"
		    "allow = 10.0.0.0/8, 2001:db8::/32\n",
	    "127.0.0.1:2525, LMTP, answer delivered\nTLS: off\nAUTH: off\n"
	    "may send: 10.0.0.0/8, 2001:db8::/32\n"
	    "behind proxies, which must say PROXY: 10.0.0.2\n" },
	{ "a Unix socket",
	    "[listener l]\naddress = unix:%s/socket\nproxy = unix\n",
	    "unix:*/socket, SMTP, answer queued\nTLS: off\nAUTH: off\n"
	    "may send: whoever may write to the socket\n"
	    "behind proxies, which must say PROXY: whoever may write *\n" },
	{ "a socket without a folder",
	    "[listener l]\naddress = unix:%s/none/socket\n",
	    "unix:*\nwarning: there is no folder */none (No such file *): "
	    "unless it is made before *\nTLS: off\n*" },
	{ "a certificate",
	    ADDRESS "tls = required\ntls_certificate = %s/good.pem\n"
		    "tls_client_ca = %s/good.pem\n",
	    "*\nTLS: required (STARTTLS), 1.2 or newer\n"
	    "certificate for mx.example.com, until 2*Z (*/good.pem)\n"
	    "AUTH: off\nmay send: 127.0.0.0/8, ::1, clients with a "
	    "certificate of tls_client_ca\n" },
	{ "one that ends soon",
	    ADDRESS "tls = implicit\ntls_certificate = %s/soon.pem\n",
	    "*\nTLS: implicit (from the first byte), 1.2 or newer\n"
	    "certificate for *\nwarning: the certificate in */soon.pem ends "
	    "in ? days: put a new one there before\nAUTH*" },
	{ "one that has ended", ADDRESS "tls_certificate = %s/ended.pem\n",
	    "*\nTLS: offered (STARTTLS), *\nwarning: the certificate in "
	    "*/ended.pem has ended: *\nAUTH*" },
	{ "users",
	    "[server]\nusers = %s/users\n" ADDRESS "allow = none\n"
	    "tls_certificate = %s/good.pem\n",
	    "*\nAUTH: the 1 user of */users\nmay send: users that log in\n" },
	{ "users without TLS",
	    "[server]\nusers = %s/nobody\n" ADDRESS "auth_plaintext = yes\n",
	    "*\nAUTH: the 0 users of */nobody, also without TLS\n"
	    "warning: */nobody has no user, so nobody can log in: *\n"
	    "may send: 127.0.0.0/8, ::1, users that log in\n" },
	{ "anybody", ADDRESS "auth = any\n",
	    "*\nAUTH: any name with any password*\nmay send*" },
};

static void
test_outlines(void **state)
{
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct config *config = read_config(*state, rows[i].settings);
		g_autoptr(GPtrArray) lines = outline_listener(config, "l");
		g_autofree char *text = NULL;

		g_ptr_array_add(lines, g_strdup(""));
		g_ptr_array_add(lines, NULL);
		text = g_strjoinv("\n", (char **)lines->pdata);
		if (!g_pattern_match_simple(rows[i].pattern, text))
			fail_msg("%s: %s", rows[i].name, text);
		config_unref(config);
	}
}

/* Two addresses, and whether both can be listened on. */
static const struct {
	const char *one, *other;
	bool good;
} pairs[] = {
	{ "127.0.0.1:25", "127.0.0.1:26", true },
	{ "127.0.0.1:25", "127.0.0.1:25", false },
	{ "localhost:25", "127.0.0.1:25", false },
	{ "127.0.0.1:25", "127.0.0.2:25", true },
	{ "127.0.0.1:25", "0.0.0.0:25", false },
	{ "0.0.0.0:25", "10.0.0.1:26", true },
	{ "0.0.0.0:25", "[::]:25", true },
	{ "[::]:25", "[::1]:25", false },
	{ "127.0.0.1:0", "127.0.0.1:0", true },
	{ "unix:/a/b", "unix:/a/b", false },
	{ "unix:/a/b", "unix:/a/c", true },
};

static void
test_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++) {
		g_autoptr(GPtrArray) errors =
		    g_ptr_array_new_with_free_func(g_free);
		g_autofree char *text =
		    g_strdup_printf("[listener a]\naddress = %s\n"
				    "[listener b]\naddress = %s\n",
			pairs[i].one, pairs[i].other);
		struct config *config = read_config("", text);

		if (server_check(config, errors) != pairs[i].good)
			fail_msg("%s, %s", pairs[i].one, pairs[i].other);
		if (!pairs[i].good)
			assert_non_null(strstr(
			    errors->pdata[0], ":4: [listener b] address = "));
		config_unref(config);
	}
}

static int
build(void **state)
{
	static const struct wanted wanted[] = {
		{ .file = "good.pem", .names = "DNS:mx.example.com" },
		{ .file = "soon.pem", .names = "DNS:a.example", .days = 3 },
		{ .file = "ended.pem", .names = "DNS:b.example", .days = -1 },
	};
	char *folder = secure_folder();
	g_autofree char *users = secure_path(folder, "users");
	g_autofree char *nobody = secure_path(folder, "nobody");

	for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++)
		secure_write(folder, &wanted[i]);
	g_file_set_contents_full(users,
	    "shop:$y$j9T$abcdefghijkl$abcdefghijklmnopqrstuvwxyzabcdefghijk"
	    "lmnopq:\n",
	    -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL);
	g_file_set_contents_full(
	    nobody, "", -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL);
	*state = folder;
	return 0;
}

static int
raze(void **state)
{
	secure_remove(*state);
	g_free(*state);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_outlines),
		cmocka_unit_test(test_addresses),
	};

	return cmocka_run_group_tests(tests, build, raze);
}
