/* SPDX-License-Identifier: MIT */
#include "condition.h"

#include <string.h>
#include <time.h>

#define DATE "%a, %d %b %Y %H:%M:%S GMT"

/* Behind the strong or weak tag at text, whose opaque part is put out. */
static const char *
read_tag(const char *text, const char **opaque, size_t *length)
{
	text += strspn(text, ", \t");
	if (g_str_has_prefix(text, "W/"))
		text += 2;
	*opaque = text;
	*length = 0;
	const char *end = *text == '"' ? strchr(text + 1, '"') : NULL;
	if (end == NULL)
		return NULL;
	*length = (size_t)(end + 1 - text);
	return end + 1;
}

/* The weak comparison (RFC 9110 8.8.3.2), which is that of If-None-Match. */
static bool
holds_tag(const char *list, const char *etag)
{
	const char *opaque, *ours;
	size_t length, our_length;

	if (strcmp(list, "*") == 0)
		return true;
	read_tag(etag, &ours, &our_length);
	while ((list = read_tag(list, &opaque, &length)) != NULL)
		if (length == our_length && memcmp(opaque, ours, length) == 0)
			return true;
	return false;
}

/* A date in another form than today's is as if not said. */
static bool
is_since(const char *text, int64_t modified_ms)
{
	struct tm date = { 0 };
	const char *end = strptime(text, DATE, &date);

	return end != NULL && *end == '\0' &&
	       modified_ms / 1000 <= (int64_t)timegm(&date);
}

bool
condition_is_known(
    const struct condition *condition, const struct status_answer *answer)
{
	if (condition->etags != NULL)
		return answer->etag != NULL &&
		       holds_tag(condition->etags, answer->etag);
	return condition->since != NULL && answer->modified_ms != 0 &&
	       is_since(condition->since, answer->modified_ms);
}

void
condition_print_date(int64_t ms, char out[static CONDITION_DATE_LENGTH])
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm date;

	gmtime_r(&seconds, &date);
	strftime(out, CONDITION_DATE_LENGTH, DATE, &date);
}
