/* SPDX-License-Identifier: MIT */
/*
 * Mail must not go in a circle: an upstream server that is one of our own
 * listeners gives back what it is given.  What only the network knows (a name
 * that leads here) is found by the mail itself: the limiter counts our name.
 */
#ifndef CIRCLE_H
#define CIRCLE_H

#include "core/config.h"

/* Adds an error (char *) for each SMTP provider whose host and port are those
 * of a listener.  Asks no DNS. */
void circle_check(const struct config *config, GPtrArray *errors);

#endif
