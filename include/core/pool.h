/* SPDX-License-Identifier: MIT */
/*
 * A pool is a few named threads that take letters from one mailbox, for work
 * that would block a loop: parsing, encoding, libesmtp.
 */
#ifndef CORE_POOL_H
#define CORE_POOL_H

#include "core/mailbox.h"

struct pool;

struct pool_options {
	const char *name; /* threads are called name-1, name-2, ... */
	unsigned threads;
	size_t stack_bytes; /* of each thread; 0: the system's default */
	void *owner;        /* given to letters; borrowed */
};

/* Starts the threads, signals blocked in them. */
struct pool *pool_new(const struct pool_options *options);

/* Any thread: posts a letter, read by one of the threads. */
void pool_post(struct pool *pool, struct letter *letter, letter_fn read);

/* Letters waiting for a thread. */
size_t pool_waiting(struct pool *pool);

/* Reads what still waits, ends the threads, frees the pool.  NULL is fine. */
void pool_free(struct pool *pool);

#endif
