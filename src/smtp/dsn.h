/* SPDX-License-Identifier: MIT */
/*
 * The values of the parameters of RFC 3461, by which a sender says what it
 * wants to be told of its mail.  Pure, but for dsn_offered().
 */
#ifndef SMTP_DSN_H
#define SMTP_DSN_H

#include "session.h"

/* What a refused value should have been, for the client. */
#define DSN_FORM_RET    "RET=FULL or RET=HDRS"
#define DSN_FORM_ENVID  "ENVID=xtext of printable ASCII, 100 octets at most"
#define DSN_FORM_NOTIFY "NOTIFY=NEVER, or a list of SUCCESS,FAILURE,DELAY"
#define DSN_FORM_ORCPT                                                      \
	"ORCPT=type;address, the address as xtext of printable ASCII, 500 " \
	"octets at most"

/* True when the parameters are taken: there is a queue, so that reports can be
 * sent. */
bool dsn_offered(const struct session *session);

/* ret-value of RFC 3461 4.3; false: it is none. */
bool dsn_read_ret(const char *value, enum envelope_return *returned);

/* envid-value of 4.4, decoded: a new string; NULL: it is none. */
char *dsn_read_envid(const char *value);

/* notify-esmtp-value of 4.1 as enum envelope_notify; false: it is none. */
bool dsn_read_notify(const char *value, unsigned *notify);

/* original-recipient-address of 4.2, decoded ("rfc822;a@b"): a new string;
 * NULL: it is none.  With `utf8` an address of type utf-8 may be in UTF-8: that
 * is written as reports in ASCII have it (RFC 6533 3, "utf-8;\x{FC}@b"). */
char *dsn_read_orcpt(const char *value, bool utf8);

/* What is wanted of a recipient that was named twice: all that either wish
 * says. */
unsigned dsn_merge(unsigned notify, unsigned other);

#endif
