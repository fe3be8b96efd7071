/* SPDX-License-Identifier: MIT */
/*
 * The trace that a mail belongs to, when the program that wrote it says so in a
 * field `traceparent` as it would in an HTTP request (W3C Trace Context 2.2):
 * its id goes into the log, so that who follows a request finds its mail.
 */
#ifndef MAIL_TRACE_H
#define MAIL_TRACE_H

#include "mail/header.h"

#define TRACE_ID_LENGTH 32 /* lower case hex digits */

/* The id of the trace; "" without a field, with two, and when it is not
 * exactly as the standard has it (3.2.2.3): others' text stays out. */
void trace_read(
    const struct header *header, char id[static TRACE_ID_LENGTH + 1]);

#endif
