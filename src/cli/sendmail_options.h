/* SPDX-License-Identifier: MIT */
/*
 * The command line of sendmail(8), as programs write it for any mail server:
 * what concerns the mail is read, what is about the innards of another server
 * is taken and means nothing.  The main thread.
 */
#ifndef SENDMAIL_OPTIONS_H
#define SENDMAIL_OPTIONS_H

#include <glib.h>
#include <stdbool.h>

enum sendmail_mode {
	SENDMAIL_SEND,    /* -bm: a mail on standard input */
	SENDMAIL_SMTP,    /* -bs: SMTP there */
	SENDMAIL_QUEUE,   /* -bp, mailq: the list of the queue */
	SENDMAIL_NOTHING, /* -bi, -q, newaliases: nothing has to be done */
	SENDMAIL_HELP,    /* --help */
};

struct sendmail_options {
	enum sendmail_mode mode;
	bool from_header;      /* -t */
	bool keep_dot;         /* -i: a line of one dot does not end the mail */
	bool verbose;          /* -v */
	const char *settings;  /* -C; NULL: the usual file */
	char *sender;          /* -f, a path; "": null; NULL: who runs
				* us */
	const char *full_name; /* -F; NULL: the account's */
	const char *notify, *ret, *envid; /* -N, -R, -V; NULL: not said */
	GPtrArray *recipients;            /* paths, in order */
};

/* Reads the options; name is what we are called.  EX_OK, or the exit code, and
 * stderr says why.  Clear it in either case. */
int sendmail_options_read(
    int argc, char **argv, struct sendmail_options *options);
void sendmail_options_clear(struct sendmail_options *options);

/* Adds whom the addresses of a text are, as paths.  EX_OK, or the exit code,
 * and stderr says which address is none. */
int sendmail_options_add(GPtrArray *recipients, const char *text);

#endif
