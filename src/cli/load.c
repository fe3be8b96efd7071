/* SPDX-License-Identifier: MIT */
#include "cli.h"

#include <getopt.h>
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

bool
cli_refuse_rest(int argc, char **argv, int *exit_code)
{
	if (optind >= argc)
		return true;
	fprintf(stderr, "%s: \"%s\" is not expected here; see %s --help\n",
	    argv[0], argv[optind], argv[0]);
	*exit_code = EX_USAGE;
	return false;
}

#define FLAGS_MAX 8

/* --config and --help, then the flags; ends with an empty one. */
static void
list_options(const struct cli_flag *flags, struct option *options)
{
	unsigned count = 0;

	options[count++] =
	    (struct option){ "config", required_argument, NULL, 'c' };
	options[count++] = (struct option){ "help", no_argument, NULL, 'h' };
	for (; flags != NULL && flags->name != NULL; flags++) {
		g_assert(count < 2 + FLAGS_MAX);
		options[count++] =
		    (struct option){ flags->name, no_argument, NULL, 0 };
	}
	options[count] = (struct option){ NULL, 0, NULL, 0 };
}

bool
cli_read_options(int argc, char **argv, const struct cli_usage *usage,
    const char **path, int *exit_code)
{
	struct option options[2 + FLAGS_MAX + 1];
	int option, at = 0;

	list_options(usage->flags, options);
	*path = NULL;
	optind = 1;
	while ((option = getopt_long(argc, argv, "c:h", options, &at)) != -1) {
		if (option == 'c') {
			*path = optarg;
			continue;
		}
		if (option == 0) {
			*usage->flags[at - 2].set = true;
			continue;
		}
		fputs(usage->text, option == 'h' ? stdout : stderr);
		*exit_code = option == 'h' ? EX_OK : EX_USAGE;
		return false;
	}
	return cli_refuse_rest(argc, argv, exit_code);
}

/* path: NULL, the settings file where there is one. */
static void
print_errors(const GPtrArray *errors, const char *path)
{
	for (unsigned i = 0; i < errors->len; i++)
		fprintf(
		    stderr, "postferry: %s\n", (const char *)errors->pdata[i]);
	if (errors->len > 0)
		fprintf(stderr, "postferry: %u error%s in the settings%s\n",
		    errors->len, errors->len == 1 ? "" : "s",
		    settings_find(path) != NULL
			? ""
			: ", which are those of the environment: there is no "
			  "file " SETTINGS_PATH ", and no --config names one");
}

struct config *
cli_load(const struct settings *settings, const char *path)
{
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
	struct config *config = settings_load(settings, path, environ, errors);

	print_errors(errors, path);
	return config;
}

struct config *
cli_load_server(const struct settings *settings, const char *path)
{
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
	struct config *config =
	    settings_load_server(settings, path, environ, errors);

	print_errors(errors, path);
	return config;
}

/* The daemon may be fine with what it read when it was started. */
static void
print_warnings(const GPtrArray *errors, const struct config *config)
{
	for (unsigned i = 0; i < errors->len; i++)
		fprintf(stderr, "postferry: warning: %s\n",
		    (const char *)errors->pdata[i]);
	fprintf(stderr,
	    "postferry: warning: %u error%s in the settings, with which "
	    "postferry would not start again: `postferry check` tells all; "
	    "asking the one at state_dir = %s\n",
	    errors->len, errors->len == 1 ? "" : "s",
	    config_string(config, "server", "state_dir"));
}

struct config *
cli_load_asking(const struct settings *settings, const char *path)
{
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
	struct config *config =
	    settings_load_asking(settings, path, environ, errors);

	if (config == NULL || errors->len == 0)
		print_errors(errors, path);
	else
		print_warnings(errors, config);
	return config;
}
