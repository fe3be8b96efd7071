/* SPDX-License-Identifier: MIT */
/*
 * The commands: one file each.  argv[0] is the command's name; the result is
 * the exit code, of sysexits.h.  The main thread.
 */
#ifndef CLI_H
#define CLI_H

#include "settings.h"

int cli_serve(int argc, char **argv);
int cli_check(int argc, char **argv);
int cli_doctor(int argc, char **argv);
int cli_explain(int argc, char **argv);
int cli_settings(int argc, char **argv);
int cli_simulate(int argc, char **argv);
int cli_sandbox(int argc, char **argv);
int cli_queue(int argc, char **argv);
int cli_suppress(int argc, char **argv);
int cli_why(int argc, char **argv);
int cli_status(int argc, char **argv);
int cli_user(int argc, char **argv);
int cli_sendmail(int argc, char **argv);
int cli_herald(int argc, char **argv);

/* Where settings come from, for --help of those that read them. */
#define CLI_SOURCES                                                      \
	"Settings come from the defaults, the file and the environment " \
	"(POSTFERRY_...);\n"                                             \
	"later ones win.  The file is FILE, or without "                 \
	"--config\n" SETTINGS_PATH " when it is there.  "                \
	"Only when there is no\n"                                        \
	"file at all the usual variables count too: MAILGUN_API_KEY, "   \
	"MAILGUN_DOMAIN,\nMANDRILL_API_KEY, SMTP_HOST, ...\n"

/* How queue, why and status find what they tell, and their exit codes: for
 * their --help. */
#define CLI_ASKED                                                         \
	"Asks the daemon over the socket in its state_dir; when none "    \
	"runs, reads the\nqueue there.  Without --config FILE the "       \
	"settings are those of\n" SETTINGS_PATH " and the environment.\n" \
	"\n"                                                              \
	"Exit codes: 0 done; 64 wrong usage; 66 there is no such mail; "  \
	"69 the daemon or\nthe queue cannot be had; 75 not now, the "     \
	"mail is being sent; 78 errors in the\nsettings.\n"

/* load.c: an option without a value; *set becomes true when it is given. */
struct cli_flag {
	const char *name; /* without --; NULL: no more */
	bool *set;
};

/* load.c: reads the options of a command that takes --config FILE, --help and
 * these flags (NULL: none), at most 8; path is NULL when there is no --config.
 * False: the command ends with *exit_code. */
struct cli_usage {
	const char *text; /* what --help prints */
	const struct cli_flag *flags;
};
bool cli_read_options(int argc, char **argv, const struct cli_usage *usage,
    const char **path, int *exit_code);

/* load.c: false, with a message and *exit_code, when something is left behind
 * the options that getopt_long() has read. */
bool cli_refuse_rest(int argc, char **argv, int *exit_code);

/* load.c: loads and checks the settings; on errors prints them all, with how
 * many there are, and returns NULL. */
struct config *cli_load(const struct settings *settings, const char *path);

/* load.c: the same of [server] alone, for what asks the daemon. */
struct config *cli_load_server(
    const struct settings *settings, const char *path);

/* load.c: the same when state_dir is all that is wanted: what else is wrong is
 * a warning. */
struct config *cli_load_asking(
    const struct settings *settings, const char *path);

#endif
