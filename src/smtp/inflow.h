/* SPDX-License-Identifier: MIT */
/*
 * The inflow: whether mail comes faster than it leaves.  When the queue has
 * grown by much, and never fell back, for a whole window, clients outside
 * `allow` are slowed down until it does not.  Looked at on the main loop; any
 * thread may ask.
 */
#ifndef SMTP_INFLOW_H
#define SMTP_INFLOW_H

#include <stdbool.h>
#include <stdint.h>

struct inflow_limits {
	int64_t window_ms;
	uint64_t growth;  /* mails in a window */
	int64_t delay_ms; /* after MAIL; 0: never */
};

struct inflow;

struct inflow *inflow_new(const struct inflow_limits *limits);
void inflow_free(struct inflow *inflow);

/* So many mails are in the queue at this moment of the monotonic clock.  Often,
 * against the window; after a longer break the window begins anew. */
void inflow_look(struct inflow *inflow, uint64_t mails, int64_t now_ms);

/* How long a client that begins a mail is to wait, ms; 0: not at all.  NULL:
 * never. */
int64_t inflow_delay(const struct inflow *inflow);

#endif
