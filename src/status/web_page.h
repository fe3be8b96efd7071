/* SPDX-License-Identifier: MIT */
/*
 * The page for people: what a browser shows, and the files it is made of.
 * Nothing of any mail is in it: it asks this door for that.
 *
 *	GET /  /providers  /mail/ID      the page: what it shows it reads from
 *	                                 its own address
 *	GET /web/NAME                    its parts
 */
#ifndef STATUS_WEB_PAGE_H
#define STATUS_WEB_PAGE_H

#include "page.h"

void web_page(const struct page *page, struct status_answer *answer);
void web_page_file(const struct page *page, struct status_answer *answer);

#endif
