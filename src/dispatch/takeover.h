/* SPDX-License-Identifier: MIT */
/*
 * A takeover makes a client's mail one of the queue.  The dispatch thread.
 */
#ifndef DISPATCH_TAKEOVER_H
#define DISPATCH_TAKEOVER_H

#include "state.h"

/* True when the queue is to take the mail from its client as it stands:
 * somebody may have it, somebody has not.  Whom no report may be sent about is
 * held then; only when the others all have it is the client told of them. */
bool takeover_is_due(
    const struct dispatcher *dispatcher, const struct flight *flight);

/* From here on the mail is the queue's; its client is answered when
 * that is on disk. */
void takeover_start(struct dispatcher *dispatcher, struct flight *flight);

#endif
