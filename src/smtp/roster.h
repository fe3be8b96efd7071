/* SPDX-License-Identifier: MIT */
/*
 * The roster is the users file of [server] as it is now, and the authority that
 * knows those in it.  The main loop's thread.
 */
#ifndef SMTP_ROSTER_H
#define SMTP_ROSTER_H

#include "authority.h"

struct roster;

/* What is wrong with the file is added (char *), and that no listener needs
 * it. */
void roster_check(struct config *config, GPtrArray *errors);

/* NULL and error when the file is none.  Without one there is no authority. */
struct roster *roster_open(struct config *config, GError **error);

/* NULL: there are no users. */
struct authority *roster_authority(const struct roster *roster);

/* Reads the file again, when it is another than it was; what is wrong with it
 * is logged, and the old users stay. */
void roster_look(struct roster *roster);

/* Ends the authority, too (see there).  NULL is fine. */
void roster_free(struct roster *roster);

#endif
