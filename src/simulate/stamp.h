/* SPDX-License-Identifier: MIT */
/*
 * Stamps are times as providers read them.
 */
#ifndef SIMULATE_STAMP_H
#define SIMULATE_STAMP_H

#include <stdbool.h>

/* Seconds since 1970 as a number, or a date as in mail (RFC 5322 3.3); false
 * for anything else. */
bool stamp_read(const char *text, double *seconds);

#endif
