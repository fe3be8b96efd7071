/* SPDX-License-Identifier: MIT */
#include "sendmail_smtp.h"

#include "core/file.h"
#include "smtp/handover.h"
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sysexits.h>
#include <unistd.h>

/* False: there is no more, or nobody takes it. */
static bool
pass(int from, int to)
{
	char piece[16384];
	ssize_t got;

	do
		got = read(from, piece, sizeof piece);
	while (got < 0 && errno == EINTR);
	return got > 0 && file_write(to, piece, (size_t)got);
}

/* The program may close first, and still wants to hear what is said. */
static void
pump(int fd)
{
	struct pollfd ends[] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = STDIN_FILENO, .events = POLLIN },
	};

	for (;;) {
		if (poll(ends, G_N_ELEMENTS(ends), -1) < 0 && errno != EINTR)
			return;
		if (ends[0].revents != 0 && !pass(fd, STDOUT_FILENO))
			return;
		if (ends[1].revents != 0 && !pass(STDIN_FILENO, fd)) {
			shutdown(fd, SHUT_WR);
			ends[1].fd = -1;
			ends[1].revents = 0;
		}
	}
}

int
sendmail_smtp_run(const char *address)
{
	g_autoptr(GError) error = NULL;
	static const struct timeval forever;
	int fd = handover_connect(address, &error);

	if (fd < 0) {
		fprintf(stderr, "sendmail: %s\n", error->message);
		printf("421 4.3.2 postferry is not running\r\n");
		return EX_TEMPFAIL;
	}
	/* times are the daemon's and the program's to keep */
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &forever, sizeof forever);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &forever, sizeof forever);
	pump(fd);
	close(fd);
	return EX_OK;
}
