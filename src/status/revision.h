/* SPDX-License-Identifier: MIT */
/*
 * A revision is what a page of the store was when it was answered last: its
 * ETag, kept for the pages that are asked for most, so that whoever asks again
 * for one that cannot have changed is told so without a question to the store.
 *
 * The tag is of the bytes: the same page has the same tag after a restart, and
 * when other mails have changed.  Last-Modified has whole seconds: it is said
 * when the page is older than one, and no later page ever has the same.
 */
#ifndef STATUS_REVISION_H
#define STATUS_REVISION_H

#include "page.h"

struct revisions;

struct revisions *revision_open(void);
void revision_close(struct revisions *revisions);

/* Any thread.  True when the client has the page as it was at that state of the
 * store (a number, read before anything is asked): then the request is
 * answered, 304. */
bool revision_is_known(
    const struct page *page, uint64_t state, struct status_answer *answer);

/* Any thread: marks the answer, whose body is there and of that state or a
 * later one, and keeps its tag. */
void revision_keep(
    const struct page *page, uint64_t state, struct status_answer *answer);

#endif
