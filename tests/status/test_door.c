/* SPDX-License-Identifier: MIT */
#include "status.h"

#include "fake_store.h"
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

/* Over the 64 KiB that a spool keeps in memory. */
#define BODY_BYTES ((size_t)300 * 1000)

struct fixture {
	char folder[64];
	char *path;
	struct store_mail mail;
	struct store store;
	struct budget *budget;
	struct spool_place place;
	char *body;
	struct status *status;
	struct status_door *door;
};

static void
open_door(struct fixture *fixture)
{
	g_autoptr(GError) error = NULL;

	fixture->door =
	    status_door_open(fixture->status, fixture->path, &error);
	if (fixture->door == NULL)
		fail_msg("%s", error->message);
}

static int
set_up(void **state)
{
	struct fixture *fixture = g_new0(struct fixture, 1);

	g_strlcpy(
	    fixture->folder, "/tmp/test_door.XXXXXX", sizeof fixture->folder);
	assert_non_null(mkdtemp(fixture->folder));
	fixture->path = g_build_filename(fixture->folder, "control", NULL);
	fixture->budget = budget_new(1 << 20);
	fixture->place = (struct spool_place){ NULL, fixture->budget };
	fixture->body = g_malloc(BODY_BYTES);
	for (size_t i = 0; i < BODY_BYTES; i++)
		fixture->body[i] = (char)('a' + i % 26);
	g_strlcpy(fixture->mail.id, FAKE_ID, sizeof fixture->mail.id);
	fixture->store.mail = &fixture->mail;
	fixture->store.spool =
	    make_spool(&fixture->place, fixture->body, BODY_BYTES);
	fixture->store.changed = 1;
	const struct status_options options = { .store = &fixture->store,
		.started_ms = 1 };
	fixture->status = status_new(&options);
	open_door(fixture);
	*state = fixture;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *fixture = *state;

	status_door_close(fixture->door);
	status_free(fixture->status);
	spool_unref(fixture->store.spool);
	budget_free(fixture->budget);
	assert_int_equal(rmdir(fixture->folder), 0); /* nothing is left */
	g_free(fixture->body);
	g_free(fixture->path);
	g_free(fixture);
	return 0;
}

/* -1 and errno when nobody is there. */
static int
connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	g_strlcpy(address.sun_path, path, sizeof address.sun_path);
	if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	int why = errno;
	close(fd);
	errno = why;
	return -1;
}

/* The peer may have answered and gone before it took all. */
static void
write_all(int fd, const char *bytes, size_t length)
{
	ssize_t written;

	for (; length > 0; bytes += written, length -= (size_t)written) {
		written = send(fd, bytes, length, MSG_NOSIGNAL);
		if (written < 0)
			return;
	}
}

static GString *
read_end(int fd)
{
	GString *text = g_string_new(NULL);
	char bytes[4096];
	ssize_t got;

	while ((got = read(fd, bytes, sizeof bytes)) > 0)
		g_string_append_len(text, bytes, got);
	close(fd);
	return text;
}

static GString *
ask(const struct fixture *fixture, const char *request)
{
	int fd = connect_to(fixture->path);

	assert_true(fd >= 0);
	write_all(fd, request, strlen(request));
	return read_end(fd);
}

#define HEAD  " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
#define MAILS "/v1/messages"

