/* SPDX-License-Identifier: MIT */
/*
 * How a server proves who it is: an SSL_CTX that trusts the CA file and
 * expects the configured name, whatever DNS made of it.  Immutable, counted,
 * used by all sessions with the server; any thread.
 */
#ifndef RELAY_TLS_H
#define RELAY_TLS_H

#include "mail/exchange.h"
#include <openssl/ssl.h>

struct relay_tls;

/* NULL and error when the CA file cannot be used.  Reads it: not on a loop. */
struct relay_tls *relay_tls_new(
    const char *host, const char *ca_file, GError **error);
struct relay_tls *relay_tls_ref(struct relay_tls *tls);
void relay_tls_unref(struct relay_tls *tls);

/* True when the CA file was changed since.  Not on a loop. */
bool relay_tls_is_stale(const struct relay_tls *tls);

SSL_CTX *relay_tls_context(const struct relay_tls *tls);

/* True when the peer of a finished handshake is the configured host. */
bool relay_tls_matches(const struct relay_tls *tls, SSL *ssl);

#endif
