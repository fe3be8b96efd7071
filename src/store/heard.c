/* SPDX-License-Identifier: MIT */
#include "heard.h"

#include "answer.h"
#include <string.h>

G_STATIC_ASSERT(EVENT_ACCEPTED == 0 && EVENT_DELIVERED == 1 &&
		EVENT_DEFERRED == 2 && EVENT_BOUNCED_HARD == 3 &&
		EVENT_BOUNCED_SOFT == 4 && EVENT_REJECTED == 5 &&
		EVENT_COMPLAINED == 6 && EVENT_UNSUBSCRIBED == 7 &&
		EVENT_OPENED == 8 && EVENT_CLICKED == 9);

/* ---- whose it is ---- */

/* The number in the first column, from least on, of a query that has its
 * parameters; least - 1: it has no row. */
static int64_t
read_first(struct query *query, int64_t least)
{
	int64_t number = least - 1;

	if (query_next(query)) {
		number = query_number(query, least, INT64_MAX);
		query_end(query);
	}
	return number;
}

static int64_t
find_by_id(struct database *database, const struct event *event)
{
	struct query query = query_open(
	    database, "mail", "SELECT number FROM mail WHERE id = ?");

	query_put_text(&query, event->mail_id);
	return read_first(&query, 1);
}

/* The last of that id: those of SMTP servers are not unique for ever. */
static int64_t
find_by_provider(struct database *database, const struct event *event)
{
	struct query query = query_open(database, "recipient",
	    "SELECT mail FROM recipient WHERE provider_id = ? AND provider = ?"
	    " ORDER BY address = ? COLLATE NOCASE DESC, mail DESC LIMIT 1");

	query_put_text(&query, event->provider_id);
	query_put_text(&query, event->provider);
	query_put_text(&query, event->recipient);
	return read_first(&query, 1);
}

static int64_t
find_by_doubt(struct database *database, const struct event *event)
{
	struct query query = query_open(database, "attempt",
	    "SELECT mail FROM attempt WHERE message_id = ? AND class = 8"
	    " AND provider = ? ORDER BY mail DESC LIMIT 1");

	query_put_text(&query, event->message_id);
	query_put_text(&query, event->provider);
	return read_first(&query, 1);
}

static int64_t
find_mail(struct database *database, const struct event *event)
{
	int64_t mail = 0;

	if (event->mail_id != NULL)
		mail = find_by_id(database, event);
	if (mail == 0 && event->provider_id != NULL)
		mail = find_by_provider(database, event);
	if (mail == 0 && event->message_id != NULL)
		mail = find_by_doubt(database, event);
	return mail;
}

static bool
read_id(struct database *database, struct heard_of *of)
{
	struct query query = query_open(
	    database, "mail", "SELECT number, id FROM mail WHERE number = ?");

	query_put_number(&query, of->mail);
	if (!query_next(&query))
		return false;
	query_number(&query, 1, INT64_MAX);
	g_autofree char *id = query_string(&query);
	query_end(&query);
	g_strlcpy(of->id, id, sizeof of->id);
	return database->result == ENGINE_OK;
}

/* A mail to one is to him, whatever address it went to instead. */
static int64_t
find_recipient(
    struct database *database, int64_t mail, const struct event *event)
{
	struct query query = query_open(database, "recipient",
	    "SELECT number FROM recipient WHERE mail = ?1"
	    " AND (address = ?2 COLLATE NOCASE OR NOT EXISTS"
	    " (SELECT 1 FROM recipient WHERE mail = ?1 AND number = 1))"
	    " ORDER BY number LIMIT 1");

	query_put_number(&query, mail);
	query_put_text(&query, event->recipient);
	return read_first(&query, 0);
}

bool
heard_find(
    struct database *database, const struct event *event, struct heard_of *of)
{
	*of = (struct heard_of){ .mail = find_mail(database, event) };
	if (of->mail == 0 || !read_id(database, of))
		return false;
	of->number = find_recipient(database, of->mail, event);
	return database->result == ENGINE_OK;
}

/* ---- rows ---- */

/* Those that come again and again leave room for what is said once. */
static int64_t
find_most(enum event_kind kind)
{
	bool often = kind == EVENT_DEFERRED || kind == EVENT_OPENED ||
		     kind == EVENT_CLICKED;

	return often ? HEARD_MAX : 2 * HEARD_MAX;
}

static bool
is_full(
    struct database *database, const struct heard_of *of, enum event_kind kind)
{
	struct query query = query_open(database, "event",
	    "SELECT count(*) FROM event WHERE mail = ? AND recipient IS ?");

	query_put_number(&query, of->mail);
	if (of->number == HEARD_NOBODY)
		query_put_null(&query);
	else
		query_put_number(&query, of->number);
	return read_first(&query, 0) >= find_most(kind);
}

bool
heard_copy(const struct story *story, const struct store_event *event)
{
	struct query query = query_open(story->database, "event",
	    "INSERT OR IGNORE INTO event (mail, recipient, kind, provider,"
	    " event, at, heard, status, enhanced, text)"
	    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");

	query_put_number(&query, story->mail);
	if (event->recipient == NULL)
		query_put_null(&query);
	else
		query_put_number(&query, event->number);
	query_put_number(&query, event->kind);
	query_put_text(&query, event->provider);
	query_put_text(&query, event->event_id);
	query_put_number(&query, event->at_ms);
	query_put_number(&query, event->heard_ms);
	query_put_number(&query, event->status);
	query_put_text(&query, event->enhanced);
	query_put_text(&query, event->text);
	return query_run(&query) >= 0;
}

bool
heard_add(struct database *database, const struct heard_of *of,
    const struct event *event, int64_t now_ms)
{
	const struct story story = { database, of->mail };
	const struct store_event row = {
		.kind = event->kind,
		.provider = event->provider,
		.event_id = event->event_id,
		.recipient =
		    of->number == HEARD_NOBODY ? NULL : event->recipient,
		.number = (unsigned)MAX(of->number, 0),
		.at_ms = MAX(event->at_ms, 0),
		.heard_ms = now_ms,
		.status = event->status,
		.enhanced = event->enhanced,
		.text = event->text,
	};

	if (is_full(database, of, event->kind))
		return true;
	return database->result == ENGINE_OK && heard_copy(&story, &row);
}

static struct store_event *
read_event(struct query *query, const struct store_mail *mail)
{
	struct store_event *event = g_new0(struct store_event, 1);
	int64_t number = query_number_or(query, HEARD_NOBODY, UINT_MAX);

	event->kind = (enum event_kind)query_number(query, 0, EVENT_KINDS - 1);
	event->provider = query_string(query);
	event->event_id = query_string(query);
	event->at_ms = query_number(query, 0, INT64_MAX);
	event->heard_ms = query_number(query, 0, INT64_MAX);
	event->status = (unsigned)query_number(query, 0, UINT_MAX);
	event->enhanced = query_string_or_null(query);
	event->text = query_string_or_null(query);
	if (number >= 0 && number < mail->recipients->len) {
		const struct store_recipient *one =
		    mail->recipients->pdata[number];

		event->number = (unsigned)number;
		event->recipient = g_strdup(one->address);
	}
	return event;
}

void
heard_read(const struct story *story, struct store_mail *mail)
{
	struct query query = query_open(story->database, "event",
	    "SELECT mail, recipient, kind, provider, event, at, heard, status,"
	    " enhanced, text FROM event WHERE mail = ? ORDER BY at, number");

	query_put_number(&query, story->mail);
	while (query_next(&query)) {
		query_number(&query, story->mail, story->mail);
		g_ptr_array_add(mail->events, read_event(&query, mail));
	}
}