static const struct {
	const char *name, *request;
	const char *begins; /* with this line */
	const char *holds;
} exchanges[] = {
	{ "alive", "GET /livez" HEAD "\r\n", "HTTP/1.1 200 ",
	    "\r\n\r\n{\"alive\":true}\n" },
	{ "its type", "GET /livez" HEAD "\r\n", "HTTP/1.1 200 ",
	    "\r\nContent-Type: application/json\r\n" },
	{ "not kept", "GET /livez" HEAD "\r\n", "HTTP/1.1 200 ",
	    "\r\nCache-Control: no-store\r\n" },
	{ "its length", "HEAD /livez" HEAD "\r\n", "HTTP/1.1 200 ",
	    "\r\nContent-Length: 15\r\n" },
	{ "a method", "DELETE /livez" HEAD "\r\n", "HTTP/1.1 405 ",
	    "\r\nAllow: GET, HEAD\r\n" },
	{ "a problem", "GET /none" HEAD "\r\n", "HTTP/1.1 404 ",
	    "\r\nContent-Type: application/problem+json\r\n" },
	{ "an act", "POST " MAILS "/" FAKE_ID "/hold" HEAD "\r\n",
	    "HTTP/1.1 200 ", "{\"changed\":1}" },
	{ "an act with an empty body",
	    "POST " MAILS "/" FAKE_ID "/hold" HEAD "Content-Length: 0\r\n\r\n",
	    "HTTP/1.1 200 ", "{\"changed\":1}" },
	{ "an act with a body",
	    "POST " MAILS "/" FAKE_ID "/hold" HEAD
	    "Content-Length: 3\r\n\r\nx=1",
	    "HTTP/1.1 200 ", "{\"changed\":1}" },
	{ "the query", "GET " MAILS "?state=none" HEAD "\r\n", "HTTP/1.1 400 ",
	    "state = \\\"none\\\"" },
	{ "codes are decoded once", "GET " MAILS "?state=%2568eld" HEAD "\r\n",
	    "HTTP/1.1 400 ", "state = \\\"%68eld\\\"" },
	{ "no HTTP", "EHLO there\r\n\r\n", "HTTP/1.1 4", "\r\n" },
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
}

static void
test_head_has_no_body(void **state)
{
	GString *answer = ask(*state, "HEAD /livez" HEAD "\r\n");

	assert_true(g_str_has_suffix(answer->str, "\r\n\r\n"));
	g_string_free(answer, TRUE);
}

static void
test_two_on_one_connection(void **state)
{
	GString *answer = ask(*state, "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
				      "GET /readyz" HEAD "\r\n");

	assert_non_null(strstr(answer->str, "{\"alive\":true}"));
	assert_non_null(strstr(answer->str, "{\"ready\":true}"));
	g_string_free(answer, TRUE);
}

static void
test_raw(void **state)
{
	const struct fixture *fixture = *state;
	GString *answer =
	    ask(fixture, "GET " MAILS "/" FAKE_ID "/raw" HEAD "\r\n");
	const char *body = strstr(answer->str, "\r\n\r\n");

	assert_non_null(
	    strstr(answer->str, "Content-Type: message/rfc822\r\n"));
	assert_non_null(strstr(answer->str, "Content-Length: 300000\r\n"));
	assert_non_null(body);
	body += 4;
	assert_int_equal(
	    answer->len - (size_t)(body - answer->str), BODY_BYTES);
	assert_memory_equal(body, fixture->body, BODY_BYTES);
	g_string_free(answer, TRUE);
}

static void
test_who_asks(void **state)
{
	const struct fixture *fixture = *state;
	g_autofree char *who = g_strdup_printf("uid %u", (unsigned)geteuid());

	g_string_free(
	    ask(fixture, "POST " MAILS "/" FAKE_ID "/drop" HEAD "\r\n"), TRUE);
	assert_string_equal(fixture->store.who, who);
}

/* Heads and bodies have a limit. */
static void
test_limits(void **state)
{
	const struct fixture *fixture = *state;
	g_autofree char *filler = g_strnfill(100000, 'x');
	g_autofree char *head =
	    g_strconcat("GET /livez" HEAD "X: ", filler, "\r\n\r\n", NULL);
	g_autofree char *target =
	    g_strconcat("GET /livez?", filler, HEAD "\r\n", NULL);
	g_autofree char *body = g_strconcat("POST " MAILS "/hold" HEAD
					    "Content-Length: 100000\r\n\r\n",
	    filler, NULL);
	const char *const requests[] = { head, target, body };

	for (size_t i = 0; i < G_N_ELEMENTS(requests); i++) {
		GString *answer = ask(fixture, requests[i]);

		assert_false(g_str_has_prefix(answer->str, "HTTP/1.1 200"));
		g_string_free(answer, TRUE);
	}
	assert_int_equal(fixture->store.asked, 0);
}

static void
test_mode(void **state)
{
	const struct fixture *fixture = *state;
	struct stat status;

	assert_int_equal(stat(fixture->path, &status), 0);
	assert_true(S_ISSOCK(status.st_mode));
	assert_int_equal(status.st_mode & 07777, 0660);
}

