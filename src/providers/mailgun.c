/* SPDX-License-Identifier: MIT */
/*
 * Mailgun: POST /v3/DOMAIN/messages with the parts of a mail as a form, or
 * /v3/DOMAIN/messages.mime with the mail as it is.  One id for all recipients,
 * no word about each; one bad address refuses the whole call.
 */
#include "mailgun_request.h"
#include "mailgun_verdicts.h"
#include "response.h"
#include "translators.h"

#include <json-c/json.h>
#include <string.h>

#define US_URL "https://api.mailgun.net"
#define EU_URL "https://api.eu.mailgun.net"

/* In a domain these make another path of the URL, and Mailgun answers a path it
 * does not know with 200. */
#define DOMAIN_FORBIDDEN "/:&'@(),!?#;%+=<>"

/* Of the 16 KB that all o:, h:, v: and t: fields may have together the plan,
 * which weighs the extra fields only, is told so much: what the request adds
 * (prefixes, Message-Id, Date, Sender, Reply-To) needs room. */
#define OPTIONS_PLAN (9 * 1024)

/* What fields lose nothing of:
 *   INLINE_OTHER     an inline part may be of any type;
 *   NAME_NON_ASCII   raw UTF-8 in the form arrives;
 *   DISPLAY_NON_ASCII  so does a name without specials.
 * All else is lost, and why:
 *   ALTERNATIVE, REPORT, UNKNOWN     there is one text and one html;
 *   NESTED_MESSAGE                   it would be a file among others;
 *   SIGNED, ENCRYPTED, DKIM          the bytes they speak of are made anew;
 *   REPEATED_FIELD                   h:NAME is taken once;
 *   LONG_FIELD                       nobody says how it is folded;
 *   EIGHTBIT_FIELD                   its charset is a guess;
 *   INLINE_NAMED                     the file name becomes the Content-ID;
 *   INLINE_TWINS                     so two of one name collide;
 *   ATTACHMENT_CID                   an attachment has a name only;
 *   PART_HEADERS                     there is no field for them;
 *   NAME_MISSING, NAME_UNSAFE        such a file is dropped, or renamed;
 *   MANY_FROM, GROUP, ADDRESS_BROKEN cannot be said in fields;
 *   NO_TO                            a `to` is required;
 *   NO_BODY                          a text would have to be made up;
 *   DISPLAY_SPECIAL                  encoded words end up inside quotes;
 *   TEXT_LARGE, OPAQUE               the message does not hold it;
 *   TEXT_UNDECODABLE, MALFORMED      it could not be read whole. */
#define FIELDS_CARRY \
	(TRAIT_INLINE_OTHER | TRAIT_NAME_NON_ASCII | TRAIT_DISPLAY_NON_ASCII)

/* The MIME is passed on as it came, header fields and their order too; what is
 * added (DKIM-Signature, Sender, Received) stands beside it. */
#define RAW_CARRY ((1u << TRAIT_COUNT) - 1)

struct mailgun {
	char *fields_path, *raw_path;
	struct verdict_table *verdicts;
};

static const struct setting mailgun_settings[] = {
	{ .section = "provider",
	    .key = "domain",
	    .type = SETTING_DOMAIN,
	    .only = "mailgun",
	    .required = true,
	    .help = "The sending domain as it stands in the Mailgun account; "
		    "it signs, takes the bounces and is counted." },
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
	{ 0 },
};

static char *
read_domain(const struct provider *provider, GError **error)
{
	const char *domain =
	    config_string(provider->config, provider->section, "domain");
	char *ascii = address_domain_to_ascii(domain);

	if (ascii != NULL && strpbrk(ascii, DOMAIN_FORBIDDEN) == NULL)
		return ascii;
	g_free(ascii);
	g_set_error(error, TRANSLATOR_ERROR, 0,
	    "%s: [%s] domain = %s: it is no domain; give the sending domain "
	    "as Mailgun shows it, such as mg.example.com",
	    config_origin(provider->config, provider->section, "domain"),
	    provider->section, domain);
	return NULL;
}

static bool
open_mailgun(
    struct provider *provider, const struct config *config, GError **error)
{
	const char *region = config_string(config, provider->section, "region");
	g_autofree char *domain = read_domain(provider, error);
	struct mailgun *self;

	if (domain == NULL)
		return false;
	self = g_new0(struct mailgun, 1);
	self->fields_path = g_strdup_printf("/v3/%s/messages", domain);
	self->raw_path = g_strdup_printf("/v3/%s/messages.mime", domain);
	self->verdicts = verdict_table_new(mailgun_verdicts);
	provider->self = self;
	if (provider->endpoint.base_url == NULL)
		provider->endpoint.base_url =
		    strcmp(region, "eu") == 0 ? EU_URL : US_URL;
	provider->endpoint.username = "api";
	provider->endpoint.password =
	    config_string(config, provider->section, "api_key");
	return true;
}

static void
close_mailgun(struct provider *provider)
{
	struct mailgun *self = provider->self;

	g_free(self->fields_path);
	g_free(self->raw_path);
	verdict_table_free(self->verdicts);
	g_free(self);
}

static bool
encode_mailgun(const struct provider *provider, const struct delivery *delivery,
    struct exchange *exchange, GError **error)
{
	const struct mailgun *self = provider->self;
	const struct submission *submission = delivery->message->submission;
	struct form form = { .id = submission->id };
	g_autofree char *type = form_content_type(&form);

	exchange->body = form.segments = segments_new(submission->spool);
	if (!mailgun_request_write(&form, delivery, error))
		return false;
	form_end(&form);
	exchange->http.method = g_strdup("POST");
	exchange->http.path =
	    g_strdup(delivery->form == DELIVERY_RAW ? self->raw_path
						    : self->fields_path);
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
	const struct mailgun *self = provider->self;
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
		.fields_carry = FIELDS_CARRY,
		.raw_carry = RAW_CARRY,
		.fields = true,
		.header_recipients = true,
	},
	.open = open_mailgun,
	.close = close_mailgun,
	.encode = encode_mailgun,
	.decode = decode_mailgun,
};
