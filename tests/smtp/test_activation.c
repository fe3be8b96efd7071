/* SPDX-License-Identifier: MIT */
#include "activation.h"

#include "core/network.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SOCKETS 3

static const char *const listeners[] = { "a", "b", NULL };

/* What is at descriptors 3, 4, 5: sockets of loopback that listen. */
struct heritage {
	struct sockaddr_storage bound[SOCKETS];
};

static int
open_socket(int type, struct sockaddr_storage *bound)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(*bound);
	int fd = socket(AF_INET, type, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 8), 0);
	getsockname(fd, (struct sockaddr *)bound, &length);
	return fd;
}

static void
inherit(struct heritage *heritage, const char *names)
{
	char pid[32];

	for (int i = 0; i < SOCKETS; i++) {
		int fd = open_socket(SOCK_STREAM, &heritage->bound[i]);
		if (fd == 3 + i)
			continue;
		assert_int_equal(dup2(fd, 3 + i), 3 + i);
		close(fd);
	}
	g_snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "3", 1);
	if (names != NULL)
		setenv("LISTEN_FDNAMES", names, 1);
	else
		unsetenv("LISTEN_FDNAMES");
}

static bool
is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void
end(struct activation *activation)
{
	activation_end(activation);
	for (int i = 0; i < SOCKETS; i++)
		close(3 + i);
}

static const struct {
	const char *name, *names;
	int bound_to;         /* the address asked for is that of this one */
	const char *listener; /* who asks */
	int fd;
} rows[] = {
	{ "by name", "b:x:a", 1, "a", 5 },
	{ "by name, whatever the address", "a:b:x", 2, "b", 4 },
	{ "by address", "x:y:z", 1, "a", 4 },
	{ "by address, without names", NULL, 2, "b", 5 },
	{ "with fewer names", "x", 2, "b", 5 },
	{ "not another's", "b:x:x", 0, "a", -1 },
	{ "not of another address", "x:x:x", -1, "a", -1 },
};

static void
test_rows(void **state)
{
	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct heritage heritage;
		struct sockaddr_in other = { .sin_family = AF_INET };

		inherit(&heritage, rows[i].names);
		struct activation *activation = activation_take(listeners);
		int fd = activation_claim(activation, rows[i].listener,
		    rows[i].bound_to < 0 ? (const struct sockaddr *)&other
					 : (const struct sockaddr *)&heritage
					       .bound[rows[i].bound_to]);
		if (fd != rows[i].fd)
			fail_msg("%s: %d", rows[i].name, fd);
		activation_end(activation);
		/* what nobody claimed is closed */
		for (int k = 3; k < 3 + SOCKETS; k++)
			assert_int_equal(is_open(k), k == fd);
		if (fd >= 0)
			close(fd);
	}
}

