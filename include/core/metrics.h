/* SPDX-License-Identifier: MIT */
/*
 * Metrics are what is counted while we serve, for who watches: relaxed atomics,
 * added to by the threads that do the work and read by any.  Nothing waits,
 * nothing is allocated; two numbers that are read need not be of one moment.
 */
#ifndef CORE_METRICS_H
#define CORE_METRICS_H

#include <stdint.h>

enum metrics_count {
	METRICS_SESSIONS_BEGUN,
	METRICS_SESSIONS_ENDED,
	METRICS_CONNECTIONS_REFUSED,
	METRICS_MAILS_TAKEN,   /* came whole, and were told 250 */
	METRICS_MAILS_PUT_OFF, /* the same, and 4xx */
	METRICS_MAILS_REFUSED, /* the same, and 5xx */
	METRICS_MAIL_BYTES,    /* of those taken */
	METRICS_COUNTS,
};

enum metrics_duration {
	METRICS_ANSWER, /* end of data to the reply */
	METRICS_START,  /* end of data to its first request */
	METRICS_COMMIT, /* of the queue, with its sync */
	METRICS_DURATIONS,
};

/* The last bucket has no bound. */
#define METRICS_BUCKETS 15

/* Durations as they spread.  Plain data, of one thread at a time. */
struct metrics_spread {
	uint64_t counts[METRICS_BUCKETS]; /* of each bucket by itself */
	uint64_t sum_us;
};

/* The upper bound of a bucket but the last, in microseconds, inclusive. */
int64_t metrics_bound_us(unsigned bucket);

/* A negative duration counts as 0. */
void metrics_spread_add(struct metrics_spread *spread, int64_t us);

struct metrics;

struct metrics *metrics_new(void);
void metrics_free(struct metrics *metrics);

/* Any thread; metrics NULL: nobody watches. */
void metrics_add(
    struct metrics *metrics, enum metrics_count count, uint64_t by);
void metrics_time(
    struct metrics *metrics, enum metrics_duration duration, int64_t us);

/* Any thread. */
uint64_t metrics_read(const struct metrics *metrics, enum metrics_count count);
void metrics_read_spread(const struct metrics *metrics,
    enum metrics_duration duration, struct metrics_spread *out);

#endif
