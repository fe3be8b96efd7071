/* SPDX-License-Identifier: MIT */
/*
 * The story of a mail is what both databases keep of it in the same tables:
 * its recipients, its attempts, and what people did to it.
 */
#ifndef STORE_STORY_H
#define STORE_STORY_H

#include "query.h"

/* Whose story. */
struct story {
	struct database *database;
	int64_t mail; /* its number in that database */
};

/* What story_read_mail() reads: these come first in a select. */
#define STORY_MAIL_COLUMNS                                      \
	"number, id, received, listener, peer, helo, protocol," \
	" user, envid, ret, sender, subject, from_text, tags,"  \
	" size, report, rounds"

/* Writing.  False when the database said no. */
bool story_add_recipient(const struct story *story, unsigned number,
    const struct store_recipient *recipient);
bool story_set_recipient(
    const struct story *story, unsigned number, const struct recipient *is);
bool story_add_attempt(
    const struct story *story, const struct journal_attempt *attempt);
bool story_add_act(const struct story *story, const struct store_act *act);

/* Of a mail with many attempts or notes the first and the last of each are
 * kept, and every attempt that ended in doubt; the rest goes.  To be called
 * when there is a new one; last: its number. */
#define STORY_FIRST 20
#define STORY_LAST  80
bool story_trim_attempts(const struct story *story, unsigned last);
bool story_trim_notes(const struct story *story);

/* *ended: there was such an attempt, and it was open. */
bool story_end_attempt(const struct story *story,
    const struct journal_attempt *attempt, bool *ended);

/* Reading.  *number: of the mail. */
struct store_mail *story_read_mail(struct query *query, int64_t *number);
void story_read_recipients(const struct story *story, struct store_mail *mail);
void story_read_attempts(const struct story *story, struct store_mail *mail);
void story_read_acts(const struct story *story, struct store_mail *mail);

/* Reads a mail's row, what stands behind STORY_MAIL_COLUMNS too. */
typedef struct store_mail *(*story_mail_fn)(
    struct query *query, int64_t *number);

/* Answers MAIL by a select that takes an id: found or not, and the mail added
 * to ask->mails. */
void story_answer_mail(
    struct query *query, story_mail_fn read, struct store_ask *ask);

#endif
