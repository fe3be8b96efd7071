/* SPDX-License-Identifier: MIT */
/*
 * A gate lets mail through to a provider as fast as its settings say (`rate`,
 * `burst`, `quota_hour`, `quota_day`), and as it says itself: "too many" closes
 * the gate for the time it names, and slows the rate to 0.7 of what it was
 * (with no rate set, of what was reached), which comes back by a twentieth each
 * ten seconds.  Without a rate set it then goes on to twice what was reached
 * before, and from there on it is free again.  Pure.
 */
#ifndef DISPATCH_GATE_H
#define DISPATCH_GATE_H

#include "bucket.h"
#include "provider.h"
#include "quota.h"

#define GATE_SLOWER         0.7
#define GATE_RATE_LEAST     1.0 /* a second; less when less is set */
#define GATE_FASTER         0.05
#define GATE_FASTER_MS      INT64_C(10000)
#define GATE_MEASURE_MS     INT64_C(10000)
#define GATE_CLOSED_MOST_MS (60 * 60 * INT64_C(1000))

/* How fast it goes: of the last span that is over, and of this one. */
struct gate_measure {
	int64_t since_ms;
	unsigned count;
	double last; /* a second */
};

/* A rate that comes back. */
struct gate_slow {
	double rate; /* at at_ms */
	double goal; /* where it ends; 0: it is not slowed down */
	int64_t at_ms;
};

struct gate {
	const struct provider_pace *pace; /* borrowed */
	struct bucket bucket;
	struct quota hour, day;
	int64_t until_ms;  /* closed until then, monotonic */
	unsigned closings; /* how often it was closed */
	struct gate_slow slow;
	struct gate_measure measure;
};

/* What one mail took, to be given back. */
struct gate_pass {
	unsigned recipients;
	int64_t hour, day; /* the windows of the quotas */
	unsigned closings; /* when it went through */
};

void gate_start(struct gate *gate, const struct provider_pace *pace);

/* True while it is closed by the provider's word. */
bool gate_is_closed(const struct gate *gate, int64_t now_ms);

/* Mails a second now; 0: any. */
double gate_rate(const struct gate *gate, int64_t now_ms);

/* True while that is less than it would be by its settings. */
bool gate_is_slowed(const struct gate *gate, int64_t now_ms);

/* Slowed at that time as an earlier process had it: never to more than its
 * settings say. */
void gate_recall(struct gate *gate, const struct gate_slow *slow);

/* When its rate allows a mail: now, or a time later than now. */
int64_t gate_when(const struct gate *gate, int64_t now_ms);

/* When its quotas allow so many recipients, wall clock: now, or a time later
 * than that (when it is to be asked again). */
int64_t gate_quota_when(
    const struct gate *gate, unsigned recipients, int64_t wall_ms);

/* A mail goes through at now, which the wall clock calls wall_ms. */
struct gate_pass gate_pass(
    struct gate *gate, unsigned recipients, int64_t now_ms, int64_t wall_ms);

/* It was not sent, or so many recipients were not taken: its quotas are given
 * back.  The rate was used all the same, so that it is never exceeded. */
void gate_return(
    struct gate *gate, const struct gate_pass *pass, unsigned recipients);

/* As quota_keep() of both. */
bool gate_keep(struct gate *gate);
void gate_keep_exact(struct gate *gate);

/* The provider said "too many" to it: not before that many ms.  What went
 * through before the gate closed last does not slow the rate again. */
void gate_throttle(struct gate *gate, const struct gate_pass *pass,
    int64_t now_ms, int64_t retry_ms);

#endif
