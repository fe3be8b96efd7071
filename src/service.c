/* SPDX-License-Identifier: MIT */
#include "service.h"

#include "core/clock.h"
#include "core/log.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Times that the watchdog is fed in the time it allows. */
#define FEEDS 3

struct service {
	struct loop *main, *dispatch;
	int socket;               /* -1: nobody listens */
	int64_t feed_ms;          /* 0: there is no watchdog */
	struct loop_timer *timer; /* the next time */
	struct letter turn;       /* to the dispatch loop, and back */
	bool turning;             /* it is under way */
};

/* "/run/systemd/notify", or "@name" for an abstract one; -1: none. */
static int
reach_manager(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t length;
	int fd;

	if (path == NULL || (*path != '/' && *path != '@') ||
	    strlen(path) >= sizeof address.sun_path)
		return -1;
	memcpy(address.sun_path, path, strlen(path));
	if (*path == '@')
		address.sun_path[0] = '\0';
	length =
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 ||
	    connect(fd, (const struct sockaddr *)&address, length) == 0)
		return fd;
	log_warn("service manager not told", log_str("words", "READY=1"),
	    log_str("why", g_strerror(errno)));
	close(fd);
	return -1;
}

/* Of this process: what it starts is not watched. */
static int64_t
read_watchdog(void)
{
	const char *pid = getenv("WATCHDOG_PID");
	const char *us = getenv("WATCHDOG_USEC");

	if (us == NULL || (pid != NULL && atol(pid) != getpid()))
		return 0;
	return g_ascii_strtoll(us, NULL, 10) / 1000 / FEEDS;
}

static void
tell(const struct service *service, const char *words)
{
	if (service->socket >= 0 &&
	    send(service->socket, words, strlen(words), MSG_NOSIGNAL) < 0)
		log_warn("service manager not told", log_str("words", words),
		    log_str("why", g_strerror(errno)));
}

static void
on_turned(void *owner, struct letter *letter)
{
	struct service *service = LETTER_OF(letter, struct service, turn);

	(void)owner;
	service->turning = false;
	tell(service, "WATCHDOG=1");
}

/* The dispatch loop. */
static void
on_turn(void *owner, struct letter *letter)
{
	struct service *service = LETTER_OF(letter, struct service, turn);

	(void)owner;
	loop_post(service->main, &service->turn, on_turned);
}

static void
on_feed(void *object)
{
	struct service *service = object;

	loop_timer_set(service->timer, service->feed_ms);
	if (service->turning)
		return;
	service->turning = true;
	loop_post(service->dispatch, &service->turn, on_turn);
}

struct service *
service_new(struct loop *main)
{
	struct service *service = g_new0(struct service, 1);

	service->main = main;
	service->socket = reach_manager();
	service->feed_ms = service->socket < 0 ? 0 : read_watchdog();
	service->timer = loop_timer_new(main, on_feed, service);
	return service;
}

void
service_mute(struct service *service)
{
	if (service == NULL)
		return;
	g_clear_pointer(&service->timer, loop_timer_free);
	if (service->socket >= 0)
		close(service->socket);
	service->socket = -1;
}

void
service_free(struct service *service)
{
	g_free(service);
}

void
service_ready(struct service *service, struct loop *dispatch)
{
	service->dispatch = dispatch;
	tell(service, "READY=1");
	if (service->feed_ms > 0)
		loop_timer_set(service->timer, 0);
}

void
service_reloading(const struct service *service)
{
	g_autofree char *words =
	    g_strdup_printf("RELOADING=1\nMONOTONIC_USEC=%" G_GINT64_FORMAT,
		clock_monotonic_ms() * 1000);

	tell(service, words);
}

void
service_reloaded(const struct service *service)
{
	tell(service, "READY=1");
}

void
service_stopping(const struct service *service)
{
	tell(service, "STOPPING=1");
}
