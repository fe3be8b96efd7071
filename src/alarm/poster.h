/* SPDX-License-Identifier: MIT */
/*
 * The poster posts one notice after the other to alarm_url, by the HTTP
 * carrier.  The carrier's loop, but for what is said otherwise.
 */
#ifndef ALARM_POSTER_H
#define ALARM_POSTER_H

#include "notice.h"

struct poster_options {
	struct carrier http;  /* borrowed */
	const char *url;      /* copied */
	const char *hostname; /* borrowed */
	int64_t timeout_ms;
};

struct poster;

/* Why nothing can be posted there, a literal that names nothing of it; NULL: it
 * can.  Any thread. */
const char *poster_obstacle(const char *url);

/* The URL was checked.  Before the loop runs. */
struct poster *poster_new(const struct poster_options *options);

/* After the loop has stopped, nothing is under way.  NULL is fine. */
void poster_free(struct poster *poster);

/* Posts the notice, which it takes over, in its turn. */
void poster_add(struct poster *poster, struct notice *notice);

/* Forgets what waits; calls stopped(object) when nothing is under way any
 * more. */
void poster_stop(struct poster *poster, loop_fn stopped, void *object);

#endif
