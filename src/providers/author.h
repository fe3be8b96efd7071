/* SPDX-License-Identifier: MIT */
/*
 * The author is whom From names: every service wants one that it can read.  Any
 * thread.
 */
#ifndef PROVIDERS_AUTHOR_H
#define PROVIDERS_AUTHOR_H

#include "mail/delivery.h"

/* False and error when From has an address that is not ASCII: in whatever form
 * the mail leaves, the service (its name as people write it) refuses it. */
bool author_check(
    const struct delivery *delivery, const char *service, GError **error);

/* The author of a mail that is sent as fields, as it leaves; borrowed.  NULL
 * and error when From cannot be read. */
const struct header_address *author_find(
    const struct delivery *delivery, const char *service, GError **error);

#endif
