/* SPDX-License-Identifier: MIT */
#include "options_value.h"

#include "mail/address.h"
#include <stdio.h>
#include <string.h>

#define TEXT_MAX 256
#define MINUTE   60
#define HOUR     3600

static bool
is_among(const char *text, const char *const *words)
{
	for (; *words != NULL; words++)
		if (g_ascii_strcasecmp(text, *words) == 0)
			return true;
	return false;
}

static bool
is_no(const char *text)
{
	static const char *const words[] = { "no", "false", "off", "n", "0",
		NULL };

	return is_among(text, words);
}

char *
options_value_flag(const char *text)
{
	static const char *const words[] = { "yes", "true", "on", "y", "1",
		NULL };

	if (is_no(text))
		return g_strdup("no");
	return is_among(text, words) ? g_strdup("yes") : NULL;
}

char *
options_value_caution(const char *text)
{
	return g_strdup(is_no(text) ? "no" : "yes");
}

char *
options_value_clicks(const char *text)
{
	if (g_ascii_strcasecmp(text, "htmlonly") == 0 ||
	    g_ascii_strcasecmp(text, "html") == 0)
		return g_strdup("html");
	return options_value_flag(text);
}

char *
options_value_links(const char *text)
{
	static const struct {
		const char *word, *value;
	} rows[] = {
		{ "None", "no" },
		{ "HtmlAndText", "yes" },
		{ "HtmlOnly", "html" },
		{ "TextOnly", "text" },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++)
		if (g_ascii_strcasecmp(text, rows[i].word) == 0)
			return g_strdup(rows[i].value);
	return NULL;
}

