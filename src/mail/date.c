/* SPDX-License-Identifier: MIT */
#include "date.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>

static const char *const months[] = { "jan", "feb", "mar", "apr", "may", "jun",
	"jul", "aug", "sep", "oct", "nov", "dec" };

/* 1 to 12; 0: no month. */
static int
find_month(const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(months); i++)
		if (g_ascii_strcasecmp(name, months[i]) == 0)
			return (int)i + 1;
	return 0;
}

/* East of Greenwich, in minutes. */
static bool
read_zone(const char *text, int *minutes)
{
	static const char *const names[] = { "GMT", "UT", "UTC", "Z" };
	unsigned hour, minute;

	*minutes = 0;
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (g_ascii_strcasecmp(text, names[i]) == 0)
			return true;
	if ((text[0] != '+' && text[0] != '-') || strlen(text) != 5 ||
	    sscanf(text + 1, "%2u%2u", &hour, &minute) != 2)
		return false;
	*minutes = (int)(hour * 60 + minute) * (text[0] == '-' ? -1 : 1);
	return true;
}

bool
date_read(const char *text, int64_t *wall_ms)
{
	const char *comma = strchr(text, ',');
	char month[4], zone[6];
	int day, year, hour, minute, second = 0, used = 0, east;
	g_autoptr(GDateTime) date = NULL;

	text = comma != NULL ? comma + 1 : text;
	if (sscanf(text, "%2d %3s %4d %2d:%2d%n", &day, month, &year, &hour,
		&minute, &used) != 5)
		return false;
	text += used;
	if (*text == ':') {
		if (sscanf(text, ":%2d%n", &second, &used) != 1)
			return false;
		text += used;
	}
	if (sscanf(text, "%5s", zone) != 1 || !read_zone(zone, &east))
		return false;
	date = g_date_time_new_utc(
	    year, find_month(month), day, hour, minute, MIN(second, 59));
	if (date == NULL)
		return false;
	*wall_ms = (g_date_time_to_unix(date) - (int64_t)east * 60) * 1000;
	return true;
}
