/* SPDX-License-Identifier: MIT */
/*
 * `postferry queue list`: a line per mail, a page at a time.
 */
#ifndef QUEUE_LIST_H
#define QUEUE_LIST_H

#include "ask.h"
#include "order.h"

/* Prints the mails that the order wants; the exit code. */
int queue_list_print(struct ask *ask, const struct order *order);

#endif
