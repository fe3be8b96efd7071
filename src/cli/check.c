/* SPDX-License-Identifier: MIT */
#include "cli.h"

#include "dispatch/dispatcher.h"
#include "ferry.h"
#include "online.h"
#include <getopt.h>
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
static bool
is_in_a_route(const struct config *config, const char *provider)
{
	const char *const *name = config_names(config, "route");

	for (; *name != NULL; name++) {
		g_autofree char *section = g_strconcat("route ", *name, NULL);
		const char *const *route =
		    config_list(config, section, "providers");

		if (route == NULL || g_strv_contains(route, provider))
			return true;
	}
	return false;
}

/* [route default] is not needed: it means all providers then. */
static void
print_routes(const struct config *config)
{
	const char *const *all = config_names(config, "provider");
	const char *const *name = config_names(config, "route");
	bool usual = g_strv_contains(name, "default");

	for (; *name != NULL; name++) {
		g_autofree char *section = g_strconcat("route ", *name, NULL);
		const char *const *route =
		    config_list(config, section, "providers");
		g_autofree char *order =
		    g_strjoinv(", ", (char **)(route != NULL ? route : all));

		printf("  route %s: providers, in the order of trying: %s\n",
		    *name, order);
	}
	for (unsigned i = 0; usual && all[i] != NULL; i++)
		if (!is_in_a_route(config, all[i]))
			printf("  in no route, so never used: %s\n", all[i]);
	if (usual)
		return;
	g_autofree char *order = g_strjoinv(", ", (char **)all);
	printf(
	    "  all other mail: providers, in the order of trying: %s\n", order);
}

static void
print_settings(struct config *config, const char *path)
{
	g_autofree char *ignored = settings_ignored(path, environ);

	printf("The settings are fine.\n");
	print_source(path);
	print_listeners(config);
	print_queue(config);
	print_bounces(config);
	print_routes(config);
	if (ignored != NULL)
		printf("  not looked at: %s; they count only when there is no "
		       "settings file\n",
		    ignored);
}

static bool
read_options(int argc, char **argv, struct check *check, int *exit_code)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "online", no_argument, NULL, 'o' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	optind = 1;
	while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		if (option == 'c') {
			check->path = optarg;
		} else if (option == 'o') {
			check->online = true;
		} else if (option == 'j') {
			check->json = true;
		} else {
			fputs(usage, option == 'h' ? stdout : stderr);
			*exit_code = option == 'h' ? EX_OK : EX_USAGE;
			return false;
		}
	}
	if (!cli_refuse_rest(argc, argv, exit_code))
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
	config_unref(config);
	return exit_code;
}
