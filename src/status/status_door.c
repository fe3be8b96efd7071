/* SPDX-License-Identifier: MIT */
/* The Unix socket of our own commands. */
#include "status.h"

#include "responder.h"
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 64

struct status_door {
	char *path;
	struct responder *responder;
};

static GQuark
door_error(void)
{
	return g_quark_from_static_string("status_door");
}

/* Bound and listening, mode 0660 from its first moment on. */
static bool
listen_at(int fd, const struct sockaddr_un *address)
{
	/* nobody can connect before listen(), so the mode may follow */
	return bind(fd, (const struct sockaddr *)address, sizeof *address) ==
		   0 &&
	       chmod(address->sun_path, 0660) == 0 && listen(fd, BACKLOG) == 0;
}

static int
open_listener(const char *path, GError **error)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof address.sun_path) {
		g_set_error(error, door_error(), 0,
		    "the path of the socket %s is too long: %zu bytes are "
		    "allowed; choose a shorter state_dir",
		    path, sizeof address.sun_path - 1);
		return -1;
	}
	g_strlcpy(address.sun_path, path, sizeof address.sun_path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* left behind by one that died: we hold the lock of the directory */
	unlink(path);
	if (fd >= 0 && listen_at(fd, &address))
		return fd;
	g_set_error(error, door_error(), 0,
	    "cannot open the socket %s for the commands: %s; state_dir must be "
	    "a directory that this user may write",
	    path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

struct status_door *
status_door_open(struct status *status, const char *path, GError **error)
{
	struct responder_options options = { .status = status };
	struct status_door *door;

	options.listener = open_listener(path, error);
	if (options.listener < 0)
		return NULL;
	door = g_new0(struct status_door, 1);
	door->path = g_strdup(path);
	door->responder = responder_open(&options);
	if (door->responder != NULL)
		return door;
	g_set_error(error, door_error(), 0,
	    "cannot serve the socket %s: no threads or descriptors are left",
	    path);
	close(options.listener);
	unlink(path);
	g_free(door->path);
	g_free(door);
	return NULL;
}

void
status_door_close(struct status_door *door)
{
	if (door == NULL)
		return;
	unlink(door->path);
	responder_close(door->responder);
	g_free(door->path);
	g_free(door);
}
