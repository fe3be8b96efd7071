/* SPDX-License-Identifier: MIT */
#include "relay_watch.h"

#include "core/clock.h"
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

/* A step may be entered with an earlier end than the one before. */
#define LOOK_AGAIN_MS 100

void
relay_watch_init(struct relay_watch *watch, const struct endpoint *endpoint)
{
	atomic_init(&watch->step, RELAY_RESOLVING);
	atomic_init(
	    &watch->due_ms, clock_monotonic_ms() + endpoint->resolve_ms);
	atomic_init(&watch->deadline_ms, 0);
	atomic_init(&watch->cut, RELAY_WHOLE);
	atomic_init(&watch->fd, -1);
	watch->upload_window_ms = endpoint->upload_window_ms;
	watch->upload_least =
	    endpoint->upload_rate * (uint64_t)endpoint->upload_window_ms / 1000;
	watch->acknowledged = 0;
}

void
relay_watch_enter(struct relay_watch *watch, enum relay_step step, int64_t ms)
{
	if (atomic_load(&watch->cut) != RELAY_WHOLE)
		return; /* the step it was cut in is what is told */
	atomic_store(&watch->step, (int)step);
	atomic_store(&watch->due_ms, clock_monotonic_ms() + ms);
}

/* The number is never closed while the session runs, so the loop cannot cut a
 * stranger's connection that got the same one. */
bool
relay_watch_open(struct relay_watch *watch, int fd)
{
	int own = atomic_load(&watch->fd);

	if (own >= 0)
		own = dup3(fd, own, O_CLOEXEC);
	else
		own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (own < 0)
		return false;
	atomic_store(&watch->fd, own);
	return atomic_load(&watch->cut) == RELAY_WHOLE;
}

bool
relay_watch_is_gone(struct relay_watch *watch)
{
	struct pollfd entry = {
		.fd = atomic_load(&watch->fd),
		.events = POLLRDHUP,
	};

	return poll(&entry, 1, 0) > 0;
}

void
relay_watch_cut(struct relay_watch *watch, enum relay_cut reason)
{
	int whole = RELAY_WHOLE;
	int fd;

	atomic_compare_exchange_strong(&watch->cut, &whole, (int)reason);
	fd = atomic_load(&watch->fd);
	if (fd >= 0)
		shutdown(fd, SHUT_RDWR);
}

/* True, and the window begins anew, when the server took enough of the mail in
 * the last one.  The thread may have entered another step meanwhile. */
static bool
check_upload(struct relay_watch *watch, int64_t due_ms, int64_t now_ms)
{
	struct tcp_info state = { 0 };
	socklen_t length = sizeof state;
	uint64_t before = watch->acknowledged;

	if (getsockopt(atomic_load(&watch->fd), IPPROTO_TCP, TCP_INFO, &state,
		&length) != 0)
		return false;
	watch->acknowledged = state.tcpi_bytes_acked;
	if (state.tcpi_bytes_acked - before < watch->upload_least)
		return false;
	atomic_compare_exchange_strong(
	    &watch->due_ms, &due_ms, now_ms + watch->upload_window_ms);
	return true;
}

int64_t
relay_watch_look(struct relay_watch *watch, int64_t now_ms)
{
	int64_t due = atomic_load(&watch->due_ms);
	int64_t deadline = atomic_load(&watch->deadline_ms);

	if (deadline != 0 && now_ms >= deadline)
		relay_watch_cut(watch, RELAY_CUT_DEADLINE);
	else if (now_ms >= due && (atomic_load(&watch->step) != RELAY_UPLOAD ||
				      !check_upload(watch, due, now_ms)))
		relay_watch_cut(watch, RELAY_CUT_TIME);
	if (atomic_load(&watch->cut) != RELAY_WHOLE)
		return LOOK_AGAIN_MS; /* getaddrinfo may still hold it */
	if (deadline != 0)
		due = MIN(due, deadline);
	return CLAMP(due - now_ms, 1, LOOK_AGAIN_MS);
}

void
relay_watch_close(struct relay_watch *watch)
{
	int fd = atomic_exchange(&watch->fd, -1);

	if (fd >= 0)
		close(fd);
}
