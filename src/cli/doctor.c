/* SPDX-License-Identifier: MIT */
#include "cli.h"

#include "examine.h"
#include "ferry.h"
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

int
cli_doctor(int argc, char **argv)
{
	bool json = false;
	const struct cli_flag flags[] = { { "json", &json }, { NULL, NULL } };
	const struct cli_usage options = { usage, flags };
	g_autoptr(GPtrArray) findings = findings_new();
	struct settings settings;
	struct config *config;
	const char *path;
	int exit_code;

	if (!cli_read_options(argc, argv, &options, &path, &exit_code))
		return exit_code;
	settings_collect(&settings);
	config = cli_load(&settings, settings_find(path));
	if (config == NULL)
		return EX_CONFIG;
	ferry_prepare_process();
	examine_listeners(config, findings);
	examine_providers(config, findings);
	examine_state(config, findings);
	examine_host(config, findings);
	if (json)
		findings_print_json(findings);
	else
		findings_print(findings);
	config_unref(config);
	return findings_worst(findings) == FINDING_FAIL ? EX_UNAVAILABLE
							: EX_OK;
}
