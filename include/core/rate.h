/* SPDX-License-Identifier: MIT */
/*
 * How often each peer does something, in token buckets: as many as it may do in
 * a minute flow back in a minute.  Two generations of buckets: one that nobody
 * touched for a minute is full again and is forgotten with its generation, and
 * so is the older one when the younger has no room.  One thread.
 */
#ifndef CORE_RATE_H
#define CORE_RATE_H

#include <stdbool.h>
#include <stdint.h>

struct rate;

/* entries: peers that are remembered, at most. */
struct rate *rate_new(unsigned entries);
void rate_free(struct rate *rate);

/* It does it once more; false: it did it `most` times in the last minute, and
 * this one does not count.  most 0: as often as it likes. */
bool rate_take(
    struct rate *rate, const char *peer, unsigned most, int64_t now_ms);

/* Peers that are remembered. */
unsigned rate_count(const struct rate *rate);

#endif