/* 0: no month. */
static int
read_month(const char *name)
{
	static const char *const names[] = { "Jan", "Feb", "Mar", "Apr", "May",
		"Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

	for (int i = 0; i < 12; i++)
		if (g_ascii_strcasecmp(name, names[i]) == 0)
			return i + 1;
	return 0;
}

/* Seconds east of Greenwich; false: no zone. */
static bool
read_zone(const char *text, int *seconds)
{
	static const char *const zero[] = { "", "Z", "UT", "UTC", "GMT", NULL };
	unsigned hours, minutes;
	int end = 0;
	char sign[2];

	*seconds = 0;
	if (is_among(text, zero))
		return true;
	if (sscanf(text, "%1[+-]%2u%2u%n", sign, &hours, &minutes, &end) != 3)
		return false;
	*seconds = (int)(hours * HOUR + minutes * MINUTE);
	if (*text == '-')
		*seconds = -*seconds;
	return text[end] == '\0' && hours < 24 && minutes < 60;
}

/* What stands before a comment at the end, like that of "+0000 (UTC)".  New
 * string. */
static char *
drop_comment(const char *text)
{
	const char *comment = strchr(text, '(');

	if (comment == NULL || !g_str_has_suffix(comment, ")"))
		return g_strdup(text);
	return g_strchomp(g_strndup(text, (gsize)(comment - text)));
}

struct moment {
	int year, month, day, hour, minute, second;
	int end; /* where in the text it ends */
};

/* RFC 5322 3.3, without a day of the week and seconds too. */
static bool
scan_mail_date(const char *text, struct moment *moment)
{
	const char *comma = strchr(text, ',');
	const char *start = comma != NULL ? comma + 1 : text;
	char month[4];
	int minute_end = 0, second_end = 0;

	if (sscanf(start, " %2d %3[A-Za-z] %4d %2d:%2d%n:%2d%n", &moment->day,
		month, &moment->year, &moment->hour, &moment->minute,
		&minute_end, &moment->second, &second_end) < 5)
		return false;
	moment->end = (int)(start - text) + MAX(minute_end, second_end);
	moment->month = read_month(month);
	return true;
}

static bool
scan_plain_date(const char *text, struct moment *moment)
{
	int minute_end = 0, second_end = 0;

	if (sscanf(text, "%4d-%2d-%2d%*1[ Tt]%2d:%2d%n:%2d%n", &moment->year,
		&moment->month, &moment->day, &moment->hour, &moment->minute,
		&minute_end, &moment->second, &second_end) < 5)
		return false;
	moment->end = MAX(minute_end, second_end);
	return true;
}

static char *
print_seconds(int64_t seconds)
{
	return g_strdup_printf("%" G_GINT64_FORMAT, seconds * 1000);
}

/* A number of at most 11 digits, or NULL. */
static char *
read_epoch(const char *text)
{
	size_t length = strlen(text);

	if (length == 0 || length > 11 || strspn(text, "0123456789") != length)
		return NULL;
	return print_seconds(g_ascii_strtoll(text, NULL, 10));
}

char *
options_value_date(const char *text)
{
	struct moment moment = { 0 };
	g_autoptr(GDateTime) time = NULL;
	g_autofree char *zone = NULL;
	char *epoch = read_epoch(text);
	int east;

	if (epoch != NULL)
		return epoch;
	if (!scan_plain_date(text, &moment)) {
		moment = (struct moment){ 0 };
		if (!scan_mail_date(text, &moment))
			return NULL;
	}
	text += moment.end;
	text += strspn(text, " ");
	zone = drop_comment(text);
	if (!read_zone(zone, &east))
		return NULL;
	time = g_date_time_new_utc(moment.year, moment.month, moment.day,
	    moment.hour, moment.minute, moment.second);
	return time == NULL ? NULL
			    : print_seconds(g_date_time_to_unix(time) - east);
}

/* Seconds of "1h30m"; -1: it is none. */
static long
read_span(const char *text)
{
	unsigned hours = 0, minutes = 0;
	int end = 0;

	if (sscanf(text, "%4u%*1[hH]%n", &hours, &end) == 1 && end > 0) {
		text += end;
		end = 0;
		if (*text == '\0')
			return (long)hours * HOUR;
	} else {
		hours = 0;
	}
	if (sscanf(text, "%4u%*1[mM]%n", &minutes, &end) != 1 || end == 0 ||
	    text[end] != '\0')
		return -1;
	return (long)hours * HOUR + (long)minutes * MINUTE;
}

char *
options_value_within(const char *text)
{
	long seconds = read_span(text);

	return seconds >= 5 * MINUTE && seconds <= 24 * HOUR
		   ? g_ascii_strdown(text, -1)
		   : NULL;
}

char *
options_value_period(const char *text)
{
	long seconds = read_span(text);

	return seconds >= 24 * HOUR && seconds <= 72 * HOUR &&
		       seconds % HOUR == 0
		   ? g_strdup_printf("%ldh", seconds / HOUR)
		   : NULL;
}

char *
options_value_clock(const char *text)
{
	unsigned hour, minute;
	int end = 0;

	if (sscanf(text, "%2u:%2u%n", &hour, &minute, &end) != 2 || minute > 59)
		return NULL;
	text += end;
	if (*text == '\0')
		return hour < 24 ? g_strdup_printf("%02u:%02u", hour, minute)
				 : NULL;
	if (hour < 1 || hour > 12)
		return NULL;
	if (g_ascii_strcasecmp(text, "am") == 0)
		return g_strdup_printf("%02u:%02uam", hour, minute);
	return g_ascii_strcasecmp(text, "pm") == 0
		   ? g_strdup_printf("%02u:%02upm", hour, minute)
		   : NULL;
}

char *
options_value_selector(const char *text)
{
	g_auto(GStrv) words = g_strsplit_set(text, ",/", 0);

	if (g_strv_length(words) != 2)
		return NULL;
	g_strstrip(words[0]);
	g_strstrip(words[1]);
	if (*words[0] == '\0' || *words[1] == '\0')
		return NULL;
	return g_strdup_printf("%s/%s", words[0], words[1]);
}

char *
options_value_word(const char *text)
{
	return strpbrk(text, " \t") == NULL && g_str_is_ascii(text)
		   ? options_value_text(text)
		   : NULL;
}

char *
options_value_text(const char *text)
{
	return *text != '\0' && strlen(text) <= TEXT_MAX ? g_strdup(text)
							 : NULL;
}

char *
options_value_language(const char *text)
{
	static const char *const words[] = { "mailchimp", "handlebars", NULL };

	return is_among(text, words) ? g_ascii_strdown(text, -1) : NULL;
}

char *
options_value_address(const char *text)
{
	enum address_fault fault;
	struct address *address =
	    address_parse(text, strlen(text), NULL, &fault);
	char *value = address != NULL ? g_strdup(address->text) : NULL;

	address_free(address);
	return value;
}
