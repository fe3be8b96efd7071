/* SPDX-License-Identifier: MIT */
#include "ballast.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <unistd.h>

static char *
make_path(const char *directory)
{
	return g_build_filename(directory, "ballast", NULL);
}

/* 0 or an errno.  One left by a former run may be larger. */
static int
take_room(int fd, off_t bytes)
{
	int wrong = posix_fallocate(fd, 0, bytes);

	if (wrong == 0 && ftruncate(fd, bytes) != 0)
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
	int wrong = bytes > 0 ? take_room(fd, (off_t)bytes) : 0;
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
