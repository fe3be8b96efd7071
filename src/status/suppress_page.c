/* SPDX-License-Identifier: MIT */
#include "suppress_page.h"

#include "core/clock.h"
#include <string.h>

#define LIMIT_DEFAULT 100
#define LIMIT_MAX     1000

/* Lines that are told of as no addresses. */
#define TOLD_MAX 10

static struct json_object *
write_one(const struct suppression *one)
{
	struct json_object *object = json_object_new_object();

	page_add_text(object, "address", one->address);
	page_add_text(object, "why", suppression_why_word(one->why));
	page_add_time(object, "since", one->at_ms);
	page_add_text(object, "provider", one->provider);
	page_add_text(object, "message", one->mail_id);
	page_add_text(object, "text", one->text);
	page_add_text(object, "who", one->who);
	return object;
}

static void
write_list(const struct store_ask *ask, struct status_answer *answer)
{
	struct json_object *object = json_object_new_object();
	struct json_object *array = json_object_new_array();

	for (unsigned i = 0; i < ask->suppressions->len; i++)
		json_object_array_add(
		    array, write_one(ask->suppressions->pdata[i]));
	json_object_object_add(object, "suppressions", array);
	/* what `after` is for the next page; null: there is none */
	page_add_text(object, "next", ask->next_address);
	page_answer(answer, object);
}

static void
refuse_address(const char *text, struct status_answer *answer)
{
	page_refuse(answer, 400,
	    "\"%s\" is no address: local@domain is expected", text);
}

/* A parameter that is an address, as it is looked for; NULL in *key when it is
 * not given.  False: it is none, and the request is answered. */
static bool
read_key(const struct page *page, const char *name, char **key,
    struct status_answer *answer)
{
	const char *text = target_parameter(page->target, name);

	*key = text == NULL ? NULL : suppression_key(text);
	if (text == NULL || *key != NULL)
		return true;
	refuse_address(text, answer);
	return false;
}

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

void
suppress_page_list(const struct page *page, struct status_answer *answer)
{
	g_autofree char *address = NULL, *after = NULL;
	struct store_ask ask = { .question = STORE_SUPPRESSED };

	if (!read_limit(page, &ask.limit, answer) ||
	    !read_key(page, "address", &address, answer) ||
	    !read_key(page, "after", &after, answer))
		return;
	ask.address = address;
	ask.id = after;
	if (!page_ask(page, &ask, answer))
		return;
	if (address != NULL && ask.suppressions->len == 0)
		page_refuse(
		    answer, 404, "%s is not on the suppression list", address);
	else
		write_list(&ask, answer);
	store_ask_clear(&ask);
}

/* ---- changes ---- */

/* What is asked for, and what came of its lines. */
struct change {
	GPtrArray *entries; /* struct suppression * */
	enum suppression_why why;
	const char *text; /* NULL: none */
	const char *who;
	unsigned line;    /* the last that was read */
	unsigned refused; /* that hold no address */
	struct json_object *told;
};

static void
add_entry(struct change *change, char *key)
{
	struct suppression *one = suppression_new(key, change->why);

	one->text = g_strdup(change->text);
	one->who = g_strdup(change->who);
	one->at_ms = clock_wall_ms();
	g_ptr_array_add(change->entries, one);
}

static void
tell_line(struct change *change, const char *text)
{
	struct json_object *object;

	change->refused++;
	if (json_object_array_length(change->told) >= TOLD_MAX)
		return;
	object = json_object_new_object();
	page_add_number(object, "line", change->line);
	page_add_text(object, "text", text);
	json_object_array_add(change->told, object);
}

/* The first column; the first line may name the columns. */
static void
read_line(struct change *change, char *line)
{
	g_autofree char *key = NULL;

	change->line++;
	line[strcspn(line, ",;\t\r")] = '\0';
	g_strstrip(line);
	if (*line == '"') {
		line++;
		line[strcspn(line, "\"")] = '\0';
	}
	if (*line == '\0' || *line == '#' ||
	    (change->line == 1 && strchr(line, '@') == NULL))
		return;
	key = suppression_key(line);
	if (key == NULL)
		tell_line(change, line);
	else
		add_entry(change, g_steal_pointer(&key));
}

/* False: it cannot be read, and the request is answered. */
static bool
read_body(struct change *change, const struct spool *body,
    struct status_answer *answer)
{
	g_autoptr(GString) text = g_string_new(NULL);
	char bytes[16384];
	ssize_t got;

	while ((got = spool_read(body, text->len, bytes, sizeof bytes)) > 0)
		g_string_append_len(text, bytes, got);
	if (got < 0 || memchr(text->str, '\0', text->len) != NULL) {
		page_refuse(answer, 400,
		    "the body is no text: one address a line is expected");
		return false;
	}
	for (char *line = text->str, *next; line != NULL; line = next) {
		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		read_line(change, line);
	}
	return true;
}

static bool
read_why(const struct page *page, struct change *change,
    struct status_answer *answer)
{
	const char *word = target_parameter(page->target, "why");

	if (word == NULL || suppression_why_read(word, &change->why))
		return true;
	page_refuse(answer, 400,
	    "why = \"%s\": hard_bounce, complaint, unsubscribe or by_hand is "
	    "expected",
	    word);
	return false;
}

static bool
read_entries(const struct page *page, struct change *change,
    struct status_answer *answer)
{
	const struct spool *body = page->request->body;
	g_autofree char *address = NULL;

	if (!read_key(page, "address", &address, answer))
		return false;
	if (address != NULL && body == NULL) {
		add_entry(change, g_steal_pointer(&address));
		return true;
	}
	if (address == NULL && body != NULL && page->question == STORE_SUPPRESS)
		return read_body(change, body, answer);
	page_refuse(answer, 400,
	    page->question == STORE_SUPPRESS
		? "the parameter address is expected, or a body with one "
		  "address a line, and not both"
		: "the parameter address is expected, and no body");
	return false;
}

static void
write_changed(const struct change *change, const struct store_ask *ask,
    struct status_answer *answer)
{
	struct json_object *object = json_object_new_object();

	page_add_number(object, "changed", ask->changed);
	page_add_number(object, "addresses", change->entries->len);
	page_add_number(object, "refused", change->refused);
	json_object_object_add(
	    object, "refused_lines", json_object_get(change->told));
	page_answer(answer, object);
}

static void
apply(const struct page *page, const struct change *change,
    struct status_answer *answer)
{
	struct store_ask ask = {
		.question = page->question,
		.who = page->who,
		.entries = change->entries,
	};

	if (!page_ask(page, &ask, answer))
		return;
	write_changed(change, &ask, answer);
	store_ask_clear(&ask);
}

void
suppress_page_change(const struct page *page, struct status_answer *answer)
{
	struct change change = {
		.entries = g_ptr_array_new_with_free_func(suppression_free),
		.why = SUPPRESSION_HAND,
		.text = target_parameter(page->target, "text"),
		.who = page->who,
		.told = json_object_new_array(),
	};

	if (read_why(page, &change, answer) &&
	    read_entries(page, &change, answer))
		apply(page, &change, answer);
	g_ptr_array_unref(change.entries);
	json_object_put(change.told);
}
