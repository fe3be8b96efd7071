/* SPDX-License-Identifier: MIT */
#include "smtp/server.h"

#include "stand.h"
#include <sys/stat.h>
#include <sys/un.h>

#define PLENTY (UINT64_C(64) << 20)

/* ---- settings ---- */

static const struct {
	const char *name, *settings;
	const char *error; /* NULL: taken */
} rows[] = {
	{ "all that is new",
	    "address = 127.0.0.1:0\nproxy = 10.0.0.0/8\n"
	    "proxy_timeout = 2s\nxforward = private\n"
	    "resends = ident\nprotocol = lmtp",
	    NULL },
	{ "IPv6", "address = [::1]:25", NULL },
	{ "link-local", "address = [fe80::1%lo]:25", NULL },
	{ "link-local of nowhere", "address = [fe80::1%nowhere]:25",
	    "no network interface \"nowhere\"" },
	{ "link-local alone", "address = [fe80::1]:25", "name its interface" },
	{ "an interface for nothing", "address = [::1%lo]:25",
	    "without the interface" },
	{ "Unix",
	    "address = unix:/run/x/smtp\nsocket_mode = 0600\n"
	    "socket_group = root\nproxy = unix\nxforward = unix",
	    NULL },
	{ "a relative path", "address = unix:smtp", "absolute" },
	{ "a folder", "address = unix:/run/", "absolute" },
	{ "a long path",
	    "address = unix:/01234567890123456789012345678901234567890123456789"
	    "0123456789012345678901234567890123456789012345678901234567890123",
	    "too long" },
	{ "mode without socket", "address = 127.0.0.1:0\nsocket_mode = 0600",
	    "socket_mode" },
	{ "group without socket", "address = 127.0.0.1:0\nsocket_group = root",
	    "socket_group" },
	{ "no mode", "address = unix:/run/x\nsocket_mode = rw", "octal" },
	{ "a mode too large", "address = unix:/run/x\nsocket_mode = 2660",
	    "octal" },
	{ "no group", "address = unix:/run/x\nsocket_group = no-such-group",
	    "getent group" },
	{ "everybody a proxy", "address = 127.0.0.1:0\nproxy = 0.0.0.0/0",
	    "strangers" },
	{ "everybody a mail server", "address = 127.0.0.1:0\nxforward = ::/0",
	    "strangers" },
	{ "proxies that cannot come", "address = unix:/run/x\nproxy = private",
	    "proxy = unix" },
	{ "forwarders that cannot come",
	    "address = unix:/run/x\nxforward = 127.0.0.1", "xforward = unix" },
	{ "unix on a port", "address = 127.0.0.1:0\nproxy = unix",
	    "no Unix socket" },
	{ "LMTP on 25", "address = 127.0.0.1:25\nprotocol = lmtp", "RFC 2033" },
	{ "LMTP on a socket", "address = unix:/run/x\nprotocol = lmtp", NULL },
	{ "IDENT from nobody", "address = 127.0.0.1:0\nresends = ident",
	    "xforward" },
	{ "Received from anybody", "address = 127.0.0.1:0\nresends = received",
	    NULL },
	{ "a wait for nobody", "address = 127.0.0.1:0\nproxy_timeout = 1s",
	    "there are none" },
};

/* Where it is told depends on whether one value or several make no sense. */
static void
check_row(unsigned i)
{
	g_autofree char *text =
	    g_strconcat("[listener l]\n", rows[i].settings, "\n", NULL);
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
	struct config *config = stand_config(text, errors);
	bool good = config != NULL && server_check(config, errors);

	if (good != (rows[i].error == NULL) ||
	    (!good && strstr(errors->pdata[0], rows[i].error) == NULL))
		fail_msg("%s: %s", rows[i].name,
		    good ? "taken" : (char *)errors->pdata[0]);
	if (config != NULL)
		config_unref(config);
}

