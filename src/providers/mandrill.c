/* SPDX-License-Identifier: MIT */
/*
 * Mandrill: POST /api/1.0/messages/send.json with the parts of a mail as JSON,
 * or /messages/send-raw.json with the mail as one JSON string.  The key stands
 * in the body.  The answer says of each recipient what came of it.
 */
#include "carry.h"
#include "domains.h"
#include "guise.h"
#include "mandrill_account.h"
#include "mandrill_harvest.h"
#include "mandrill_hear.h"
#include "mandrill_inquiry.h"
#include "mandrill_options.h"
#include "mandrill_probe.h"
#include "mandrill_request.h"
#include "mandrill_verdicts.h"
#include "response.h"
#include "telling.h"
#include "translators.h"

#include <json-c/json.h>
#include <string.h>

#define URL         "https://mandrillapp.com"
#define FIELDS_PATH "/api/1.0/messages/send.json"
#define RAW_PATH    "/api/1.0/messages/send-raw.json"

static const char *const reserved[] = { CARRY_MANDRILL_OWN, NULL };

static const struct setting mandrill_settings[] = {
	{ .section = "provider",
	    .key = "api_key",
	    .type = SETTING_SECRET,
	    .only = "mandrill",
	    .required = true,
	    .help = "An API key of the Mandrill account." },
	{ .section = "provider",
	    .key = "lookup",
	    .type = SETTING_CHOICE,
	    .fallback = "on",
	    .choices = "on|off",
	    .only = "mandrill",
	    .help = "Whether Mandrill is asked if it has a mail whose answer "
		    "was lost; best let it index the metadata field "
		    "postferry_id." },
	{ .section = "provider",
	    .key = "events",
	    .type = SETTING_CHOICE,
	    .choices = "webhook|poll|off",
	    .only = "mandrill",
	    .help = "How we hear what became of the mail (delivered, bounced, "
		    "complained of): by Mandrill's webhooks to /v1/events/NAME "
		    "of the HTTP door, by asking every events_poll, "
		    "or not at all; the default is webhook where webhook_key "
		    "is set, else off." },
	{ .section = "provider",
	    .key = "events_poll",
	    .type = SETTING_DURATION,
	    .fallback = "60s",
	    .min = 1000,
	    .max = 86400000,
	    .only = "mandrill",
	    .help = "events = poll: how often Mandrill's search is asked how "
		    "the newest 200 mails are; it has no better." },
	{ .section = "provider",
	    .key = "webhook_key",
	    .type = SETTING_SECRET,
	    .only = "mandrill",
	    .help = "The key that Mandrill shows beside the webhook." },
	{ .section = "provider",
	    .key = "webhook_url",
	    .type = SETTING_STRING,
	    .only = "mandrill",
	    .help = "The URL of the webhook exactly as it stands at Mandrill, "
		    "which signs it too; of this host, or of the proxy before "
		    "it." },
	{ 0 },
};

/* Where webhooks come to. */
static bool
read_url(struct provider *provider, GError **error)
{
	if (provider->events.telling != PROVIDER_POSTS)
		return true;
	provider->events.webhook_url = telling_need(provider, "webhook_url",
	    "the URL of the webhook exactly as it stands at Mandrill, which "
	    "signs it too",
	    error);
	return provider->events.webhook_url != NULL;
}

static bool
open_mandrill(
    struct provider *provider, const struct config *config, GError **error)
{
	struct mandrill_account *self;

	if (!telling_read(provider, error) || !read_url(provider, error))
		return false;
	self = g_new0(struct mandrill_account, 1);
	self->key = config_string(config, provider->section, "api_key");
	self->lookup =
	    strcmp(config_string(config, provider->section, "lookup"), "on") ==
	    0;
	self->errors = verdict_table_new(mandrill_verdicts_errors);
	self->pages = verdict_table_new(mandrill_verdicts_pages);
	provider->self = self;
	if (provider->endpoint.base_url == NULL)
		provider->endpoint.base_url = URL;
	return true;
}

static void
close_mandrill(struct provider *provider)
{
	struct mandrill_account *self = provider->self;

	verdict_table_free(self->errors);
	verdict_table_free(self->pages);
	g_free(self);
}

static bool
encode_mandrill(const struct provider *provider,
    const struct delivery *delivery, struct exchange *exchange, GError **error)
{
	const struct mandrill_account *self = provider->self;
	struct writer writer = { 0 };

	if (!domains_check(provider, delivery, error))
		return false;
	exchange->body = writer.segments =
	    segments_new(delivery->message->submission->spool);
	writer_open(&writer, '{');
	writer_member(&writer, "key", self->key);
	if (!mandrill_request_write(&writer, delivery, error))
		return false;
	writer_name(&writer, "async");
	writer_bool(&writer, false);
	writer_close(&writer, '}');
	exchange->http.method = g_strdup("POST");
	exchange->http.path =
	    g_strdup(delivery->form == DELIVERY_RAW ? RAW_PATH : FIELDS_PATH);
	exchange_add_field(exchange, "Accept", "application/json");
	exchange_add_field(exchange, "Content-Type", "application/json");
	return true;
}

