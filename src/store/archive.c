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
#define FEW " AND +id > ?1 AND +id < ?2"
#define SENDERS \
	" INDEXED BY mail_sender WHERE sender COLLATE NOCASE IN (?4, ?5)" FEW
#define RECIPIENT                                      \
	" WHERE number IN (SELECT mail FROM recipient" \
	" INDEXED BY recipient_address"                \
	" WHERE address COLLATE NOCASE IN (?4, ?5))" FEW

enum way {
	ALL,
	BY_SENDER,
	BY_SENDERS, /* one by two names */
	BY_RECIPIENT,
};

/* In which order, how they are found. */
static const char *const selects[][2] = {
	[ALL] = { SELECT BETWEEN OLDEST, SELECT BETWEEN NEWEST },
	[BY_SENDER] = { SELECT SENDER OLDEST, SELECT SENDER NEWEST },
	[BY_SENDERS] = { SELECT SENDERS OLDEST, SELECT SENDERS NEWEST },
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

/* Counts both names; all of these mails are read and sorted for each page. */
#define COUNT(rows)                                 \
	"SELECT count(*) FROM (SELECT 1 FROM " rows \
	" COLLATE NOCASE IN (?1, ?2) LIMIT ?3)"

static bool
has_few(struct database *database, const char *sql, const char *names[2])
{
	struct query query = query_open(database, "mail", sql);
	int64_t count = 0;

	query_put_text(&query, names[0]);
	query_put_text(&query, names[1]);
	query_put_number(&query, LISTING_LOOKS + 1);
	if (query_next(&query)) {
		count = query_number(&query, 0, LISTING_LOOKS + 1);
		query_end(&query);
	}
	return count <= LISTING_LOOKS;
}

/* names: of whom, as the select wants to know; NULL is no name. */
static enum way
find_way(struct database *database, const struct store_filter *filter,
    const char *names[2])
{
	names[0] = filter->recipient;
	names[1] = filter->recipient_alias;
	if (filter->recipient != NULL &&
	    has_few(database,
		COUNT("recipient INDEXED BY recipient_address WHERE address"),
		names))
		return BY_RECIPIENT;
	names[0] = filter->sender;
	names[1] = filter->sender_alias;
	if (filter->sender == NULL)
		return ALL;
	if (filter->sender_alias == NULL)
		return BY_SENDER;
	return has_few(database,
		   COUNT("mail INDEXED BY mail_sender WHERE sender"), names)
		   ? BY_SENDERS
		   : ALL;
}

void
archive_list(struct database *database, struct store_ask *ask)
{
	const char *names[2];
	enum way way = find_way(database, &ask->filter, names);
	struct listing listing;
	struct query query =
	    query_open(database, "mail", selects[way][ask->newest]);

	listing_begin(&listing, ask);
	listing_put(&query, &listing);
	if (way != ALL)
		query_put_text(&query, names[0]);
	if (way == BY_SENDERS || way == BY_RECIPIENT)
		query_put_text(&query, names[1]);
	listing_answer(&query, archive_read, ask);
}
