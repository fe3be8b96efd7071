/* SPDX-License-Identifier: MIT */
/*
 * A cutoff sees when it is this host that reaches nobody: all providers (two at
 * least) that are asked failed within seconds for want of a connection, none
 * answered in between.  Then none of them is to blame: their breakers are as
 * they were before, and closed for a moment that does not grow, until one
 * answers.  One for all lanes.  Pure; the dispatch thread.
 */
#ifndef DISPATCH_CUTOFF_H
#define DISPATCH_CUTOFF_H

#include "breaker.h"

/* All must have failed within this. */
#define CUTOFF_SPAN_MS (5 * INT64_C(1000))

struct cutoff;

struct cutoff *cutoff_new(void);
void cutoff_free(struct cutoff *cutoff);

/* True while this host reaches nobody. */
bool cutoff_is_on(const struct cutoff *cutoff);

#endif
