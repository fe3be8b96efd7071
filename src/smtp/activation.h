/* SPDX-License-Identifier: MIT */
/*
 * Listening sockets that who started us has opened already (socket activation,
 * sd_listen_fds(3)): LISTEN_FDS of them from descriptor 3 on, meant for the
 * process LISTEN_PID, with the names LISTEN_FDNAMES.  At the start, on the main
 * thread.
 */
#ifndef SMTP_ACTIVATION_H
#define SMTP_ACTIVATION_H

#include <sys/socket.h>

struct activation;

/* Takes them out of the environment, so that no child takes them for its own.
 * A socket with the name of one of the listeners (NULL-terminated, borrowed) is
 * that one's. */
struct activation *activation_take(const char *const *listeners);

/* The socket for this listener: by its name, or else by the address it is bound
 * to.  The caller's, non-blocking and closed on exec; -1: none. */
int activation_claim(struct activation *activation, const char *listener,
    const struct sockaddr *address);

/* Warns of each socket that nobody claimed, and closes it. */
void activation_end(struct activation *activation);

#endif
