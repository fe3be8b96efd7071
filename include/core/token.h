/* SPDX-License-Identifier: MIT */
/*
 * A token is what a program shows at the HTTP door to be let in (RFC 6750): 256
 * random bits, of which only the SHA-256 is kept.  What it may be used for are
 * its scopes.  A token is immutable and counted; the set of them is one object
 * that whoever reads the users file fills and any thread asks.
 */
#ifndef CORE_TOKEN_H
#define CORE_TOKEN_H

#include <glib.h>
#include <stdbool.h>

/* What may be done, as bits. */
enum scope {
	SCOPE_SEND = 1,    /* hand in mail */
	SCOPE_READ = 2,    /* see the mails there are */
	SCOPE_OPERATE = 4, /* retry, hold, release, drop, ... */
	SCOPE_ALL = SCOPE_SEND | SCOPE_READ | SCOPE_OPERATE,
};

/* Hexadecimal digits of a digest, in small letters. */
#define TOKEN_DIGEST_LENGTH 64

struct token {
	char *name;
	unsigned scopes;
	char digest[TOKEN_DIGEST_LENGTH + 1];
	char **senders; /* as of a user: addresses, "@domain"; NULL: any */
};

/* Counted; senders (may be NULL) are copied. */
struct token *token_new(const char *name, unsigned scopes, const char *digest,
    char *const *senders);
struct token *token_ref(struct token *token);
void token_unref(struct token *token); /* NULL is fine */

/* A fresh secret in letters and digits, to be shown once.  New string. */
char *token_secret(void);

/* Its digest. */
void token_digest(
    const char *secret, char digest[static TOKEN_DIGEST_LENGTH + 1]);

/* True when it can be a digest. */
bool token_is_digest(const char *text);

/* The scopes of words like "send", NULL-terminated; false, and *wrong is the
 * word, when one is none. */
bool token_read_scopes(
    const char *const *words, unsigned *scopes, const char **wrong);

/* "send,read".  New string. */
char *token_print_scopes(unsigned scopes);

/* ---- all there are ---- */

struct token_set;

struct token_set *token_set_new(void);
void token_set_free(struct token_set *set); /* NULL is fine */

/* Any thread: these (struct token *, taken over with the array) and no others
 * from now on. */
void token_set_renew(struct token_set *set, GPtrArray *tokens);

/* Any thread: the token with that secret, counted; NULL: none.  How long it
 * takes does not tell how much of it is right. */
struct token *token_set_find(struct token_set *set, const char *secret);

#endif
