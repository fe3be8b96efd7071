/* SPDX-License-Identifier: MIT */
/*
 * The server receives mail by SMTP (RFC 5321): it owns the listening sockets
 * and counts connections per peer on the main loop, and runs the sessions on
 * loops of its own (smtp-1, smtp-2, ...).  What it receives it posts onward as
 * submissions; answers come back by server_answer().
 */
#ifndef SMTP_SERVER_H
#define SMTP_SERVER_H

#include "core/complaints.h"
#include "core/config.h"
#include "core/disk.h"
#include "core/loop.h"
#include "core/metrics.h"
#include "core/token.h"
#include "mail/submission.h"
#include <sys/types.h>

struct server;

struct server_options {
	struct config *config;           /* counted */
	struct loop *main;               /* accepts, counts */
	unsigned loops;                  /* session threads */
	const struct spool_place *place; /* outlives the server */
	struct budget *budget;           /* outlives the server */
	struct metrics *metrics;         /* outlives the server; NULL: none */
	struct disk *disk; /* of the queue; outlives the server; NULL: none */
	/* of the files that are read again; outlives the server; NULL: nobody
	 * wants to know */
	struct complaints *complaints;
	/* filled from the users file; outlives the server; NULL: nobody asks */
	struct token_set *tokens;
	/* of Unix sockets whose listener names none; 0: as it comes */
	gid_t socket_group;
	submission_fn onward; /* where submissions go */
	/* no mail over it is taken by that listener (EHLO SIZE), whatever
	 * max_size says; 0: no such limit; NULL: there is none at all */
	uint64_t (*size_most)(void *stage, const char *listener);
	/* the names of the routes that a mail may ask for by a header field;
	 * on any thread; NULL: whatever it asks for is taken */
	const char *const *(*routes)(const struct config *config);
	void *stage;
};

/* Called on the main loop when the last session has gone after server_stop().
 */
typedef void (*server_stopped_fn)(void *object);

/* Our name in banner, EHLO, Received and made Message-IDs: [server] hostname,
 * or the host's own name. Owned by the config or lasting. */
const char *server_hostname(const struct config *config);

/* True when some listener answers `queued`. */
bool server_queues(const struct config *config);

/* True when there is a listener and the settings of each make sense together;
 * else every error found is added (char *), as config_read() does.  Opens no
 * socket. */
bool server_check(const struct config *config, GPtrArray *errors);

/* Opens the listening sockets of every [listener ...] and reads certificates,
 * keys and users; no thread is started, nothing accepted before
 * server_start().  NULL and error when an address or a file cannot be had.  The
 * main loop's thread, like all below but server_answer(). */
struct server *server_new(const struct server_options *options, GError **error);

/* Starts the session loops and accepts from now on; logs each address listened
 * on. */
void server_start(struct server *server);

/* Stops accepting.  Sessions between transactions are told 421 and closed; a
 * DATA under way may finish within data_grace_ms; sessions that wait for an
 * answer get it.  stopped(object) is called once, when none is left. */
void server_stop(struct server *server, int64_t data_grace_ms,
    server_stopped_fn stopped, void *object);

/* Any thread: an answer_fn.  Takes the answer over; an answer to a session that
 * has gone is dropped and counted. */
void server_answer(void *server, struct answer *answer);

/* The address that the listener of this name is bound to ("127.0.0.1:2525"),
 * with the port the system picked. Owned by the server; NULL: no such. */
const char *server_address(const struct server *server, const char *listener);

/* Answers that found no session, since the start.  Any thread. */
uint64_t server_dropped(const struct server *server);

/* Ends the session loops; sessions still there are cut off.  The main loop may
 * still hold letters of ours: it is freed after, or runs on. */
void server_free(struct server *server);

/* Reads certificates, keys and users again, for those who come from now on;
 * what cannot be read is logged, and the old stays.  The main loop's thread. */
void server_reread(struct server *server);

/* The listeners become those of that config, which passed server_check(): what
 * is set for one holds for who comes from now on, one that is set no more takes
 * nobody, one that is new is opened, or, where that cannot be, told of as to be
 * had at the next start.  Certificates and users are read again, too. size_most
 * is asked anew.  The main loop's thread, after server_start(). */
void server_renew(struct server *server, struct config *config);

/* The rows of [server] and [listener NAME] that the server reads, in tables
 * that each end with an empty one. */
extern const struct setting server_settings[], server_tls_settings[],
    server_auth_settings[], server_door_settings[];

/* All of these; NULL-terminated. */
extern const struct setting *const server_tables[];

#endif
