/* SPDX-License-Identifier: MIT */
/*
 * The door for our own commands: HTTP over the Unix socket state_dir/control
 * (mode 0660, no password: who may open it may ask).  The same handlers answer
 * the commands when no daemon runs.
 *
 *	GET  /livez                      200: the process is there
 *	GET  /readyz                     200 or 503: mail can be accepted
 *	GET  /status                     the daemon, its providers, its queue
 *	GET  /v1/messages?state=&after=&limit=&recipient=
 *	                                 "next" is `after` of the next page; of
 *a recipient a page may be empty GET  /v1/messages/ID             the whole
 *story GET  /v1/messages/ID/raw         its bytes, message/rfc822 POST
 * /v1/messages/ID/retry | hold | release | drop POST /v1/messages/retry | hold
 *| release | drop ?state= all mails of a state
 *
 * Answers are JSON; errors application/problem+json (RFC 9457).
 */
#ifndef STATUS_H
#define STATUS_H

#include "core/complaints.h"
#include "core/config.h"
#include "mail/standing.h"
#include "store.h"

struct status_options {
	struct store *store; /* borrowed; NULL: none */
	struct disk *disk;   /* borrowed; NULL: none */
	/* borrowed; NULL: what memory there is is nobody's concern */
	const struct budget *budget;
	struct complaints *complaints; /* borrowed; NULL: none */
	int64_t started_ms;            /* wall clock; 0: no daemon runs */
	/* Fills in struct provider_standing *; called on a thread of the door;
	 * NULL: none. */
	void (*providers)(void *object, GPtrArray *out);
	void *object;
};

/* The handlers, without a socket. */
struct status;

struct status *status_new(const struct status_options *options);
void status_free(struct status *status);

/* Any thread: postferry stops, so it is not ready from now on. */
void status_drain(struct status *status);

/* What a request is answered. */
struct status_answer {
	unsigned code;
	const char *type;    /* a literal: application/json, ... */
	GString *body;       /* NULL: the spool */
	struct spool *spool; /* raw; counted */
	const char *allow;   /* a literal: the methods, of a 405; else NULL */
};

/* Answers one request: any thread that may wait.  target is path and query;
 * who asks ("uid 0"). */
void status_request(struct status *status, const char *method,
    const char *target, const char *who, struct status_answer *answer);
void status_answer_clear(struct status_answer *answer);

/* Opens the socket at `path` (an old one there is replaced) and answers on
 * threads of its own.  NULL and error when it cannot be had. */
struct status_door;
struct status_door *status_door_open(
    struct status *status, const char *path, GError **error);

/* Takes no more requests, finishes those under way.  NULL is fine. */
void status_door_close(struct status_door *door);

#endif
