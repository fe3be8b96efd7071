/* SPDX-License-Identifier: MIT */
/*
 * The drop directory holds what `sendmail` could not hand over: one file a
 * mail, envelope and bytes, named by its id.  Whoever may use `sendmail` may
 * put files there, and sees none: mode 3733, owned by whom postferry runs as,
 * so that a file belongs to who left it and can be read by the daemon's group.
 * A file that has its name is whole.  It waits: any thread that may.
 *
 *	postferry-drop 1
 *	from ann@example.com
 *	to bob@example.net
 *	length 1234
 *
 *	(so many bytes)
 */
#ifndef SMTP_DROP_H
#define SMTP_DROP_H

#include "smtp/handover.h"
#include <sys/types.h>

/* Where it is when nobody says. */
#define DROP_DIRECTORY "/var/spool/postferry/drop"

/* How it is made, for messages. */
#define DROP_ADVICE "install -d -o postferry -g postferry -m 3733"

struct drop {
	struct handover mail; /* all of it owned by the drop */
	uid_t owner;          /* who left it */
	GPtrArray *texts;
};

/* Writes the mail, to be found there after a crash, too.  False and error. */
bool drop_write(
    const char *directory, const struct handover *mail, GError **error);

/* True when it is the name of a mail that is whole. */
bool drop_is_name(const char *name);

/* Opens a mail.  NULL and error: it is none that could be taken (EBADMSG: not
 * by its form; ELOOP: a link; else what the system said). */
struct drop *drop_open(int directory, const char *name, GError **error);
void drop_free(struct drop *drop);

/* True when others can put mail into that directory, and the user `owner` can
 * take it, and nobody else see or touch it; else error, which says what to
 * do. */
bool drop_check(const char *directory, uid_t owner, GError **error);

#endif
