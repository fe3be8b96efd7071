/* SPDX-License-Identifier: MIT */
#include "sandbox_page.h"

#include <string.h>

#define BODY_MAX 4096

/* False: this is no sandbox, and the request is answered. */
static bool
is_sandbox(const struct page *page, struct status_answer *answer)
{
	if (page->options->sandbox != NULL)
		return true;
	page_refuse(answer, 404,
	    "this is no sandbox: its providers are real; `postferry sandbox` "
	    "has some to play with");
	return false;
}

/* ---- what there is ---- */

static struct json_object *
write_providers(const struct status_sandbox *sandbox)
{
	struct json_object *array = json_object_new_array();

	for (unsigned i = 0; sandbox->providers[i] != NULL; i++) {
		struct json_object *object = json_object_new_object();

		page_add_text(object, "name", sandbox->providers[i]);
		/* null: one that was set at its control door */
		page_add_text(
		    object, "fault", sandbox->fault(sandbox->object, i));
		json_object_array_add(array, object);
	}
	return array;
}

static struct json_object *
write_faults(const struct status_sandbox *sandbox)
{
	struct json_object *array = json_object_new_array();

	for (unsigned i = 0; sandbox->faults[i].word != NULL; i++) {
		struct json_object *object = json_object_new_object();

		page_add_text(object, "fault", sandbox->faults[i].word);
		page_add_text(object, "help", sandbox->faults[i].help);
		json_object_array_add(array, object);
	}
	return array;
}

static void
show(const struct status_sandbox *sandbox, struct status_answer *answer)
{
	struct json_object *object = json_object_new_object();

	page_add_text(object, "smtp", sandbox->smtp);
	page_add_text(object, "sender", sandbox->sender);
	json_object_object_add(object, "providers", write_providers(sandbox));
	json_object_object_add(object, "faults", write_faults(sandbox));
	page_answer(answer, object);
}

void
sandbox_page_show(const struct page *page, struct status_answer *answer)
{
	if (is_sandbox(page, answer))
		show(page->options->sandbox, answer);
}

/* ---- what is wanted ---- */

/* The body as an object; NULL: it is none, and the request is answered. */
static struct json_object *
read_body(const struct page *page, struct status_answer *answer)
{
	const char *type = page_field(page, "Content-Type");
	struct spool *body = page->request->body;
	char text[BODY_MAX + 1] = "";
	struct json_object *object;

	if (type == NULL || g_ascii_strncasecmp(type, "application/json",
				strlen("application/json")) != 0) {
		page_refuse(answer, 415,
		    "the body is to be application/json: "
		    "{\"provider\": \"mailgun\", \"fault\": \"down\"}");
		return NULL;
	}
	if (body != NULL && spool_size(body) <= BODY_MAX &&
	    spool_read(body, 0, text, BODY_MAX) < 0)
		*text = '\0';
	object = json_tokener_parse(text);
	if (json_object_is_type(object, json_type_object))
		return object;
	json_object_put(object);
	page_refuse(answer, 400,
	    "the body is no JSON object; expected is {\"provider\": "
	    "\"mailgun\", \"fault\": \"down\"}");
	return NULL;
}

static const char *
get_word(struct json_object *body, const char *key)
{
	struct json_object *value = json_object_object_get(body, key);

	return json_object_is_type(value, json_type_string)
		   ? json_object_get_string(value)
		   : "";
}

/* The words in a list for people. */
static char *
list_faults(const struct status_sandbox *sandbox)
{
	GString *list = g_string_new(NULL);

	for (unsigned i = 0; sandbox->faults[i].word != NULL; i++)
		g_string_append_printf(
		    list, "%s%s", i > 0 ? ", " : "", sandbox->faults[i].word);
	return g_string_free(list, FALSE);
}

static bool
find_provider(const struct status_sandbox *sandbox, const char *word,
    unsigned *provider, struct status_answer *answer)
{
	g_autofree char *list = g_strjoinv(", ", (char **)sandbox->providers);

	for (unsigned i = 0; sandbox->providers[i] != NULL; i++)
		if (strcmp(sandbox->providers[i], word) == 0) {
			*provider = i;
			return true;
		}
	page_refuse(answer, 400, "provider = \"%s\": one of %s is expected",
	    word, list);
	return false;
}

static bool
find_fault(const struct status_sandbox *sandbox, const char *word,
    unsigned *fault, struct status_answer *answer)
{
	g_autofree char *list = list_faults(sandbox);

	for (unsigned i = 0; sandbox->faults[i].word != NULL; i++)
		if (strcmp(sandbox->faults[i].word, word) == 0) {
			*fault = i;
			return true;
		}
	page_refuse(
	    answer, 400, "fault = \"%s\": one of %s is expected", word, list);
	return false;
}

void
sandbox_page_set(const struct page *page, struct status_answer *answer)
{
	const struct status_sandbox *sandbox = page->options->sandbox;
	struct json_object *body;
	unsigned provider, fault;

	if (!is_sandbox(page, answer))
		return;
	body = read_body(page, answer);
	if (body == NULL)
		return;
	if (find_provider(
		sandbox, get_word(body, "provider"), &provider, answer) &&
	    find_fault(sandbox, get_word(body, "fault"), &fault, answer)) {
		sandbox->set_fault(sandbox->object, provider, fault);
		show(sandbox, answer);
	}
	json_object_put(body);
}
