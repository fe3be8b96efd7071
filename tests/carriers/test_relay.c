/* SPDX-License-Identifier: MIT */
/* The SMTP carrier against servers that refuse, stall, lie and hang up. */
#include "relay_dialogue.h"

#include "carriers/resolver.h"
#include "carriers/server.h"
#include "carriers/stage.h"

#include "core/clock.h"
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <cmocka.h>

/* The certificates, made once. */
static char *folder;

#define MAIL                                                     \
	"Date: Sat, 21 Nov 2026 10:24:00 +0000\r\n"              \
	"From: a@example.com\r\nMessage-ID: <1@example.com>\r\n" \
	"Subject: hello\r\n\r\n"

static void
open_stage_with(struct stage *stage, struct peer peer)
{
	static const struct carrier_relay_options options = {
		.threads = 4,
		.session_mails = 10,
	};

	stage_open(stage, peer);
	stage->endpoint.host = "127.0.0.1";
	stage->endpoint.port = stage->peer.port;
	stage->endpoint.hostname = "client.test";
	stage->endpoint.tls = ENDPOINT_TLS_OFF;
	stage->carrier = carrier_relay_new(stage->loop, &options);
}

static void
open_stage(struct stage *stage, const struct server_script *script)
{
	open_stage_with(
	    stage, (struct peer){ .serve = server_serve, .script = script });
}

/* A server with a certificate for mx.test, which must be proved. */
static void
open_tls_stage(struct stage *stage, const struct server_script *script)
{
	open_stage_with(stage, (struct peer){
				   .serve = server_serve,
				   .script = script,
				   .tls = peer_tls(folder, "mx.test"),
				   .window = 16384,
				   .pause_ms = 20,
			       });
	stage->endpoint.tls = ENDPOINT_TLS_STARTTLS;
	stage->endpoint.host = "mx.test";
}

static struct address *
make_address(const char *text)
{
	struct address *address = g_new0(struct address, 1);

	address->text = g_strdup(text);
	address->domain = strchr(address->text, '@') + 1;
	address->local_length = (size_t)(address->domain - address->text) - 1;
	return address;
}

static struct exchange *
make_exchange_of(struct stage *stage, const char *to, struct segments *body)
{
	struct exchange *exchange =
	    exchange_new(EXCHANGE_SMTP, &stage->endpoint, "01TEST");
	g_auto(GStrv) words = g_strsplit(to, " ", 0);

	exchange->smtp.sender = make_address("sender@example.com");
	for (char **word = words; *word != NULL; word++)
		g_ptr_array_add(exchange->smtp.recipients, make_address(*word));
	exchange->body = body;
	exchange->done = stage_done;
	exchange->object = stage;
	return exchange;
}

/* A mail of at least size bytes, in lines of 64. */
static struct exchange *
make_exchange(struct stage *stage, const char *to, size_t size)
{
	struct segments *body = segments_new(NULL);
	g_autoptr(GString) text = g_string_new(MAIL);

	while (text->len < size)
		g_string_append(text, "0123456789abcdef0123456789abcdef"
				      "0123456789abcdef0123456789abcd\r\n");
	g_string_append(text, ".dot\r\n");
	segments_add(body, text->str, text->len);
	return make_exchange_of(stage, to, body);
}

static struct exchange *
carry(struct stage *stage, const char *to, size_t size)
{
	stage_send(stage, make_exchange(stage, to, size));
	return stage_await(stage, stage->ended->len + 1);
}

/* "sender rcpt,rcpt data" in codes; the greeting's when it ended there. */
static char *
describe(const struct exchange *exchange)
{
	static const char *const ends[] = { "pending", "answered", "unsent",
		"refused-tls", "lost", "unreadable" };
	const struct smtp_response *response = &exchange->smtp_response;
	GString *text = g_string_new(ends[exchange->end]);

	if (exchange->end != EXCHANGE_ANSWERED &&
	    exchange->end != EXCHANGE_LOST)
		return g_string_free(text, FALSE);
	if (response->tls_missing)
		g_string_append(text, " tls-missing");
	if (response->auth_failed)
		g_string_append(text, " auth-failed");
	if (response->greeting.code != 0)
		g_string_append_printf(
		    text, " greeting=%u", response->greeting.code);
	if (response->sender.code == 0)
		return g_string_free(text, FALSE);
	g_string_append_printf(text, " %u", response->sender.code);
	for (unsigned i = 0; i < exchange->smtp.recipients->len; i++)
		g_string_append_printf(text, "%c%u", i == 0 ? ' ' : ',',
		    response->recipients[i].code);
	g_string_append_printf(text, " %u", response->data.code);
	return g_string_free(text, FALSE);
}

/* One mail, one row: what came of it. */
struct row {
	const char *name;
	struct server_script script;
	const char *to;
	size_t size;
	const char *expected;
	const char *error; /* part of it */
	bool hasty;        /* the time limits are short */
};

#define ALL "PIPELINING CHUNKING 8BITMIME SIZE_1000000 ENHANCEDSTATUSCODES"
#define BIG (16 * 1024 * 1024)

