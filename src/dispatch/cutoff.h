/* SPDX-License-Identifier: MIT */
/*
 * A cutoff sees when it is this host that reaches nobody: all providers (two at
 * least) that could be asked failed within seconds for want of a connection (no
 * address, no way there, no answer; a refusal, too, which is what a firewall or
 * a proxy of ours says), none answered in between.  Then none of them is to
 * blame: their breakers are as they were before, and held for a moment that
 * does not grow, each taking a mail then to see, until one answers.  A provider
 * that nobody asked lately may be within reach: as long as there is one, this
 * host is not cut off.
 *
 * One for all lanes, working on their breakers.  Pure; the dispatch thread.
 */
#ifndef DISPATCH_CUTOFF_H
#define DISPATCH_CUTOFF_H

#include "breaker.h"

/* All must have failed within this, before the last one's attempt began: who
 * is waited for until the time to connect is over fails late. */
#define CUTOFF_SPAN_MS (5 * INT64_C(1000))

struct cutoff;

struct cutoff *cutoff_new(void);
void cutoff_free(struct cutoff *cutoff);

/* One more to see; the breaker is borrowed.  Returns its number. */
unsigned cutoff_join(struct cutoff *cutoff, struct breaker *breaker);

/* True while this host reaches nobody. */
bool cutoff_is_on(const struct cutoff *cutoff);

/* An attempt that came to no connection. */
struct cutoff_failure {
	unsigned number; /* by that one; begun since its breaker opened last,
			  * which does not know yet */
	int64_t begun_ms;
	int64_t now_ms;
	int64_t pause_ms; /* for this the breakers are held */
};

/* True: this host is cut off, nothing is to be entered. */
bool cutoff_failed(struct cutoff *cutoff, const struct cutoff_failure *failure);

/* Somebody answered.  True when this host was cut off until now: the breakers
 * that were held for it are closed. */
bool cutoff_answered(struct cutoff *cutoff);

#endif
