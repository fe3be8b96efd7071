/* SPDX-License-Identifier: MIT */
#include "dialogue.h"

#include "core/clock.h"
#include "stand.h"

#define PLENTY (UINT64_C(64) << 20)

#define OUTSIDE "allow = 192.0.2.0/24\n"
#define EARLY   "greet_pause = 0\n"

/* Each limit and timeout at a hundredth or less.  The scripts wait for what the
 * server does when a time is over, never for a time. */
static const struct {
	const char *name, *settings, *script;
} rows[] = {
	{ "command_timeout before EHLO", "command_timeout = 30ms",
	    "< 220 \n< 421 4.4.2\n.\n" },
	{ "command_timeout in a mail", "command_timeout = 200ms",
	    HELLO MAIL "< 421 4.4.2\n.\n" },
	{ "command_timeout is not that of a mail",
	    "command_timeout = 1h\ndata_timeout = 30ms",
	    HELLO MAIL RCPT DATA "> S: x\n< 421 4.4.2\n.\n" },
	{ "data_progress", "data_progress = 30ms\ndata_rate = 1m",
	    HELLO MAIL RCPT DATA "> S: x\n< 421 4.4.2 Timeout, closing: the\n"
				 ".\n" },
	{ "greet_pause", OUTSIDE "greet_pause = 30ms", HELLO QUIT },
	{ "an early talker", OUTSIDE "greet_pause = 60s",
	    "> EHLO c\n< 554 5.5.0\n.\n" },
	{ "no pause for friends", "greet_pause = 60s", HELLO QUIT },
	{ "session_time", OUTSIDE EARLY "session_time = 30ms",
	    "< 220 \n< 421 4.7.0\n.\n" },
	{ "session_mails", OUTSIDE EARLY "session_mails = 2",
	    HELLO MAIL "> RSET\n< 250\n" MAIL "> RSET\n< 250\n"
		       "> MAIL FROM:<a@x>\n< 421 4.7.0\n.\n" },
	{ "no session_mails for friends", "session_mails = 1",
	    HELLO MAIL "> RSET\n< 250\n" MAIL QUIT },
	{ "errors_hard", "errors_hard = 3",
	    "< 220 \n> X\n< 500\n> Y\n< 500\n> Z\n< 500\n< 421 4.7.0\n.\n" },
	{ "a mail forgets errors", "errors_hard = 3",
	    HELLO "> X\n< 500\n> Y\n< 500\n" MAIL RCPT DATA "> .\n< 250\n"
		  "> X\n< 500\n> Y\n< 500\n" QUIT },
	{ "a refused mail does not", "errors_hard = 3\nmax_size = 1024",
	    HELLO "> X\n< 500\n> MAIL FROM:<a@x> SIZE=9999\n< 552\n"
		  "> Y\n< 500\n< 421 4.7.0\n.\n" },
	{ "refusals of ours are no errors", "errors_hard = 2\nrecipients = 1",
	    HELLO MAIL RCPT "> RCPT TO:<c@x>\n< 452\n> RCPT TO:<d@x>\n< 452\n"
			    "> RCPT TO:<e@x>\n< 452\n" QUIT },
	{ "idle_commands", "idle_commands = 3\nerrors_hard = 2",
	    "< 220 \n> NOOP\n< 250\n> RSET\n< 250\n> HELP\n< 214\n"
	    "> VRFY x\n< 252\n> NOOP\n< 250\n< 421 4.7.0\n.\n" },
	{ "a mail forgets idleness", "idle_commands = 3\nerrors_hard = 2",
	    HELLO "> NOOP\n< 250\n> NOOP\n< 250\n" MAIL RCPT DATA
		  "> .\n< 250\n> NOOP\n< 250\n> NOOP\n< 250\n> NOOP\n< 250\n"
		  "> NOOP\n< 250\n" QUIT },
	{ "command_size", "command_size = 512\nerrors_hard = 100",
	    "< 220 \n> NOOP xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	    "xxxxxxxxx\n< 500 5.5.6\n" QUIT },
};

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct stand *stand = stand_new(rows[i].settings, PLENTY);
		struct client *client = client_new(stand);

		client_play(client, rows[i].name, rows[i].script);
		client_free(client);
		stand_free(stand);
	}
}

