/* SPDX-License-Identifier: MIT */
#include "mandrill_inquiry.h"

#include "mandrill_account.h"
#include "mandrill_verdicts.h"
#include "query.h"
#include "response.h"

#include <json-c/json.h>
#include <string.h>

#define SEARCH_PATH "/api/1.0/messages/search.json"

/* Entries in an answer, the newest first. */
#define LIMIT 1000

/* Recipients in one search. */
#define EMAILS_MAX 100

/* Their clock may be behind ours.  Our id is in our mail only, so an entry from
 * before `begun` is an earlier attempt of the same mail. */
#define EARLIER_S 300

#define DAY_MS INT64_C(86400000)

static void
add_day(struct json_object *query, const char *name, int64_t wall_ms)
{
	g_autoptr(GDateTime) time =
	    g_date_time_new_from_unix_utc(wall_ms / 1000);
	g_autofree char *day = g_date_time_format(time, "%Y-%m-%d");

	json_object_object_add(query, name, json_object_new_string(day));
}

/* The search knows days only. */
static void
add_days(struct json_object *query, const GPtrArray *inquiries)
{
	int64_t first = INT64_MAX, last = 0;

	for (unsigned i = 0; i < inquiries->len; i++) {
		const struct inquiry *inquiry = inquiries->pdata[i];

		first = MIN(first, inquiry->begun_ms);
		last = MAX(last, inquiry->begun_ms);
	}
	add_day(query, "date_from", first - DAY_MS);
	add_day(query, "date_to", last + DAY_MS);
}

static void
post_search(const struct provider *provider, const GPtrArray *inquiries,
    const char *words, struct exchange *exchange)
{
	const struct mandrill_account *self = provider->self;
	struct json_object *query = json_object_new_object();

	json_object_object_add(query, "key", json_object_new_string(self->key));
	json_object_object_add(query, "query", json_object_new_string(words));
	add_days(query, inquiries);
	json_object_object_add(query, "limit", json_object_new_int(LIMIT));
	query_post(exchange, SEARCH_PATH, query);
}

bool
mandrill_inquiry_ask(const struct provider *provider,
    const GPtrArray *inquiries, struct exchange *exchange)
{
	const struct mandrill_account *self = provider->self;
	g_autoptr(GString) words = g_string_new(NULL);

	if (!self->lookup)
		return false;
	for (unsigned i = 0; i < inquiries->len; i++) {
		const struct inquiry *inquiry = inquiries->pdata[i];

		g_string_append_printf(words,
		    "%su_" MANDRILL_ACCOUNT_METADATA ":%s", i > 0 ? " OR " : "",
		    inquiry->id);
	}
	post_search(provider, inquiries, words->str, exchange);
	return true;
}

/* ---- the recipients, when the metadata finds nothing ---- */

static bool
is_by_metadata(const struct exchange *exchange)
{
	return exchange->renewed == 0;
}

/* In a search these mean something of their own. */
static void
append_email(GString *words, const char *address)
{
	bool quoted = strpbrk(address, " \t\"\\()[]{}:^~*?!&|/") != NULL;

	g_string_append(words, words->len > 0 ? " OR email:" : "email:");
	if (!quoted) {
		g_string_append(words, address);
		return;
	}
	g_string_append_c(words, '"');
	for (; *address != '\0'; address++) {
		if (*address == '"' || *address == '\\')
			g_string_append_c(words, '\\');
		g_string_append_c(words, *address);
	}
	g_string_append_c(words, '"');
}

static void
add_emails(GHashTable *seen, const struct inquiry *inquiry)
{
	for (unsigned i = 0; i < inquiry->count; i++)
		if (!inquiry->recipients[i].found)
			g_hash_table_add(seen, inquiry->recipients[i].address);
}

/* False: more recipients than one search may have. */
static bool
ask_emails(const struct provider *provider, const GPtrArray *inquiries,
    struct exchange *exchange)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GString) words = g_string_new(NULL);
	g_autoptr(GList) emails = NULL;

	for (unsigned i = 0; i < inquiries->len; i++)
		add_emails(seen, inquiries->pdata[i]);
	if (g_hash_table_size(seen) > EMAILS_MAX)
		return false;
	emails = g_list_sort(
	    g_hash_table_get_keys(seen), (GCompareFunc)(void *)strcmp);
	for (const GList *at = emails; at != NULL; at = at->next)
		append_email(words, at->data);
	exchange_renew(exchange);
	post_search(provider, inquiries, words->str, exchange);
	return true;
}

/* ---- what is found ---- */

static struct inquiry *
find_inquiry(const GPtrArray *inquiries, const char *id)
{
	for (unsigned i = 0; id != NULL && i < inquiries->len; i++) {
		struct inquiry *inquiry = inquiries->pdata[i];

		if (strcmp(inquiry->id, id) == 0)
			return inquiry;
	}
	return NULL;
}

static int64_t
read_time(struct json_object *entry)
{
	struct json_object *time = NULL;

	if (!json_object_object_get_ex(entry, "ts", &time))
		return 0;
	return json_object_get_int64(time);
}

