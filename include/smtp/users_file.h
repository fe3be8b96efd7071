/* SPDX-License-Identifier: MIT */
/*
 * Changes of the users file (users.h) by its own commands: one line of it is
 * another, all else stays as it was, comments too.  The new file is written
 * beside the old one, synced, and takes its place in one step, with its owner,
 * group and mode (but never for everybody to read); who changes it meanwhile by
 * the same commands waits.  Any thread that may wait.
 */
#ifndef SMTP_USERS_FILE_H
#define SMTP_USERS_FILE_H

#include "smtp/users.h"

enum users_file_change {
	USERS_FILE_FAILED, /* see the error */
	USERS_FILE_ADDED,
	USERS_FILE_REPLACED, /* there was one of the name */
	USERS_FILE_REMOVED,
	USERS_FILE_UNKNOWN, /* there is none of the name: nothing to remove */
};

/* Puts the user into the file, which is made when there is none (mode 0640).
 * Senders of NULL are those there were; none stand for any. */
enum users_file_change users_file_put(
    const char *path, const struct user *user, GError **error);

/* Takes the user out. */
enum users_file_change users_file_remove(
    const char *path, const char *name, GError **error);

#endif
