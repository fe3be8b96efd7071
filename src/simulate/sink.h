/* SPDX-License-Identifier: MIT */
/*
 * The sink is an SMTP server that keeps what it gets, byte for byte.  On the
 * loop's thread.
 */
#ifndef SIMULATE_SINK_H
#define SIMULATE_SINK_H

#include "acceptor.h"
#include "house.h"
#include <openssl/ssl.h>

struct sink;
struct talk;

/* The acceptor becomes the sink's.  tls: for STARTTLS, becomes the sink's;
 * NULL: not offered.  The house outlives it. */
struct sink *sink_new(struct acceptor *acceptor, struct event_base *base,
    struct house *house, SSL_CTX *tls);

/* NULL is fine. */
void sink_free(struct sink *sink);

struct acceptor *sink_acceptor(const struct sink *sink);

/* Connections open now, also those swallowed. */
unsigned sink_open(const struct sink *sink);

/* Sends RST on every connection. */
void sink_reset_all(struct sink *sink);

/* For the talks of the sink. */
struct event_base *sink_base(const struct sink *sink);
struct house *sink_house(const struct sink *sink);
SSL_CTX *sink_tls(const struct sink *sink);
void sink_forget(struct sink *sink, struct talk *talk);

#endif
