/* SPDX-License-Identifier: MIT */
/*
 * The environment: every variable POSTFERRY_... taken into a draft.
 */
#ifndef CORE_ENVIRONMENT_H
#define CORE_ENVIRONMENT_H

#include "draft.h"

/* After the file was read: its sections are known by their names here. */
void environment_read(struct draft *draft);

/* The variable of a key of a section ("provider mailgun"); free with g_free().
 */
char *environment_name(const char *section, const char *key);

#endif
