/* SPDX-License-Identifier: MIT */
/*
 * How a provider stands, for people: what `status` shows, what the log and the
 * alarms speak of.  Plain data.
 */
#ifndef MAIL_STANDING_H
#define MAIL_STANDING_H

#include "core/metrics.h"
#include "mail/health.h"
#include "mail/outcome.h"
#include <stdbool.h>

/* What it was asked, since the start. */
struct provider_work {
	uint64_t attempts[VERDICT_CLASSES]; /* by what came of them */
	struct metrics_spread requests;     /* how long each took */
};

/* All states there are; NULL-terminated. */
extern const char *const standing_states[];

struct provider_standing {
	char *name, *type;
	const char *state;    /* a literal: "open" for business, "paused" (not
			       * asked before until_ms), "probing" (a mail at a
			       * time, to see whether it is back), "throttled"
			       * (its gate is closed until then), "exhausted"
			       * (its quota is), "unusable" (our account there:
			       * a person has to act), "distrusted" (it refuses
			       * everything), "cut off" (this host reaches
			       * nobody) */
	char *why;            /* what it said last, not "open" or failing;
			       * NULL: nothing */
	unsigned failing;     /* "open": attempts in a row that failed */
	unsigned told;        /* "distrusted": recipients that were believed to
			       * be at fault before, and their senders told */
	int64_t since_ms;     /* wall clock: in this state */
	int64_t until_ms;     /* ms from now until it is asked again; 0: now */
	unsigned requests;    /* under way */
	unsigned limit;       /* of them, now: adapted to what it bears */
	unsigned connections; /* of them, by the settings */
	unsigned waiting;     /* mails that wait for a free request */
	unsigned doubts;      /* inquiries that wait to be made */
	uint64_t hour_sent, hour_max; /* recipients this hour; max 0: any */
	uint64_t day_sent, day_max;
	uint64_t accepted; /* recipients, since the start */
	uint64_t failed;   /* attempts that were not accepted, since then */
	char **senders;    /* From domains it refuses now; NULL: none */
	bool reserve;      /* mail goes by it because those before it in its
			    * route cannot be asked */
	struct provider_work work;
	struct health health;
};

void standing_free(void *standing);

#endif
