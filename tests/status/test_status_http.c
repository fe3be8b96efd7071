/* SPDX-License-Identifier: MIT */
/* The TCP door as its settings make it. */
#include "status.h"

#include "core/clock.h"
#include "core/network.h"
#include "fake_store.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* Read by the guard, and not the door's own. */
static const struct setting hostname_settings[] = {
	{ "server", "hostname", SETTING_HOST, .help = "Our name." },
	{ .section = NULL },
};

/* The config that these variables (NULL-terminated) make. */
static struct config *
read_config(char *const *variables)
{
	const struct setting *const tables[] = { status_http_settings,
		hostname_settings, NULL };
	struct config_source source = { .environment = variables };
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
	struct config *config = config_read(&source, tables, errors);

	if (config == NULL)
		fail_msg("%s", (const char *)errors->pdata[0]);
	return config;
}

#define ADDRESS "POSTFERRY_SERVER_HTTP_ADDRESS="
#define ALLOW   "POSTFERRY_SERVER_HTTP_ALLOW="

struct fixture {
	struct config *config;
	struct store_mail mail;
	struct store store;
	struct status *status;
	struct token_set *tokens;
	struct status_http *http;
};

#define SECRET "pfy_of-the-watch"

static struct token_set *
make_tokens(void)
{
	struct token_set *set = token_set_new();
	GPtrArray *tokens = g_ptr_array_new();
	char digest[TOKEN_DIGEST_LENGTH + 1];

	token_digest(SECRET, digest);
	g_ptr_array_add(tokens,
	    token_new("watch", SCOPE_READ | SCOPE_OPERATE, digest, NULL));
	token_set_renew(set, tokens);
	return set;
}

/* counts_ms as in struct status_options. */
static struct fixture *
open_patient(char *const *variables, int64_t counts_ms)
{
	struct fixture *fixture = g_new0(struct fixture, 1);
	const struct status_options options = { .store = &fixture->store,
		.started_ms = 1,
		.counts_ms = counts_ms };
	g_autoptr(GError) error = NULL;

	g_strlcpy(fixture->mail.id, FAKE_ID, sizeof fixture->mail.id);
	fixture->mail.recipients = g_ptr_array_new();
	fixture->mail.attempts = g_ptr_array_new();
	fixture->mail.acts = g_ptr_array_new();
	fixture->store.mail = &fixture->mail;
	fixture->config = read_config(variables);
	fixture->status = status_new(&options);
	fixture->tokens = make_tokens();
	fixture->http = status_http_listen(fixture->config, &error);
	if (fixture->http == NULL ||
	    !status_http_open(
		fixture->http, fixture->status, fixture->tokens, &error))
		fail_msg("%s", error->message);
	return fixture;
}

static struct fixture *
open_http(char *const *variables)
{
	return open_patient(variables, 0);
}

static void
close_http(struct fixture *fixture)
{
	status_http_close(fixture->http);
	status_free(fixture->status);
	token_set_free(fixture->tokens);
	g_ptr_array_unref(fixture->mail.recipients);
	g_ptr_array_unref(fixture->mail.attempts);
	g_ptr_array_unref(fixture->mail.acts);
	config_unref(fixture->config);
	g_free(fixture);
}

static int
set_up(void **state)
{
	char *const variables[] = { ADDRESS "127.0.0.1:0",
		"POSTFERRY_SERVER_HOSTNAME=ferry.example.com",
		"POSTFERRY_SERVER_HTTP_HOSTS=watch.example, other.example",
		NULL };

	*state = open_http(variables);
	return 0;
}

static int
tear_down(void **state)
{
	close_http(*state);
	return 0;
}

static int
connect_to(const char *text)
{
	struct sockaddr_storage address;
	socklen_t length;

	assert_true(network_parse_endpoint(text, &address, &length, NULL));
	int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(
	    connect(fd, (const struct sockaddr *)&address, length), 0);
	return fd;
}

