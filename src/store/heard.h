/* SPDX-License-Identifier: MIT */
/*
 * What is heard of a mail are rows of both databases: events that providers
 * told of it, and how the mail is found that one is about.
 */
#ifndef STORE_HEARD_H
#define STORE_HEARD_H

#include "mail/event.h"
#include "story.h"

/* Of one recipient no more than so many are kept, twice as many of those that
 * do not come again and again: who opens a mail every day fills no disk. */
#define HEARD_MAX 50

/* No recipient of the mail. */
#define HEARD_NOBODY (-1)

/* What an event is about. */
struct heard_of {
	int64_t mail;   /* its number in that database */
	int64_t number; /* of the recipient, or HEARD_NOBODY */
	char id[ID_LENGTH + 1];
};

/* Finds the mail in the database by our id, else the provider's, else, of one
 * in doubt, its Message-ID.  False: it is not there, or the database said no.
 */
bool heard_find(
    struct database *database, const struct event *event, struct heard_of *of);

/* Writing; what is there already stays.  False when the database said no. */
bool heard_add(struct database *database, const struct heard_of *of,
    const struct event *event, int64_t now_ms);
bool heard_copy(const struct story *story, const struct store_event *event);

/* Reading: the mail has its recipients already. */
void heard_read(const struct story *story, struct store_mail *mail);

#endif
