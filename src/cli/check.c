/* SPDX-License-Identifier: MIT */
#include "cli.h"

#include <stdio.h>
#include <sysexits.h>

static const struct cli_usage usage = {
	"usage: postferry check [--config FILE]\n"
	"\n"
	"Reads the settings and says what is wrong with them, all of it, or "
	"that they are\n"
	"fine.  Without --config: " SETTINGS_PATH " when it is\n"
	"there, and the environment.  Exit code 0: fine; 78: errors.\n",
};

static void
print_names(const struct config *config, const char *kind)
{
	const char *const *names = config_names(config, kind);

	printf("  %ss:", kind);
	for (; *names != NULL; names++)
		printf(" %s", *names);
	printf("\n");
}

int
cli_check(int argc, char **argv)
{
	struct settings settings;
	const char *path;
	int exit_code;

	if (!cli_read_options(argc, argv, &usage, &path, &exit_code))
		return exit_code;
	settings_collect(&settings);
	struct config *config = cli_load(&settings, path);
	if (config == NULL)
		return EX_CONFIG;
	printf("The settings are fine.\n");
	print_names(config, "listener");
	print_names(config, "provider");
	config_unref(config);
	return EX_OK;
}
