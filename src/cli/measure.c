/* SPDX-License-Identifier: MIT */
#include "measure.h"

#include "core/clock.h"
#include <glib.h>

#define SECOND 1000
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

/* Largest first. */
static const struct unit {
	int64_t ms;
	const char *name;
} units[] = {
	{ DAY, "d" },
	{ HOUR, "h" },
	{ MINUTE, "min" },
	{ SECOND, "s" },
};

char *
measure_date(int64_t wall_ms)
{
	char date[CLOCK_RFC3339_LENGTH];

	clock_rfc3339(wall_ms, date);
	/* a person has no use for the milliseconds */
	return g_strdup_printf("%.19sZ", date);
}

static const struct unit *
find_unit(int64_t ms)
{
	unsigned i = 0;

	while (i + 1 < G_N_ELEMENTS(units) && ms < units[i].ms)
		i++;
	return &units[i];
}

char *
measure_span(int64_t ms)
{
	const struct unit *unit = find_unit(ms);

	/* as the log says it, so that one is found by the other */
	if (ms < SECOND || (ms < 10 * SECOND && ms % SECOND != 0))
		return g_strdup_printf("%d ms", (int)MAX(ms, 0));
	if (ms < MINUTE)
		return measure_rough(ms);
	int64_t rest = ms % unit->ms / unit[1].ms;
	if (rest == 0)
		return measure_rough(ms);
	return g_strdup_printf("%" G_GINT64_FORMAT " %s %d %s", ms / unit->ms,
	    unit->name, (int)rest, unit[1].name);
}

char *
measure_rough(int64_t ms)
{
	const struct unit *unit = find_unit(ms);

	return g_strdup_printf(
	    "%" G_GINT64_FORMAT " %s", MAX(ms, 0) / unit->ms, unit->name);
}

char *
measure_away(int64_t now_ms, int64_t wall_ms)
{
	int64_t ms = ABS(wall_ms - now_ms);
	g_autofree char *span = NULL;

	if (ms < SECOND)
		return g_strdup("now");
	span = measure_span(ms - ms % SECOND);
	return wall_ms > now_ms ? g_strconcat("in ", span, NULL)
				: g_strconcat(span, " ago", NULL);
}

char *
measure_moment(int64_t now_ms, int64_t wall_ms)
{
	g_autofree char *date = measure_date(wall_ms);
	g_autofree char *away = measure_away(now_ms, wall_ms);

	return g_strdup_printf("%s (%s)", date, away);
}

char *
measure_size(uint64_t bytes)
{
	static const char *const names[] = { "kB", "MB", "GB", "TB", "PB" };
	double size = (double)bytes / 1e3;
	unsigned i = 0;

	if (bytes < 1000)
		return g_strdup_printf("%d B", (int)bytes);
	/* 999.95 would be written 1000.0 */
	for (; size >= 999.95 && i + 1 < G_N_ELEMENTS(names); i++)
		size /= 1e3;
	return g_strdup_printf("%.1f %s", size, names[i]);
}
