/* SPDX-License-Identifier: MIT */
/*
 * The teller posts the events of each mail to a webhook, signed as the provider
 * signs them, one request at a time, and again when it is not taken.  On the
 * house's loop.
 */
#ifndef SIMULATE_TELLER_H
#define SIMULATE_TELLER_H

#include "catalog.h"
#include "fault.h"
#include "simulate/simulator.h"

struct event_base;
struct teller;

/* The webhook's texts are copied.  NULL: its URL is none. */
struct teller *teller_new(struct event_base *base, enum fault_kind kind,
    const struct simulator_webhook *webhook);
/* NULL is fine. */
void teller_free(struct teller *teller);

/* Tells what becomes of the mail. */
void teller_tell(struct teller *teller, const struct entry *entry);

#endif
