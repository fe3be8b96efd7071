/* SPDX-License-Identifier: MIT */
/*
 * The file of a Unix socket, in a directory whose owner is not to be trusted:
 * bind() is ours here, and what it has made can be replaced at once.
 */
#include "socket_file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

/* Somebody's, when we are root. */
#define GROUP 65534

static struct {
	char *folder, *path, *victim;
	int (*trap)(void); /* after bind(); NULL: nobody is there */
} place;

int
bind(int fd, const struct sockaddr *address, socklen_t length)
{
	int result = (int)syscall(SYS_bind, fd, address, length);

	return result == 0 && place.trap != NULL ? place.trap() : result;
}

static int
link_victim(void)
{
	g_unlink(place.path);
	return symlink(place.victim, place.path);
}

static int
name_victim(void)
{
	g_unlink(place.path);
	return link(place.victim, place.path);
}

static int
remove_it(void)
{
	return g_unlink(place.path);
}

static const struct {
	const char *name;
	mode_t mode;
	int (*trap)(void);
	int error;
} rows[] = {
	{ "for all", 0666, NULL, 0 },
	{ "for the group", 0660, NULL, 0 },
	{ "for the owner", 0600, NULL, 0 },
	{ "all rights", 0777, NULL, 0 },
	{ "a link is put there", 0666, link_victim, EEXIST },
	{ "another file is put there", 0666, name_victim, EEXIST },
	{ "it is removed", 0666, remove_it, ENOENT },
};

static gid_t
own_group(void)
{
	return geteuid() == 0 ? GROUP : getegid();
}

static void
check_bound(const char *name, mode_t mode)
{
	struct stat status;

	if (lstat(place.path, &status) != 0 || !S_ISSOCK(status.st_mode))
		fail_msg("%s: there is no socket", name);
	if ((status.st_mode & ACCESSPERMS) != mode)
		fail_msg("%s: mode %o", name, status.st_mode & ACCESSPERMS);
	if (status.st_gid != own_group())
		fail_msg("%s: group %u", name, (unsigned)status.st_gid);
}

static void
check_victim(const char *name)
{
	struct stat status;

	assert_int_equal(stat(place.victim, &status), 0);
	if ((status.st_mode & ACCESSPERMS) != 0600 ||
	    status.st_gid != getegid())
		fail_msg("%s: the other file has mode %o, group %u", name,
		    status.st_mode & ACCESSPERMS, (unsigned)status.st_gid);
}

static void
test_access(void **state)
{
	mode_t mask = umask(022);

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct socket_file file = { .mode = rows[i].mode,
			.group = own_group(),
			.address.sun_family = AF_UNIX };
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		int error;

		g_strlcpy(file.address.sun_path, place.path,
		    sizeof(file.address.sun_path));
		place.trap = rows[i].trap;
		error = socket_file_bind(&file, fd);
		if (error != rows[i].error)
			fail_msg("%s: %s", rows[i].name, g_strerror(error));
		check_victim(rows[i].name);
		if (error == 0) {
			check_bound(rows[i].name, rows[i].mode);
			socket_file_remove(&file);
		}
		assert_int_equal(access(place.path, F_OK), -1);
		close(fd);
	}
	assert_int_equal(umask(mask), 022);
}

static int
set_up(void **state)
{
	char *folder = g_dir_make_tmp("socket-XXXXXX", NULL);

	(void)state;
	if (folder == NULL)
		return -1;
	place.folder = folder;
	place.path = g_build_filename(folder, "s", NULL);
	place.victim = g_build_filename(folder, "victim", NULL);
	return close(open(place.victim, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
}

static int
tear_down(void **state)
{
	(void)state;
	g_unlink(place.victim);
	g_rmdir(place.folder);
	g_free(place.victim);
	g_free(place.path);
	g_free(place.folder);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_access) };

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
