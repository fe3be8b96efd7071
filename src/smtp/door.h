/* SPDX-License-Identifier: MIT */
/*
 * A door is one listening socket, on the main loop.  When the process has no
 * file left it stops accepting for a moment instead of spinning.
 */
#ifndef SMTP_DOOR_H
#define SMTP_DOOR_H

#include "core/loop.h"
#include <glib.h>
#include <sys/socket.h>

struct door;

/* A client has come; the non-blocking socket is the callee's. */
typedef void (*door_fn)(void *object, int fd, const struct sockaddr *peer);

struct door_options {
	struct loop *loop;
	const char *name;    /* of the listener, for messages; borrowed */
	const char *address; /* as network_parse_endpoint() reads it */
	int64_t pause_ms;    /* when there is no file left */
	door_fn accepted;
	void *object;
};

/* Opens the socket; nothing is accepted before door_start(). */
struct door *door_new(const struct door_options *options, GError **error);

void door_start(struct door *door);

/* Closes the socket: further clients are refused by the system. */
void door_stop(struct door *door);

/* Where it listens ("127.0.0.1:2525"), with the port the system picked. */
const char *door_address(const struct door *door);

void door_free(struct door *door);

#endif
