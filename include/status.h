/* SPDX-License-Identifier: MIT */
/*
 * The HTTP doors: the Unix socket state_dir/control (mode 0660, no password:
 * who may open it may do all), and the TCP socket of http_address, where a
 * token of the users file, or a client on loopback by http_loopback, opens what
 * is not for everybody.  The same handlers answer the commands when no daemon
 * runs.
 *
 *	GET  /  /providers  /mail/ID     the page, for a browser
 *	GET  /web/NAME                   its files
 *	GET  /livez                      200: the process is there
 *	GET  /readyz                     200 or 503: mail can be accepted
 *	GET  /status                     the daemon, its providers, its queue
 *	GET  /metrics                    the same, counted, for Prometheus
 *	POST /v1/messages                mail, in this server's own shape
 *	POST /send, POST /email          in the shapes of two older services
 *	GET  /v1/messages?state=&after=&limit=&order=&sender=&recipient=
 *		&provider=&listener=&tag=&subject=&since=&until=
 *		all mails, the oldest first (order=newest: the newest), or those
 *		of a state (waiting, active, held, finished, or unfinished for
 *		the first three) of which all that is asked for is true; "next"
 *		is `after` of the next page, null behind the last; a page may
 *		have few mails, or none, and not be the last
 *	GET  /v1/messages/ID             the whole story
 *		both with &fields= (id,state,subject: no more than these) and
 *		&include= (recipients, attempts, acts, events: these lists;
 *		when not said a list of mails has their recipients, one mail
 *		all); both with ETag and Last-Modified, and 304 for who has
 *		it already
 *	GET  /v1/messages/ID/raw         its bytes, message/rfc822
 *	GET  /v1/messages/ID/parts       its MIME parts
 *	GET  /v1/messages/ID/parts/N     the content of one, decoded
 *	POST /v1/messages/ID/retry | hold | release | drop
 *	POST /v1/messages/retry | hold | release | drop ?state=
 *		all mails of a state
 *	GET  /v1/series                  the last hour, for charts
 *	GET, POST /v1/sandbox            what goes wrong with the simulated
 *		providers of `postferry sandbox`
 *	POST /v1/events/PROVIDER         what became of mail, signed by the
 *		provider; GET: 200 where one posts such
 *
 *	GET    /v1/suppressions?address=&after=&limit=
 *	POST   /v1/suppressions?address=&why=&text=   or one a line in the body
 *	DELETE /v1/suppressions?address=
 *
 * Answers are JSON; errors application/problem+json (RFC 9457).
 */
#ifndef STATUS_H
#define STATUS_H

#include "core/complaints.h"
#include "core/config.h"
#include "core/metrics.h"
#include "core/token.h"
#include "mail/standing.h"
#include "mail/webhook.h"
#include "status/handin.h"
#include "store.h"

/* An album holds the bytes of the mails that came last, so that they can be
 * looked at when they are finished and the queue has let go of them.  Any
 * thread. */
struct album;

/* For so many bytes (http_bodies), a quarter of the budget at most; NULL of 0,
 * which is fine below. */
struct album *album_new(uint64_t bytes, const struct budget *budget);
void album_free(struct album *album);

/* Adds the mail, unless it has it; the oldest go when it is full. */
void album_add(struct album *album, const struct submission *submission);

/* Its bytes, counted; NULL: not there. */
struct spool *album_find(struct album *album, const char *id);

/* Something that can be made to go wrong with a simulated provider. */
struct status_fault {
	const char *word;
	const char *help; /* what it is, for people */
};

/* What the sandbox has beyond a daemon: providers that are simulated. */
struct status_sandbox {
	const char *smtp;                  /* "127.0.0.1:2525": mail in */
	const char *sender;                /* whom its providers let send */
	const char *const *providers;      /* their names; NULL-terminated */
	const struct status_fault *faults; /* the first: all is well; the last:
					    * without a word */

	/* Threads of a door.  The word of `faults` that holds for that
	 * provider; NULL: a fault that was set elsewhere. */
	const char *(*fault)(void *object, unsigned provider);
	/* From now on that one of `faults` holds. */
	void (*set_fault)(void *object, unsigned provider, unsigned fault);
	void *object;
};

struct status_options {
	struct store *store; /* borrowed; NULL: none */
	struct disk *disk;   /* borrowed; NULL: none */
	/* borrowed; NULL: what memory there is is nobody's concern */
	const struct budget *budget;
	struct complaints *complaints; /* borrowed; NULL: none */
	const struct metrics *metrics; /* borrowed; NULL: none */
	struct album *album;           /* borrowed; NULL: none */
	int64_t started_ms;            /* wall clock; 0: no daemon runs */
	struct handin *handin;         /* borrowed; NULL: no mail is taken */
	/* of bodies; borrowed; NULL: none is kept */
	const struct spool_place *place;
	int64_t counts_ms;  /* how long somebody unknown waits for the queue to
			     * be counted; 0: 8 s */
	uint64_t body_most; /* bytes of a mail handed in (http_max_body) */
	/* Fills in struct provider_standing *; called on a thread of the door;
	 * NULL: none. */
	void (*providers)(void *object, GPtrArray *out);
	/* What a provider posted, on a thread of the door (helm_hear()); and
	 * whether one of that name does.  NULL: none does. */
	enum webhook_end (*hear)(
	    void *object, const char *provider, struct webhook *webhook);
	bool (*listens)(void *object, const char *provider);
	void *object;
	const struct status_sandbox *sandbox; /* borrowed; NULL: it is none */
};

