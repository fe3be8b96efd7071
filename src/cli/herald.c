/* SPDX-License-Identifier: MIT */
/*
 * The process that runs alarm_command for the daemon, which started it: no
 * command for people.
 */
#include "cli.h"

#include "alarm.h"
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sysexits.h>

int
cli_herald(int argc, char **argv)
{
	struct stat status;

	(void)argc;
	if (fstat(0, &status) != 0 || !S_ISSOCK(status.st_mode)) {
		fprintf(stderr,
		    "postferry %s: the daemon starts this itself, to run "
		    "alarm_command; see postferry --help\n",
		    argv[0]);
		return EX_USAGE;
	}
	messenger_run();
	return EX_OK;
}
