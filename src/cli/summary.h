/* SPDX-License-Identifier: MIT */
/*
 * The summary of settings that are fine: what a person who wrote them would
 * like to see before mail goes by them.
 */
#ifndef CLI_SUMMARY_H
#define CLI_SUMMARY_H

#include "core/config.h"

/* Prints listeners, queue, bounces and routes. */
void summary_print(struct config *config);

#endif
