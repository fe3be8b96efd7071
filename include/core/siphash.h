/* SPDX-License-Identifier: MIT */
/*
 * SipHash-2-4 (Aumasson and Bernstein, 2012): a number of 64 bits for a text,
 * that nobody without the key can foresee, so that nobody can make two texts
 * that share one.  Pure; any thread.
 */
#ifndef CORE_SIPHASH_H
#define CORE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

struct siphash_key {
	uint64_t halves[2];
};

/* A key that nobody knows. */
struct siphash_key siphash_key(void);

uint64_t siphash(
    const struct siphash_key *key, const void *bytes, size_t length);

#endif
