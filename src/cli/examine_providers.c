/* SPDX-License-Identifier: MIT */
#include "examine.h"

#include "online.h"
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* For a connection to one port. */
#define PATIENCE_MS 3000

/* Where a submission server may listen: hosters close some of them. */
static const char *const ports[] = { "587", "465", "2525", "25" };

struct rounds {
	struct config *config;
	GPtrArray *findings;
};

static bool
is_connected(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLOUT };
	int problem = 0;
	socklen_t length = sizeof problem;

	return poll(&ready, 1, PATIENCE_MS) == 1 &&
	       getsockopt(fd, SOL_SOCKET, SO_ERROR, &problem, &length) == 0 &&
	       problem == 0;
}

static bool
is_reached(const char *host, const char *port)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	bool reached = false;
	int fd;

	if (getaddrinfo(host, port, &hints, &found) != 0)
		return false;
	fd = socket(
	    found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0) {
		reached = connect(fd, found->ai_addr, found->ai_addrlen) == 0 ||
			  is_connected(fd);
		close(fd);
	}
	freeaddrinfo(found);
	return reached;
}

/* Of an SMTP server that cannot be reached: is it the port? */
static void
examine_egress(const struct rounds *rounds, const char *subject)
{
	const char *host = config_string(rounds->config, subject, "host");
	g_autoptr(GString) open = g_string_new(NULL);

	for (unsigned i = 0; i < G_N_ELEMENTS(ports); i++)
		if (is_reached(host, ports[i]))
			g_string_append_printf(
			    open, "%s%s", open->len > 0 ? ", " : "", ports[i]);
	if (open->len > 0)
		findings_add(rounds->findings, FINDING_WARN, subject,
		    "set `port` to one of them, if the server takes mail "
		    "there",
		    g_strdup_printf("of %s these ports can be reached: %s",
			host, open->str));
	else
		findings_add(rounds->findings, FINDING_WARN, subject,
		    "ask your hoster whether outgoing SMTP is closed, and "
		    "look at this host's firewall and name server",
		    g_strdup_printf(
			"none of the ports 587, 465, 2525 and 25 of %s can be "
			"reached",
			host));
}

static enum finding_level
find_level(enum health_state state)
{
	if (state == HEALTH_BAD || state == HEALTH_UNREACHABLE)
		return FINDING_FAIL;
	return state == HEALTH_GOOD ? FINDING_OK : FINDING_WARN;
}

static void
on_answer(void *object, const char *name, const char *type,
    const struct health *health)
{
	const struct rounds *rounds = object;
	g_autofree char *subject = g_strconcat("provider ", name, NULL);

	findings_add(rounds->findings, find_level(health->state), subject,
	    health->advice,
	    g_strdup_printf("%s%s%s", health_state_text(health->state),
		health->text != NULL ? ": " : "",
		health->text != NULL ? health->text : ""));
	if (health->state == HEALTH_UNREACHABLE && strcmp(type, "smtp") == 0)
		examine_egress(rounds, subject);
}

void
examine_providers(struct config *config, GPtrArray *findings)
{
	struct rounds rounds = { .config = config, .findings = findings };

	online_ask(config, on_answer, &rounds);
}
