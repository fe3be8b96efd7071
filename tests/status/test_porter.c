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
	{ "localhost",
	    { .version = "HTTP/1.1", .hosts = 1, .host = "localhost:8025" }, 0,
	    NULL },
	{ "in capitals",
	    { .version = "HTTP/1.1", .hosts = 1, .host = "LOCALHOST" }, 0,
	    NULL },
	{ "with its last dot",
	    { .version = "HTTP/1.1", .hosts = 1, .host = "localhost.:8025" }, 0,
	    NULL },
	{ "loopback",
	    { .version = "HTTP/1.1", .hosts = 1, .host = "127.0.0.1:8025" }, 0,
	    NULL },
	{ "an address of the pod",
	    { .version = "HTTP/1.1", .hosts = 1, .host = "10.1.2.3:8025" }, 0,
	    NULL },
	{ "IPv6", { .version = "HTTP/1.1", .hosts = 1, .host = "[::1]:8025" },
	    0, NULL },
	{ "IPv6 without a port",
	    { .version = "HTTP/1.1", .hosts = 1, .host = "[fd00::1]" }, 0,
	    NULL },
	{ "a name of ours",
	    { .version = "HTTP/1.1", .hosts = 1, .host = "ferry.example.com" },
	    0, NULL },
	{ "another",
	    { .version = "HTTP/1.1", .hosts = 1, .host = "watch.EXAMPLE:8025" },
	    0, NULL },
	{ "HTTP/1.0 needs none", { .version = "HTTP/1.0" }, 0, NULL },
	{ "typed by a person",
	    { .version = "HTTP/1.1",
		.hosts = 1,
		.host = "localhost",
		.site = "none" },
	    0, NULL },
	{ "our own page",
	    { .version = "HTTP/1.1",
		.hosts = 1,
		.host = "localhost",
		.site = "same-origin" },
	    0, NULL },
	{ "our own page by its origin",
	    { .version = "HTTP/1.1",
		.hosts = 1,
		.host = "localhost:8025",
		.origin = "http://localhost:8025",
		.site = "same-origin" },
	    0, NULL },
	{ "behind one that speaks TLS",
	    { .version = "HTTP/1.1",
		.hosts = 1,
		.host = "ferry.example.com",
		.origin = "https://ferry.example.com" },
	    0, NULL },
	{ "another port's page",
	    { .version = "HTTP/1.1",
		.hosts = 1,
		.host = "localhost:8025",
		.origin = "http://localhost:80" },
	    403, "Origin" },
	{ "a form of our own page",
	    { .version = "HTTP/1.1",
		.hosts = 1,
		.host = "localhost",
		.origin = "http://localhost",
		.type = "multipart/form-data; boundary=x" },
	    403, "with a token only" },
	{ "a form of a program",
	    { .version = "HTTP/1.1",
		.hosts = 1,
		.host = "localhost",
		.type = "application/x-www-form-urlencoded" },
	    0, NULL },
	{ "JSON of our own page",
	    { .version = "HTTP/1.1",
		.hosts = 1,
		.host = "localhost",
		.origin = "http://localhost",
		.type = "application/json" },
	    0, NULL },
	{ "text of our own page",
	    { .version = "HTTP/1.1",
		.hosts = 1,
		.host = "localhost",
		.origin = "http://localhost",
		.type = "Text/Plain" },
	    403, "with a token only" },
	{ "two hosts",
	    { .version = "HTTP/1.1", .hosts = 2, .host = "localhost" }, 400,
	    "not 2" },
	{ "HTTP/1.0 of a page",
	    { .version = "HTTP/1.0", .origin = "https://evil.example" }, 400,
	    "Host field" },
	{ "none", { .version = "HTTP/1.1" }, 400, "Host field" },
	{ "rebound",
	    { .version = "HTTP/1.1", .hosts = 1, .host = "evil.example:8025" },
	    421, "\\\"evil.example:8025\\\"" },
	{ "rebound, HTTP/1.0",
	    { .version = "HTTP/1.0", .hosts = 1, .host = "evil.example" }, 421,
	    "http_hosts" },
	{ "begins as ours",
	    { .version = "HTTP/1.1",
		.hosts = 1,
		.host = "localhost.evil.example" },
	    421, "hostname" },
	{ "an address as the label of a name",
	    { .version = "HTTP/1.1",
		.hosts = 1,
		.host = "127.0.0.1.evil.example" },
	    421, "hostname" },
	{ "ends as ours",
	    { .version = "HTTP/1.1",
		.hosts = 1,
		.host = "evil.ferry.example.com" },
	    421, "hostname" },
	{ "empty", { .version = "HTTP/1.1", .hosts = 1, .host = "" }, 421,
	    "hostname" },
	{ "an open bracket",
	    { .version = "HTTP/1.1", .hosts = 1, .host = "[::1" }, 421,
	    "hostname" },
	{ "a page's script",
	    { .version = "HTTP/1.1",
		.hosts = 1,
		.host = "localhost",
		.origin = "https://evil.example" },
	    403, "Origin" },
	{ "a page without an origin",
	    { .version = "HTTP/1.1",
		.hosts = 1,
		.host = "localhost",
		.origin = "null" },
	    403, "Origin" },
	{ "from another site",
	    { .version = "HTTP/1.1",
		.hosts = 1,
		.host = "localhost",
		.site = "cross-site" },
	    403, "another site" },
	{ "a link on another site",
	    { .version = "HTTP/1.1",
		.hosts = 1,
		.host = "localhost",
		.site = "cross-site",
		.followed = true },
	    0, NULL },
	{ "a link, but by another's script",
	    { .version = "HTTP/1.1",
		.hosts = 1,
		.host = "localhost",
		.origin = "https://evil.example",
		.site = "cross-site",
		.followed = true },
	    403, "Origin" },
	{ "from a neighbour",
	    { .version = "HTTP/1.1",
		.hosts = 1,
		.host = "localhost",
		.site = "same-site" },
	    403, "another site" },
};

