/* SPDX-License-Identifier: MIT */
/*
 * The pickup takes in what `sendmail` left in the drop directory, at the start
 * and while we serve: on a loop of its own, as a client of the listener that
 * `sendmail` of [server] names.  A mail is removed once that has taken it; a
 * crash between is no second mail, for its ident is the same.  What the
 * listener refuses, or is no mail, is renamed and stays: a complaint while any
 * is there.  One that has to wait holds up no other.
 */
#ifndef SMTP_PICKUP_H
#define SMTP_PICKUP_H

#include "core/complaints.h"
#include "core/config.h"
#include "core/loop.h"

struct pickup;

/* NULL: there is no listener for it.  The config is counted; complaints, set on
 * the main loop, outlive it; NULL: nobody wants to know. */
struct pickup *pickup_new(
    struct config *config, struct loop *main, struct complaints *complaints);

/* NULL is fine to each of these.  Where the directory will not do that is
 * logged, and nothing is picked up. */
void pickup_start(struct pickup *pickup);

/* No other mail is begun; does not wait. */
void pickup_stop(struct pickup *pickup);

/* The main loop's thread.  Waits for the mail that is under way: the listener's
 * sessions have ended. */
void pickup_free(struct pickup *pickup);

/* True when the listener of this name is the one that `sendmail` speaks to. */
bool pickup_is_for(const struct config *config, const char *listener);

#endif
