/* SPDX-License-Identifier: MIT */
/*
 * A guard sees when a provider refuses everything: ten different mails in a
 * row, of two senders or to two domains at least, none taken in between.  Then
 * not the mails are at fault but the provider, or what we send to it.  Pure.
 */
#ifndef DISPATCH_GUARD_H
#define DISPATCH_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#define GUARD_MAILS 10

/* Digests: all that is asked of them is whether two are the same. */
struct guard_refusal {
	uint64_t mail, sender, domain;
};

struct guard {
	struct guard_refusal last[GUARD_MAILS]; /* a ring */
	unsigned count;  /* different mails refused in a row */
	bool various;    /* of two senders or to two domains */
	bool distrusted; /* until it takes a mail */
};

/* A mail was refused, or some of its recipients.  True: from now on the
 * provider is distrusted. */
bool guard_refused(struct guard *guard, const struct guard_refusal *refusal);

/* It took one.  True when it had refused others before. */
bool guard_accepted(struct guard *guard);

#endif
