/* SPDX-License-Identifier: MIT */
#include "socket_file.h"

#include <errno.h>
#include <fcntl.h>
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
	int error;

	if (lstat(address->sun_path, &status) != 0)
		return errno == ENOENT ? 0 : errno;
	if (!S_ISSOCK(status.st_mode))
		return EEXIST;
	error = knock(address);
	if (error == ENOENT)
		return 0;
	if (error != ECONNREFUSED)
		return error == 0 ? EADDRINUSE : error;
	return unlink(address->sun_path) == 0 ? 0 : errno;
}

/* The file comes with its mode: whoever owns the directory can put a link to
 * another in its place before anything could be set by name.  0 or errno. */
static int
bind_with_mode(const struct socket_file *file, int fd)
{
	mode_t mask = umask(~file->mode & ACCESSPERMS);
	int error = 0;

	if (bind(fd, (const struct sockaddr *)&file->address,
		sizeof(file->address)) != 0)
		error = errno;
	umask(mask);
	return error;
}

/* What stands there is a socket of ours and has no second name. */
static bool
is_ours(const struct stat *status)
{
	return S_ISSOCK(status->st_mode) && status->st_uid == geteuid() &&
	       status->st_nlink == 1;
}

/* Looks at what is there, whatever it was replaced by, and changes just that. 0
 * or errno. */
static int
set_group(struct socket_file *file)
{
	int there =
	    open(file->address.sun_path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat status;
	int error = 0;

	if (there < 0)
		return errno;
	if (fstat(there, &status) != 0)
		error = errno;
	else if (!is_ours(&status))
		error = EEXIST;
	else if (file->group != (gid_t)-1 &&
		 fchownat(there, "", (uid_t)-1, file->group, AT_EMPTY_PATH) !=
		     0)
		error = errno;
	close(there);
	if (error != 0)
		return error;
	file->device = status.st_dev;
	file->inode = status.st_ino;
	return 0;
}

int
socket_file_bind(struct socket_file *file, int fd)
{
	int error = clear_path(&file->address);

	if (error == 0)
		error = bind_with_mode(file, fd);
	if (error != 0)
		return error;
	error = set_group(file);
	if (error != 0)
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