/* The handlers, without a socket. */
struct status;

struct status *status_new(const struct status_options *options);
void status_free(struct status *status);

/* From now on the providers and the queue are looked at for /v1/series. False
 * and error when there is no thread left. */
bool status_start(struct status *status, GError **error);

/* Any thread: postferry stops, so it is not ready from now on. */
void status_drain(struct status *status);

/* Where bodies are kept; NULL: none is. */
const struct spool_place *status_place(const struct status *status);

/* What is asked, borrowed for the call. */
struct request {
	const char *method; /* "GET" */
	const char *target; /* path and query, as they came */
	const char *host;   /* the field Host; NULL: none */

	/* who asks */
	const char *who;           /* "uid 0", "token NAME", "loopback"; NULL:
				    * anyone */
	unsigned scopes;           /* enum scope: what they may do */
	const struct token *token; /* the one shown; NULL: none */
	bool stale;                /* it showed one that is none of ours */
	bool loopback;             /* comes from this host */
	const char *peer;          /* its address; NULL: a Unix socket */

	/* A field of the head by its name in any letters; NULL: none.  NULL:
	 * there is no head. */
	const char *(*field)(void *object, const char *name);
	void *object;

	struct spool *body; /* sealed; NULL: none, or an empty one */
};

/* What a request is answered: what is NULL or 0 is not said. */
struct status_answer {
	unsigned code;
	const char *type; /* a literal: application/json, ... */

	/* the body: one of them, or none */
	GString *body;
	struct spool *spool; /* raw; counted */
	const void *bytes;   /* lasting: not copied */
	size_t length;

	/* the head */
	const char *allow;         /* a literal: the methods, of a 405 */
	char *etag;                /* with its quotes */
	int64_t modified_ms;       /* wall clock */
	const char *cache_control; /* a literal; NULL: no-store */
	char *location;
	char *disposition;    /* Content-Disposition */
	char *challenge;      /* WWW-Authenticate */
	const char *policy;   /* a literal: Content-Security-Policy; NULL:
			       * default-src 'none' */
	const char *encoding; /* a literal: Content-Encoding */
	unsigned retry_after; /* seconds */
	bool replayed;        /* Idempotency-Replayed: true */
	bool last;            /* the connection ends with it */
};

/* Looks at the head alone: false when that is enough to refuse it; then the
 * answer, empty before, says so.  Else *body_most is how many bytes its body
 * may have. */
bool status_admits(struct status *status, const struct request *request,
    uint64_t *body_most, struct status_answer *answer);

/* Answers one request: any thread that may wait.  It need not have been
 * admitted before. */
void status_request(struct status *status, const struct request *request,
    struct status_answer *answer);
void status_answer_clear(struct status_answer *answer);

/* Opens the socket at `path` (an old one there is replaced) and answers on
 * threads of its own.  NULL and error when it cannot be had. */
struct status_door;
struct status_door *status_door_open(
    struct status *status, const char *path, GError **error);

/* Takes no more requests, finishes those under way.  NULL is fine. */
void status_door_close(struct status_door *door);

/* The door for other programs: HTTP over TCP, to hosts of http_allow and nobody
 * else.  Bound while there is the right to. */
struct status_http;

/* Adds what is wrong with the settings (char *), as config_read() does. */
void status_http_check(const struct config *config, GPtrArray *errors);

/* Binds http_address of the config, which passed the check and is counted.
 * NULL without error: it is off; or it was not set, and its default cannot be
 * had, which the log says. */
struct status_http *status_http_listen(struct config *config, GError **error);

/* Answers from now on, on threads of its own; status and the tokens that are
 * let in (NULL: none) are borrowed. */
bool status_http_open(struct status_http *http, struct status *status,
    struct token_set *tokens, GError **error);

/* True when the settings tell where it is: no port of the system's choice. */
bool status_http_is_fixed(const struct config *config);

/* How large the body of a mail handed in may be, in bytes. */
uint64_t status_http_body_most(const struct config *config);

/* "http://127.0.0.1:8025" for clients on this host; new; is_fixed() only. */
char *status_http_url(const struct config *config);

/* "127.0.0.1:8025", as bound; owned by the door; NULL of NULL. */
const char *status_http_address(const struct status_http *http);

/* As status_door_close(). */
void status_http_close(struct status_http *http);

/* The rows of [server] that it reads, ending with an empty one. */
extern const struct setting status_http_settings[];

#endif
