/* SPDX-License-Identifier: MIT */
/*
 * sendmail -bs: SMTP on standard input and output, passed on to the daemon as
 * it is.  The main thread.
 */
#ifndef SENDMAIL_SMTP_H
#define SENDMAIL_SMTP_H

/* Until both ends have closed.  The exit code; nobody there is said as SMTP
 * says it, too. */
int sendmail_smtp_run(const char *address);

#endif
