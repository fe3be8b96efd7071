/* SPDX-License-Identifier: MIT */
/*
 * What is known of a mail's recipients, between the two who keep it: the
 * ledger, with providers by number and times of the monotonic clock, and the
 * store, with names and the wall clock, which mean the same after a restart
 * with other settings.  Pure.
 */
#ifndef DISPATCH_KNOWN_H
#define DISPATCH_KNOWN_H

#include "ledger.h"

struct known_terms {
	const char *const *names; /* of the providers, NULL-terminated */
	int64_t wall_ms, now_ms;  /* one moment, by both clocks */
};

/* Enters into a fresh ledger, whose possible providers are known, what the
 * store knows, one per recipient: a new round, in which a doubt is for another
 * provider than the doubtful one if there is one.  A provider that is not
 * among the names any more: its doubt keeps its time, its refusal is
 * forgotten. */
void known_recall(struct ledger *ledger, const struct recipient *known,
    const struct known_terms *terms);

/* What recipient number `number` of the ledger is, for the store: fills `out`,
 * which holds nothing yet; recipient_clear() it. */
void known_tell(const struct ledger *ledger, unsigned number,
    const struct known_terms *terms, struct recipient *out);

#endif
