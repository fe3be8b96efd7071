/* SPDX-License-Identifier: MIT */
/*
 * What is left of a secret when the settings are gone: each block that is freed
 * is looked through.  The text of the file itself is GKeyFile's, too, which
 * wipes nothing: secrets that are to leave no trace come from a file of their
 * own, or from the environment.
 */
#include "wiped.h"

#include "core/config.h"

#include <glib/gstdio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char secret[] = "canary-of-a-secret-7c0ffee";

static const struct setting rows[] = {
	{ "server", "from_file", SETTING_SECRET, .help = "A." },
	{ "server", "from_environment", SETTING_SECRET, .help = "A." },
	{ .section = NULL },
};
static const struct setting *const tables[] = { rows, NULL };

static char *
write_file(const char *text)
{
	char *path = NULL;
	int fd = g_file_open_tmp("wiped-XXXXXX", &path, NULL);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	return path;
}

static void
test_settings(void **state)
{
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *path = write_file(secret);
	g_autofree char *text =
	    g_strdup_printf("[server]\nfrom_file_file = %s\n", path);
	g_autofree char *settings = write_file(text);
	char variable[80];
	char *environment[] = { variable, NULL };
	struct config_source source = {
		.path = settings,
		.environment = environment,
	};
	struct config *config;

	(void)state;
	wiped_secrets[0] = secret;
	snprintf(variable, sizeof(variable),
	    "POSTFERRY_SERVER_FROM_ENVIRONMENT=%s", secret);
	config = config_read(&source, tables, errors);
	if (config == NULL)
		fail_msg("%s", (char *)errors->pdata[0]);
	assert_string_equal(
	    config_string(config, "server", "from_file"), secret);
	assert_string_equal(
	    config_string(config, "server", "from_environment"), secret);
	config_unref(config);
	assert_int_equal(wiped_found, 0);
	g_unlink(settings);
	g_unlink(path);
}

/* The look itself. */
static void
test_look(void **state)
{
	unsigned before = wiped_found;

	(void)state;
	g_free(g_strconcat("before ", secret, NULL));
	assert_int_equal(wiped_found, before + 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_look),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
