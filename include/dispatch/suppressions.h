/* SPDX-License-Identifier: MIT */
/*
 * The suppressions are the addresses of the suppression list as dispatch looks
 * them up: a keyed hash and the reason of each, 8 bytes an address, in order.
 * Of two addresses that share a hash (one chance in 10^18 for each pair) both
 * would count as listed.  The dispatch thread, but where it says otherwise.
 */
#ifndef DISPATCH_SUPPRESSIONS_H
#define DISPATCH_SUPPRESSIONS_H

#include "core/loop.h"
#include "mail/suppression.h"

struct suppressions;

/* None yet; the loop is dispatch's. */
struct suppressions *suppressions_new(struct loop *loop);
/* After the loop is freed.  NULL is fine. */
void suppressions_free(struct suppressions *suppressions);

/* Before the loop runs: a store_suppressed_fn. */
void suppressions_load(
    void *suppressions, const char *address, enum suppression_why why);

/* Any thread; a suppression_news_fn. */
void suppressions_post(void *suppressions, struct suppression_news *news);

/* True when the address is listed, and why.  The address in letters of either
 * case, its domain in IDNA form. */
bool suppressions_have(struct suppressions *suppressions, const char *address,
    enum suppression_why *why);

unsigned suppressions_count(const struct suppressions *suppressions);

/* Another number whenever there are others: 0 as long as there were none. */
unsigned suppressions_version(const struct suppressions *suppressions);

#endif