static const struct row rows[] = {
	/* the outcome matrix */
	{ "taken", { 0 }, "b@x.test", 0, "answered 250 250 250", NULL, false },
	{ "taken, all extensions", { .features = ALL }, "b@x.test", 0,
	    "answered 250 250 250", NULL, false },
	{ "a large one", { .features = "PIPELINING" }, "b@x.test", BIG,
	    "answered 250 250 250", NULL, false },
	{ "a large one in chunks", { .features = "CHUNKING" }, "b@x.test", BIG,
	    "answered 250 250 250", NULL, false },
	{ "a large one in chunks, pipelined", { .features = ALL }, "b@x.test",
	    BIG, "answered 250 250 250", NULL, false },
	{ "451 at the dot", { .dot = "451 4.3.0 later" }, "b@x.test", 0,
	    "answered 250 250 451", NULL, false },
	{ "554 at the dot", { .dot = "554 5.6.0 no" }, "b@x.test", 0,
	    "answered 250 250 554", NULL, false },
	{ "554 at the last chunk", { .features = ALL, .dot = "554 5.6.0 no" },
	    "b@x.test", 0, "answered 250 250 554", NULL, false },
	{ "closed after the dot", { .dot = "!close" }, "b@x.test", 0,
	    "lost 250 250 0", "the whole mail had left", false },
	{ "reset after the dot", { .dot = "!reset" }, "b@x.test", 0,
	    "lost 250 250 0", "the whole mail had left", false },
	{ "silent after the dot", { .dot = "!stall" }, "b@x.test", 0,
	    "lost 250 250 0", "no reply to the end of the mail within 600 ms",
	    true },
	{ "closed after the last chunk",
	    { .features = "CHUNKING", .dot = "!close" }, "b@x.test", 0,
	    "lost 250 250 0", NULL, false },
	{ "closed after the last chunk, pipelined",
	    { .features = ALL, .dot = "!close" }, "b@x.test", 0,
	    "lost 250 250 0", NULL, false },
	{ "silent after the last chunk",
	    { .features = "CHUNKING", .dot = "!stall" }, "b@x.test", 0,
	    "lost 250 250 0", NULL, true },
	{ "silent after the last chunk, pipelined",
	    { .features = ALL, .dot = "!stall" }, "b@x.test", 0,
	    "lost 250 250 0", NULL, true },
	{ "garbage after the dot", { .dot = "what?" }, "b@x.test", 0,
	    "lost 250 250 0", NULL, false },
	{ "reset in the body", { .body = "!reset" }, "b@x.test", BIG, "unsent",
	    NULL, false },
	{ "closed in the body", { .body = "!close" }, "b@x.test", BIG, "unsent",
	    NULL, false },
	{ "reset in a chunk", { .features = ALL, .body = "!reset" }, "b@x.test",
	    BIG, "unsent", NULL, false },
	{ "the body is not taken", { .body = "!deaf" }, "b@x.test", BIG,
	    "unsent", "was not taken fast enough within 600 ms", true },
	{ "closed after the dot, one refused", { .dot = "!close" },
	    "550@x.test b@x.test", 0, "lost 250 550,250 0", NULL, false },
	{ "450 at RCPT, 250 to a lone dot", { .ready = true }, "450@x.test", 0,
	    "answered 250 450 0", NULL, false },
	{ "all refused at RCPT", { 0 }, "550@x.test 551@x.test", 0,
	    "answered 250 550,551 0", NULL, false },
	{ "all refused at RCPT, chunks", { .features = ALL },
	    "550@x.test 451@x.test", 0, "answered 250 550,451 0", NULL, false },
	{ "some refused at RCPT", { 0 }, "b@x.test 550@x.test 452@x.test", 0,
	    "answered 250 250,550,452 250", NULL, false },
	{ "some refused, pipelined", { .features = ALL },
	    "550@x.test b@x.test c@x.test", 0, "answered 250 550,250,250 250",
	    NULL, false },
	{ "MAIL refused", { .mail = "553 5.7.1 not you" }, "b@x.test", 0,
	    "answered 553 0 0", NULL, false },
	{ "421 at MAIL", { .mail = "421 4.3.2 going down" }, "b@x.test", 0,
	    "answered 421 0 0", NULL, false },
	{ "closed at MAIL", { .mail = "!close" }, "b@x.test", 0, "unsent", NULL,
	    false },
	{ "silent at MAIL", { .mail = "!stall" }, "b@x.test", 0, "unsent",
	    "no reply to a command within 600 ms", true },
	{ "closed at MAIL, three recipients",
	    { .features = ALL, .mail = "!close" }, "b@x.test c@x.test d@x.test",
	    0, "unsent", NULL, false },
	{ "421 at RCPT", { .features = ALL, .rcpt = "421 4.3.2 going down" },
	    "b@x.test c@x.test d@x.test", 0, "unsent", NULL, false },
	{ "closed at RCPT", { .features = ALL, .rcpt = "!close" },
	    "b@x.test c@x.test d@x.test", 0, "unsent", NULL, false },
	{ "reset between RCPTs", { .features = ALL, .rcpt = "!reset" },
	    "b@x.test c@x.test d@x.test", 0, "unsent", NULL, false },
	{ "reset at DATA", { .features = "PIPELINING", .data = "!reset" },
	    "b@x.test c@x.test d@x.test", 0, "unsent", NULL, false },
	{ "452 at DATA", { .data = "452 4.3.1 full" }, "b@x.test", 0,
	    "answered 250 250 452", NULL, false },
	{ "closed at DATA", { .data = "!close" }, "b@x.test", 0, "unsent", NULL,
	    false },
	{ "silent at DATA", { .data = "!stall" }, "b@x.test", 0, "unsent", NULL,
	    true },
	{ "taken, and no answer to QUIT", { .last = "!stall" }, "b@x.test", 0,
	    "answered 250 250 250", NULL, true },

	/* before the first MAIL */
	{ "421 for a greeting", { .greeting = "421 4.3.2 busy" }, "b@x.test", 0,
	    "answered greeting=421", NULL, false },
	{ "554 for a greeting", { .greeting = "554 go away" }, "b@x.test", 0,
	    "answered greeting=554", NULL, false },
	{ "554 for a greeting, and no answer to QUIT",
	    { .greeting = "554 go away", .last = "!stall" }, "b@x.test", 0,
	    "answered greeting=554", NULL, true },
	{ "closed before the greeting", { .greeting = "!close" }, "b@x.test", 0,
	    "unsent", NULL, false },
	{ "no greeting", { .greeting = "!stall" }, "b@x.test", 0, "unsent",
	    "no greeting within 600 ms", true },
	{ "a greeting that is none", { .greeting = "SSH-2.0-OpenSSH_9.2" },
	    "b@x.test", 0, "unsent", NULL, false },
	{ "451 to EHLO", { .ehlo = "451 4.3.0 later" }, "b@x.test", 0,
	    "answered greeting=451", NULL, false },
	{ "550 to EHLO", { .ehlo = "550 no" }, "b@x.test", 0,
	    "answered greeting=550", NULL, false },
	{ "silent at EHLO", { .ehlo = "!stall" }, "b@x.test", 0, "unsent",
	    "no reply to a command within 600 ms", true },
};

static void
hurry(struct stage *stage)
{
	stage->endpoint.answer_ms = 600;
	stage->endpoint.upload_window_ms = 600;
	stage->endpoint.connect_ms = 600;
}

