/* SPDX-License-Identifier: MIT */
/*
 * Odd answers: what a provider means, in a shape that nobody expects.
 */
#ifndef SIMULATE_ODD_H
#define SIMULATE_ODD_H

#include "fault.h"
#include "response.h"

/* True when the kind has an odd answer of that name. */
bool odd_has(enum fault_kind kind, const char *name);

/* True when no server keeps a mail that it answers like this; a known name. */
bool odd_refuses(const char *name);

/* A line each of the names of these kinds, for --help. */
char *odd_names(int kinds);

/* The bytes that go over the wire in place of the answer; the connection
 * closes behind.  name: one of HTTP's. */
GString *odd_print(const char *name, const struct response *answer);

/* The bytes of an SMTP reply that says `text`. */
GString *odd_reply(const char *name, const char *text);

#endif
