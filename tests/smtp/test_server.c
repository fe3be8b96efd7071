/* SPDX-License-Identifier: MIT */
#include "smtp/server.h"

#include "stand.h"
#include <poll.h>
#include <sys/resource.h>
#include <sys/un.h>

#define PLENTY (UINT64_C(64) << 20)

#define OUTSIDE "allow = 192.0.2.0/24\ngreet_pause = 0\n"

/* So many clients are taken, the next is told why it is not. */
static const struct {
	const char *name, *settings;
	unsigned taken;
	const char *reply;
} crowds[] = {
	{ "connections", "[server]\nconnections = 3", 3, "421 4.3.2" },
	{ "connections_reserved",
	    OUTSIDE "[server]\nconnections = 5\nconnections_reserved = 3", 2,
	    "421 4.3.2" },
	{ "reserved for friends",
	    "[server]\nconnections = 5\nconnections_reserved = 3", 5,
	    "421 4.3.2" },
	{ "peer_connections", OUTSIDE "peer_connections = 2", 2, "421 4.7.0" },
};

/* The place of one that has gone is free, as soon as the server knows it. */
static void
wait_for_place(struct stand *stand)
{
	for (;;) {
		struct client *client = client_new(stand);
		g_autofree char *line = client_line(client);
		bool taken = line != NULL && g_str_has_prefix(line, "220 ");

		client_free(client);
		if (taken)
			return;
	}
}

static void
test_crowds(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(crowds); i++) {
		struct stand *stand = stand_new(crowds[i].settings, PLENTY);
		g_autoptr(GPtrArray) clients = g_ptr_array_new();

		for (unsigned n = 0; n < crowds[i].taken; n++) {
			struct client *client = client_new(stand);

			client_expect(client, crowds[i].name, "220 ");
			g_ptr_array_add(clients, client);
		}
		struct client *client = client_new(stand);
		client_expect(client, crowds[i].name, crowds[i].reply);
		client_expect_end(client, crowds[i].name);
		client_free(client);
		for (unsigned n = 0; n < clients->len; n++)
			client_free(clients->pdata[n]);
		wait_for_place(stand);
		stand_free(stand);
	}
}

/* What one address may do in a minute, one client after the other. */
static const struct {
	const char *name, *settings, *scripts[4];
} rates[] = {
	{ "peer_connection_rate", OUTSIDE "peer_connection_rate = 2",
	    { HELLO QUIT, HELLO QUIT, "< 421 4.7.1 Your address\n.\n" } },
	{ "friends come as they like", "peer_connection_rate = 1",
	    { HELLO QUIT, HELLO QUIT, HELLO QUIT } },
	{ "peer_mail_rate", OUTSIDE "peer_mail_rate = 2",
	    { HELLO MAIL "> RSET\n< 250\n" MAIL "> RSET\n< 250\n"
			 "> MAIL FROM:<a@x>\n< 450 4.7.1 Too many mails\n"
			 "> RCPT TO:<b@x>\n< 503\n> NOOP\n< 250\n"
			 "> MAIL FROM:<a@x>\n< 450\n" QUIT,
		HELLO "> MAIL FROM:<a@x>\n< 450 4.7.1\n" QUIT } },
	{ "what is refused does not count", OUTSIDE "peer_mail_rate = 1",
	    { HELLO "> MAIL FROM:<>\n< 553\n> MAIL FROM:<a@x> SIZE=x\n< 501\n"
		    "> MAIL FROM:<a@x> SIZE=99999999999\n< 552\n" MAIL QUIT,
		HELLO "> MAIL FROM:<a@x>\n< 450 4.7.1\n" QUIT } },
	{ "friends send as they like", "peer_mail_rate = 1",
	    { HELLO MAIL "> RSET\n< 250\n" MAIL QUIT, HELLO MAIL QUIT } },
	{ "by what a proxy says",
	    OUTSIDE "proxy = 127.0.0.1\npeer_connection_rate = 1\n"
		    "peer_mail_rate = 1",
	    { "> PROXY TCP4 198.51.100.1 198.51.100.9 1 2\n" HELLO MAIL QUIT,
		"> PROXY TCP4 198.51.100.2 198.51.100.9 1 2\n" HELLO MAIL
		"> RSET\n< 250\n> MAIL FROM:<a@x>\n< 450 4.7.1\n" QUIT,
		"> PROXY TCP4 198.51.100.1 198.51.100.9 1 2\n"
		"< 421 4.7.1\n.\n",
		"> PROXY TCP4 192.0.2.1 198.51.100.9 1 2\n" HELLO MAIL
		"> RSET\n< 250\n" MAIL QUIT } },
};

