/* SPDX-License-Identifier: MIT */
/* A session of the SMTP carrier without mail: what it finds, and that nothing
 * but EHLO, STARTTLS, AUTH and QUIT is said. */
#include "relay_dialogue.h"

#include "carriers/resolver.h"
#include "carriers/server.h"
#include "carriers/stage.h"
#include "simulate/simulator.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* The certificates, made once. */
static char *folder;

static void
open_stage(struct stage *stage, const struct server_script *script, bool tls)
{
	static const struct carrier_relay_options options = {
		.threads = 4,
		.session_mails = 10,
	};

	stage_open(stage, (struct peer){
			      .serve = server_serve,
			      .script = script,
			      .tls = tls ? peer_tls(folder, "mx.test") : NULL,
			  });
	stage->endpoint.host = tls ? "mx.test" : "127.0.0.1";
	stage->endpoint.port = stage->peer.port;
	stage->endpoint.hostname = "client.test";
	stage->endpoint.tls = tls ? ENDPOINT_TLS_STARTTLS : ENDPOINT_TLS_OFF;
	stage->carrier = carrier_relay_new(stage->loop, &options);
}

static struct exchange *
make_probe(struct stage *stage)
{
	struct exchange *exchange =
	    exchange_new(EXCHANGE_SMTP, &stage->endpoint, "");

	exchange->smtp.probe = true;
	exchange->done = stage_done;
	exchange->object = stage;
	return exchange;
}

static struct exchange *
make_mail(struct stage *stage)
{
	static const char text[] = "Date: Sat, 21 Nov 2026 10:24:00 +0000\r\n"
				   "From: a@x.test\r\n"
				   "Message-ID: <1@x.test>\r\n\r\nhello\r\n";
	struct exchange *exchange = make_probe(stage);
	struct address *to = g_new0(struct address, 1);

	exchange->smtp.probe = false;
	to->text = g_strdup("b@x.test");
	to->domain = to->text + 2;
	to->local_length = 1;
	g_ptr_array_add(exchange->smtp.recipients, to);
	exchange->body = segments_new(NULL);
	segments_add(exchange->body, text, strlen(text));
	return exchange;
}

static char *
describe(const struct exchange *exchange)
{
	static const char *const ends[] = { "pending", "answered", "unsent",
		"refused-tls", "lost", "unreadable" };
	const struct smtp_response *response = &exchange->smtp_response;
	GString *text = g_string_new(ends[exchange->end]);

	if (response->tls_missing)
		g_string_append(text, " tls-missing");
	if (response->auth_failed)
		g_string_append(text, " auth-failed");
	if (response->greeting.code != 0)
		g_string_append_printf(text, " %u", response->greeting.code);
	if (response->greeting.text != NULL)
		g_string_append_printf(text, " %s", response->greeting.text);
	if (exchange->unreached)
		g_string_append(text, " unreached");
	if (exchange->timed_out)
		g_string_append(text, " timed-out");
	return g_string_free(text, FALSE);
}

#define ALL  "PIPELINING CHUNKING 8BITMIME SIZE_1000000 ENHANCEDSTATUSCODES"
#define WELL "answered 220 peer ESMTP"

static const struct row {
	const char *name;
	struct server_script script;
	bool tls, login, hasty;
	const char *expected;
	bool quit; /* it ends in good order */
} rows[] = {
	{ "plain", { 0 }, false, false, false, WELL, true },
	{ "all extensions", { .features = ALL }, false, false, false, WELL,
	    true },
	{ "8BITMIME alone", { .features = "8BITMIME" }, false, false, false,
	    WELL, true },
	{ "TLS", { .features = "STARTTLS " ALL }, true, false, false, WELL,
	    true },
	{ "AUTH PLAIN", { .features = "AUTH_PLAIN " ALL }, false, true, false,
	    WELL, true },
	{ "AUTH LOGIN", { .features = "AUTH_LOGIN" }, false, true, false, WELL,
	    true },
	{ "a reply to AUTH in two lines",
	    { .features = "AUTH_PLAIN " ALL,
		.auth = "235-2.7.0 welcome\r\n235 2.7.0 back" },
	    false, true, false, WELL, true },
	{ "TLS and AUTH", { .features = "STARTTLS AUTH_PLAIN_LOGIN " ALL },
	    true, true, false, WELL, true },
	{ "no answer to QUIT", { .features = ALL, .last = "!stall" }, false,
	    false, true, WELL, true },
	{ "a wrong password",
	    { .features = "AUTH_PLAIN", .auth = "535 5.7.8 no" }, false, true,
	    false, "answered auth-failed 535 no", false },
	{ "a password at another time",
	    { .features = "AUTH_PLAIN", .auth = "454 4.7.0 later" }, false,
	    true, false, "answered 454 later", false },
	{ "AUTH too weak",
	    { .features = "AUTH_PLAIN", .auth = "534 5.7.9 weak" }, false, true,
	    false, "answered auth-failed 534 weak", true },
	{ "no AUTH", { .features = ALL }, false, true, false,
	    "answered auth-failed neither AUTH PLAIN nor AUTH LOGIN is "
	    "offered",
	    true },
	{ "no AUTH that we use", { .features = "AUTH_NTLM" }, false, true,
	    false,
	    "answered auth-failed neither AUTH PLAIN nor AUTH LOGIN is "
	    "offered",
	    true },
	{ "no STARTTLS", { .features = ALL }, true, true, false,
	    "answered tls-missing STARTTLS is not offered", true },
	{ "STARTTLS at another time",
	    { .features = "STARTTLS", .starttls = "454 4.7.0 later" }, true,
	    false, false, "answered 454 later", false },
	{ "replies slipped in",
	    { .features = "STARTTLS",
		.starttls = "220 go\r\n250-x\r\n250 AUTH LOGIN" },
	    true, false, false, "refused-tls", false },
	{ "421", { .greeting = "421 4.3.2 busy" }, false, false, false,
	    "answered 421 busy", true },
	{ "554", { .greeting = "554 go away" }, false, false, false,
	    "answered 554 go away", true },
	{ "550 to EHLO", { .ehlo = "550 no" }, false, false, false,
	    "answered 550 no", true },
	{ "closed", { .greeting = "!close" }, false, false, false, "unsent",
	    false },
	{ "no greeting", { .greeting = "!stall" }, false, false, true,
	    "unsent timed-out", false },
	{ "no reply to EHLO", { .ehlo = "!stall" }, false, false, true,
	    "unsent timed-out", false },
};

