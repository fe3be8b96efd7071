/* SPDX-License-Identifier: MIT */
/*
 * Digests are how a provider signs what it posts: HMAC (RFC 2104).  Compared in
 * constant time, so that nobody learns a signature byte by byte.  Any thread.
 */
#ifndef PROVIDERS_DIGEST_H
#define PROVIDERS_DIGEST_H

#include <glib.h>
#include <stdbool.h>

/* True when signature is the HMAC of the message with that key: in hexadecimal
 * of either case; in base64. */
bool digest_fits_hex(GChecksumType type, const char *key,
    const GString *message, const char *signature);
bool digest_fits_base64(GChecksumType type, const char *key,
    const GString *message, const char *signature);

#endif
