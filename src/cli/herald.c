/* SPDX-License-Identifier: MIT */
/*
 * The process that runs alarm_command for the daemon, which started it: no
 * command for people.
 */
#include "cli.h"

#include "alarm.h"
#include "confine/privileges.h"
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sysexits.h>

int
cli_herald(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	struct stat status;

	(void)argc;
	if (fstat(0, &status) != 0 || !S_ISSOCK(status.st_mode)) {
		fprintf(stderr,
		    "postferry %s: the daemon starts this itself, to run "
		    "alarm_command; see postferry --help\n",
		    argv[0]);
		return EX_USAGE;
	}
	/* the daemon, whose stderr this is, hears the end of the line */
	if (!privileges_limit(&error)) {
		fprintf(stderr, "postferry %s: %s\n", argv[0], error->message);
		return EX_OSERR;
	}
	messenger_run();
	return EX_OK;
}