static void
await_quit(struct stage *stage)
{
	while (!peer_heard(&stage->peer, "QUIT"))
		stage_pass(stage, 5);
}

static void
check_row(const struct row *row)
{
	struct stage stage;
	struct exchange *exchange;
	g_autofree char *ca = g_strdup_printf("%s/ca.pem", folder);
	g_autofree char *result = NULL;

	open_stage(&stage, &row->script, row->tls);
	stage.endpoint.ca_file = ca;
	if (row->hasty)
		stage.endpoint.answer_ms = stage.endpoint.connect_ms = 500;
	if (row->login) {
		stage.endpoint.username = "user";
		stage.endpoint.password = "secret";
	}
	stage_send(&stage, make_probe(&stage));
	exchange = stage_await(&stage, 1);
	result = describe(exchange);
	print_message("  %s: %s\n", row->name,
	    exchange->error != NULL ? exchange->error : "-");
	assert_string_equal(result, row->expected);
	assert_true(
	    (exchange->error == NULL) == (exchange->end == EXCHANGE_ANSWERED));
	if (row->quit)
		await_quit(&stage);
	stage.carrier.free(stage.carrier.self);
	stage.carrier = carrier_http_new(stage.loop);
	assert_int_equal(peer_count(&stage.peer, "QUIT"), row->quit);
	assert_false(peer_heard(&stage.peer, "MAIL"));
	assert_int_equal(atomic_load(&stage.peer.requests), 0);
	assert_int_equal(atomic_load(&stage.peer.connections), 1);
	stage_close(&stage);
}

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		check_row(&rows[i]);
}

static void
test_not_reached(void **state)
{
	static const char *const hosts[] = { "127.0.0.1", "nobody.invalid" };
	static const struct server_script script = { 0 };
	struct stage stage;

	(void)state;
	open_stage(&stage, &script, false);
	stage.endpoint.port = peer_closed_port();
	for (unsigned i = 0; i < G_N_ELEMENTS(hosts); i++) {
		g_autofree char *result = NULL;

		stage.endpoint.host = hosts[i];
		stage_send(&stage, make_probe(&stage));
		result = describe(stage_await(&stage, i + 1));
		assert_string_equal(result, "unsent unreached");
	}
	stage_close(&stage);
}

/* Mail before and behind it goes as ever, and not in its session. */
static void
test_among_mail(void **state)
{
	static const struct server_script script = { .features = ALL };
	struct stage stage;
	struct exchange *probe;

	(void)state;
	open_stage(&stage, &script, false);
	stage.endpoint.connections = 1;
	for (unsigned i = 0; i < 3; i++)
		stage_send(&stage, make_mail(&stage));
	probe = make_probe(&stage);
	stage_send(&stage, probe);
	for (unsigned i = 0; i < 3; i++)
		stage_send(&stage, make_mail(&stage));
	stage_await(&stage, 7);
	for (unsigned i = 0; i < 7; i++) {
		const struct exchange *exchange =
		    g_ptr_array_index(stage.ended, i);

		assert_int_equal(exchange->end, EXCHANGE_ANSWERED);
		assert_int_equal(exchange->smtp_response.data.code,
		    exchange == probe ? 0 : 250);
	}
	assert_int_equal(probe->smtp_response.greeting.code, 220);
	assert_int_equal(atomic_load(&stage.peer.requests), 6);
	/* the first mail starts at once, the next two, the probe, the rest */
	assert_int_equal(atomic_load(&stage.peer.connections), 4);
	stage_close(&stage);
}

