/* SPDX-License-Identifier: MIT */
#include "entrance.h"

#include "activation.h"
#include "core/log.h"
#include "core/network.h"
#include "socket_file.h"
#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

/* Clients that may wait to be accepted. */
#define BACKLOG 1024
/* Accepted in one turn of the loop. */
#define ACCEPTS_PER_TURN 64
/* Longest wait for the answer of whoever has our port. */
#define KNOCK_MS 1000

struct entrance {
	struct entrance_options options;
	int fd; /* -1: closed */
	bool handed;
	struct socket_file file; /* of a Unix socket that is not handed */
	struct event *event;
	struct loop_timer *timer; /* ends a pause */
	char address[NETWORK_LISTENER_LENGTH];
};

/* What came of a connection that was begun: 0, errno, or EINPROGRESS. */
static int
wait_connected(int fd)
{
	struct pollfd writable = { .fd = fd, .events = POLLOUT };
	int error = EINPROGRESS;
	socklen_t length = sizeof(error);

	if (poll(&writable, 1, KNOCK_MS) == 1)
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
	return error;
}

/* False when nobody would take a connection to it.  It is an address of this
 * host: that is known at once, unless many wait there. */
static bool
is_listened_at(const struct sockaddr *address, socklen_t length)
{
	int error, fd = socket(address->sa_family,
		       SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return true;
	error = connect(fd, address, length) == 0 ? 0 : errno;
	if (error == EINPROGRESS)
		error = wait_connected(fd);
	close(fd);
	return error != ECONNREFUSED;
}

/* Somebody has the address. */
static const char *
advise_in_use(const struct sockaddr *address, socklen_t length)
{
	if (address->sa_family == AF_UNIX)
		return "another program listens there: stop it, or choose "
		       "another path";
	if (is_listened_at(address, length))
		return "another program listens there: stop it (`ss -ltnp` "
		       "shows it), or choose another port";
	return "nobody listens there, but a program or a connection that goes "
	       "out has the port: see `ss -tanp`; wait for its end, or choose "
	       "a port below those of /proc/sys/net/ipv4/ip_local_port_range";
}

/* What to do about it. */
static const char *
advise(int error, const struct sockaddr *address, socklen_t length)
{
	int family = address->sa_family;

	switch (error) {
	case EADDRINUSE:
		return advise_in_use(address, length);
	case EEXIST:
		return "what is there is no socket: remove it, or choose "
		       "another path";
	case EPROTOTYPE:
		return "the socket that is there is of another kind, so "
		       "another program's: choose another path";
	case ENOENT:
		return "make the folder of the socket first";
	case EACCES:
		return family == AF_UNIX
			   ? "the folder of the socket must be writable for "
			     "us, and a socket that is there already ours"
			   : "ports below 1024 need the right to bind them "
			     "(CAP_NET_BIND_SERVICE)";
	case EPERM:
		return "only a member of it can give a socket to socket_group";
	case EADDRNOTAVAIL:
		return "this host has no such address: see `ip address`";
	default:
		return "choose another address";
	}
}

/* Accepted sockets inherit both. */
static void
set_options(int fd, int family)
{
	int on = 1;

	if (family == AF_UNIX)
		return;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
}

static int
bind_address(struct entrance *entrance, int fd, const struct sockaddr *address,
    socklen_t length)
{
	struct socket_file *file = &entrance->file;
	int on = 1;

	if (address->sa_family == AF_UNIX) {
		memcpy(&file->address, address, sizeof(file->address));
		file->mode = entrance->options.mode;
		file->group = entrance->options.group;
		return socket_file_bind(file, fd);
	}
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	/* An address is what it says, whatever the system's default is. */
	if (address->sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	return bind(fd, address, length) == 0 ? 0 : errno;
}

/* 0 or errno. */
static int
open_socket(
    struct entrance *entrance, const struct sockaddr *address, socklen_t length)
{
	int error, fd = socket(address->sa_family,
		       SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return errno;
	error = bind_address(entrance, fd, address, length);
	if (error == 0 && listen(fd, BACKLOG) != 0)
		error = errno;
	if (error == 0)
		entrance->fd = fd;
	else
		close(fd);
	return error;
}

/* Takes the socket that is there for it, or opens one. */
static bool
find_socket(struct entrance *entrance, GError **error)
{
	const struct entrance_options *options = &entrance->options;
	struct sockaddr_storage storage;
	const struct sockaddr *address = (const struct sockaddr *)&storage;
	socklen_t length;
	int failed;

	if (!network_parse_listener(options->address, &storage, &length, error))
		return false;
	entrance->fd = -1;
	if (options->activation != NULL)
		entrance->fd = activation_claim(
		    options->activation, options->name, address);
	entrance->handed = entrance->fd >= 0;
	if (entrance->handed)
		return true;
	failed = open_socket(entrance, address, length);
	if (failed == 0)
		return true;
	g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(failed),
	    "[listener %s] cannot listen on %s: %s; %s", options->name,
	    options->address, g_strerror(failed),
	    advise(failed, address, length));
	return false;
}

/* What the socket is, whoever opened it. */
static void
look_at_socket(struct entrance *entrance)
{
	struct sockaddr_storage bound = { 0 };
	socklen_t length = sizeof(bound);
	const struct sockaddr *address = (const struct sockaddr *)&bound;

	getsockname(entrance->fd, (struct sockaddr *)&bound, &length);
	network_print_listener(address, entrance->address);
	set_options(entrance->fd, address->sa_family);
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
	struct entrance *entrance = g_new0(struct entrance, 1);

	entrance->options = *options;
	if (!find_socket(entrance, error)) {
		g_free(entrance);
		return NULL;
	}
	look_at_socket(entrance);
	entrance->event = event_new(loop_base(options->loop), entrance->fd,
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
	    log_str("address", entrance->address),
	    log_str_if("socket", entrance->handed ? "inherited" : NULL));
}

void
entrance_stop(struct entrance *entrance)
{
	if (entrance->fd < 0)
		return;
	loop_timer_clear(entrance->timer);
	event_del(entrance->event);
	if (entrance->file.inode != 0)
		socket_file_remove(&entrance->file);
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
