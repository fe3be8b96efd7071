/* SPDX-License-Identifier: MIT */
/*
 * What a Date field says.
 */
#ifndef MAIL_DATE_H
#define MAIL_DATE_H

#include <stdbool.h>
#include <stdint.h>

/* Reads a date of RFC 5322 3.3 into milliseconds since 1970.  False: it is
 * none, or of a zone that only its writer knows.  Any thread. */
bool date_read(const char *text, int64_t *wall_ms);

#endif
