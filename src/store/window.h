/* SPDX-License-Identifier: MIT */
/*
 * The window says how much of the queue may be in dispatch, hence in memory:
 * so many mails, so many bytes.  While fresh and tried mail both wait for room,
 * neither may have more than 70 % of it, so that a backlog does not keep fresh
 * mail waiting, nor fresh mail starve a backlog.  The store's thread.
 */
#ifndef STORE_WINDOW_H
#define STORE_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

enum window_kind {
	WINDOW_FRESH, /* never went through dispatch */
	WINDOW_TRIED, /* went through it in vain */
};

struct window;

struct window *window_new(unsigned mails, uint64_t bytes);
void window_free(struct window *window);

/* True when one more of the kind may go in; the last may pass the limit of
 * bytes, so that none is too large for ever. */
bool window_fits(const struct window *window, enum window_kind kind);

/* Mails that fit at most, of any kind. */
unsigned window_room(const struct window *window);

/* Mails of the kind that are in. */
unsigned window_count(const struct window *window, enum window_kind kind);

/* It goes in, whether it fits or not; one that is in stays as it is. */
void window_enter(struct window *window, const char *id, enum window_kind kind,
    uint64_t bytes);

/* It goes out; nothing happens when it is not in. */
void window_leave(struct window *window, const char *id);

bool window_has(const struct window *window, const char *id);

/* Whether mail of the kind waits for room. */
void window_wait(struct window *window, enum window_kind kind, bool waits);

#endif
