/* SPDX-License-Identifier: MIT */
/*
 * The settings file: read into a draft, each line's fault added to it.
 */
#ifndef CORE_KEYFILE_H
#define CORE_KEYFILE_H

#include "draft.h"

/* False when the file cannot be read at all: nothing else is worth saying. */
bool keyfile_read(struct draft *draft, const char *path);

#endif
