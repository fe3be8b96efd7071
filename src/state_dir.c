/* SPDX-License-Identifier: MIT */
#include "state_dir.h"

#include "smtp/server.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define NO_DIRECTORY                                                         \
	"settings: a listener answers `queued`, and there is no state_dir "  \
	"to keep the queue in; set [server] state_dir = /var/lib/postferry " \
	"(or POSTFERRY_SERVER_STATE_DIR), a directory that the user "        \
	"postferry runs as may write, or answer = delivered, which needs "   \
	"none: then a mail is answered once a provider has it"

char *
state_dir_busy(const char *directory)
{
	return g_build_filename(directory, "busy", NULL);
}

char *
state_dir_control(const char *directory)
{
	return g_build_filename(directory, "control", NULL);
}

/* What keeps mail and the lock out of the directory; NULL: nothing. */
static const char *
find_obstacle(const char *directory)
{
	struct stat status;

	if (stat(directory, &status) != 0)
		return strerror(errno);
	if (!S_ISDIR(status.st_mode))
		return "it is no directory";
	/* as the user that opens files, not the one that started us */
	if (faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS) != 0)
		return errno == EACCES ? "this user may not write into it"
				       : strerror(errno);
	return NULL;
}

/* The control socket's path has to fit into an address. */
static void
check_length(
    const struct config *config, const char *directory, GPtrArray *errors)
{
	struct sockaddr_un address;
	g_autofree char *control = state_dir_control(directory);
	size_t over = strlen("/control");

	if (strlen(control) < sizeof(address.sun_path))
		return;
	g_ptr_array_add(errors,
	    g_strdup_printf("%s: [server] state_dir = %s is too long: the "
			    "control socket in it takes a path of at most %zu "
			    "bytes; choose one of at most %zu",
		config_origin(config, "server", "state_dir"), directory,
		sizeof(address.sun_path) - 1,
		sizeof(address.sun_path) - 1 - over));
}

void
state_dir_check(const struct config *config, GPtrArray *errors)
{
	const char *directory = config_string(config, "server", "state_dir");
	const char *obstacle;

	if (directory == NULL) {
		if (server_queues(config))
			g_ptr_array_add(errors, g_strdup(NO_DIRECTORY));
		return;
	}
	check_length(config, directory, errors);
	obstacle = find_obstacle(directory);
	if (obstacle != NULL)
		g_ptr_array_add(errors,
		    g_strdup_printf(
			"%s: [server] state_dir = %s: %s; a directory is "
			"expected that the user postferry runs as (here uid "
			"%u) may write: make it, or leave state_dir out and "
			"set answer = delivered",
			config_origin(config, "server", "state_dir"), directory,
			obstacle, (unsigned)geteuid()));
}
