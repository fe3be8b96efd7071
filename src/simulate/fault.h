/* SPDX-License-Identifier: MIT */
/*
 * Faults are what goes wrong on demand.  One line is one fault: its word with
 * parameters, then options:
 *
 *	status=503,html,retry-after=30 count=2
 *	reset-after-body skip=1
 *
 * Of several lines the first that wants a request has it.  A word hits calls
 * that send mail; with lookup- or probe- before it (lookup-status=503) those
 * that ask for mail, or for the account.  Some words stand: they say how things
 * are (lookup-lag=2000), whatever else goes wrong.  word_page() lists them
 * all.  Plain values; one thread.
 */
#ifndef SIMULATE_FAULT_H
#define SIMULATE_FAULT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Which simulators know a word. */
enum fault_kind {
	FAULT_MAILGUN = 1,
	FAULT_MANDRILL = 2,
	FAULT_SMTP = 4,
	FAULT_HTTP = FAULT_MAILGUN | FAULT_MANDRILL,
	FAULT_ANY = FAULT_HTTP | FAULT_SMTP,
};

/* When a fault is chosen. */
enum fault_moment {
	FAULT_AT_CONNECT = 1, /* for a connection */
	FAULT_AT_REQUEST = 2, /* for an HTTP request, an SMTP transaction */
	FAULT_AT_REUSE = 4,   /* for a request that is not the first of its
			       * connection */
	FAULT_AT_LOOKUP = 8,  /* for an HTTP request that asks for mail */
	FAULT_AT_PROBE = 16,  /* for one that asks for the account */
	FAULT_STANDING = 32,  /* never: asked for by faults_stand() */
};

enum fault_word {
	FAULT_REFUSE,
	FAULT_BLACKHOLE,
	FAULT_RESET_CONNECT,
	FAULT_STALL,
	FAULT_STALL_ACCEPTED,
	FAULT_STALL_MID_BODY,
	FAULT_STALL_ANSWER,
	FAULT_RESET_BEFORE_BODY,
	FAULT_RESET_MID_BODY,
	FAULT_RESET_AFTER_BODY,
	FAULT_RESET_ACCEPTED,
	FAULT_CLOSE_AFTER_BODY,
	FAULT_CLOSE_ACCEPTED,
	FAULT_CLOSE_REUSED,
	FAULT_CLOSE_IDLE,
	FAULT_CUT_ANSWER,
	FAULT_SLOW,
	FAULT_DRIP,
	FAULT_STATUS,
	FAULT_TEXT,
	FAULT_MAGNIFICENT,
	FAULT_UNAUTHORIZED,
	FAULT_THROTTLE,
	FAULT_PARTIAL,
	FAULT_REJECT_REASON,
	FAULT_QUEUED_REASON,
	FAULT_GARBAGE,
	FAULT_EMPTY,
	FAULT_HUGE,
	FAULT_ODD,
	FAULT_EARLY,
	FAULT_GREETING,
	FAULT_EHLO,
	FAULT_AUTH,
	FAULT_MAIL,
	FAULT_RCPT,
	FAULT_DATA,
	FAULT_DOT,
	FAULT_CLOSE_AFTER_DOT,
	FAULT_CLOSE_AFTER_DOT_ACCEPTED,
	FAULT_SILENT_AFTER_DOT,
	FAULT_STARTTLS_INJECTION,
	FAULT_NO_STARTTLS,
	FAULT_NO_8BITMIME,
	FAULT_CHUNKING,
	FAULT_UNREACHABLE,
	FAULT_FLAP,
	FAULT_STALL_HEAD,
	FAULT_HALF_CLOSE,
	FAULT_SIP,
	FAULT_REDIRECT,
	FAULT_ACCEPT,
	FAULT_CLOSE_AT,
	FAULT_STALL_AT,
	FAULT_STARTTLS,
	FAULT_TLS_GARBAGE,
	FAULT_EHLO_LINES,

	/* standing */
	FAULT_LOOKUP_LAG,
	FAULT_LOOKUP_NEVER,
	FAULT_LOOKUP_PARTIAL,
	FAULT_LOOKUP_SHUFFLE,
	FAULT_LOOKUP_TWICE,
	FAULT_LOOKUP_LIMIT,
	FAULT_SENDING_KEY,
	FAULT_WRONG_REGION,
	FAULT_DOMAIN_STATE,
	FAULT_QUEUE_DISABLED,
	FAULT_BACKLOG,
};

struct fault {
	enum fault_word word;
	int moments;     /* enum fault_moment */
	char *argument;  /* behind the =, up to the first comma; NULL: none */
	uint64_t number; /* the argument read as a number, or its default */
	GPtrArray *parameters; /* char *: what follows, between commas */

	/* which requests have it */
	uint64_t count;  /* this many; 0: no limit */
	uint64_t skip;   /* after this many */
	uint64_t every;  /* of those every so many; 1: each */
	unsigned chance; /* of those so many in a hundred, by chance */
	uint64_t seed;   /* that the chance begins with */

	uint64_t seen, used;
	uint64_t random;
};

struct faults;

/* Reads lines of faults for one kind (enum fault_kind, one bit). NULL and error
 * that says which word or option is not known, and what is. */
struct faults *faults_parse(const char *text, int kind, GError **error);

/* What they were read from; NULL: no faults, as of NULL.  Borrowed. */
const char *faults_text(const struct faults *faults);

/* The fault of that line, from 0, or NULL behind the last.  Borrowed. */
const struct fault *faults_get(const struct faults *faults, unsigned index);

/* NULL is fine here and below: no faults. */
void faults_free(struct faults *faults);

/* Chooses the fault for what comes now (a sum of enum fault_moment), or NULL.
 * Counted: give it back with
 * fault_unref(), it may outlive the faults. */
struct fault *faults_pick(struct faults *faults, int moments);
void fault_unref(struct fault *fault);

/* The standing fault of that word that is in force now, or NULL.  Each asking
 * counts.  Borrowed. */
const struct fault *faults_stand(struct faults *faults, enum fault_word word);

/* The line of a word that is about the listening socket (refuse, unreachable,
 * flap), or NULL: it listens.  Borrowed. */
const struct fault *faults_listen(const struct faults *faults);

/* The two times of flap=UP/DOWN; false: it has none. */
bool fault_times(const struct fault *fault, unsigned *up_ms, unsigned *down_ms);

/* True when the fault has this parameter as a word. */
bool fault_has(const struct fault *fault, const char *parameter);

/* The value of the parameter name=value, or NULL. */
const char *fault_parameter(const struct fault *fault, const char *name);

/* True when the fault (NULL is fine) is partial= with this address, or accept=
 * with fewer recipients than stand before it. */
bool fault_refuses(
    const struct fault *fault, const char *address, uint64_t before);

#endif
