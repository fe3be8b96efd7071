/* SPDX-License-Identifier: MIT */
/*
 * A rig runs one session on the caller's thread: what a client says goes in,
 * what it is told comes out, nothing waits and no other thread is there.  For
 * long random runs and for fuzzing.  Where the listener has TLS the client may
 * shake hands, and is inside TLS from then on.
 */
#ifndef RIG_H
#define RIG_H

#include "core/config.h"
#include "dialogue.h"
#include "mail/submission.h"
#include "smtp/server.h"
#include "tls_keys.h"
#include <errno.h>
#include <event2/event.h>
#include <glib/gstdio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct rig {
	struct config *config;
	struct rules *rules;
	struct budget *budget;
	struct spool_place place;
	struct session_world world;
	struct event_base *base;
	struct channel_buffer *buffer;
	struct session_peer peer;      /* of the sessions to come */
	struct dialogue *dialogue;     /* NULL: it has gone */
	struct submission *submission; /* that waits for its answer */
	struct tls_keys *keys;         /* NULL: there is no TLS */
	SSL_CTX *context;              /* of clients; NULL as well */
	SSL *ssl;                      /* of this one; NULL: it speaks plain */
	int fd;                        /* the client's end */
	GString *heard;                /* and not yet looked at */
};

static inline struct config *
rig_read_config(const char *listener)
{
	g_autofree char *path = NULL;
	g_autofree char *text = g_strdup_printf(
	    "[listener l]\naddress = 127.0.0.1:0\n%s\n", listener);
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
	struct config_source source = { 0 };
	struct config *config;
	int fd = g_file_open_tmp("rig-XXXXXX", &path, NULL);

	close(fd);
	g_file_set_contents(path, text, -1, NULL);
	source.path = path;
	config = config_read(&source, server_tables, errors);
	g_unlink(path);
	if (config == NULL)
		g_error("%s", (char *)errors->pdata[0]);
	return config;
}

static inline void
rig_on_onward(void *stage, struct submission *submission)
{
	struct rig *rig = stage;

	g_assert(rig->submission == NULL);
	rig->submission = submission;
}

static inline void
rig_on_gone(void *object, struct dialogue *dialogue)
{
	struct rig *rig = object;

	g_assert(rig->dialogue == dialogue);
	dialogue_free(dialogue);
	rig->dialogue = NULL;
}

static inline void
rig_on_knock(void *object, const struct dialogue *dialogue)
{
	(void)object;
	(void)dialogue;
}

static inline void
rig_open_tls(struct rig *rig)
{
	GError *error = NULL;

	if (rig->rules->tls.mode == RULES_TLS_OFF)
		return;
	rig->keys = tls_keys_new(rig->rules, &error);
	if (rig->keys == NULL)
		g_error("%s", error->message);
	rig->context = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_mode(rig->context, SSL_MODE_ENABLE_PARTIAL_WRITE |
					   SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	/* OpenSSL writes to a socket as to a file */
	signal(SIGPIPE, SIG_IGN);
}

/* settings: of the listener. */
static inline void
rig_open(struct rig *rig, const char *settings)
{
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);

	*rig = (struct rig){ .fd = -1 };
	rig->config = rig_read_config(settings);
	rig->rules = rules_new(rig->config, "l", errors);
	if (rig->rules == NULL)
		g_error("%s", (char *)errors->pdata[0]);
	rig->budget = budget_new(UINT64_C(64) << 20);
	rig->place.budget = rig->budget;
	rig->world = (struct session_world){
		.onward = rig_on_onward,
		.stage = rig,
		.place = &rig->place,
		.budget = rig->budget,
	};
	rig->base = event_base_new();
	rig->buffer = g_new(struct channel_buffer, 1);
	rig->peer = (struct session_peer){ .allowed = true };
	g_strlcpy(rig->peer.text, "127.0.0.1", sizeof(rig->peer.text));
	rig->heard = g_string_new(NULL);
	rig_open_tls(rig);
}

/* The end of the client's side. */
static inline void
rig_hang_up(struct rig *rig)
{
	g_clear_pointer(&rig->ssl, SSL_free);
	if (rig->fd >= 0)
		close(rig->fd);
	rig->fd = -1;
}

