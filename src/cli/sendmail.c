/* SPDX-License-Identifier: MIT */
#include "cli.h"

#include "mail/id.h"
#include "mail/parse.h"
#include "sendmail_mail.h"
#include "sendmail_options.h"
#include "sendmail_smtp.h"
#include "smtp/drop.h"
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static const char usage[] =
    "usage: sendmail [-t] [-i] [-v] [-f SENDER] [-F NAME] [-N NOTIFY] [-R RET]\n"
    "                [-V ENVID] [-C FILE] [--] [RECIPIENT ...]\n"
    "       sendmail -bs | -bp\n"
    "\n"
    "Takes a mail from a program and hands it to the daemon; while that is "
    "away the mail\nis left in the drop directory, and taken from there when "
    "it is back.\n"
    "\n"
    "  -t         recipients of To, Cc and Bcc too, or of their Resent- "
    "fields if there\n"
    "             are any; Bcc is taken out\n"
    "  -i, -oi    a line of one dot does not end the mail\n"
    "  -f SENDER  envelope sender (-r too); '' is the null sender; default: "
    "who you are\n"
    "  -F NAME    full name, for a From that is missing\n"
    "  -N, -R, -V what reports are wanted, as DSN has it: failure,delay; hdrs "
    "or full;\n"
    "             an id of yours\n"
    "  -C FILE    the settings of the daemon\n"
    "  -v         say what became of the mail\n"
    "  -bs        SMTP on standard input and output\n"
    "  -bp        the queue, like mailq\n"
    "  -bi, -q    nothing has to be done: exits 0\n"
    "\n"
    "Where the daemon listens and the drop directory is say `sendmail` and "
    "`drop` of\n[server], in the settings where you may read them, or "
    "POSTFERRY_SERVER_SENDMAIL and\nPOSTFERRY_SERVER_DROP; else " HANDOVER_ADDRESS
    "\nand " DROP_DIRECTORY ".\n"
    "\n"
    "Exit codes: 0 taken, or left to be taken; 64 wrong usage; 65 the mail "
    "cannot be\ntaken as it is; 67, 68 an address cannot; 69 refused; 71 "
    "this host cannot; 74 the\nmail cannot be read; 75 not now, keep it; 77 "
    "not allowed.  But for 0 nobody gets it.\n";

/* Where the mail goes. */
struct place {
	char *address, *drop;
};

/* What cannot be read is as if it were not said: the mail matters more, and the
 * daemon's settings are told by `postferry check`. */
static void
find_place(const char *settings_file, struct place *place)
{
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
	g_auto(GStrv) environment = g_get_environ();
	const char *path = settings_find(settings_file);
	struct config_source source = { .environment = environment,
		.only = "server" };
	struct settings settings;
	struct config *config;

	if (path != NULL && access(path, R_OK) == 0)
		source.path = path;
	settings_collect(&settings);
	config = config_read_on(&source, settings.tables, errors);
	*place = (struct place){ g_strdup(HANDOVER_ADDRESS),
		g_strdup(DROP_DIRECTORY) };
	if (config == NULL)
		return;
	g_free(place->address);
	g_free(place->drop);
	place->address = g_strdup(config_string(config, "server", "sendmail"));
	place->drop = g_strdup(config_string(config, "server", "drop"));
	config_unref(config);
}

static void
clear_place(struct place *place)
{
	g_free(place->address);
	g_free(place->drop);
}

/* What the daemon's refusal means to a program; the first row that fits. */
static int
find_exit_code(const struct handover_reply *reply)
{
	static const struct {
		const char *status; /* begins so */
		int exit_code;
	} rows[] = {
		{ "5.1.2", EX_NOHOST },
		{ "5.1.7", EX_DATAERR }, /* the sender */
		{ "5.1.8", EX_DATAERR },
		{ "5.1.", EX_NOUSER },
		{ "5.2.", EX_NOUSER },
		{ "5.5.", EX_PROTOCOL },
		{ "5.6.", EX_DATAERR },
		{ "5.7.", EX_NOPERM },
		{ "", EX_UNAVAILABLE },
	};
	unsigned i = 0;

	while (!g_str_has_prefix(reply->status, rows[i].status))
		i++;
	return rows[i].exit_code;
}

