/* SPDX-License-Identifier: MIT */
/*
 * A keyring holds the keys of one listener that clients get now, and puts newer
 * ones in their place when the files have changed.  What cannot be read is
 * logged and changes nothing.  On the main loop.
 */
#ifndef SMTP_KEYRING_H
#define SMTP_KEYRING_H

#include "core/complaints.h"
#include "rules.h"
#include "tls_keys.h"

struct keyring;

/* A certificate that ends within that time is told of: who renews by a machine
 * does so a month before. */
#define KEYRING_SOON_S (14 * 86400)

/* A moment of the wall clock for people.  New string. */
char *keyring_date(int64_t ends_s);

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

/* The listener has other rules from now on, borrowed: reads the files they
 * name.  False when there were no keys and there can be none now: it is as it
 * was. */
bool keyring_renew(struct keyring *keyring, const struct rules *rules);

/* The same, when they have changed since they were read last, or could not
 * be. */
void keyring_look(struct keyring *keyring);

/* What is wrong with them now is set, what is not is cleared. */
void keyring_report(
    const struct keyring *keyring, struct complaints *complaints);

#endif
