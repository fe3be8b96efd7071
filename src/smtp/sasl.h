/* SPDX-License-Identifier: MIT */
/*
 * SASL, the server's side of one exchange: PLAIN (RFC 4616) and LOGIN
 * (draft-murchison-sasl-login).  Base64 in, a name and a password out; nothing
 * is checked here.  Pure; on one loop.
 */
#ifndef SMTP_SASL_H
#define SMTP_SASL_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* A response line, with its CR LF (RFC 4954 4). */
#define SASL_LINE_MAX 12288

struct sasl;

enum sasl_step {
	SASL_ASKS,      /* say sasl_challenge() and read a line */
	SASL_DONE,      /* name and password are there */
	SASL_BAD,       /* not base64, not the grammar: 501 */
	SASL_REFUSED,   /* what no user can have: 535 */
	SASL_CANCELLED, /* the client said "*": 501 */
};

/* NULL: no such mechanism. */
struct sasl *sasl_new(const char *mechanism);
/* Overwrites the password first.  NULL is fine. */
void sasl_free(struct sasl *sasl);

/* Takes what the client said: the initial response of AUTH (NULL: none; "=":
 * an empty one), then each line without its CR LF. */
enum sasl_step sasl_take(struct sasl *sasl, const char *response);

/* SASL_ASKS: what to say after "334 ", base64; a literal. */
const char *sasl_challenge(const struct sasl *sasl);

/* Overwrites the password; the name stays. */
void sasl_forget(struct sasl *sasl);

/* SASL_DONE; owned by the exchange. */
const char *sasl_name(const struct sasl *sasl);
const char *sasl_password(const struct sasl *sasl);

#endif
