/* SPDX-License-Identifier: MIT */
#include "message_page.h"

#include "mail_json.h"
#include "revision.h"
#include "search.h"
#include "selection.h"
#include <string.h>

/* /v1/messages/ID: where the id stands. */
#define ID_SEGMENT 2

/* Mails on one page of a list with all that happened to them. */
#define STORIES_MAX 100u

/* Whether the bytes of a mail can be had. */
#define KEPT "kept"

/* A number that stands for all that the pages of mails tell. */
static uint64_t
read_version(const struct page *page)
{
	const struct store *store = page->options->store;

	return store == NULL ? 0 : store_version(store);
}

static struct json_object *
write_mail(const struct store_mail *mail, const struct selection *selection)
{
	struct json_object *object = mail_json_new(mail, selection->parts);

	selection_apply(selection, object);
	return object;
}

static void
write_list(const struct store_ask *ask, const struct selection *selection,
    struct status_answer *answer)
{
	struct json_object *object = json_object_new_object();
	struct json_object *mails = json_object_new_array();

	for (unsigned i = 0; i < ask->mails->len; i++)
		json_object_array_add(
		    mails, write_mail(ask->mails->pdata[i], selection));
	json_object_object_add(object, "messages", mails);
	/* what `after` is for the next page; null: there is none */
	page_add_text(object, "next", *ask->next != '\0' ? ask->next : NULL);
	page_answer(answer, object);
}

/* Whole stories are asked for a few at a time. */
static bool
is_small(const struct search *search, struct status_answer *answer)
{
	if ((search->ask.parts & ~(unsigned)STORE_RECIPIENTS) == 0 ||
	    search->ask.limit <= STORIES_MAX)
		return true;
	page_refuse(answer, 400,
	    "limit = %u: with attempts, acts or events it is at most %u",
	    search->ask.limit, STORIES_MAX);
	return false;
}

static void
answer_list(const struct page *page, struct search *search,
    const struct selection *selection, struct status_answer *answer)
{
	uint64_t version = read_version(page);

	search->ask.parts = selection->parts;
	if (!is_small(search, answer) ||
	    revision_is_known(page, version, answer) ||
	    !page_ask(page, &search->ask, answer))
		return;
	write_list(&search->ask, selection, answer);
	revision_keep(page, version, answer);
	store_ask_clear(&search->ask);
}

void
message_page_list(const struct page *page, struct status_answer *answer)
{
	static const struct selection_choice choice = { STORE_RECIPIENTS,
		NULL };
	struct selection selection;
	struct search search;

	if (!search_read(page, &search, answer) ||
	    !selection_read(page, &choice, &selection, answer))
		return;
	answer_list(page, &search, &selection, answer);
	selection_clear(&selection);
}

/* True when the mail is finished: then the queue does not know it, but the
 * records do. */
static bool
is_finished(const struct page *page, const char *id)
{
	struct store_ask ask = { .question = STORE_MAIL, .id = id };
	bool found;

	store_answer(page->options->store, &ask);
	found = ask.found && ask.obstacle == NULL;
	store_ask_clear(&ask);
	return found;
}

static void
refuse_absent(const struct page *page, const struct store_ask *ask,
    struct status_answer *answer)
{
	if (ask->question == STORE_MAIL || !is_finished(page, ask->id))
		page_refuse(answer, 404,
		    "there is no mail %s, neither in the queue nor in the "
		    "records of finished mail",
		    ask->id);
	else if (ask->question == STORE_BODY)
		page_refuse(answer, 410,
		    "mail %s is finished: its bytes are not kept", ask->id);
	else
		page_refuse(answer, 410,
		    "mail %s is finished: nothing is left to be done with it",
		    ask->id);
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
	refuse_absent(page, ask, answer);
	store_ask_clear(ask);
	return false;
}

/* True when its bytes can be had. */
static bool
is_kept(const struct page *page, const struct store_mail *mail)
{
	struct spool *spool;

	if (mail->place != STORE_FINISHED)
		return true;
	spool = album_find(page->options->album, mail->id);
	if (spool != NULL)
		spool_unref(spool);
	return spool != NULL;
}

/* The album forgets without a word to the store. */
static uint64_t
read_state(const struct page *page)
{
	char id[ID_LENGTH + 1];
	struct spool *spool = NULL;

	if (page_read_id(page->target->segments[ID_SEGMENT], id))
		spool = album_find(page->options->album, id);
	if (spool == NULL)
		return read_version(page);
	spool_unref(spool);
	return ~read_version(page);
}

static void
answer_story(const struct page *page, const struct selection *selection,
    struct status_answer *answer)
{
	struct store_ask ask = { .question = STORE_MAIL };
	uint64_t state = read_state(page);
	struct json_object *object;
	char id[ID_LENGTH + 1];

	if (revision_is_known(page, state, answer) ||
	    !ask_of_mail(page, id, &ask, answer))
		return;
	g_assert(ask.mails->len == 1);
	object = write_mail(ask.mails->pdata[0], selection);
	if (selection->fields == NULL ||
	    g_strv_contains((const char *const *)selection->fields, KEPT))
		page_add_flag(object, KEPT, is_kept(page, ask.mails->pdata[0]));
	page_answer(answer, object);
	revision_keep(page, state, answer);
	store_ask_clear(&ask);
}

void
message_page_story(const struct page *page, struct status_answer *answer)
{
	static const struct selection_choice choice = { STORE_STORY, KEPT };
	struct selection selection;

	if (!selection_read(page, &choice, &selection, answer))
		return;
	answer_story(page, &selection, answer);
	selection_clear(&selection);
}

/* What was looked at a moment ago is mostly still in the album. */
struct spool *
message_page_find(const struct page *page, struct status_answer *answer)
{
	struct store_ask ask = { .question = STORE_BODY };
	struct spool *spool = NULL;
	char id[ID_LENGTH + 1];

	if (page_read_id(page->target->segments[ID_SEGMENT], id))
		spool = album_find(page->options->album, id);
	if (spool != NULL || !ask_of_mail(page, id, &ask, answer))
		return spool;
	spool = spool_ref(ask.spool);
	store_ask_clear(&ask);
	return spool;
}

void
message_page_raw(const struct page *page, struct status_answer *answer)
{
	answer->spool = message_page_find(page, answer);
	if (answer->spool == NULL)
		return;
	answer->code = 200;
	answer->type = "message/rfc822";
}

static void
write_changed(const struct store_ask *ask, struct status_answer *answer)
{
	struct json_object *object = json_object_new_object();

	page_add_number(object, "changed", ask->changed);
	page_answer(answer, object);
}

void
message_page_act(const struct page *page, struct status_answer *answer)
{
	struct store_ask ask = { .question = page->question,
		.place = STORE_UNFINISHED,
		.who = page->who };
	char id[ID_LENGTH + 1];

	if (!ask_of_mail(page, id, &ask, answer))
		return;
	write_changed(&ask, answer);
	store_ask_clear(&ask);
}

void
message_page_act_all(const struct page *page, struct status_answer *answer)
{
	struct store_ask ask = { .question = page->question, .who = page->who };

	if (!page_read_state(page, &ask.place, STORE_HELD, answer) ||
	    !page_ask(page, &ask, answer))
		return;
	write_changed(&ask, answer);
	store_ask_clear(&ask);
}