static void
test_admits(void **state)
{
	const struct porter porter = { .hosts = hosts };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct status_answer answer = { 0 };
		const struct request request = { 0 };
		bool admitted =
		    porter_admits(&porter, &rows[i].head, &request, &answer);

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
	const struct porter_head head = {
		.version = "HTTP/1.1", .hosts = 1, .host = "ferry.example.com"
	};
	const struct request request = { 0 };
	struct status_answer answer = { 0 };

	(void)state;
	assert_false(porter_admits(&porter, &head, &request, &answer));
	assert_int_equal(answer.code, 421);
	status_answer_clear(&answer);
}

#define SECRET "pfy_secret"

static const struct {
	const char *name, *authorization;
	bool loopback, forwarded;
	unsigned scopes; /* expected, as all below */
	const char *token, *who;
	bool stale;
} askers[] = {
	{ "a stranger", NULL, false, false, 0, NULL, NULL, false },
	{ "of this host", NULL, true, false, SCOPE_READ, NULL, "loopback",
	    false },
	{ "of this host for others", NULL, true, true, 0, NULL, NULL, false },
	{ "a token", "Bearer " SECRET, false, false, SCOPE_SEND, "app", NULL,
	    false },
	{ "a token of this host", "bearer   " SECRET, true, false, SCOPE_SEND,
	    "app", NULL, false },
	{ "a token through a proxy", "Bearer " SECRET, true, true, SCOPE_SEND,
	    "app", NULL, false },
	{ "another token", "Bearer " SECRET "x", true, false, 0, NULL, NULL,
	    true },
	{ "an empty one", "Bearer ", true, false, 0, NULL, NULL, true },
	{ "a password", "Basic " SECRET, false, false, 0, NULL, NULL, false },
	{ "no scheme", SECRET, false, false, 0, NULL, NULL, false },
};

static void
test_identifies(void **state)
{
	struct porter porter = { .hosts = hosts, .loopback = SCOPE_READ };
	GPtrArray *tokens = g_ptr_array_new();
	char digest[TOKEN_DIGEST_LENGTH + 1];

	(void)state;
	porter.tokens = token_set_new();
	token_digest(SECRET, digest);
	g_ptr_array_add(tokens, token_new("app", SCOPE_SEND, digest, NULL));
	token_set_renew(porter.tokens, tokens);
	for (size_t i = 0; i < G_N_ELEMENTS(askers); i++) {
		const struct porter_head head = {
			.authorization = askers[i].authorization,
			.loopback = askers[i].loopback,
			.forwarded = askers[i].forwarded,
		};
		struct request request = { 0 };

		print_message("%s\n", askers[i].name);
		porter_identify(&porter, &head, &request);
		assert_int_equal(request.scopes, askers[i].scopes);
		assert_int_equal(request.stale, askers[i].stale);
		if (askers[i].token != NULL)
			assert_string_equal(
			    request.token->name, askers[i].token);
		else
			assert_null(request.token);
		if (askers[i].who != NULL)
			assert_string_equal(request.who, askers[i].who);
		else
			assert_null(request.who);
		token_unref((struct token *)request.token);
	}
	token_set_free(porter.tokens);
}

/* A page of ours that knows a token may send forms. */
static void
test_form_with_a_token(void **state)
{
	const struct porter porter = { .hosts = hosts };
	const struct porter_head head = { .version = "HTTP/1.1",
		.hosts = 1,
		.host = "localhost",
		.origin = "http://localhost",
		.type = "multipart/form-data" };
	const struct token token = { 0 };
	const struct request request = { .token = &token };
	struct status_answer answer = { 0 };

	(void)state;
	assert_true(porter_admits(&porter, &head, &request, &answer));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_admits),
		cmocka_unit_test(test_without_names),
		cmocka_unit_test(test_identifies),
		cmocka_unit_test(test_form_with_a_token),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
