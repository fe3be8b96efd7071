/* SPDX-License-Identifier: MIT */
/* The HTTP carrier against servers that answer, stall, lie and hang up. */
#include "carriers/resolver.h"
#include "carriers/stage.h"

#include "core/clock.h"
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <cmocka.h>

/* The certificates, made once. */
static char *folder;

static void
set_url(
    struct stage *stage, const char *scheme, const char *host, unsigned port)
{
	g_free(stage->url);
	stage->url = g_strdup_printf("%s://%s:%u", scheme, host, port);
	stage->endpoint.base_url = stage->url;
}

static void
open_stage_with(struct stage *stage, struct peer peer)
{
	stage_open(stage, peer);
	stage->carrier = carrier_http_new(stage->loop);
	set_url(stage, "http", "127.0.0.1", stage->peer.port);
}

static void
open_stage(struct stage *stage, link_fn serve)
{
	open_stage_with(stage, (struct peer){ .serve = serve });
}

static struct exchange *
make_exchange(struct stage *stage, size_t size)
{
	struct exchange *exchange =
	    exchange_new(EXCHANGE_HTTP, &stage->endpoint, "01TEST");
	g_autofree char *bytes = g_malloc(size + 1);

	memset(bytes, 'x', size);
	exchange->http.method = g_strdup("POST");
	exchange->http.path = g_strdup("/v3/send?a=b");
	exchange_add_field(exchange, "Content-Type", "text/plain");
	exchange->body = segments_new(NULL);
	segments_add(exchange->body, bytes, size);
	exchange->done = stage_done;
	exchange->object = stage;
	return exchange;
}

static struct exchange *
carry(struct stage *stage, size_t size)
{
	stage_send(stage, make_exchange(stage, size));
	return stage_await(stage, stage->ended->len + 1);
}

/* The peers. */

/* Reads a header, its Content-Length; false at the end of the connection. */
static bool
read_header(struct link *link, uint64_t *length)
{
	char line[4096];

	*length = 0;
	while (link_line(link, line, sizeof line)) {
		if (line[0] == '\0')
			return true;
		peer_note(link->peer, line);
		if (g_ascii_strncasecmp(line, "Content-Length:", 15) == 0)
			*length = g_ascii_strtoull(line + 15, NULL, 10);
	}
	return false;
}

static bool
read_request(struct link *link)
{
	uint64_t length;

	if (!read_header(link, &length) || !link_skip(link, length))
		return false;
	atomic_fetch_add(&link->peer->received, length);
	atomic_fetch_add(&link->peer->requests, 1);
	return true;
}

static void
serve_well(struct link *link)
{
	if (link->peer->tls != NULL && !link_secure(link))
		return;
	while (read_request(link))
		link_say(link, "HTTP/1.1 200 OK\r\n"
			       "Content-Type: application/json\r\n"
			       "Content-Length: 13\r\n\r\n{\"id\":\"<a@b>\"");
}

/* Answers with the script, then waits for the client to hang up. */
static void
serve_script(struct link *link)
{
	const char *answer = link->peer->script;

	if (!read_request(link))
		return;
	link_write(link, answer, strlen(answer));
	link_await_end(link);
}

static void
serve_script_and_close(struct link *link)
{
	const char *answer = link->peer->script;

	if (read_request(link))
		link_write(link, answer, strlen(answer));
}

static void
serve_reset_in_body(struct link *link)
{
	uint64_t length;

	read_header(link, &length);
	link_skip(link, 100000);
	link_reset(link);
}

static void
serve_reset_after_body(struct link *link)
{
	read_request(link);
	link_reset(link);
}

static void
serve_stall(struct link *link)
{
	read_request(link);
	link_await_end(link);
}

static void
serve_deaf(struct link *link)
{
	uint64_t length;

	read_header(link, &length);
	link_await_stop(link);
}

static void
serve_huge(struct link *link)
{
	g_autofree char *block = g_malloc(65536);

	memset(block, 'y', 65536);
	read_request(link);
	link_say(link, "HTTP/1.1 200 OK\r\nContent-Length: 6553600\r\n\r\n");
	for (int i = 0; i < 100; i++)
		link_write(link, block, 65536);
}

static void
serve_endless_header(struct link *link)
{
	g_autofree char *value = g_strnfill(1000, 'v');

	read_request(link);
	link_say(link, "HTTP/1.1 200 OK\r\n");
	for (int i = 0; i < 1000; i++)
		link_say(link, "X-%d: %s\r\n", i, value);
	link_say(link, "\r\n");
}

/* A megabyte of zeros in a thousand bytes: it must arrive as it is. */
static void
serve_compressed(struct link *link)
{
	read_request(link);
	link_say(link, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
		       "Content-Length: 4\r\n\r\n\x1f\x8b\x08x");
	link_await_end(link);
}

static void
serve_nuls(struct link *link)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\n\0\0: \0\r\n"
				     "Content-Length: 2\r\n\r\nok";

	read_request(link);
	link_write(link, answer, sizeof answer - 1);
}

/* 100 Continue, which nobody asked for, when all is there already. */
static void
serve_late_continue(struct link *link)
{
	read_request(link);
	link_say(link, "HTTP/1.1 100 Continue\r\nRetry-After: 99\r\n\r\n");
	link_say(link, "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
	link_await_end(link);
}

static void
serve_early_413(struct link *link)
{
	uint64_t length;

	read_header(link, &length);
	link_say(link, "HTTP/1.1 413 Too Large\r\nConnection: close\r\n"
		       "Content-Length: 3\r\n\r\nbig");
	link_await_end(link);
}

static void
serve_retry_date(struct link *link)
{
	time_t then = time(NULL) + 90;
	char date[64];
	struct tm parts;

	strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT",
	    gmtime_r(&then, &parts));
	read_request(link);
	link_say(link,
	    "HTTP/1.1 429 Slow\r\nRetry-After: %s\r\n"
	    "Content-Length: 0\r\n\r\n",
	    date);
	link_await_end(link);
}

