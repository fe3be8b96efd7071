/* SPDX-License-Identifier: MIT */
#include "simulate/simulator.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static struct simulator *
start(const char *kind)
{
	const struct simulator_options options = {
		.kind = kind,
		.listen = "127.0.0.1:0",
		.control = "127.0.0.1:0",
	};
	struct simulator *simulator = simulator_new(&options, NULL);

	assert_non_null(simulator);
	return simulator;
}

/* A connected socket, or -1 and errno. */
static int
dial(const char *address)
{
	struct sockaddr_in peer = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(strrchr(address, ':') + 1)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	if (connect(fd, (struct sockaddr *)&peer, sizeof peer) == 0)
		return fd;
	int saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

/* Says the text, returns the first bytes of the answer. */
static char *
ask(const char *address, const char *text)
{
	int fd = dial(address);
	char answer[512];

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	ssize_t n = read(fd, answer, sizeof answer);
	close(fd);
	return g_strndup(answer, n > 0 ? (size_t)n : 0);
}

#define MAIL                                                                \
	"POST /v3/d.example/messages HTTP/1.1\r\nHost: x\r\n"               \
	"Authorization: Basic YXBpOms=\r\nContent-Length: 176\r\n"          \
	"Content-Type: multipart/form-data; boundary=B\r\n\r\n"             \
	"--B\r\nContent-Disposition: form-data; name=from\r\n\r\na@b.c\r\n" \
	"--B\r\nContent-Disposition: form-data; name=to\r\n\r\nd@e.f\r\n"   \
	"--B\r\nContent-Disposition: form-data; name=text\r\n\r\nhello\r\n" \
	"--B--\r\n"

static void
test_life(void **state)
{
	static const char *const kinds[] = { "mailgun", "mandrill", "smtp" };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		struct simulator *simulator = start(kinds[i]);
		g_autofree char *words = simulator_words(kinds[i]);
		g_autofree char *state_line = ask(simulator_control(simulator),
		    "GET /state HTTP/1.0\r\n\r\n");

		assert_true(g_str_has_prefix(
		    simulator_address(simulator), "127.0.0.1:"));
		assert_non_null(strstr(words, "refuse"));
		assert_non_null(strstr(state_line, "200 OK"));
		assert_int_equal(simulator_accepted(simulator), 0);
		simulator_free(simulator);
	}
	simulator_free(NULL);
}

static void
test_accepted(void **state)
{
	struct simulator *simulator = start("mailgun");
	g_autofree char *answer = ask(simulator_address(simulator), MAIL);

	(void)state;
	assert_true(g_str_has_prefix(answer, "HTTP/1.1 200 "));
	/* it was recorded before the answer left */
	assert_int_equal(simulator_accepted(simulator), 1);
	simulator_free(simulator);
}

/* In force when the call returns, and gone when it is taken back. */
static void
test_fault(void **state)
{
	struct simulator *simulator = start("mailgun");
	const char *address = simulator_address(simulator);
	g_autoptr(GError) error = NULL;

	(void)state;
	assert_null(simulator_faults(simulator));
	assert_true(simulator_fault(simulator, "status=503", NULL));
	g_autofree char *told = simulator_faults(simulator);
	assert_string_equal(told, "status=503");
	g_autofree char *bad = ask(address, MAIL);
	assert_true(g_str_has_prefix(bad, "HTTP/1.1 503 "));
	for (unsigned i = 0; i < 10; i++) {
		assert_true(simulator_fault(simulator, "refuse", NULL));
		assert_int_equal(dial(address), -1);
		assert_int_equal(errno, ECONNREFUSED);
		assert_true(simulator_fault(simulator, NULL, NULL));
		int fd = dial(address);
		assert_true(fd >= 0);
		close(fd);
	}
	assert_null(simulator_faults(simulator));
	assert_false(simulator_fault(simulator, "nonsense", &error));
	assert_non_null(strstr(error->message, "nonsense"));
	g_autofree char *good = ask(address, MAIL);
	assert_true(g_str_has_prefix(good, "HTTP/1.1 200 "));
	simulator_free(simulator);
}

