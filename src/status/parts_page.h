/* SPDX-License-Identifier: MIT */
/*
 * The pages of what is in a mail: its parts, as they lie within each other, and
 * the content of each.  Whatever comes with a mail is answered so that no
 * browser runs it.
 */
#ifndef STATUS_PARTS_PAGE_H
#define STATUS_PARTS_PAGE_H

#include "page.h"

void parts_page_list(const struct page *page, struct status_answer *answer);
void parts_page_content(const struct page *page, struct status_answer *answer);

#endif
