/* SPDX-License-Identifier: MIT */
/*
 * The crowd: how many clients are there, in all and from each address (an IPv6
 * /64) outside `allow`, how often these come and send, and whether one more is
 * taken.
 * Whoever comes by a proxy is counted in all at once, and by address when the
 * proxy has said whose it is.  The main loop's thread.
 */
#ifndef SMTP_CROWD_H
#define SMTP_CROWD_H

#include "reply.h"
#include "session.h"

struct crowd;

struct crowd_limits {
	unsigned most;         /* clients in all */
	unsigned reserved;     /* of them, for peers in `allow` */
	unsigned remembered;   /* peers whose rates are, at most */
	struct budget *budget; /* of memory; outlives the crowd */
};

struct crowd *crowd_new(const struct crowd_limits *limits);
void crowd_free(struct crowd *crowd);

/* Why the client is not taken; REPLY_NONE: it is, and is counted.  `rules` say
 * how many may come from one address. */
enum reply_name crowd_enter(struct crowd *crowd, const struct rules *rules,
    const struct session_peer *peer);

/* The same for one that was counted as proxied, and is this one. */
enum reply_name crowd_admit(struct crowd *crowd, const struct rules *rules,
    const struct session_peer *peer);

/* The same for its next mail. */
enum reply_name crowd_permit(struct crowd *crowd, const struct rules *rules,
    const struct session_peer *peer);

/* It has gone; `peer` says of it what was counted. */
void crowd_leave(struct crowd *crowd, const struct session_peer *peer);

/* Clients that are there. */
unsigned crowd_total(const struct crowd *crowd);

#endif
