/* SPDX-License-Identifier: MIT */
/*
 * The roster is the users file of [server] as it is now, and the authority that
 * knows those in it.  The main loop's thread.
 */
#ifndef SMTP_ROSTER_H
#define SMTP_ROSTER_H

#include "authority.h"
#include "core/complaints.h"
#include "core/token.h"

struct roster;

/* What is wrong with the file is added (char *), and that no listener needs
 * it. */
void roster_check(struct config *config, GPtrArray *errors);

/* Reads the file, whose tokens go into the set (NULL: nobody asks).  NULL and
 * error when it is none. */
struct roster *roster_open(
    struct config *config, struct token_set *tokens, GError **error);

/* Starts the authority, if there are users, and with it its threads. */
void roster_start(struct roster *roster);

/* NULL: there are no users, or it was not started. */
struct authority *roster_authority(const struct roster *roster);

/* Reads the file again; what is wrong with it is logged, and the old users
 * stay. */
void roster_reread(struct roster *roster);

/* The same, when the file is another than it was. */
void roster_look(struct roster *roster);

/* What is wrong with it now is set, or cleared. */
void roster_report(const struct roster *roster, struct complaints *complaints);

/* Ends the authority, too (see there).  NULL is fine. */
void roster_free(struct roster *roster);

#endif
