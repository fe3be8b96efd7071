/* SPDX-License-Identifier: MIT */
/*
 * The users file: who may send with AUTH, and the tokens of the HTTP door.  One
 * of them a line, like passwd(5):
 *
 *	name:$y$j9T$...:senders
 *	name:$token$send,read$9f86...:senders
 *
 * the hash is one of crypt(5) (yescrypt; others that crypt knows are taken), or
 * the scopes of a token and the SHA-256 of its secret in hexadecimal digits;
 * senders a comma-separated list of addresses and @domains the user may put
 * into MAIL FROM; empty: any.  Empty lines and those that begin with # are
 * skipped.  Kept by `postferry user`; the listener reads it at start, on
 * SIGHUP and when it changes.  Immutable once read; any thread.
 */
#ifndef SMTP_USERS_H
#define SMTP_USERS_H

#include "core/token.h"
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Bytes of the file, at most: ten thousand users with a few senders each. */
#define USERS_FILE_MAX (2 * 1024 * 1024)

/* Octets of a name: printable ASCII without ':' and blanks. */
#define USERS_NAME_MAX 128

struct user {
	char *name;
	char *hash;
	unsigned scopes; /* enum scope, of a token; 0: has a password */
	char **senders;  /* addresses, "@domain"; domains in IDNA form; NULL:
			  * any */
};

struct users;

/* Reads the file; NULL and error with the faults found (file, line, what was
 * expected; the first of them, and how many more there are) when it cannot be
 * read, is no users file, or everybody may read it. */
struct users *users_read(const char *path, GError **error);
/* The same of a text; path is for the messages. */
struct users *users_parse(const char *path, const char *text, GError **error);
void users_free(struct users *users);

/* The user or token of that name; NULL: none. */
const struct user *users_find(const struct users *users, const char *name);

/* The user of that name, who may log in; NULL: none. */
const struct user *users_find_login(
    const struct users *users, const char *name);

/* The tokens (struct token *).  New array. */
GPtrArray *users_tokens(const struct users *users);
unsigned users_token_count(const struct users *users);
unsigned users_count(const struct users *users);
/* Number i of them, in the order of the file. */
const struct user *users_at(const struct users *users, unsigned i);

/* The hash to compute for a name that is nobody's, so that it costs what a
 * wrong password costs. */
const char *users_dummy(const struct users *users);

/* True when a user can be called so. */
bool users_is_name(const char *name);

/* A sender as a user may have it, in the form it is compared in: an address, or
 * "@domain"; NULL: it is none.  New string. */
char *users_sender(const char *text);

/* ---- hashes: slow by intent; never on a loop ---- */

/* A new yescrypt hash of the password with a fresh salt, cost as crypt(5) has
 * it for $y$ (1 to 11); NULL: errno. New string. */
char *users_hash(const char *password, unsigned cost);

/* What stands in the place of a hash for a token.  New string. */
char *users_token_hash(unsigned scopes, const char *secret);

/* True when the hash is of this password, or of this token's secret; compared
 * in constant time. */
bool users_verify(const char *hash, const char *password);

#endif
