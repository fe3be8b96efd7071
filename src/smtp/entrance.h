/* SPDX-License-Identifier: MIT */
/*
 * An entrance is one listening socket, on the main loop.  When the process has
 * no file left it stops accepting for a moment instead of spinning.
 */
#ifndef SMTP_ENTRANCE_H
#define SMTP_ENTRANCE_H

#include "core/loop.h"
#include <glib.h>
#include <sys/socket.h>

struct entrance;

/* A client has come; the non-blocking socket is the callee's. */
typedef void (*entrance_fn)(void *object, int fd, const struct sockaddr *peer);

struct entrance_options {
	struct loop *loop;
	const char *name;    /* of the listener, for messages; borrowed */
	const char *address; /* as network_parse_endpoint() reads it */
	int64_t pause_ms;    /* when there is no file left */
	entrance_fn accepted;
	void *object;
};

/* Opens the socket; nothing is accepted before entrance_start(). */
struct entrance *entrance_new(
    const struct entrance_options *options, GError **error);

void entrance_start(struct entrance *entrance);

/* Closes the socket: further clients are refused by the system. */
void entrance_stop(struct entrance *entrance);

/* Where it listens ("127.0.0.1:2525"), with the port the system picked. */
const char *entrance_address(const struct entrance *entrance);

void entrance_free(struct entrance *entrance);

#endif
