/* SPDX-License-Identifier: MIT */
#include "cli.h"

#include "descent.h"
#include "ferry.h"
#include "online.h"
#include "summary.h"
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

static const char usage[] =
    "usage: postferry check [--config FILE] [--online [--json]]\n"
    "\n"
    "Reads the settings and says what is wrong with them, all of it, or "
    "that they are\n"
    "fine.\n"
    "\n"
    "  --online  then asks each provider how our account there is (key, "
    "domain, TLS),\n"
    "            without sending mail, and says what it found and what to "
    "do\n"
    "  --json    print that alone, as one JSON object\n"
    "\n" CLI_SOURCES "\n"
    "Exit codes: 0 fine; 69 a provider cannot be reached or would not take "
    "our mail;\n78 errors in the settings.\n";

struct check {
	const char *path; /* NULL: no --config */
	bool online, json;
};

static void
print_source(const char *path)
{
	if (path != NULL)
		printf("  file: %s\n", path);
	else
		printf("  file: none (" SETTINGS_PATH
		       " is not there), the environment alone\n");
}

static void
print_settings(struct config *config, const char *path)
{
	g_autofree char *ignored = settings_ignored(path, environ);

	printf("The settings are fine.\n");
	print_source(path);
	summary_print(config);
	if (ignored != NULL)
		printf("  not looked at: %s; they count only when there is no "
		       "settings file\n",
		    ignored);
}

/* The last thing that is done: we are not root any more. */
static void
print_unreadable(struct config *config)
{
	g_autoptr(GPtrArray) texts = descent_foresee(config);

	for (unsigned i = 0; i < texts->len; i++)
		printf("  warning: the daemon's user cannot read %s; the start "
		       "reads it as root, then it cannot be read again: a "
		       "change of it counts from the next start on; let that "
		       "user read it (chgrp, chmod g+r)\n",
		    (const char *)texts->pdata[i]);
}

static bool
read_options(int argc, char **argv, struct check *check, int *exit_code)
{
	const struct cli_flag flags[] = {
		{ "online", &check->online },
		{ "json", &check->json },
		{ NULL, NULL },
	};
	const struct cli_usage options = { usage, flags };

	if (!cli_read_options(argc, argv, &options, &check->path, exit_code))
		return false;
	if (check->online || !check->json)
		return true;
	fputs("postferry check: --json goes with --online\n", stderr);
	*exit_code = EX_USAGE;
	return false;
}

int
cli_check(int argc, char **argv)
{
	struct settings settings;
	struct check check = { .path = NULL };
	int exit_code;

	if (!read_options(argc, argv, &check, &exit_code))
		return exit_code;
	settings_collect(&settings);
	check.path = settings_find(check.path);
	struct config *config = cli_load(&settings, check.path);
	if (config == NULL)
		return EX_CONFIG;
	exit_code = EX_OK;
	if (!check.json)
		print_settings(config, check.path);
	if (check.online) {
		ferry_prepare_process();
		fflush(stdout);
		exit_code = online_check(config, check.json);
	}
	if (!check.json)
		print_unreadable(config);
	config_unref(config);
	return exit_code;
}
