/* SPDX-License-Identifier: MIT */
/*
 * The room where whoever handed in a mail waits for its answer, each by a
 * number of its own.  Any thread.
 */
#ifndef STATUS_HANDIN_ROOM_H
#define STATUS_HANDIN_ROOM_H

#include "mail/submission.h"

struct handin_room;

struct handin_room *handin_room_new(void);
/* NULL is fine; nobody is in it. */
void handin_room_free(struct handin_room *room);

/* Posts the submission, which is taken over, with this room as its return
 * address, and waits until the answer is here, or for so long behind its
 * deadline.  NULL: the room is closed, and the submission is freed; or the time
 * is over, and then *posted. */
struct answer *handin_room_wait(struct handin_room *room,
    struct submission *submission, submission_fn onward, void *stage,
    bool *posted);

/* Nothing is posted any more; emptied(object) is called once, when nobody is
 * waited for. */
void handin_room_close(
    struct handin_room *room, void (*emptied)(void *object), void *object);

#endif
