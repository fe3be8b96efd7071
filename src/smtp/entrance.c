/* SPDX-License-Identifier: MIT */
#include "entrance.h"

#include "core/log.h"
#include "core/network.h"
#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

/* Clients that may wait to be accepted. */
#define BACKLOG 1024
/* Accepted in one turn of the loop. */
#define ACCEPTS_PER_TURN 64

struct entrance {
	struct entrance_options options;
	int fd; /* -1: closed */
	struct event *event;
	struct loop_timer *timer; /* ends a pause */
	char address[NETWORK_PEER_LENGTH + sizeof("[]:65535")];
};

/* What to do about it. */
static const char *
advise(int error)
{
	switch (error) {
	case EADDRINUSE:
		return "another program listens there: stop it, or choose "
		       "another port";
	case EACCES:
		return "ports below 1024 need the right to bind them "
		       "(CAP_NET_BIND_SERVICE)";
	case EADDRNOTAVAIL:
		return "this host has no such address: see `ip address`";
	default:
		return "choose another address";
	}
}

static int
open_socket(const struct sockaddr *address, socklen_t length)
{
	int fd, on = 1;

	fd = socket(
	    address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	/* Accepted sockets inherit both. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	/* An address is what it says, whatever the system's default is. */
	if (address->sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, address, length) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	on = errno;
	close(fd);
	errno = on;
	return -1;
}

static void
name_address(struct entrance *entrance)
{
	struct sockaddr_storage bound = { 0 };
	socklen_t length = sizeof(bound);
	const struct sockaddr *address = (const struct sockaddr *)&bound;
	char host[NETWORK_PEER_LENGTH];

	getsockname(entrance->fd, (struct sockaddr *)&bound, &length);
	network_print_peer(address, host);
	g_snprintf(entrance->address, sizeof(entrance->address),
	    address->sa_family == AF_INET6 ? "[%s]:%u" : "%s:%u", host,
	    network_port(address));
}

static void on_acceptable(evutil_socket_t fd, short what, void *object);

static void
on_pause_over(void *object)
{
	struct entrance *entrance = object;

	event_add(entrance->event, NULL);
}

struct entrance *
entrance_new(const struct entrance_options *options, GError **error)
{
	struct sockaddr_storage address;
	socklen_t length;
	struct entrance *entrance;
	int fd;

	if (!network_parse_endpoint(options->address, &address, &length, error))
		return NULL;
	fd = open_socket((struct sockaddr *)&address, length);
	if (fd < 0) {
		g_set_error(error, G_FILE_ERROR,
		    (gint)g_file_error_from_errno(errno),
		    "[listener %s] cannot listen on %s: %s; %s", options->name,
		    options->address, g_strerror(errno), advise(errno));
		return NULL;
	}
	entrance = g_new0(struct entrance, 1);
	entrance->options = *options;
	entrance->fd = fd;
	name_address(entrance);
	entrance->event = event_new(loop_base(options->loop), fd,
	    EV_READ | EV_PERSIST, on_acceptable, entrance);
	entrance->timer =
	    loop_timer_new(options->loop, on_pause_over, entrance);
	return entrance;
}

void
entrance_start(struct entrance *entrance)
{
	event_add(entrance->event, NULL);
	log_info("listening", log_str("listener", entrance->options.name),
	    log_str("address", entrance->address));
}

void
entrance_stop(struct entrance *entrance)
{
	if (entrance->fd < 0)
		return;
	loop_timer_clear(entrance->timer);
	event_del(entrance->event);
	close(entrance->fd);
	entrance->fd = -1;
}

const char *
entrance_address(const struct entrance *entrance)
{
	return entrance->address;
}

void
entrance_free(struct entrance *entrance)
{
	if (entrance == NULL)
		return;
	entrance_stop(entrance);
	event_free(entrance->event);
	loop_timer_free(entrance->timer);
	g_free(entrance);
}

static void
pause_accepting(struct entrance *entrance, int error)
{
	log_error("accept failed", log_str("listener", entrance->options.name),
	    log_str("reason", g_strerror(error)),
	    log_str("advice",
		"raise the limit of open files, or lower `connections`"));
	event_del(entrance->event);
	loop_timer_set(entrance->timer, entrance->options.pause_ms);
}

/* False when there is nothing more to accept now. */
static bool
accept_one(struct entrance *entrance)
{
	struct sockaddr_storage peer = { 0 };
	socklen_t length = sizeof(peer);
	int fd = accept4(entrance->fd, (struct sockaddr *)&peer, &length,
	    SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0) {
		entrance->options.accepted(entrance->options.object, fd,
		    (const struct sockaddr *)&peer);
		return true;
	}
	if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
	    errno == ENOMEM) {
		pause_accepting(entrance, errno);
		return false;
	}
	/* Others are about a client that has gone already: accept(2). */
	return errno != EAGAIN;
}

static void
on_acceptable(evutil_socket_t fd, short what, void *object)
{
	struct entrance *entrance = object;

	(void)fd;
	(void)what;
	for (int i = 0; i < ACCEPTS_PER_TURN && entrance->fd >= 0; i++)
		if (!accept_one(entrance))
			return;
}
