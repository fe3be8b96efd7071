/* SPDX-License-Identifier: MIT */
/*
 * The ebb of clients: what a crowd took is free when it has left, but the
 * allocator keeps it in pieces between what others hold.  Told now and then how
 * many clients are there, this says when it pays to look for those pieces.
 */
#ifndef SMTP_EBB_H
#define SMTP_EBB_H

#include <stdbool.h>

/* All zero: nobody was there. */
struct ebb {
	unsigned high; /* the most clients since memory was last given back */
};

/* So many clients are there now.  True when many have left. */
bool ebb_is_low(struct ebb *ebb, unsigned total);

/* The same, and gives unused memory back to the system.  Takes some
 * milliseconds for a large heap. */
void ebb_look(struct ebb *ebb, unsigned total);

#endif
