/* SPDX-License-Identifier: MIT */
#include "mail/retry.h"

#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* Mon, 20 Dec 2021 20:31:21 UTC */
#define NOW INT64_C(1640032281000)

#define HOUR 3600000

struct row {
	const char *said;
	int64_t wait_ms;
};

static const struct row texts[] = {
	{ "recipient limit exceeded, try again after "
	  "Mon, 20 Dec 2021 20:33:21 UTC",
	    120000 },
	{ "TRY AGAIN AFTER Mon, 20 Dec 2021 20:33:21 UTC", 120000 },
	{ "try again after mon, 20 dec 2021 20:33:21 gmt", 120000 },
	{ "try again after Mon, 20 Dec 2021 21:33:21 +0100", 120000 },
	{ "try again after Mon, 20 Dec 2021 15:03:21 -0530", 120000 },
	{ "try again after Monday, 20-Dec-21 20:33:21 GMT", 120000 },
	{ "try again after Mon Dec 20 20:33:21 2021", 120000 },
	{ "try again after Sun, 23 Mar 2025 10:01:34 UTC", HOUR },
	{ "blocked until Mon, 20 Dec 2021 20:33:21 UTC", 120000 },
	{ "try again after Mon, 20 Dec 2021 19:33:21 UTC", 0 },
	{ "try again after Mon, 20 Dec 2027 19:33:21 UTC", HOUR },
	{ "try again after Mon, 20 Dez 2021 20:33:21 UTC", 0 },
	{ "try again after Mon, 99 Dec 2021 20:33:21 UTC", 0 },
	{ "try again after 120 seconds", 120000 },
	{ "try again after 120 Seconds.", 120000 },
	{ "Rate limited. Retry in 341 seconds.", 341000 },
	{ "domains are limited to 100 messages / hour. Account will be "
	  "enabled in 341 seconds",
	    341000 },
	{ "wait for 5 minutes", 300000 },
	{ "please wait 1 minute", 60000 },
	{ "in a minute", 60000 },
	{ "in an hour", HOUR },
	{ "in one hour", HOUR },
	{ "in 2 hours", HOUR },
	{ "in 1 day", HOUR },
	{ "in 1.5 seconds", 1500 },
	{ "in 5 min", 300000 },
	{ "in 5m", 300000 },
	{ "in 250 ms", 250 },
	{ "in 250ms", 250 },
	{ "in 5 months", 0 },
	{ "in 5 members", 0 },
	{ "after 99999999999999999999999 seconds", HOUR },
	{ "begin 30 seconds", 0 },
	{ "in 30 pieces", 0 },
	{ "in 30", 0 },
	{ "in -5 seconds", 0 },
	{ "in 0 seconds", 0 },
	{ "in the end, try again in 7 s", 7000 },
	{ "again in ", 0 },
	{ "", 0 },
	{ NULL, 0 },
};

static const struct row afters[] = {
	{ "120", 120000 },
	{ " 120 ", 120000 },
	{ "0", 0 },
	{ "1.5", 1500 },
	{ "86400", HOUR },
	{ "1000000000000", HOUR },
	{ "99999999999999999999999999", HOUR },
	{ "Mon, 20 Dec 2021 20:33:21 GMT", 120000 },
	{ "Monday, 20-Dec-21 20:33:21 GMT", 120000 },
	{ "Mon Dec 20 20:33:21 2021", 120000 },
	{ "Mon Dec  6 20:33:21 2021", 0 },
	{ "Sunday, 06-Nov-94 08:49:37 GMT", 0 },
	{ "Mon, 20 Dec 2021 20:31:20 GMT", 0 },
	{ "Thu, 01 Jan 1970 00:00:00 GMT", 0 },
	{ "Mon, 20 Dec 2099 20:31:20 GMT", HOUR },
	{ "120 seconds", 120000 },
	{ "soon", RETRY_UNREADABLE_MS },
	{ "-5", RETRY_UNREADABLE_MS },
	{ "an", RETRY_UNREADABLE_MS },
	{ "0x10", RETRY_UNREADABLE_MS },
	{ "12 apples", RETRY_UNREADABLE_MS },
	{ "Mon, 20 Dez 2021 20:33:21 GMT", RETRY_UNREADABLE_MS },
	{ "", RETRY_UNREADABLE_MS },
};

static const struct row resets[] = {
	{ "1640032321", 40000 },
	{ "1640032321.25", 40250 },
	{ "1640032281", 0 },
	{ "1000000000", 0 },
	{ "1740032321", HOUR },
	{ "30", 30000 },
	{ "0", 0 },
	{ "Mon, 20 Dec 2021 20:33:21 GMT", 120000 },
	{ "1000000000000", RETRY_UNREADABLE_MS },
	{ "later", RETRY_UNREADABLE_MS },
	{ "", RETRY_UNREADABLE_MS },
};

static void
check(const char *name, const struct row *row, int64_t wait_ms)
{
	if (wait_ms != row->wait_ms)
		fail_msg("%s \"%s\": %" G_GINT64_FORMAT
			 " ms, not %" G_GINT64_FORMAT,
		    name, row->said != NULL ? row->said : "(none)", wait_ms,
		    row->wait_ms);
}

static void
test_retry(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
		check("text", &texts[i], retry_in_text(texts[i].said, NOW));
	for (size_t i = 0; i < G_N_ELEMENTS(afters); i++)
		check("Retry-After", &afters[i],
		    retry_after(afters[i].said, NOW));
	for (size_t i = 0; i < G_N_ELEMENTS(resets); i++)
		check("X-RateLimit-Reset", &resets[i],
		    retry_at_reset(resets[i].said, NOW));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_retry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