static void
check_row(struct stage *stage, const struct row *row)
{
	struct exchange *exchange = carry(stage, row->to, row->size);
	g_autofree char *result = describe(exchange);

	if (strcmp(result, row->expected) != 0)
		print_error("%s: %s\n", row->name,
		    exchange->error != NULL ? exchange->error : "-");
	assert_string_equal(result, row->expected);
	assert_true(
	    (exchange->error == NULL) == (exchange->end == EXCHANGE_ANSWERED));
	if (row->error != NULL && strstr(exchange->error, row->error) == NULL)
		fail_msg("%s: %s", row->name, exchange->error);
	assert_true(exchange->duration_ms >= 0);
	assert_false(exchange->unreached);
	assert_int_equal(exchange->timed_out,
	    row->hasty && exchange->end != EXCHANGE_ANSWERED);
	if (exchange->end == EXCHANGE_LOST)
		assert_int_equal(
		    exchange->sent_bytes, segments_size(exchange->body));
}

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct stage stage;

		open_stage(&stage, &rows[i].script);
		if (rows[i].hasty)
			hurry(&stage);
		print_message("  %s\n", rows[i].name);
		check_row(&stage, &rows[i]);
		stage_close(&stage);
	}
}

static void
test_replies_are_read_whole(void **state)
{
	static const struct server_script script = {
		.features = "ENHANCEDSTATUSCODES",
		.mail = "250 2.1.0 fine",
		.dot = "554-5.7.1 first line\r\n554 5.7.1 second line",
	};
	struct stage stage;
	struct exchange *exchange;
	const struct smtp_response *response;

	(void)state;
	open_stage(&stage, &script);
	exchange = carry(&stage, "b@x.test 550@x.test", 0);
	response = &exchange->smtp_response;
	assert_string_equal(response->sender.enhanced, "2.1.0");
	assert_string_equal(response->sender.text, "fine");
	assert_string_equal(response->recipients[1].enhanced, "5.1.1");
	assert_string_equal(response->recipients[1].text, "not this one");
	assert_int_equal(response->data.code, 554);
	assert_string_equal(response->data.enhanced, "5.7.1");
	assert_non_null(strstr(response->data.text, "first line"));
	assert_non_null(strstr(response->data.text, "second line"));
	assert_null(strchr(response->data.text, '\r'));
	stage_close(&stage);
}

static void
test_mail_as_written(void **state)
{
	static const struct server_script script = { .features = "SIZE_99" };
	struct stage stage;
	struct exchange *exchange;
	g_autofree char *size = NULL;

	(void)state;
	open_stage(&stage, &script);
	exchange = carry(&stage, "b@x.test c@y.test", 0);
	size = g_strdup_printf("MAIL FROM:<sender@example.com> SIZE=%d",
	    (int)segments_size(exchange->body));
	assert_true(peer_heard(&stage.peer, "EHLO client.test"));
	assert_true(peer_heard(&stage.peer, size));
	assert_true(peer_heard(&stage.peer, "RCPT TO:<b@x.test>"));
	assert_true(peer_heard(&stage.peer, "RCPT TO:<c@y.test>"));
	assert_true(peer_heard(&stage.peer, MAIL ".dot\r\n"));
	assert_int_equal(
	    atomic_load(&stage.peer.received), segments_size(exchange->body));
	while (!peer_heard(&stage.peer, "QUIT"))
		stage_pass(&stage, 5);
	stage_close(&stage);
}

static void
test_null_sender(void **state)
{
	static const struct server_script script = { 0 };
	struct stage stage;
	struct exchange *exchange;

	(void)state;
	open_stage(&stage, &script);
	exchange = make_exchange(&stage, "b@x.test", 0);
	g_clear_pointer(&exchange->smtp.sender, address_free);
	stage_send(&stage, exchange);
	stage_await(&stage, 1);
	assert_int_equal(exchange->end, EXCHANGE_ANSWERED);
	assert_true(peer_heard(&stage.peer, "MAIL FROM:<>\n"));
	stage_close(&stage);
}

/* 8BITMIME is asked for when it is offered, and done without when not: the
 * mail must not be held up; the second time the server is known. */
static void
check_eightbit(const char *features, bool offered)
{
	const struct server_script script = { .features = features };
	struct stage stage;

	open_stage(&stage, &script);
	for (unsigned i = 0; i < 2; i++) {
		struct exchange *exchange =
		    make_exchange(&stage, "b@x.test", 0);

		exchange->smtp.eightbit = true;
		exchange->smtp.seven = segments_new(NULL);
		segments_printf(exchange->smtp.seven, MAIL "seven\r\n");
		stage_send(&stage, exchange);
		stage_await(&stage, i + 1);
		assert_int_equal(exchange->smtp.seven == NULL, !offered);
		assert_int_equal(exchange->end, EXCHANGE_ANSWERED);
		assert_int_equal(exchange->smtp_response.data.code, 250);
		stage_pass(&stage, 50); /* it is learned after QUIT */
	}
	assert_int_equal(atomic_load(&stage.peer.requests), 2);
	assert_int_equal(
	    peer_count(&stage.peer, "BODY=8BITMIME"), offered ? 2 : 0);
	assert_int_equal(atomic_load(&stage.peer.connections), offered ? 2 : 3);
	stage_close(&stage);
}

static void
test_eightbit(void **state)
{
	(void)state;
	check_eightbit("PIPELINING 8BITMIME", true);
	check_eightbit("PIPELINING", false);
}

/* What a sender wishes to be told, as the server hears it. */
static const struct wish_row {
	const char *name, *features;
	const char *envid;
	enum envelope_return returned;
	unsigned notify;
	const char *original;
	const char *mail, *rcpt; /* NULL: none of it is said */
	bool notifies;
} wish_rows[] = {
	{ "all of it", "PIPELINING DSN", "Q 1+", ENVELOPE_RETURN_FULL,
	    ENVELOPE_NOTIFY_SUCCESS | ENVELOPE_NOTIFY_DELAY, "rfc822;B=@x",
	    " RET=FULL ENVID=Q+201+2B",
	    "RCPT TO:<b@x.test> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;B+3D@x",
	    true },
	{ "never", "DSN", NULL, ENVELOPE_RETURN_UNSAID, ENVELOPE_NOTIFY_NEVER,
	    NULL, NULL, "RCPT TO:<b@x.test> NOTIFY=NEVER", true },
	{ "headers", "DSN", NULL, ENVELOPE_RETURN_HEADERS,
	    ENVELOPE_NOTIFY_UNSAID, NULL, " RET=HDRS", NULL, true },
	{ "a server without it", "PIPELINING", "Q1", ENVELOPE_RETURN_FULL,
	    ENVELOPE_NOTIFY_SUCCESS, "rfc822;b@x", NULL, NULL, false },
	{ "longer than libESMTP can say", "DSN", "Q1", ENVELOPE_RETURN_FULL,
	    ENVELOPE_NOTIFY_SUCCESS,
	    "rfc822;+++++++++++++++++++++++++++++++++++++++++++++++++++++++++"
	    "++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++@x",
	    NULL, NULL, false },
};

