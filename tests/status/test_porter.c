/* SPDX-License-Identifier: MIT */
#include "porter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char *const hosts[] = { "ferry.example.com", "Watch.example",
	NULL };

static const struct {
	const char *name;
	struct porter_head head;
	unsigned code; /* 0: admitted */
	const char *words;
} rows[] = {
	{ "localhost", { "HTTP/1.1", "localhost:8025", NULL, NULL }, 0, NULL },
	{ "in capitals", { "HTTP/1.1", "LOCALHOST", NULL, NULL }, 0, NULL },
	{ "with its last dot", { "HTTP/1.1", "localhost.:8025", NULL, NULL }, 0,
	    NULL },
	{ "loopback", { "HTTP/1.1", "127.0.0.1:8025", NULL, NULL }, 0, NULL },
	{ "an address of the pod", { "HTTP/1.1", "10.1.2.3:8025", NULL, NULL },
	    0, NULL },
	{ "IPv6", { "HTTP/1.1", "[::1]:8025", NULL, NULL }, 0, NULL },
	{ "IPv6 without a port", { "HTTP/1.1", "[fd00::1]", NULL, NULL }, 0,
	    NULL },
	{ "a name of ours", { "HTTP/1.1", "ferry.example.com", NULL, NULL }, 0,
	    NULL },
	{ "another", { "HTTP/1.1", "watch.EXAMPLE:8025", NULL, NULL }, 0,
	    NULL },
	{ "HTTP/1.0 needs none", { "HTTP/1.0", NULL, NULL, NULL }, 0, NULL },
	{ "typed by a person", { "HTTP/1.1", "localhost", NULL, "none" }, 0,
	    NULL },
	{ "our own page", { "HTTP/1.1", "localhost", NULL, "same-origin" }, 0,
	    NULL },
	{ "none", { "HTTP/1.1", NULL, NULL, NULL }, 400, "Host field" },
	{ "rebound", { "HTTP/1.1", "evil.example:8025", NULL, NULL }, 421,
	    "\\\"evil.example:8025\\\"" },
	{ "rebound, HTTP/1.0", { "HTTP/1.0", "evil.example", NULL, NULL }, 421,
	    "http_hosts" },
	{ "begins as ours",
	    { "HTTP/1.1", "localhost.evil.example", NULL, NULL }, 421,
	    "hostname" },
	{ "an address as the label of a name",
	    { "HTTP/1.1", "127.0.0.1.evil.example", NULL, NULL }, 421,
	    "hostname" },
	{ "ends as ours", { "HTTP/1.1", "evil.ferry.example.com", NULL, NULL },
	    421, "hostname" },
	{ "empty", { "HTTP/1.1", "", NULL, NULL }, 421, "hostname" },
	{ "an open bracket", { "HTTP/1.1", "[::1", NULL, NULL }, 421,
	    "hostname" },
	{ "a page's script",
	    { "HTTP/1.1", "localhost", "https://evil.example", NULL }, 403,
	    "Origin" },
	{ "a page without an origin", { "HTTP/1.1", "localhost", "null", NULL },
	    403, "Origin" },
	{ "from another site", { "HTTP/1.1", "localhost", NULL, "cross-site" },
	    403, "another site" },
	{ "from a neighbour", { "HTTP/1.1", "localhost", NULL, "same-site" },
	    403, "another site" },
};

static void
test_admits(void **state)
{
	const struct porter porter = { .hosts = hosts };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct status_answer answer = { 0 };
		bool admitted = porter_admits(&porter, &rows[i].head, &answer);

		print_message("%s\n", rows[i].name);
		assert_int_equal(admitted, rows[i].code == 0);
		assert_int_equal(answer.code, rows[i].code);
		if (rows[i].words != NULL)
			assert_non_null(
			    strstr(answer.body->str, rows[i].words));
		status_answer_clear(&answer);
	}
}

static void
test_without_names(void **state)
{
	const struct porter porter = { .hosts = NULL };
	const struct porter_head head = { "HTTP/1.1", "ferry.example.com", NULL,
		NULL };
	struct status_answer answer = { 0 };

	(void)state;
	assert_false(porter_admits(&porter, &head, &answer));
	assert_int_equal(answer.code, 421);
	status_answer_clear(&answer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_admits),
		cmocka_unit_test(test_without_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
