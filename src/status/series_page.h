/* SPDX-License-Identifier: MIT */
/* The last hour of the providers and the queue, for charts. */
#ifndef STATUS_SERIES_PAGE_H
#define STATUS_SERIES_PAGE_H

#include "page.h"

void series_page(const struct page *page, struct status_answer *answer);

#endif
