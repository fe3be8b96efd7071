/* SPDX-License-Identifier: MIT */
/*
 * A simulator is a provider on loopback to try postferry against: Mailgun and
 * Mandrill over real HTTP, an SMTP server that keeps what it gets.  It checks
 * requests as strictly as the real one, records what it accepts, and misbehaves
 * on demand.  It shares no code with the translators, so that a mistake there
 * is seen here.
 */
#ifndef SIMULATE_SIMULATOR_H
#define SIMULATE_SIMULATOR_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct simulator;

struct simulator_options {
	const char *kind;       /* "mailgun", "mandrill", "smtp" */
	const char *listen;     /* host:port, loopback; port 0: any */
	const char *control;    /* host:port of the control door; NULL: none */
	const char *domain;     /* mailgun, mandrill: the sending domains, with
				 * commas between them; NULL: any */
	const char *key;        /* mailgun, mandrill: the API key; NULL: any */
	const char *lookup_key; /* mailgun: the key that may do all; then key
				 * may only send; NULL: key may do all */
	const char *username, *password; /* smtp AUTH; NULL: not offered */
	const char *certificate, *private_key; /* smtp: PEM files for STARTTLS;
						* NULL: not offered */
	const char *record; /* directory for what is accepted; NULL: memory */
};

/* Starts it on threads of its own.  NULL and error when an address cannot be
 * had or an option makes no sense for the kind. */
struct simulator *simulator_new(
    const struct simulator_options *options, GError **error);

/* host:port it listens on, and of its control door (NULL: none). */
const char *simulator_address(const struct simulator *simulator);
const char *simulator_control(const struct simulator *simulator);

/* Any thread but its own: sets what goes wrong from now on, in force when it
 * returns.  A line is one fault, as the control door and `postferry simulate
 * --help` have them:
 *
 *	refuse blackhole reset-connect stall stall-accepted
 *	stall-mid-body[=PERCENT] stall-answer
 *	reset-before-body reset-mid-body[=PERCENT] reset-after-body
 *	reset-accepted close-after-body close-accepted close-reused close-idle
 *	cut-answer slow=MS drip=MS
 *	status=NNN[,html|json|empty][,retry-after=V][,accepted]
 *	text=NAME throttle[=SECONDS] unauthorized magnificent
 *	partial=ADDRESS[,...] reject-reason=NAME queued-reason=NAME
 *	garbage empty huge odd=NAME early=NNN
 *	greeting=NNN ehlo=NNN auth=NNN mail=NNN rcpt=NNN data=NNN dot=NNN
 *	close-after-dot[-accepted] silent-after-dot starttls-injection
 *	no-starttls no-8bitmime chunking starttls=NNN tls-garbage
 *	close-at=COMMAND stall-at=COMMAND ehlo-lines
 *	unreachable flap=UP_MS/DOWN_MS stall-head half-close sip=MS
 *	redirect=URL accept=N
 *	lookup-WORD probe-WORD: for calls that ask for mail, or the account
 *	lookup-lag=MS lookup-never lookup-partial=N lookup-shuffle
 *	lookup-twice lookup-limit=N sending-key wrong-region
 *	domain-state=NAME queue-disabled backlog=N
 *
 * followed by options: count=N skip=N every=N chance=PERCENT seed=N.
 * "accepted" means that the mail is recorded all the same.  NULL: all is well.
 * False and error for words it does not know. */
bool simulator_fault(
    struct simulator *simulator, const char *fault, GError **error);

/* Any thread that may wait, but its own: the lines of the faults that were set
 * last, here or at the control door; NULL: all is well; new. */
char *simulator_faults(struct simulator *simulator);

/* A page about the faults of a kind, a line each, for people; to be freed. */
char *simulator_words(const char *kind);

/* Where a simulator posts the events of its mails. */
struct simulator_webhook {
	const char *url;        /* http://host:port/path */
	const char *key;        /* it signs with */
	const char *signed_url; /* mandrill: that it signs instead; NULL: url */
};

/* Any thread but its own: from now on each mail that is accepted is told of
 * there, and what was not told yet is not.  False and error when it has no
 * events or that is no URL. */
bool simulator_webhook(struct simulator *simulator,
    const struct simulator_webhook *webhook, GError **error);

/* Mails accepted so far. */
uint64_t simulator_accepted(const struct simulator *simulator);

void simulator_free(struct simulator *simulator);

#endif
