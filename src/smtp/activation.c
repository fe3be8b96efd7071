/* SPDX-License-Identifier: MIT */
#include "activation.h"

#include "core/log.h"
#include "core/network.h"
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define FIRST_FD 3
/* More cannot be meant. */
#define MOST_FDS 1024

/* All that systemd may set for this. */
static const char *const variables[] = { "LISTEN_FDS", "LISTEN_PID",
	"LISTEN_FDNAMES", "LISTEN_PIDFDID" };

struct heir {
	int fd; /* -1: claimed */
	char *name;
	char address[NETWORK_LISTENER_LENGTH];
};

struct activation {
	const char *const *listeners;
	GArray *heirs; /* struct heir */
};

static void
on_heir_clear(void *object)
{
	struct heir *heir = object;

	if (heir->fd >= 0)
		close(heir->fd);
	g_free(heir->name);
}

/* A number of the environment; 0: none. */
static unsigned
read_number(const char *variable, unsigned most)
{
	const char *text = g_getenv(variable);
	guint64 number;

	if (text == NULL ||
	    !g_ascii_string_to_unsigned(text, 10, 0, most, &number, NULL))
		return 0;
	return (unsigned)number;
}

/* True when clients can be accepted at it. */
static bool
is_listening(int fd)
{
	int value = 0;
	socklen_t length = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &length) ==
		   0 &&
	       value != 0;
}

static void
name_address(struct heir *heir)
{
	struct sockaddr_storage bound = { 0 };
	socklen_t length = sizeof(bound);

	if (getsockname(heir->fd, (struct sockaddr *)&bound, &length) == 0)
		network_print_listener(
		    (const struct sockaddr *)&bound, heir->address);
}

static void
add_heir(struct activation *activation, int fd, const char *name)
{
	struct heir heir = { .fd = fd, .name = g_strdup(name) };
	int flags = fcntl(fd, F_GETFL);

	fcntl(fd, F_SETFD, FD_CLOEXEC);
	if (!is_listening(fd)) {
		log_warn("inherited socket not used", log_num("fd", fd),
		    log_str_if("name", name),
		    log_str("reason",
			"it is no socket that listens for connections"),
		    log_str("advice", "use ListenStream= and Accept=no"));
		on_heir_clear(&heir);
		return;
	}
	fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	name_address(&heir);
	g_array_append_val(activation->heirs, heir);
}

static void
add_heirs(struct activation *activation)
{
	unsigned count = read_number("LISTEN_FDS", MOST_FDS);
	const char *text = g_getenv("LISTEN_FDNAMES");
	g_auto(GStrv) names = g_strsplit(text != NULL ? text : "", ":", -1);
	unsigned named = g_strv_length(names);

	if (read_number("LISTEN_PID", G_MAXINT32) != (unsigned)getpid())
		return;
	for (unsigned i = 0; i < count; i++)
		add_heir(
		    activation, FIRST_FD + (int)i, i < named ? names[i] : NULL);
}

struct activation *
activation_take(const char *const *listeners)
{
	struct activation *activation = g_new0(struct activation, 1);

	activation->listeners = listeners;
	activation->heirs = g_array_new(FALSE, FALSE, sizeof(struct heir));
	g_array_set_clear_func(activation->heirs, on_heir_clear);
	add_heirs(activation);
	for (unsigned i = 0; i < G_N_ELEMENTS(variables); i++)
		g_unsetenv(variables[i]);
	return activation;
}

/* Not one that is another listener's by its name. */
static bool
is_for(const struct activation *activation, const struct heir *heir,
    const char *address)
{
	return strcmp(heir->address, address) == 0 &&
	       (heir->name == NULL ||
		   !g_strv_contains(activation->listeners, heir->name));
}

static int
claim(struct heir *heir)
{
	int fd = heir->fd;

	heir->fd = -1;
	return fd;
}

/* True when it listens where the settings say; port 0 is any. */
static bool
is_at(const struct heir *heir, const struct sockaddr *address)
{
	char wanted[NETWORK_LISTENER_LENGTH];

	network_print_listener(address, wanted);
	if (address->sa_family == AF_UNIX || network_port(address) != 0)
		return strcmp(heir->address, wanted) == 0;
	wanted[strlen(wanted) - strlen("0")] = '\0';
	return g_str_has_prefix(heir->address, wanted);
}

/* The name decides, and mail comes in elsewhere than the settings say: what
 * they allow may have been meant for that address. */
static void
warn_elsewhere(const struct heir *heir, const struct sockaddr *address)
{
	char wanted[NETWORK_LISTENER_LENGTH];

	if (is_at(heir, address))
		return;
	network_print_listener(address, wanted);
	log_warn("inherited socket listens elsewhere than the settings say",
	    log_str("listener", heir->name), log_str("address", heir->address),
	    log_str("settings", wanted),
	    log_str("advice",
		"make ListenStream= of the socket unit and `address` of the "
		"listener the same; the socket is used as it is"));
}

int
activation_claim(struct activation *activation, const char *listener,
    const struct sockaddr *address)
{
	char wanted[NETWORK_LISTENER_LENGTH];
	GArray *heirs = activation->heirs;

	network_print_listener(address, wanted);
	for (unsigned i = 0; i < heirs->len; i++) {
		struct heir *heir = &g_array_index(heirs, struct heir, i);
		if (heir->fd >= 0 && g_strcmp0(heir->name, listener) == 0) {
			warn_elsewhere(heir, address);
			return claim(heir);
		}
	}
	for (unsigned i = 0; i < heirs->len; i++) {
		struct heir *heir = &g_array_index(heirs, struct heir, i);
		if (heir->fd >= 0 && is_for(activation, heir, wanted))
			return claim(heir);
	}
	return -1;
}

void
activation_end(struct activation *activation)
{
	for (unsigned i = 0; i < activation->heirs->len; i++) {
		const struct heir *heir =
		    &g_array_index(activation->heirs, struct heir, i);
		if (heir->fd < 0)
			continue;
		log_warn("inherited socket not used", log_num("fd", heir->fd),
		    log_str_if("name", heir->name),
		    log_str("address", heir->address),
		    log_str("reason", "it is no listener's"),
		    log_str("advice",
			"give it the name of a [listener NAME] "
			"(FileDescriptorName=), or one its address"));
	}
	g_array_unref(activation->heirs);
	g_free(activation);
}