/* What a daemon that was killed left behind. */
static void
test_replaces_an_old_socket(void **state)
{
	struct fixture *fixture = *state;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	g_clear_pointer(&fixture->door, status_door_close);
	g_strlcpy(address.sun_path, fixture->path, sizeof address.sun_path);
	assert_int_equal(
	    bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	close(fd);
	open_door(fixture);
	GString *answer = ask(fixture, "GET /livez" HEAD "\r\n");
	assert_non_null(strstr(answer->str, "alive"));
	g_string_free(answer, TRUE);
}

static void
test_cannot_be_had(void **state)
{
	const struct fixture *fixture = *state;
	g_autofree char *filler = g_strnfill(108, 'x');
	g_autofree char *missing =
	    g_build_filename(fixture->folder, "none", "control", NULL);
	g_autofree char *at_length = g_strconcat("/", filler, NULL);
	const struct {
		const char *path, *words;
	} rows[] = {
		{ missing, "No such file or directory" },
		{ at_length, "too long: 107 bytes are allowed" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;

		assert_null(
		    status_door_open(fixture->status, rows[i].path, &error));
		assert_non_null(strstr(error->message, rows[i].path));
		assert_non_null(strstr(error->message, rows[i].words));
	}
}

/* ---- the end ---- */

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

static void *
run_close(void *door)
{
	status_door_close(door);
	return NULL;
}

/* Returns when the file has gone from the folder. */
static void
wait_gone(int watch)
{
	char bytes[4096];

	assert_true(read(watch, bytes, sizeof bytes) > 0);
	close(watch);
}

static void
test_close_finishes_what_is_under_way(void **state)
{
	struct fixture *fixture = *state;
	struct pause pause;
	pthread_t closer;
	int watch = inotify_init1(IN_CLOEXEC);
	int fd = connect_to(fixture->path);
	const char *request = "GET /status" HEAD "\r\n";

	sem_init(&pause.entered, 0, 0);
	sem_init(&pause.go, 0, 0);
	fixture->store.during = on_asked;
	fixture->store.object = &pause;
	inotify_add_watch(watch, fixture->folder, IN_DELETE);
	write_all(fd, request, strlen(request));
	sem_wait(&pause.entered);

	pthread_create(&closer, NULL, run_close, fixture->door);
	fixture->door = NULL;
	wait_gone(watch);
	assert_int_equal(connect_to(fixture->path), -1);
	assert_int_equal(errno, ENOENT);
	sem_post(&pause.go);

	GString *answer = read_end(fd);
	assert_true(g_str_has_prefix(answer->str, "HTTP/1.1 200 "));
	assert_true(g_str_has_suffix(answer->str, "}\n"));
	g_string_free(answer, TRUE);
	pthread_join(closer, NULL);
	sem_destroy(&pause.entered);
	sem_destroy(&pause.go);
}

/* A client that says nothing must not hold up the end. */
static void
test_close_with_an_idle_client(void **state)
{
	struct fixture *fixture = *state;
	int silent = connect_to(fixture->path);
	int half = connect_to(fixture->path);

	const char *begun = "GET /livez HTTP/1.1\r\nHost:";
	gint64 start;

	write_all(half, begun, strlen(begun));
	/* taken, and as idle as the other, once a later one was answered */
	g_string_free(ask(fixture, "GET /livez" HEAD "\r\n"), TRUE);
	start = g_get_monotonic_time();
	g_clear_pointer(&fixture->door, status_door_close);
	assert_true(g_get_monotonic_time() - start < 4 * G_USEC_PER_SEC);
	g_string_free(read_end(silent), TRUE);
	g_string_free(read_end(half), TRUE);
}

#define DOOR(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		DOOR(test_exchanges),
		DOOR(test_head_has_no_body),
		DOOR(test_two_on_one_connection),
		DOOR(test_raw),
		DOOR(test_who_asks),
		DOOR(test_limits),
		DOOR(test_mode),
		DOOR(test_replaces_an_old_socket),
		DOOR(test_cannot_be_had),
		DOOR(test_close_finishes_what_is_under_way),
		DOOR(test_close_with_an_idle_client),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
