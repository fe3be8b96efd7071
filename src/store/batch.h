/* SPDX-License-Identifier: MIT */
/*
 * A batch is all that waits, written in one transaction.
 */
#ifndef STORE_BATCH_H
#define STORE_BATCH_H

#include "state.h"

/* Writes what waits, then tells whoever waited for it.  True when there is more
 * to be done at once. */
bool batch_turn(struct store *store);

#endif