/* Neither taken nor refused; then as before. */
static void
test_unreachable(void **state)
{
	struct simulator *simulator = start("smtp");
	const char *address = simulator_address(simulator);
	struct sockaddr_in peer = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(strrchr(address, ':') + 1)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	(void)state;
	assert_true(simulator_fault(simulator, "unreachable", NULL));
	assert_int_equal(
	    connect(fd, (struct sockaddr *)&peer, sizeof peer), -1);
	assert_int_equal(errno, EINPROGRESS);
	struct pollfd wait = { .fd = fd, .events = POLLOUT };
	assert_int_equal(poll(&wait, 1, 300), 0);
	close(fd);
	assert_true(simulator_fault(simulator, NULL, NULL));
	fd = dial(address);
	assert_true(fd >= 0);
	close(fd);
	simulator_free(simulator);
}

static void *
on_thread(void *simulator)
{
	for (unsigned i = 0; i < 50; i++)
		g_assert(simulator_fault(
		    simulator, i % 2 == 0 ? "stall" : NULL, NULL));
	return NULL;
}

static void
test_threads(void **state)
{
	struct simulator *simulator = start("smtp");
	pthread_t threads[4];

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, on_thread, simulator), 0);
	for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
		pthread_join(threads[i], NULL);
	simulator_free(simulator);
}

/* Ends while requests are held in every way. */
static void
test_end_with_requests(void **state)
{
	static const char *const faults[] = { "stall", "blackhole",
		"slow=100000", "drip=100000", "huge=100,accepted" };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(faults); i++) {
		struct simulator *simulator = start("mailgun");
		int fd = dial(simulator_address(simulator));

		assert_true(simulator_fault(simulator, faults[i], NULL));
		assert_int_equal(write(fd, MAIL, strlen(MAIL)), strlen(MAIL));
		/* held: told by the door that the connection is there */
		g_autofree char *line = ask(simulator_control(simulator),
		    "GET /state HTTP/1.0\r\n\r\n");
		assert_non_null(strstr(line, "\"connections_open\":1"));
		simulator_free(simulator);
		close(fd);
	}
}

static void
test_wrong(void **state)
{
	static const struct simulator_options wrong[] = {
		{ .kind = "pigeon", .listen = "127.0.0.1:0" },
		{ .listen = "127.0.0.1:0" },
		{ .kind = "smtp", .listen = "nowhere" },
		{ .kind = "smtp", .listen = "192.0.2.1:25" },
		{ .kind = "smtp", .listen = "127.0.0.1:0", .control = "x" },
		{ .kind = "smtp", .listen = "127.0.0.1:0", .key = "k" },
		{ .kind = "smtp", .listen = "127.0.0.1:0", .domain = "d" },
		{ .kind = "mandrill",
		    .listen = "127.0.0.1:0",
		    .lookup_key = "k" },
		{ .kind = "smtp", .listen = "127.0.0.1:0", .username = "u" },
		{ .kind = "smtp",
		    .listen = "127.0.0.1:0",
		    .certificate = "/nowhere",
		    .private_key = "/nowhere" },
		{ .kind = "smtp",
		    .listen = "127.0.0.1:0",
		    .record = "/dev/null/x" },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_autoptr(GError) error = NULL;

		assert_null(simulator_new(&wrong[i], &error));
		assert_true(strlen(error->message) > 10);
	}
}

static void
test_address_in_use(void **state)
{
	struct simulator *simulator = start("smtp");
	const struct simulator_options options = {
		.kind = "smtp",
		.listen = simulator_address(simulator),
	};
	g_autoptr(GError) error = NULL;

	(void)state;
	assert_null(simulator_new(&options, &error));
	assert_non_null(strstr(error->message, simulator_address(simulator)));
	simulator_free(simulator);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_fault),
		cmocka_unit_test(test_unreachable),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_end_with_requests),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_address_in_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
