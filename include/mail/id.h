/* SPDX-License-Identifier: MIT */
/*
 * The id of a mail: 26 characters, 48 bits of milliseconds and 80 random bits
 * in Crockford's base32, so that ids sort by time.  The same id stands in the
 * 250, every log line, the Received field and the provider's metadata.
 */
#ifndef MAIL_ID_H
#define MAIL_ID_H

#include <stdint.h>

#define ID_LENGTH 26

/* Writes a new id and its NUL into out.  Any thread. */
void id_make(char out[static ID_LENGTH + 1]);

/* Writes what ids begin with that are made at that time (milliseconds of the
 * wall clock): older ones sort before it, those of then or later behind it. */
#define ID_TIME_LENGTH 10
void id_print_time(int64_t wall_ms, char out[static ID_TIME_LENGTH + 1]);

#endif
