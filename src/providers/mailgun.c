/* SPDX-License-Identifier: MIT */
/*
 * Mailgun: POST /v3/DOMAIN/messages with the parts of a mail as a form, or
 * /v3/DOMAIN/messages.mime with the mail as it is.  One id for all recipients,
 * no word about each; one bad address refuses the whole call.
 */
#include "carry.h"
#include "domains.h"
#include "mailgun_account.h"
#include "mailgun_harvest.h"
#include "mailgun_hear.h"
#include "mailgun_inquiry.h"
#include "mailgun_options.h"
#include "mailgun_probe.h"
#include "mailgun_request.h"
#include "mailgun_verdicts.h"
#include "response.h"
#include "translators.h"

#include <json-c/json.h>
#include <string.h>

/* Of the 16 KB that all o:, h:, v: and t: fields may have together the plan,
 * which weighs the extra fields only, is told so much: what the request adds
 * (prefixes, Message-Id, Date, Sender, Reply-To) needs room. */
#define OPTIONS_PLAN (9 * 1024)

static const struct setting mailgun_settings[] = {
	{ .section = "provider",
	    .key = "domain",
	    .type = SETTING_DOMAIN,
	    .only = "mailgun",
	    .required = true,
	    .help = "The sending domain as it stands in the Mailgun account; "
		    "it signs, takes the bounces and is counted.  from: the "
		    "one of `domains` that From is of." },
	{ .section = "provider",
	    .key = "api_key",
	    .type = SETTING_SECRET,
	    .only = "mailgun",
	    .required = true,
	    .help = "The account's API key, or a sending key of the domain." },
	{ .section = "provider",
	    .key = "region",
	    .type = SETTING_CHOICE,
	    .fallback = "us",
	    .choices = "us|eu",
	    .only = "mailgun",
	    .help = "Where the domain lives; in the other region it is not "
		    "found." },
	{ .section = "provider",
	    .key = "region_url",
	    .type = SETTING_URL,
	    .only = "mailgun",
	    .help = "Where the API of the other region is, which a check asks "
		    "when the domain is not found in this one; the default is "
		    "Mailgun's own, without a base_url." },
	{ .section = "provider",
	    .key = "lookup",
	    .type = SETTING_CHOICE,
	    .fallback = "events",
	    .choices = "events|logs|off",
	    .only = "mailgun",
	    .help = "How Mailgun is asked whether it has a mail whose answer "
		    "was lost: its events (the logs once those are gone), "
		    "its logs, or not at all." },
	{ .section = "provider",
	    .key = "lookup_key",
	    .type = SETTING_SECRET,
	    .only = "mailgun",
	    .help = "A second key for lookups and checks, where the sending "
		    "key may not ask." },
	{ .section = "provider",
	    .key = "events",
	    .type = SETTING_CHOICE,
	    .choices = "webhook|poll|off",
	    .only = "mailgun",
	    .help =
		"How we hear what became of the mail (delivered, bounced, "
		"complained of): by Mailgun's webhooks to /v1/events/NAME of "
		"the HTTP door, by asking every events_poll, "
		"or not at all; the default is webhook where webhook_key "
		"is set, else off." },
	{ .section = "provider",
	    .key = "events_poll",
	    .type = SETTING_DURATION,
	    .fallback = "60s",
	    .min = 1000,
	    .max = 86400000,
	    .only = "mailgun",
	    .help = "events = poll: how often they are asked for; Mailgun "
		    "wants 15s at least." },
	{ .section = "provider",
	    .key = "webhook_key",
	    .type = SETTING_SECRET,
	    .only = "mailgun",
	    .help = "The HTTP webhook signing key of the Mailgun account." },
	{ .section = "provider",
	    .key = "webhook_age",
	    .type = SETTING_DURATION,
	    .fallback = "5m",
	    .min = 1000,
	    .max = 86400000,
	    .only = "mailgun",
	    .help = "How long ago a webhook may have been signed; an older "
		    "one is refused for good. Mailgun sends what was not "
		    "taken again for 8h." },
	{ 0 },
};

static char *
make_path(const struct provider *provider, const struct delivery *delivery)
{
	g_autofree char *from = delivery_from_domain(delivery);

	return g_strdup_printf("/v3/%s/messages%s",
	    mailgun_account_domain(provider, from),
	    delivery->form == DELIVERY_RAW ? ".mime" : "");
}

