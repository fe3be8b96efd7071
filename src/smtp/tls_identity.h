/* SPDX-License-Identifier: MIT */
/*
 * One certificate with its chain and key, as read from files (PEM), and the
 * names it is for.  Immutable; any thread.
 */
#ifndef SMTP_TLS_IDENTITY_H
#define SMTP_TLS_IDENTITY_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct ssl_ctx_st;
struct tls_identity;

/* key_path NULL: the key is in the certificate's file.  NULL and error, which
 * says the file and what to do about it; *of_key when that is about the key. */
struct tls_identity *tls_identity_read(
    const char *path, const char *key_path, bool *of_key, GError **error);
void tls_identity_free(struct tls_identity *identity);

/* Puts it into a context of OpenSSL, beside one of another kind of key; false
 * and error when it is too weak for the context. */
bool tls_identity_use(const struct tls_identity *identity,
    struct ssl_ctx_st *context, GError **error);

/* True when it is for the host of this name (RFC 6125). */
bool tls_identity_serves(const struct tls_identity *identity, const char *name);

/* True when both are for the same names. */
bool tls_identity_like(
    const struct tls_identity *one, const struct tls_identity *other);

/* What kind of key it has: "RSA", "EC"; owned by it. */
const char *tls_identity_kind(const struct tls_identity *identity);

/* Its file; its names, separated by commas. */
const char *tls_identity_path(const struct tls_identity *identity);
const char *tls_identity_names(const struct tls_identity *identity);

/* When it ends, in seconds since the epoch. */
int64_t tls_identity_ends(const struct tls_identity *identity);

#endif