static void
clear_wish(void *wish)
{
	g_free(((struct envelope_wish *)wish)->original);
}

static void
add_wishes(struct exchange *exchange, const struct wish_row *row)
{
	struct smtp_request *request = &exchange->smtp;
	struct envelope_wish wish = { row->notify, g_strdup(row->original) };

	request->wishes = g_array_new(FALSE, FALSE, sizeof wish);
	g_array_set_clear_func(request->wishes, clear_wish);
	g_array_append_val(request->wishes, wish);
	request->envid = g_strdup(row->envid);
	request->returned = row->returned;
}

static void
check_heard(struct stage *stage, const char *text, const char *unless)
{
	if (text != NULL)
		assert_int_equal(peer_count(&stage->peer, text), 1);
	else
		assert_int_equal(peer_count(&stage->peer, unless), 0);
}

static void
test_wishes(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(wish_rows); i++) {
		const struct wish_row *row = &wish_rows[i];
		const struct server_script script = { .features =
							  row->features };
		struct exchange *exchange;
		struct stage stage;

		print_message("  %s\n", row->name);
		open_stage(&stage, &script);
		exchange = make_exchange(&stage, "b@x.test", 0);
		add_wishes(exchange, row);
		stage_send(&stage, exchange);
		stage_await(&stage, 1);
		assert_int_equal(exchange->end, EXCHANGE_ANSWERED);
		assert_int_equal(exchange->smtp_response.data.code, 250);
		assert_int_equal(
		    exchange->smtp_response.notifies, row->notifies);
		check_heard(&stage, row->mail, " RET=");
		check_heard(&stage, row->rcpt, " NOTIFY=");
		assert_int_equal(atomic_load(&stage.peer.connections), 1);
		stage_close(&stage);
	}
}

/* What must not leave by SMTP. */
static const struct body_row {
	const char *name;
	const char *body;
	size_t length;
	bool fine;
} body_rows[] = {
	{ "lines and dots", "a\r\n.\r\n..\r\nb\r\n", 0, true },
	{ "no end of the last line", "a", 0, true },
	{ "a lone LF", "a\n.\r\nMAIL FROM:<x@y>\r\n", 0, false },
	{ "a lone CR", "a\r.\r\n", 0, false },
	{ "LF CR", "a\n\r.\r\n", 0, false },
	{ "two CR", "a\r\r\n", 0, false },
	{ "a CR at the end", "a\r", 0, false },
	{ "a NUL", "a\0b\r\n", 5, false },
};

static void
check_body_row(const struct body_row *row, const char *features)
{
	const struct server_script script = { .features = features };
	struct stage stage;
	struct exchange *exchange;
	struct segments *body = segments_new(NULL);
	size_t length = row->length != 0 ? row->length : strlen(row->body);

	open_stage(&stage, &script);
	segments_add(body, MAIL, strlen(MAIL));
	segments_add(body, row->body, length);
	exchange = make_exchange_of(&stage, "b@x.test", body);
	stage_send(&stage, exchange);
	stage_await(&stage, 1);
	print_message("  %s: %s\n", row->name,
	    exchange->error != NULL ? exchange->error : "-");
	assert_int_equal(
	    exchange->end, row->fine ? EXCHANGE_ANSWERED : EXCHANGE_UNREADABLE);
	stage.carrier.free(stage.carrier.self);
	stage.carrier = carrier_http_new(stage.loop);
	assert_int_equal(atomic_load(&stage.peer.requests), row->fine ? 1 : 0);
	stage_close(&stage);
}

static void
test_bodies(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(body_rows); i++) {
		check_body_row(&body_rows[i], "");
		check_body_row(&body_rows[i], ALL);
	}
}

/* Several mails in one session. */

static void
send_many(struct stage *stage, unsigned count, const char *to)
{
	for (unsigned i = 0; i < count; i++)
		stage_send(stage, make_exchange(stage, to, 0));
}

/* One thread: the first starts at once, the rest shares a session. */
static void
open_narrow_stage(struct stage *stage, const struct server_script *script)
{
	open_stage(stage, script);
	stage->endpoint.connections = 1;
}

static void
test_mails_share_a_session(void **state)
{
	static const struct server_script script = { .features = ALL };
	struct stage stage;

	(void)state;
	open_narrow_stage(&stage, &script);
	send_many(&stage, 24, "b@x.test");
	stage_await(&stage, 24);
	for (unsigned i = 0; i < 24; i++) {
		struct exchange *exchange = g_ptr_array_index(stage.ended, i);
		g_autofree char *result = describe(exchange);

		assert_string_equal(result, "answered 250 250 250");
	}
	assert_int_equal(atomic_load(&stage.peer.requests), 24);
	assert_int_equal(atomic_load(&stage.peer.connections), 4);
	/* the peer may not have seen the last one go */
	assert_true(atomic_load(&stage.peer.most_open) <= 2);
	stage_close(&stage);
}

/* The 2nd of a session fails in some way; the 1st and the 3rd have their own
 * results, whatever came of it. */
static const struct session_row {
	const char *name;
	struct server_script script;
	const char *expected[3];
} session_rows[] = {
	{ "554 at its dot", { .dot = "554 5.6.0 no", .only = 2 },
	    { "answered 250 250 250", "answered 250 250 554",
		"answered 250 250 250" } },
	{ "554 at its last chunk",
	    { .features = ALL, .dot = "554 5.6.0 no", .only = 2 },
	    { "answered 250 250 250", "answered 250 250 554",
		"answered 250 250 250" } },
	{ "452 at its DATA", { .data = "452 4.3.1 full", .only = 2 },
	    { "answered 250 250 250", "answered 250 250 452",
		"answered 250 250 250" } },
	{ "its MAIL is refused", { .mail = "550 5.7.1 no", .only = 2 },
	    { "answered 250 250 250", "answered 550 0 0",
		"answered 250 250 250" } },
	{ "closed after its dot", { .dot = "!close", .only = 2 },
	    { "answered 250 250 250", "lost 250 250 0", "unsent" } },
	{ "closed after its last chunk",
	    { .features = ALL, .dot = "!close", .only = 2 },
	    { "answered 250 250 250", "lost 250 250 0", "unsent" } },
	{ "closed at its MAIL", { .mail = "!close", .only = 2 },
	    { "answered 250 250 250", "unsent", "unsent" } },
	{ "silent after its dot", { .dot = "!stall", .only = 2 },
	    { "answered 250 250 250", "lost 250 250 0", "unsent" } },
};