static void
serve_rate_reset(struct link *link)
{
	read_request(link);
	link_say(link,
	    "HTTP/1.1 429 Slow\r\nx-ratelimit-reset: %ld.25\r\n"
	    "Content-Length: 0\r\n\r\n",
	    (long)time(NULL) + 40);
	link_await_end(link);
}

struct row {
	const char *name;
	link_fn serve;
	const void *script;
	size_t size;
	enum exchange_end end;
	unsigned status;
	const char *body;          /* of the answer; NULL: not looked at */
	int64_t least_ms, most_ms; /* of retry_ms */
	const char *error;         /* part of it */
	bool hasty;                /* the time limits are short */
};

static const struct row rows[] = {
	{ "an answer", serve_well, NULL, 5000, EXCHANGE_ANSWERED, 200,
	    "{\"id\":\"<a@b>\"", 0, 0, NULL, false },
	{ "an empty body", serve_well, NULL, 0, EXCHANGE_ANSWERED, 200, NULL, 0,
	    0, NULL, false },
	{ "chunked", serve_script,
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n",
	    10, EXCHANGE_ANSWERED, 200, "abcdefg", 0, 0, NULL, false },
	{ "an interim answer first", serve_script,
	    "HTTP/1.1 103 Early\r\nLink: x\r\n\r\n"
	    "HTTP/1.1 202 OK\r\nContent-Length: 2\r\n\r\nok",
	    10, EXCHANGE_ANSWERED, 202, "ok", 0, 0, NULL, false },
	{ "until the end of the connection", serve_script_and_close,
	    "HTTP/1.1 500 Oops\r\n\r\n<html>", 10, EXCHANGE_ANSWERED, 500,
	    "<html>", 0, 0, NULL, false },
	{ "a redirect is an answer", serve_script,
	    "HTTP/1.1 302 Found\r\nLocation: /other\r\n"
	    "Content-Length: 0\r\n\r\n",
	    10, EXCHANGE_ANSWERED, 302, "", 0, 0, NULL, false },
	{ "401 is not asked again", serve_script,
	    "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"x\"\r\n"
	    "Content-Length: 9\r\n\r\nForbidden",
	    10, EXCHANGE_ANSWERED, 401, "Forbidden", 0, 0, NULL, false },
	{ "413 before the body is through", serve_early_413, NULL,
	    4 * 1024 * 1024, EXCHANGE_ANSWERED, 413, "big", 0, 0, NULL, false },
	{ "Retry-After in seconds", serve_script,
	    "HTTP/1.1 429 Slow\r\nRetry-After: 17\r\n"
	    "Content-Length: 0\r\n\r\n",
	    10, EXCHANGE_ANSWERED, 429, NULL, 17000, 17000, NULL, false },
	{ "Retry-After far away", serve_script,
	    "HTTP/1.1 429 Slow\r\nRetry-After: 86400\r\n"
	    "Content-Length: 0\r\n\r\n",
	    10, EXCHANGE_ANSWERED, 429, NULL, 3600000, 3600000, NULL, false },
	{ "Retry-After as a date", serve_retry_date, NULL, 10,
	    EXCHANGE_ANSWERED, 429, NULL, 80000, 90000, NULL, false },
	{ "X-RateLimit-Reset", serve_rate_reset, NULL, 10, EXCHANGE_ANSWERED,
	    429, NULL, 30000, 40250, NULL, false },
	{ "X-RateLimit-Reset in the past", serve_script,
	    "HTTP/1.1 429 Slow\r\nX-RateLimit-Reset: 1000000000\r\n"
	    "Content-Length: 0\r\n\r\n",
	    10, EXCHANGE_ANSWERED, 429, NULL, 0, 0, NULL, false },
	{ "reset in the body", serve_reset_in_body, NULL, 8 * 1024 * 1024,
	    EXCHANGE_UNSENT, 0, NULL, 0, 0, "http://127.0.0.1:", false },
	{ "reset after the body", serve_reset_after_body, NULL, 5000,
	    EXCHANGE_LOST, 0, NULL, 0, 0, "the whole request had left", false },
	{ "closed after the body", serve_script_and_close, "", 5000,
	    EXCHANGE_LOST, 0, NULL, 0, 0, "Empty reply", false },
	{ "no answer in time", serve_stall, NULL, 5000, EXCHANGE_LOST, 0, NULL,
	    0, 0, "no whole answer within 500 ms", true },
	{ "half an answer in time", serve_script,
	    "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", 5000,
	    EXCHANGE_LOST, 0, NULL, 0, 0, "no whole answer within 500 ms",
	    true },
	{ "the body is not taken", serve_deaf, NULL, 32 * 1024 * 1024,
	    EXCHANGE_UNSENT, 0, NULL, 0, 0, "8192 bytes a second", true },
	{ "garbage", serve_script_and_close, "hello, is this SMTP?\r\n", 5000,
	    EXCHANGE_LOST, 0, NULL, 0, 0, NULL, false },
	{ "an answer cut in its header", serve_script_and_close,
	    "HTTP/1.1 200 OK\r\nContent-Le", 5000, EXCHANGE_LOST, 0, NULL, 0, 0,
	    NULL, false },
	{ "an answer cut in its body", serve_script_and_close,
	    "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", 5000,
	    EXCHANGE_LOST, 0, NULL, 0, 0, NULL, false },
	{ "an answer cut in a chunk", serve_script_and_close,
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "20\r\nhalf",
	    5000, EXCHANGE_LOST, 0, NULL, 0, 0, NULL, false },
	{ "an endless header", serve_endless_header, NULL, 5000, EXCHANGE_LOST,
	    0, NULL, 0, 0, NULL, false },
	{ "Retry-After in words", serve_script,
	    "HTTP/1.1 429 Slow\r\nRetry-After: soon\r\n"
	    "Content-Length: 0\r\n\r\n",
	    10, EXCHANGE_ANSWERED, 429, NULL, 60000, 60000, NULL, false },
	{ "Retry-After beyond all numbers", serve_script,
	    "HTTP/1.1 503 No\r\nretry-after: 1000000000000\r\n"
	    "Content-Length: 0\r\n\r\n",
	    10, EXCHANGE_ANSWERED, 503, NULL, 3600000, 3600000, NULL, false },
	{ "Retry-After in the past", serve_script,
	    "HTTP/1.1 429 Slow\r\nRetry-After: Sun, 06 Nov 1994 08:49:37 "
	    "GMT\r\nContent-Length: 0\r\n\r\n",
	    10, EXCHANGE_ANSWERED, 429, NULL, 0, 0, NULL, false },
	{ "Retry-After before X-RateLimit-Reset", serve_script,
	    "HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nX-RateLimit-Reset: 9"
	    "\r\nContent-Length: 0\r\n\r\n",
	    10, EXCHANGE_ANSWERED, 429, NULL, 7000, 7000, NULL, false },
	{ "Retry-After in a trailer", serve_script,
	    "HTTP/1.1 429 Slow\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "0\r\nRetry-After: 7\r\n\r\n",
	    10, EXCHANGE_ANSWERED, 429, "", 0, 0, NULL, false },
	{ "100 Continue, late", serve_late_continue, NULL, 5000,
	    EXCHANGE_ANSWERED, 503, "", 0, 0, NULL, false },
	{ "100 Continue and no more", serve_script_and_close,
	    "HTTP/1.1 100 Continue\r\n\r\n", 5000, EXCHANGE_LOST, 0, NULL, 0, 0,
	    NULL, false },
	{ "417 to what was not expected", serve_script,
	    "HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n", 5000,
	    EXCHANGE_ANSWERED, 417, "", 0, 0, NULL, false },
	{ "a redirect to plain HTTP", serve_script,
	    "HTTP/1.1 307 x\r\nLocation: http://127.0.0.1:1/\r\n"
	    "Content-Length: 0\r\n\r\n",
	    10, EXCHANGE_ANSWERED, 307, "", 0, 0, NULL, false },
	{ "a redirect to a file", serve_script,
	    "HTTP/1.1 301 x\r\nLocation: file:///etc/passwd\r\n"
	    "Content-Length: 0\r\n\r\n",
	    10, EXCHANGE_ANSWERED, 301, "", 0, 0, NULL, false },
	{ "a redirect to the host's own secrets", serve_script,
	    "HTTP/1.1 302 x\r\nLocation: http://169.254.169.254/latest/\r\n"
	    "Content-Length: 0\r\n\r\n",
	    10, EXCHANGE_ANSWERED, 302, "", 0, 0, NULL, false },
	{ "a redirect to itself", serve_script,
	    "HTTP/1.1 308 x\r\nLocation: /v3/send?a=b\r\n"
	    "Content-Length: 0\r\n\r\n",
	    10, EXCHANGE_ANSWERED, 308, "", 0, 0, NULL, false },
	{ "a body longer than it says", serve_script_and_close,
	    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 x", 10,
	    EXCHANGE_ANSWERED, 200, "ok", 0, 0, NULL, false },
	{ "a length that is none", serve_script_and_close,
	    "HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok", 10,
	    EXCHANGE_LOST, 0, NULL, 0, 0, NULL, false },
	{ "a chunk without a size", serve_script_and_close,
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "zz\r\nabc\r\n0\r\n\r\n",
	    10, EXCHANGE_LOST, 0, NULL, 0, 0, NULL, false },
	{ "a chunk larger than the world", serve_script_and_close,
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "fffffffffffffffffffff\r\nabc",
	    10, EXCHANGE_LOST, 0, NULL, 0, 0, NULL, false },
	{ "compressed", serve_compressed, NULL, 10, EXCHANGE_ANSWERED, 200,
	    "\x1f\x8b\x08x", 0, 0, NULL, false },
	{ "NULs in the header", serve_nuls, NULL, 10, EXCHANGE_LOST, 0, NULL, 0,
	    0, NULL, false },
	{ "nothing but controls", serve_script_and_close, "\001\002\r\n\r\n",
	    10, EXCHANGE_LOST, 0, NULL, 0, 0, NULL, false },
};

