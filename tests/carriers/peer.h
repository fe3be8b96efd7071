/* SPDX-License-Identifier: MIT */
/*
 * A peer is a real server on a loopback port whose manners are a C function:
 * one thread accepts, each connection (a link) has a thread of its own that
 * runs the function.  Faults are real: resets by SO_LINGER, stalls by not
 * reading.  Nothing here sleeps; a stall lasts until the client hangs up.
 */
#ifndef TESTS_PEER_H
#define TESTS_PEER_H

#include <errno.h>
#include <glib.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct peer;

struct link {
	struct peer *peer;
	struct link *next;
	pthread_t thread;
	int fd;
	SSL *ssl;
	unsigned number; /* from 1 */
	char bytes[16384];
	size_t at, end;
	uint64_t read;
};

typedef void (*link_fn)(struct link *link);

struct peer {
	link_fn serve;
	const void *script; /* for serve */
	SSL_CTX *tls;       /* owned; NULL: none */
	int window;         /* receive buffer, bytes; 0: the system's */
	int pause_ms; /* after each MiB read: the client's buffers fill up */
	int fd;
	unsigned port;
	pthread_t thread;
	int quit[2];             /* a pipe, closed by peer_stop() */
	struct link *links;      /* the accepting thread's */
	atomic_uint connections; /* ever */
	atomic_uint open, most_open;
	atomic_uint requests;   /* whole ones */
	atomic_ullong received; /* bytes of them */
	pthread_mutex_t lock;
	GString *heard; /* lines, under the lock */
};

static inline void
peer_note(struct peer *peer, const char *line)
{
	pthread_mutex_lock(&peer->lock);
	g_string_append(peer->heard, line);
	g_string_append_c(peer->heard, '\n');
	pthread_mutex_unlock(&peer->lock);
}

/* After peer_stop(), or while nobody speaks. */
static inline bool
peer_heard(struct peer *peer, const char *text)
{
	bool found;

	pthread_mutex_lock(&peer->lock);
	found = strstr(peer->heard->str, text) != NULL;
	pthread_mutex_unlock(&peer->lock);
	return found;
}

/* How often. */
static inline unsigned
peer_count(struct peer *peer, const char *text)
{
	unsigned count = 0;

	pthread_mutex_lock(&peer->lock);
	for (const char *s = peer->heard->str; (s = strstr(s, text)) != NULL;
	     s += strlen(text))
		count++;
	pthread_mutex_unlock(&peer->lock);
	return count;
}

/* Bytes there are, 0 at the end of the connection. */
static inline size_t
link_fill(struct link *link)
{
	ssize_t got = link->ssl != NULL
			  ? SSL_read(link->ssl, link->bytes, sizeof link->bytes)
			  : recv(link->fd, link->bytes, sizeof link->bytes, 0);

	link->at = 0;
	link->end = got > 0 ? (size_t)got : 0;
	if ((link->read + link->end) >> 20 != link->read >> 20)
		poll(NULL, 0, link->peer->pause_ms);
	link->read += link->end;
	return link->end;
}

static inline bool
link_line(struct link *link, char *line, size_t size)
{
	size_t length = 0;

	for (;;) {
		char c;

		if (link->at == link->end && link_fill(link) == 0)
			return false;
		c = link->bytes[link->at++];
		if (c == '\n')
			break;
		if (c != '\r' && length + 1 < size)
			line[length++] = c;
	}
	line[length] = '\0';
	return true;
}

/* Reads so many bytes and forgets them; false when the end comes before. */
static inline bool
link_skip(struct link *link, uint64_t count)
{
	while (count > 0) {
		size_t some;

		if (link->at == link->end && link_fill(link) == 0)
			return false;
		some = MIN(count, link->end - link->at);
		link->at += some;
		count -= some;
	}
	return true;
}

/* The way to stall: until the client hangs up. */
static inline void
link_await_end(struct link *link)
{
	while (link_fill(link) > 0)
		;
}

/* Reads nothing until peer_stop(): a FIN behind unread bytes is not seen. */
static inline void
link_await_stop(struct link *link)
{
	struct pollfd entry = { .fd = link->peer->quit[0], .events = POLLIN };

	poll(&entry, 1, -1);
}

static inline void
link_write(struct link *link, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t done =
		    link->ssl != NULL
			? SSL_write(link->ssl, bytes, (int)MIN(length, 65536))
			: send(link->fd, bytes, length, MSG_NOSIGNAL);

		if (done <= 0)
			return;
		bytes += done;
		length -= (size_t)done;
	}
}

static inline void G_GNUC_PRINTF(2, 3)
    link_say(struct link *link, const char *format, ...)
{
	va_list arguments;
	g_autofree char *text = NULL;

	va_start(arguments, format);
	text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	link_write(link, text, strlen(text));
}