static void
test_settings(void **state)
{
	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++)
		check_row(i);
}

/* ---- PROXY ---- */

/* 192.0.2.1 may send. */
#define BEHIND   "proxy = 127.0.0.1\nallow = 192.0.2.0/24\ngreet_pause = 0\n"
#define FRIEND   "PROXY TCP4 192.0.2.1 198.51.100.1 1000 25\r\n"
#define STRANGER "PROXY TCP4 203.0.113.9 198.51.100.1 1000 25\r\n"
#define LOCAL_V2 "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"

static const struct {
	const char *name, *settings;
	const char *bytes; /* the first that is said */
	size_t length;     /* 0: it is text */
	const char *script;
} talks[] = {
	{ "a friend", BEHIND, FRIEND, 0, HELLO MAIL RCPT QUIT },
	{ "a stranger", BEHIND, STRANGER, 0,
	    HELLO MAIL "> RCPT TO:<b@x.y>\n< 554 5.7.1\n" QUIT },
	{ "the proxy itself", BEHIND, "PROXY UNKNOWN\r\n", 0,
	    HELLO MAIL "> RCPT TO:<b@x.y>\n< 554 5.7.1\n" QUIT },
	{ "a health check", BEHIND, LOCAL_V2, 16, "< 220 \n" QUIT },
	{ "a friend, in one piece", BEHIND, FRIEND "EHLO c\r\n", 0,
	    "< 220 \n< 250-\n< 250-PIPELINING\n" },
	{ "the proxy itself, in one piece", BEHIND, "PROXY UNKNOWN\r\nNOOP\r\n",
	    0, "< 220 \n< 250 2.0.0\n" },
	{ "a stranger who talks early",
	    "proxy = 127.0.0.1\nallow = 192.0.2.0/24\ngreet_pause = 1m\n",
	    STRANGER "EHLO c\r\n", 0, "< 554 5.5.0\n.\n" },
	{ "no header", BEHIND, "EHLO c\r\n", 0, ".\n" },
	{ "a broken header", BEHIND, "PROXY TCP4 192.0.2.1 1 2\r\n", 0, ".\n" },
	{ "a header too long", BEHIND,
	    "PROXY UNKNOWN xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
	    0, ".\n" },
	{ "no header in time", BEHIND "proxy_timeout = 20ms\n", "PROXY TCP4 ",
	    0, ".\n" },
	{ "two headers", BEHIND, FRIEND FRIEND, 0, "< 220 \n< 500 5.5.1\n" },
	{ "nobody is a proxy", "", FRIEND, 0, "< 220 \n< 500 5.5.1\n" },
	{ "another is", "proxy = 192.0.2.7\n", FRIEND, 0,
	    "< 220 \n< 500 5.5.1\n" },
	{ "XFORWARD of who it really is", BEHIND "xforward = 192.0.2.1\n",
	    FRIEND, 0,
	    "< 220 \n> EHLO c\n< 250-\n< 250-PIPELINING\n< 250-SIZE\n"
	    "< 250-8BITMIME\n< 250-SMTPUTF8\n< 250-DSN\n< 250-XFORWARD NAME\n" },
	{ "XFORWARD not of the proxy", BEHIND "xforward = 127.0.0.1\n", FRIEND,
	    0, HELLO "> XFORWARD NAME=x\n< 502 5.5.1\n" },
};

static void
say_first(struct client *client, unsigned talk)
{
	size_t length = talks[talk].length;

	client_write(client, talks[talk].bytes,
	    length > 0 ? length : strlen(talks[talk].bytes));
}

static void
test_proxy(void **state)
{
	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(talks); i++) {
		struct stand *stand = stand_new(talks[i].settings, PLENTY);
		struct client *client = client_new(stand);

		say_first(client, i);
		client_play(client, talks[i].name, talks[i].script);
		client_free(client);
		stand_free(stand);
	}
}