/* A first mail occupies the one connection while three more are sent. */
static void
check_session_row(const struct session_row *row)
{
	struct stage stage;
	struct exchange *exchanges[3];

	open_narrow_stage(&stage, &row->script);
	stage.endpoint.answer_ms = 500;
	stage_send(&stage, make_exchange(&stage, "b@x.test", 0));
	for (unsigned i = 0; i < 3; i++) {
		exchanges[i] = make_exchange(&stage, "b@x.test", 0);
		stage_send(&stage, exchanges[i]);
	}
	stage_await(&stage, 4);
	for (unsigned i = 0; i < 3; i++) {
		g_autofree char *result = describe(exchanges[i]);

		if (strcmp(result, row->expected[i]) != 0)
			print_error("%s, mail %u: %s\n", row->name, i + 1,
			    exchanges[i]->error);
		assert_string_equal(result, row->expected[i]);
	}
	assert_int_equal(atomic_load(&stage.peer.connections), 2);
	stage_close(&stage);
}

static void
test_mail_in_the_middle_fails(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(session_rows); i++) {
		print_message("  %s\n", session_rows[i].name);
		check_session_row(&session_rows[i]);
	}
}

/* A mail that cannot be read ends the connection, and so the session. */
static void
test_unreadable_in_the_middle(void **state)
{
	static const struct server_script script = { 0 };
	struct stage stage;
	struct exchange *exchanges[3];
	struct segments *body = segments_new(NULL);

	(void)state;
	open_narrow_stage(&stage, &script);
	segments_add_text(body, MAIL "lone\nLF\r\n");
	stage_send(&stage, make_exchange(&stage, "b@x.test", 0));
	exchanges[0] = make_exchange(&stage, "b@x.test", 0);
	exchanges[1] = make_exchange_of(&stage, "b@x.test", body);
	exchanges[2] = make_exchange(&stage, "b@x.test", 0);
	for (unsigned i = 0; i < 3; i++)
		stage_send(&stage, exchanges[i]);
	stage_await(&stage, 4);
	assert_int_equal(exchanges[0]->end, EXCHANGE_ANSWERED);
	assert_int_equal(exchanges[1]->end, EXCHANGE_UNREADABLE);
	assert_int_equal(exchanges[2]->end, EXCHANGE_UNSENT);
	stage_close(&stage);
}

/* The results come one by one, not with the end of the session. */
static void
test_result_does_not_wait_for_the_session(void **state)
{
	static const struct server_script script = { .dot = "!stall",
		.only = 2 };
	struct stage stage;
	struct exchange *first;

	(void)state;
	open_narrow_stage(&stage, &script);
	send_many(&stage, 1, "b@x.test");
	first = make_exchange(&stage, "b@x.test", 0);
	stage_send(&stage, first);
	send_many(&stage, 1, "b@x.test");
	stage_await(&stage, 2);
	assert_ptr_equal(g_ptr_array_index(stage.ended, 1), first);
	assert_int_equal(first->end, EXCHANGE_ANSWERED);
	while (atomic_load(&stage.peer.requests) < 3)
		stage_pass(&stage, 5);
	stage.carrier.abort(stage.carrier.self, NULL);
	assert_int_equal(stage_await(&stage, 3)->end, EXCHANGE_LOST);
	stage_close(&stage);
}

static void
test_connections_are_bounded(void **state)
{
	static const struct server_script script = { 0 };
	struct stage stage;

	(void)state;
	open_stage(&stage, &script);
	stage.endpoint.connections = 2;
	send_many(&stage, 50, "b@x.test");
	stage_await(&stage, 50);
	assert_int_equal(atomic_load(&stage.peer.requests), 50);
	assert_true(atomic_load(&stage.peer.most_open) <= 3);
	stage_close(&stage);
}

/* Time */

static void
test_deadlines(void **state)
{
	static const struct server_script script = { .dot = "!stall" };
	struct stage stage;
	struct exchange *exchanges[4];
	int64_t now = clock_monotonic_ms();

	(void)state;
	open_narrow_stage(&stage, &script);
	for (unsigned i = 0; i < 4; i++)
		exchanges[i] = make_exchange(&stage, "b@x.test", 0);
	exchanges[0]->deadline_ms = now + 400;
	exchanges[1]->deadline_ms = now + 200;
	exchanges[2]->deadline_ms = now + 800;
	exchanges[3]->deadline_ms = now + 600;
	for (unsigned i = 0; i < 4; i++)
		stage_send(&stage, exchanges[i]);
	stage_await(&stage, 4);
	/* under way; waiting for a connection; under way in the second
	 * session; waiting in it for its turn */
	assert_int_equal(exchanges[0]->end, EXCHANGE_LOST);
	assert_int_equal(exchanges[1]->end, EXCHANGE_UNSENT);
	assert_int_equal(exchanges[2]->end, EXCHANGE_LOST);
	assert_int_equal(exchanges[3]->end, EXCHANGE_UNSENT);
	assert_ptr_equal(g_ptr_array_index(stage.ended, 0), exchanges[1]);
	assert_ptr_equal(g_ptr_array_index(stage.ended, 2), exchanges[3]);
	assert_non_null(strstr(exchanges[2]->error, "deadline"));
	assert_non_null(strstr(exchanges[3]->error, "deadline"));
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(exchanges[i]->timed_out, i % 2 == 0);
		assert_false(exchanges[i]->unreached);
	}
	stage_close(&stage);
}

