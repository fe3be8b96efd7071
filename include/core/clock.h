/* SPDX-License-Identifier: MIT */
/*
 * The two clocks: one for intervals, one for dates. Any thread.
 */
#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H

#include <stdint.h>

/* Milliseconds of CLOCK_MONOTONIC: for every interval and timeout. */
int64_t clock_monotonic_ms(void);

/* Microseconds of the same, for what is measured. */
int64_t clock_monotonic_us(void);

/* Milliseconds since 1970 of CLOCK_REALTIME: for dates people and mails
 * see, never for an interval. */
int64_t clock_wall_ms(void);

/* Length of the buffer that clock_rfc5322() fills, with its NUL. */
#define CLOCK_RFC5322_LENGTH 32

/* Writes wall_ms as RFC 5322 3.3 date-time in UTC
 * ("Sat, 21 Nov 2026 10:24:00 +0000") into out. */
void clock_rfc5322(int64_t wall_ms, char out[static CLOCK_RFC5322_LENGTH]);

/* Length of the buffer that clock_rfc3339() fills, with its NUL. */
#define CLOCK_RFC3339_LENGTH 25

/* Writes wall_ms as RFC 3339 in UTC ("2026-11-21T10:24:00.123Z") into out. */
void clock_rfc3339(int64_t wall_ms, char out[static CLOCK_RFC3339_LENGTH]);

#endif