/* All that comes until the door closes. */
static GString *
ask(const struct fixture *fixture, const char *request)
{
	int fd = connect_to(status_http_address(fixture->http));
	GString *text = g_string_new(NULL);
	char bytes[4096];
	struct timeval patience = { .tv_sec = 30 };
	ssize_t got;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	send(fd, request, strlen(request), MSG_NOSIGNAL);
	while ((got = read(fd, bytes, sizeof bytes)) > 0)
		g_string_append_len(text, bytes, got);
	close(fd);
	return text;
}

#define CLOSE " HTTP/1.1\r\nConnection: close\r\n"
#define HERE  CLOSE "Host: localhost\r\n\r\n"

static const struct {
	const char *name, *request;
	const char *begins; /* with this line */
	const char *holds;
} exchanges[] = {
	{ "alive", "GET /livez" HERE, "HTTP/1.1 200 ", "{\"alive\":true}" },
	{ "ready", "GET /readyz" HERE, "HTTP/1.1 200 ", "{\"ready\":true}" },
	{ "a HEAD", "HEAD /readyz" HERE, "HTTP/1.1 200 ",
	    "\r\nContent-Length: 15\r\n" },
	{ "status", "GET /status" HERE, "HTTP/1.1 200 ", "\"queue\":{" },
	{ "nothing to sniff", "GET /livez" HERE, "HTTP/1.1 200 ",
	    "\r\nX-Content-Type-Options: nosniff\r\n" },
	{ "nothing to load", "GET /livez" HERE, "HTTP/1.1 200 ",
	    "\r\nContent-Security-Policy: default-src 'none'\r\n" },
	{ "nothing to keep", "GET /livez" HERE, "HTTP/1.1 200 ",
	    "\r\nCache-Control: no-store\r\n" },
	{ "its hostname",
	    "GET /livez" CLOSE "Host: ferry.example.com:1\r\n\r\n",
	    "HTTP/1.1 200 ", "alive" },
	{ "a host of the settings",
	    "GET /livez" CLOSE "Host: other.example\r\n\r\n", "HTTP/1.1 200 ",
	    "alive" },
	{ "another's host", "GET /livez" CLOSE "Host: evil.example\r\n\r\n",
	    "HTTP/1.1 421 ", "evil.example" },
	{ "another's page",
	    "GET /status" CLOSE "Host: localhost\r\n"
	    "Origin: https://evil.example\r\n\r\n",
	    "HTTP/1.1 403 ", "Origin" },
	{ "no host", "GET /livez" CLOSE "\r\n", "HTTP/1.1 400 ", "" },
	{ "two hosts",
	    "GET /livez" CLOSE "Host: localhost\r\nhost: localhost\r\n\r\n",
	    "HTTP/1.1 400 ", "one Host field is expected, not 2" },
	{ "two lengths",
	    "POST /v1/messages/drop HTTP/1.1\r\nHost: localhost\r\n"
	    "Content-Length: 4\r\nContent-Length: 5\r\n\r\nbody",
	    "HTTP/1.1 400 ", "more often: Content-Length" },
	{ "a length and chunks",
	    "POST /v1/messages/drop HTTP/1.1\r\nHost: localhost\r\n"
	    "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "0\r\n\r\n",
	    "HTTP/1.1 400 ", "contradict" },
	{ "a coding that nobody knows",
	    "POST /v1/messages/drop HTTP/1.1\r\nHost: localhost\r\n"
	    "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
	    "HTTP/1.1 400 ", "chunked is expected" },
	{ "a blank before the colon",
	    "POST /livez HTTP/1.1\r\nHost: localhost\r\n"
	    "Content-Length : 37\r\n\r\n"
	    "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n",
	    "HTTP/1.1 400 ", "no blank before the colon" },
	{ "from here and from there",
	    "GET /livez HTTP/1.1\r\nHost: localhost\r\n"
	    "Sec-Fetch-Site: none\r\nSec-Fetch-Site: cross-site\r\n\r\n",
	    "HTTP/1.1 400 ", "more often: Sec-Fetch-Site" },
	{ "no mails", "GET /v1/messages" HERE, "HTTP/1.1 401 ",
	    "\r\nWWW-Authenticate: Bearer realm=\"postferry\"\r\n" },
	{ "no mail", "GET /v1/messages/" FAKE_ID HERE, "HTTP/1.1 401 ",
	    "this needs a token" },
	{ "no acts", "POST /v1/messages/drop" HERE, "HTTP/1.1 401 ", "" },
	{ "no acts, with a body",
	    "POST /v1/messages/drop" CLOSE "Host: localhost\r\n"
	    "Content-Length: 4\r\n\r\nbody",
	    "HTTP/1.1 401 ", "" },
	{ "mails for a token",
	    "GET /v1/messages" CLOSE "Host: localhost\r\n"
	    "Authorization: Bearer " SECRET "\r\n\r\n",
	    "HTTP/1.1 200 ", "{\"messages\":[" },
	{ "in other letters",
	    "GET /v1/messages" CLOSE "Host: localhost\r\n"
	    "authorization: bearer  " SECRET "\r\n\r\n",
	    "HTTP/1.1 200 ", "{\"messages\":[" },
	{ "an act for a token",
	    "POST /v1/messages/" FAKE_ID "/hold" CLOSE "Host: localhost\r\n"
	    "Authorization: Bearer " SECRET "\r\n\r\n",
	    "HTTP/1.1 200 ", "changed" },
	{ "an act by our own page",
	    "POST /v1/messages/" FAKE_ID "/hold" CLOSE
	    "Host: localhost:8025\r\n"
	    "Origin: http://localhost:8025\r\n"
	    "Sec-Fetch-Site: same-origin\r\n"
	    "Authorization: Bearer " SECRET "\r\n\r\n",
	    "HTTP/1.1 200 ", "changed" },
	{ "a wrong token",
	    "GET /v1/messages" CLOSE "Host: localhost\r\n"
	    "Authorization: Bearer " SECRET "x\r\n\r\n",
	    "HTTP/1.1 401 ", "error=\"invalid_token\"\r\n" },
	{ "a password",
	    "GET /v1/messages" CLOSE "Host: localhost\r\n"
	    "Authorization: Basic " SECRET "\r\n\r\n",
	    "HTTP/1.1 401 ", "this needs a token" },
	{ "no methods", "POST /livez" HERE, "HTTP/1.1 405 ",
	    "\r\nAllow: GET, HEAD\r\n" },
	{ "no targets of others", "GET http://localhost/livez" HERE,
	    "HTTP/1.1 400 ", "a path is expected" },
};