/* Each is claimed once; it does not block, and no child has it. */
static void
test_claimed(void **state)
{
	struct heritage heritage;

	(void)state;
	inherit(&heritage, "a:b:c");
	struct activation *activation = activation_take(listeners);
	const struct sockaddr *address =
	    (const struct sockaddr *)&heritage.bound[2];
	assert_int_equal(activation_claim(activation, "a", address), 3);
	assert_int_equal(fcntl(3, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(fcntl(3, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	assert_int_equal(activation_claim(activation, "a", address), 5);
	assert_int_equal(activation_claim(activation, "a", address), -1);
	end(activation);
}

/* Out of the way of those that are inherited. */
#define FAR_FD 100

/* What is logged while listener "a" claims its socket, at this address. */
static char *
claim_logged(const char *address)
{
	int near = memfd_create("log", 0);
	int log = fcntl(near, F_DUPFD, FAR_FD);
	int saved = fcntl(STDERR_FILENO, F_DUPFD, FAR_FD);
	char *text = g_malloc0(4096);
	struct heritage heritage;
	struct sockaddr_storage wanted;
	socklen_t length;

	close(near);
	inherit(&heritage, "a:b:c");
	wanted = heritage.bound[0];
	if (address != NULL)
		assert_true(
		    network_parse_listener(address, &wanted, &length, NULL));
	dup2(log, STDERR_FILENO);
	struct activation *activation = activation_take(listeners);
	assert_int_equal(
	    activation_claim(activation, "a", (struct sockaddr *)&wanted), 3);
	dup2(saved, STDERR_FILENO);
	assert_true(pread(log, text, 4095, 0) >= 0);
	close(log);
	close(saved);
	end(activation);
	return text;
}

/* One whose name it has, at another address than it wants. */
static void
test_elsewhere(void **state)
{
	static const struct {
		const char *address; /* NULL: its own */
		bool warned;
	} cases[] = { { NULL, false }, { "127.0.0.1:0", false },
		{ "127.0.0.1:1", true }, { "127.0.0.2:0", true },
		{ "[::1]:0", true }, { "unix:/run/x", true } };

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *text = claim_logged(cases[i].address);
		bool warned = strstr(text, "listens elsewhere") != NULL &&
			      strstr(text, "listener=a") != NULL;

		if (warned != cases[i].warned)
			fail_msg("%s: %s", cases[i].address, text);
	}
}

/* Nothing is left for a child to take as its own. */
static void
test_environment(void **state)
{
	struct heritage heritage;

	(void)state;
	inherit(&heritage, "a:b:c");
	setenv("LISTEN_PIDFDID", "1", 1);
	end(activation_take(listeners));
	assert_null(getenv("LISTEN_FDS"));
	assert_null(getenv("LISTEN_PID"));
	assert_null(getenv("LISTEN_FDNAMES"));
	assert_null(getenv("LISTEN_PIDFDID"));
}

/* They were meant for somebody else, or there are none. */
static void
test_none(void **state)
{
	static const struct {
		const char *pid, *fds;
	} cases[] = { { "1", "3" }, { "", "3" }, { NULL, "3" },
		{ "self", NULL }, { "self", "x" }, { "self", "-1" },
		{ "self", "0" }, { "self", "99999999999" } };

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct heritage heritage;

		inherit(&heritage, "a:b:c");
		if (cases[i].pid == NULL)
			unsetenv("LISTEN_PID");
		else if (strcmp(cases[i].pid, "self") != 0)
			setenv("LISTEN_PID", cases[i].pid, 1);
		if (cases[i].fds == NULL)
			unsetenv("LISTEN_FDS");
		else
			setenv("LISTEN_FDS", cases[i].fds, 1);
		struct activation *activation = activation_take(listeners);
		assert_int_equal(activation_claim(activation, "a",
				     (struct sockaddr *)&heritage.bound[0]),
		    -1);
		activation_end(activation);
		for (int k = 3; k < 3 + SOCKETS; k++)
			assert_int_equal(close(k), 0);
	}
}

/* No socket that listens is no door, whatever its name. */
static void
test_others(void **state)
{
	struct heritage heritage;
	struct sockaddr_storage bound;
	int fd;

	(void)state;
	inherit(&heritage, "a:b:c");
	fd = open_socket(SOCK_DGRAM, &bound);
	assert_int_equal(dup2(fd, 3), 3);
	close(fd);
	assert_int_equal(dup2(STDIN_FILENO, 4), 4);
	struct activation *activation = activation_take(listeners);
	assert_int_equal(
	    activation_claim(activation, "a", (struct sockaddr *)&bound), -1);
	assert_int_equal(
	    activation_claim(activation, "b", (struct sockaddr *)&bound), -1);
	assert_false(is_open(3));
	assert_false(is_open(4));
	end(activation);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_claimed),
		cmocka_unit_test(test_elsewhere),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_others),
	};

	/* ours are 3 to 5, whatever who started us left open */
	for (int fd = 3; fd < 64; fd++)
		close(fd);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
