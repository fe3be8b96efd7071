/* SPDX-License-Identifier: MIT */
/*
 * An entrance is one listening socket, on the main loop: one it opens, or one
 * that was handed to us open (activation.h).  When the process has
 * no file left it stops accepting for a moment instead of spinning.
 */
#ifndef SMTP_ENTRANCE_H
#define SMTP_ENTRANCE_H

#include "core/loop.h"
#include <glib.h>
#include <sys/socket.h>
#include <sys/types.h>

struct activation;
struct entrance;

/* A client has come; the non-blocking socket is the callee's. */
typedef void (*entrance_fn)(void *object, int fd, const struct sockaddr *peer);

struct entrance_options {
	struct loop *loop;
	const char *name;    /* of the listener, for messages; borrowed */
	const char *address; /* as network_parse_listener() reads it */
	mode_t mode;         /* of a Unix socket's file */
	gid_t group;         /* of that; (gid_t)-1: as it comes */
	int64_t pause_ms;    /* when there is no file left */
	struct activation *activation; /* sockets that are open already; NULL:
					* there are none any more */
	entrance_fn accepted;
	void *object;
};

/* Opens the socket; nothing is accepted before entrance_start(). */
struct entrance *entrance_new(
    const struct entrance_options *options, GError **error);

void entrance_start(struct entrance *entrance);

/* Closes the socket: further clients are refused by the system, but for one
 * that was handed to us: there they wait for who is started next. */
void entrance_stop(struct entrance *entrance);

/* Where it listens ("127.0.0.1:2525", "unix:/run/smtp"), with the port the
 * system picked. */
const char *entrance_address(const struct entrance *entrance);

void entrance_free(struct entrance *entrance);

#endif
