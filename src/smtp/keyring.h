/* SPDX-License-Identifier: MIT */
/*
 * A keyring holds the keys of one listener that clients get now, and puts newer
 * ones in their place when the files have changed.  What cannot be read is
 * logged and changes nothing.  On the main loop.
 */
#ifndef SMTP_KEYRING_H
#define SMTP_KEYRING_H

#include "rules.h"
#include "tls_keys.h"

struct keyring;

/* Reads the files of a listener, whose rules are borrowed; with TLS off there
 * are none.  NULL and error when they cannot be used.  Logs certificates that
 * end soon. */
struct keyring *keyring_new(const struct rules *rules, GError **error);
/* NULL is fine. */
void keyring_free(struct keyring *keyring);

/* The keys for who comes now, counted; NULL: there is no TLS. */
struct tls_keys *keyring_take(const struct keyring *keyring);

/* Reads the files again. */
void keyring_reread(struct keyring *keyring);

/* The same, when they have changed since they were read last, or could not
 * be. */
void keyring_look(struct keyring *keyring);

#endif
