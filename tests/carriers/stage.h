/* SPDX-License-Identifier: MIT */
/*
 * What a test of a carrier needs: a loop that runs on the test's own thread
 * until what it waits for has come, a carrier, a peer.
 */
#ifndef TESTS_STAGE_H
#define TESTS_STAGE_H

#include "carriers/peer.h"

#include "carrier.h"

/* What a test needs: a loop on this thread, the carrier, a peer. */
struct stage {
	struct loop *loop;
	struct carrier carrier;
	struct peer peer;
	struct endpoint endpoint;
	char *url;
	GPtrArray *ended; /* exchanges, in the order of done */
	unsigned awaited;
	struct loop_timer *timer;
};

static inline void
stage_done(void *object, struct exchange *exchange)
{
	struct stage *stage = object;

	g_ptr_array_add(stage->ended, exchange);
	if (stage->ended->len == stage->awaited)
		loop_quit(stage->loop);
}

static inline void
stage_free_exchange(void *exchange)
{
	exchange_free(exchange);
}

static inline void
stage_open(struct stage *stage, struct peer peer)
{
	*stage = (struct stage) {
		.loop = loop_new("dispatch", NULL),
		.peer = peer,
		.ended = g_ptr_array_new_with_free_func(stage_free_exchange),
		.endpoint = {
			.provider = "test",
			.connections = 4,
			.resolve_ms = 3000,
			.connect_ms = 3000,
			.answer_ms = 10000,
			.upload_rate = 8192,
			.upload_window_ms = 10000,
			.idle_ms = 10000,
		},
	};
	peer_start(&stage->peer);
}

/* The carrier goes first: the peer waits for its clients to hang up. */
static inline void
stage_close(struct stage *stage)
{
	stage->carrier.free(stage->carrier.self);
	peer_stop(&stage->peer);
	loop_timer_free(stage->timer);
	loop_free(stage->loop);
	g_ptr_array_unref(stage->ended);
	g_free(stage->url);
}

static inline void
stage_send(struct stage *stage, struct exchange *exchange)
{
	stage->carrier.send(stage->carrier.self, exchange);
}

/* Runs until so many exchanges have ended in all; the last of them. */
static inline struct exchange *
stage_await(struct stage *stage, unsigned count)
{
	stage->awaited = count;
	if (stage->ended->len < count)
		loop_run(stage->loop);
	return g_ptr_array_index(stage->ended, count - 1);
}

static inline void
stage_tick(void *object)
{
	struct stage *stage = object;

	loop_quit(stage->loop);
}

/* Lets the loop run for a while, for what happens by time alone. */
static inline void
stage_pass(struct stage *stage, int64_t ms)
{
	if (stage->timer == NULL)
		stage->timer = loop_timer_new(stage->loop, stage_tick, stage);
	loop_timer_set(stage->timer, ms);
	loop_run(stage->loop);
}

#endif
