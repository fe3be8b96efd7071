/* SPDX-License-Identifier: MIT */
#include "cli.h"

#include "dispatch/dispatcher.h"
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

static const struct cli_usage usage = {
	"usage: postferry check [--config FILE]\n"
	"\n"
	"Reads the settings and says what is wrong with them, all of it, or "
	"that they are\n"
	"fine.\n"
	"\n" CLI_SOURCES "\n"
	"Exit code 0: fine; 78: errors.\n",
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
print_listeners(const struct config *config)
{
	const char *const *name = config_names(config, "listener");

	for (; *name != NULL; name++) {
		g_autofree char *section =
		    g_strconcat("listener ", *name, NULL);

		const char *answer = config_string(config, section, "answer");

		if (answer == NULL)
			answer = config_string(config, "server", "answer");
		printf("  listener %s: %s, answer %s\n", *name,
		    config_string(config, section, "address"), answer);
	}
}

static void
print_queue(const struct config *config)
{
	const char *directory = config_string(config, "server", "state_dir");

	printf("  queue: %s\n",
	    directory != NULL ? directory
			      : "none; mail that no provider takes at once is "
				"answered 451");
}

/* Without a queue the clients hear it all. */
static void
print_bounces(struct config *config)
{
	g_auto(GStrv) domains = dispatcher_bounce_domains(config);
	g_autofree char *list = g_strjoinv(", ", domains);

	if (config_string(config, "server", "state_dir") == NULL)
		return;
	if (*list == '\0')
		printf("  bounces go to nobody: set [server] bounce_domains\n");
	else
		printf("  bounces go to senders in: %s\n", list);
}

/* In the order of trying, and those that get nothing. */
static void
print_route(const struct config *config)
{
	const char *const *all = config_names(config, "provider");
	const char *const *route =
	    config_list(config, "route default", "providers");
	g_autofree char *order =
	    g_strjoinv(", ", (char **)(route != NULL ? route : all));

	printf("  providers, in the order of trying: %s\n", order);
	for (; route != NULL && *all != NULL; all++)
		if (!g_strv_contains(route, *all))
			printf("  not in [route default], so never used: %s\n",
			    *all);
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
	path = settings_find(path);
	struct config *config = cli_load(&settings, path);
	if (config == NULL)
		return EX_CONFIG;
	g_autofree char *ignored = settings_ignored(path, environ);
	printf("The settings are fine.\n");
	print_source(path);
	print_listeners(config);
	print_queue(config);
	print_bounces(config);
	print_route(config);
	if (ignored != NULL)
		printf("  not looked at: %s; they count only when there is no "
		       "settings file\n",
		    ignored);
	config_unref(config);
	return EX_OK;
}
