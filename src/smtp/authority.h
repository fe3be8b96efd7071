/* SPDX-License-Identifier: MIT */
/*
 * The authority knows the users and says whether a password is right.  Hashing
 * is slow by intent, so it has threads of its own (crypt-1, crypt-2) and a
 * limit of what may wait; a loop (auth) owns the cache of what was right lately
 * and counts failures per address and per user; whoever guesses does not lock a
 * user out where he logged in of late.  Sessions ask by letter and get a letter
 * back.
 */
#ifndef SMTP_AUTHORITY_H
#define SMTP_AUTHORITY_H

#include "core/config.h"
#include "core/loop.h"
#include "core/network.h"
#include "smtp/users.h"

struct authority;

enum authority_word {
	AUTHORITY_RIGHT,
	AUTHORITY_WRONG,   /* unknown user or wrong password: 535, told alike */
	AUTHORITY_LATER,   /* too many wait: 454 */
	AUTHORITY_TOO_OFT, /* too many failures from there, or of that name: 421
			    */
};

struct authority_verdict {
	enum authority_word word;
	int64_t delay_ms; /* to wait before it is told */
	char **senders;   /* RIGHT: as in struct user; NULL: any */
};

/* A question, and its answer on the way back. */
struct authority_ask {
	struct letter letter;
	uint64_t session;
	char peer[NETWORK_PEER_LENGTH];
	char *name;
	char *password;         /* overwritten when freed */
	struct loop *return_to; /* the loop of the session; outlives the ask */
	letter_fn answered;     /* reads the ask there, and frees it */
	struct authority_verdict verdict;
};

/* users is taken over; numbers come from [server]. */
struct authority *authority_new(
    const struct config *config, struct users *users);

/* Any thread: other users from now on (taken over); what was right before is
 * forgotten, but not where it was. */
void authority_users_post(struct authority *authority, struct users *users);

/* Any thread: takes the ask over. */
void authority_ask_post(struct authority *authority, struct authority_ask *ask);

void authority_ask_free(struct authority_ask *ask);

/* Hashes made so far, for tests and metrics.  Any thread. */
uint64_t authority_hashes(const struct authority *authority);

/* When the sessions' threads have ended, but not yet their loops: each ask
 * still under way is answered.  NULL is fine. */
void authority_free(struct authority *authority);

#endif
