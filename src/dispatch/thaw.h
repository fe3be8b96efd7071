/* SPDX-License-Identifier: MIT */
/*
 * The thaw: doubts that were waited out are settled by their policy.  The
 * dispatch thread.
 */
#ifndef DISPATCH_THAW_H
#define DISPATCH_THAW_H

#include "state.h"

/* Whose doubt is over by now waits to be sent again, or is held; who was in
 * doubt too often is held; when the mail's lifetime is over nobody is asked any
 * more. */
void thaw_flight(
    struct dispatcher *dispatcher, struct flight *flight, int64_t now_ms);

#endif