static void
test_rates(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rates); i++) {
		struct stand *stand = stand_new(rates[i].settings, PLENTY);

		for (unsigned n = 0; n < G_N_ELEMENTS(rates[i].scripts) &&
				     rates[i].scripts[n] != NULL;
		     n++) {
			struct client *client = client_new(stand);

			client_play(client, rates[i].name, rates[i].scripts[n]);
			client_free(client);
		}
		stand_free(stand);
	}
}

/* A group in one write waits for what is counted, and loses nothing. */
static void
test_rate_in_groups(void **state)
{
	struct stand *stand =
	    stand_new(OUTSIDE "peer_mail_rate = 2\nerrors_hard = 100", PLENTY);
	struct client *client = client_new(stand);

	(void)state;
	client_play(client, "groups", HELLO);
	client_say(client, "MAIL FROM:<a@x>\r\nRSET\r\nMAIL FROM:<b@x>\r\n"
			   "RCPT TO:<c@x>\r\nRSET\r\nMAIL FROM:<d@x>\r\n"
			   "RSET\r\nQUIT\r\n");
	client_play(client, "groups",
	    "< 250 2.1.0\n< 250 2.0.0\n< 250 2.1.0\n< 554\n< 250 2.0.0\n"
	    "< 450 4.7.1\n< 250 2.0.0\n< 221\n.\n");
	client_free(client);
	/* who does not wait for it is missed by nobody */
	for (unsigned i = 0; i < 20; i++) {
		client = client_new(stand);
		client_play(client, "gone", HELLO);
		client_say(client, "MAIL FROM:<a@x>\r\n");
		client_free(client);
	}
	stand_free(stand);
}

static void
test_no_memory(void **state)
{
	struct stand *stand = stand_new("", 1000000);
	struct client *client;

	(void)state;
	assert_true(budget_take(stand->budget, 1000000));
	client = client_new(stand);
	client_expect(client, "no memory", "421 4.3.2");
	client_expect_end(client, "no memory");
	client_free(client);
	budget_give(stand->budget, 1000000);
	client = client_new(stand);
	client_play(client, "memory again", HELLO QUIT);
	client_free(client);
	stand_free(stand);
}

