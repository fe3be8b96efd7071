/* SPDX-License-Identifier: MIT */
#include "submit_page.h"

#include "dialect.h"
#include "media_type.h"
#include "status/handin.h"
#include <string.h>

/* Of ten thousand wrong recipients the first tell enough. */
#define ERRORS_TOLD 100

static void
add_errors(
    struct json_object *object, enum dialect dialect, const GPtrArray *errors)
{
	struct json_object *list = json_object_new_array();

	for (unsigned i = 0; i < MIN(errors->len, ERRORS_TOLD); i++) {
		const struct composition_error *error = errors->pdata[i];
		struct json_object *entry = json_object_new_object();
		g_autofree char *field = dialect_field(dialect, error->field);

		page_add_text(entry, "field", field);
		page_add_text(entry, "detail", error->text);
		json_object_array_add(list, entry);
	}
	json_object_object_add(object, "errors", list);
}

static void
refuse_fields(unsigned code, enum dialect dialect, const GPtrArray *errors,
    struct status_answer *answer)
{
	const struct composition_error *first = errors->pdata[0];
	g_autofree char *field = dialect_field(dialect, first->field);
	g_autofree char *detail =
	    errors->len == 1
		? g_strdup_printf("%s: %s", field, first->text)
		: g_strdup_printf("%u fields are not as expected; the first is "
				  "%s: %s",
		      errors->len, field, first->text);
	struct json_object *object = page_problem(code, detail);

	add_errors(object, dialect, errors);
	page_refuse_with(answer, code, object);
}

static const char *
name_state(unsigned code)
{
	return code == 200 ? "delivered" : "queued";
}

static void
tell_id(const struct handin_answer *told, struct status_answer *answer)
{
	struct json_object *object = json_object_new_object();

	page_add_text(object, "id", told->id);
	page_add_text(object, "status", name_state(told->code));
	page_add_text(object, "detail", told->text);
	page_answer(answer, object);
	answer->code = told->code;
	answer->location = g_strconcat("/v1/messages/", told->id, NULL);
	answer->replayed = told->replayed;
}

/* The answer of the hand-in, as HTTP has it; it is cleared. */
static void
pass_on(struct handin_answer *told, enum dialect dialect,
    struct status_answer *answer)
{
	if (told->code / 100 == 2)
		tell_id(told, answer);
	else if (told->errors != NULL && told->errors->len > 0)
		refuse_fields(told->code, dialect, told->errors, answer);
	else
		page_refuse(answer, told->code, "%s", told->text);
	answer->retry_after = told->retry_after;
	handin_answer_clear(told);
}

static struct handin_order
make_order(const struct page *page)
{
	const struct request *request = page->request;
	const struct token *token = request->token;
	const char *scheme = page_field(page, "X-Forwarded-Proto");

	return (struct handin_order){
		.who = page->who,
		.user = token != NULL ? token->name : NULL,
		.senders =
		    token != NULL ? (const char *const *)token->senders : NULL,
		.peer = request->peer,
		.tls = scheme != NULL && strcmp(scheme, "https") == 0,
		.key = page_field(page, "Idempotency-Key"),
	};
}

/* False, and the request is answered, when no mail can be taken now. */
static bool
has_room(const struct page *page, struct status_answer *answer)
{
	const struct spool *body = page->request->body;
	struct handin_answer told = { 0 };

	if (page->options->handin == NULL) {
		page_refuse(
		    answer, 503, "no daemon runs here that could take mail");
		return false;
	}
	if (handin_has_room(page->options->handin,
		body != NULL ? spool_size(body) : 0, &told))
		return true;
	pass_on(&told, DIALECT_MESSAGE, answer);
	return false;
}

static void
hand_in(const struct page *page, enum dialect dialect, struct payload *payload,
    struct status_answer *answer)
{
	struct composition *composition = composition_new();
	struct handin_order order = make_order(page);
	struct handin_answer told = { 0 };
	g_autofree char *key = NULL;

	dialect_read(dialect, payload, composition, &key);
	if (payload_is_broken(payload)) {
		page_refuse(answer, payload->code, "%s", payload->why);
	} else if (payload->errors->len > 0) {
		refuse_fields(400, dialect, payload->errors, answer);
	} else if (key != NULL && order.key != NULL &&
		   strcmp(key, order.key) != 0) {
		page_refuse(answer, 400,
		    "idempotency_key and the field Idempotency-Key differ");
	} else {
		order.key = order.key != NULL ? order.key : key;
		handin_compose(
		    page->options->handin, composition, &order, &told);
		pass_on(&told, dialect, answer);
	}
	composition_free(composition);
}

static void
submit(
    const struct page *page, enum dialect dialect, struct status_answer *answer)
{
	struct payload payload;

	if (!has_room(page, answer))
		return;
	if (payload_read(&payload, page, answer))
		hand_in(page, dialect, &payload, answer);
	payload_clear(&payload);
}

/* A whole mail; its envelope may stand in the query. */
static void
import(const struct page *page, struct status_answer *answer)
{
	const char *to = target_parameter(page->target, "to");
	g_autoptr(GPtrArray) recipients = g_ptr_array_new();
	struct handin_order order = make_order(page);
	struct handin_answer told = { 0 };
	const struct import mail = {
		.mail = page->request->body,
		.sender = target_parameter(page->target, "sender"),
		.recipients = recipients,
	};

	if (!has_room(page, answer))
		return;
	if (mail.mail == NULL) {
		page_refuse(answer, 400,
		    "the body is empty: a mail is "
		    "expected, header and all");
		return;
	}
	if (to != NULL)
		g_ptr_array_add(recipients, (char *)to);
	handin_import(page->options->handin, &mail, &order, &told);
	pass_on(&told, DIALECT_MESSAGE, answer);
}

void
submit_page_message(const struct page *page, struct status_answer *answer)
{
	if (media_type_is(page_field(page, "Content-Type"), "message/rfc822"))
		import(page, answer);
	else if (page->target->names->len > 0)
		page_refuse(answer, 400,
		    "there are no parameters but with message/rfc822: sender "
		    "and to are fields of the body");
	else
		submit(page, DIALECT_MESSAGE, answer);
}

void
submit_page_send(const struct page *page, struct status_answer *answer)
{
	submit(page, DIALECT_SEND, answer);
}

void
submit_page_email(const struct page *page, struct status_answer *answer)
{
	submit(page, DIALECT_EMAIL, answer);
}
