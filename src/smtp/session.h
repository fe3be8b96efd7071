/* SPDX-License-Identifier: MIT */
/*
 * A session is one client's connection: where it is in the dialogue, the mail
 * under way, what it has been told.  Here is what the verbs work with; the
 * bytes are the channel's, the order of things the dialogue's.  On one loop.
 *
 *	[PROXY --> ADMISSION -->] [HANDSHAKE -->] GREETING --> FRESH
 *
 *	FRESH --EHLO--> READY --MAIL--> [PERMIT -->] SENDER --RCPT--> RECIPIENT
 *	                 ^  ^                                             |
 *	                 |  `---------- refused ------------ DATA <--DATA-'
 *	                 `------------- answered ---------- ANSWER <-'
 *
 *	FRESH, READY --STARTTLS--> HANDSHAKE --> FRESH
 *	READY --AUTH--> [SASL <-->] CREDENTIALS --> READY
 *	any but ANSWER --> CLOSING
 */
#ifndef SMTP_SESSION_H
#define SMTP_SESSION_H

#include "authority.h"
#include "channel.h"
#include "core/disk.h"
#include "core/metrics.h"
#include "data.h"
#include "mail/submission.h"
#include "quote.h"
#include "reply.h"
#include "rules.h"

struct inflow;
struct sasl;
struct strain;
struct tls_keys;
struct xforward;

enum session_state {
	SESSION_GREETING = 1 << 0,     /* the banner waits */
	SESSION_FRESH = 1 << 1,        /* the client has not said who it is */
	SESSION_READY = 1 << 2,        /* between two mails */
	SESSION_SENDER = 1 << 3,       /* MAIL was taken */
	SESSION_RECIPIENT = 1 << 4,    /* a RCPT was taken */
	SESSION_DATA = 1 << 5,         /* the mail comes in */
	SESSION_ANSWER = 1 << 6,       /* it was posted; nothing is read */
	SESSION_CLOSING = 1 << 7,      /* the last reply is on its way */
	SESSION_PROXY = 1 << 8,        /* the PROXY header comes in */
	SESSION_ADMISSION = 1 << 9,    /* the main loop counts who came behind a
					* proxy; nothing is read */
	SESSION_HANDSHAKE = 1 << 10,   /* the channel becomes TLS */
	SESSION_SASL = 1 << 11,        /* AUTH: a response line comes in */
	SESSION_CREDENTIALS = 1 << 12, /* AUTH: they are checked; nothing is
					* read */
	SESSION_PERMIT = 1 << 13, /* MAIL is right, and the main loop counts
				   * it; nothing is read */
};

/* Where nothing is read: somebody else has the word. */
#define SESSION_WAITS                                             \
	(SESSION_ANSWER | SESSION_ADMISSION | SESSION_HANDSHAKE | \
	    SESSION_CREDENTIALS | SESSION_PERMIT)

/* Where commands are read. */
#define SESSION_COMMANDS \
	(SESSION_FRESH | SESSION_READY | SESSION_SENDER | SESSION_RECIPIENT)

/* The mail under way. */
struct session_mail {
	struct envelope *envelope;
	struct spool *spool;
	struct limiter *limiter;
	struct data data;
	uint64_t bytes;          /* decoded ones */
	enum reply_name refused; /* REPLY_NONE: not yet; at the end it is */
	const char *why;         /* detail of that; a literal */
	GArray *owed; /* LMTP: of each RCPT taken, the recipient's number in
		       * the envelope (unsigned); NULL: none */
};

struct session_counts {
	unsigned errors; /* since the last accepted mail */
	unsigned idle;   /* NOOP and the like, since then */
	unsigned mails;  /* begun, of the whole session */
};

/* Moments of the monotonic clock; 0: none. */
struct session_times {
	int64_t state_ms;    /* what the state waits for must come by then */
	int64_t progress_ms; /* a mail is too slow by then */
	int64_t discard_ms;  /* a refused mail must have ended by then */
	int64_t reply_ms;    /* waiting replies must be taken by then */
	int64_t delay_ms;    /* nothing is done before */
	int64_t session_ms;  /* the session must have ended by then */
	int64_t armed_ms;    /* when the timer is due */
	int64_t received_us; /* when the last mail was, for the metrics */
};

/* What lies around all sessions of a server; outlives them. */
struct session_world {
	submission_fn onward;
	void *stage;
	answer_fn answer; /* the return address */
	void *server;
	const struct spool_place *place;
	struct budget *budget;
	struct metrics *metrics;     /* NULL: nobody watches */
	const struct strain *strain; /* NULL: never */
	const struct inflow *inflow; /* NULL: never */
	struct disk *disk;           /* of the queue; NULL: there is none */
	struct authority *authority; /* NULL: there are no users */
	/* names of the routes that mail may name; NULL: not known */
	const char *const *(*routes)(const struct config *config);
};

