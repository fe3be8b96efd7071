/* SPDX-License-Identifier: MIT */
/*
 * The memory of what recipients came to, for mail the client was told 451 of
 * and will send again: who was accepted is skipped then, who is in doubt is
 * waited out, who refused it is not asked again.  Keyed by sender, the client's
 * mark of its resends or else the Message-ID, digest of the bytes and
 * recipient; kept for a time, the oldest forgotten
 * first when it is full, and all of a mail when its client got a final answer.
 * It lives in this process only.  The dispatch thread.
 */
#ifndef DISPATCH_MEMORY_H
#define DISPATCH_MEMORY_H

#include "ledger.h"

struct memory;

struct memory_limits {
	int64_t keep_ms; /* how long an entry is kept */
	unsigned most;   /* entries at most */
	int64_t open_ms; /* how long an open attempt counts as a doubt: longer
			  * than it can last */
};

struct memory *memory_new(const struct memory_limits *limits);
/* Another door to what that one remembers, by limits of its own: for the
 * dispatcher that takes over.  Each is freed by itself. */
struct memory *memory_share(
    struct memory *memory, const struct memory_limits *limits);
void memory_free(struct memory *memory);

/* The providers by their numbers, NULL-terminated, before anything is kept or
 * recalled; without it a number is the same provider at each door.  What was
 * kept of one that has another number here, or none, is told of by that. */
void memory_name(struct memory *memory, const char *const *names);

/* What one says of a recipient, by the numbers that the other's providers
 * have. */
void memory_turn(const struct memory *one, const struct memory *other,
    struct ledger_recipient *recipient);

/* True when a resend of the mail can be told from another mail of the same
 * bytes. */
bool memory_knows(const struct message *message);

/* Enters into a fresh ledger, whose possible providers are known, what is known
 * of its recipients: a new round, but for a doubt, which another provider than
 * the doubtful one is to take if there is one.  Returns how many were known. */
unsigned memory_recall(struct memory *memory, const struct message *message,
    struct ledger *ledger, int64_t now_ms);

/* Enters what became elsewhere of those in doubt: the first sending's attempt
 * may have been answered while its resend waited. */
void memory_review(struct memory *memory, const struct message *message,
    struct ledger *ledger, int64_t now_ms);

/* Remembers the recipients that are accepted, refused (for good or by one
 * provider) or in doubt; one with an attempt under way is in doubt until it is
 * kept again.  Of who waits only who refused it, and how often it was in doubt:
 * resends do not begin anew. */
void memory_keep(struct memory *memory, const struct message *message,
    const struct ledger *ledger, int64_t now_ms);

/* The same for recipients that are remembered from this mail, and for no
 * other. */
void memory_refresh(struct memory *memory, const struct message *message,
    const struct ledger *ledger, int64_t now_ms);

/* The queue has the mail, and its client did not hear so: whoever is not final
 * is dropped from a resend that can be told from another mail. */
void memory_own(
    struct memory *memory, const struct message *message, int64_t now_ms);

/* Forgets the mail: its client will not send it again, and whoever sends the
 * same once more means it. */
void memory_forget(struct memory *memory, const struct message *message);

/* Entries there are. */
unsigned memory_count(const struct memory *memory);

#endif
