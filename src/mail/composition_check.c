/* SPDX-License-Identifier: MIT */
/* All that is wrong with a composition is told, field by field. */
#include "mail/composition.h"

#include "composition_content.h"
#include "composition_head.h"
#include "date.h"
#include "mail/doubt_policy.h"
#include "options_json.h"
#include "options_value.h"
#include <string.h>

#define MESSAGE_ID_MAX 900
#define FIELD_NAME_MAX 76

struct check {
	const struct composition *composition;
	const struct composition_place *place;
	GPtrArray *errors;
	unsigned recipients;
};

/* ---- texts of one line ---- */

static bool
check_line(const struct check *check, const char *field, const char *text,
    size_t bytes_max)
{
	return composition_content_line(check->errors, field, text, bytes_max);
}

static void
check_subject(const struct check *check)
{
	const char *subject = check->composition->subject;

	if (subject != NULL &&
	    check_line(check, "subject", subject, COMPOSITION_VALUE_MAX) &&
	    g_utf8_strlen(subject, -1) > COMPOSITION_SUBJECT_MAX)
		composition_add_error(check->errors, "subject",
		    "it is longer than %d characters", COMPOSITION_SUBJECT_MAX);
}

/* ---- addresses ---- */

/* How many mailboxes the text names; 0: it is at fault, which is told. */
static unsigned
check_addresses(const struct check *check, const char *field, const char *text)
{
	g_autoptr(GPtrArray) mailboxes = composition_address_list();
	g_autofree char *why = NULL;

	if (composition_address_read(
		text, check->place->domain, mailboxes, &why))
		return mailboxes->len;
	composition_add_error(check->errors, field, "%s", why);
	return 0;
}

/* One who sends; expected: "one address like ...". */
static void
check_author(const struct check *check, const char *field, const char *text,
    const char *expected)
{
	const struct composition_place *place = check->place;
	g_autoptr(GPtrArray) mailboxes = composition_address_list();
	g_autofree char *why = NULL;
	const struct mailbox *author;

	if (!composition_address_read(text, place->domain, mailboxes, &why)) {
		composition_add_error(check->errors, field, "%s", why);
		return;
	}
	author = mailboxes->pdata[0];
	if (mailboxes->len > 1)
		composition_add_error(check->errors, field,
		    "it names several; expected is %s", expected);
	else if (place->senders != NULL &&
		 !address_is_among(author->address, place->senders))
		composition_add_error(check->errors, field,
		    "%s is none of the senders that this token may use",
		    author->address->text);
}

static void
check_from(const struct check *check)
{
	const char *from = check->composition->from;
	const char *sender = check->composition->sender;

	if (from == NULL)
		composition_add_error(
		    check->errors, "from", "it is missing: who sends the mail");
	else
		check_author(check, "from", from,
		    "one address like Some Name <user@example.com>");
	if (sender != NULL && *sender != '\0')
		check_author(check, "sender", sender, "one address");
}

static void
check_list(struct check *check, const char *name, const GPtrArray *list)
{
	for (unsigned i = 0; i < list->len; i++) {
		g_autofree char *field = g_strdup_printf("%s[%u]", name, i);

		check->recipients +=
		    check_addresses(check, field, list->pdata[i]);
	}
}

/* Twins count here: so many are not read to find them. */
static void
check_recipients(struct check *check)
{
	const struct composition *composition = check->composition;
	const struct composition_place *place = check->place;
	unsigned texts =
	    composition->to->len + composition->cc->len + composition->bcc->len;

	if (texts == 0)
		composition_add_error(check->errors, "to",
		    "there is no recipient, neither in to nor in cc or bcc");
	if (texts <= place->recipients_max) {
		check_list(check, "to", composition->to);
		check_list(check, "cc", composition->cc);
		check_list(check, "bcc", composition->bcc);
	}
	if (MAX(texts, check->recipients) > place->recipients_max)
		composition_add_error(check->errors, "to",
		    "to, cc and bcc name %u recipients; one mail may have %u: "
		    "send several",
		    MAX(texts, check->recipients), place->recipients_max);
}

/* ---- header fields ---- */

/* RFC 5322 3.6.8 */
static bool
is_field_name(const char *name)
{
	size_t length = strlen(name);

	for (const char *at = name; *at != '\0'; at++)
		if (*at <= ' ' || *at > '~' || *at == ':')
			return false;
	return length > 0 && length <= FIELD_NAME_MAX;
}