/* A new client. */
static inline void
rig_connect(struct rig *rig)
{
	int ends[2];

	g_assert(rig->dialogue == NULL);
	rig_hang_up(rig);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) != 0)
		g_error("socketpair: %s", g_strerror(errno));
	rig->fd = ends[1];
	g_string_truncate(rig->heard, 0);
	rig->peer.keys = tls_keys_ref(rig->keys); /* the session's */
	rig->dialogue = dialogue_new(&(struct dialogue_options){
	    .base = rig->base,
	    .buffer = rig->buffer,
	    .world = &rig->world,
	    .rules = rig->rules,
	    .peer = &rig->peer,
	    .id = 1,
	    .fd = ends[0],
	    .gone = rig_on_gone,
	    .knock = rig_on_knock,
	    .object = rig,
	});
	dialogue_begin(rig->dialogue);
}

/* Takes what was said; true when there was something. */
static inline bool
rig_hear(struct rig *rig)
{
	char bytes[4096];
	ssize_t got;

	ERR_clear_error();
	got = rig->ssl != NULL ? SSL_read(rig->ssl, bytes, sizeof(bytes))
			       : recv(rig->fd, bytes, sizeof(bytes), 0);
	if (got > 0)
		g_string_append_len(rig->heard, bytes, got);
	return got > 0;
}

/* Until the session has nothing more to do. */
static inline void
rig_run(struct rig *rig)
{
	for (int idle = 0; idle < 3; idle++) {
		event_base_loop(rig->base, EVLOOP_NONBLOCK);
		if (rig_hear(rig))
			idle = 0;
	}
}

/* The client's side of a handshake; true when it came to a good end. */
static inline bool
rig_shake(struct rig *rig)
{
	bool done = false;

	rig->ssl = SSL_new(rig->context);
	SSL_set_fd(rig->ssl, rig->fd);
	for (int i = 0; i < 100 && !done; i++) {
		ERR_clear_error();
		done = SSL_connect(rig->ssl) == 1;
		event_base_loop(rig->base, EVLOOP_NONBLOCK);
	}
	rig_run(rig);
	return done;
}

/* As send(). */
static inline ssize_t
rig_send(struct rig *rig, const char *bytes, size_t length)
{
	int sent;

	if (rig->ssl == NULL)
		return send(rig->fd, bytes, length, MSG_NOSIGNAL);
	ERR_clear_error();
	sent = SSL_write(rig->ssl, bytes, (int)length);
	errno = SSL_get_error(rig->ssl, sent) == SSL_ERROR_WANT_WRITE ? EAGAIN
								      : EPIPE;
	return sent > 0 ? sent : -1;
}

/* What does not fit the socket, or comes when nobody reads, is lost. */
static inline void
rig_say(struct rig *rig, const void *bytes, size_t length)
{
	const char *at = bytes;

	while (length > 0 && rig->dialogue != NULL) {
		ssize_t sent = rig_send(rig, at, length);

		if (sent < 0 && errno != EAGAIN)
			break;
		if (sent > 0) {
			at += sent;
			length -= (size_t)sent;
		}
		rig_run(rig);
		if (sent < 0 && rig->submission != NULL)
			break;
	}
	rig_run(rig);
}

/* Tells the client what became of its mail; takes the answer over. */
static inline void
rig_answer(struct rig *rig, struct answer *answer)
{
	g_clear_pointer(&rig->submission, submission_free);
	if (rig->dialogue != NULL)
		dialogue_answer(rig->dialogue, answer);
	answer_free(answer);
	rig_run(rig);
}

/* The client closes; the session ends. */
static inline void
rig_disconnect(struct rig *rig)
{
	rig_hang_up(rig);
	for (int i = 0; i < 4 && rig->dialogue != NULL; i++)
		event_base_loop(rig->base, EVLOOP_NONBLOCK);
	g_clear_pointer(&rig->submission, submission_free);
	g_clear_pointer(&rig->dialogue, dialogue_free);
}

static inline void
rig_close(struct rig *rig)
{
	rig_disconnect(rig);
	g_string_free(rig->heard, TRUE);
	SSL_CTX_free(rig->context);
	tls_keys_unref(rig->keys);
	g_free(rig->buffer);
	event_base_free(rig->base);
	rules_free(rig->rules);
	config_unref(rig->config);
	budget_free(rig->budget);
}

#endif
