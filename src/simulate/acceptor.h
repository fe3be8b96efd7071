/* SPDX-License-Identifier: MIT */
/*
 * An acceptor is a listening address that can be taken down and up again
 * without losing its port, and that can swallow connections.  On the loop's
 * thread.
 */
#ifndef SIMULATE_ACCEPTOR_H
#define SIMULATE_ACCEPTOR_H

#include <glib.h>
#include <stdbool.h>
#include <sys/socket.h>

struct acceptor;
struct event_base;

/* A connection came; fd is non-blocking and the callee's. */
typedef void (*acceptor_fn)(void *owner, int fd);

/* Binds and listens.  endpoint: host:port of loopback, port 0: any. */
struct acceptor *acceptor_new(
    const char *endpoint, struct event_base *base, GError **error);

/* Who gets connections; before the loop runs. */
void acceptor_serve(struct acceptor *acceptor, acceptor_fn fn, void *owner);

/* NULL is fine. */
void acceptor_free(struct acceptor *acceptor);

/* host:port it listens on. */
const char *acceptor_address(const struct acceptor *acceptor);

/* Refuses connections from now on, or takes them again. */
void acceptor_down(struct acceptor *acceptor);
void acceptor_up(struct acceptor *acceptor);

/* Down: neither takes nor refuses connections from now on, until
 * acceptor_down() or _up(). */
void acceptor_fill(struct acceptor *acceptor);

/* Keeps a connection without ever reading it, until its peer goes away. */
void acceptor_swallow(struct acceptor *acceptor, int fd);

/* Connections swallowed and still open. */
unsigned acceptor_swallowed(const struct acceptor *acceptor);

/* Sends RST now; the fd is still to be closed. */
void acceptor_reset(int fd);

#endif
