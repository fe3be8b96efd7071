/* SPDX-License-Identifier: MIT */
#include "archive.h"

#include "listing.h"

#define SELECT  "SELECT " ARCHIVE_COLUMNS " FROM mail"
#define BETWEEN " WHERE id > ?1 AND id < ?2"
#define OLDEST  " ORDER BY id LIMIT ?3"
#define NEWEST  " ORDER BY id DESC LIMIT ?3"

#define SENDER \
	" INDEXED BY mail_sender" BETWEEN " AND sender = ?4 COLLATE NOCASE"

/* The index of ids is not to be used: these mails are few. */
#define RECIPIENT                                      \
	" WHERE number IN (SELECT mail FROM recipient" \
	" INDEXED BY recipient_address"                \
	" WHERE address = ?4 COLLATE NOCASE)"          \
	" AND +id > ?1 AND +id < ?2"

enum way {
	ALL,
	BY_SENDER,
	BY_RECIPIENT,
};

/* In which order, how they are found. */
static const char *const selects[][2] = {
	[ALL] = { SELECT BETWEEN OLDEST, SELECT BETWEEN NEWEST },
	[BY_SENDER] = { SELECT SENDER OLDEST, SELECT SENDER NEWEST },
	[BY_RECIPIENT] = { SELECT RECIPIENT OLDEST, SELECT RECIPIENT NEWEST },
};

struct store_mail *
archive_read(struct query *query, int64_t *number)
{
	struct store_mail *mail = story_read_mail(query, number);

	mail->place = STORE_FINISHED;
	mail->finished_ms = query_number(query, 0, INT64_MAX);
	return mail;
}

/* All of its mails are read and sorted for each page. */
static bool
has_few(struct database *database, const char *recipient)
{
	struct query query = query_open(database, "recipient",
	    "SELECT count(*) FROM (SELECT 1 FROM recipient"
	    " INDEXED BY recipient_address"
	    " WHERE address = ? COLLATE NOCASE LIMIT ?)");
	int64_t count = 0;

	query_put_text(&query, recipient);
	query_put_number(&query, LISTING_LOOKS + 1);
	if (query_next(&query)) {
		count = query_number(&query, 0, LISTING_LOOKS + 1);
		query_end(&query);
	}
	return count <= LISTING_LOOKS;
}

static enum way
find_way(struct database *database, const struct store_filter *filter)
{
	if (filter->recipient != NULL && has_few(database, filter->recipient))
		return BY_RECIPIENT;
	return filter->sender != NULL ? BY_SENDER : ALL;
}

void
archive_list(struct database *database, struct store_ask *ask)
{
	enum way way = find_way(database, &ask->filter);
	struct listing listing;
	struct query query =
	    query_open(database, "mail", selects[way][ask->newest]);

	listing_begin(&listing, ask);
	listing_put(&query, &listing);
	if (way == BY_SENDER)
		query_put_text(&query, ask->filter.sender);
	if (way == BY_RECIPIENT)
		query_put_text(&query, ask->filter.recipient);
	listing_answer(&query, archive_read, ask);
}