/* The thread hangs in getaddrinfo(); its mails do not. */
static void
test_name_that_hangs(void **state)
{
	static const struct server_script script = { 0 };
	struct stage stage;
	struct exchange *exchange;

	(void)state;
	open_stage(&stage, &script);
	stage.endpoint.host = "hang.test";
	stage.endpoint.resolve_ms = 100;
	exchange = carry(&stage, "b@x.test", 0);
	assert_int_equal(exchange->end, EXCHANGE_UNSENT);
	assert_non_null(strstr(exchange->error, "not resolved within 100"));
	assert_true(exchange->unreached && exchange->timed_out);
	stage.endpoint.host = "127.0.0.1";
	assert_int_equal(carry(&stage, "b@x.test", 0)->end, EXCHANGE_ANSWERED);
	resolver_release();
	stage_close(&stage);
}

static void
test_not_reached(void **state)
{
	static const char *const hosts[] = { "nobody.invalid", "again.test",
		"six.test", "many.test" };
	static const struct server_script script = { 0 };
	struct stage stage;
	struct exchange *exchange;

	(void)state;
	open_stage(&stage, &script);
	stage.endpoint.port = peer_closed_port();
	exchange = carry(&stage, "b@x.test", 0);
	assert_int_equal(exchange->end, EXCHANGE_UNSENT);
	assert_non_null(strstr(exchange->error, "Connection refused"));
	assert_true(exchange->unreached && !exchange->timed_out);
	for (size_t i = 0; i < G_N_ELEMENTS(hosts); i++) {
		stage.endpoint.host = hosts[i];
		exchange = carry(&stage, "b@x.test", 0);
		assert_int_equal(exchange->end, EXCHANGE_UNSENT);
		print_message("  %s\n", exchange->error);
		assert_true(exchange->unreached && !exchange->timed_out);
	}
	stage.endpoint.host = "many.test";
	stage.endpoint.port = stage.peer.port;
	assert_int_equal(carry(&stage, "b@x.test", 0)->end, EXCHANGE_ANSWERED);
	stage_close(&stage);
}

/* The backlog is full: SYNs are dropped. */
static void
test_black_hole(void **state)
{
	static const struct server_script script = { 0 };
	struct stage stage;
	struct exchange *exchange;
	struct sockaddr_in address = { .sin_family = AF_INET };
	unsigned port;
	int hole = peer_listen(0, &port), fill[4];
	int64_t begun = clock_monotonic_ms();

	(void)state;
	open_stage(&stage, &script);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	address.sin_port = htons((uint16_t)port);
	for (size_t i = 0; i < G_N_ELEMENTS(fill); i++) {
		fill[i] = socket(
		    AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		connect(fill[i], (struct sockaddr *)&address, sizeof address);
	}
	stage.endpoint.port = port;
	stage.endpoint.connect_ms = 200;
	exchange = carry(&stage, "b@x.test", 0);
	assert_int_equal(exchange->end, EXCHANGE_UNSENT);
	assert_non_null(strstr(exchange->error, "timed out"));
	assert_true(exchange->unreached && exchange->timed_out);
	/* and one that is aborted meanwhile */
	stage.endpoint.connect_ms = 60000;
	exchange = make_exchange(&stage, "b@x.test", 0);
	stage_send(&stage, exchange);
	stage_pass(&stage, 50);
	stage.carrier.abort(stage.carrier.self, NULL);
	stage_await(&stage, 2);
	assert_int_equal(exchange->end, EXCHANGE_UNSENT);
	assert_false(exchange->unreached || exchange->timed_out);
	for (size_t i = 0; i < G_N_ELEMENTS(fill); i++)
		close(fill[i]);
	close(hole);
	stage_close(&stage);
	assert_true(clock_monotonic_ms() - begun < 10000);
}

static void
test_abort(void **state)
{
	static const struct server_script script = { .dot = "!stall" };
	struct stage stage;

	(void)state;
	open_stage(&stage, &script);
	stage.endpoint.connections = 2;
	send_many(&stage, 5, "b@x.test");
	stage_pass(&stage, 200);
	assert_int_equal(stage.ended->len, 0);
	stage.carrier.abort(stage.carrier.self, NULL);
	stage_await(&stage, 5);
	for (unsigned i = 0; i < 5; i++) {
		const struct exchange *exchange =
		    g_ptr_array_index(stage.ended, i);

		assert_int_equal(exchange->end,
		    exchange->sent_bytes > 0 ? EXCHANGE_LOST : EXCHANGE_UNSENT);
		assert_non_null(strstr(exchange->error, "stopping"));
		assert_false(exchange->unreached || exchange->timed_out);
	}
	assert_int_equal(atomic_load(&stage.peer.requests), 2);
	stage_close(&stage);
}

/* What goes elsewhere goes on, and what waits for its turn there. */
static void
test_abort_one(void **state)
{
	static const struct server_script script = { .dot = "!stall" };
	struct stage stage;
	struct endpoint other;
	struct exchange *exchanges[4];

	(void)state;
	open_stage(&stage, &script);
	stage.endpoint.connections = 1;
	other = stage.endpoint;
	for (int i = 0; i < 4; i++) {
		exchanges[i] = make_exchange(&stage, "b@x.test", 0);
		if (i >= 2)
			exchanges[i]->endpoint = &other;
		stage_send(&stage, exchanges[i]);
	}
	stage_pass(&stage, 200);
	stage.carrier.abort(stage.carrier.self, &other);
	stage_await(&stage, 2);
	for (int i = 0; i < 4; i++)
		assert_int_equal(exchanges[i]->end == EXCHANGE_PENDING, i < 2);
	stage.carrier.abort(stage.carrier.self, &stage.endpoint);
	stage_await(&stage, 4);
	stage_close(&stage);
}

/* What libESMTP must not be given. */

static void
test_address_that_cannot_be_sent(void **state)
{
	static const char *const wrong[] = { "a\r\nDATA@x.test", "a>b@x.test",
		"<a@x.test", "%" };
	static const struct server_script script = { 0 };
	g_autofree char *local = g_strnfill(250, 'l');
	g_autofree char *longest = g_strconcat(local, "@x.test", NULL);
	struct stage stage;

	(void)state;
	open_stage(&stage, &script);
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		const char *text = wrong[i][0] == '%' ? longest : wrong[i];
		struct exchange *exchange =
		    make_exchange(&stage, "b@x.test", 0);

		g_ptr_array_add(exchange->smtp.recipients, make_address(text));
		stage_send(&stage, exchange);
		assert_int_equal(stage.ended->len, 2 * i);
		stage_await(&stage, (unsigned)(2 * i + 1));
		assert_int_equal(exchange->end, EXCHANGE_UNREADABLE);
		exchange = make_exchange(&stage, "b@x.test", 0);
		address_free(exchange->smtp.sender);
		exchange->smtp.sender = make_address(text);
		stage_send(&stage, exchange);
		stage_await(&stage, (unsigned)(2 * i + 2));
		assert_int_equal(exchange->end, EXCHANGE_UNREADABLE);
	}
	assert_int_equal(atomic_load(&stage.peer.connections), 0);
	stage_close(&stage);
}