static void
test_exchanges(void **state)
{
	const struct fixture *fixture = *state;

	for (size_t i = 0; i < G_N_ELEMENTS(exchanges); i++) {
		GString *answer = ask(fixture, exchanges[i].request);

		print_message("%s\n", exchanges[i].name);
		if (!g_str_has_prefix(answer->str, exchanges[i].begins) ||
		    strstr(answer->str, exchanges[i].holds) == NULL)
			fail_msg("not as expected: %s", answer->str);
		g_string_free(answer, TRUE);
	}
	assert_string_equal(fixture->store.who, "token watch");
}

/* What http_loopback lets programs of this host do. */
static const struct {
	const char *name, *request, *begins, *holds;
} on_loopback[] = {
	{ "without a token", "GET /v1/messages" HERE, "HTTP/1.1 200 ",
	    "{\"messages\":[" },
	{ "no more than that", "POST /v1/messages/drop" HERE, "HTTP/1.1 403 ",
	    "which loopback has not" },
	{ "not for others",
	    "GET /v1/messages" CLOSE "Host: localhost\r\n"
	    "X-Forwarded-For: 192.0.2.1\r\n\r\n",
	    "HTTP/1.1 401 ", "" },
	{ "not with a wrong token",
	    "GET /v1/messages" CLOSE "Host: localhost\r\n"
	    "Authorization: Bearer x\r\n\r\n",
	    "HTTP/1.1 401 ", "" },
};

