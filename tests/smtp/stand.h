/* SPDX-License-Identifier: MIT */
/*
 * A stand for tests of the listener: the real server on real sockets, a stage
 * behind it that answers as it is told, and clients that say exactly what they
 * are told.
 */
#ifndef STAND_H
#define STAND_H

#include "smtp/server.h"

#include "core/config.h"
#include <arpa/inet.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* A reply that does not come in this time does not come. */
#define PATIENCE_S 20

struct stand {
	struct config *config;
	struct loop *main;
	struct budget *budget;
	struct disk *disk; /* where nothing but the test looks */
	struct spool_place place;
	struct server *server;
	struct mailbox *box;           /* submissions, for the test's thread */
	struct mailbox *ends;          /* one letter when stopped */
	struct submission *submission; /* the last one read */
	bool automatic;                /* each is answered with 250 at once */
	struct letter stop, stopped;
	int64_t grace_ms;
};

static inline struct config *
stand_config(const char *text, GPtrArray *errors)
{
	g_autofree char *path = NULL;
	struct config_source source = { 0 };
	struct config *config;
	int fd = g_file_open_tmp("stand-XXXXXX", &path, NULL);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	source.path = path;
	config = config_read(&source, server_tables, errors);
	g_unlink(path);
	return config;
}

static inline void
stand_on_submission(void *owner, struct letter *letter)
{
	struct stand *stand = owner;

	stand->submission = LETTER_OF(letter, struct submission, letter);
}

static inline void
stand_on_onward(void *object, struct submission *submission)
{
	struct stand *stand = object;

	if (stand->automatic) {
		submission_answer(submission, 250, "2.0.0", submission->id);
		submission_free(submission);
	} else {
		mailbox_post(
		    stand->box, &submission->letter, stand_on_submission);
	}
}

static inline void
stand_on_end(void *owner, struct letter *letter)
{
	(void)owner;
	(void)letter;
}

static inline void
stand_on_stopped(void *object)
{
	struct stand *stand = object;

	mailbox_post(stand->ends, &stand->stopped, stand_on_end);
}

static inline void
stand_on_stop(void *owner, struct letter *letter)
{
	struct stand *stand = LETTER_OF(letter, struct stand, stop);

	(void)owner;
	server_stop(stand->server, stand->grace_ms, stand_on_stopped, stand);
}

/* What the server works with; it does not run yet. */
static inline struct stand *
stand_make(const char *settings, uint64_t budget)
{
	struct stand *stand = g_new0(struct stand, 1);
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *text = g_strconcat(
	    "[listener l]\naddress = 127.0.0.1:0\n", settings, "\n", NULL);

	stand->config = stand_config(text, errors);
	if (stand->config == NULL)
		fail_msg("%s", (char *)errors->pdata[0]);
	stand->main = loop_new("main", NULL);
	stand->budget = budget_new(budget);
	stand->disk = disk_new("/", 1);
	disk_look(stand->disk);
	stand->place.budget = stand->budget;
	stand->box = mailbox_new(stand);
	stand->ends = mailbox_new(stand);
	stand->automatic = true;
	return stand;
}

static inline const char *const *
stand_routes(const struct config *config)
{
	static const char *const names[] = { "night", "bulk", NULL };

	(void)config;
	return names;
}

static inline void
stand_run(struct stand *stand)
{
	GError *error = NULL;

	stand->server = server_new(
	    &(struct server_options){
		.config = stand->config,
		.main = stand->main,
		.loops = 2,
		.place = &stand->place,
		.budget = stand->budget,
		.disk = stand->disk,
		.routes = stand_routes,
		.onward = stand_on_onward,
		.stage = stand,
	    },
	    &error);
	if (stand->server == NULL)
		fail_msg("%s", error->message);
	server_start(stand->server);
	loop_start(stand->main);
}

/* settings is what follows [listener l] with its address; a line "[server]"
 * may follow. */
static inline struct stand *
stand_new(const char *settings, uint64_t budget)
{
	struct stand *stand = stand_make(settings, budget);

	stand_run(stand);
	return stand;
}

/* The same without a queue. */
static inline struct stand *
stand_new_without(const char *settings, uint64_t budget)
{
	struct stand *stand = stand_make(settings, budget);

	g_clear_pointer(&stand->disk, disk_free);
	stand_run(stand);
	return stand;
}

/* Asks the server to stop; stand_wait_stopped() waits until it has. */
static inline void
stand_stop(struct stand *stand, int64_t grace_ms)
{
	stand->grace_ms = grace_ms;
	loop_post(stand->main, &stand->stop, stand_on_stop);
}