/* Octet by octet, each one after the one before was read or not. */
static void
test_proxy_slowly(void **state)
{
	struct stand *stand = stand_new(BEHIND, PLENTY);
	struct client *client = client_new(stand);

	(void)state;
	for (const char *at = FRIEND; *at != '\0'; at++)
		client_write(client, at, 1);
	client_play(client, "slowly", HELLO MAIL RCPT QUIT);
	client_free(client);
	stand_free(stand);
}

static void
test_proxy_tells(void **state)
{
	struct stand *stand = stand_new(BEHIND, PLENTY);
	struct client *client = client_new(stand);

	(void)state;
	stand->automatic = false;
	client_say(client, FRIEND);
	client_play(client, "mail", HELLO MAIL RCPT DATA "> .\n");
	struct submission *submission = stand_submission(stand);
	assert_string_equal(submission->peer, "192.0.2.1");
	submission_answer(submission, 250, "2.0.0", "Ok");
	submission_free(submission);
	client_play(client, "answer", "< 250 2.0.0 Ok\n" QUIT);
	client_free(client);
	stand_free(stand);
}

static struct client *
connect_as(const struct stand *stand, const char *address)
{
	struct client *client = client_new(stand);
	g_autofree char *header =
	    g_strdup_printf("PROXY TCP4 %s 198.51.100.1 1000 25\r\n", address);

	client_say(client, header);
	return client;
}

/* Each is counted as who it is, and not as the proxy. */
static void
test_proxy_counts(void **state)
{
	struct stand *stand =
	    stand_new(BEHIND "peer_connections = 1\n", PLENTY);
	struct client *first = connect_as(stand, "203.0.113.1");
	struct client *other = connect_as(stand, "203.0.113.2");
	struct client *again;

	(void)state;
	client_expect(first, "first", "220 ");
	client_expect(other, "other", "220 ");
	again = connect_as(stand, "203.0.113.1");
	client_play(again, "again", "< 421 4.7.0\n.\n");
	client_free(again);
	client_free(first);
	/* its place is free as soon as the server knows */
	for (bool taken = false; !taken;) {
		again = connect_as(stand, "203.0.113.1");
		g_autofree char *line = client_line(again);
		taken = line != NULL && g_str_has_prefix(line, "220 ");
		client_free(again);
	}
	client_play(other, "still there", "> NOOP\n< 250 2.0.0\n");
	client_free(other);
	stand_free(stand);
}

static void
test_proxy_reserves(void **state)
{
	struct stand *stand = stand_new(BEHIND
	    "[server]\nconnections = 4\nconnections_reserved = 2\n",
	    PLENTY);
	struct client *clients[4];
	static const struct {
		const char *address, *reply;
	} cases[] = { { "203.0.113.1", "220 " }, { "203.0.113.2", "220 " },
		{ "203.0.113.3", "421 4.3.2" }, { "192.0.2.1", "220 " } };

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		clients[i] = connect_as(stand, cases[i].address);
		client_expect(clients[i], cases[i].address, cases[i].reply);
		if (*cases[i].reply == '4')
			client_expect_end(clients[i], "told");
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++)
		client_free(clients[i]);
	stand_free(stand);
}

/* One that has not said who it is holds up no end. */
static void
test_proxy_stops(void **state)
{
	struct stand *stand = stand_new(BEHIND "proxy_timeout = 1m\n", PLENTY);
	struct client *silent = client_new(stand);
	struct client *client = connect_as(stand, "192.0.2.1");

	(void)state;
	/* who came before is there, too */
	client_expect(client, "banner", "220 ");
	client_write(silent, "PROXY", 5);
	stand_stop(stand, 1000);
	client_expect_end(silent, "silent");
	client_play(client, "told", "< 421 4.3.2\n.\n");
	client_free(client);
	client_free(silent);
	stand_wait_stopped(stand);
	stand_free(stand);
}

