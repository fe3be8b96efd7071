/* SPDX-License-Identifier: MIT */
/*
 * The guise of a delivery as raw mail wears it: another From, and whom the mail
 * was for before it was redirected.  Any thread.
 */
#ifndef PROVIDERS_GUISE_H
#define PROVIDERS_GUISE_H

#include "mail/delivery.h"
#include "mail/outcome.h"
#include "mail/raw.h"

/* The texts that the options borrow. */
struct guise {
	char *from, *reply_to, *add;
};

/* Sets in the options what the delivery's guise asks for, and `add`, made of
 * the lines given (complete, "" for none) and what says whom it was for. */
void guise_wear(struct guise *guise, const struct delivery *delivery,
    const char *add, struct raw_options *options);
void guise_clear(struct guise *guise);

/* The request had one address for each verdict that the outcome has between
 * these two, a single one when all are redirected; then what is said of it is
 * said of all.  guise_narrow() gives what guise_widen() takes. */
unsigned guise_narrow(const struct delivery *delivery, struct outcome *outcome);
void guise_widen(struct outcome *outcome, unsigned count);

#endif
