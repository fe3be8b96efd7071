/* SPDX-License-Identifier: MIT */
/*
 * What is counted, for Prometheus.  No label holds an address or anything else
 * that a mail brings: there are as many series as there are providers.
 */
#ifndef STATUS_METRICS_PAGE_H
#define STATUS_METRICS_PAGE_H

#include "page.h"

void metrics_page(const struct page *page, struct status_answer *answer);

#endif
