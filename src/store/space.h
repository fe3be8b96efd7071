/* SPDX-License-Identifier: MIT */
/*
 * Whether the store can write.
 *
 *	WELL --no room--> FULL --some room--> LOW --room for the ballast--> WELL
 *	                   ^                   |
 *	                   '------no room------'
 *
 * FULL: the ballast was given up, results are recorded, nothing is sent.  LOW:
 * what is there is sent, which makes room; nothing new is accepted.  BAD, when
 * a write failed, is for ever.
 */
#ifndef STORE_SPACE_H
#define STORE_SPACE_H

#include "state.h"

/* Before the database is opened: gives the ballast up when there is no room for
 * what a crash left to be written. */
void space_spare(struct store *store);

/* Makes the ballast; without room for it the disk counts as full.
 * ballast_bytes 0: by the size of the file system. */
void space_open(struct store *store, uint64_t ballast_bytes);

/* There was no room. */
void space_full(struct store *store, const char *why);

/* A sync or a commit failed: tells the owner, once. */
void space_bad(struct store *store, const char *why);

/* Looks at the disk and at what the queue holds, so that a burst is told 452 at
 * MAIL before either is full. */
void space_measure(struct store *store);

/* The same, and more: FULL and LOW end when there is room again. */
void space_look(struct store *store);

#endif