/* The client as it was accepted, or as a proxy says it is. */
struct session_peer {
	char text[NETWORK_PEER_LENGTH];
	unsigned port;
	bool local;            /* came by a Unix socket */
	unsigned uid;          /* of a local one: the user of its process */
	bool allowed;          /* its address may relay */
	bool proxied;          /* a PROXY header comes first */
	bool may_forward;      /* may say XFORWARD */
	struct tls_keys *keys; /* counted; NULL: no TLS is offered */
};

/* Who the client has shown itself to be; STARTTLS forgets it all. */
struct session_identity {
	char *helo;     /* NULL before HELO; printable */
	bool esmtp;     /* EHLO or LHLO, not HELO */
	char *user;     /* authenticated as; NULL: nobody */
	char **senders; /* patterns of envelope senders that user may have;
			 * NULL: any */
	bool anyone;    /* AUTH took what was said, whatever it was */
	bool certified; /* by a client certificate that may relay */
};

/* AUTH. */
struct session_login {
	struct sasl *sasl;        /* owned; NULL: none is under way */
	enum authority_word word; /* what is to be told after the delay */
	unsigned failures;        /* of the whole session */
};

/* Where letters to the session go. */
struct session_back {
	struct loop *loop; /* outlives it */
	letter_fn judged;  /* reads what comes from the authority */
};

struct session {
	uint64_t id;
	enum session_state state;
	const struct session_world *world;
	struct rules *rules;   /* counted */
	struct rules *renewed; /* counted; those of the next mail; NULL: the
				* same */
	struct session_peer peer;
	struct channel *channel; /* owned */
	struct session_identity identity;
	struct session_login login;
	struct session_back back;
	struct xforward *forwarded; /* owned; of the next mail; NULL: nothing */

	uint64_t charged; /* to the budget, for TLS */

	const char *verb;   /* the command under way, for the log; a literal */
	struct quote quote; /* of that, for the log, too */
	bool unread;        /* the client has sent more than this command */
	size_t skipped;     /* of a command line too long */
	bool stopping;      /* to be closed after this mail */
	bool shut;          /* CLOSING, and all was sent */
	bool gone;          /* to be freed at the end of the turn */

	struct session_mail mail;
	struct session_counts counts;
	struct session_times times;
};

/* Goes into the state and logs it. */
void session_change(struct session *session, enum session_state state);

/* Tells the client; replies of 500 and more count as its errors.  detail
 * (ours, printable) may be NULL; the bound that it is about follows. */
void session_reply(
    struct session *session, enum reply_name name, const char *detail);

/* The same line once more, which neither counts nor is logged. */
void session_repeat(
    struct session *session, enum reply_name name, const char *detail);

/* A reply line that is in no table: banner, EHLO, answers.  Without CR LF. */
void session_say(struct session *session, const char *format, ...)
    G_GNUC_PRINTF(2, 3);

/* The last reply: nothing more is read. */
void session_close(
    struct session *session, enum reply_name name, const char *detail);

/* The last reply was said already. */
void session_hang_up(struct session *session);

/* Ends the session without a word. */
void session_abandon(struct session *session, const char *reason);

/* Forgets the mail under way (RFC 5321 4.1.1.5) and waits for the next. */
void session_reset(struct session *session);

/* Counts a command that does nothing for a mail; from the limit on each is an
 * error. */
void session_idle(struct session *session);

/* True when it may send mail to anyone: by its address, as a user, or by its
 * certificate. */
bool session_may_relay(const struct session *session);

/* Forgets who the client is and the mail under way (RFC 3207 4.2). */
void session_forget(struct session *session);

/* The "with" of a Received field for what comes now (RFC 3848): "ESMTPSA", ...;
 * a literal. */
const char *session_protocol(const struct session *session);

/* True when we are under stress and it may not send mail. */
bool session_is_strained(const struct session *session);

/* The state has so long from now on, less when it is strained. */
void session_wait(struct session *session, int64_t wait_ms);

/* We are under stress: what it has time for already must come sooner. */
void session_hurry(struct session *session);

/* True when input may be looked at now. */
bool session_reads(const struct session *session);

/* The name of a state, for the log. */
const char *session_state_name(enum session_state state);

/* Frees what the session holds, and it. */
void session_free(struct session *session);

#endif
