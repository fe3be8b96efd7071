/* SPDX-License-Identifier: MIT */
/*
 * The environment: every variable POSTFERRY_... taken into a draft.
 */
#ifndef CORE_ENVIRONMENT_H
#define CORE_ENVIRONMENT_H

#include "draft.h"

/* After the file was read: its sections are known by their names here. */
void environment_read(struct draft *draft);

#endif
