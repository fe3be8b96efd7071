/* SPDX-License-Identifier: MIT */
/*
 * The judge reads what came of an exchange: first how it ended for the
 * carrier, then, when there was an answer, what the translator makes of it; and
 * says what that means for the provider and for the client.  Pure.
 */
#ifndef DISPATCH_JUDGE_H
#define DISPATCH_JUDGE_H

#include "ledger.h"
#include "provider.h"

/* What an outcome says about the provider itself. */
enum standing {
	STANDING_UNKNOWN,   /* nothing: our own disk was at fault */
	STANDING_WELL,      /* it answered, be it with a refusal */
	STANDING_DOWN,      /* outage or doubt */
	STANDING_THROTTLED, /* not now; when, says the outcome */
	STANDING_UNUSABLE,  /* the account: somebody must look */
	STANDING_SENDER,    /* unusable for this From domain only */
};

/* The outcome of a delivery: a new one.  Whom a provider suppresses is refused
 * (RECIPIENT), or, where its list is not respected, may be taken by another one
 * (PAYLOAD).  An account of several domains that refuses the one of this From,
 * naming it, is usable for the others (SENDER). */
struct outcome *judge_outcome(const struct provider *provider,
    const struct delivery *delivery, const struct exchange *exchange);

/* What the outcome of that exchange says of the provider. */
enum standing judge_standing(
    const struct exchange *exchange, const struct outcome *outcome);

/* The first verdict that explains the outcome best, for one log line: an
 * accepted one only when all are. */
const struct verdict *judge_worst(const struct outcome *outcome);

/* Recipients refused by a verdict that another mail could get as well: not for
 * the provider's suppression list, nor while one bad one among many is looked
 * for. */
unsigned judge_refused(const struct outcome *outcome);

/* Recipients it may have taken, or did. */
unsigned judge_taken(const struct outcome *outcome);

/* What the client is told of the mail as the ledger stands: 250 when all
 * recipients are accepted, 451 while some may still be, otherwise 5xx naming
 * who is refused; and each its own where one answer per recipient is wanted.
 * names are the route's providers, NULL-terminated. */
struct answer *judge_answer(const struct ledger *ledger,
    const struct submission *submission, const char *const *names);

/* Tells each recipient that is final its own in the answer: accepted and
 * dropped ones 250, refused ones their 5xx.  The others are told what the
 * answer says. */
void judge_each(struct answer *answer, const struct ledger *ledger,
    const struct submission *submission, const char *const *names);

#endif
