/* SPDX-License-Identifier: MIT */
/*
 * A search is what a list of mails is asked for: the parameters of its query,
 * read.
 */
#ifndef STATUS_SEARCH_H
#define STATUS_SEARCH_H

#include "page.h"

/* Those it reads, for the table of pages. */
#define SEARCH_PARAMETERS                                             \
	"state,after,limit,order,sender,recipient,provider,listener," \
	"tag,subject,since,until"

struct search {
	struct store_ask ask; /* its texts are the page's, or these */
	char after[ID_LENGTH + 1];
};

/* Reads them into search, which must not be moved then; false when one makes no
 * sense: then the request is answered. */
bool search_read(const struct page *page, struct search *search,
    struct status_answer *answer);

#endif
