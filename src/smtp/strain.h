/* SPDX-License-Identifier: MIT */
/*
 * Strain: more clients are there than is good, or memory is short, so clients
 * that may not send mail get little patience until it is over.  The main loop
 * looks; whether it is on may be read by any thread.
 *
 *	CALM --connections over the share, or memory soft--> STRAINED
 *	STRAINED --neither for calm_ms--> CALM
 */
#ifndef SMTP_STRAIN_H
#define SMTP_STRAIN_H

#include "core/budget.h"
#include <stdbool.h>
#include <stdint.h>

struct strain;

struct strain_limits {
	unsigned most;         /* clients in all */
	unsigned percent;      /* of them, from which on it begins */
	int64_t calm_ms;       /* without a cause, then it ends */
	struct budget *budget; /* of memory; outlives the strain */
};

struct strain *strain_new(const struct strain_limits *limits);
void strain_free(struct strain *strain);

/* So many clients are there now.  True when it has begun by that; beginning and
 * end are logged, once each. */
bool strain_look(struct strain *strain, unsigned total, int64_t now_ms);

/* Any thread; NULL: never. */
bool strain_is_on(const struct strain *strain);

#endif