static bool
is_message_id(const char *text)
{
	size_t length = strlen(text);
	const char *at = strchr(text, '@');

	if (length < 5 || length > MESSAGE_ID_MAX || at == NULL ||
	    text[0] != '<' || text[length - 1] != '>' ||
	    strcspn(text + 1, "<>") != length - 2)
		return false;
	for (const char *c = text; *c != '\0'; c++)
		if (*c <= ' ' || *c > '~')
			return false;
	return true;
}

/* What is wrong with the value of a field that is read by everyone who carries
 * the mail; NULL: nothing. */
static const char *
find_misuse(const char *name, const char *value)
{
	int64_t ms;

	if (g_ascii_strcasecmp(name, "Message-ID") == 0 &&
	    !is_message_id(value))
		return "expected is an id like <unique@example.com>";
	if (g_ascii_strcasecmp(name, "Date") == 0 && !date_read(value, &ms))
		return "expected is a date like Fri, 14 Oct 2026 12:00:00 "
		       "+0000";
	return NULL;
}

static void
check_value(const struct check *check, const char *field,
    const struct composition_pair *pair)
{
	g_autoptr(GString) scratch = g_string_new(NULL);
	const char *misuse;

	if (!check_line(check, field, pair->value, COMPOSITION_VALUE_MAX))
		return;
	misuse = find_misuse(pair->name, pair->value);
	if (misuse != NULL)
		composition_add_error(
		    check->errors, field, "\"%s\"; %s", pair->value, misuse);
	else if (!composition_head_put(scratch, pair->name, pair->value))
		composition_add_error(check->errors, field,
		    "it cannot be written: a word in it is too long for a "
		    "line, or is not ASCII where it has to be");
}

/* Those that stand once (RFC 5322 3.6). */
static bool
is_second(const struct check *check, unsigned number)
{
	static const char *const once[] = { "Message-ID", "Date", "Sender",
		"In-Reply-To", "References", NULL };
	const GPtrArray *headers = check->composition->headers;
	const struct composition_pair *pair = headers->pdata[number];
	bool counts = false;

	for (const char *const *name = once; *name != NULL; name++)
		counts |= g_ascii_strcasecmp(*name, pair->name) == 0;
	for (unsigned i = 0; counts && i < number; i++) {
		const struct composition_pair *other = headers->pdata[i];

		if (g_ascii_strcasecmp(other->name, pair->name) == 0)
			return true;
	}
	return false;
}

static void
check_header(const struct check *check, unsigned number)
{
	const struct composition_pair *pair =
	    check->composition->headers->pdata[number];
	g_autofree char *name = g_utf8_make_valid(pair->name, -1);
	g_autofree char *field = g_strdup_printf("headers.%.100s", name);
	const char *obstacle = composition_head_obstacle(pair->name);

	if (!is_field_name(pair->name)) {
		g_free(field);
		field = g_strdup_printf("headers[%u]", number);
		composition_add_error(check->errors, field,
		    "its name is none: expected are 1 to %d visible ASCII "
		    "characters without a colon",
		    FIELD_NAME_MAX);
	} else if (obstacle != NULL) {
		composition_add_error(
		    check->errors, field, "it may not be set: %s", obstacle);
	} else if (is_second(check, number)) {
		composition_add_error(
		    check->errors, field, "it is there twice");
	} else {
		check_value(check, field, pair);
	}
}

static void
check_headers(const struct check *check)
{
	const GPtrArray *headers = check->composition->headers;

	if (headers->len > COMPOSITION_HEADERS_MAX) {
		composition_add_error(check->errors, "headers",
		    "there are %u; one mail may have %d", headers->len,
		    COMPOSITION_HEADERS_MAX);
		return;
	}
	for (unsigned i = 0; i < headers->len; i++)
		check_header(check, i);
}

/* ---- what is asked ---- */

static void
check_tags(const struct check *check)
{
	const GPtrArray *tags = check->composition->tags;

	if (tags->len > COMPOSITION_TAGS_MAX)
		composition_add_error(check->errors, "tags",
		    "there are %u; one mail may have %d", tags->len,
		    COMPOSITION_TAGS_MAX);
	for (unsigned i = 0; i < MIN(tags->len, COMPOSITION_TAGS_MAX); i++) {
		g_autofree char *field = g_strdup_printf("tags[%u]", i);
		g_autofree char *bare =
		    g_strstrip(g_strdup((const char *)tags->pdata[i]));

		if (!check_line(
			check, field, tags->pdata[i], COMPOSITION_TAG_MAX))
			continue;
		if (*bare == '\0' || strchr(bare, ',') != NULL)
			composition_add_error(check->errors, field,
			    "\"%s\"; expected is a text without a comma", bare);
	}
}