/* Many come and go at each moment of it, while the server ends. */
static void
test_proxy_crowd(void **state)
{
	struct stand *stand = stand_new(BEHIND, PLENTY);
	struct client *clients[40];

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(clients); i++) {
		clients[i] = client_new(stand);
		client_write(
		    clients[i], STRANGER, i % 2 ? i : strlen(STRANGER));
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(clients); i += 3)
		client_free(g_steal_pointer(&clients[i]));
	stand_stop(stand, 1000);
	for (unsigned i = 0; i < G_N_ELEMENTS(clients); i++)
		if (clients[i] != NULL)
			client_free(clients[i]);
	stand_wait_stopped(stand);
	stand_free(stand);
}

/* ---- all kinds of sockets ---- */

struct folder {
	char *path, *socket;
};

static int
make_folder(void **state)
{
	struct folder *folder = g_new0(struct folder, 1);

	folder->path = g_dir_make_tmp("doors-XXXXXX", NULL);
	folder->socket = g_build_filename(folder->path, "smtp", NULL);
	*state = folder;
	return folder->path != NULL ? 0 : -1;
}

static int
remove_folder(void **state)
{
	struct folder *folder = *state;
	int left = g_rmdir(folder->path);

	g_free(folder->path);
	g_free(folder->socket);
	g_free(folder);
	return left;
}

