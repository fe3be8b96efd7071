/* SPDX-License-Identifier: MIT */
/*
 * Faults are what goes wrong on demand.  One line is one fault: its word with
 * parameters, then options:
 *
 *	status=503,html,retry-after=30 count=2
 *	reset-after-body skip=1
 *
 * Of several lines the first that wants a request has it.  fault_words() lists
 * the words.  Plain values; one thread.
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

/* The fault of that line, from 0, or NULL behind the last.  Borrowed. */
const struct fault *faults_get(const struct faults *faults, unsigned index);

/* NULL is fine here and below: no faults. */
void faults_free(struct faults *faults);

/* Chooses the fault for what comes now (a sum of enum fault_moment), or NULL.
 * Counted: give it back with
 * fault_unref(), it may outlive the faults. */
struct fault *faults_pick(struct faults *faults, int moments);
void fault_unref(struct fault *fault);

/* True when connections are to be refused. */
bool faults_refuse(const struct faults *faults);

/* True when the fault has this parameter as a word. */
bool fault_has(const struct fault *fault, const char *parameter);

/* The value of the parameter name=value, or NULL. */
const char *fault_parameter(const struct fault *fault, const char *name);

/* True when the argument or a parameter is this address. */
bool fault_names(const struct fault *fault, const char *address);

/* A page about the words, for --help: a line each. */
char *fault_words(int kinds);

#endif
