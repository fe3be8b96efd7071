/* SPDX-License-Identifier: MIT */
/* The pages that mail is handed in to; see page.h. */
#ifndef STATUS_SUBMIT_PAGE_H
#define STATUS_SUBMIT_PAGE_H

#include "page.h"

/* In the shape of this server, or a whole mail (message/rfc822). */
void submit_page_message(const struct page *page, struct status_answer *answer);

/* In the shapes of two services that were there before. */
void submit_page_send(const struct page *page, struct status_answer *answer);
void submit_page_email(const struct page *page, struct status_answer *answer);

#endif
