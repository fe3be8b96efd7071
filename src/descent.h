/* SPDX-License-Identifier: MIT */
/*
 * The descent is the way from whoever started the daemon, maybe root, to what
 * serves: a user without privileges that can run nothing and open little.  It
 * ends before any byte of a client is read and before there is a second
 * thread.  The main thread.
 */
#ifndef DESCENT_H
#define DESCENT_H

#include "alarm.h"
#include "confine/privileges.h"

struct descent {
	struct config *config;         /* borrowed */
	const char *settings_file;     /* borrowed; NULL: none */
	struct privileges *privileges; /* borrowed */
};

/* Once sockets are bound and keys are read: drops root and proves it, starts
 * the herald of alarm_command (*herald is left as it is when there is none),
 * gives away the rest, is confined, and logs what holds.  False and error when
 * rights could not be given up. */
bool descent_end(
    const struct descent *descent, struct herald **herald, GError **error);

/* For who wants to know beforehand and is root: becomes for good whom the
 * daemon would, and tells (char *) of each file that is read again while it
 * serves and that it could not read then.  Of others it tells nothing. */
GPtrArray *descent_foresee(struct config *config);

#endif
