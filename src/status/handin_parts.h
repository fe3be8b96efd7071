/* SPDX-License-Identifier: MIT */
/*
 * What the files of the hand-in share: its life is in handin.c, one mail in
 * handin_mail.c, the wait for its answer in handin_room.c.
 */
#ifndef STATUS_HANDIN_PARTS_H
#define STATUS_HANDIN_PARTS_H

#include "core/rate.h"
#include "core/seat.h"
#include "handin_room.h"
#include "status/handin.h"
#include <pthread.h>

/* What holds for mail that comes now; immutable, counted. */
struct handin_terms {
	gatomicrefcount count;
	struct config *config; /* counted */
	struct limiter_limits limits;
	struct composition_place place;
	enum answer_when when;
	int64_t deadline_ms; /* for the answer */
	unsigned rate_most;  /* mails a minute of one who; 0: any */
};

struct handin {
	struct handin_options options;
	struct handin_room *room;
	struct handin_terms *terms; /* of the main thread; others take them
				     * from the seat */
	struct seat *seat;
	pthread_mutex_t lock; /* of rate */
	struct rate *rate;    /* mails, by who hands them in */
};

void handin_terms_unref(struct handin_terms *terms);

/* The answer is that it cannot be now; the text is copied. */
void handin_put_off(
    struct handin_answer *answer, unsigned code, const char *text);

#endif