static void
check_row(struct stage *stage, const struct row *row)
{
	struct exchange *exchange = carry(stage, row->size);
	const struct http_response *response = &exchange->http_response;

	if (exchange->end != row->end)
		print_error("%s: %s\n", row->name,
		    exchange->error != NULL ? exchange->error : "-");
	assert_int_equal(exchange->end, row->end);
	assert_int_equal(response->status, row->status);
	assert_true(exchange->duration_ms >= 0);
	assert_false(response->cut);
	assert_true(
	    (exchange->error == NULL) == (row->end == EXCHANGE_ANSWERED));
	assert_in_range(response->retry_ms, row->least_ms, row->most_ms);
	assert_false(exchange->unreached);
	assert_int_equal(exchange->timed_out, row->hasty);
	if (row->end == EXCHANGE_LOST)
		assert_int_equal(exchange->sent_bytes, row->size);
	if (row->end == EXCHANGE_UNSENT)
		assert_true(exchange->sent_bytes < row->size);
	if (row->body != NULL)
		assert_string_equal(response->body->str, row->body);
	if (row->error != NULL)
		assert_non_null(strstr(exchange->error, row->error));
	assert_true(atomic_load(&stage->peer.requests) <= 1);
	assert_int_equal(atomic_load(&stage->peer.connections), 1);
	assert_false(peer_heard(&stage->peer, "Expect"));
	assert_false(peer_heard(&stage->peer, "Accept-Encoding"));
}

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct stage stage;

		open_stage_with(&stage, (struct peer){
					    .serve = rows[i].serve,
					    .script = rows[i].script,
					});
		if (rows[i].hasty) {
			stage.endpoint.answer_ms = 500;
			stage.endpoint.upload_window_ms = 500;
		}
		print_message("  %s\n", rows[i].name);
		check_row(&stage, &rows[i]);
		stage_close(&stage);
	}
}

