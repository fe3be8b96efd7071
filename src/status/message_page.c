/* SPDX-License-Identifier: MIT */
#include "message_page.h"

#include "core/log.h"
#include "mail_json.h"
#include <string.h>

/* Mails on one page of a list. */
#define LIMIT_DEFAULT 100
#define LIMIT_MAX     1000

/* /v1/messages/ID: where the id stands. */
#define ID_SEGMENT 2

static bool
read_limit(
    const struct page *page, unsigned *limit, struct status_answer *answer)
{
	const char *text = target_parameter(page->target, "limit");
	guint64 number = LIMIT_DEFAULT;

	if (text != NULL && !g_ascii_string_to_unsigned(
				text, 10, 1, LIMIT_MAX, &number, NULL)) {
		page_refuse(answer, 400,
		    "limit = \"%s\": a number from 1 to %d is expected", text,
		    LIMIT_MAX);
		return false;
	}
	*limit = (unsigned)number;
	return true;
}

/* NULL in *after when it is not given. */
static bool
read_after(const struct page *page, char id[static ID_LENGTH + 1],
    const char **after, struct status_answer *answer)
{
	const char *text = target_parameter(page->target, "after");

	*after = text != NULL ? id : NULL;
	if (text == NULL || page_read_id(text, id))
		return true;
	page_refuse(answer, 400,
	    "after = \"%s\": the id of a mail is expected: %d digits and "
	    "letters",
	    text, ID_LENGTH);
	return false;
}

static void
write_list(const struct store_ask *ask, struct status_answer *answer)
{
	struct json_object *object = json_object_new_object();
	struct json_object *mails = json_object_new_array();
	const struct store_mail *last = NULL;

	for (unsigned i = 0; i < ask->mails->len; i++) {
		last = ask->mails->pdata[i];
		json_object_array_add(mails, mail_json_new(last));
	}
	json_object_object_add(object, "messages", mails);
	/* what `after` is for the next page; null: there is none */
	page_add_text(object, "next",
	    last != NULL && ask->mails->len >= ask->limit ? last->id : NULL);
	page_answer(answer, object);
}

void
message_page_list(const struct page *page, struct status_answer *answer)
{
	struct store_ask ask = { .question = STORE_LIST };
	char id[ID_LENGTH + 1];

	if (!read_limit(page, &ask.limit, answer) ||
	    !read_after(page, id, &ask.id, answer) ||
	    !page_read_state(page, &ask.place, STORE_FINISHED, answer) ||
	    !page_ask(page, &ask, answer))
		return;
	write_list(&ask, answer);
	store_ask_clear(&ask);
}

static void
refuse_unknown(const char *id, struct status_answer *answer)
{
	page_refuse(answer, 404,
	    "there is no mail %s, neither in the queue nor in the records of "
	    "finished mail",
	    id);
}

/* Asks about the mail of the path; false when there is no such: then the
 * request is answered. */
static bool
ask_of_mail(const struct page *page, char id[static ID_LENGTH + 1],
    struct store_ask *ask, struct status_answer *answer)
{
	const char *text = page->target->segments[ID_SEGMENT];

	if (!page_read_id(text, id)) {
		page_refuse(answer, 404,
		    "\"%s\" is no id of a mail: %d digits and letters are "
		    "expected",
		    text, ID_LENGTH);
		return false;
	}
	ask->id = id;
	if (!page_ask(page, ask, answer))
		return false;
	if (ask->found)
		return true;
	store_ask_clear(ask);
	refuse_unknown(id, answer);
	return false;
}

void
message_page_story(const struct page *page, struct status_answer *answer)
{
	struct store_ask ask = { .question = STORE_MAIL };
	char id[ID_LENGTH + 1];

	if (!ask_of_mail(page, id, &ask, answer))
		return;
	g_assert(ask.mails->len == 1);
	page_answer(answer, mail_json_new(ask.mails->pdata[0]));
	store_ask_clear(&ask);
}

void
message_page_raw(const struct page *page, struct status_answer *answer)
{
	struct store_ask ask = { .question = STORE_BODY };
	char id[ID_LENGTH + 1];

	if (!ask_of_mail(page, id, &ask, answer))
		return;
	if (ask.spool != NULL) {
		answer->code = 200;
		answer->type = "message/rfc822";
		answer->spool = spool_ref(ask.spool);
	} else {
		page_refuse(answer, 410,
		    "mail %s is finished: its bytes are not kept", id);
	}
	store_ask_clear(&ask);
}

static const char *
name_act(enum store_question question)
{
	switch (question) {
	case STORE_RETRY:
		return "retry";
	case STORE_HOLD:
		return "hold";
	case STORE_RELEASE:
		return "release";
	default:
		return "drop";
	}
}

static void
write_changed(const struct page *page, const struct store_ask *ask,
    struct status_answer *answer)
{
	struct json_object *object = json_object_new_object();

	/* of a command without a daemon the terminal is told already */
	if (page->options->started_ms != 0)
		log_info("queue changed by hand",
		    log_str("what", name_act(ask->question)),
		    log_str("mail", ask->id), log_num("mails", ask->changed),
		    log_str("who", page->who));
	page_add_number(object, "changed", ask->changed);
	page_answer(answer, object);
}

void
message_page_act(const struct page *page, struct status_answer *answer)
{
	struct store_ask ask = {
		.question = page->question, .place = -1, .who = page->who
	};
	char id[ID_LENGTH + 1];

	if (!ask_of_mail(page, id, &ask, answer))
		return;
	write_changed(page, &ask, answer);
	store_ask_clear(&ask);
}

void
message_page_act_all(const struct page *page, struct status_answer *answer)
{
	struct store_ask ask = { .question = page->question, .who = page->who };

	if (!page_read_state(page, &ask.place, STORE_HELD, answer) ||
	    !page_ask(page, &ask, answer))
		return;
	write_changed(page, &ask, answer);
	store_ask_clear(&ask);
}