static void
test_loopback(void **state)
{
	char *const variables[] = { ADDRESS "127.0.0.1:0",
		"POSTFERRY_SERVER_HTTP_LOOPBACK=read, send", NULL };
	struct fixture *fixture = open_http(variables);

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(on_loopback); i++) {
		GString *answer = ask(fixture, on_loopback[i].request);

		print_message("%s\n", on_loopback[i].name);
		if (!g_str_has_prefix(answer->str, on_loopback[i].begins) ||
		    strstr(answer->str, on_loopback[i].holds) == NULL)
			fail_msg("not as expected: %s", answer->str);
		g_string_free(answer, TRUE);
	}
	close_http(fixture);
}

static void
test_lets_only_the_allowed_in(void **state)
{
	char *const variables[] = { ADDRESS "127.0.0.1:0", ALLOW "10.0.0.0/8",
		NULL };
	struct fixture *fixture = open_http(variables);
	GString *answer = ask(fixture, "GET /livez" HERE);

	(void)state;
	assert_int_equal(answer->len, 0);
	g_string_free(answer, TRUE);
	close_http(fixture);
}

/* ---- those who never end ---- */

#define SLOW 100 /* more than there may be at a time */

struct crowd {
	int slow[SLOW];
	sem_t go;
};

/* Each in the midst of a request, and never silent for long. */
static void *
run_drip(void *object)
{
	struct crowd *crowd = object;
	struct timespec until;

	do {
		for (size_t i = 0; i < SLOW; i++)
			send(crowd->slow[i], "a", 1, MSG_NOSIGNAL);
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec++;
	} while (sem_timedwait(&crowd->go, &until) != 0);
	return NULL;
}

static void
test_slow(void **state)
{
	static const char begun[] = "GET /livez HTTP/1.1\r\nHost: loc";
	struct fixture *fixture = *state;
	struct crowd crowd;
	pthread_t drip;

	sem_init(&crowd.go, 0, 0);
	for (size_t i = 0; i < SLOW; i++) {
		crowd.slow[i] = connect_to(status_http_address(fixture->http));
		send(crowd.slow[i], begun, strlen(begun), MSG_NOSIGNAL);
	}
	pthread_create(&drip, NULL, run_drip, &crowd);
	GString *alive = ask(fixture, "GET /livez" HERE);
	sem_post(&crowd.go);
	pthread_join(drip, NULL);
	for (size_t i = 0; i < SLOW; i++)
		close(crowd.slow[i]);
	sem_destroy(&crowd.go);
	assert_true(g_str_has_prefix(alive->str, "HTTP/1.1 200 "));
	g_string_free(alive, TRUE);
}