/* Bytes that are no whole command win no time. */
static void
test_slow_command(void **state)
{
	struct stand *stand = stand_new("command_timeout = 100ms", PLENTY);
	struct client *client = client_new(stand);

	(void)state;
	client_expect(client, "slow", "220 ");
	for (int i = 0; i < 1000 && client->in->len == 0; i++) {
		char bytes[100];
		struct timeval moment = { 0, 5000 };
		ssize_t got;

		client_say(client, "X");
		setsockopt(client->fd, SOL_SOCKET, SO_RCVTIMEO, &moment,
		    sizeof(moment));
		got = recv(client->fd, bytes, sizeof(bytes), 0);
		if (got > 0)
			g_string_append_len(client->in, bytes, got);
	}
	client_expect(client, "slow", "421 4.4.2");
	client_free(client);
	stand_free(stand);
}

/* A mail that is too large and never ends. */
static void
test_discard_timeout(void **state)
{
	struct stand *stand =
	    stand_new("max_size = 1024\ndiscard_timeout = 30ms", PLENTY);
	struct client *client = client_new(stand);
	g_autofree char *text = g_strnfill(1500, 'x');

	(void)state;
	client_play(client, "discard", HELLO MAIL RCPT DATA);
	client_say(client, text);
	client_play(client, "discard", "< 552 5.3.4\n.\n");
	client_free(client);
	stand_free(stand);
}

static void
test_error_delay(void **state)
{
	struct stand *stand =
	    stand_new("errors_soft = 2\nerror_delay = 40ms", PLENTY);
	struct client *client = client_new(stand);
	int64_t began = clock_monotonic_ms();

	(void)state;
	client_expect(client, "delay", "220 ");
	client_say(client, "X\r\nX\r\nX\r\nRSET\r\n");
	client_play(client, "delay", "< 500\n< 500\n< 500\n< 250\n");
	assert_true(clock_monotonic_ms() - began >= 2 * 40);
	client_free(client);
	stand_free(stand);
}

/* All replies of a group come, however many, and in order. */
static void
test_many_replies(void **state)
{
	struct stand *stand =
	    stand_new("idle_commands = 1000000\nunsent_replies = 512", PLENTY);
	struct client *client = client_new(stand);
	g_autoptr(GString) group = g_string_new(NULL);
	const unsigned count = 20000;

	(void)state;
	client_play(client, "many", HELLO);
	for (unsigned i = 0; i < count; i++)
		g_string_append(group, i % 2 == 0 ? "RSET\r\n" : "HELP\r\n");
	client_write(client, group->str, group->len);
	for (unsigned i = 0; i < count; i++)
		client_expect(client, "many", i % 2 == 0 ? "250 " : "214 ");
	client_play(client, "many", QUIT);
	client_free(client);
	stand_free(stand);
}

/* A client that takes no replies is cut off, and took no memory. */
static void
test_reply_timeout(void **state)
{
	struct stand *stand =
	    stand_new("idle_commands = 1000000\nreply_timeout = 100ms", PLENTY);
	struct client *client = client_new(stand);
	g_autoptr(GString) group = g_string_new(NULL);

	(void)state;
	for (unsigned i = 0; i < 10000; i++)
		g_string_append(group, "HELP\r\n");
	/* Far more than both sockets can hold: send() must fail in the end. */
	for (unsigned i = 0; i < 100000; i++)
		if (send(client->fd, group->str, group->len, MSG_NOSIGNAL) < 0)
			break;
	assert_true(errno == EPIPE || errno == ECONNRESET);
	client_free(client);
	stand_free(stand);
}

