/* SPDX-License-Identifier: MIT */
#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PID_LENGTH 16

struct lock {
	int fd;
};

static GQuark
lock_error(void)
{
	return g_quark_from_static_string("lock");
}

/* What stands in it: the pid of who holds or held it. */
static void
read_pid(int fd, char pid[static PID_LENGTH])
{
	ssize_t got = pread(fd, pid, PID_LENGTH - 1, 0);

	pid[got > 0 ? got : 0] = '\0';
	g_strchomp(pid);
}

static void
tell_holder(int fd, const char *directory, GError **error)
{
	char pid[PID_LENGTH];

	read_pid(fd, pid);
	g_set_error(error, lock_error(), 0,
	    "state_dir %s is in use by another postferry (pid %s); stop that "
	    "one, or give this one a state_dir of its own",
	    directory, *pid != '\0' ? pid : "unknown");
}

/* Of the lock, or where there is none yet or it is hidden, of the directory.
 */
static bool
find_owner(const char *directory, const char *path, struct stat *status)
{
	return stat(path, status) == 0 || stat(directory, status) == 0;
}

/* A lock that another user's postferry left behind keeps all others out. */
static void
tell_closed(const char *directory, const char *path, GError **error)
{
	int problem = errno;
	struct stat status;

	if (problem == EACCES && find_owner(directory, path, &status) &&
	    status.st_uid != geteuid())
		g_set_error(error, lock_error(), 0,
		    "cannot open %s: it belongs to uid %u, and this is uid "
		    "%u; run postferry as that user, or give the directory "
		    "and all in it to this one: chown -R %u %s",
		    path, (unsigned)status.st_uid, (unsigned)geteuid(),
		    (unsigned)geteuid(), directory);
	else
		g_set_error(error, lock_error(), 0,
		    "cannot open %s: %s; state_dir must be a directory that "
		    "this user may write",
		    path, strerror(problem));
}

static bool
write_pid(int fd)
{
	char pid[PID_LENGTH];
	int length = g_snprintf(pid, sizeof pid, "%d\n", (int)getpid());

	return ftruncate(fd, 0) == 0 &&
	       pwrite(fd, pid, (size_t)length, 0) == length;
}

struct lock *
lock_take(const char *directory, bool *busy, GError **error)
{
	g_autofree char *path = g_build_filename(directory, "lock", NULL);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0) {
		tell_closed(directory, path, error);
		return NULL;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		*busy = errno == EWOULDBLOCK;
		tell_holder(fd, directory, error);
		close(fd);
		return NULL;
	}
	if (!write_pid(fd)) {
		g_set_error(error, lock_error(), 0, "cannot write %s: %s", path,
		    strerror(errno));
		close(fd);
		return NULL;
	}
	struct lock *lock = g_new0(struct lock, 1);
	lock->fd = fd;
	return lock;
}

void
lock_release(struct lock *lock)
{
	if (lock == NULL)
		return;
	close(lock->fd);
	g_free(lock);
}

int
lock_holder(const char *directory)
{
	g_autofree char *path = g_build_filename(directory, "lock", NULL);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char pid[PID_LENGTH] = "";

	if (fd < 0)
		return 0;
	if (flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK)
		read_pid(fd, pid);
	close(fd);
	return atoi(pid);
}
