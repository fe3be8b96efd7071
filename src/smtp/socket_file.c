/* SPDX-License-Identifier: MIT */
#include "socket_file.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

/* 0: somebody listens there; else errno. */
static int
knock(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error = 0;

	if (fd < 0)
		return errno;
	/* EAGAIN: its backlog is full, so it has one */
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) !=
		0 &&
	    errno != EAGAIN)
		error = errno;
	close(fd);
	return error;
}

/* Removes what a process left that is no more.  0 or errno. */
static int
clear_path(const struct sockaddr_un *address)
{
	struct stat status;

	if (lstat(address->sun_path, &status) != 0)
		return errno == ENOENT ? 0 : errno;
	if (!S_ISSOCK(status.st_mode))
		return EEXIST;
	if (knock(address) != ECONNREFUSED)
		return EADDRINUSE;
	return unlink(address->sun_path) == 0 ? 0 : errno;
}

static bool
set_access(const struct socket_file *file)
{
	const char *path = file->address.sun_path;

	if (file->group != (gid_t)-1 &&
	    lchown(path, (uid_t)-1, file->group) != 0)
		return false;
	return chmod(path, file->mode) == 0;
}

int
socket_file_bind(struct socket_file *file, int fd)
{
	const struct sockaddr *address =
	    (const struct sockaddr *)&file->address;
	struct stat status;
	int error = clear_path(&file->address);

	if (error != 0)
		return error;
	if (bind(fd, address, sizeof(file->address)) != 0)
		return errno;
	if (lstat(file->address.sun_path, &status) == 0) {
		file->device = status.st_dev;
		file->inode = status.st_ino;
		if (set_access(file))
			return 0;
	}
	error = errno;
	unlink(file->address.sun_path);
	return error;
}

void
socket_file_remove(const struct socket_file *file)
{
	struct stat status;

	if (lstat(file->address.sun_path, &status) == 0 &&
	    status.st_dev == file->device && status.st_ino == file->inode)
		unlink(file->address.sun_path);
}
