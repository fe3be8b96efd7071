/* SPDX-License-Identifier: MIT */
#include "state_dir.h"

#include "confine/privileges.h"
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
	g_autofree char *lock = g_build_filename(directory, "lock", NULL);
	struct stat status;

	if (stat(directory, &status) != 0)
		return strerror(errno);
	if (!S_ISDIR(status.st_mode))
		return "it is no directory";
	/* as the user that opens files, not the one that started us */
	if (faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS) != 0)
		return errno == EACCES ? "this user may not write into it"
				       : strerror(errno);
	if (faccessat(AT_FDCWD, lock, R_OK | W_OK, AT_EACCESS) != 0 &&
	    errno == EACCES)
		return "this user may not write the files in it";
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

/* As the user that will open files, not as root. */
static const char *
find_lent_obstacle(const struct privileges *privileges, const char *directory,
    GPtrArray *errors)
{
	g_autoptr(GError) error = NULL;
	const char *obstacle = NULL;

	if (privileges_lend(privileges, &error))
		obstacle = find_obstacle(directory);
	if (!privileges_return(privileges, error == NULL ? &error : NULL) ||
	    error != NULL)
		g_ptr_array_add(errors, g_strdup(error->message));
	return obstacle;
}

/* Root gives up the right to write where it may not; what belongs to another is
 * then as shut as for anybody. */
static bool
is_shut_to_root(const char *path, struct stat *status)
{
	unsigned wanted = S_IWOTH | S_IXOTH;

	if (stat(path, status) != 0 || status->st_uid == 0)
		return false;
	if (!S_ISDIR(status->st_mode))
		wanted = S_IWOTH;
	return (status->st_mode & wanted) != wanted;
}

static void
check_root(
    const struct config *config, const char *directory, GPtrArray *errors)
{
	g_autofree char *lock = g_build_filename(directory, "lock", NULL);
	bool said = config_is_set(config, "server", "user");
	struct stat status;

	if (!is_shut_to_root(directory, &status) &&
	    !is_shut_to_root(lock, &status))
		return;
	g_ptr_array_add(errors,
	    g_strdup_printf("%s: [server] state_dir = %s: it, or what is in "
			    "it, belongs to uid %u, and postferry is to run "
			    "as root%s, which gives up the right to write "
			    "there; set [server] user to that account, or give "
			    "the directory and all in it to root: chown -R 0 "
			    "%s",
		config_origin(config, "server", "state_dir"), directory,
		(unsigned)status.st_uid, said ? " (user = root)" : "",
		directory));
}

/* "postferry" of whom we become, "uid 1000" of whom we are. */
static char *
name_user(const struct privileges *privileges)
{
	return geteuid() == 0 ? g_strdup(privileges_name(privileges))
			      : g_strdup_printf("uid %u", (unsigned)geteuid());
}

static void
check_directory(const struct config *config,
    const struct privileges *privileges, const char *directory,
    GPtrArray *errors)
{
	const char *obstacle =
	    find_lent_obstacle(privileges, directory, errors);
	g_autofree char *user = name_user(privileges);

	if (obstacle != NULL)
		g_ptr_array_add(errors,
		    g_strdup_printf(
			"%s: [server] state_dir = %s: %s; a directory is "
			"expected that the user postferry runs as (here %s) "
			"may write: make it, give it and all in it to that "
			"user (chown -R %s %s), or leave state_dir out and set "
			"answer = delivered",
			config_origin(config, "server", "state_dir"), directory,
			obstacle, user, privileges_name(privileges),
			directory));
	else if (privileges_stay_root(privileges))
		check_root(config, directory, errors);
}

void
state_dir_check(const struct config *config, GPtrArray *errors)
{
	const char *directory = config_string(config, "server", "state_dir");
	g_autoptr(GError) error = NULL;
	struct privileges *privileges = privileges_find(config, &error);

	if (privileges == NULL)
		g_ptr_array_add(errors, g_strdup(error->message));
	if (directory == NULL && server_queues(config))
		g_ptr_array_add(errors, g_strdup(NO_DIRECTORY));
	if (directory != NULL) {
		check_length(config, directory, errors);
		if (privileges != NULL)
			check_directory(config, privileges, directory, errors);
	}
	privileges_free(privileges);
}
