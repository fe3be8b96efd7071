/* SPDX-License-Identifier: MIT */
#include "story.h"

#include "answer.h"
#include "heard.h"
#include <string.h>

/* Kept on disk: a class that is put between others moves these. */
G_STATIC_ASSERT(
    VERDICT_NONE == 0 && VERDICT_ACCEPTED == 1 && VERDICT_PAYLOAD == 2 &&
    VERDICT_RECIPIENT == 3 && VERDICT_ACCOUNT == 4 && VERDICT_SENDER == 5 &&
    VERDICT_THROTTLE == 6 && VERDICT_OUTAGE == 7 && VERDICT_DOUBT == 8);
G_STATIC_ASSERT(DELIVERY_FIELDS == 0 && DELIVERY_RAW == 1);

G_STATIC_ASSERT(ENVELOPE_NOTIFY_NEVER == 1 && ENVELOPE_NOTIFY_SUCCESS == 2 &&
		ENVELOPE_NOTIFY_FAILURE == 4 && ENVELOPE_NOTIFY_DELAY == 8 &&
		ENVELOPE_RETURN_UNSAID == 0 && ENVELOPE_RETURN_HEADERS == 1 &&
		ENVELOPE_RETURN_FULL == 2);

/* All that NOTIFY may say, or-ed. */
#define NOTIFY_MAX 15

/* No status of HTTP or SMTP has more digits. */
#define STATUS_MAX 999

/* The fourteen columns of struct recipient, and where the numbers stand. */
static void
put_recipient(struct query *query, const struct recipient *is, char *refused)
{
	query_put_number(query, is->state);
	query_put_number(query, is->class);
	query_put_number(query, is->status);
	query_put_number(query, is->suppressed);
	query_put_text(query, is->provider);
	query_put_text(query, is->id);
	query_put_text(query, is->text);
	query_put_text(query, refused);
	query_put_number(query, is->until_ms);
	query_put_number(query, is->doubts);
	query_put_number(query, is->since_ms);
	query_put_number(query, is->asks);
	query_put_number(query, is->absent_ms);
	query_put_number(query, is->told);
}

static char *
join_names(const struct recipient *is)
{
	return is->refused_by == NULL ? NULL : g_strjoinv("\n", is->refused_by);
}

bool
story_add_recipient(const struct story *story, unsigned number,
    const struct store_recipient *recipient)
{
	g_autofree char *refused = join_names(&recipient->is);
	struct query query = query_open(story->database, "recipient",
	    "INSERT INTO recipient (mail, number, address, notify, orcpt,"
	    " state, class, status, suppressed, provider, provider_id, text,"
	    " refused_by, until, doubts, since, asks, absent, told) VALUES"
	    " (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");

	query_put_number(&query, story->mail);
	query_put_number(&query, number);
	query_put_text(&query, recipient->address);
	query_put_number(&query, recipient->wish.notify);
	query_put_text(&query, recipient->wish.original);
	put_recipient(&query, &recipient->is, refused);
	return query_run(&query) == 1;
}

bool
story_set_recipient(
    const struct story *story, unsigned number, const struct recipient *is)
{
	g_autofree char *refused = join_names(is);
	struct query query = query_open(story->database, "recipient",
	    "UPDATE recipient SET state = ?, class = ?, status = ?,"
	    " suppressed = ?, provider = ?, provider_id = ?, text = ?,"
	    " refused_by = ?, until = ?, doubts = ?, since = ?, asks = ?,"
	    " absent = ?, told = ? WHERE mail = ? AND number = ?");

	put_recipient(&query, is, refused);
	query_put_number(&query, story->mail);
	query_put_number(&query, number);
	return query_run(&query) == 1;
}

static char *
write_numbers(const struct journal_attempt *attempt)
{
	GString *text = g_string_new("[");

	for (unsigned i = 0; i < attempt->count; i++)
		g_string_append_printf(
		    text, i == 0 ? "%u" : ",%u", attempt->recipients[i]);
	g_string_append_c(text, ']');
	return g_string_free(text, FALSE);
}