static void
test_endpoint_that_cannot_be_used(void **state)
{
	static const struct server_script script = { 0 };
	g_autofree char *password = g_strnfill(256, 'p');
	struct stage stage;

	(void)state;
	open_stage(&stage, &script);
	stage.endpoint.username = "user";
	stage.endpoint.password = password;
	assert_int_equal(carry(&stage, "b@x.test", 0)->end, EXCHANGE_UNSENT);
	stage.endpoint.password = "secret";
	stage.endpoint.host = "::1";
	assert_int_equal(carry(&stage, "b@x.test", 0)->end, EXCHANGE_UNSENT);
	assert_int_equal(atomic_load(&stage.peer.connections), 0);
	stage_close(&stage);
}

/* AUTH */

static const struct auth_row {
	const char *name;
	struct server_script script;
	const char *expected;
	const char *heard; /* by the server */
} auth_rows[] = {
	{ "PLAIN", { .features = "AUTH_PLAIN_LOGIN" }, "answered 250 250 250",
	    "AUTH PLAIN AHVzZXIAc2VjcmV0" },
	{ "LOGIN", { .features = "AUTH_LOGIN" }, "answered 250 250 250",
	    "c2VjcmV0" },
	{ "behind others", { .features = "AUTH_NTLM_CRAM-MD5_GSSAPI_PLAIN" },
	    "answered 250 250 250", "AUTH PLAIN" },
	{ "refused",
	    { .features = "AUTH_PLAIN", .auth = "535 5.7.8 no such user" },
	    "answered auth-failed greeting=535", "AUTH PLAIN" },
	{ "refused by each",
	    { .features = "AUTH_PLAIN_LOGIN", .auth = "535 5.7.8 no" },
	    "answered auth-failed greeting=535", "AUTH LOGIN" },
	{ "too weak", { .features = "AUTH_PLAIN", .auth = "534 5.7.9 weak" },
	    "answered auth-failed greeting=534", "AUTH PLAIN" },
	{ "not now", { .features = "AUTH_PLAIN", .auth = "454 4.7.0 later" },
	    "answered greeting=454", "AUTH PLAIN" },
	{ "no AUTH", { .features = "SIZE" }, "answered auth-failed", NULL },
	{ "none that we use", { .features = "AUTH_NTLM_CRAM-MD5" },
	    "answered auth-failed", NULL },
	{ "closed", { .features = "AUTH_PLAIN", .auth = "!close" }, "unsent",
	    "AUTH PLAIN" },
};

static void
test_auth(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(auth_rows); i++) {
		const struct auth_row *row = &auth_rows[i];
		struct stage stage;
		struct exchange *exchange;
		g_autofree char *result = NULL;
		bool through = strstr(row->expected, "250") != NULL;

		print_message("  %s\n", row->name);
		open_stage(&stage, &row->script);
		stage.endpoint.username = "user";
		stage.endpoint.password = "secret";
		exchange = carry(&stage, "b@x.test", 0);
		result = describe(exchange);
		assert_string_equal(result, row->expected);
		if (row->heard != NULL)
			assert_true(peer_heard(&stage.peer, row->heard));
		assert_false(peer_heard(&stage.peer, "NTLM"));
		assert_false(peer_heard(&stage.peer, "CRAM"));
		assert_int_equal(peer_heard(&stage.peer, "MAIL FROM"), through);
		stage_close(&stage);
	}
}

/* STARTTLS */

static const struct tls_row {
	const char *name;
	struct server_script script;
	const char *host;
	const char *ca;
	const char *expected;
} tls_rows[] = {
	{ "all is well", { .features = "STARTTLS " ALL }, "mx.test", "ca.pem",
	    "answered 250 250 250" },
	{ "without extensions", { .features = "STARTTLS" }, "mx.test", "ca.pem",
	    "answered 250 250 250" },
	{ "in chunks", { .features = "STARTTLS CHUNKING" }, "mx.test", "ca.pem",
	    "answered 250 250 250" },
	{ "a wrong name", { .features = "STARTTLS" }, "other.test", "ca.pem",
	    "refused-tls" },
	{ "an IP address that is not in it", { .features = "STARTTLS" },
	    "127.0.0.1", "ca.pem", "refused-tls" },
	{ "an unknown authority", { .features = "STARTTLS" }, "mx.test",
	    "other-ca.pem", "refused-tls" },
	{ "the system's authorities", { .features = "STARTTLS" }, "mx.test",
	    NULL, "refused-tls" },
	{ "a CA file that is not there", { .features = "STARTTLS" }, "mx.test",
	    "none.pem", "refused-tls" },
	{ "not offered", { .features = "SIZE" }, "mx.test", "ca.pem",
	    "answered tls-missing" },
	{ "EHLO not known", { .ehlo = "502 what" }, "mx.test", "ca.pem",
	    "answered greeting=502" },
	{ "454 to STARTTLS",
	    { .features = "STARTTLS", .starttls = "454 4.7.0 later" },
	    "mx.test", "ca.pem", "answered greeting=454" },
	{ "replies slipped in",
	    { .features = "STARTTLS",
		.starttls = "220 go\r\n250-x\r\n250 AUTH LOGIN" },
	    "mx.test", "ca.pem", "refused-tls" },
	{ "one reply slipped in",
	    { .features = "STARTTLS", .starttls = "220 go\r\n250 x" },
	    "mx.test", "ca.pem", "refused-tls" },
	{ "slipped in before",
	    { .features = "STARTTLS",
		.ehlo = "250-x\r\n250 STARTTLS\r\n220 go\r\n250 x" },
	    "mx.test", "ca.pem", "refused-tls" },
	{ "hangs up instead of a handshake",
	    { .features = "STARTTLS", .starttls = "!close" }, "mx.test",
	    "ca.pem", "unsent" },
	{ "no handshake", { .features = "STARTTLS", .starttls = "!stall" },
	    "mx.test", "ca.pem", "unsent" },
};