/* Without a free descriptor a client waits, and is taken when there is one. */
static void
test_no_descriptor(void **state)
{
	struct stand *stand =
	    stand_new("[server]\naccept_pause = 20ms", PLENTY);
	struct client *client = g_new0(struct client, 1);
	struct rlimit before, none;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	client->fd = dup(0);
	none = before;
	none.rlim_cur = (rlim_t)client->fd + 1;
	close(client->fd);
	client->in = g_string_new(NULL);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	client->fd = stand_connect(stand);
	struct pollfd readable = { client->fd, POLLIN, 0 };
	assert_int_equal(poll(&readable, 1, 100), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	client_play(client, "descriptor", HELLO QUIT);
	client_free(client);
	stand_free(stand);
}

static void
test_stop_with_nobody(void **state)
{
	struct stand *stand = stand_new("", PLENTY);

	(void)state;
	stand_stop(stand, 1000);
	stand_wait_stopped(stand);
	stand_free(stand);
}

/* One client in each situation when the server is stopped. */
static void
test_stop(void **state)
{
	struct stand *stand = stand_new("", PLENTY);
	struct client *fresh = client_new(stand), *mail = client_new(stand);
	struct client *data = client_new(stand), *answer = client_new(stand);
	struct client *refused = client_new(stand);
	struct submission *submission;

	(void)state;
	stand->automatic = false;
	client_play(fresh, "fresh", "< 220 \n");
	client_play(mail, "mail", HELLO MAIL RCPT);
	client_play(refused, "refused", HELLO MAIL RCPT DATA "> a\n");
	client_play(answer, "answer", HELLO MAIL RCPT DATA "> .\n");
	submission = stand_submission(stand);
	client_play(data, "data", HELLO MAIL RCPT DATA "> S: x\n");
	stand_stop(stand, 60000);
	client_play(fresh, "fresh", "< 421 4.3.2\n.\n");
	client_play(mail, "mail", "< 421 4.3.2\n.\n");
	submission_answer(submission, 250, "2.0.0", "ok");
	submission_free(submission);
	client_play(answer, "answer", "< 250\n< 421 4.3.2\n.\n");
	client_play(data, "data", "> \n> text\n> .\n");
	submission = stand_submission(stand);
	submission_answer(submission, 250, "2.0.0", "ok");
	submission_free(submission);
	client_play(data, "data", "< 250\n< 421 4.3.2\n.\n");
	client_write(refused, "\0\r\n.\r\n", 6);
	client_play(refused, "refused", "< 550 5.6.0\n< 421 4.3.2\n.\n");
	client_free(fresh);
	client_free(mail);
	client_free(data);
	client_free(answer);
	client_free(refused);
	stand_wait_stopped(stand);
	stand_free(stand);
}

/* A mail that does not end in time is cut off. */
static void
test_stop_grace(void **state)
{
	struct stand *stand = stand_new("", PLENTY);
	struct client *client = client_new(stand);

	(void)state;
	client_play(client, "grace", HELLO MAIL RCPT DATA "> S: x\n");
	stand_stop(stand, 30);
	client_play(client, "grace", "< 421 4.3.2\n.\n");
	client_free(client);
	stand_wait_stopped(stand);
	stand_free(stand);
}

/* Sessions in every state are cut off when the server is freed. */
static void
test_free_with_sessions(void **state)
{
	struct stand *stand = stand_new("", PLENTY);
	struct client *mail = client_new(stand), *data = client_new(stand);
	struct client *answer = client_new(stand);
	struct submission *submission;

	(void)state;
	stand->automatic = false;
	client_play(mail, "mail", HELLO MAIL RCPT);
	client_play(data, "data", HELLO MAIL RCPT DATA "> S: x\n");
	client_play(answer, "answer", HELLO MAIL RCPT DATA "> .\n");
	submission = stand_submission(stand);
	submission_answer(submission, 250, "2.0.0", "ok");
	submission_free(submission);
	stand_free(stand);
	client_free(mail);
	client_free(data);
	client_free(answer);
}

/* A round trip: what was posted to this client's loop before was read. */
static void
pass_loop(struct client *client)
{
	client_play(client, "pass", "> NOOP\n< 250\n> NOOP\n< 250\n");
}

/* The client is gone before its answer: that is dropped and counted.  Sessions
 * are dealt to the two loops in turn. */
static void
test_dropped(void **state)
{
	const struct linger reset = { 1, 0 };
	struct stand *stand = stand_new("", PLENTY);
	struct client *gone = client_new(stand), *other = client_new(stand);
	struct client *same = client_new(stand);
	struct submission *submission;

	(void)state;
	stand->automatic = false;
	client_play(same, "same loop", "< 220 \n");
	client_play(gone, "gone", HELLO MAIL RCPT DATA "> .\n");
	submission = stand_submission(stand);
	setsockopt(gone->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	client_free(gone);
	pass_loop(same);
	assert_int_equal(server_dropped(stand->server), 0);
	submission_answer(submission, 250, "2.0.0", "ok");
	submission_free(submission);
	pass_loop(same);
	assert_int_equal(server_dropped(stand->server), 1);
	client_free(other);
	client_free(same);
	stand_free(stand);
}

/* The client says no more, but reads on: it gets its answer, and as nobody can
 * know that it did, the answer counts as dropped. */
static void
test_half_closed(void **state)
{
	struct stand *stand = stand_new("", PLENTY);
	struct client *half = client_new(stand), *other = client_new(stand);
	struct client *same = client_new(stand);
	struct submission *submission;

	(void)state;
	stand->automatic = false;
	client_play(same, "same loop", "< 220 \n");
	client_play(half, "half", HELLO MAIL RCPT DATA "> .\n");
	submission = stand_submission(stand);
	shutdown(half->fd, SHUT_WR);
	pass_loop(same);
	submission_answer(submission, 250, "2.0.0", "ok");
	submission_free(submission);
	client_expect(half, "half", "250 2.0.0 ok");
	client_expect_end(half, "half");
	assert_int_equal(server_dropped(stand->server), 1);
	client_free(half);
	client_free(other);
	client_free(same);
	stand_free(stand);
}

/* The client goes away while the mail comes in: nothing is posted, nothing
 * kept. */
static void
test_gone_in_data(void **state)
{
	struct stand *stand = stand_new("", PLENTY);
	struct client *client = client_new(stand);
	g_autofree char *text = g_strnfill(200000, 'x');

	(void)state;
	stand->automatic = false;
	client_play(client, "gone", HELLO MAIL RCPT DATA);
	client_say(client, text);
	client_say(client, "\r\n.\r");
	client_free(client);
	stand_stop(stand, 60000);
	stand_wait_stopped(stand);
	assert_int_equal(mailbox_length(stand->box), 0);
	assert_int_equal(budget_taken(stand->budget), 0);
	stand_free(stand);
}

static void
test_address(void **state)
{
	struct stand *stand = stand_new("", PLENTY);
	const char *address = server_address(stand->server, "l");

	(void)state;
	assert_true(g_str_has_prefix(address, "127.0.0.1:"));
	assert_int_not_equal(atoi(strrchr(address, ':') + 1), 0);
	assert_null(server_address(stand->server, "m"));
	stand_free(stand);
}

/* What server_new() says when it cannot open its doors: of each a line. */
static void
check_failures(const char *const *addresses, const char *const *expected)
{
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *text = g_strdup_printf(
	    "[listener l]\naddress = %s\n[listener m]\naddress = %s\n",
	    addresses[0], addresses[1]);
	g_auto(GStrv) lines = NULL;
	struct config *config = stand_config(text, errors);
	struct loop *loop = loop_new("main", NULL);
	struct budget *budget = budget_new(PLENTY);
	struct spool_place place = { NULL, budget };
	g_autoptr(GError) error = NULL;
	struct server_options options = {
		.config = config,
		.main = loop,
		.loops = 1,
		.place = &place,
		.budget = budget,
		.onward = stand_on_onward,
	};

	assert_non_null(config);
	assert_null(server_new(&options, &error));
	lines = g_strsplit(error->message, "\n", -1);
	assert_int_equal(g_strv_length(lines), 2);
	for (unsigned i = 0; i < 2; i++)
		if (strstr(lines[i], expected[i]) == NULL ||
		    strstr(lines[i],
			i == 0 ? "[listener l]" : "[listener m]") == NULL)
			fail_msg("%s", error->message);
	loop_free(loop);
	budget_free(budget);
	config_unref(config);
}

/* A port that somebody has, and does not listen at. */
static int
bind_silently(char **address)
{
	struct sockaddr_in bound = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(bound);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&bound, length), 0);
	getsockname(fd, (struct sockaddr *)&bound, &length);
	*address = g_strdup_printf("127.0.0.1:%u", ntohs(bound.sin_port));
	return fd;
}