static void
test_huge_answer_is_cut(void **state)
{
	struct stage stage;
	struct exchange *exchange;

	(void)state;
	open_stage(&stage, serve_huge);
	exchange = carry(&stage, 10);
	assert_int_equal(exchange->end, EXCHANGE_ANSWERED);
	assert_int_equal(exchange->http_response.status, 200);
	assert_true(exchange->http_response.cut);
	assert_int_equal(exchange->http_response.body->len, 256 * 1024);
	stage_close(&stage);
}

/* Exactly as much as there is room for. */
static void
serve_largest(struct link *link)
{
	g_autofree char *block = g_strnfill(256 * 1024, 'y');

	read_request(link);
	link_say(link, "HTTP/1.1 200 OK\r\nContent-Length: 262144\r\n\r\n");
	link_write(link, block, 256 * 1024);
	link_await_end(link);
}

static void
test_largest_answer(void **state)
{
	struct stage stage;
	struct exchange *exchange;

	(void)state;
	open_stage(&stage, serve_largest);
	exchange = carry(&stage, 10);
	assert_int_equal(exchange->end, EXCHANGE_ANSWERED);
	assert_false(exchange->http_response.cut);
	assert_int_equal(exchange->http_response.body->len, 256 * 1024);
	stage_close(&stage);
}

static void
test_request_as_written(void **state)
{
	struct stage stage;
	struct exchange *exchange;

	(void)state;
	open_stage(&stage, serve_well);
	stage.endpoint.username = "api";
	stage.endpoint.password = "secret";
	exchange = make_exchange(&stage, 3);
	exchange_add_field(exchange, "X-Own", "value");
	stage_send(&stage, exchange);
	stage_await(&stage, 1);
	assert_string_equal(
	    exchange->http_response.content_type, "application/json");
	assert_true(peer_heard(&stage.peer, "POST /v3/send?a=b HTTP/1.1"));
	assert_true(
	    peer_heard(&stage.peer, "Authorization: Basic YXBpOnNlY3JldA=="));
	assert_true(peer_heard(&stage.peer, "X-Own: value"));
	assert_true(peer_heard(&stage.peer, "Content-Length: 3"));
	assert_true(peer_heard(&stage.peer, "User-Agent: postferry/"));
	assert_int_equal(peer_count(&stage.peer, "Content-Type:"), 1);
	stage_close(&stage);
}

static void
test_get(void **state)
{
	struct stage stage;
	struct exchange *exchange;

	(void)state;
	open_stage(&stage, serve_well);
	exchange = make_exchange(&stage, 0);
	segments_unref(g_steal_pointer(&exchange->body));
	g_free(exchange->http.method);
	exchange->http.method = g_strdup("GET");
	stage_send(&stage, exchange);
	stage_await(&stage, 1);
	assert_int_equal(exchange->end, EXCHANGE_ANSWERED);
	assert_true(peer_heard(&stage.peer, "GET /v3/send?a=b HTTP/1.1"));
	assert_false(peer_heard(&stage.peer, "Content-Length"));
	stage_close(&stage);
}

static void
on_done_and_elsewhere(void *object, struct exchange *exchange)
{
	struct stage *stage = object;
	const struct endpoint *other = exchange->endpoint + 1;

	exchange_renew(exchange);
	exchange->endpoint = other;
	exchange->http.method = g_strdup("GET");
	exchange->http.path = g_strdup("/elsewhere");
	exchange->done = stage_done;
	stage_send(stage, exchange);
}

/* One exchange, asked here and then there. */
static void
test_endpoint_changes(void **state)
{
	struct stage stage, other;
	struct endpoint endpoints[2];
	struct exchange *exchange;

	(void)state;
	open_stage(&stage, serve_well);
	open_stage(&other, serve_well);
	endpoints[0] = stage.endpoint;
	endpoints[1] = other.endpoint;
	exchange = make_exchange(&stage, 10);
	exchange->endpoint = &endpoints[0];
	exchange->done = on_done_and_elsewhere;
	stage_send(&stage, exchange);
	stage_await(&stage, 1);
	assert_int_equal(exchange->end, EXCHANGE_ANSWERED);
	assert_true(peer_heard(&stage.peer, "POST /v3/send"));
	assert_true(peer_heard(&other.peer, "GET /elsewhere HTTP/1.1"));
	assert_int_equal(atomic_load(&stage.peer.requests), 1);
	stage_close(&stage);
	stage_close(&other);
}

