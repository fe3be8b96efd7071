/* SPDX-License-Identifier: MIT */
#include "alarm.h"
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{ "serve", cli_serve, "take mail by SMTP and deliver it" },
	{ "check", cli_check, "say what is wrong with the settings" },
	{ "doctor", cli_doctor,
	    "try all that the settings rely on, and say what to do" },
	{ "status", cli_status, "say how the daemon and its queue are" },
	{ "queue", cli_queue, "list mails, show, hold, release, drop them" },
	{ "suppress", cli_suppress,
	    "list, add, remove addresses that get no mail" },
	{ "why", cli_why, "tell the whole story of one mail" },
	{ "explain", cli_explain,
	    "say what would become of a mail, without sending it" },
	{ "user", cli_user, "add and remove users that log in by AUTH" },
	{ "settings", cli_settings, "print every setting there is" },
	{ "sandbox", cli_sandbox,
	    "try it: serve and simulated providers, no settings needed" },
	{ "simulate", cli_simulate,
	    "a provider on loopback, with faults on demand" },
	{ "sendmail", cli_sendmail,
	    "take a mail from a program, as sendmail(8) does" },
};

static void
print_help(FILE *out)
{
	fputs("postferry takes mail by SMTP and delivers it through the HTTP "
	      "APIs of Mailgun\nand Mandrill, or an upstream SMTP server when "
	      "they cannot.\n\nusage: postferry COMMAND [OPTION ...]\n\n",
	    out);
	for (unsigned i = 0; i < G_N_ELEMENTS(commands); i++)
		fprintf(
		    out, "  %-10s %s\n", commands[i].name, commands[i].help);
	fputs("\npostferry help COMMAND tells of one command; postferry "
	      "--version which\npostferry this is.\n",
	    out);
}

/* A command says itself what is wrong with its options, or getopt(3) does. */
static int
run(int argc, char **argv)
{
	g_autofree char *called = g_strconcat("postferry ", argv[0], NULL);

	for (unsigned i = 0; i < G_N_ELEMENTS(commands); i++) {
		if (strcmp(argv[0], commands[i].name) != 0)
			continue;
		argv[0] = called;
		return commands[i].run(argc, argv);
	}
	if (strcmp(argv[0], HERALD_COMMAND) == 0) /* nobody's help has it */
		return cli_herald(argc, argv);
	fprintf(stderr,
	    "postferry: there is no command \"%s\"; see postferry --help\n",
	    argv[0]);
	return EX_USAGE;
}

/* `postferry help queue drop` is `postferry queue drop --help`. */
static int
run_help(int argc, char **argv)
{
	char option[] = "--help";
	char *words[] = { argv[0], option, NULL, NULL };

	if (argc > 1) {
		words[1] = argv[1];
		words[2] = option;
	}
	return run(argc > 1 ? 3 : 2, words);
}

static bool
is_one_of(const char *word, const char *const *words)
{
	while (*words != NULL && strcmp(word, *words) != 0)
		words++;
	return *words != NULL;
}

/* Installed under another name as well: whoever calls us so means this. */
static bool
is_sendmail(char **argv)
{
	static const char *const names[] = { "sendmail", "mailq", "newaliases",
		NULL };
	char *slash = argv[0] != NULL ? strrchr(argv[0], '/') : NULL;

	if (slash != NULL)
		argv[0] = slash + 1;
	return argv[0] != NULL && is_one_of(argv[0], names);
}

int
main(int argc, char **argv)
{
	static const char *const help[] = { "--help", "-h", "help", NULL };
	static const char *const version[] = { "--version", "version", NULL };

	if (is_sendmail(argv))
		return cli_sendmail(argc, argv);
	if (argc < 2) {
		print_help(stderr);
		return EX_USAGE;
	}
	if (is_one_of(argv[1], help)) {
		if (argc > 2)
			return run_help(argc - 2, argv + 2);
		print_help(stdout);
		return EX_OK;
	}
	if (is_one_of(argv[1], version)) {
		puts("postferry " POSTFERRY_VERSION);
		return EX_OK;
	}
	return run(argc - 1, argv + 1);
}
