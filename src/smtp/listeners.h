/* SPDX-License-Identifier: MIT */
/*
 * The listeners: of each [listener NAME] its rules, its keys and the socket at
 * which its clients come.  On the main loop.
 */
#ifndef SMTP_LISTENERS_H
#define SMTP_LISTENERS_H

#include "core/complaints.h"
#include "core/loop.h"
#include "keyring.h"
#include "rules.h"

struct entrance;
struct listeners;

struct listener {
	struct listeners *all;
	struct rules *rules;
	struct keyring *keyring;
	struct entrance *entrance;
	char *address; /* where that is, as it was written */
};

/* A client has come; the non-blocking socket is the callee's. */
typedef void (*listeners_accept_fn)(void *object,
    const struct listener *listener, int fd, const struct sockaddr *peer);

struct listeners_options {
	struct config *config; /* borrowed while they are opened */
	struct loop *main;
	gid_t socket_group; /* where a listener names none; 0: as it comes */
	listeners_accept_fn accepted;
	void *object;
};

/* Reads what the settings and the files say, and opens the sockets, those that
 * were handed to us first.  NULL and error, a line for each reason, when one
 * cannot be had. */
struct listeners *listeners_open(
    const struct listeners_options *options, GError **error);
/* NULL is fine. */
void listeners_free(struct listeners *listeners);

/* Before listeners_start(): no mail over what is found for a listener is taken
 * by it; 0: its own limit is the only one. */
void listeners_limit(struct listeners *listeners,
    uint64_t (*find)(void *object, const char *listener), void *object);

/* They become those of that config, after listeners_start(): those that it does
 * not have are closed; one that it has elsewhere moves there, or, where that
 * cannot be opened, stays where it is, which the log tells. */
void listeners_renew(struct listeners *listeners, struct config *config);

void listeners_each(const struct listeners *listeners,
    void (*each)(void *object, const struct listener *listener), void *object);

/* Clients are accepted from now on, until no more. */
void listeners_start(struct listeners *listeners);
void listeners_stop(struct listeners *listeners);

/* Reads certificates and keys again: when they have changed; whatever they
 * are. */
void listeners_look(struct listeners *listeners);
void listeners_reread(struct listeners *listeners);

/* Says which of these are of no use, or soon will be. */
void listeners_report(
    const struct listeners *listeners, struct complaints *complaints);

/* Where the one of this name listens; NULL: there is none. */
const char *listeners_address(
    const struct listeners *listeners, const char *name);

#endif
