/* SPDX-License-Identifier: MIT */
/*
 * The landing ends a flight.  The dispatch thread.
 */
#ifndef DISPATCH_LANDING_H
#define DISPATCH_LANDING_H

#include "state.h"

/* Nothing more can be done now: the client is answered, or the
 * store gets the mail back.  The flight is gone afterwards, or REPORTING. */
void landing_start(struct dispatcher *dispatcher, struct flight *flight);

#endif
