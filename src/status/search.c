/* SPDX-License-Identifier: MIT */
#include "search.h"

#include <string.h>

/* Mails on one page of a list. */
#define LIMIT_DEFAULT 100
#define LIMIT_MAX     1000

#define NULL_SENDER "<>"

static bool
read_limit(
    const struct page *page, unsigned *limit, struct status_answer *answer)
{
	const char *text = target_parameter(page->target, "limit");
	guint64 number = LIMIT_DEFAULT;

	if (text != NULL && !g_ascii_string_to_unsigned(
				text, 10, 1, LIMIT_MAX, &number, NULL)) {
		page_refuse(answer, 400,
		    "limit = \"%s\": a number from 1 to %d is expected", text,
		    LIMIT_MAX);
		return false;
	}
	*limit = (unsigned)number;
	return true;
}

static bool
read_after(const struct page *page, struct search *search,
    struct status_answer *answer)
{
	const char *text = target_parameter(page->target, "after");

	if (text == NULL)
		return true;
	search->ask.id = search->after;
	if (page_read_id(text, search->after))
		return true;
	page_refuse(answer, 400,
	    "after = \"%s\": the id of a mail is expected: %d digits and "
	    "letters",
	    text, ID_LENGTH);
	return false;
}

static bool
read_order(const struct page *page, bool *newest, struct status_answer *answer)
{
	const char *text = target_parameter(page->target, "order");

	*newest = text != NULL && strcmp(text, "newest") == 0;
	if (text == NULL || *newest || strcmp(text, "oldest") == 0)
		return true;
	page_refuse(answer, 400,
	    "order = \"%s\": newest or oldest is expected, which is first",
	    text);
	return false;
}

/* What came unescaped as 12:00:00+01:00 has a blank for its sign. */
static GDateTime *
parse_time(const char *text)
{
	g_autofree char *mended = g_strdup(text);
	char *blank = strrchr(mended, ' ');

	if (blank != NULL && strlen(blank) == strlen("+01:00"))
		*blank = '+';
	return g_date_time_new_from_iso8601(mended, NULL);
}

static bool
read_time(const struct page *page, const char *name, int64_t *ms,
    struct status_answer *answer)
{
	const char *text = target_parameter(page->target, name);
	g_autoptr(GDateTime) time = text != NULL ? parse_time(text) : NULL;

	*ms = 0;
	if (time != NULL)
		*ms = g_date_time_to_unix(time) * 1000 +
		      g_date_time_get_microsecond(time) / 1000;
	if (text == NULL || *ms > 0)
		return true;
	page_refuse(answer, 400,
	    "%s = \"%s\": a time since 1970 with its zone is expected, as "
	    "2026-11-22T09:30:00Z (RFC 3339)",
	    name, text);
	return false;
}

static void
read_texts(const struct page *page, struct store_filter *filter)
{
	const struct {
		const char *name;
		const char **text;
	} texts[] = {
		{ "sender", &filter->sender },
		{ "recipient", &filter->recipient },
		{ "provider", &filter->provider },
		{ "listener", &filter->listener },
		{ "tag", &filter->tag },
		{ "subject", &filter->subject },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
		*texts[i].text = target_parameter(page->target, texts[i].name);
	if (filter->sender != NULL && strcmp(filter->sender, NULL_SENDER) == 0)
		filter->sender = "";
}

bool
search_read(const struct page *page, struct search *search,
    struct status_answer *answer)
{
	struct store_ask *ask = &search->ask;

	*search = (struct search){ .ask = { .question = STORE_LIST } };
	read_texts(page, &ask->filter);
	return read_limit(page, &ask->limit, answer) &&
	       read_after(page, search, answer) &&
	       read_order(page, &ask->newest, answer) &&
	       page_read_state(page, &ask->place, STORE_FINISHED, answer) &&
	       read_time(page, "since", &ask->filter.since_ms, answer) &&
	       read_time(page, "until", &ask->filter.until_ms, answer);
}
