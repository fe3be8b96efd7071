/* SPDX-License-Identifier: MIT */
/*
 * The door for our own commands: HTTP over the Unix socket state_dir/control
 * (mode 0660, no password: who may open it may ask).  The same handlers answer
 * the commands when no daemon runs.
 *
 *	GET  /livez                      200: the process is there
 *	GET  /readyz                     200 or 503: mail can be accepted
 *	GET  /status                     the daemon, its providers, its queue
 *	GET  /metrics                    the same, counted, for Prometheus
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
#include "core/metrics.h"
#include "mail/standing.h"
#include "store.h"

struct status_options {
	struct store *store; /* borrowed; NULL: none */
	struct disk *disk;   /* borrowed; NULL: none */
	/* borrowed; NULL: what memory there is is nobody's concern */
	const struct budget *budget;
	struct complaints *complaints; /* borrowed; NULL: none */
	const struct metrics *metrics; /* borrowed; NULL: none */
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

/* Answers one request: any thread that may wait.  target is path and query; who
 * asks ("uid 0"); NULL: anyone, who sees the pages of health and nothing of the
 * mail. */
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

/* The door for programs that watch us: the pages of health over TCP, to hosts
 * of http_allow and nobody else.  Bound while there is the right to. */
struct status_http;

/* Adds what is wrong with the settings (char *), as config_read() does. */
void status_http_check(const struct config *config, GPtrArray *errors);

/* Binds http_address of the config, which passed the check and is counted.
 * NULL without error: it is off; or it was not set, and its default cannot be
 * had, which the log says. */
struct status_http *status_http_listen(struct config *config, GError **error);

/* Answers from now on, on threads of its own; status is borrowed. */
bool status_http_open(
    struct status_http *http, struct status *status, GError **error);

/* True when the settings tell where it is: no port of the system's choice. */
bool status_http_is_fixed(const struct config *config);

/* "http://127.0.0.1:8025" for clients on this host; new; is_fixed() only. */
char *status_http_url(const struct config *config);

/* "127.0.0.1:8025", as bound; owned by the door; NULL of NULL. */
const char *status_http_address(const struct status_http *http);

/* As status_door_close(). */
void status_http_close(struct status_http *http);

/* The rows of [server] that it reads, ending with an empty one. */
extern const struct setting status_http_settings[];

#endif
