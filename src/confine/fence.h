/* SPDX-License-Identifier: MIT */
/*
 * A fence around files (Landlock): what it does not let through cannot be
 * opened, made or removed, nothing can be executed, no TCP port bound.  It
 * holds for the thread that closes it and for those it starts afterwards.
 */
#ifndef CONFINE_FENCE_H
#define CONFINE_FENCE_H

#include <stdbool.h>

enum fence_right {
	FENCE_READ,   /* files below it */
	FENCE_WRITE,  /* all of it: files, directories, sockets */
	FENCE_SOCKET, /* sockets are made and removed in it */
	FENCE_DEVICE, /* one file, read and written */
};

struct fence;

/* NULL: this kernel has none. */
struct fence *fence_new(void);

/* What is not there is no gap. */
void fence_allow(struct fence *fence, const char *path, enum fence_right right);

/* From now on, for good.  False: errno says why, and there is no fence. */
bool fence_close(struct fence *fence);

/* The version of the kernel's interface: what it can keep. */
int fence_version(const struct fence *fence);

/* NULL is fine. */
void fence_free(struct fence *fence);

#endif
