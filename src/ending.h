/* SPDX-License-Identifier: MIT */
/*
 * The ending: how the ferry stops, from the spring to the sea, when a signal
 * comes, or breaks off when its queue cannot be written.  The main thread.
 */
#ifndef ENDING_H
#define ENDING_H

struct ferry;

/* Heeds signals from now on: SIGTERM and SIGINT stop, the second one at once;
 * SIGHUP has the settings read again.  Before any library starts
 * threads. */
void ending_heed(struct ferry *ferry);
/* None any more.  NULL parts are fine. */
void ending_unheed(struct ferry *ferry);

/* The store's thread: nothing may be trusted but what the next start reads.
 * object is the ferry. */
void ending_break(void *object, const char *why);

#endif
