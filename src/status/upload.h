/* SPDX-License-Identifier: MIT */
/*
 * An upload is the body of a request while it comes in: into a spool up to a
 * limit, and from there on, or once the request is refused, into nothing for a
 * while: who is answered in the midst of what he says does not hear it.  The
 * connection's thread.
 */
#ifndef STATUS_UPLOAD_H
#define STATUS_UPLOAD_H

#include "status.h"

struct upload {
	const struct spool_place *place; /* NULL: nothing is kept */
	uint64_t most;
	uint64_t seen;
	struct spool *spool;          /* NULL: nothing kept yet */
	struct status_answer refusal; /* code 0: none */
};

/* Keeps up to `most` bytes from now on. */
void upload_open(
    struct upload *upload, const struct spool_place *place, uint64_t most);

/* Keeps nothing, but lets the client say what it has to say: the refusal
 * (emptied) is the answer to it. */
void upload_refuse(struct upload *upload, struct status_answer *refusal);

/* What the head says there will be, before anything is read: false when it is
 * so much that the answer must not wait for it. */
bool upload_announce(struct upload *upload, uint64_t length);

/* False when the connection is to be cut. */
bool upload_take(struct upload *upload, const void *bytes, size_t length);

/* All was read: *body (NULL: empty) is the upload's; false, and *answer takes
 * over why, when it is refused. */
bool upload_finish(
    struct upload *upload, struct spool **body, struct status_answer *answer);

void upload_close(struct upload *upload);

#endif
