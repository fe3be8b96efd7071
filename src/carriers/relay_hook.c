/* SPDX-License-Identifier: MIT */
#include "relay_hook.h"

#include "core/clock.h"
#include "core/network.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static _Thread_local struct relay_hook *mine;

void
relay_hook_enter(struct relay_hook *hook)
{
	mine = hook;
}

void
relay_hook_leave(void)
{
	mine = NULL;
}

struct relay_hook *
relay_hook_mine(void)
{
	return mine;
}

static int
connect_plainly(int fd, const struct sockaddr *address, socklen_t length)
{
	return (int)syscall(SYS_connect, fd, address, length);
}

/* The resolver may connect too, on the session's thread. */
static bool
is_server(const struct relay_hook *hook, int fd, const struct sockaddr *address)
{
	int type = 0;
	socklen_t length = sizeof type;

	if (network_port(address) != hook->port)
		return false;
	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0 &&
	       type == SOCK_STREAM;
}

/* An address that does not answer leaves a third of what is left for those
 * after it: how many there are is not known here. */
static int
share_time(struct relay_hook *hook)
{
	int64_t now = clock_monotonic_ms();

	if (hook->begun_ms == 0) {
		hook->begun_ms = now;
		relay_watch_enter(
		    hook->watch, RELAY_CONNECTING, hook->connect_ms);
	}
	return (int)CLAMP(
	    (hook->begun_ms + hook->connect_ms - now) * 2 / 3, 1, G_MAXINT);
}

static int
await_connection(int fd, int ms)
{
	struct pollfd entry = { .fd = fd, .events = POLLOUT };
	int error = 0;
	socklen_t length = sizeof error;
	int ready;

	do
		ready = poll(&entry, 1, ms);
	while (ready < 0 && errno == EINTR);
	if (ready == 0)
		return ETIMEDOUT;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0)
		return errno;
	if (error == 0 && (entry.revents & (POLLHUP | POLLERR)) != 0)
		return ECONNABORTED;
	return error;
}

/* 0 or an errno.  The socket stays non-blocking, as libESMTP would have it. */
static int
connect_server(struct relay_hook *hook, int fd, const struct sockaddr *address,
    socklen_t length)
{
	int one = 1;
	int ms = share_time(hook);

	fcntl(fd, F_SETFD, FD_CLOEXEC);
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (!relay_watch_open(hook->watch, fd))
		return ECONNABORTED;
	if (connect_plainly(fd, address, length) == 0)
		return 0;
	return errno == EINPROGRESS ? await_connection(fd, ms) : errno;
}

int
connect(int fd, const struct sockaddr *address, socklen_t length)
{
	struct relay_hook *hook = mine;

	if (hook == NULL || !is_server(hook, fd, address))
		return connect_plainly(fd, address, length);
	hook->error = connect_server(hook, fd, address, length);
	if (hook->error == 0)
		return 0;
	errno = hook->error;
	return -1;
}
