/* SPDX-License-Identifier: MIT */
#include "examine.h"

#include "core/network.h"
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* For a connection, and for each answer. */
#define PATIENCE_S 5

#define LINE_BYTES 1024

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_storage storage;
};

struct door {
	struct config *config;
	GPtrArray *findings;
	const char *section; /* "listener local" */
	union address address;
	socklen_t length;
};

/* ---- the dialogue ---- */

/* From an address of this host, or any (NULL); NULL and errno. */
static FILE *
open_talk(const struct door *door, const union address *from)
{
	struct timeval patience = { .tv_sec = PATIENCE_S };
	int fd =
	    socket(door->address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	FILE *talk;

	if (fd < 0)
		return NULL;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	if ((from != NULL && bind(fd, &from->any, door->length) != 0) ||
	    connect(fd, &door->address.any, door->length) != 0 ||
	    (talk = fdopen(fd, "r+")) == NULL) {
		int problem = errno;

		close(fd);
		errno = problem;
		return NULL;
	}
	return talk;
}

/* The last line of an answer; its code, 0 when none came. */
static int
hear(FILE *talk, char line[static LINE_BYTES])
{
	int code = 0;

	do {
		if (fgets(line, LINE_BYTES, talk) == NULL) {
			g_strlcpy(line, "nothing", LINE_BYTES);
			return 0;
		}
	} while (strlen(line) > 3 && line[3] == '-');
	g_strchomp(line);
	return sscanf(line, "%3d", &code) == 1 ? code : 0;
}

static int
say(FILE *talk, const char *command, char line[static LINE_BYTES])
{
	fseek(
	    talk, 0, SEEK_CUR); /* between reading and writing: C17 7.21.5.3 */
	fprintf(talk, "%s\r\n", command);
	fflush(talk);
	return hear(talk, line);
}

/* ---- whom it takes mail of ---- */

/* A mail to somewhere else, as far as RCPT: a stranger must not get there. */
static int
try_relay(FILE *talk, char line[static LINE_BYTES])
{
	static const char *const commands[] = { "EHLO doctor.invalid",
		"MAIL FROM:<doctor@doctor.invalid>",
		"RCPT TO:<nobody@doctor.invalid>" };
	int code = hear(talk, line);

	for (unsigned i = 0; i < G_N_ELEMENTS(commands) && code / 100 == 2; i++)
		code = say(talk, commands[i], line);
	return code;
}

static void
judge_stranger(
    const struct door *door, const char *from, int code, const char *line)
{
	if (code / 100 == 2)
		findings_add(door->findings, FINDING_FAIL, door->section,
		    "narrow `allow`: whoever reaches it sends mail at your "
		    "expense",
		    g_strdup_printf(
			"it takes mail of strangers: %s may send, and is not in "
			"`allow`",
			from));
	else
		findings_add(door->findings, FINDING_OK, door->section, NULL,
		    g_strdup_printf(
			"a stranger hears: %s (tried from %s)", line, from));
}

/* As somebody outside `allow`, when this host has such an address. */
static bool
try_stranger(const struct door *door, const struct ifaddrs *own, bool wildcard)
{
	union address from = { .any = { .sa_family = AF_UNSPEC } };
	char text[NETWORK_PEER_LENGTH], line[LINE_BYTES];
	FILE *talk;

	if (own->ifa_addr == NULL ||
	    own->ifa_addr->sa_family != door->address.any.sa_family)
		return false;
	memcpy(&from, own->ifa_addr, door->length);
	if (network_contains(
		config_networks(door->config, door->section, "allow"),
		&from.any))
		return false;
	struct door at = *door;
	if (wildcard && from.any.sa_family == AF_INET)
		at.address.v4.sin_addr = from.v4.sin_addr;
	else if (wildcard)
		at.address.v6.sin6_addr = from.v6.sin6_addr;
	talk = open_talk(&at, &from);
	if (talk == NULL)
		return false;
	network_print_peer(&from.any, text);
	judge_stranger(door, text, try_relay(talk, line), line);
	fclose(talk);
	return true;
}

static bool
is_wildcard(const union address *address)
{
	if (address->any.sa_family == AF_INET)
		return address->v4.sin_addr.s_addr == htonl(INADDR_ANY);
	return address->any.sa_family == AF_INET6 &&
	       IN6_IS_ADDR_UNSPECIFIED(&address->v6.sin6_addr);
}

static void
examine_strangers(const struct door *door, bool wildcard)
{
	struct ifaddrs *all = NULL, *own;
	bool tried = false;

	if (config_bool(
		door->config, door->section, "i_know_this_is_an_open_relay")) {
		findings_add(door->findings, FINDING_FAIL, door->section,
		    "narrow `allow`, and take i_know_this_is_an_open_relay "
		    "out",
		    g_strdup("the settings make it an open relay"));
		return;
	}
	if (network_is_loopback(&door->address.any) && !wildcard) {
		findings_add(door->findings, FINDING_OK, door->section, NULL,
		    g_strdup("only this host reaches it"));
		return;
	}
	if (getifaddrs(&all) == 0)
		for (own = all; own != NULL && !tried; own = own->ifa_next)
			tried = try_stranger(door, own, wildcard);
	freeifaddrs(all);
	if (!tried)
		findings_add(door->findings, FINDING_WARN, door->section,
		    "try it from another host that is not in `allow`: RCPT "
		    "must be refused",
		    g_strdup(
			"whether it is closed to strangers was not tried: this "
			"host has no address outside `allow`"));
}

/* ---- whether it answers ---- */

static bool
is_plain(const struct door *door)
{
	const char *tls = config_string(door->config, door->section, "tls");

	return tls == NULL || strcmp(tls, "implicit") != 0;
}

static bool
greets(const struct door *door, FILE *talk)
{
	char line[LINE_BYTES];

	if (!is_plain(door)) {
		findings_add(door->findings, FINDING_OK, door->section, NULL,
		    g_strdup(
			"it takes connections (TLS from the first byte: not "
			"looked into)"));
		return false;
	}
	if (hear(talk, line) != 220) {
		findings_add(door->findings, FINDING_FAIL, door->section,
		    "look into the log of the daemon, and whether another "
		    "program has that port",
		    g_strdup_printf("it does not greet; it says: %s", line));
		return false;
	}
	findings_add(door->findings, FINDING_OK, door->section, NULL,
	    g_strdup_printf("it answers: %s", line));
	say(talk, "QUIT", line);
	return true;
}

static void
knock(struct door *door)
{
	bool wildcard = is_wildcard(&door->address);
	FILE *talk;
	bool plain;

	if (wildcard && door->address.any.sa_family == AF_INET)
		door->address.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else if (wildcard)
		door->address.v6.sin6_addr = in6addr_loopback;
	talk = open_talk(door, NULL);
	if (talk == NULL) {
		findings_add(door->findings, FINDING_FAIL, door->section,
		    "start it (systemctl start postferry, or postferry "
		    "serve); when it runs, look into its log",
		    g_strdup_printf("nobody answers at %s: %s",
			config_string(door->config, door->section, "address"),
			strerror(errno)));
		return;
	}
	plain = greets(door, talk);
	fclose(talk);
	if (plain)
		examine_strangers(door, wildcard);
}

static void
examine_listener(struct config *config, const char *name, GPtrArray *findings)
{
	g_autofree char *section = g_strconcat("listener ", name, NULL);
	struct door door = {
		.config = config, .findings = findings, .section = section
	};

	if (!network_parse_listener(config_string(config, section, "address"),
		&door.address.storage, &door.length, NULL) ||
	    (door.address.any.sa_family != AF_UNIX &&
		network_port(&door.address.any) == 0))
		findings_add(findings, FINDING_WARN, section,
		    "give it a port that clients know",
		    g_strdup(
			"its port is another one at each start: not looked into"));
	else if (config_is_set(config, section, "proxy"))
		findings_add(findings, FINDING_OK, section, NULL,
		    g_strdup(
			"it speaks with its proxies alone: not looked into"));
	else
		knock(&door);
}

void
examine_listeners(struct config *config, GPtrArray *findings)
{
	for (const char *const *name = config_names(config, "listener");
	     *name != NULL; name++)
		examine_listener(config, *name, findings);
}
