/* SPDX-License-Identifier: MIT */
/*
 * Hearsay is what providers told of mails lately: that they have them.  It is
 * kept for mails that are in doubt at the moment, or come to be so: often an
 * event is here before the answer that was lost is given up.  The dispatch
 * thread.
 */
#ifndef DISPATCH_HEARSAY_H
#define DISPATCH_HEARSAY_H

#include "mail/event.h"
#include "mail/inquiry.h"

/* Kept so long, and so many at most: the oldest go first. */
#define HEARSAY_KEEP_MS INT64_C(3600000)
#define HEARSAY_MOST    20000u

struct hearsay;

/* What it says of one recipient; borrowed until more is kept. */
struct hearsay_word {
	enum event_kind kind;
	const char *provider_id; /* NULL: none */
};

struct hearsay *hearsay_new(void);
struct hearsay *hearsay_ref(struct hearsay *hearsay);
void hearsay_unref(struct hearsay *hearsay);

/* Keeps an event that proves something; others are of no use here. */
void hearsay_keep(
    struct hearsay *hearsay, const struct event *event, int64_t now_ms);

/* True when that provider told that it has this very mail, which left when the
 * inquiry says, for its recipient number `recipient`. */
bool hearsay_find(const struct hearsay *hearsay, const char *provider,
    const struct inquiry *inquiry, unsigned recipient,
    struct hearsay_word *word);

/* How many words are kept. */
unsigned hearsay_count(const struct hearsay *hearsay);

#endif