/* Nobody there, nobody by that name, nobody to ask for it. */
static void
test_not_reached(void **state)
{
	static const char *const hosts[] = { "127.0.0.1", "nobody.invalid",
		"again.test", "six.test", "many.test" };
	struct stage stage;

	(void)state;
	open_stage(&stage, serve_well);
	for (size_t i = 0; i < G_N_ELEMENTS(hosts); i++) {
		struct exchange *exchange;

		set_url(&stage, "http", hosts[i], peer_closed_port());
		exchange = carry(&stage, 10);
		print_message("  %s\n", exchange->error);
		assert_int_equal(exchange->end, EXCHANGE_UNSENT);
		assert_int_equal(exchange->sent_bytes, 0);
		assert_true(exchange->unreached);
		assert_false(exchange->timed_out);
	}
	assert_int_equal(atomic_load(&stage.peer.requests), 0);
	stage_close(&stage);
}

/* The last of a hundred addresses is the one that takes it. */
static void
test_many_addresses(void **state)
{
	struct stage stage;

	(void)state;
	open_stage(&stage, serve_well);
	set_url(&stage, "http", "many.test", stage.peer.port);
	assert_int_equal(carry(&stage, 10)->end, EXCHANGE_ANSWERED);
	assert_int_equal(atomic_load(&stage.peer.requests), 1);
	stage_close(&stage);
}

static void
test_base_url_curl_does_not_take(void **state)
{
	struct stage stage;
	struct exchange *exchange;

	(void)state;
	open_stage(&stage, serve_well);
	set_url(&stage, "ftp", "127.0.0.1", stage.peer.port);
	exchange = carry(&stage, 10);
	assert_int_equal(exchange->end, EXCHANGE_UNSENT);
	assert_false(exchange->unreached);
	stage_close(&stage);
}