static bool
encode_mailgun(const struct provider *provider, const struct delivery *delivery,
    struct exchange *exchange, GError **error)
{
	const struct submission *submission = delivery->message->submission;
	struct form form = { .id = submission->id };
	g_autofree char *type = form_content_type(&form);

	if (!domains_check(provider, delivery, error))
		return false;
	exchange->body = form.segments = segments_new(submission->spool);
	if (!mailgun_request_write(&form, delivery, error))
		return false;
	form_end(&form);
	exchange->http.method = g_strdup("POST");
	exchange->http.path = make_path(provider, delivery);
	exchange_add_field(exchange, "Accept", "application/json");
	exchange_add_field(exchange, "Content-Type", type);
	return true;
}

/* The body of an error is {"message": TEXT}, a string, or no JSON at all. */
static char *
read_text(const struct http_response *response, struct json_object *json)
{
	const char *message = response_member(json, "message");

	if (message != NULL)
		return g_strdup(message);
	if (json_object_is_type(json, json_type_string))
		return g_strdup(json_object_get_string(json));
	return response_text(response);
}

static bool
is_accepted(unsigned status, struct json_object *json)
{
	const char *id = response_member(json, "id");
	const char *message = response_member(json, "message");

	return status >= 200 && status <= 299 && id != NULL && *id != '\0' &&
	       message != NULL && g_str_has_prefix(message, "Queued");
}

static void
accept_all(unsigned status, struct json_object *json, struct outcome *outcome)
{
	outcome_set_all(outcome, VERDICT_ACCEPTED, status,
	    response_member(json, "message"));
	for (unsigned i = 0; i < outcome->count; i++)
		outcome_set_id(outcome, i, response_member(json, "id"));
}

static bool
fits(const char *pattern, const char *text)
{
	return g_regex_match_simple(pattern, text, G_REGEX_CASELESS, 0);
}

/* One bad address of several has refused them all: only the one that the text
 * names is known to be bad. */
static void
split_recipients(
    const struct delivery *delivery, const char *text, struct outcome *outcome)
{
	bool address = fits(MAILGUN_VERDICTS_ADDRESS, text);

	if (!address && !fits(MAILGUN_VERDICTS_BATCH, text))
		return;
	outcome->split = true;
	for (unsigned i = 0; i < outcome->count; i++) {
		bool named =
		    address &&
		    strstr(text, delivery_recipient(delivery, i)->text) != NULL;

		outcome->verdicts[i].class =
		    named ? VERDICT_RECIPIENT : VERDICT_PAYLOAD;
	}
}

static void
decode_mailgun(const struct provider *provider, const struct delivery *delivery,
    const struct exchange *exchange, struct outcome *outcome)
{
	const struct mailgun_account *self = provider->self;
	const struct http_response *response = &exchange->http_response;
	struct json_object *json = response_parse(response);
	g_autofree char *text = read_text(response, json);

	if (is_accepted(response->status, json)) {
		accept_all(response->status, json, outcome);
	} else {
		response_judge(exchange, self->verdicts, text, outcome);
		if (delivery_addresses(delivery) > 1 &&
		    (response->status == 400 || response->status == 403))
			split_recipients(delivery, text, outcome);
	}
	json_object_put(json);
}

const struct translator mailgun = {
	.type = "mailgun",
	.settings = mailgun_settings,
	.kind = EXCHANGE_HTTP,
	.limits = {
		.recipients = 1000,
		.size_bytes = 25000000,
		.options_bytes = OPTIONS_PLAN,
		.carry = carry_mailgun,
		.fields = true,
		.ask_batch = 1,
		.ask_minute = 300,
		.header_recipients = true,
	},
	.options = &mailgun_options_rules,
	.open = mailgun_account_open,
	.close = mailgun_account_close,
	.encode = encode_mailgun,
	.decode = decode_mailgun,
	.ask = mailgun_inquiry_ask,
	.asked = mailgun_inquiry_asked,
	.probe = mailgun_probe_ask,
	.probed = mailgun_probe_read,
	.hear = mailgun_hear,
	.harvest = mailgun_harvest_ask,
	.harvested = mailgun_harvest_asked,
};
