/* SPDX-License-Identifier: MIT */
/*
 * A loop is a named thread with an event base, a mailbox and timers.  Whatever
 * is made on a loop lives and dies on its thread; others reach it by posting a
 * letter.  Loops never block.
 */
#ifndef CORE_LOOP_H
#define CORE_LOOP_H

#include "core/mailbox.h"
#include <stdint.h>

struct event_base;
struct loop;
struct loop_timer;

typedef void (*loop_fn)(void *object);

/* Makes the loop; its thread runs from loop_start() on.  name is at most 15
 * characters (pthread_setname_np), owner is given to letters. */
struct loop *loop_new(const char *name, void *owner);

/* Before loop_start(): so many more files will have events at a time.  libevent
 * keeps some bytes for each number of a file for good.  Made now these lie side
 * by side; made when a client comes, in the midst of what it takes, they keep
 * all that memory from being given back when it has gone. */
void loop_expect(struct loop *loop, unsigned files);

/* Starts the thread.  Signals are blocked in it. */
void loop_start(struct loop *loop);

/* Runs the loop on the caller's thread instead, until loop_quit(): for main. */
void loop_run(struct loop *loop);

/* Its own thread: ends loop_run(). */
void loop_quit(struct loop *loop);

/* Any thread but its own: asks the loop to end after the letters that wait
 * now, waits until the thread has ended.  From then on the caller's thread is
 * the loop's own.  Nothing happens when it was never started. */
void loop_stop(struct loop *loop);

/* After loop_stop(): letters still in the mailbox are read on the caller's
 * thread first.  Its timers, signals and events are freed already.  NULL is
 * fine. */
void loop_free(struct loop *loop);

/* The event base, for carriers and servers that register their own sockets.
 * Only its own thread may use it, or anyone before loop_start(). */
struct event_base *loop_base(struct loop *loop);

/* Any thread: posts a letter to the loop (mailbox.h). */
void loop_post(struct loop *loop, struct letter *letter, letter_fn read);

/* The same for a letter that nobody waits for: read with the next one that is
 * posted by loop_post(), in the order posted, but after 20 ms at most.  So a
 * thread is not woken for each of many.  The loop outlives the call. */
void loop_post_later(struct loop *loop, struct letter *letter, letter_fn read);

/* Before loop_start(): calls fn(object) on the loop's thread each time after it
 * has read all the letters that waited, by loop_free() too: for an owner that
 * lays aside what letters ask for and does it in batches.  One per loop. */
void loop_after(struct loop *loop, loop_fn fn, void *object);

/* Any thread that may wait (no other loop's): runs fn(object) on the loop,
 * after the letters posted before, and waits until it is done.  Where the loop
 * is the caller's own it is run at once.  Not while loop_stop() is under
 * way. */
void loop_call(struct loop *loop, loop_fn fn, void *object);

/* True on the loop's own thread (and before it is started): for g_assert. */
bool loop_here(const struct loop *loop);

/* A one-shot timer, on the loop's thread: fn(object) after delay_ms.
 * The timer is freed by loop_timer_free(), not by firing. */
struct loop_timer *loop_timer_new(struct loop *loop, loop_fn fn, void *object);
void loop_timer_set(struct loop_timer *timer, int64_t delay_ms);
void loop_timer_clear(struct loop_timer *timer);
void loop_timer_free(struct loop_timer *timer);

/* The clocks (core/clock.h), on the loop's thread: a turn, which is one
 * callback of a timer or a signal or the letters that waited together, reads
 * them once, when it first asks, so that whatever it decides is of one moment,
 * and of both clocks of the same.  Where the loop does not run they are read
 * each time. */
int64_t loop_now_ms(struct loop *loop);
int64_t loop_wall_ms(struct loop *loop);

/* A turn begins: for callbacks that the loop does not make itself, of events on
 * loop_base(), before anything that asks for the time. */
void loop_turn(struct loop *loop);

struct loop_signal;

/* Calls fn(object) on the loop's thread whenever the process gets the signal;
 * signals that come together count as one.  From now on the signal is blocked
 * here and in all threads that this one starts: for the main loop, before
 * loop_run() and before any library starts threads of its own. */
struct loop_signal *loop_signal_new(
    struct loop *loop, int number, loop_fn fn, void *object);
void loop_signal_free(struct loop_signal *signal);

#endif