static struct client *
connect_unix(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct client *client = g_new0(struct client, 1);
	struct timeval patience = { PATIENCE_S, 0 };

	g_strlcpy(to.sun_path, path, sizeof(to.sun_path));
	client->fd = socket(AF_UNIX, SOCK_STREAM, 0);
	client->in = g_string_new(NULL);
	setsockopt(
	    client->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	assert_int_equal(
	    connect(client->fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return client;
}

static struct client *
connect_ipv6(const struct stand *stand)
{
	const char *address = server_address(stand->server, "six");
	struct sockaddr_in6 to = { .sin6_family = AF_INET6,
		.sin6_addr = in6addr_loopback };
	struct client *client = g_new0(struct client, 1);
	struct timeval patience = { PATIENCE_S, 0 };

	assert_true(g_str_has_prefix(address, "[::1]:"));
	to.sin6_port = htons((uint16_t)atoi(strrchr(address, ':') + 1));
	client->fd = socket(AF_INET6, SOCK_STREAM, 0);
	client->in = g_string_new(NULL);
	setsockopt(
	    client->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	assert_int_equal(
	    connect(client->fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return client;
}

/* A mail through that one; the peer's name with it. */
static void
pass_mail(struct stand *stand, struct client *client, const char *peer)
{
	client_play(client, peer, HELLO MAIL RCPT DATA "> .\n");
	struct submission *submission = stand_submission(stand);
	assert_string_equal(submission->peer, peer);
	submission_answer(submission, 250, "2.0.0", "Ok");
	submission_free(submission);
	client_play(client, peer, "< 250 2.0.0 Ok\n" QUIT);
	client_free(client);
}

static void
test_all_kinds(void **state)
{
	const struct folder *folder = *state;
	g_autofree char *settings =
	    g_strdup_printf("[listener six]\naddress = [::1]:0\n"
			    "[listener unix]\naddress = unix:%s\n"
			    "allow = 192.0.2.1\nsocket_mode = 0600\n",
		folder->socket);
	g_autofree char *address = g_strconcat("unix:", folder->socket, NULL);
	struct stand *stand = stand_new(settings, PLENTY);
	struct stat status;

	stand->automatic = false;
	assert_string_equal(server_address(stand->server, "unix"), address);
	assert_int_equal(stat(folder->socket, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	pass_mail(stand, client_new(stand), "127.0.0.1");
	pass_mail(stand, connect_ipv6(stand), "::1");
	pass_mail(stand, connect_unix(folder->socket), "unix");
	stand_stop(stand, 1000);
	stand_wait_stopped(stand);
	assert_int_equal(stat(folder->socket, &status), -1);
	stand_free(stand);
}

static void
test_unix_proxy(void **state)
{
	const struct folder *folder = *state;
	g_autofree char *settings = g_strdup_printf(
	    "[listener unix]\naddress = unix:%s\nallow = 192.0.2.1\n"
	    "greet_pause = 0\nproxy = unix\n",
	    folder->socket);
	struct stand *stand = stand_new(settings, PLENTY);
	struct client *client = connect_unix(folder->socket);

	client_say(client, STRANGER);
	client_play(client, "stranger",
	    HELLO MAIL "> RCPT TO:<b@x.y>\n< 554 5.7.1\n" QUIT);
	client_free(client);
	client = connect_unix(folder->socket);
	client_say(client, FRIEND);
	stand->automatic = false;
	pass_mail(stand, client, "192.0.2.1");
	client = connect_unix(folder->socket);
	client_play(client, "none", "> EHLO c\n.\n");
	client_free(client);
	stand_free(stand);
}

/* What a killed one left is replaced. */
static void
test_stale(void **state)
{
	const struct folder *folder = *state;
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	g_autofree char *settings = g_strdup_printf(
	    "[listener unix]\naddress = unix:%s\n", folder->socket);
	struct stand *stand;

	g_strlcpy(at.sun_path, folder->socket, sizeof(at.sun_path));
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	close(fd);
	stand = stand_new(settings, PLENTY);
	stand->automatic = false;
	pass_mail(stand, connect_unix(folder->socket), "unix");
	stand_free(stand);
}

/* One more server with these settings cannot be. */
static void
expect_no_server(const char *settings, const char *reason)
{
	struct stand *stand = stand_make(settings, PLENTY);
	GError *error = NULL;

	stand->server = server_new(
	    &(struct server_options){
		.config = stand->config,
		.main = stand->main,
		.loops = 1,
		.place = &stand->place,
		.budget = stand->budget,
		.disk = stand->disk,
	    },
	    &error);
	assert_null(stand->server);
	assert_non_null(error);
	if (strstr(error->message, reason) == NULL)
		fail_msg("%s", error->message);
	g_error_free(error);
	loop_start(stand->main);
	stand_free(stand);
}

/* What somebody uses, or has put there, stays. */
static void
test_taken(void **state)
{
	const struct folder *folder = *state;
	g_autofree char *settings = g_strdup_printf(
	    "[listener unix]\naddress = unix:%s\n", folder->socket);
	struct stand *stand = stand_new(settings, PLENTY);
	struct client *client;

	expect_no_server(settings, "another program listens there");
	client = connect_unix(folder->socket);
	client_play(client, "still ours", "< 220 \n" QUIT);
	client_free(client);
	/* not ours any more: it is not removed */
	assert_int_equal(g_unlink(folder->socket), 0);
	assert_true(g_file_set_contents(folder->socket, "x", 1, NULL));
	expect_no_server(settings, "is no socket");
	stand_free(stand);
	assert_int_equal(g_unlink(folder->socket), 0);
}

static void
test_no_folder(void **state)
{
	const struct folder *folder = *state;
	g_autofree char *settings = g_strdup_printf(
	    "[listener unix]\naddress = unix:%s/not/there\n", folder->path);

	expect_no_server(settings, "make the folder");
}

int
main(void)
{
#define WITH_FOLDER(test) \
	cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_proxy),
		cmocka_unit_test(test_proxy_slowly),
		cmocka_unit_test(test_proxy_tells),
		cmocka_unit_test(test_proxy_counts),
		cmocka_unit_test(test_proxy_reserves),
		cmocka_unit_test(test_proxy_stops),
		cmocka_unit_test(test_proxy_crowd),
		WITH_FOLDER(test_all_kinds),
		WITH_FOLDER(test_unix_proxy),
		WITH_FOLDER(test_stale),
		WITH_FOLDER(test_taken),
		WITH_FOLDER(test_no_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
