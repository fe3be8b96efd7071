/* SPDX-License-Identifier: MIT */
/*
 * A small file read whole: the settings, a secret.
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

/* Reads the file; NULL and error when it cannot be read, is a directory, or has
 * more than max_bytes. */
struct file *file_read(const char *path, size_t max_bytes, GError **error);

/* Wipes the text. */
void file_free(struct file *file);

/* True when anyone on the host may read it. */
bool file_is_public(const struct file *file);

#endif