/* However its replies arrive, libESMTP must read what ends the session. */
static void
test_replies_are_changed(void **state)
{
	static const struct {
		const char *said, *heard, *read;
	} talks[] = {
		{ "EHLO x\r\n", "250-8bitmime\r\n250 8BITMIME\r\n",
		    "250-8bitmimX\r\n250 8BITMIMX\r\n" },
		{ "AUTH PLAIN eA==\r\n", "235-2.7.0 a\r\n235 2.7.0 b\r\n",
		    "538-2.7.0 a\r\n538 2.7.0 b\r\n" },
		{ "AUTH LOGIN\r\n", "334 VXNlcm5hbWU6\r\n",
		    "334 VXNlcm5hbWU6\r\n" },
		{ "AUTH LOGIN\r\n", "535 no\r\n", "535 no\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(talks) * 8; i++) {
		size_t row = i / 8, size = i % 8 + 1, some;
		struct relay_dialogue dialogue = { 0 };
		g_autofree char *bytes = g_strdup(talks[row].heard);

		relay_dialogue_open(&dialogue, true);
		dialogue.probe = true;
		assert_true(relay_dialogue_say(
		    &dialogue, talks[row].said, strlen(talks[row].said)));
		for (size_t at = 0; at < strlen(bytes); at += some) {
			some = MIN(size, strlen(bytes) - at);
			assert_true(
			    relay_dialogue_hear(&dialogue, bytes + at, some));
		}
		assert_string_equal(bytes, talks[row].read);
		assert_int_equal(dialogue.code, atoi(talks[row].heard));
		relay_dialogue_close(&dialogue);
	}
}

/* Whatever libESMTP makes of it, MAIL does not leave. */
static void
test_no_mail_leaves(void **state)
{
	struct relay_dialogue dialogue = { 0 };

	(void)state;
	relay_dialogue_open(&dialogue, false);
	dialogue.probe = true;
	assert_true(relay_dialogue_say(&dialogue, "EHLO x\r\n", 8));
	assert_false(relay_dialogue_say(&dialogue, "MAIL FROM:<>\r\n", 14));
	assert_int_equal(dialogue.fault, DIALOGUE_MAILING);
	relay_dialogue_close(&dialogue);
}

/* The simulator, which is no script of ours. */
static const struct {
	const char *fault, *password, *expected;
} faults[] = {
	{ NULL, "secret", "answered 220 sink.example ESMTP" },
	{ NULL, "wrong", "answered auth-failed 535" },
	{ "greeting=421", "secret", "answered 421 Not now" },
	{ "auth=454", "secret", "answered 454" },
	{ "no-starttls", "secret",
	    "answered tls-missing STARTTLS is not offered" },
	{ "starttls-injection", "secret", "refused-tls" },
	{ "tls-garbage", "secret", "refused-tls" },
	{ "no-8bitmime", "secret", "answered 220 sink.example ESMTP" },
	{ "refuse", "secret", "unsent unreached" },
};

static void
probe_simulator(struct simulator *simulator, size_t row)
{
	static const struct server_script script = { 0 };
	const char *address = simulator_address(simulator);
	g_autofree char *ca = g_strdup_printf("%s/ca.pem", folder);
	g_autofree char *result = NULL;
	struct stage stage;

	assert_true(simulator_fault(simulator, faults[row].fault, NULL));
	open_stage(&stage, &script, true);
	stage.endpoint.port = (unsigned)atoi(strrchr(address, ':') + 1);
	stage.endpoint.ca_file = ca;
	stage.endpoint.username = "user";
	stage.endpoint.password = faults[row].password;
	stage_send(&stage, make_probe(&stage));
	result = describe(stage_await(&stage, 1));
	print_message("  %s: %s\n",
	    faults[row].fault != NULL ? faults[row].fault : "well", result);
	assert_true(g_str_has_prefix(result, faults[row].expected));
	assert_int_equal(simulator_accepted(simulator), 0);
	stage_close(&stage);
}

static void
test_simulator(void **state)
{
	g_autofree char *certificate =
	    g_strdup_printf("%s/mx.test.pem", folder);
	g_autofree char *key = g_strdup_printf("%s/mx.test.key", folder);
	const struct simulator_options options = {
		.kind = "smtp",
		.listen = "127.0.0.1:0",
		.username = "user",
		.password = "secret",
		.certificate = certificate,
		.private_key = key,
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(faults); i++) {
		struct simulator *simulator = simulator_new(&options, NULL);

		assert_non_null(simulator);
		probe_simulator(simulator, i);
		simulator_free(simulator);
	}
}

static int
set_up(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	setenv("HOME", "/nonexistent", 1);
	carrier_http_start();
	carrier_relay_start();
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
		cmocka_unit_test(test_not_reached),
		cmocka_unit_test(test_among_mail),
		cmocka_unit_test(test_replies_are_changed),
		cmocka_unit_test(test_no_mail_leaves),
		cmocka_unit_test(test_simulator),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
