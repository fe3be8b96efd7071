/* SPDX-License-Identifier: MIT */
#include "ballast.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static char *
make_path(const char *directory)
{
	return g_build_filename(directory, "ballast", NULL);
}

/* More than there is is not tried: that would fill the disk for a moment. */
static bool
has_room(int fd, uint64_t bytes)
{
	struct statvfs disk;
	struct stat file;

	if (fstatvfs(fd, &disk) != 0 || fstat(fd, &file) != 0)
		return false;
	return (uint64_t)disk.f_bavail * disk.f_frsize +
		   (uint64_t)file.st_blocks * 512 >=
	       bytes;
}

/* 0 or an errno.  One left by a former run may be larger. */
static int
take_room(int fd, uint64_t bytes)
{
	int wrong;

	if (!has_room(fd, bytes))
		return ENOSPC;
	wrong = bytes > 0 ? posix_fallocate(fd, 0, (off_t)bytes) : 0;
	if (wrong == 0 && ftruncate(fd, (off_t)bytes) != 0)
		wrong = errno;
	return wrong;
}

bool
ballast_make(const char *directory, uint64_t bytes)
{
	g_autofree char *path = make_path(directory);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return false;
	int wrong = take_room(fd, bytes);
	close(fd);
	if (wrong == 0)
		return true;
	unlink(path);
	errno = wrong;
	return false;
}

bool
ballast_drop(const char *directory)
{
	g_autofree char *path = make_path(directory);

	return unlink(path) == 0;
}
