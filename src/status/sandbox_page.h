/* SPDX-License-Identifier: MIT */
/*
 * The page of the sandbox: its simulated providers, and what goes wrong with
 * each.  A daemon has no such page.
 */
#ifndef STATUS_SANDBOX_PAGE_H
#define STATUS_SANDBOX_PAGE_H

#include "page.h"

void sandbox_page_show(const struct page *page, struct status_answer *answer);
void sandbox_page_set(const struct page *page, struct status_answer *answer);

#endif
