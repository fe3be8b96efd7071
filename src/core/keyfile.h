/* SPDX-License-Identifier: MIT */
/*
 * The settings file: read into a draft, each line's fault added to it.
 */
#ifndef CORE_KEYFILE_H
#define CORE_KEYFILE_H

#include "draft.h"

/* *text NULL: the file's, which is the caller's then; else it is read in place
 * of the file.  False when the file cannot be read at all: nothing else is
 * worth saying. */
bool keyfile_read(struct draft *draft, const char *path, GString **text);

#endif
