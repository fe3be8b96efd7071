/* SPDX-License-Identifier: MIT */
/*
 * One dispatcher takes over from another, when the settings were read anew:
 * mail in nobody's hands begins anew there, mail of the queue lands when its
 * attempt is over and comes back there, and a client whose mail was tried
 * already is served to the end here.  The one before goes when all of it is
 * through.  The dispatch thread.
 */
#ifndef DISPATCH_SUCCESSION_H
#define DISPATCH_SUCCESSION_H

#include "state.h"

/* From now on that one is to have what still comes here.  Its own heir follows
 * it, should there be one. */
void succession_name(struct dispatcher *before, struct dispatcher *heir);

/* Gives its heir what is here; nobody posts to it from now on who did not hold
 * it already. */
void succession_pass(struct dispatcher *before);

/* The flight, which is on no list and has no attempt, is made once more by the
 * routes of that dispatcher, on a work thread, and posted to it. */
void succession_begin_anew(struct dispatcher *heir, struct flight *flight);

/* True when nothing of the one before is left: it may be freed. */
bool succession_is_over(struct dispatcher *before);

#endif
