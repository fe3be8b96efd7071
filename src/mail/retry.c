/* SPDX-License-Identifier: MIT */
#include "mail/retry.h"

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define SECOND  INT64_C(1000)
#define MINUTE  (60 * SECOND)
#define HOUR    (60 * MINUTE)
#define MOST_MS HOUR

/* Below, X-RateLimit-Reset is a span: as a date it would be 1973. */
#define RESET_SPAN_SECONDS 1e8
/* From here on its unit is not the second: year 5138. */
#define RESET_DATE_SECONDS 1e11

static int64_t
limit_wait(int64_t ms)
{
	return CLAMP(ms, 0, MOST_MS);
}

/* 0: no month. */
static int
read_month(const char *name)
{
	static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
	g_autofree char *lower = g_ascii_strdown(name, -1);
	const char *at = strlen(lower) == 3 ? strstr(names, lower) : NULL;

	return at == NULL || (at - names) % 3 != 0 ? 0
						   : (int)(at - names) / 3 + 1;
}

struct date {
	int year, day, hour, minute, second;
	char month[4];
};

/* RFC 9110 5.6.7: the form of mail, that of RFC 850 and that of asctime(). */
static bool
scan_date(const char *text, struct date *date)
{
	*date = (struct date){ 0 };
	if (sscanf(text, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d",
		&date->day, date->month, &date->year, &date->hour,
		&date->minute, &date->second) == 6)
		return true;
	if (sscanf(text, "%*9[A-Za-z], %2d-%3[A-Za-z]-%4d %2d:%2d:%2d",
		&date->day, date->month, &date->year, &date->hour,
		&date->minute, &date->second) == 6) {
		/* two digits: the century that is nearer */
		if (date->year < 100)
			date->year += date->year < 70 ? 2000 : 1900;
		return true;
	}
	return sscanf(text, "%*3[A-Za-z] %3[A-Za-z] %2d %2d:%2d:%2d %4d",
		   date->month, &date->day, &date->hour, &date->minute,
		   &date->second, &date->year) == 6;
}

/* Minutes east of Greenwich of "... 20:33:21 +0100"; a name, or none, is UTC.
 */
static int
read_zone(const char *text)
{
	const char *clock = strchr(text, ':');
	int hours = 0, minutes = 0;
	char sign = '+';

	if (clock == NULL ||
	    sscanf(clock, ":%*2d:%*2d %c%2d%2d", &sign, &hours, &minutes) != 3)
		return 0;
	if (sign != '+' && sign != '-')
		return 0;
	return (sign == '-' ? -1 : 1) * (hours * 60 + minutes);
}

/* False: no date stands there. */
static bool
read_date_ms(const char *text, int64_t *ms)
{
	g_autoptr(GDateTime) time = NULL;
	struct date date;

	if (scan_date(text, &date))
		time = g_date_time_new_utc(date.year, read_month(date.month),
		    date.day, date.hour, date.minute, date.second);
	if (time == NULL)
		return false;
	*ms = g_date_time_to_unix(time) * 1000 - read_zone(text) * MINUTE;
	return true;
}

struct unit {
	const char *names; /* each between blanks */
	int64_t ms;
};

static const struct unit units[] = {
	{ " ms msec msecs millisecond milliseconds ", 1 },
	{ " s sec secs second seconds ", SECOND },
	{ " m min mins minute minutes ", MINUTE },
	{ " h hr hrs hour hours ", HOUR },
	{ " d day days ", 24 * HOUR },
};

/* 0: no unit stands there. */
static int64_t
read_unit_ms(const char *text)
{
	g_autofree char *word = NULL;
	size_t length = 0;

	while (g_ascii_isalpha(text[length]))
		length++;
	if (length == 0)
		return 0;
	word = g_strdup_printf(" %.*s ", (int)length, text);
	for (char *c = word; *c != '\0'; c++)
		*c = g_ascii_tolower(*c);
	for (size_t i = 0; i < G_N_ELEMENTS(units); i++)
		if (strstr(units[i].names, word) != NULL)
			return units[i].ms;
	return 0;
}

/* "120", "1.5", "an "; -1: none.  *end is behind it and the blanks. */
static double
read_number(const char *text, const char **end)
{
	static const char *const ones[] = { "a ", "an ", "one " };
	size_t length = strspn(text, "0123456789");
	double number = -1;

	if (length > 0) {
		if (text[length] == '.' && g_ascii_isdigit(text[length + 1]))
			length += 1 + strspn(text + length + 1, "0123456789");
		g_autofree char *digits = g_strndup(text, length);
		number = g_ascii_strtod(digits, NULL);
	}
	for (size_t i = 0; length == 0 && i < G_N_ELEMENTS(ones); i++)
		if (g_ascii_strncasecmp(text, ones[i], strlen(ones[i])) == 0) {
			length = strlen(ones[i]);
			number = 1;
		}
	*end = text + length + strspn(text + length, " ");
	return number;
}

static int64_t
make_wait(double number, int64_t unit_ms)
{
	return (int64_t)MIN(number * (double)unit_ms, (double)MOST_MS);
}

/* "120 seconds", "5 minutes", "341s"; 0: none. */
static int64_t
read_span_ms(const char *text)
{
	const char *end;
	double number = read_number(text, &end);
	int64_t unit_ms = read_unit_ms(end);

	return number < 0 || unit_ms == 0 ? 0 : make_wait(number, unit_ms);
}

static int64_t
read_wait_ms(const char *text, int64_t now_wall_ms)
{
	int64_t ms;

	if (read_date_ms(text, &ms))
		return limit_wait(ms - now_wall_ms);
	return read_span_ms(text);
}

int64_t
retry_in_text(const char *text, int64_t now_wall_ms)
{
	static const char *const words[] = { "after ", "in ", "for ", "wait ",
		"until " };

	for (const char *at = text == NULL ? "" : text; *at != '\0'; at++) {
		if (at != text && g_ascii_isalnum(at[-1]))
			continue;
		for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
			size_t length = strlen(words[i]);
			int64_t wait_ms;

			if (g_ascii_strncasecmp(at, words[i], length) != 0)
				continue;
			wait_ms = read_wait_ms(at + length, now_wall_ms);
			if (wait_ms > 0)
				return wait_ms;
		}
	}
	return 0;
}

/* Only a number; false: something else. */
static bool
read_plain_number(const char *text, double *number)
{
	const char *end;

	*number = read_number(text, &end);
	return *number >= 0 && *end == '\0' && g_ascii_isdigit(*text);
}

int64_t
retry_after(const char *value, int64_t now_wall_ms)
{
	g_autofree char *text = g_strstrip(g_strdup(value));
	double number;
	int64_t ms;

	if (read_plain_number(text, &number))
		return make_wait(number, SECOND);
	if (read_date_ms(text, &ms))
		return limit_wait(ms - now_wall_ms);
	ms = read_span_ms(text);
	return ms > 0 ? ms : RETRY_UNREADABLE_MS;
}

int64_t
retry_at_reset(const char *value, int64_t now_wall_ms)
{
	g_autofree char *text = g_strstrip(g_strdup(value));
	double number;

	if (!read_plain_number(text, &number))
		return retry_after(text, now_wall_ms);
	if (number < RESET_SPAN_SECONDS)
		return make_wait(number, SECOND);
	if (number >= RESET_DATE_SECONDS)
		return RETRY_UNREADABLE_MS;
	return limit_wait((int64_t)(number * 1000) - now_wall_ms);
}
