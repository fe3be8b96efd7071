/* SPDX-License-Identifier: MIT */
/*
 * The rules of one [listener NAME]: its settings and those of [server] that
 * hold for it, read once and checked.  Immutable but for its count; any thread.
 */
#ifndef SMTP_RULES_H
#define SMTP_RULES_H

#include "core/config.h"
#include "core/network.h"
#include "mail/submission.h"
#include <sys/socket.h>

enum rules_line_endings {
	RULES_FIX,    /* mended, and noted */
	RULES_REJECT, /* refused at the end of data */
};

enum rules_tls_mode {
	RULES_TLS_OFF,
	RULES_TLS_OFFERED,  /* STARTTLS, as the client likes */
	RULES_TLS_REQUIRED, /* nothing is taken before STARTTLS */
	RULES_TLS_IMPLICIT, /* from the first byte (RFC 8314) */
};

/* Read in rules_tls.c; files are opened by tls_keys_new(). */
struct rules_tls {
	enum rules_tls_mode mode;
	const char *const *certificates; /* paths; the first is the default */
	const char *const *keys;         /* of each; NULL: in the same file */
	const char *least;               /* "1.2", "1.3"; "1.0": old printers */
	const char *client_ca;           /* path; NULL: none */
	char **client_fingerprints;      /* SHA-256, lower case hex; NULL */
	int64_t handshake_ms;
};

enum rules_auth_mode {
	RULES_AUTH_OFF,
	RULES_AUTH_USERS, /* the users file decides */
	RULES_AUTH_ANY,   /* whatever is said is right */
};

/* Read in rules_auth.c. */
struct rules_auth {
	enum rules_auth_mode mode;
	bool plaintext; /* without TLS, too */
	unsigned tries; /* that fail, then the session is closed */
};

enum rules_protocol {
	RULES_SMTP,
	RULES_LMTP, /* RFC 2033 */
};

enum rules_resends {
	RULES_RESENDS_TAKE,     /* each is a mail of its own */
	RULES_RESENDS_IDENT,    /* known by XFORWARD IDENT */
	RULES_RESENDS_RECEIVED, /* or by the id in the topmost Received */
};

/* Read in rules_door.c. */
struct rules_door {
	enum rules_protocol protocol;
	const GArray *proxies;    /* of struct network: must say PROXY; NULL */
	const GArray *forwarders; /* may say XFORWARD; NULL: none */
	enum rules_resends resends;
	bool sendmail;      /* it is the one of `sendmail` of [server] */
	int64_t proxy_ms;   /* for the PROXY header */
	mode_t socket_mode; /* of the file of a Unix socket */
	gid_t socket_group; /* of that; (gid_t)-1: not said */
};

struct rules_times {
	int64_t command_ms;  /* for the next command */
	int64_t stress_ms;   /* for it and for TLS, of strangers under stress */
	int64_t data_ms;     /* for the next bytes of a mail */
	int64_t progress_ms; /* for a mail whose bytes do not come fast */
	int64_t reply_ms;    /* for the peer to take what was said */
	int64_t deadline_ms; /* for the answer to a mail */
	int64_t discard_ms;  /* reading on in a mail that is refused */
	int64_t greet_ms;    /* before the banner, outside `allow` */
	int64_t session_ms;  /* a whole session, outside `allow` */
	int64_t delay_ms;    /* before replies, from errors_soft on */
	int64_t linger_ms;   /* for the peer to close after us */
};

struct rules_limits {
	uint64_t mail_bytes;
	unsigned recipients;
	unsigned line_bytes; /* of a command, with CR LF */
	size_t unsent_bytes; /* replies that wait before reading stops */
	uint64_t data_rate;  /* bytes a second; see rules_times */
	unsigned errors_soft;
	unsigned errors_hard;
	unsigned idle_commands;    /* free ones per mail */
	unsigned session_mails;    /* outside `allow` */
	unsigned peer_connections; /* outside `allow` */
	/* outside `allow`, a minute; 0: no limit */
	unsigned peer_connection_rate, peer_mail_rate;
};

struct rules {
	gatomicrefcount count;
	struct config *config; /* counted */
	const char *listener; /* the name; owned by the config, like all text */
	const char *hostname;
	char *domain;            /* IDNA form; NULL: none to add */
	struct aliases *aliases; /* NULL: there are none */
	char **sender_domains;   /* IDNA forms; NULL: any */
	const GArray *allow;     /* of struct network */
	enum answer_when when;
	enum rules_line_endings line_endings;
	bool lenient;
	struct rules_tls tls;
	struct rules_auth auth;
	struct rules_door door;
	struct rules_times times;
	struct rules_limits limits;
	struct limiter_limits limiter;
};

/* Where the values of a listener are read. */
struct rules_row {
	struct config *config;
	char *section;
};

/* Each reads its part, and adds (char *) whatever makes no sense in it. */
void rules_read_tls(
    struct rules *rules, const struct rules_row *row, GPtrArray *errors);
void rules_read_auth(
    struct rules *rules, const struct rules_row *row, GPtrArray *errors);
void rules_read_door(
    struct rules *rules, const struct rules_row *row, GPtrArray *errors);
void rules_clear_tls(struct rules *rules);

/* The error when there is none. */
#define RULES_NO_LISTENER                                               \
	"there is no [listener NAME], so no mail could come in: add a " \
	"section like [listener local] with address = 127.0.0.1:2525, " \
	"or set POSTFERRY_LISTENER_LOCAL_ADDRESS"

/* Reads the listener of this name.  NULL when its settings do not make sense
 * together, and all that is wrong with them is added to errors (char *). */
struct rules *rules_new(
    struct config *config, const char *listener, GPtrArray *errors);
struct rules *rules_ref(struct rules *rules);
/* Gives one count back.  NULL is fine. */
void rules_free(struct rules *rules);

/* When clients of the listener of this name get their 250. */
enum answer_when rules_when(const struct config *config, const char *listener);

/* Our name: [server] hostname, or that of the host. */
const char *rules_hostname(const struct config *config);

/* Where it listens, as written. */
const char *rules_address(const struct rules *rules);

/* True when so many strangers could be in it that it is no list of those who
 * are trusted. */
bool rules_is_open(const struct network *network);

/* True when the peer may relay: it is in `allow`, or came by a Unix socket,
 * whose access rights are the door. */
bool rules_allow(const struct rules *rules, const struct sockaddr *peer);

/* True when mails from this domain are taken. */
bool rules_take_sender(const struct rules *rules, const char *domain);

#endif