/* The backlog is full: SYNs are dropped. */
static void
test_black_hole(void **state)
{
	struct stage stage;
	struct exchange *exchange;
	struct sockaddr_in address = { .sin_family = AF_INET };
	unsigned port;
	int hole = peer_listen(0, &port), fill[4];

	(void)state;
	open_stage(&stage, serve_well);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	address.sin_port = htons((uint16_t)port);
	for (size_t i = 0; i < G_N_ELEMENTS(fill); i++) {
		fill[i] = socket(
		    AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		connect(fill[i], (struct sockaddr *)&address, sizeof address);
	}
	set_url(&stage, "http", "127.0.0.1", port);
	stage.endpoint.connect_ms = 200;
	exchange = carry(&stage, 10);
	assert_int_equal(exchange->end, EXCHANGE_UNSENT);
	assert_non_null(strstr(exchange->error, "no connection within 200"));
	assert_true(exchange->unreached && exchange->timed_out);
	for (size_t i = 0; i < G_N_ELEMENTS(fill); i++)
		close(fill[i]);
	close(hole);
	stage_close(&stage);
}

/* The resolver hangs in a thread of curl's; the loop must not wait for it. */
static void
test_name_that_hangs(void **state)
{
	struct stage stage;
	struct exchange *exchange;
	int64_t begun = clock_monotonic_ms();

	(void)state;
	open_stage(&stage, serve_well);
	set_url(&stage, "http", "hang.test", 80);
	stage.endpoint.resolve_ms = 100;
	exchange = carry(&stage, 10);
	assert_int_equal(exchange->end, EXCHANGE_UNSENT);
	assert_non_null(strstr(exchange->error, "not resolved within 100"));
	assert_true(exchange->unreached && exchange->timed_out);
	set_url(&stage, "http", "127.0.0.1", stage.peer.port);
	assert_int_equal(carry(&stage, 10)->end, EXCHANGE_ANSWERED);
	assert_true(clock_monotonic_ms() - begun < 2500);
	resolver_release();
	stage_close(&stage);
}

static void
test_deadline(void **state)
{
	struct stage stage;
	struct exchange *first, *second;

	(void)state;
	open_stage(&stage, serve_stall);
	stage.endpoint.connections = 1;
	first = make_exchange(&stage, 10);
	second = make_exchange(&stage, 10);
	first->deadline_ms = clock_monotonic_ms() + 300;
	second->deadline_ms = clock_monotonic_ms() + 150;
	stage_send(&stage, first);
	stage_send(&stage, second);
	stage_await(&stage, 2);
	assert_int_equal(first->end, EXCHANGE_LOST);
	assert_int_equal(second->end, EXCHANGE_UNSENT);
	assert_non_null(strstr(first->error, "deadline"));
	assert_non_null(strstr(second->error, "deadline"));
	/* one waited for the server, the other for its turn */
	assert_true(first->timed_out && !first->unreached);
	assert_true(!second->timed_out && !second->unreached);
	assert_int_equal(atomic_load(&stage.peer.requests), 1);
	stage_close(&stage);
}

static void
test_connections_are_kept(void **state)
{
	struct stage stage;

	(void)state;
	open_stage(&stage, serve_well);
	for (int i = 0; i < 20; i++)
		assert_int_equal(carry(&stage, 5000)->end, EXCHANGE_ANSWERED);
	assert_int_equal(atomic_load(&stage.peer.connections), 1);
	assert_int_equal(atomic_load(&stage.peer.requests), 20);
	stage_close(&stage);
}

static void
test_connections_are_bounded(void **state)
{
	struct stage stage;

	(void)state;
	open_stage(&stage, serve_well);
	stage.endpoint.connections = 3;
	for (int i = 0; i < 50; i++)
		stage_send(&stage, make_exchange(&stage, 5000));
	stage_await(&stage, 50);
	assert_int_equal(atomic_load(&stage.peer.requests), 50);
	assert_true(atomic_load(&stage.peer.connections) <= 3);
	stage_close(&stage);
}

static void
test_idle_connection_is_not_used_again(void **state)
{
	struct stage stage;

	(void)state;
	open_stage(&stage, serve_well);
	stage.endpoint.idle_ms = 50;
	carry(&stage, 10);
	carry(&stage, 10);
	assert_int_equal(atomic_load(&stage.peer.connections), 1);
	stage_pass(&stage, 150);
	assert_int_equal(carry(&stage, 10)->end, EXCHANGE_ANSWERED);
	assert_int_equal(atomic_load(&stage.peer.connections), 2);
	stage_close(&stage);
}

/* Answers the first request of the first connection; reads the second one
 * whole and hangs up: the moment at which curl sends it again by itself. */
static void
serve_and_drop_second(struct link *link)
{
	if (!read_request(link))
		return;
	link_say(link, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	if (link->number == 1)
		read_request(link);
	else
		link_await_end(link);
}

static void
check_sent_once(size_t size)
{
	struct stage stage;
	struct exchange *exchange;

	open_stage(&stage, serve_and_drop_second);
	assert_int_equal(carry(&stage, size)->end, EXCHANGE_ANSWERED);
	exchange = carry(&stage, size);
	assert_int_equal(exchange->end, EXCHANGE_LOST);
	assert_int_equal(exchange->sent_bytes, size);
	stage_pass(&stage, 50);
	assert_int_equal(atomic_load(&stage.peer.requests), 2);
	/* and the next one is none the worse for it */
	assert_int_equal(carry(&stage, size)->end, EXCHANGE_ANSWERED);
	stage_close(&stage);
}

static void
test_request_is_never_sent_twice(void **state)
{
	static const size_t sizes[] = { 0, 1, 5000, 300000 };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++)
		check_sent_once(sizes[i]);
}

/* As above, but only a part of the second request is read. */
static void
serve_and_reset_second(struct link *link)
{
	if (!read_request(link))
		return;
	link_say(link, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	if (link->number == 1) {
		link_skip(link, 100000);
		link_reset(link);
	} else {
		link_await_end(link);
	}
}

static void
test_dead_connection_in_the_body(void **state)
{
	struct stage stage;
	struct exchange *exchange;

	(void)state;
	open_stage(&stage, serve_and_reset_second);
	carry(&stage, 10);
	exchange = carry(&stage, 32 * 1024 * 1024);
	assert_int_equal(exchange->end, EXCHANGE_UNSENT);
	assert_int_equal(atomic_load(&stage.peer.requests), 1);
	stage_close(&stage);
}

/* A connection that was closed while idle is noticed before it is used. */
static void
serve_one(struct link *link)
{
	if (read_request(link))
		link_say(link, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

static void
test_closed_while_idle(void **state)
{
	struct stage stage;

	(void)state;
	open_stage(&stage, serve_one);
	carry(&stage, 10);
	stage_pass(&stage, 50);
	assert_int_equal(carry(&stage, 10)->end, EXCHANGE_ANSWERED);
	assert_int_equal(atomic_load(&stage.peer.requests), 2);
	stage_close(&stage);
}

static void
test_abort(void **state)
{
	struct stage stage;
	struct exchange *exchanges[3];

	(void)state;
	open_stage(&stage, serve_deaf);
	stage.endpoint.connections = 2;
	exchanges[0] = make_exchange(&stage, 10);
	exchanges[1] = make_exchange(&stage, 32 * 1024 * 1024);
	exchanges[2] = make_exchange(&stage, 10);
	for (int i = 0; i < 3; i++)
		stage_send(&stage, exchanges[i]);
	stage_pass(&stage, 300);
	assert_int_equal(stage.ended->len, 0);
	stage.carrier.abort(stage.carrier.self, NULL);
	assert_int_equal(stage.ended->len, 0);
	stage_await(&stage, 3);
	assert_int_equal(exchanges[0]->end, EXCHANGE_LOST);
	assert_int_equal(exchanges[1]->end, EXCHANGE_UNSENT);
	assert_int_equal(exchanges[2]->end, EXCHANGE_UNSENT);
	assert_non_null(strstr(exchanges[0]->error, "stopping"));
	for (int i = 0; i < 3; i++)
		assert_false(
		    exchanges[i]->unreached || exchanges[i]->timed_out);
	stage_close(&stage);
}

/* What goes elsewhere goes on. */
static void
test_abort_one(void **state)
{
	struct stage stage;
	struct endpoint other;
	struct exchange *one, *two;

	(void)state;
	open_stage(&stage, serve_deaf);
	other = stage.endpoint;
	one = make_exchange(&stage, 10);
	two = make_exchange(&stage, 10);
	two->endpoint = &other;
	stage_send(&stage, one);
	stage_send(&stage, two);
	stage_pass(&stage, 200);
	stage.carrier.abort(stage.carrier.self, &other);
	stage_await(&stage, 1);
	assert_ptr_equal(stage.ended->pdata[0], two);
	assert_int_equal(one->end, EXCHANGE_PENDING);
	stage.carrier.abort(stage.carrier.self, &stage.endpoint);
	stage_await(&stage, 2);
	assert_int_equal(one->end, EXCHANGE_LOST);
	stage_close(&stage);
}

/* A spool file that lost its end. */
static void
test_unreadable(void **state)
{
	struct stage stage;
	struct budget *budget = budget_new(1 << 30);
	struct spool_place place = { .budget = budget };
	struct spool *spool = spool_new(&place);
	g_autofree char *bytes = g_malloc0(1024 * 1024);
	const struct part part = { .length = 1024 * 1024,
		.decoded_size = 1024 * 1024 };
	struct exchange *exchange;

	(void)state;
	assert_true(spool_append(spool, bytes, 1024 * 1024));
	spool_seal(spool);
	open_stage(&stage, serve_well);
	exchange = make_exchange(&stage, 0);
	segments_unref(exchange->body);
	exchange->body = segments_new(spool);
	segments_add_part(exchange->body, &part, SEGMENT_PLAIN);
	assert_int_equal(ftruncate(spool_fd(spool), 500000), 0);
	spool_unref(spool);
	stage_send(&stage, exchange);
	stage_await(&stage, 1);
	assert_int_equal(exchange->end, EXCHANGE_UNREADABLE);
	assert_non_null(strstr(exchange->error, "could not be read"));
	assert_int_equal(atomic_load(&stage.peer.requests), 0);
	stage_close(&stage);
	budget_free(budget);
}

static long
resident_kb(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

static void
test_large_body_is_streamed(void **state)
{
	enum {
		SIZE = 25 * 1024 * 1024,
		BLOCK = 32768
	};
	struct stage stage;
	struct budget *budget = budget_new(1 << 30);
	struct spool_place place = { .directory = folder, .budget = budget };
	struct spool *spool = spool_new(&place);
	static const char block[BLOCK];
	const struct part part = { .length = SIZE, .decoded_size = SIZE };
	struct exchange *exchange;
	long before;

	(void)state;
	for (int i = 0; i < SIZE / BLOCK; i++)
		assert_true(spool_append(spool, block, BLOCK));
	spool_seal(spool);
	open_stage(&stage, serve_well);
	carry(&stage, 200000);
	exchange = make_exchange(&stage, 0);
	segments_unref(exchange->body);
	exchange->body = segments_new(spool);
	segments_add_part(exchange->body, &part, SEGMENT_BASE64);
	spool_unref(spool);
	before = resident_kb();
	stage_send(&stage, exchange);
	stage_await(&stage, 2);
	assert_int_equal(exchange->end, EXCHANGE_ANSWERED);
	assert_int_equal(exchange->sent_bytes, (SIZE + 2) / 3 * 4);
	assert_int_equal(
	    atomic_load(&stage.peer.received), 200000 + (SIZE + 2) / 3 * 4);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	assert_true(resident_kb() - before < 4096);
#else
	(void)before;
#endif
	stage_close(&stage);
	budget_free(budget);
}

/* A hundred done callbacks that each send the next: no recursion, no leak. */
static void
on_done_and_again(void *object, struct exchange *exchange)
{
	struct stage *stage = object;
	struct exchange *next;

	stage_done(object, exchange);
	if (stage->ended->len >= 100)
		return;
	next = make_exchange(stage, 100);
	next->done = on_done_and_again;
	stage_send(stage, next);
}

static void
test_send_from_done(void **state)
{
	struct stage stage;
	struct exchange *exchange;

	(void)state;
	open_stage(&stage, serve_well);
	exchange = make_exchange(&stage, 100);
	exchange->done = on_done_and_again;
	stage_send(&stage, exchange);
	stage_await(&stage, 100);
	assert_int_equal(atomic_load(&stage.peer.requests), 100);
	assert_int_equal(atomic_load(&stage.peer.connections), 1);
	stage_close(&stage);
}

/* TLS */

static void
serve_hang_up(struct link *link)
{
	link_fill(link);
}

static void
serve_plain_text(struct link *link)
{
	link_fill(link);
	link_say(link, "HTTP/1.1 400 Bad Request\r\n\r\n");
	link_await_end(link);
}

/* The connection is there, the handshake is not. */
static void
serve_no_handshake(struct link *link)
{
	link_await_end(link);
}

/* Speaks TLS and nothing else. */
static void
serve_handshake(struct link *link)
{
	if (link_secure(link))
		link_await_end(link);
}

static X509 *
load_certificate(const char *name)
{
	g_autofree char *path = g_strdup_printf("%s/%s.pem", folder, name);
	BIO *file = BIO_new_file(path, "r");
	X509 *certificate = PEM_read_bio_X509(file, NULL, NULL, NULL);

	BIO_free(file);
	return certificate;
}

static EVP_PKEY *
load_key(const char *name)
{
	g_autofree char *path = g_strdup_printf("%s/%s.key", folder, name);
	BIO *file = BIO_new_file(path, "r");
	EVP_PKEY *key = PEM_read_bio_PrivateKey(file, NULL, NULL, NULL);

	BIO_free(file);
	return key;
}

/* The server's certificate, changed and signed again by that one's key. */
static void
use_certificate(SSL_CTX *tls, X509 *certificate, const char *signer)
{
	EVP_PKEY *key = load_key(signer);

	assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
	assert_int_equal(SSL_CTX_use_certificate(tls, certificate), 1);
	EVP_PKEY_free(key);
	X509_free(certificate);
}

static void
let_expire(SSL_CTX *tls)
{
	X509 *certificate = load_certificate("mx.test");

	X509_gmtime_adj(X509_getm_notBefore(certificate), -2 * 86400L);
	X509_gmtime_adj(X509_getm_notAfter(certificate), -86400L);
	use_certificate(tls, certificate, "ca");
}

static void
sign_by_itself(SSL_CTX *tls)
{
	X509 *certificate = load_certificate("mx.test");

	X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
	use_certificate(tls, certificate, "mx.test");
}

static void
speak_old(SSL_CTX *tls)
{
	SSL_CTX_set_security_level(tls, 0);
	SSL_CTX_set_min_proto_version(tls, TLS1_VERSION);
	SSL_CTX_set_max_proto_version(tls, TLS1_VERSION);
}

/* Asks for a certificate that we have not: an alert in the handshake. */
static void
want_certificate(SSL_CTX *tls)
{
	SSL_CTX_set_max_proto_version(tls, TLS1_2_VERSION);
	SSL_CTX_set_verify(
	    tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
}

static const struct tls_row {
	const char *name;
	link_fn serve;
	const char *host;
	const char *ca;
	enum exchange_end end;
	void (*change)(SSL_CTX *tls); /* NULL: nothing */
} tls_rows[] = {
	{ "all is well", serve_well, "mx.test", "ca.pem", EXCHANGE_ANSWERED,
	    NULL },
	{ "a wrong name", serve_well, "other.test", "ca.pem",
	    EXCHANGE_REFUSED_TLS, NULL },
	{ "an unknown authority", serve_well, "mx.test", "other-ca.pem",
	    EXCHANGE_REFUSED_TLS, NULL },
	{ "the system's authorities", serve_well, "mx.test", NULL,
	    EXCHANGE_REFUSED_TLS, NULL },
	{ "a CA file that is not there", serve_well, "mx.test", "none.pem",
	    EXCHANGE_REFUSED_TLS, NULL },
	{ "no TLS at all", serve_plain_text, "mx.test", "ca.pem",
	    EXCHANGE_REFUSED_TLS, NULL },
	{ "hangs up in the handshake", serve_hang_up, "mx.test", "ca.pem",
	    EXCHANGE_UNSENT, NULL },
	{ "no handshake", serve_no_handshake, "mx.test", "ca.pem",
	    EXCHANGE_UNSENT, NULL },
	{ "expired", serve_handshake, "mx.test", "ca.pem", EXCHANGE_REFUSED_TLS,
	    let_expire },
	{ "self-signed", serve_handshake, "mx.test", "ca.pem",
	    EXCHANGE_REFUSED_TLS, sign_by_itself },
	{ "TLS 1.0", serve_handshake, "mx.test", "ca.pem", EXCHANGE_REFUSED_TLS,
	    speak_old },
	{ "an alert in the handshake", serve_handshake, "mx.test", "ca.pem",
	    EXCHANGE_REFUSED_TLS, want_certificate },
};

static void
check_tls_row(const struct tls_row *row)
{
	struct stage stage;
	struct exchange *exchange;
	g_autofree char *ca = g_strdup_printf("%s/%s", folder, row->ca);

	open_stage_with(&stage, (struct peer){
				    .serve = row->serve,
				    .tls = peer_tls(folder, "mx.test"),
				});
	if (row->change != NULL)
		row->change(stage.peer.tls);
	stage.endpoint.ca_file = row->ca != NULL ? ca : NULL;
	stage.endpoint.connect_ms = 500;
	set_url(&stage, "https", row->host, stage.peer.port);
	exchange = carry(&stage, 5000);
	print_message("  %s: %s\n", row->name,
	    exchange->error != NULL ? exchange->error : "-");
	assert_int_equal(exchange->end, row->end);
	assert_false(exchange->unreached);
	assert_int_equal(exchange->timed_out, row->serve == serve_no_handshake);
	if (row->end != EXCHANGE_ANSWERED)
		assert_int_equal(exchange->sent_bytes, 0);
	else
		assert_int_equal(carry(&stage, 5000)->end, row->end);
	assert_int_equal(atomic_load(&stage.peer.requests),
	    row->end == EXCHANGE_ANSWERED ? 2 : 0);
	stage.carrier.free(stage.carrier.self);
	stage.carrier = carrier_http_new(stage.loop);
	stage_close(&stage);
}

static void
test_tls(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(tls_rows); i++)
		check_tls_row(&tls_rows[i]);
}

static int
set_up(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	/* whatever they say must not be used */
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("https_proxy", "http://127.0.0.1:1", 1);
	setenv("all_proxy", "http://127.0.0.1:1", 1);
	carrier_http_start();
	resolver_start();
	folder = peer_certificates("mx.test");
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	peer_certificates_remove(folder);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_huge_answer_is_cut),
		cmocka_unit_test(test_largest_answer),
		cmocka_unit_test(test_request_as_written),
		cmocka_unit_test(test_get),
		cmocka_unit_test(test_endpoint_changes),
		cmocka_unit_test(test_not_reached),
		cmocka_unit_test(test_many_addresses),
		cmocka_unit_test(test_base_url_curl_does_not_take),
		cmocka_unit_test(test_black_hole),
		cmocka_unit_test(test_name_that_hangs),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_connections_are_kept),
		cmocka_unit_test(test_connections_are_bounded),
		cmocka_unit_test(test_idle_connection_is_not_used_again),
		cmocka_unit_test(test_request_is_never_sent_twice),
		cmocka_unit_test(test_dead_connection_in_the_body),
		cmocka_unit_test(test_closed_while_idle),
		cmocka_unit_test(test_abort),
		cmocka_unit_test(test_abort_one),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_large_body_is_streamed),
		cmocka_unit_test(test_send_from_done),
		cmocka_unit_test(test_tls),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
