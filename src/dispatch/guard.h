/* SPDX-License-Identifier: MIT */
/*
 * A guard sees when a provider refuses everything: ten different mails in a
 * row, of two senders or to two domains at least, none taken in between.  Then
 * not the mails are at fault but the provider, or what we send to it.  Until it
 * knows, each refusal in the row is believed later than the one before.  Pure.
 */
#ifndef DISPATCH_GUARD_H
#define DISPATCH_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#define GUARD_MAILS 10

/* No refusal waits longer for others to follow. */
#define GUARD_WAIT_MOST_MS (10 * 60 * INT64_C(1000))

/* Digests: all that is asked of them is whether two are the same. */
struct guard_refusal {
	uint64_t mail, sender, domain;
};

struct guard {
	struct guard_refusal last[GUARD_MAILS]; /* a ring */
	unsigned count;  /* different mails refused in a row */
	bool various;    /* of two senders or to two domains */
	bool distrusted; /* until it takes a mail */
	unsigned told;   /* recipients it refused in this row, and was believed:
			  * their senders know */
};

/* A mail was refused, or some of its recipients.  True: from now on the
 * provider is distrusted. */
bool guard_refused(struct guard *guard, const struct guard_refusal *refusal);

/* How long a refusal in the row waits to be believed, of one alone wait_ms:
 * twice as long with each mail more, until the guard knows enough to tell. */
int64_t guard_wait(const struct guard *guard, int64_t wait_ms);

/* It took one.  True when it had refused others before. */
bool guard_accepted(struct guard *guard);

#endif
