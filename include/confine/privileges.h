/* SPDX-License-Identifier: MIT */
/*
 * Whose rights the daemon runs with.  Started as root it binds its addresses
 * and reads its keys as root, opens all else as the user it becomes, and proves
 * that there is no way back.  The main thread, before there is any other.
 */
#ifndef CONFINE_PRIVILEGES_H
#define CONFINE_PRIVILEGES_H

#include "core/config.h"
#include "core/setting.h"
#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

struct privileges;

/* Finds out whom to become: [server] user and group; else who owns state_dir,
 * else the account postferry; where there is none of them it stays root, and
 * the log warns.  NULL and error when an account is named that there is not. */
struct privileges *privileges_new(const struct config *config, GError **error);

/* The same for whoever only wants to know: logs nothing. */
struct privileges *privileges_find(const struct config *config, GError **error);

/* True when it will be root, which gives its capabilities up like any other. */
bool privileges_stay_root(const struct privileges *privileges);

/* Until privileges_return() files are made and opened as the user: what root
 * makes in a directory of the user's may be a trap of the user's. */
bool privileges_lend(const struct privileges *privileges, GError **error);
bool privileges_return(const struct privileges *privileges, GError **error);

/* Becomes the user for good, and tries to come back, which must fail.  False
 * and error: then nothing may be served. */
bool privileges_drop(const struct privileges *privileges, GError **error);

/* Whoever we are by now: gives away all capabilities, and what could bring them
 * back.  What is to keep them (a child that runs programs) was started
 * before. */
bool privileges_seal(GError **error);

/* For a process that runs programs for us: gives away all capabilities, and
 * when it is root so that what it runs has none either.  A program that is
 * setuid or setgid stays so: what sends mail often is. */
bool privileges_limit(GError **error);

/* No core, no ptrace by the same user: memory holds keys. */
void privileges_hide_memory(void);

/* The user's name or uid, for messages; owned by privileges. */
const char *privileges_name(const struct privileges *privileges);

/* Whose group what is made as root for all to use gets: that of the user; 0: it
 * is left as it comes, as we stay who we are or may not give anything away. */
gid_t privileges_group(const struct privileges *privileges);

/* NULL is fine. */
void privileges_free(struct privileges *privileges);

/* user, group of [server], ending with an empty row. */
extern const struct setting privileges_settings[];

#endif
