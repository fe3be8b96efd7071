/* SPDX-License-Identifier: MIT */
/*
 * /v1/events/PROVIDER: where a provider posts what became of mail.  It has no
 * token of ours: its signature is looked at.  200 when all is on disk; what is
 * refused for good is told so that it does not come again.
 */
#ifndef STATUS_EVENTS_PAGE_H
#define STATUS_EVENTS_PAGE_H

#include "page.h"

/* GET, HEAD: Mandrill looks whether it is there before it is told of. */
void events_page_look(const struct page *page, struct status_answer *answer);

/* POST */
void events_page_take(const struct page *page, struct status_answer *answer);

#endif
