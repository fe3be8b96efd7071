/* SPDX-License-Identifier: MIT */
/*
 * Times and sizes as people read them: dates in UTC, and how far away they are.
 * New strings.
 */
#ifndef MEASURE_H
#define MEASURE_H

#include <stdint.h>

/* "2026-11-21T10:24:00Z" */
char *measure_date(int64_t wall_ms);

/* "35 ms", "1234 ms", "12 s", "4 min 12 s", "3 h 5 min", "2 d 1 h" */
char *measure_span(int64_t ms);

/* The same in one unit, for a column: "4 min". */
char *measure_rough(int64_t ms);

/* "in 4 min 12 s", "3 h 5 min ago", "now" */
char *measure_away(int64_t now_ms, int64_t wall_ms);

/* "2026-11-21T10:24:00Z (3 h 5 min ago)" */
char *measure_moment(int64_t now_ms, int64_t wall_ms);

/* "5.2 kB" */
char *measure_size(uint64_t bytes);

#endif
