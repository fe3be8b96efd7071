/* SPDX-License-Identifier: MIT */
/*
 * A small file read whole: the settings, a secret.  And bytes written whole.
 */
#ifndef CORE_FILE_H
#define CORE_FILE_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

struct file {
	GString *text;
	mode_t mode; /* as stat(2) has it */
};

/* Reads the file; NULL and error when it cannot be read, is no regular file (a
 * FIFO would never end), or has more than max_bytes. */
struct file *file_read(const char *path, size_t max_bytes, GError **error);

/* Wipes the text. */
void file_free(struct file *file);

/* Reads a secret: the text of the file without the end of its last line.  NULL
 * and error, too, when the path does not begin with /, or the file is empty or
 * holds NUL.  Free with g_free(). */
char *file_read_secret(const char *path, GError **error);

/* Writes all of it, however many calls that takes.  False: errno. */
bool file_write(int fd, const void *bytes, size_t length);

/* True when anyone on the host may read it. */
bool file_is_public(const struct file *file);

#endif