static void
put_result(struct query *query, const struct journal_attempt *attempt)
{
	if (attempt->ended_ms == 0)
		query_put_null(query);
	else
		query_put_number(query, attempt->ended_ms);
	query_put_number(query, (int64_t)attempt->sent_bytes);
	query_put_number(query, attempt->class);
	query_put_number(query, attempt->status);
	query_put_text(query, attempt->text);
}

bool
story_add_attempt(
    const struct story *story, const struct journal_attempt *attempt)
{
	g_autofree char *numbers = write_numbers(attempt);
	struct query query = query_open(story->database, "attempt",
	    "INSERT INTO attempt (mail, number, provider, form, recipients,"
	    " message_id, from_domain, redirect, begun, ended, sent_bytes,"
	    " class, status, text)"
	    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");

	query_put_number(&query, story->mail);
	query_put_number(&query, attempt->number);
	query_put_text(&query, attempt->provider);
	query_put_number(&query, attempt->form);
	query_put_text(&query, numbers);
	query_put_text(&query, attempt->message_id);
	query_put_text(&query, attempt->from_domain);
	query_put_text(&query, attempt->redirect);
	query_put_number(&query, attempt->begun_ms);
	put_result(&query, attempt);
	return query_run(&query) == 1;
}

bool
story_end_attempt(const struct story *story,
    const struct journal_attempt *attempt, bool *ended)
{
	struct query query = query_open(story->database, "attempt",
	    "UPDATE attempt SET ended = ?, sent_bytes = ?, class = ?,"
	    " status = ?, text = ?"
	    " WHERE mail = ? AND number = ? AND ended IS NULL");
	int changed;

	put_result(&query, attempt);
	query_put_number(&query, story->mail);
	query_put_number(&query, attempt->number);
	changed = query_run(&query);
	*ended = changed == 1;
	return changed >= 0;
}

/* One whose class is none says nothing of doubts, so it may be one. */
bool
story_trim_attempts(const struct story *story, unsigned last)
{
	struct query query;

	if (last <= STORY_FIRST + STORY_LAST)
		return true;
	query = query_open(story->database, "attempt",
	    "DELETE FROM attempt WHERE mail = ? AND number > ?"
	    " AND number <= ? AND ended IS NOT NULL AND class NOT IN (0, 8)");
	query_put_number(&query, story->mail);
	query_put_number(&query, STORY_FIRST);
	query_put_number(&query, last - STORY_LAST);
	return query_run(&query) >= 0;
}

#define STORY_LEFT_OUT \
	"(notes are left out here: of many the first and the last are kept)"

/* The note behind the first ones says that others followed it. */
bool
story_trim_notes(const struct story *story)
{
	struct query query = query_open(story->database, "act",
	    "DELETE FROM act WHERE mail = ?1 AND who = '" STORE_NOTED "'"
	    " AND number > (SELECT number FROM act WHERE mail = ?1"
	    " AND who = '" STORE_NOTED "' ORDER BY number LIMIT 1 OFFSET ?2)"
	    " AND number < (SELECT number FROM act WHERE mail = ?1"
	    " AND who = '" STORE_NOTED "'"
	    " ORDER BY number DESC LIMIT 1 OFFSET ?3)");
	int trimmed;

	query_put_number(&query, story->mail);
	query_put_number(&query, STORY_FIRST);
	query_put_number(&query, STORY_LAST - 1);
	trimmed = query_run(&query);
	if (trimmed <= 0)
		return trimmed == 0;
	query = query_open(story->database, "act",
	    "UPDATE act SET what = '" STORY_LEFT_OUT "' WHERE number ="
	    " (SELECT number FROM act WHERE mail = ?1 AND who = '" STORE_NOTED
	    "' ORDER BY number LIMIT 1 OFFSET ?2)");
	query_put_number(&query, story->mail);
	query_put_number(&query, STORY_FIRST);
	return query_run(&query) == 1;
}

bool
story_add_act(const struct story *story, const struct store_act *act)
{
	struct query query = query_open(story->database, "act",
	    "INSERT INTO act (mail, at, what, who) VALUES (?, ?, ?, ?)");

	query_put_number(&query, story->mail);
	query_put_number(&query, act->at_ms);
	query_put_text(&query, act->what);
	query_put_text(&query, act->who);
	return query_run(&query) == 1;
}

/* One a line; NULL: none. */
static char **
read_lines(struct query *query)
{
	g_autofree char *text = query_string_or_null(query);

	return text == NULL ? NULL : g_strsplit(text, "\n", -1);
}

struct store_mail *
story_read_mail(struct query *query, int64_t *number)
{
	struct store_mail *mail = store_mail_new();
	g_autofree char *id = NULL;

	*number = query_number(query, 1, INT64_MAX);
	id = query_string(query);
	if (strlen(id) != ID_LENGTH)
		database_damage(query->database,
		    "table mail, row %" G_GINT64_FORMAT
		    ": id is %.100s, expected %d characters",
		    *number, id, ID_LENGTH);
	g_strlcpy(mail->id, id, sizeof mail->id);
	mail->received_ms = query_number(query, 0, INT64_MAX);
	mail->listener = query_string_or_null(query);
	mail->peer = query_string(query);
	mail->helo = query_string_or_null(query);
	mail->protocol = query_string_or_null(query);
	mail->user = query_string_or_null(query);
	mail->envid = query_string_or_null(query);
	mail->returned = (enum envelope_return)query_number(
	    query, ENVELOPE_RETURN_UNSAID, ENVELOPE_RETURN_FULL);
	mail->sender = query_string_or_null(query);
	if (mail->sender == NULL)
		mail->sender = g_strdup("");
	mail->subject = query_string_or_null(query);
	mail->from = query_string_or_null(query);
	mail->tags = read_lines(query);
	mail->size_bytes = (uint64_t)query_number(query, 0, INT64_MAX);
	mail->report = query_bool(query);
	mail->rounds = (unsigned)query_number(query, 0, UINT_MAX);
	return mail;
}

static void
read_recipient(struct query *query, struct recipient *is)
{
	is->state = (enum recipient_state)query_number(
	    query, RECIPIENT_WAITING, RECIPIENT_DROPPED);
	is->class = (enum verdict_class)query_number(
	    query, VERDICT_NONE, VERDICT_DOUBT);
	is->status = (unsigned)query_number(query, 0, STATUS_MAX);
	is->suppressed = query_bool(query);
	is->provider = query_string_or_null(query);
	is->id = query_string_or_null(query);
	is->text = query_string_or_null(query);
	is->refused_by = read_lines(query);
	is->until_ms = query_number(query, 0, INT64_MAX);
	is->doubts = (unsigned)query_number(query, 0, UINT_MAX);
	is->since_ms = query_number(query, 0, INT64_MAX);
	is->asks = (unsigned)query_number(query, 0, UINT_MAX);
	is->absent_ms = query_number(query, 0, INT64_MAX);
	is->told = query_bool(query);
}

void
story_read_recipients(const struct story *story, struct store_mail *mail)
{
	struct query query = query_open(story->database, "recipient",
	    "SELECT mail, number, address, notify, orcpt, state, class,"
	    " status, suppressed, provider, provider_id, text, refused_by,"
	    " until, doubts, since, asks, absent, told"
	    " FROM recipient WHERE mail = ? ORDER BY number");

	query_put_number(&query, story->mail);
	while (query_next(&query)) {
		unsigned next = mail->recipients->len;
		struct store_recipient *recipient;
		g_autofree char *address = NULL;

		query_number(&query, story->mail, story->mail);
		query_number(&query, next, next);
		address = query_string(&query);
		recipient = store_mail_add_recipient(mail, address);
		recipient->wish.notify =
		    (unsigned)query_number(&query, 0, NOTIFY_MAX);
		recipient->wish.original = query_string_or_null(&query);
		read_recipient(&query, &recipient->is);
	}
	if (mail->recipients->len == 0)
		database_damage(story->database,
		    "table mail, row %" G_GINT64_FORMAT " has no recipients",
		    story->mail);
}

/* "[0,2,3]", ascending.  False when it is none. */
static bool
read_numbers(const char *text, struct journal_attempt *attempt)
{
	GArray *numbers = g_array_new(FALSE, FALSE, sizeof(unsigned));
	int64_t last = -1;
	bool good = *text == '[';

	while (good && *text != ']') {
		char *end;
		guint64 number = g_ascii_strtoull(++text, &end, 10);
		unsigned kept = (unsigned)number;

		good = g_ascii_isdigit(*text) && number < UINT_MAX &&
		       (int64_t)number > last && (*end == ',' || *end == ']');
		g_array_append_val(numbers, kept);
		last = (int64_t)number;
		text = end;
	}
	attempt->count = numbers->len;
	attempt->recipients = (unsigned *)(void *)g_array_free(numbers, FALSE);
	return good && attempt->count > 0 && text[1] == '\0';
}

static struct journal_attempt *
read_attempt(struct query *query)
{
	struct journal_attempt *attempt = g_new0(struct journal_attempt, 1);
	g_autofree char *numbers = NULL;
	int64_t mail = query_number(query, 1, INT64_MAX);

	attempt->number = (unsigned)query_number(query, 1, UINT_MAX);
	attempt->provider = query_string(query);
	attempt->form = (enum delivery_form)query_number(
	    query, DELIVERY_FIELDS, DELIVERY_RAW);
	numbers = query_string(query);
	if (!read_numbers(numbers, attempt))
		database_damage(query->database,
		    "table attempt, row %" G_GINT64_FORMAT
		    ": recipients is %.100s, expected ascending numbers"
		    " like [0,2]",
		    mail, numbers);
	attempt->message_id = query_string_or_null(query);
	attempt->from_domain = query_string_or_null(query);
	attempt->redirect = query_string_or_null(query);
	attempt->begun_ms = query_number(query, 0, INT64_MAX);
	attempt->ended_ms = query_number_or(query, 0, INT64_MAX);
	attempt->sent_bytes = (uint64_t)query_number(query, 0, INT64_MAX);
	attempt->class = (enum verdict_class)query_number(
	    query, VERDICT_NONE, VERDICT_DOUBT);
	attempt->status = (unsigned)query_number(query, 0, STATUS_MAX);
	attempt->text = query_string_or_null(query);
	return attempt;
}

void
story_read_attempts(const struct story *story, struct store_mail *mail)
{
	struct query query = query_open(story->database, "attempt",
	    "SELECT mail, number, provider, form, recipients, message_id,"
	    " from_domain, redirect, begun, ended, sent_bytes, class, status,"
	    " text"
	    " FROM attempt WHERE mail = ? ORDER BY number");

	query_put_number(&query, story->mail);
	while (query_next(&query))
		g_ptr_array_add(mail->attempts, read_attempt(&query));
}

void
story_read_acts(const struct story *story, struct store_mail *mail)
{
	struct query query = query_open(story->database, "act",
	    "SELECT mail, at, what, who FROM act WHERE mail = ?"
	    " ORDER BY number");

	query_put_number(&query, story->mail);
	while (query_next(&query)) {
		struct store_act act;

		query_number(&query, story->mail, story->mail);
		act.at_ms = query_number(&query, 0, INT64_MAX);
		act.what = query_string(&query);
		act.who = query_string(&query);
		store_mail_add_act(mail, &act);
		g_free(act.what);
		g_free(act.who);
	}
}

void
story_answer_mail(
    struct query *query, story_mail_fn read, struct store_ask *ask)
{
	struct story story = { .database = query->database };
	struct store_mail *mail;

	query_put_text(query, ask->id);
	if (!query_next(query))
		return;
	mail = read(query, &story.mail);
	query_end(query);
	g_ptr_array_add(ask->mails, mail);
	story_read_recipients(&story, mail);
	story_read_attempts(&story, mail);
	story_read_acts(&story, mail);
	heard_read(&story, mail);
	ask->found = true;
}