/* The daemon is away, or cannot now: why says so. */
static int
leave(const struct place *place, const struct handover *mail, bool verbose,
    const char *why)
{
	g_autoptr(GError) error = NULL;

	if (drop_write(place->drop, mail, &error)) {
		if (verbose)
			fprintf(stderr, "sendmail: left in %s as %s: %s\n",
			    place->drop, mail->ident, why);
		return EX_OK;
	}
	fprintf(stderr,
	    "sendmail: not sent: %s; and it cannot be left in the drop "
	    "directory: %s\n",
	    why, error->message);
	return EX_TEMPFAIL;
}

static int
hand_over(const struct place *place, const struct handover *mail, bool verbose)
{
	struct handover_reply reply;
	int exit_code = EX_OK;

	switch (handover_run(place->address, mail, &reply)) {
	case HANDOVER_TAKEN:
		if (verbose)
			fprintf(stderr, "sendmail: %s\n", reply.text);
		break;
	case HANDOVER_LATER:
		exit_code = leave(place, mail, verbose, reply.text);
		break;
	case HANDOVER_REFUSED:
		fprintf(stderr, "sendmail: refused: %s\n", reply.text);
		exit_code = find_exit_code(&reply);
		break;
	case HANDOVER_BROKEN:
		fprintf(stderr, "sendmail: %s\n", reply.text);
		exit_code = EX_OSERR;
		break;
	}
	g_free(reply.text);
	return exit_code;
}

/* A container may have no account for the uid. */
static char *
find_login(void)
{
	const struct passwd *account = getpwuid(getuid());
	enum address_fault fault;
	char *path =
	    account != NULL ? handover_path(account->pw_name, &fault) : NULL;

	return path != NULL ? path
			    : g_strdup_printf("uid%u", (unsigned)getuid());
}

static int
send_mail(const struct place *place, struct sendmail_options *options)
{
	g_autofree char *helo =
	    g_strdup_printf("userid-%u", (unsigned)getuid());
	g_autofree char *login = find_login();
	char ident[ID_LENGTH + 1];
	struct sendmail_mail text;
	int exit_code = sendmail_mail_read(STDIN_FILENO, options, login, &text);

	if (exit_code == EX_OK && options->recipients->len == 0) {
		fputs("sendmail: -t: the header names no recipient in To, Cc "
		      "or Bcc\n",
		    stderr);
		exit_code = EX_DATAERR;
	}
	if (exit_code == EX_OK) {
		id_make(ident);
		struct handover mail = {
			.ident = ident,
			.helo = helo,
			.sender =
			    options->sender != NULL ? options->sender : login,
			.recipients = options->recipients,
			.notify = options->notify,
			.ret = options->ret,
			.envid = options->envid,
			.fd = text.fd,
			.length = text.length,
		};
		exit_code = hand_over(place, &mail, options->verbose);
	}
	sendmail_mail_clear(&text);
	return exit_code;
}

static int
list_queue(const char *settings_file)
{
	char *words[] = { (char[]){ "queue" }, (char[]){ "list" },
		(char[]){ "--config" }, (char *)settings_file, NULL };

	if (settings_file == NULL)
		words[2] = NULL;
	return cli_queue(settings_file == NULL ? 2 : 4, words);
}

static int
run_mode(struct sendmail_options *options)
{
	struct place place;
	int exit_code;

	if (options->mode == SENDMAIL_NOTHING)
		return EX_OK;
	if (options->mode == SENDMAIL_HELP)
		return fputs(usage, stdout) < 0 ? EX_IOERR : EX_OK;
	if (options->mode == SENDMAIL_QUEUE)
		return list_queue(options->settings);
	if (options->mode == SENDMAIL_SEND && !options->from_header &&
	    options->recipients->len == 0) {
		fputs("sendmail: recipients are expected on the command line, "
		      "or -t for those of the header\n",
		    stderr);
		return EX_USAGE;
	}
	find_place(options->settings, &place);
	exit_code = options->mode == SENDMAIL_SMTP
			? sendmail_smtp_run(place.address)
			: send_mail(&place, options);
	clear_place(&place);
	return exit_code;
}

int
cli_sendmail(int argc, char **argv)
{
	struct sendmail_options options;
	int exit_code;

	parse_start();
	exit_code = sendmail_options_read(argc, argv, &options);
	if (exit_code == EX_OK)
		exit_code = run_mode(&options);
	sendmail_options_clear(&options);
	return exit_code;
}