/* Whoever is known may finish what he has begun, however many come. */
static void
test_known_among_many(void **state)
{
	static const char head[] =
	    "POST /v1/messages/" FAKE_ID "/hold" CLOSE "Host: localhost\r\n"
	    "Authorization: Bearer " SECRET "\r\n"
	    "Content-Length: 4\r\nExpect: 100-continue\r\n\r\n";
	struct fixture *fixture = *state;
	int known = connect_to(status_http_address(fixture->http));
	struct timeval patience = { .tv_sec = 30 };
	int slow[SLOW];
	char bytes[4096] = "";

	setsockopt(known, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	send(known, head, strlen(head), MSG_NOSIGNAL);
	/* the head was read, and found good */
	assert_true(read(known, bytes, sizeof bytes - 1) > 0);
	assert_true(g_str_has_prefix(bytes, "HTTP/1.1 100 "));
	for (size_t i = 0; i < SLOW; i++)
		slow[i] = connect_to(status_http_address(fixture->http));
	g_string_free(ask(fixture, "GET /livez" HERE), TRUE);

	send(known, "body", 4, MSG_NOSIGNAL);
	memset(bytes, 0, sizeof bytes);
	assert_true(read(known, bytes, sizeof bytes - 1) > 0);
	assert_true(g_str_has_prefix(bytes, "HTTP/1.1 200 "));
	for (size_t i = 0; i < SLOW; i++)
		close(slow[i]);
	close(known);
}

/* ---- a store that does not answer ---- */

#define STUCK 3
#define LONG  (10 * 60 * INT64_C(1000))

struct pause {
	sem_t entered, go;
};

static void
on_asked(void *object)
{
	struct pause *pause = object;

	sem_post(&pause->entered);
	sem_wait(&pause->go);
}

/* Whoever asks it from now on waits for `go`. */
static struct fixture *
open_stuck(struct pause *pause, int64_t counts_ms)
{
	char *const variables[] = { ADDRESS "127.0.0.1:0", NULL };
	struct fixture *fixture = open_patient(variables, counts_ms);

	sem_init(&pause->entered, 0, 0);
	sem_init(&pause->go, 0, 0);
	fixture->store.during = on_asked;
	fixture->store.object = pause;
	return fixture;
}

static void
close_stuck(struct fixture *fixture, struct pause *pause)
{
	close_http(fixture);
	sem_destroy(&pause->entered);
	sem_destroy(&pause->go);
}

static void
expect_answer(struct fixture *fixture, const char *request, const char *begins,
    const char *holds)
{
	GString *answer = ask(fixture, request);

	if (!g_str_has_prefix(answer->str, begins) ||
	    strstr(answer->str, holds) == NULL)
		fail_msg("%s", answer->str);
	g_string_free(answer, TRUE);
}

/* On a busy machine the first may wait in vain. */
static void
wait_answered(struct fixture *fixture)
{
	int64_t end_ms = clock_monotonic_ms() + 60000;
	bool answered = false;

	while (!answered && clock_monotonic_ms() < end_ms) {
		GString *answer = ask(fixture, "GET /status" HERE);

		answered = g_str_has_prefix(answer->str, "HTTP/1.1 200 ");
		g_string_free(answer, TRUE);
	}
	assert_true(answered);
}

/* Nobody waits for ever; whoever asks when it goes on is answered. */
static void
test_a_stuck_store(void **state)
{
	struct pause pause;
	struct fixture *fixture = open_stuck(&pause, 50);

	(void)state;
	for (unsigned i = 0; i < STUCK + 2; i++) {
		expect_answer(fixture, "GET /metrics" HERE, "HTTP/1.1 503 ",
		    "the queue does not answer");
		expect_answer(fixture, "GET /status" HERE, "HTTP/1.1 503 ",
		    "the queue does not answer");
	}
	expect_answer(fixture, "GET /livez" HERE, "HTTP/1.1 200 ", "");
	sem_wait(&pause.entered);
	fixture->store.during = NULL;
	sem_post(&pause.go);
	wait_answered(fixture);
	close_stuck(fixture, &pause);
}

struct asker {
	struct fixture *fixture;
	pthread_t thread;
	GString *answer;
	sem_t *done;
};

static void *
run_ask(void *object)
{
	struct asker *asker = object;

	asker->answer = ask(asker->fixture, "GET /status" HERE);
	sem_post(asker->done);
	return NULL;
}

/* Of those who wait for it there are so many at a time, whoever they are; it is
 * asked again for those who came while it was asked. */
static void
test_askers_of_a_stuck_store(void **state)
{
	struct pause pause;
	struct fixture *fixture = open_stuck(&pause, LONG);
	struct asker askers[STUCK + 1];
	unsigned refused = 0;
	sem_t done;

	(void)state;
	sem_init(&done, 0, 0);
	for (unsigned i = 0; i < STUCK + 1; i++) {
		askers[i] = (struct asker){ .fixture = fixture, .done = &done };
		pthread_create(&askers[i].thread, NULL, run_ask, &askers[i]);
	}
	sem_wait(&done); /* one too many */
	sem_wait(&pause.entered);
	fixture->store.during = NULL;
	sem_post(&pause.go);
	for (unsigned i = 0; i < STUCK + 1; i++) {
		pthread_join(askers[i].thread, NULL);
		refused += strstr(askers[i].answer->str,
			       "too many ask at a time") != NULL;
		if (!g_str_has_prefix(askers[i].answer->str, "HTTP/1.1 200 ") &&
		    !g_str_has_prefix(askers[i].answer->str, "HTTP/1.1 503 "))
			fail_msg("%s", askers[i].answer->str);
		g_string_free(askers[i].answer, TRUE);
	}
	assert_int_equal(refused, 1);
	/* who came in behind the count is counted for anew */
	assert_in_range(fixture->store.asked, 1, STUCK);
	close_stuck(fixture, &pause);
	sem_destroy(&done);
}

/* ---- settings ---- */

static void
test_off(void **state)
{
	char *const variables[] = { ADDRESS "off", NULL };
	struct config *config = read_config(variables);
	g_autoptr(GError) error = NULL;

	(void)state;
	assert_null(status_http_listen(config, &error));
	assert_null(error);
	assert_false(status_http_is_fixed(config));
	assert_null(status_http_address(NULL));
	status_http_close(NULL);
	config_unref(config);
}

static void
test_taken(void **state)
{
	const struct fixture *fixture = *state;
	g_autofree char *variable =
	    g_strconcat(ADDRESS, status_http_address(fixture->http), NULL);
	char *const variables[] = { variable, NULL };
	struct config *config = read_config(variables);
	g_autoptr(GError) error = NULL;

	assert_null(status_http_listen(config, &error));
	assert_non_null(strstr(error->message, "http_address"));
	assert_non_null(
	    strstr(error->message, status_http_address(fixture->http)));
	assert_non_null(strstr(error->message, g_strerror(EADDRINUSE)));
	config_unref(config);
}

static void
test_urls(void **state)
{
	static const struct {
		const char *variable, *url; /* NULL: it cannot be known */
	} urls[] = {
		{ "UNSET=1", "http://127.0.0.1:8025" },
		{ ADDRESS "0.0.0.0:99", "http://127.0.0.1:99" },
		{ ADDRESS "[::]:99", "http://[::1]:99" },
		{ ADDRESS "10.0.0.1:80", "http://10.0.0.1:80" },
		{ ADDRESS "127.0.0.1:0", NULL },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(urls); i++) {
		char *const variables[] = { (char *)urls[i].variable, NULL };
		struct config *config = read_config(variables);

		assert_int_equal(
		    status_http_is_fixed(config), urls[i].url != NULL);
		if (urls[i].url != NULL) {
			g_autofree char *url = status_http_url(config);

			assert_string_equal(url, urls[i].url);
		}
		config_unref(config);
	}
}

static void
test_check(void **state)
{
	static const struct {
		const char *variable, *words; /* NULL: well */
	} checks[] = {
		{ "UNSET=1", NULL },
		{ ADDRESS "off", NULL },
		{ ADDRESS "[::]:8025", NULL },
		{ ALLOW "private", NULL },
		{ ALLOW "none", NULL },
		{ ADDRESS "8025", "or \"off\"" },
		{ ADDRESS "watch.example:8025", "http_address" },
		{ ALLOW "private, 192.0.2.0/24", "not private" },
		{ ALLOW "0.0.0.0/0", "not private" },
		{ "POSTFERRY_SERVER_HTTP_LOOPBACK=operate,send", NULL },
		{ "POSTFERRY_SERVER_HTTP_LOOPBACK=send, admin",
		    "http_loopback: \"admin\" is none of send, read, operate" },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(checks); i++) {
		char *const variables[] = { (char *)checks[i].variable, NULL };
		struct config *config = read_config(variables);
		g_autoptr(GPtrArray) errors =
		    g_ptr_array_new_with_free_func(g_free);

		print_message("%s\n", checks[i].variable);
		status_http_check(config, errors);
		assert_int_equal(errors->len, checks[i].words != NULL);
		if (errors->len > 0)
			assert_non_null(
			    strstr(errors->pdata[0], checks[i].words));
		config_unref(config);
	}
}

#define HTTP(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HTTP(test_exchanges),
		cmocka_unit_test(test_loopback),
		cmocka_unit_test(test_lets_only_the_allowed_in),
		HTTP(test_slow),
		HTTP(test_known_among_many),
		cmocka_unit_test(test_a_stuck_store),
		cmocka_unit_test(test_askers_of_a_stuck_store),
		cmocka_unit_test(test_off),
		HTTP(test_taken),
		cmocka_unit_test(test_urls),
		cmocka_unit_test(test_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
