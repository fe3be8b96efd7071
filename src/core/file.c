/* SPDX-License-Identifier: MIT */
#include "core/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRET_BYTES_MAX (64 * 1024)

/* failure: an errno; ENXIO, which open(2) gives for a socket: it is neither a
 * file nor a directory. */
static void
set_error(GError **error, const char *path, int failure)
{
	if (failure == ENXIO) {
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
		    "cannot read %s: it is a FIFO, a socket or a device; a "
		    "regular file is expected",
		    path);
		return;
	}
	if (failure == EACCES || failure == EPERM) {
		g_set_error(error, G_FILE_ERROR,
		    (int)g_file_error_from_errno(failure),
		    "cannot read %s: %s: this is uid %u, gid %u, which must be "
		    "able to: run it as another user, or let this one read the "
		    "file (chgrp, chmod g+r) and enter the directories above "
		    "it (x)",
		    path, g_strerror(failure), (unsigned)geteuid(),
		    (unsigned)getegid());
		return;
	}
	g_set_error(error, G_FILE_ERROR, (int)g_file_error_from_errno(failure),
	    "cannot read %s: %s", path, g_strerror(failure));
}

/* Reads to the end, at most one byte more than max_bytes.  False and errno. */
static bool
read_all(int fd, GString *text, size_t max_bytes)
{
	char bytes[4096];
	ssize_t length = 0;

	while (text->len <= max_bytes) {
		length = read(fd, bytes, sizeof(bytes));
		if (length < 0 && errno == EINTR)
			continue;
		if (length <= 0)
			break;
		g_string_append_len(text, bytes, length);
	}
	explicit_bzero(bytes, sizeof(bytes));
	return text->len > max_bytes || length == 0;
}

static bool
fill_file(struct file *file, int fd, size_t max_bytes)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return false;
	file->mode = status.st_mode;
	if (!S_ISREG(status.st_mode)) {
		errno = S_ISDIR(status.st_mode) ? EISDIR : ENXIO;
		return false;
	}
	/* a growing text would leave copies behind */
	file->text =
	    g_string_sized_new(MIN((size_t)status.st_size, max_bytes) + 4096);
	if (!read_all(fd, file->text, max_bytes))
		return false;
	if (file->text->len <= max_bytes)
		return true;
	errno = EFBIG;
	return false;
}

/* Without O_NONBLOCK a FIFO that nobody writes to would hold us up. */
struct file *
file_read(const char *path, size_t max_bytes, GError **error)
{
	struct file *file = g_new0(struct file, 1);
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	bool done = fd >= 0 && fill_file(file, fd, max_bytes);
	int failure = errno;

	if (fd >= 0)
		close(fd);
	if (done)
		return file;
	if (failure == EFBIG)
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
		    "cannot read %s: it has more than %zu bytes, and no such "
		    "file should: is it the right one?",
		    path, max_bytes);
	else
		set_error(error, path, failure);
	file_free(file);
	return NULL;
}

void
file_free(struct file *file)
{
	if (file == NULL)
		return;
	if (file->text != NULL) {
		explicit_bzero(file->text->str, file->text->allocated_len);
		g_string_free(file->text, TRUE);
	}
	g_free(file);
}

bool
file_is_public(const struct file *file)
{
	return (file->mode & S_IROTH) != 0;
}

/* An editor ends the last line. */
static void
strip_line_end(GString *text)
{
	if (text->len > 0 && text->str[text->len - 1] == '\n')
		g_string_truncate(text, text->len - 1);
	if (text->len > 0 && text->str[text->len - 1] == '\r')
		g_string_truncate(text, text->len - 1);
}

char *
file_read_secret(const char *path, GError **error)
{
	char *secret = NULL;

	if (*path != '/') {
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
		    "a path is expected that begins with /");
		return NULL;
	}
	struct file *file = file_read(path, SECRET_BYTES_MAX, error);
	if (file == NULL)
		return NULL;
	strip_line_end(file->text);
	if (file->text->len == 0)
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
		    "%s is empty: the secret is expected there", path);
	else if (strlen(file->text->str) != file->text->len)
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
		    "%s holds NUL bytes: text is expected there", path);
	else
		secret = g_strdup(file->text->str);
	file_free(file);
	return secret;
}

bool
file_write(int fd, const void *bytes, size_t length)
{
	const char *at = bytes;

	while (length > 0) {
		ssize_t written = write(fd, at, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return false;
		at += written;
		length -= (size_t)written;
	}
	return true;
}
