/* SPDX-License-Identifier: MIT */
/*
 * Lists of finished mails.  By a sender, or by a recipient who has not very
 * many, they are found by an index; by anything else they are looked through.
 */
#ifndef STORE_ARCHIVE_H
#define STORE_ARCHIVE_H

#include "story.h"

/* What stands in the table mail of records.db behind what all have. */
#define ARCHIVE_COLUMNS STORY_MAIL_COLUMNS ", finished"
struct store_mail *archive_read(struct query *query, int64_t *number);

/* Answers LIST. */
void archive_list(struct database *database, struct store_ask *ask);

#endif
