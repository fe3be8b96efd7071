/* SPDX-License-Identifier: MIT */
/*
 * The mail that a program gives to `sendmail`: read to its end, with CR LF line
 * ends, From and Date when they are missing, and for -t without its Bcc.  The
 * main thread.
 */
#ifndef SENDMAIL_MAIL_H
#define SENDMAIL_MAIL_H

#include "sendmail_options.h"
#include <stdint.h>

struct sendmail_mail {
	int fd; /* of a file in memory; -1: none */
	uint64_t length;
};

/* Reads the mail from fd; for -t its recipients are added to the options'.
 * login is whose it is when it names no author.  EX_OK, or the exit code, and
 * stderr says why.  Clear it in either case. */
int sendmail_mail_read(int fd, struct sendmail_options *options,
    const char *login, struct sendmail_mail *mail);
void sendmail_mail_clear(struct sendmail_mail *mail);

#endif
