/* SPDX-License-Identifier: MIT */
/* The form that hands a delivery to Mailgun.  A work thread. */
#ifndef PROVIDERS_MAILGUN_REQUEST_H
#define PROVIDERS_MAILGUN_REQUEST_H

#include "form.h"
#include "mail/delivery.h"

/* Writes all fields of the delivery's form; false and error when it cannot be
 * handed over so. */
bool mailgun_request_write(
    struct form *form, const struct delivery *delivery, GError **error);

#endif
