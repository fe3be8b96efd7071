/* SPDX-License-Identifier: MIT */
/* What a list of mails is asked for, as it stands in a query. */
#include "search.h"

#include "fake_store.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static bool
read_query(const char *query, struct target *target, struct search *search,
    struct status_answer *answer)
{
	g_autofree char *text = g_strconcat("/v1/messages?", query, NULL);
	struct page page = { .target = target };
	const char *why;

	*answer = (struct status_answer){ 0 };
	assert_true(target_read(target, text, &why));
	assert_null(target_stranger(target, SEARCH_PARAMETERS));
	return search_read(&page, search, answer);
}

/* As text, what is not asked for left out. */
static char *
print(const struct search *search)
{
	const struct store_ask *ask = &search->ask;
	const struct store_filter *filter = &ask->filter;
	const char *const texts[] = { filter->sender, filter->recipient,
		filter->provider, filter->listener, filter->tag,
		filter->subject, ask->id };
	GString *out = g_string_new(NULL);

	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
		if (texts[i] != NULL)
			g_string_append_printf(out, "%zu=%s ", i, texts[i]);
	if (filter->since_ms != 0)
		g_string_append_printf(
		    out, "since=%" G_GINT64_FORMAT " ", filter->since_ms);
	if (filter->until_ms != 0)
		g_string_append_printf(
		    out, "until=%" G_GINT64_FORMAT " ", filter->until_ms);
	g_string_append_printf(out, "%d %u%s", ask->place, ask->limit,
	    ask->newest ? " newest" : "");
	return g_string_free(out, FALSE);
}

static const struct {
	const char *query, *expected;
} rows[] = {
	{ "", "-2 100" },
	{ "sender=a%2Bb@example.com", "0=a+b@example.com -2 100" },
	{ "sender=", "0= -2 100" },
	{ "sender=%3C%3E", "0= -2 100" },
	{ "recipient=one@example.org&provider=mailgun",
	    "1=one@example.org 2=mailgun -2 100" },
	{ "listener=main&tag=news+letter&subject=Gr%C3%BC%C3%9Fe",
	    "3=main 4=news letter 5=Grüße -2 100" },
	{ "since=2026-11-22T09:30:00Z&until=2026-11-22T09:30:00.250Z",
	    "since=1795339800000 until=1795339800250 -2 100" },
	{ "since=2026-11-22T10:30:00%2B01:00", "since=1795339800000 -2 100" },
	{ "since=2026-11-22T10:30:00+01:00", "since=1795339800000 -2 100" },
	{ "since=2026-11-22T04:30:00-05:00", "since=1795339800000 -2 100" },
	{ "order=newest&limit=7&state=finished", "3 7 newest" },
	{ "order=oldest&state=unfinished", "-1 100" },
	{ "after=01kakx3v5t8q2n7r4m6p9s1wab",
	    "6=01KAKX3V5T8Q2N7R4M6P9S1WAB -2 100" },
};

static void
test_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct target target;
		struct search search;
		struct status_answer answer;
		g_autofree char *printed = NULL;

		print_message("%s\n", rows[i].query);
		assert_true(
		    read_query(rows[i].query, &target, &search, &answer));
		printed = print(&search);
		assert_string_equal(printed, rows[i].expected);
		target_clear(&target);
	}
}

static const struct {
	const char *query, *detail;
} refusals[] = {
	{ "order=up", "order = \\\"up\\\": newest or oldest is expected" },
	{ "since=yesterday", "since = \\\"yesterday\\\": a time since 1970" },
	{ "until=2026-11-22", "until = \\\"2026-11-22\\\"" },
	{ "until=2026-11-22T09:30:00", "with its zone is expected" },
	{ "since=1969-12-31T23:00:00Z", "since 1970" },
	{ "state=gone",
	    "waiting, active, held, finished, unfinished, all is expected" },
	{ "limit=0", "limit" },
	{ "after=7", "after" },
};

static void
test_refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(refusals); i++) {
		struct target target;
		struct search search;
		struct status_answer answer;

		print_message("%s\n", refusals[i].query);
		assert_false(
		    read_query(refusals[i].query, &target, &search, &answer));
		assert_int_equal(answer.code, 400);
		assert_non_null(strstr(answer.body->str, refusals[i].detail));
		status_answer_clear(&answer);
		target_clear(&target);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
