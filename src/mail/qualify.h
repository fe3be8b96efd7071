/* SPDX-License-Identifier: MIT */
/*
 * An address field (RFC 5322 3.4) whose addresses without a domain, like cron's
 * "root (Cron Daemon)", get one; all else of it stays as it is written.  Pure;
 * any thread.
 */
#ifndef MAIL_QUALIFY_H
#define MAIL_QUALIFY_H

#include <stdbool.h>

/* True of the fields in which addresses get a domain: From, Sender, To, Cc,
 * Reply-To. */
bool qualify_is_named(const char *name);

/* The unfolded body with "@domain" put behind each local part that stands
 * alone; a new string.  NULL: there is none, or the body cannot be read and so
 * has to stay. */
char *qualify_body(const char *body, const char *domain);

#endif
