/* SPDX-License-Identifier: MIT */
#include "core/clock.h"

#include <glib.h>
#include <stdio.h>
#include <time.h>

/* The last millisecond of the year 9999: neither form has room for more. */
#define WALL_MAX_MS INT64_C(253402300799999)

static int64_t
read_clock_ms(clockid_t id)
{
	struct timespec now;
	int failed = clock_gettime(id, &now);

	g_assert(failed == 0);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t
clock_monotonic_ms(void)
{
	return read_clock_ms(CLOCK_MONOTONIC);
}

int64_t
clock_monotonic_us(void)
{
	return g_get_monotonic_time();
}

int64_t
clock_wall_ms(void)
{
	return read_clock_ms(CLOCK_REALTIME);
}

static struct tm
split_date(int64_t wall_ms)
{
	struct tm date;
	time_t seconds = (time_t)(wall_ms / 1000);

	gmtime_r(&seconds, &date);
	return date;
}

void
clock_rfc5322(int64_t wall_ms, char out[static CLOCK_RFC5322_LENGTH])
{
	/* Not strftime(): its names are the locale's. */
	static const char days[][4] = { "Sun", "Mon", "Tue", "Wed", "Thu",
		"Fri", "Sat" };
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May",
		"Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	struct tm date = split_date(CLAMP(wall_ms, 0, WALL_MAX_MS));

	snprintf(out, CLOCK_RFC5322_LENGTH,
	    "%s, %02u %s %04u %02u:%02u:%02u +0000", days[date.tm_wday],
	    (unsigned)date.tm_mday % 100, months[date.tm_mon],
	    (unsigned)(date.tm_year + 1900) % 10000,
	    (unsigned)date.tm_hour % 100, (unsigned)date.tm_min % 100,
	    (unsigned)date.tm_sec % 100);
}

/* Writes the number's last digits, as many as there is room for. */
static void
put_digits(char *out, unsigned digits, int number)
{
	while (digits-- > 0) {
		out[digits] = (char)('0' + number % 10);
		number /= 10;
	}
}

/* Not snprintf(): every line of the log has one. */
void
clock_rfc3339(int64_t wall_ms, char out[static CLOCK_RFC3339_LENGTH])
{
	int64_t ms = CLAMP(wall_ms, 0, WALL_MAX_MS);
	struct tm date = split_date(ms);

	g_strlcpy(out, "0000-00-00T00:00:00.000Z", CLOCK_RFC3339_LENGTH);
	put_digits(out, 4, date.tm_year + 1900);
	put_digits(out + 5, 2, date.tm_mon + 1);
	put_digits(out + 8, 2, date.tm_mday);
	put_digits(out + 11, 2, date.tm_hour);
	put_digits(out + 14, 2, date.tm_min);
	put_digits(out + 17, 2, date.tm_sec);
	put_digits(out + 20, 3, (int)(ms % 1000));
}
