/* SPDX-License-Identifier: MIT */
/*
 * What the herald's process does from its start to its end: it waits for the
 * daemon's orders and for the end of what it runs.
 */
#include "alarm.h"

#include "core/clock.h"
#include "errand.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* Where programs are looked for when nobody says where. */
#define PATH_DEFAULT \
	"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct messenger {
	struct errand errand;
	char packet[HERALD_PACKET + 1];
	int input; /* that came with it; -1: none */
};

static void
report(const struct herald_report *report)
{
	/* who is not there any more is seen as the end of the line */
	send(HERALD_FD, report, sizeof(*report), MSG_NOSIGNAL);
}

static void
take_file(struct messenger *messenger, struct msghdr *message)
{
	struct cmsghdr *header = CMSG_FIRSTHDR(message);

	messenger->input = -1;
	if (header != NULL && header->cmsg_type == SCM_RIGHTS)
		memcpy(&messenger->input, CMSG_DATA(header), sizeof(int));
}

/* The length of the packet; 0: the daemon has gone. */
static size_t
receive(struct messenger *messenger)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec piece = { messenger->packet, HERALD_PACKET };
	struct msghdr message = {
		.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t got;

	do
		got = recvmsg(HERALD_FD, &message, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got <= (ssize_t)sizeof(struct herald_order))
		return 0;
	take_file(messenger, &message);
	messenger->packet[got] = '\0';
	return (size_t)got;
}

/* The daemon's texts and a PATH; they point into the packet. */
static char **
list_environment(struct messenger *messenger, size_t length)
{
	GPtrArray *texts = g_ptr_array_new();
	const char *path = g_getenv("PATH");

	g_ptr_array_add(texts,
	    g_strconcat("PATH=", path != NULL ? path : PATH_DEFAULT, NULL));
	for (size_t at = sizeof(struct herald_order); at < length;
	     at += strlen(messenger->packet + at) + 1)
		if (g_str_has_prefix(messenger->packet + at, HERALD_VARIABLES))
			g_ptr_array_add(
			    texts, g_strdup(messenger->packet + at));
	g_ptr_array_add(texts, NULL);
	return (char **)g_ptr_array_free(texts, FALSE);
}

/* The command is said once, before the daemon has spoken to anybody: who takes
 * it over later cannot name another. */
static bool
take_command(struct messenger *messenger)
{
	const char *text = messenger->packet + sizeof(struct herald_order);

	return messenger->errand.words == NULL &&
	       g_shell_parse_argv(text, NULL, &messenger->errand.words, NULL);
}

static void
run(struct messenger *messenger, size_t length,
    const struct herald_order *order)
{
	g_auto(GStrv) environment = list_environment(messenger, length);
	struct errand *errand = &messenger->errand;
	struct herald_report failure = { 0 };

	errand->deadline_ms = clock_monotonic_ms() + order->timeout_ms;
	failure.wrong = errand_start(errand, environment, messenger->input);
	if (failure.wrong != 0)
		report(&failure);
}

/* False: this line is at its end. */
static bool
obey(struct messenger *messenger)
{
	size_t length = receive(messenger);
	struct herald_order order;

	if (length == 0)
		return false;
	memcpy(&order, messenger->packet, sizeof(order));
	if (order.timeout_ms == 0)
		return take_command(messenger);
	if (messenger->input < 0 || messenger->errand.words == NULL ||
	    messenger->errand.pid != 0)
		return false;
	run(messenger, length, &order);
	close(messenger->input);
	return true;
}

static void
look_after(struct messenger *messenger, int signals)
{
	struct signalfd_siginfo which;
	struct herald_report done = { 0 };

	while (read(signals, &which, sizeof(which)) > 0)
		;
	if (errand_end(&messenger->errand, &done))
		report(&done);
	errand_hurry(&messenger->errand);
}

/* Ends of the daemon's are none of the herald's: there may be alarms until the
 * very last moment.  It learns of its end by the closed line. */
static int
prepare_signals(void)
{
	sigset_t child;

	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_SETMASK, &child, NULL);
	return signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
}

void
messenger_run(void)
{
	struct messenger *messenger = g_new0(struct messenger, 1);
	struct pollfd ready[] = { { HERALD_FD, POLLIN, 0 },
		{ prepare_signals(), POLLIN, 0 } };
	bool open = true;

	fcntl(HERALD_FD, F_SETFD, FD_CLOEXEC);
	while (open) {
		int count = poll(ready, G_N_ELEMENTS(ready),
		    errand_left(&messenger->errand));

		look_after(messenger, ready[1].fd);
		if (count > 0 && ready[0].revents != 0)
			open = obey(messenger);
	}
	errand_clear(&messenger->errand);
	close(ready[1].fd);
	g_free(messenger);
}