/* One that was rejected before this attempt says nothing of it. */
static bool
is_of(struct json_object *entry, const struct inquiry *inquiry, bool taken)
{
	int64_t begun = inquiry->begun_ms / 1000;

	return read_time(entry) >= (taken ? begun - EARLIER_S : begun);
}

/* The id, and what became of the mail when that is not the usual. */
static char *
make_id(struct json_object *entry, bool usual)
{
	const char *id = response_member(entry, "_id");
	const char *state = response_member(entry, "state");

	if (usual)
		return g_strdup(id);
	return g_strdup_printf("%s (%s)", id != NULL ? id : "no id",
	    state != NULL ? state : "in no state");
}

static bool
is_usual(const char *state)
{
	static const char *const states[] = { "sent", "queued", "scheduled",
		"deferred", NULL };

	return state != NULL && g_strv_contains(states, state);
}

/* The reason of a rejection may stand beside the state; most are of the reject
 * list, but what is not said is not known. */
static struct verdict
read_refusal(struct json_object *entry)
{
	const char *reason = response_member(entry, "reject_reason");
	struct verdict verdict = { .class = VERDICT_RECIPIENT };

	if (reason == NULL)
		reason = response_member(
		    query_member(entry, "reject", json_type_object), "reason");
	if (reason != NULL) {
		const struct mandrill_verdicts_word *row =
		    mandrill_verdicts_find(mandrill_verdicts_reasons, reason);
		verdict.class = row->class;
		verdict.suppressed = row->suppressed;
	}
	verdict.text = g_strdup_printf("Mandrill says, asked later: %s%s%s",
	    response_member(entry, "state"), reason != NULL ? ", " : "",
	    reason != NULL ? reason : "");
	return verdict;
}

static bool
is_refusal(const char *state)
{
	static const char *const states[] = { "rejected", "bounced",
		"soft-bounced", "invalid", NULL };

	return state != NULL && g_strv_contains(states, state);
}

static bool
refuse_entry(
    struct json_object *entry, struct inquiry *inquiry, const char *email)
{
	struct verdict verdict = read_refusal(entry);
	bool found;

	verdict.id = (char *)response_member(entry, "_id");
	found = inquiry_refuse(inquiry, email, &verdict);
	g_free(verdict.text);
	return found;
}

static bool
read_entry(struct json_object *entry, const GPtrArray *inquiries)
{
	struct json_object *metadata =
	    query_member(entry, "metadata", json_type_object);
	const char *email = response_member(entry, "email");
	const char *state = response_member(entry, "state");
	struct inquiry *inquiry = find_inquiry(
	    inquiries, response_member(metadata, MANDRILL_ACCOUNT_METADATA));
	g_autofree char *id = NULL;

	if (inquiry == NULL || email == NULL ||
	    !is_of(entry, inquiry, g_strcmp0(state, "rejected") != 0))
		return false;
	if (is_refusal(state))
		return refuse_entry(entry, inquiry, email);
	id = make_id(entry, is_usual(state));
	return inquiry_find(inquiry, email, id);
}

static bool
has_all(const GPtrArray *inquiries)
{
	for (unsigned i = 0; i < inquiries->len; i++) {
		const struct inquiry *inquiry = inquiries->pdata[i];

		for (unsigned j = 0; j < inquiry->count; j++)
			if (!inquiry->recipients[j].found)
				return false;
	}
	return true;
}

static bool
refuse(const struct exchange *exchange, const char *why,
    struct inquiry_reply *reply)
{
	g_autofree char *text = g_strdup_printf(
	    "whether Mandrill has the mail is not known: %s", why);

	query_refuse(exchange, text, reply);
	return false;
}

/* Reads the entries.  True: there is more, which was asked for. */
static bool
read_entries(const struct provider *provider, const GPtrArray *inquiries,
    struct exchange *exchange, struct inquiry_reply *reply)
{
	struct json_object *list = query_answer(exchange, 200);
	size_t count = json_object_array_length(list);
	unsigned found = 0;

	for (size_t i = 0; i < count; i++)
		found +=
		    read_entry(json_object_array_get_idx(list, i), inquiries);
	json_object_put(list);
	reply->answered = true;
	if (has_all(inquiries) || (is_by_metadata(exchange) && found > 0))
		return false;
	if (is_by_metadata(exchange) &&
	    ask_emails(provider, inquiries, exchange)) {
		reply->answered = false;
		return true;
	}
	if (count < LIMIT && !is_by_metadata(exchange))
		return false;
	return refuse(exchange,
	    "too many mails went to these recipients to search through them; "
	    "let Mandrill index the metadata field " MANDRILL_ACCOUNT_METADATA,
	    reply);
}

bool
mandrill_inquiry_asked(const struct provider *provider,
    const GPtrArray *inquiries, struct exchange *exchange,
    struct inquiry_reply *reply)
{
	struct json_object *json = query_answer(exchange, 200);
	bool list = json_object_is_type(json, json_type_array);
	g_autofree char *said = query_text(exchange);

	json_object_put(json);
	if (list)
		return read_entries(provider, inquiries, exchange, reply);
	return refuse(exchange, said, reply);
}
