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
	const char *kind;     /* "mailgun", "mandrill", "smtp" */
	const char *listen;   /* host:port, loopback; port 0: any */
	const char *control;  /* host:port of the control door; NULL: none */
	const char *domain;   /* mailgun: the sending domain; NULL: any */
	const char *key;      /* mailgun, mandrill: the API key; NULL: any */
	const char *username, *password; /* smtp AUTH; NULL: not offered */
	const char *certificate, *private_key; /* smtp: PEM files for STARTTLS;
	                                        * NULL: not offered */
	const char *record;   /* directory for what is accepted; NULL: memory */
};

/* Starts it on threads of its own.  NULL and error when an address cannot be
 * had or an option makes no sense for the kind. */
struct simulator *simulator_new(
    const struct simulator_options *options, GError **error);

/* host:port it listens on, and of its control door (NULL: none). */
const char *simulator_address(const struct simulator *simulator);
const char *simulator_control(const struct simulator *simulator);

/* Any thread: sets what goes wrong from now on; the control door's words
 * ("refuse", "status 503", "reset-after-body", ... see simulator.c), NULL: all
 * is well.  False and error for words it does not know. */
bool simulator_fault(
    struct simulator *simulator, const char *fault, GError **error);

/* Mails accepted so far. */
uint64_t simulator_accepted(const struct simulator *simulator);

void simulator_free(struct simulator *simulator);

#endif
