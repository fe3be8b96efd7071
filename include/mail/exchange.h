/* SPDX-License-Identifier: MIT */
/*
 * An exchange is one request to the outside and its response, plain data.  A
 * translator fills the request, a carrier takes it there and fills the
 * response, the translator reads that.  One owner at a time.
 */
#ifndef MAIL_EXCHANGE_H
#define MAIL_EXCHANGE_H

#include "core/mailbox.h"
#include "mail/envelope.h"
#include "mail/segment.h"

enum exchange_kind {
	EXCHANGE_HTTP,
	EXCHANGE_SMTP,
};

enum endpoint_tls {
	ENDPOINT_TLS_STARTTLS, /* required and verified */
	ENDPOINT_TLS_OFF,
};

/* How to reach a provider: from its settings, immutable, owned by it. */
struct endpoint {
	const char *provider;  /* its name, for logs */
	const char *base_url;  /* HTTP: scheme, host, port, no path, no / */
	const char *proxy;     /* HTTP: URL; NULL: none (the environment's
				* proxies are never used) */
	const char *ca_file;   /* PEM; NULL: the system's */
	const char *host;      /* SMTP */
	unsigned port;         /* SMTP */
	enum endpoint_tls tls; /* SMTP */
	const char *username, *password; /* SMTP AUTH, HTTP Basic; NULL: none */
	const char *hostname;            /* SMTP: our name in EHLO */
	unsigned connections;            /* at most, at a time */
	int64_t resolve_ms, connect_ms;  /* DNS; DNS and TCP and TLS */
	int64_t answer_ms;               /* after the last byte */
	uint64_t upload_rate;            /* bytes a second at least... */
	int64_t upload_window_ms;        /* ...over any such span */
	int64_t idle_ms; /* a connection idle for longer is not used again */
};

/* How the exchange ended for the carrier, before anyone read an answer. */
enum exchange_end {
	EXCHANGE_PENDING,
	EXCHANGE_ANSWERED,    /* a whole response stands in it */
	EXCHANGE_UNSENT,      /* the whole request had not left: it cannot have
			       * been taken */
	EXCHANGE_REFUSED_TLS, /* as UNSENT, and the peer's certificate or TLS
			       * is not acceptable: somebody must look */
	EXCHANGE_LOST, /* the whole request had left, no whole answer came:
			* in doubt */
	EXCHANGE_UNREADABLE, /* the spool could not be read: our own fault;
			      * the request was broken off, not taken */
};

/* The reply to one SMTP command (RFC 5321 4.2); code 0: none came. */
struct smtp_reply {
	unsigned code;
	char *enhanced; /* "5.1.1"; NULL: none */
	char *text;     /* NULL: none */
};

struct http_request {
	char *method;      /* "POST" */
	char *path;        /* with query, from the / on */
	GPtrArray *fields; /* char *, "Name: value", no CR or LF */
	/* user and password of HTTP Basic are the endpoint's */
};

struct http_response {
	unsigned status;
	char *content_type; /* NULL: none */
	int64_t retry_ms;   /* Retry-After or X-RateLimit-Reset; 0: none */
	GString *body;      /* capped by the carrier at 256 KiB */
	bool cut;           /* the body was longer */
};

struct smtp_request {
	struct address *sender; /* NULL: <> */
	GPtrArray *recipients;  /* struct address * */
	GArray *wishes;         /* struct envelope_wish, one per recipient: as
				 * in the envelope; NULL: none is passed on */
	char *envid;            /* as in the envelope; NULL: none */
	enum envelope_return returned;
	bool eightbit; /* the mail has bytes over 0x7f */
	/* the body without them, as far as it may be touched, for a server that
	 * does not offer 8BITMIME; NULL: it has none, or leaves as it is */
	struct segments *seven;
	bool unseven; /* it has some all the same */
	bool probe;   /* no mail: greeting, EHLO, STARTTLS and AUTH as before
		       * one, then QUIT; nothing else is set */
};

struct smtp_response {
	struct smtp_reply greeting; /* of connect, EHLO, STARTTLS or AUTH when
				     * the session ended there; code 0 and a
				     * text: what we need was not offered;
				     * after a probe that found nothing wrong
				     * the greeting itself, 220 */
	bool auth_failed;           /* our user or password was refused */
	bool tls_missing;           /* STARTTLS was not offered */
	bool notifies; /* wishes were passed on to a server that offers DSN:
			* what they want is its to do (RFC 3461 6.2) */
	struct smtp_reply sender;      /* to MAIL */
	struct smtp_reply *recipients; /* to RCPT, in order */
	struct smtp_reply data;        /* to the final dot, or to DATA when
					* that was refused; code 0 when each
					* recipient was refused */
};

struct exchange;

/* Called on the dispatch loop's thread with the exchange, which then belongs to
 * the callee again. */
typedef void (*exchange_fn)(void *object, struct exchange *exchange);

struct exchange {
	struct letter letter;
	enum exchange_kind kind;
	const struct endpoint *endpoint; /* outlives the exchange */
	unsigned renewed;                /* times it was made as new */
	char id[ID_LENGTH + 1];          /* of the mail, for logs */
	struct segments *body;           /* NULL: none */

	struct http_request http;
	struct smtp_request smtp;

	/* filled by the carrier */
	enum exchange_end end;
	char *error;    /* not ANSWERED: what went wrong, for people */
	bool unreached; /* UNSENT: there was no connection at all (no address,
			 * refused, no route, timeout in connect) */
	bool timed_out; /* UNSENT or LOST: by one of our timeouts, or by the
			 * deadline while it was under way */
	uint64_t sent_bytes; /* of the body that were handed over */
	int64_t duration_ms;
	struct http_response http_response;
	struct smtp_response smtp_response;

	/* set by whoever hands it to a carrier */
	exchange_fn done;
	void *object;
	int64_t deadline_ms; /* monotonic: broken off then; 0: none */
};

struct exchange *exchange_new(
    enum exchange_kind kind, const struct endpoint *endpoint, const char *id);
void exchange_free(struct exchange *exchange);

/* Makes it as new, for a further request of the same mail: request and response
 * are forgotten; kind, endpoint, id, done, object and deadline stay, and it is
 * counted. */
void exchange_renew(struct exchange *exchange);

/* Adds a field of the HTTP request; CR, LF and NUL in value are removed. */
void exchange_add_field(
    struct exchange *exchange, const char *name, const char *value);

/* Sets a reply; texts copied, NULL allowed. */
void smtp_reply_set(struct smtp_reply *reply, unsigned code,
    const char *enhanced, const char *text);

#endif
