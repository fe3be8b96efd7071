/* SPDX-License-Identifier: MIT */
#include "circle.h"

#include "smtp/server.h"
#include <glib/gstdio.h>
#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const struct setting provider_settings[] = {
	{ "provider", "host", SETTING_HOST, .help = "-" },
	{ "provider", "port", SETTING_NUMBER, "587", .min = 1, .max = 65535 },
	{ .section = NULL },
};

static unsigned asked;

/* The names of the rows below; numbers need no DNS. */
static int
look_up(const char *host, const char *service, const struct addrinfo *hints,
    struct addrinfo **result)
{
	struct addrinfo numeric = *hints;

	asked++;
	numeric.ai_flags = AI_NUMERICHOST;
	if (strcmp(host, "loop.example") == 0)
		return getaddrinfo("127.0.0.1", service, &numeric, result);
	if (strcmp(host, "loop6.example") == 0)
		return getaddrinfo("::1", service, &numeric, result);
	if (strcmp(host, "far.example") == 0)
		return getaddrinfo("192.0.2.7", service, &numeric, result);
	return EAI_NONAME;
}

static const struct {
	const char *name, *listener, *host;
	unsigned port;
	bool at_once; /* told without DNS */
	bool told;    /* told when DNS was asked */
	bool asks;
} rows[] = {
	{ "itself", "127.0.0.1:25", "127.0.0.1", 25, true, false, false },
	{ "another port", "127.0.0.1:25", "127.0.0.1", 26, false, false,
	    false },
	{ "another of loopback", "127.0.0.1:25", "127.0.0.2", 25, false, false,
	    false },
	{ "at all addresses", "0.0.0.0:25", "127.0.0.2", 25, true, false,
	    false },
	{ "IPv6", "[::1]:25", "::1", 25, true, false, false },
	{ "all of IPv6", "[::]:25", "::1", 25, true, false, false },
	{ "IPv6 is not IPv4", "[::]:25", "127.0.0.1", 25, false, false, false },
	{ "far away", "0.0.0.0:25", "192.0.2.7", 25, false, false, false },
	{ "a name of ours", "127.0.0.1:25", "localhost", 25, true, false,
	    false },
	{ "our name", "0.0.0.0:25", "Ferry.example.com", 25, true, false,
	    false },
	{ "a name that leads here", "127.0.0.1:25", "loop.example", 25, false,
	    true, true },
	{ "at all addresses, by name", "0.0.0.0:25", "loop.example", 25, false,
	    true, true },
	{ "by IPv6", "[::]:25", "loop6.example", 25, false, true, true },
	{ "by the other family", "0.0.0.0:25", "loop6.example", 25, false,
	    false, true },
	{ "a name at another port", "0.0.0.0:25", "loop.example", 587, false,
	    false, false },
	{ "a name far away", "0.0.0.0:25", "far.example", 25, false, false,
	    true },
	{ "a name that is none", "0.0.0.0:25", "none.example", 25, false, false,
	    true },
	{ "a Unix socket", "unix:/run/x", "loop.example", 25, false, false,
	    false },
};

static struct config *
read_settings(size_t row)
{
	const struct setting *tables[16] = { provider_settings };
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *path = NULL;
	g_autofree char *text = g_strdup_printf(
	    "[server]\nhostname = ferry.example.com\n[listener in]\naddress = "
	    "%s\n[provider next]\nhost = %s\nport = %u\n",
	    rows[row].listener, rows[row].host, rows[row].port);
	struct config_source source = { 0 };
	struct config *config;
	int fd = g_file_open_tmp("circle-XXXXXX", &path, NULL);

	for (unsigned i = 0; server_tables[i] != NULL; i++)
		tables[i + 1] = server_tables[i];
	close(fd);
	g_file_set_contents(path, text, -1, NULL);
	source.path = path;
	config = config_read(&source, tables, errors);
	g_unlink(path);
	if (config == NULL)
		fail_msg("%s: %s", rows[row].name, (char *)errors->pdata[0]);
	return config;
}

static void
expect(size_t row, const GPtrArray *errors, bool told)
{
	if (errors->len != (told ? 1 : 0) ||
	    (told && !strstr(errors->pdata[0], "is our own [listener in]")))
		fail_msg("%s: %u errors, %s", rows[row].name, errors->len,
		    errors->len > 0 ? (char *)errors->pdata[0] : "none");
}

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GPtrArray) known =
		    g_ptr_array_new_with_free_func(g_free);
		g_autoptr(GPtrArray) found =
		    g_ptr_array_new_with_free_func(g_free);
		struct config *config = read_settings(i);

		circle_check(config, known);
		expect(i, known, rows[i].at_once);
		asked = 0;
		circle_resolve(config, look_up, found);
		expect(i, found, rows[i].told);
		if (asked != rows[i].asks)
			fail_msg("%s: asked %u times", rows[i].name, asked);
		config_unref(config);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
