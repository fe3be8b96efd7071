/* SPDX-License-Identifier: MIT */
#include "cli.h"

#include "examine.h"
#include "ferry.h"
#include <getopt.h>
#include <stdio.h>
#include <sysexits.h>

static const char usage[] =
    "usage: postferry doctor [--config FILE] [--json]\n"
    "\n"
    "Looks at all that postferry relies on, and says of each thing ok, warn "
    "or fail,\n"
    "with what to do: whether the listeners answer and are closed to "
    "strangers, how\n"
    "our accounts at the providers are and whether an SMTP server's ports "
    "can be\n"
    "reached, the disk of state_dir (its kind, its room, how long a sync "
    "takes), the\n"
    "clock, the limit of open files.  No mail is sent.  Run it as the account "
    "that\n"
    "postferry runs as, or as root, while postferry runs.\n"
    "\n"
    "  --json  print that as one JSON object\n"
    "\n" CLI_SOURCES "\n"
    "Exit codes: 0 nothing failed; 69 something did; 78 errors in the "
    "settings.\n";

struct doctor {
	const char *path; /* NULL: no --config */
	bool json;
};

static bool
read_options(int argc, char **argv, struct doctor *doctor, int *exit_code)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	optind = 1;
	while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		if (option == 'c') {
			doctor->path = optarg;
		} else if (option == 'j') {
			doctor->json = true;
		} else {
			fputs(usage, option == 'h' ? stdout : stderr);
			*exit_code = option == 'h' ? EX_OK : EX_USAGE;
			return false;
		}
	}
	return cli_refuse_rest(argc, argv, exit_code);
}

int
cli_doctor(int argc, char **argv)
{
	g_autoptr(GPtrArray) findings = findings_new();
	struct doctor doctor = { .path = NULL };
	struct settings settings;
	struct config *config;
	int exit_code;

	if (!read_options(argc, argv, &doctor, &exit_code))
		return exit_code;
	settings_collect(&settings);
	doctor.path = settings_find(doctor.path);
	config = cli_load(&settings, doctor.path);
	if (config == NULL)
		return EX_CONFIG;
	ferry_prepare_process();
	examine_listeners(config, findings);
	examine_providers(config, findings);
	examine_state(config, findings);
	examine_host(config, findings);
	if (doctor.json)
		findings_print_json(findings);
	else
		findings_print(findings);
	config_unref(config);
	return findings_worst(findings) == FINDING_FAIL ? EX_UNAVAILABLE
							: EX_OK;
}