static bool
is_key(const char *key)
{
	size_t length = strlen(key);

	for (const char *at = key; *at != '\0'; at++)
		if (!g_ascii_isgraph(*at))
			return false;
	return length > 0 && length <= COMPOSITION_METADATA_KEY_MAX &&
	       strcmp(key, "_rcpt") != 0;
}

/* Its longest word as it is written (options_json.c). */
static size_t
measure_word(const struct composition_pair *pair)
{
	g_autofree char *object = composition_head_metadata(pair);
	size_t longest = 0;

	for (const char *at = object; *at != '\0'; at += *at == ' ') {
		size_t length = strcspn(at, " ");

		longest = MAX(longest, length);
		at += length;
	}
	return longest;
}

static void
check_pair(const struct check *check, unsigned number, GHashTable *keys)
{
	const struct composition_pair *pair =
	    check->composition->metadata->pdata[number];
	g_autofree char *field =
	    is_key(pair->name) ? g_strdup_printf("metadata.%s", pair->name)
			       : g_strdup_printf("metadata[%u]", number);

	if (!is_key(pair->name))
		composition_add_error(check->errors, field,
		    "its key is none: expected are 1 to %d visible ASCII "
		    "characters, and not _rcpt",
		    COMPOSITION_METADATA_KEY_MAX);
	else if (!g_hash_table_add(keys, pair->name))
		composition_add_error(
		    check->errors, field, "it is there twice");
	else if (check_line(check, field, pair->value,
		     COMPOSITION_METADATA_VALUE_MAX) &&
		 measure_word(pair) > OPTIONS_JSON_WORD_MAX)
		composition_add_error(check->errors, field,
		    "a word in it is longer than %d bytes, written in ASCII",
		    OPTIONS_JSON_WORD_MAX);
}

static void
check_metadata(const struct check *check)
{
	g_autoptr(GHashTable) keys = g_hash_table_new(g_str_hash, g_str_equal);
	unsigned count = check->composition->metadata->len;

	if (count > COMPOSITION_METADATA_MAX)
		composition_add_error(check->errors, "metadata",
		    "there are %u; one mail may have %d", count,
		    COMPOSITION_METADATA_MAX);
	for (unsigned i = 0; i < MIN(count, COMPOSITION_METADATA_MAX); i++)
		check_pair(check, i, keys);
}

static char *
read_doubt(const char *text)
{
	enum doubt_policy policy;

	return doubt_policy_read(text, &policy) ? g_strdup(text) : NULL;
}

static void
check_orders(const struct check *check)
{
	const struct composition *composition = check->composition;
	const struct {
		const char *field;
		const char *text;
		char *(*read)(const char *text);
		const char *expected;
	} rows[] = {
		{ "tracking.opens", composition->track_opens,
		    options_value_flag, "yes or no" },
		{ "tracking.clicks", composition->track_clicks,
		    options_value_clicks, "yes, no or htmlonly" },
		{ "send_at", composition->send_at, options_value_date,
		    "a date like 2026-10-14T12:00:00Z, or seconds since "
		    "1970" },
		{ "route", composition->route, options_value_text,
		    "the name of a route" },
		{ "doubt", composition->doubt, read_doubt,
		    "prefer_delivery, prefer_once or never_twice" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *value = NULL;

		if (rows[i].text == NULL ||
		    !check_line(check, rows[i].field, rows[i].text,
			COMPOSITION_VALUE_MAX))
			continue;
		value = rows[i].read(rows[i].text);
		if (value == NULL)
			composition_add_error(check->errors, rows[i].field,
			    "\"%.100s\"; expected is %s", rows[i].text,
			    rows[i].expected);
	}
}

bool
composition_check(const struct composition *composition,
    const struct composition_place *place, GPtrArray *errors)
{
	struct check check = {
		.composition = composition,
		.place = place,
		.errors = errors,
	};
	unsigned before = errors->len;

	check_from(&check);
	if (composition->reply_to != NULL)
		check_addresses(&check, "reply_to", composition->reply_to);
	check_recipients(&check);
	check_subject(&check);
	composition_content_check(composition, errors);
	check_headers(&check);
	check_tags(&check);
	check_metadata(&check);
	check_orders(&check);
	return errors->len == before;
}
