/* SPDX-License-Identifier: MIT */
/*
 * A seat holds one object, which any thread may take and its owner replaces:
 * whoever took the one before may keep it as long as its count says.
 */
#ifndef CORE_SEAT_H
#define CORE_SEAT_H

struct seat;

/* Counts the object for whoever takes it; under a lock, so it only counts. */
typedef void (*seat_hold_fn)(void *object);

/* The object is borrowed until it is replaced. */
struct seat *seat_new(void *object, seat_hold_fn hold);
/* NULL is fine. */
void seat_free(struct seat *seat);

/* Any thread: the object that is there now, counted. */
void *seat_take(struct seat *seat);

/* Another one from now on: once this returns nobody takes the one before. */
void seat_put(struct seat *seat, void *object);

#endif
