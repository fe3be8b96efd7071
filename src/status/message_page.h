/* SPDX-License-Identifier: MIT */
/*
 * The pages of mails: lists, one mail's story and bytes, and what a person may
 * do to one mail or to all of a state.
 */
#ifndef STATUS_MESSAGE_PAGE_H
#define STATUS_MESSAGE_PAGE_H

#include "page.h"

void message_page_list(const struct page *page, struct status_answer *answer);
void message_page_story(const struct page *page, struct status_answer *answer);
/* The bytes of the mail that the path names, counted; NULL: there are none, and
 * the request is answered. */
struct spool *message_page_find(
    const struct page *page, struct status_answer *answer);
void message_page_raw(const struct page *page, struct status_answer *answer);

/* page->question to one mail; to all of a state. */
void message_page_act(const struct page *page, struct status_answer *answer);
void message_page_act_all(
    const struct page *page, struct status_answer *answer);

#endif
