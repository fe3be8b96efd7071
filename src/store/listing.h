/* SPDX-License-Identifier: MIT */
/*
 * A listing answers LIST: mails in the order of their ids, a page at a time,
 * those of them that are asked for.  Each page looks at a bounded number of
 * mails, and says where it came to.
 *
 * A list of all mails is two, one of each database, put together.  Who is asked
 * first is the queue: a mail leaves it when the records have it, so that one on
 * its way is in either list or in both, never in none.
 */
#ifndef STORE_LISTING_H
#define STORE_LISTING_H

#include "story.h"

/* What a select of mails takes: ids between these, both left out, so many. */
struct listing {
	char low[ID_LENGTH + 1], high[ID_LENGTH + 1];
	unsigned looks;
};

/* Mails that are looked at for one page when not all are wanted. */
#define LISTING_LOOKS 5000u

void listing_begin(struct listing *listing, const struct store_ask *ask);

/* Answers by a select that was made with listing_put(), in the order of
 * ask->newest: adds to ask->mails, which is empty, and sets ask->next. */
void listing_put(struct query *query, const struct listing *listing);
void listing_answer(
    struct query *query, story_mail_fn read, struct store_ask *ask);

/* What the queue answered, to be put together with what the records do. */
struct listing_part {
	GPtrArray *mails; /* owned; NULL: nothing */
	char next[ID_LENGTH + 1];
};

/* Takes the answer out of the ask. */
void listing_take(struct listing_part *part, struct store_ask *ask);

/* Puts it in, in order; of a mail that is in both what the ask has.  The part
 * is empty then. */
void listing_join(struct listing_part *part, struct store_ask *ask);

#endif
