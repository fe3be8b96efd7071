/* SPDX-License-Identifier: MIT */
/*
 * The certificates and keys of one listener, ready for handshakes: one default
 * and others chosen by the name that the client asks for (SNI, RFC 6066 3), the
 * versions and ciphers, and who of the clients may relay by a certificate of
 * its own.  Immutable and counted, any thread: when the files change, new
 * keys are made for those who come from then on (keyring.h).
 */
#ifndef SMTP_TLS_KEYS_H
#define SMTP_TLS_KEYS_H

#include <glib.h>
#include <stdbool.h>

struct bio_method_st;
struct rules;
struct ssl_ctx_st;
struct tls_identity;
struct tls_keys;

/* Reads the files that the listener's settings name.  NULL and error (which
 * file, what is wrong with it, what to do) when they cannot be had, the key
 * does not fit, or others may read it.  Only for listeners with TLS. */
struct tls_keys *tls_keys_new(const struct rules *rules, GError **error);

/* NULL is fine for both. */
struct tls_keys *tls_keys_ref(struct tls_keys *keys);
void tls_keys_unref(struct tls_keys *keys);

/* The certificates, in the order of the settings: struct tls_identity,
 * borrowed. */
const GPtrArray *tls_keys_identities(const struct tls_keys *keys);

/* True when a client with a certificate of this fingerprint (SHA-256, lower
 * case hex) may relay. */
bool tls_keys_trust(const struct tls_keys *keys, const char *fingerprint);

/* True when there are authorities whose certificates let clients relay. */
bool tls_keys_has_authorities(const struct tls_keys *keys);

/* ---- for tls.c: what connections are made from; borrowed ---- */

struct ssl_ctx_st *tls_keys_context(const struct tls_keys *keys);
const struct bio_method_st *tls_keys_method(const struct tls_keys *keys);

#endif