/* The client does not close after our last word. */
static void
test_linger_timeout(void **state)
{
	struct stand *stand = stand_new("linger_timeout = 30ms", PLENTY);
	struct client *client = client_new(stand);

	(void)state;
	client_play(client, "linger", HELLO QUIT);
	stand_stop(stand, 0);
	stand_wait_stopped(stand);
	client_free(client);
	stand_free(stand);
}

/* A group in one write, again and again: as smtp-source and Postfix do. */
static void
test_groups(void **state)
{
	struct stand *stand = stand_new("", PLENTY);
	struct client *client = client_new(stand);

	(void)state;
	client_play(client, "groups", HELLO);
	for (int i = 0; i < 200; i++) {
		client_say(client, "MAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\n"
				   "RCPT TO:<c@x>\r\nDATA\r\n");
		client_play(
		    client, "groups", "< 250 2.1.0\n< 250\n< 250\n< 354\n");
		client_say(client, "S: x\r\n\r\ntext\r\n.\r\nRSET\r\n");
		client_play(client, "groups", "< 250 2.0.0\n< 250 2.0.0\n");
	}
	client_play(client, "groups", QUIT);
	client_free(client);
	stand_free(stand);
}

/* A byte a packet, all the way. */
static void
test_byte_by_byte(void **state)
{
	static const char said[] =
	    "MAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\n";
	static const char mail[] = "S: x\r\n\r\n..\r\ny\r\n.\r\n";
	struct stand *stand = stand_new("", PLENTY);
	struct client *client = client_new(stand);
	struct submission *submission;

	(void)state;
	stand->automatic = false;
	client_play(client, "bytes", HELLO);
	for (const char *c = said; *c != '\0'; c++)
		client_write(client, c, 1);
	client_play(client, "bytes", "< 250\n< 250\n< 354\n");
	for (const char *c = mail; *c != '\0'; c++)
		client_write(client, c, 1);
	submission = stand_submission(stand);
	assert_int_equal(spool_size(submission->spool), 14);
	submission_answer(submission, 451, "4.4.1", "later");
	submission_free(submission);
	client_play(client, "bytes", "< 451 4.4.1 later\n" QUIT);
	client_free(client);
	stand_free(stand);
}

/* What is said while the answer is awaited is read behind it. */
static void
test_said_while_waiting(void **state)
{
	struct stand *stand = stand_new("", PLENTY);
	struct client *client = client_new(stand);
	struct submission *submission;

	(void)state;
	stand->automatic = false;
	client_play(client, "waiting", HELLO MAIL RCPT DATA);
	client_say(client, "S: x\r\n.\r\nMAIL FROM:<c@x>\r\n");
	submission = stand_submission(stand);
	client_say(client, "RCPT TO:<d@x>\r\nQUIT\r\n");
	submission_answer(submission, 250, "2.0.0", "ok");
	submission_free(submission);
	client_play(client, "waiting",
	    "< 250 2.0.0 ok\n< 250 2.1.0\n< 250 2.1.5\n< 221\n.\n");
	client_free(client);
	stand_free(stand);
}

/* An answer of 421 is the last word. */
static void
test_answer_421(void **state)
{
	struct stand *stand = stand_new("", PLENTY);
	struct client *client = client_new(stand);
	struct submission *submission;

	(void)state;
	stand->automatic = false;
	client_play(client, "421", HELLO MAIL RCPT DATA "> .\n");
	submission = stand_submission(stand);
	submission_answer(submission, 421, "4.3.2", "going down");
	submission_free(submission);
	client_play(client, "421", "< 421 4.3.2 going down\n.\n");
	client_free(client);
	stand_free(stand);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_slow_command),
		cmocka_unit_test(test_discard_timeout),
		cmocka_unit_test(test_error_delay),
		cmocka_unit_test(test_many_replies),
		cmocka_unit_test(test_reply_timeout),
		cmocka_unit_test(test_linger_timeout),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_byte_by_byte),
		cmocka_unit_test(test_said_while_waiting),
		cmocka_unit_test(test_answer_421),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