static void
check_tls_row(const struct tls_row *row)
{
	struct stage stage;
	struct exchange *exchange;
	g_autofree char *ca = g_strdup_printf("%s/%s", folder, row->ca);
	g_autofree char *result = NULL;
	bool through = strstr(row->expected, "250") != NULL;

	open_tls_stage(&stage, &row->script);
	stage.endpoint.ca_file = row->ca != NULL ? ca : NULL;
	stage.endpoint.host = row->host;
	stage.endpoint.username = "user";
	stage.endpoint.password = "secret";
	if (through) {
		stage.endpoint.username = NULL;
		stage.endpoint.password = NULL;
	}
	if (strcmp(row->expected, "unsent") == 0)
		stage.endpoint.answer_ms = 600;
	exchange = carry(&stage, "b@x.test", 0);
	result = describe(exchange);
	print_message("  %s: %s\n", row->name,
	    exchange->error != NULL ? exchange->error : "-");
	assert_string_equal(result, row->expected);
	assert_false(exchange->unreached);
	assert_int_equal(peer_heard(&stage.peer, "MAIL FROM"), through);
	assert_false(peer_heard(&stage.peer, "AUTH "));
	if (through) {
		exchange = carry(&stage, "b@x.test", BIG);
		assert_int_equal(exchange->end, EXCHANGE_ANSWERED);
		assert_int_equal(exchange->smtp_response.data.code, 250);
	}
	stage_close(&stage);
}

static void
test_tls(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(tls_rows); i++)
		check_tls_row(&tls_rows[i]);
}

/* However its lines arrive, libESMTP must not read PIPELINING in them. */
static void
test_pipelining_is_hidden(void **state)
{
	static const char hello[] = "250-peer\r\n250-Pipelining\r\n"
				    "250-SIZE 99\r\n250 PIPELINING\r\n";
	static const char masked[] = "250-peer\r\n250-PipelininX\r\n"
				     "250-SIZE 99\r\n250 PIPELININX\r\n";

	(void)state;
	for (size_t size = 1; size <= strlen(hello); size++) {
		struct relay_dialogue dialogue = { 0 };
		g_autofree char *bytes = g_strdup(hello);
		size_t some;

		relay_dialogue_open(&dialogue, false);
		assert_true(relay_dialogue_say(&dialogue, "EHLO x\r\n", 8));
		for (size_t at = 0; at < strlen(hello); at += some) {
			some = MIN(size, strlen(hello) - at);
			assert_true(
			    relay_dialogue_hear(&dialogue, bytes + at, some));
		}
		assert_string_equal(bytes, masked);
		relay_dialogue_close(&dialogue);
	}
}

static char *server_name; /* of the last handshake */
static pthread_mutex_t naming = PTHREAD_MUTEX_INITIALIZER;

static int
on_server_name(SSL *ssl, int *alert, void *object)
{
	(void)alert;
	(void)object;
	pthread_mutex_lock(&naming);
	g_free(server_name);
	server_name =
	    g_strdup(SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));
	pthread_mutex_unlock(&naming);
	return SSL_TLSEXT_ERR_OK;
}

/* Many sessions over one context, with the name that was configured. */
static void
test_tls_sessions(void **state)
{
	static const struct server_script script = {
		.features = "STARTTLS AUTH_PLAIN " ALL
	};
	struct stage stage;
	g_autofree char *ca = g_strdup_printf("%s/ca.pem", folder);

	(void)state;
	open_tls_stage(&stage, &script);
	SSL_CTX_set_tlsext_servername_callback(stage.peer.tls, on_server_name);
	stage.endpoint.ca_file = ca;
	stage.endpoint.username = "user";
	stage.endpoint.password = "secret";
	stage.endpoint.connections = 1;
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(
		    carry(&stage, "b@x.test", 5000)->end, EXCHANGE_ANSWERED);
	stage.endpoint.connections = 4;
	send_many(&stage, 60, "b@x.test");
	stage_await(&stage, 65);
	assert_int_equal(atomic_load(&stage.peer.requests), 65);
	stage_close(&stage);
	pthread_mutex_lock(&naming);
	assert_string_equal(server_name, "mx.test");
	g_clear_pointer(&server_name, g_free);
	pthread_mutex_unlock(&naming);
}

/* The CA file is read again when it was replaced. */
static void
test_ca_file_is_replaced(void **state)
{
	static const struct server_script script = { .features = "STARTTLS" };
	struct stage stage;
	g_autofree char *ca = g_strdup_printf("%s/now.pem", folder);
	g_autofree char *copy =
	    g_strdup_printf("cp %s/other-ca.pem %s", folder, ca);
	g_autofree char *replace = g_strdup_printf(
	    "cp %s/ca.pem %s.new && mv %s.new %s", folder, ca, ca, ca);

	(void)state;
	open_tls_stage(&stage, &script);
	stage.endpoint.ca_file = ca;
	assert_int_equal(system(copy), 0);
	assert_int_equal(
	    carry(&stage, "b@x.test", 0)->end, EXCHANGE_REFUSED_TLS);
	assert_int_equal(system(replace), 0);
	assert_int_equal(carry(&stage, "b@x.test", 0)->end, EXCHANGE_ANSWERED);
	stage_close(&stage);
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
		cmocka_unit_test(test_replies_are_read_whole),
		cmocka_unit_test(test_mail_as_written),
		cmocka_unit_test(test_null_sender),
		cmocka_unit_test(test_eightbit),
		cmocka_unit_test(test_wishes),
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_mails_share_a_session),
		cmocka_unit_test(test_mail_in_the_middle_fails),
		cmocka_unit_test(test_unreadable_in_the_middle),
		cmocka_unit_test(test_result_does_not_wait_for_the_session),
		cmocka_unit_test(test_connections_are_bounded),
		cmocka_unit_test(test_deadlines),
		cmocka_unit_test(test_name_that_hangs),
		cmocka_unit_test(test_not_reached),
		cmocka_unit_test(test_black_hole),
		cmocka_unit_test(test_abort),
		cmocka_unit_test(test_abort_one),
		cmocka_unit_test(test_address_that_cannot_be_sent),
		cmocka_unit_test(test_endpoint_that_cannot_be_used),
		cmocka_unit_test(test_auth),
		cmocka_unit_test(test_pipelining_is_hidden),
		cmocka_unit_test(test_tls),
		cmocka_unit_test(test_tls_sessions),
		cmocka_unit_test(test_ca_file_is_replaced),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
