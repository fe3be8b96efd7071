/* SPDX-License-Identifier: MIT */
/*
 * The memory of what recipients came to, for mail the client was told 451 of
 * and will send again: who was accepted is skipped then, who is in doubt is
 * waited out.  Keyed by sender, Message-ID, digest of the bytes and recipient;
 * kept for a time, the oldest forgotten first when it is full.  It lives in
 * this process only.  The dispatch thread.
 */
#ifndef DISPATCH_MEMORY_H
#define DISPATCH_MEMORY_H

#include "ledger.h"

struct memory;

struct memory_limits {
	int64_t keep_ms; /* how long an entry is kept */
	unsigned most;   /* entries at most */
	int64_t open_ms; /* how long an open attempt counts as a doubt */
};

struct memory *memory_new(const struct memory_limits *limits);
void memory_free(struct memory *memory);

/* Enters into a fresh ledger what is known of its recipients.  Returns how many
 * were known. */
unsigned memory_recall(struct memory *memory, const struct message *message,
    struct ledger *ledger, int64_t now_ms);

/* Remembers the recipients that are accepted, refused or in doubt; one with an
 * attempt under way is in doubt until it is kept again. */
void memory_keep(struct memory *memory, const struct message *message,
    const struct ledger *ledger, int64_t now_ms);

/* Entries there are. */
unsigned memory_count(const struct memory *memory);

#endif