/* Entries come in any order, and of two recipients that differ by case only
 * either may be meant: whoever nothing was said of yet.  -1: none. */
static int
find_recipient(const struct delivery *delivery, const struct outcome *outcome,
    const char *email)
{
	int found = delivery_find(delivery, email);

	if (found < 0 || outcome->verdicts[found].class == VERDICT_NONE)
		return found;
	for (unsigned i = 0; i < delivery->count; i++)
		if (outcome->verdicts[i].class == VERDICT_NONE &&
		    address_matches(delivery_recipient(delivery, i), email))
			return (int)i;
	return -1;
}

static const struct mandrill_verdicts_word *
choose_word(const char *status, const char *reason)
{
	if (g_strcmp0(status, "rejected") == 0)
		return mandrill_verdicts_find(
		    mandrill_verdicts_reasons, reason);
	if (g_strcmp0(status, "queued") == 0)
		return mandrill_verdicts_find(mandrill_verdicts_queues, reason);
	return mandrill_verdicts_find(mandrill_verdicts_states, status);
}

static void
read_entry(struct json_object *entry, unsigned status, struct outcome *outcome,
    unsigned i)
{
	const char *state = response_member(entry, "status");
	bool queued = g_strcmp0(state, "queued") == 0;
	const char *reason =
	    response_member(entry, queued ? "queued_reason" : "reject_reason");
	const struct mandrill_verdicts_word *word = choose_word(state, reason);
	g_autofree char *text =
	    reason != NULL ? g_strdup_printf("%s: %s", state, reason)
			   : g_strdup(state != NULL ? state : "no status");

	outcome_set(outcome, i, word->class, status, text);
	outcome->verdicts[i].suppressed = word->suppressed;
	outcome->verdicts[i].held = word->held;
	if (word->class == VERDICT_ACCEPTED)
		outcome_set_id(outcome, i, response_member(entry, "_id"));
	if (word->word == NULL && !(queued && reason == NULL))
		outcome->unknown = true;
}

static void
read_entries(const struct delivery *delivery, unsigned status,
    struct json_object *list, struct outcome *outcome)
{
	size_t count = json_object_array_length(list);

	outcome_set_all(outcome, VERDICT_NONE, status,
	    "the answer does not speak of this recipient");
	for (size_t i = 0; i < count; i++) {
		struct json_object *entry = json_object_array_get_idx(list, i);
		const char *email = response_member(entry, "email");
		int found = -1;

		if (email != NULL)
			found = find_recipient(delivery, outcome, email);
		else if (count == 1 && outcome->count == 1)
			found = 0;
		if (found >= 0)
			read_entry(entry, status, outcome, (unsigned)found);
	}
}

/* "NAME: message" of an error, or NULL. */
static char *
read_error(struct json_object *json)
{
	const char *name = response_member(json, "name");
	const char *message = response_member(json, "message");

	if (name == NULL)
		return NULL;
	return g_strdup_printf("%s: %s", name, message ? message : "");
}

/* One bad address of several has refused them all: whose it is is not said. */
static bool
is_about_address(const char *error)
{
	return g_regex_match_simple(
	    "^(MC_Exception_)?ValidationError:.*\"(to|email)\"", error, 0, 0);
}

static void
decode_mandrill(const struct provider *provider,
    const struct delivery *delivery, const struct exchange *exchange,
    struct outcome *outcome)
{
	const struct mandrill_account *self = provider->self;
	const struct http_response *response = &exchange->http_response;
	struct json_object *json = response_parse(response);
	g_autofree char *error = read_error(json);
	g_autofree char *page = response_text(response);
	unsigned count = guise_narrow(delivery, outcome);

	if (response->status >= 200 && response->status <= 299 &&
	    json_object_is_type(json, json_type_array))
		read_entries(delivery, response->status, json, outcome);
	else if (error != NULL)
		response_judge(exchange, self->errors, error, outcome);
	else
		response_judge(exchange, self->pages, page, outcome);
	outcome->split = error != NULL && delivery_addresses(delivery) > 1 &&
			 is_about_address(error);
	guise_widen(outcome, count);
	json_object_put(json);
}

const struct translator mandrill = {
	.type = "mandrill",
	.settings = mandrill_settings,
	.kind = EXCHANGE_HTTP,
	.limits = {
		.recipients = 1000,
		.size_bytes = 25000000,
		.carry = carry_mandrill,
		.reserved = reserved,
		.fields = true,
		.raw_utf8 = true,
		.ask_batch = MANDRILL_INQUIRY_BATCH,
		.ask_minute = MANDRILL_INQUIRY_MINUTE,
		.header_recipients = true,
	},
	.options = &mandrill_options_rules,
	.open = open_mandrill,
	.close = close_mandrill,
	.encode = encode_mandrill,
	.decode = decode_mandrill,
	.ask = mandrill_inquiry_ask,
	.asked = mandrill_inquiry_asked,
	.probe = mandrill_probe_ask,
	.probed = mandrill_probe_read,
	.hear = mandrill_hear,
	.harvest = mandrill_harvest_ask,
	.harvested = mandrill_harvest_asked,
};
