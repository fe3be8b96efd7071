/* SPDX-License-Identifier: MIT */
/*
 * The pages of the daemon: is it there, can it take mail, how is it.
 */
#ifndef STATUS_HEALTH_PAGE_H
#define STATUS_HEALTH_PAGE_H

#include "page.h"

/* Why no mail can be accepted, for people; new; NULL: it can. */
char *health_page_obstacle(const struct page *page);

void health_page_live(const struct page *page, struct status_answer *answer);
void health_page_ready(const struct page *page, struct status_answer *answer);
void health_page_status(const struct page *page, struct status_answer *answer);

#endif
