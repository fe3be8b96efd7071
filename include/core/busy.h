/* SPDX-License-Identifier: MIT */
/*
 * What each thread is busy with, in a small mapped file that outlives the
 * process (never synced: a crash, not a power cut, is what it is for).  What is
 * found there at the next start was being worked on when the process died:
 * after the second time in a row it is treated with care, after the third not
 * at all.  Any thread; no locks.
 */
#ifndef CORE_BUSY_H
#define CORE_BUSY_H

#include <glib.h>
#include <stdint.h>

/* Pieces of work at one time; of more, the further ones are not noted. */
#define BUSY_SLOTS 64

/* Suspects remembered; the one seen longest ago is forgotten first. */
#define BUSY_SUSPECTS 64

struct busy;

/* Maps the file, makes it when it is not there or is not one; what its slots
 * hold becomes suspects.  path NULL: memory only.  NULL and error when it
 * cannot be had. */
struct busy *busy_open(const char *path, GError **error);
void busy_close(struct busy *busy);

/* The work on what this digest stands for begins: a number for busy_leave(). */
unsigned busy_enter(struct busy *busy, uint64_t digest);

/* It ended well: no suspect any more. */
void busy_leave(struct busy *busy, unsigned slot, uint64_t digest);

/* It ended well because it was treated with care: what is suspected of it
 * stays. */
void busy_spare(struct busy *busy, unsigned slot);

/* How often in a row the process died while it worked on this. */
unsigned busy_deaths(const struct busy *busy, uint64_t digest);

#endif
