/* SPDX-License-Identifier: MIT */
/*
 * Shunning: whoever is on the suppression list is not sent to, by nobody.  The
 * dispatch thread.
 */
#ifndef DISPATCH_SHUN_H
#define DISPATCH_SHUN_H

#include "state.h"

/* Settles who waits and is on the list: refused for good; of a report of our
 * own dropped, as nobody is told of that.  Not of mail that goes elsewhere
 * (redirect_to), or that says X-Postferry-Suppress: no. */
void shun_listed(struct dispatcher *dispatcher, struct flight *flight);

#endif
