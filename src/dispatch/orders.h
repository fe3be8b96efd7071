/* SPDX-License-Identifier: MIT */
/*
 * Whose mail may give orders in its header (X-Postferry-*, options that bind it
 * to one type of provider), and name the route it goes by: as control_headers
 * of its listener has it.  Immutable; any thread.
 */
#ifndef DISPATCH_ORDERS_H
#define DISPATCH_ORDERS_H

#include "core/config.h"
#include "mail/submission.h"

struct orders;

struct orders *orders_new(struct config *config);
/* NULL is fine. */
void orders_free(struct orders *orders);

/* True unless its listener has control_headers = no, or it is our own report.
 */
bool orders_obey(
    const struct orders *orders, const struct submission *submission);

/* True when its client is in `allow`, or its listener says control_headers =
 * yes: who only logged in, or has a certificate, is a stranger else. */
bool orders_may_name(
    const struct orders *orders, const struct submission *submission);

#endif