static inline void
stand_wait_stopped(struct stand *stand)
{
	assert_true(mailbox_read_one(stand->ends));
}

/* The next submission; the caller's. */
static inline struct submission *
stand_submission(struct stand *stand)
{
	assert_true(mailbox_read_one(stand->box));
	return g_steal_pointer(&stand->submission);
}

static inline void
stand_free(struct stand *stand)
{
	loop_stop(stand->main);
	server_free(stand->server);
	loop_free(stand->main);
	assert_int_equal(budget_taken(stand->budget), 0);
	budget_free(stand->budget);
	disk_free(stand->disk);
	mailbox_free(stand->box);
	mailbox_free(stand->ends);
	config_unref(stand->config);
	g_free(stand);
}

struct client {
	int fd;
	GString *in; /* read, not yet looked at */
};

static inline int
stand_connect(const struct stand *stand)
{
	const char *address = server_address(stand->server, "l");
	struct sockaddr_in to = { .sin_family = AF_INET };
	struct timeval patience = { PATIENCE_S, 0 };
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	to.sin_port = htons((uint16_t)atoi(strrchr(address, ':') + 1));
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	/* or each small write would wait for the answer to the one before */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static inline struct client *
client_new(const struct stand *stand)
{
	struct client *client = g_new0(struct client, 1);

	client->fd = stand_connect(stand);
	client->in = g_string_new(NULL);
	return client;
}

static inline void
client_free(struct client *client)
{
	close(client->fd);
	g_string_free(client->in, TRUE);
	g_free(client);
}

static inline void
client_write(struct client *client, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t done = send(client->fd, bytes, length, MSG_NOSIGNAL);

		if (done <= 0)
			return; /* what was hung up on is seen by reading */
		bytes += done;
		length -= (size_t)done;
	}
}

static inline void
client_say(struct client *client, const char *text)
{
	client_write(client, text, strlen(text));
}

/* The next line without CR LF; NULL: the server has hung up.  New string. */
static inline char *
client_line(struct client *client)
{
	char *stop;

	while ((stop = strstr(client->in->str, "\r\n")) == NULL) {
		char bytes[4096];
		ssize_t got = recv(client->fd, bytes, sizeof(bytes), 0);

		if (got < 0 && errno == EAGAIN)
			fail_msg("nothing came");
		if (got <= 0)
			return NULL;
		g_string_append_len(client->in, bytes, got);
	}
	char *line =
	    g_strndup(client->in->str, (size_t)(stop - client->in->str));
	g_string_erase(client->in, 0, stop + 2 - client->in->str);
	return line;
}

/* The next line begins so; name is for the message. */
static inline void
client_expect(struct client *client, const char *name, const char *start)
{
	g_autofree char *line = client_line(client);

	if (line == NULL || !g_str_has_prefix(line, start))
		fail_msg("%s: \"%s\" came, \"%s\" was expected", name,
		    line == NULL ? "the end" : line, start);
}

/* The server hangs up without another word. */
static inline void
client_expect_end(struct client *client, const char *name)
{
	g_autofree char *line = client_line(client);

	if (line != NULL)
		fail_msg("%s: \"%s\" came, the end was expected", name, line);
}

/* Plays a script, a line each: "> text" is said with CR LF, "< start" is how
 * the reply must begin, "." is the end of the connection. A reply of several
 * lines has several rows. */
static inline void
client_play(struct client *client, const char *name, const char *script)
{
	g_auto(GStrv) lines = g_strsplit(script, "\n", -1);

	for (char **line = lines; *line != NULL; line++) {
		if (g_str_has_prefix(*line, "> ")) {
			client_say(client, *line + 2);
			client_say(client, "\r\n");
		} else if (g_str_has_prefix(*line, "< ")) {
			client_expect(client, name, *line + 2);
		} else if (strcmp(*line, ".") == 0) {
			client_expect_end(client, name);
		} else if (**line != '\0') {
			fail_msg("%s: bad script: %s", name, *line);
		}
	}
}

#define HELLO                                                       \
	"< 220 \n> EHLO c\n< 250-\n< 250-PIPELINING\n< 250-SIZE \n" \
	"< 250-8BITMIME\n< 250-SMTPUTF8\n< 250-DSN\n< 250 ENHANCEDSTATUSCODES\n"
#define MAIL "> MAIL FROM:<a@x.y>\n< 250 2.1.0\n"
#define RCPT "> RCPT TO:<b@x.y>\n< 250 2.1.5\n"
#define DATA "> DATA\n< 354 \n"
#define QUIT "> QUIT\n< 221 2.0.0\n.\n"

#endif
