/* SPDX-License-Identifier: MIT */
/*
 * The pages of the suppression list.  Any thread that may wait.
 */
#ifndef STATUS_SUPPRESS_PAGE_H
#define STATUS_SUPPRESS_PAGE_H

#include "page.h"

/* GET: by address, from behind `after` on, `limit` at most; or the one of
 * `address`: 404 when it is not on the list. */
void suppress_page_list(const struct page *page, struct status_answer *answer);

/* POST: puts `address` on the list, or every line of the body: what stands
 * before its first comma, as spreadsheets and providers write lists.  `why` and
 * `text` are of all of them.  DELETE: takes `address` off the list. */
void suppress_page_change(
    const struct page *page, struct status_answer *answer);

#endif