static int
bind_datagrams(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
	assert_int_equal(
	    bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void
test_failures(void **state)
{
	struct stand *stand = stand_new("", PLENTY);
	g_autofree char *folder = g_dir_make_tmp("server-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(folder, "log", NULL);
	g_autofree char *at_path = g_strconcat("unix:", path, NULL);
	g_autofree char *silent_port = NULL;
	int silent = bind_silently(&silent_port), odd = bind_datagrams(path);

	(void)state;
	check_failures((const char *[]){ server_address(stand->server, "l"),
			   "192.0.2.1:2525" },
	    (const char *[]){ "another program listens", "no such address" });
	check_failures((const char *[]){ silent_port, at_path },
	    (const char *[]){ "nobody listens there", "of another kind" });
	close(silent);
	close(odd);
	unlink(path);
	rmdir(folder);
	stand_free(stand);
}

#define SLOW_MS    2000
#define PATIENT_MS 30000

/* How long a client waits after MAIL. */
static int64_t
measure_mail(struct client *client)
{
	int64_t began_us;

	client_play(client, "mail", MAIL);
	began_us = g_get_monotonic_time();
	client_play(client, "reset", "> RSET\n< 250 \n");
	return (g_get_monotonic_time() - began_us) / 1000;
}

/* A queue that grows all the time slows a stranger down. */
static void
test_inflow(void **state)
{
	struct stand *stand = stand_new(OUTSIDE
	    "session_mails = 1000000\nidle_commands = 1000000\n"
	    "[server]\nintake_window = 2s\nintake_growth = 10\n"
	    "intake_delay = 2s\n",
	    PLENTY);
	struct client *client = client_new(stand);
	int64_t end_us = g_get_monotonic_time() + PATIENT_MS * 1000;
	uint64_t mails = 0;

	(void)state;
	client_play(client, "inflow", HELLO);
	do {
		assert_true(g_get_monotonic_time() < end_us);
		mails += 20;
		disk_fill(stand->disk, mails, mails);
		g_usleep(20000);
	} while (measure_mail(client) < SLOW_MS - 100);
	client_free(client);
	stand_free(stand);
}

#define SENDERS 4
#define MAILS   50

static void *
send_mails(void *object)
{
	struct client *client = client_new(object);

	client_play(client, "crowd", HELLO);
	for (int i = 0; i < MAILS; i++)
		client_play(client, "crowd",
		    MAIL RCPT DATA "> S: x\n> \n> text\n> .\n< 250 2.0.0\n");
	client_play(client, "crowd", QUIT);
	client_free(client);
	return NULL;
}

/* Several clients on several loops, answered by this thread. */
static void
test_several(void **state)
{
	struct stand *stand = stand_new("", PLENTY);
	GThread *threads[SENDERS];

	(void)state;
	stand->automatic = false;
	for (int i = 0; i < SENDERS; i++)
		threads[i] = g_thread_new("sender", send_mails, stand);
	for (int i = 0; i < SENDERS * MAILS; i++) {
		struct submission *submission = stand_submission(stand);

		submission_answer(submission, 250, "2.0.0", submission->id);
		submission_free(submission);
	}
	for (int i = 0; i < SENDERS; i++)
		g_thread_join(threads[i]);
	assert_int_equal(server_dropped(stand->server), 0);
	stand_free(stand);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crowds),
		cmocka_unit_test(test_rates),
		cmocka_unit_test(test_rate_in_groups),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_no_descriptor),
		cmocka_unit_test(test_stop_with_nobody),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_stop_grace),
		cmocka_unit_test(test_free_with_sessions),
		cmocka_unit_test(test_dropped),
		cmocka_unit_test(test_half_closed),
		cmocka_unit_test(test_gone_in_data),
		cmocka_unit_test(test_address),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_inflow),
		cmocka_unit_test(test_several),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
