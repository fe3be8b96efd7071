/* SPDX-License-Identifier: MIT */
#include "acceptor.h"
#include "core/network.h"
#include <errno.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#define BACKLOG 1024
/* More than the shortest backlog holds. */
#define FILLINGS 4

struct acceptor {
	struct event_base *base;
	struct sockaddr_storage bound;
	socklen_t length;
	char *address;
	int reserve; /* bound, never listens: keeps the port ours */
	struct evconnlistener *listener; /* NULL: down */
	int full;                        /* nobody accepts from it; -1: none */
	int fillings[FILLINGS];          /* its backlog; -1: none */
	acceptor_fn fn;
	void *owner;
	GHashTable *swallowed; /* struct swallowed * */
};

struct swallowed {
	struct acceptor *acceptor;
	int fd;
	struct event *event;
};

static int
bind_socket(const struct acceptor *acceptor)
{
	int on = 1;
	int fd = socket(acceptor->bound.ss_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, (const struct sockaddr *)&acceptor->bound,
		acceptor->length) == 0)
		return fd;
	int saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

static void
on_connection(struct evconnlistener *listener, evutil_socket_t fd,
    struct sockaddr *peer, int length, void *object)
{
	struct acceptor *acceptor = object;
	int on = 1;

	(void)listener;
	(void)peer;
	(void)length;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	acceptor->fn(acceptor->owner, fd);
}

static bool
listen_now(struct acceptor *acceptor)
{
	int fd = bind_socket(acceptor);

	if (fd < 0)
		return false;
	acceptor->listener =
	    evconnlistener_new(acceptor->base, on_connection, acceptor,
		LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, BACKLOG, fd);
	if (acceptor->listener != NULL)
		return true;
	close(fd);
	return false;
}

static char *
print_address(const struct acceptor *acceptor)
{
	char host[NETWORK_PEER_LENGTH];
	const struct sockaddr *bound =
	    (const struct sockaddr *)&acceptor->bound;

	network_print_peer(bound, host);
	return g_strdup_printf(
	    bound->sa_family == AF_INET6 ? "[%s]:%u" : "%s:%u", host,
	    network_port(bound));
}

static bool
open_address(struct acceptor *acceptor)
{
	acceptor->reserve = bind_socket(acceptor);
	if (acceptor->reserve < 0)
		return false;
	getsockname(acceptor->reserve, (struct sockaddr *)&acceptor->bound,
	    &acceptor->length);
	acceptor->address = print_address(acceptor);
	return listen_now(acceptor);
}

static void
destroy_swallowed(gpointer pointer)
{
	struct swallowed *swallowed = pointer;

	event_free(swallowed->event);
	close(swallowed->fd);
	g_free(swallowed);
}

struct acceptor *
acceptor_new(const char *endpoint, struct event_base *base, GError **error)
{
	struct acceptor *acceptor = g_new0(struct acceptor, 1);

	acceptor->base = base;
	acceptor->reserve = acceptor->full = -1;
	for (size_t i = 0; i < FILLINGS; i++)
		acceptor->fillings[i] = -1;
	acceptor->swallowed =
	    g_hash_table_new_full(NULL, NULL, destroy_swallowed, NULL);
	if (!network_parse_endpoint(
		endpoint, &acceptor->bound, &acceptor->length, error)) {
		acceptor_free(acceptor);
		return NULL;
	}
	if (open_address(acceptor))
		return acceptor;
	g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(errno),
	    "cannot listen on %s: %s", endpoint, g_strerror(errno));
	acceptor_free(acceptor);
	return NULL;
}

void
acceptor_serve(struct acceptor *acceptor, acceptor_fn fn, void *owner)
{
	acceptor->fn = fn;
	acceptor->owner = owner;
}

void
acceptor_free(struct acceptor *acceptor)
{
	if (acceptor == NULL)
		return;
	acceptor_down(acceptor);
	g_hash_table_unref(acceptor->swallowed);
	if (acceptor->reserve >= 0)
		close(acceptor->reserve);
	g_free(acceptor->address);
	g_free(acceptor);
}

const char *
acceptor_address(const struct acceptor *acceptor)
{
	return acceptor->address;
}

static void
close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void
acceptor_down(struct acceptor *acceptor)
{
	if (acceptor->listener != NULL)
		evconnlistener_free(acceptor->listener);
	acceptor->listener = NULL;
	close_one(&acceptor->full);
	for (size_t i = 0; i < FILLINGS; i++)
		close_one(&acceptor->fillings[i]);
	g_hash_table_remove_all(acceptor->swallowed);
}

void
acceptor_up(struct acceptor *acceptor)
{
	close_one(&acceptor->full);
	if (acceptor->listener == NULL)
		g_assert(listen_now(acceptor));
}

/* The kernel drops what comes to a full backlog. */
void
acceptor_fill(struct acceptor *acceptor)
{
	acceptor->full = bind_socket(acceptor);
	g_assert(acceptor->full >= 0 && listen(acceptor->full, 0) == 0);
	for (size_t i = 0; i < FILLINGS; i++) {
		int fd = socket(acceptor->bound.ss_family,
		    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

		if (fd >= 0)
			(void)connect(fd,
			    (const struct sockaddr *)&acceptor->bound,
			    acceptor->length);
		acceptor->fillings[i] = fd;
	}
}

static void
on_swallowed(evutil_socket_t fd, short what, void *object)
{
	struct swallowed *swallowed = object;
	char byte;
	bool gone = (what & EV_CLOSED) != 0;

	if (!gone && recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0)
		gone = errno != EAGAIN && errno != EINTR;
	if (gone)
		g_hash_table_remove(swallowed->acceptor->swallowed, swallowed);
}

void
acceptor_swallow(struct acceptor *acceptor, int fd)
{
	struct swallowed *swallowed = g_new0(struct swallowed, 1);

	swallowed->acceptor = acceptor;
	swallowed->fd = fd;
	swallowed->event = event_new(acceptor->base, fd,
	    EV_READ | EV_CLOSED | EV_PERSIST | EV_ET, on_swallowed, swallowed);
	g_hash_table_add(acceptor->swallowed, swallowed);
	event_add(swallowed->event, NULL);
}

unsigned
acceptor_swallowed(const struct acceptor *acceptor)
{
	return g_hash_table_size(acceptor->swallowed);
}

void
acceptor_reset(int fd)
{
	const struct sockaddr none = { .sa_family = AF_UNSPEC };

	/* Linux takes a connection apart with RST when it is connected to
	 * nowhere, without closing the descriptor, which has its owner */
	connect(fd, &none, sizeof none);
}
