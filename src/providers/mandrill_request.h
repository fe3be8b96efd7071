/* SPDX-License-Identifier: MIT */
/* What hands a delivery to Mandrill in JSON.  A work thread. */
#ifndef PROVIDERS_MANDRILL_REQUEST_H
#define PROVIDERS_MANDRILL_REQUEST_H

#include "mail/delivery.h"
#include "writer.h"

/* Writes the members that stand beside key and async; false and error when the
 * delivery cannot be handed over in its form. */
bool mandrill_request_write(
    struct writer *writer, const struct delivery *delivery, GError **error);

#endif