/* RST instead of FIN when the function returns. */
static inline void
link_reset(struct link *link)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(link->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

static inline bool
link_secure(struct link *link)
{
	link->ssl = SSL_new(link->peer->tls);
	SSL_set_fd(link->ssl, link->fd);
	if (SSL_accept(link->ssl) == 1)
		return true;
	SSL_free(link->ssl);
	link->ssl = NULL;
	return false;
}

static inline void *
on_link(void *object)
{
	struct link *link = object;
	struct peer *peer = link->peer;
	unsigned now = atomic_fetch_add(&peer->open, 1) + 1;
	unsigned most = atomic_load(&peer->most_open);

	while (now > most &&
	       !atomic_compare_exchange_weak(&peer->most_open, &most, now))
		;
	peer->serve(link);
	atomic_fetch_sub(&peer->open, 1);
	if (link->ssl != NULL) {
		SSL_shutdown(link->ssl);
		SSL_free(link->ssl);
	}
	close(link->fd);
	return NULL;
}

static inline void *
on_accept(void *object)
{
	struct peer *peer = object;
	int fd;

	while ((fd = accept4(peer->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		struct link *link = g_new0(struct link, 1);
		int one = 1;

		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		link->peer = peer;
		link->fd = fd;
		link->number = atomic_fetch_add(&peer->connections, 1) + 1;
		link->next = peer->links;
		peer->links = link;
		pthread_create(&link->thread, NULL, on_link, link);
	}
	return NULL;
}

/* A loopback port where `backlog` connections are taken but not accepted. */
static inline int
peer_listen(int backlog, unsigned *port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t length = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (bind(fd, (struct sockaddr *)&address, length) != 0 ||
	    listen(fd, backlog) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &length) != 0)
		g_error("no loopback port: %s", g_strerror(errno));
	*port = ntohs(address.sin_port);
	return fd;
}

/* A port where nobody listens. */
static inline unsigned
peer_closed_port(void)
{
	unsigned port;

	close(peer_listen(1, &port));
	return port;
}

static inline void
peer_start(struct peer *peer)
{
	peer->fd = peer_listen(128, &peer->port);
	if (peer->window > 0)
		setsockopt(peer->fd, SOL_SOCKET, SO_RCVBUF, &peer->window,
		    sizeof peer->window);
	if (pipe(peer->quit) != 0)
		g_error("no pipe: %s", g_strerror(errno));
	pthread_mutex_init(&peer->lock, NULL);
	peer->heard = g_string_new(NULL);
	pthread_create(&peer->thread, NULL, on_accept, peer);
}

/* The clients have hung up, or this waits for them. */
static inline void
peer_stop(struct peer *peer)
{
	shutdown(peer->fd, SHUT_RDWR);
	close(peer->quit[1]);
	pthread_join(peer->thread, NULL);
	while (peer->links != NULL) {
		struct link *link = peer->links;

		peer->links = link->next;
		pthread_join(link->thread, NULL);
		g_free(link);
	}
	SSL_CTX_free(peer->tls);
	close(peer->fd);
	close(peer->quit[0]);
	g_string_free(peer->heard, TRUE);
	pthread_mutex_destroy(&peer->lock);
}

/* A folder with ca.pem, other-ca.pem, and NAME.pem + NAME.key signed by ca.pem
 * for the DNS name NAME; made with the openssl command, removed by
 * peer_certificates_remove(). */
static inline char *
peer_certificates(const char *name)
{
	char *folder = g_dir_make_tmp("postferry-test-XXXXXX", NULL);
	static const char script[] =
	    "cd '%s' && exec 2>log && ec() { openssl ecparam -genkey -noout "
	    "-name prime256v1 -out $1.key; } && "
	    "for c in ca other-ca; do ec $c && openssl req -x509 -new -key "
	    "$c.key -subj /CN=$c -days 30 -out $c.pem; done && "
	    "ec '%s' && openssl req -new -key '%s.key' -subj /CN=x "
	    "-out r.csr && printf 'subjectAltName=DNS:%s\\n' >ext && "
	    "openssl x509 -req -in r.csr -CA ca.pem -CAkey ca.key "
	    "-CAcreateserial -days 30 -extfile ext -out '%s.pem'";
	g_autofree char *command =
	    g_strdup_printf(script, folder, name, name, name, name);
	char *arguments[] = { "/bin/sh", "-c", command, NULL };
	int status = 1;

	g_spawn_sync(NULL, arguments, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL,
	    NULL, NULL, NULL, &status, NULL);
	if (status != 0)
		g_error("openssl failed, see %s/log", folder);
	return folder;
}

static inline void
peer_certificates_remove(char *folder)
{
	char *arguments[] = { "/bin/rm", "-rf", folder, NULL };

	g_spawn_sync(NULL, arguments, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL,
	    NULL, NULL, NULL);
	g_free(folder);
}

static inline SSL_CTX *
peer_tls(const char *folder, const char *name)
{
	g_autofree char *certificate =
	    g_strdup_printf("%s/%s.pem", folder, name);
	g_autofree char *key = g_strdup_printf("%s/%s.key", folder, name);
	SSL_CTX *tls = SSL_CTX_new(TLS_server_method());

	if (SSL_CTX_use_certificate_file(tls, certificate, SSL_FILETYPE_PEM) !=
		1 ||
	    SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) != 1)
		g_error("no certificate in %s", folder);
	return tls;
}

#endif
