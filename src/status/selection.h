/* SPDX-License-Identifier: MIT */
/*
 * A selection is how much of a mail is shown: the parameters fields, which
 * names members, and include, which names lists that belong to it.
 */
#ifndef STATUS_SELECTION_H
#define STATUS_SELECTION_H

#include "page.h"

/* For the table of pages. */
#define SELECTION_PARAMETERS "fields,include"

/* How much there is. */
struct selection_choice {
	unsigned usual;    /* enum store_part: shown when nothing is said */
	const char *extra; /* a fact that only this page has; NULL: none */
};

struct selection {
	unsigned parts; /* enum store_part */
	char **fields;  /* facts; NULL: all; owned */
};

/* Reads them; false when one names what there is not: then the request is
 * answered. */
bool selection_read(const struct page *page,
    const struct selection_choice *choice, struct selection *selection,
    struct status_answer *answer);
void selection_clear(struct selection *selection);

/* Takes the facts out of a mail that are not wanted. */
void selection_apply(
    const struct selection *selection, struct json_object *mail);

#endif
