/* SPDX-License-Identifier: MIT */
/*
 * An SMTP server of one's own or of a provider: the last resort, and the one
 * exit that changes nothing but the documented header fields.  libESMTP speaks
 * for us; what it drops or would add by itself is settled here beforehand, so
 * that each attempt sends the same bytes.
 */
#include "carry.h"
#include "control.h"
#include "domains.h"
#include "guise.h"
#include "mail/raw.h"
#include "mail/retry.h"
#include "translators.h"
#include "upstream_probe.h"
#include "upstream_verdicts.h"

#include "core/clock.h"
#include "core/log.h"
#include <string.h>

/* libESMTP's SASL copies both into one buffer of 513 bytes. */
#define LOGIN_MAX 255

#define TLS_PORT 465

struct upstream {
	struct verdict_table *verdicts;
};

static const char *const reserved[] = { CARRY_UPSTREAM_OWN, NULL };

/* Return-Path and its own libESMTP drops. */
static const char *const omitted[] = { "Return-Path", CARRY_UPSTREAM_OWN,
	NULL };

/* A server says nothing of tags, and does at once what it is asked. */
static const struct options_rules rules = { .type = "smtp" };

static const struct setting upstream_settings[] = {
	{ .section = "provider",
	    .key = "host",
	    .type = SETTING_HOST,
	    .only = "smtp",
	    .required = true,
	    .help = "The SMTP server; its certificate must have this name." },
	{ .section = "provider",
	    .key = "port",
	    .type = SETTING_NUMBER,
	    .fallback = "587",
	    .min = 1,
	    .max = 65535,
	    .only = "smtp",
	    .help = "Its port: 587 for submission, 25 between servers; 465 "
		    "(TLS from the first byte) is not offered." },
	{ .section = "provider",
	    .key = "tls",
	    .type = SETTING_CHOICE,
	    .fallback = "starttls",
	    .choices = "starttls|off",
	    .only = "smtp",
	    .help = "starttls: required, with a certificate that is checked; "
		    "off: in clear." },
	{ .section = "provider",
	    .key = "username",
	    .type = SETTING_STRING,
	    .only = "smtp",
	    .help = "User for AUTH PLAIN or LOGIN; none: no AUTH." },
	{ .section = "provider",
	    .key = "password",
	    .type = SETTING_SECRET,
	    .only = "smtp",
	    .help = "Password for AUTH." },
	{ 0 },
};

static bool
is_loopback(const char *host)
{
	return g_ascii_strcasecmp(host, "localhost") == 0 ||
	       g_str_has_prefix(host, "127.");
}

/* What is wrong with the settings, and which of them; NULL: nothing. */
static const char *
find_fault(const struct endpoint *endpoint, const char **key)
{
	const char *username = endpoint->username;
	const char *password = endpoint->password;

	*key = "port";
	if (endpoint->port == TLS_PORT)
		return "TLS from the first byte is not offered; use port 587, "
		       "where STARTTLS is";
	*key = "host";
	if (strchr(endpoint->host, ':') != NULL)
		return "an IPv6 address cannot be given; use a host name";
	*key = "username";
	if (username != NULL && password == NULL)
		return "it needs a password; set password_file";
	if (username != NULL && strlen(username) > LOGIN_MAX)
		return "it is too long; at most 255 bytes are possible";
	*key = "password";
	if (username == NULL && password != NULL)
		return "it needs a username; set username";
	if (password != NULL && strlen(password) > LOGIN_MAX)
		return "it is too long; at most 255 bytes are possible";
	*key = "tls";
	if (password != NULL && endpoint->tls == ENDPOINT_TLS_OFF &&
	    !is_loopback(endpoint->host))
		return "it would send the password in clear; set tls = starttls, "
		       "or leave username and password out";
	return NULL;
}

/* " = VALUE" of those that hold nothing to hide. */
static char *
show_value(const struct config *config, const char *section, const char *key)
{
	static const char *const texts[] = { "host", "tls", "base_url", NULL };

	if (strcmp(key, "port") == 0)
		return g_strdup_printf(
		    " = %u", (unsigned)config_number(config, section, key));
	if (g_strv_contains(texts, key))
		return g_strconcat(
		    " = ", config_string(config, section, key), NULL);
	return g_strdup("");
}

static bool
check_settings(const struct provider *provider, const struct config *config,
    GError **error)
{
	static const char *const http_keys[] = { "base_url", "proxy", NULL };
	const char *section = provider->section, *key = NULL;
	const char *fault = NULL;

	for (unsigned i = 0; fault == NULL && http_keys[i] != NULL; i++)
		if (config_is_set(config, section, http_keys[i])) {
			key = http_keys[i];
			fault =
			    "it has no meaning for type = smtp; use host and "
			    "port";
		}
	if (fault == NULL)
		fault = find_fault(&provider->endpoint, &key);
	if (fault == NULL)
		return true;
	g_autofree char *shown = show_value(config, section, key);
	g_set_error(error, TRANSLATOR_ERROR, 0, "%s: [%s] %s%s: %s",
	    config_origin(config, section, key), section, key, shown, fault);
	return false;
}

static bool
open_upstream(
    struct provider *provider, const struct config *config, GError **error)
{
	struct endpoint *endpoint = &provider->endpoint;
	const char *section = provider->section;
	struct upstream *self;

	endpoint->host = config_string(config, section, "host");
	endpoint->port = (unsigned)config_number(config, section, "port");
	endpoint->username = config_string(config, section, "username");
	endpoint->password = config_string(config, section, "password");
	if (strcmp(config_string(config, section, "tls"), "off") == 0)
		endpoint->tls = ENDPOINT_TLS_OFF;
	if (!check_settings(provider, config, error))
		return false;
	if (endpoint->username != NULL)
		log_hide_login(endpoint->username, endpoint->password);
	self = g_new0(struct upstream, 1);
	self->verdicts = verdict_table_new(upstream_verdicts);
	provider->self = self;
	return true;
}

static void
close_upstream(struct provider *provider)
{
	struct upstream *self = provider->self;

	verdict_table_free(self->verdicts);
	g_free(self);
}

static void
on_wish_clear(void *wish)
{
	g_free(((struct envelope_wish *)wish)->original);
}

/* What the sender wishes to be told of these recipients; NULL: nothing was
 * said. */
static GArray *
copy_wishes(const struct delivery *delivery)
{
	const struct envelope *envelope =
	    delivery->message->submission->envelope;
	bool said = envelope->id != NULL ||
		    envelope->returned != ENVELOPE_RETURN_UNSAID;
	GArray *wishes =
	    g_array_new(FALSE, FALSE, sizeof(struct envelope_wish));

	g_array_set_clear_func(wishes, on_wish_clear);
	for (unsigned i = 0; i < delivery->count; i++) {
		struct envelope_wish wish =
		    *envelope_wish_of(envelope, delivery->recipients[i]);

		said |= wish.notify != ENVELOPE_NOTIFY_UNSAID ||
			wish.original != NULL;
		wish.original = g_strdup(wish.original);
		g_array_append_val(wishes, wish);
	}
	if (!said)
		g_clear_pointer(&wishes, g_array_unref);
	return wishes;
}

/* Whoever gets the mail instead of its recipients is no concern of its
 * sender. */
static void
encode_wishes(const struct delivery *delivery, struct smtp_request *request)
{
	const struct envelope *envelope =
	    delivery->message->submission->envelope;

	if (delivery->guise.redirect != NULL)
		return;
	request->wishes = copy_wishes(delivery);
	if (request->wishes == NULL)
		return;
	request->envid = g_strdup(envelope->id);
	request->returned = envelope->returned;
}

/* An address has 254 octets at most (mail/address.h): libESMTP prints a command
 * into 1,024 and cuts off what is more. */
static void
encode_envelope(const struct delivery *delivery, struct smtp_request *request)
{
	const struct submission *submission = delivery->message->submission;
	const struct address *sender = submission->envelope->sender;

	if (sender != NULL)
		request->sender = address_copy(sender);
	for (unsigned i = 0; i < delivery_addresses(delivery); i++)
		g_ptr_array_add(request->recipients,
		    address_copy(delivery_recipient(delivery, i)));
}

/* The same without a byte over 0x7f; not of a mail that is signed as a whole.
 */
static void
encode_seven(const struct delivery *delivery, struct raw_options options,
    struct smtp_request *request)
{
	const struct message *message = delivery->message;

	if ((message->traits & TRAIT_DKIM) != 0)
		return;
	request->seven = segments_new(message->submission->spool);
	options.seven = true;
	request->unseven = !raw_append(request->seven, message, &options);
}

static bool
encode_upstream(const struct provider *provider,
    const struct delivery *delivery, struct exchange *exchange, GError **error)
{
	struct raw_options options = {
		.hostname = delivery->hostname,
		.omit = omitted,
		.ascii = true,
		.once = true,
	};
	struct guise guise;

	g_assert(delivery->form == DELIVERY_RAW);
	if (!domains_check(provider, delivery, error) ||
	    !control_check(delivery, &rules, error))
		return false;
	encode_envelope(delivery, &exchange->smtp);
	encode_wishes(delivery, &exchange->smtp);
	exchange->body = segments_new(delivery->message->submission->spool);
	guise_wear(&guise, delivery, "", &options);
	exchange->smtp.eightbit =
	    !raw_append(exchange->body, delivery->message, &options);
	if (exchange->smtp.eightbit)
		encode_seven(delivery, options, &exchange->smtp);
	guise_clear(&guise);
	return true;
}

/* A response while it is read into verdicts. */
struct reading {
	const struct upstream *self;
	const struct exchange *exchange;
	struct outcome *outcome;
	bool taken; /* the server has taken some recipient */
};

static void
set_plain(const struct reading *reading, unsigned i, enum verdict_class class,
    const char *text)
{
	outcome_set(reading->outcome, i, class, 0, text);
}

/* A wait that is said of one recipient is not the server's. */
static void
mark_verdict(
    struct outcome *outcome, unsigned i, const struct verdict_rule *rule)
{
	struct verdict *verdict = &outcome->verdicts[i];

	verdict->single = rule->mark == VERDICT_SINGLE;
	verdict->surplus = rule->mark == VERDICT_SURPLUS;
	if (outcome->retry_ms != 0 || verdict->single || verdict->surplus ||
	    (rule->class != VERDICT_THROTTLE && rule->class != VERDICT_OUTAGE))
		return;
	outcome->retry_ms = retry_in_text(verdict->text, clock_wall_ms());
}

/* One too many is not too many when nobody was taken before: it is a limit. */
static const struct verdict_rule *
find_rule(const struct reading *reading, const char *stage,
    const struct smtp_reply *reply, const char *said)
{
	static const struct verdict_rule stranger = { .class = VERDICT_OUTAGE,
		.mark = VERDICT_UNKNOWN };
	static const struct verdict_rule limit = { .class = VERDICT_THROTTLE };
	g_autofree char *subject = g_strdup_printf("%s %s", stage, said);
	const struct verdict_rule *rule =
	    verdict_find(reading->self->verdicts, reply->code, subject);

	if (rule == NULL)
		return &stranger;
	if (rule->mark == VERDICT_SURPLUS && !reading->taken)
		return &limit;
	return rule;
}

static char *
tell_reply(const struct smtp_reply *reply)
{
	return g_strjoin(reply->enhanced != NULL ? " " : "",
	    reply->enhanced != NULL ? reply->enhanced : "",
	    reply->text != NULL ? reply->text : "", NULL);
}

/* Reads a reply that is no acceptance into the verdict of recipient i. */
static void
judge_reply(const struct reading *reading, unsigned i, const char *stage,
    const struct smtp_reply *reply)
{
	g_autofree char *said = tell_reply(reply);
	g_autofree char *text = g_strdup_printf("%u %s", reply->code, said);
	const struct verdict_rule *rule =
	    find_rule(reading, stage, reply, said);

	outcome_set(reading->outcome, i, rule->class, reply->code, text);
	mark_verdict(reading->outcome, i, rule);
	reading->outcome->unknown |= rule->mark == VERDICT_UNKNOWN;
}

static bool
is_positive(const struct smtp_reply *reply)
{
	return reply->code >= 200 && reply->code <= 299;
}

static bool
is_negative(const struct smtp_reply *reply)
{
	return reply->code >= 400;
}

/* The reply that ended the session for all recipients before any was named, and
 * its stage; NULL: none did. */
static const struct smtp_reply *
find_end(const struct smtp_response *response, const char **stage)
{
	*stage = response->auth_failed ? "AUTH" : "CONNECT";
	if (response->auth_failed || is_negative(&response->greeting))
		return &response->greeting;
	*stage = "MAIL";
	return is_negative(&response->sender) ? &response->sender : NULL;
}

static const struct smtp_reply *
find_recipient(const struct smtp_response *response, unsigned i)
{
	return response->recipients != NULL ? &response->recipients[i] : NULL;
}

static unsigned
count_taken(const struct smtp_response *response, unsigned count)
{
	unsigned taken = 0;

	for (unsigned i = 0; i < count && response->recipients != NULL; i++)
		if (is_positive(&response->recipients[i]))
			taken++;
	return taken;
}

static void
accept_recipient(const struct reading *reading, unsigned i)
{
	const struct smtp_reply *data = &reading->exchange->smtp_response.data;
	g_autofree char *said = tell_reply(data);
	g_autofree char *text = g_strdup_printf("%u %s", data->code, said);

	outcome_set(reading->outcome, i, VERDICT_ACCEPTED, data->code, text);
	reading->outcome->verdicts[i].notifies =
	    reading->exchange->smtp_response.notifies;
}

/* After 2xx to RCPT it is the reply to the final dot that decides; when that is
 * missing, or still the one to DATA or to an earlier piece, nobody knows. */
static void
judge_recipient(const struct reading *reading, unsigned i)
{
	const struct exchange *exchange = reading->exchange;
	const struct smtp_response *response = &exchange->smtp_response;
	const struct smtp_reply *data = &response->data;
	const struct smtp_reply *recipient = find_recipient(response, i);

	if (recipient != NULL && is_negative(recipient))
		judge_reply(reading, i, "RCPT", recipient);
	else if (recipient == NULL || !is_positive(recipient))
		set_plain(reading, i, VERDICT_OUTAGE,
		    exchange->error != NULL ? exchange->error
					    : "the session ended early");
	else if (is_negative(data))
		judge_reply(reading, i, "DATA", data);
	else if (is_positive(data))
		accept_recipient(reading, i);
	else
		set_plain(
		    reading, i, VERDICT_DOUBT, "no reply after the final dot");
}

/* The mail was refused for somebody's sake, and the reply to the final dot says
 * not whose: fewer at a time. */
static void
split_recipients(const struct reading *reading, unsigned taken)
{
	const struct smtp_response *response =
	    &reading->exchange->smtp_response;
	struct outcome *outcome = reading->outcome;

	if (taken < 2 || !is_negative(&response->data))
		return;
	for (unsigned i = 0; i < outcome->count; i++) {
		if (!is_positive(&response->recipients[i]) ||
		    outcome->verdicts[i].class != VERDICT_RECIPIENT)
			continue;
		outcome->verdicts[i].class = VERDICT_PAYLOAD;
		outcome->split = true;
	}
}

/* Most servers say "queued as ID", the name by which their log has it. */
static void
set_queue_id(struct outcome *outcome, const char *text)
{
	static const char words[] = "queued as ";
	const char *found = text == NULL ? NULL : strstr(text, words);
	g_autofree char *id = NULL;

	if (found == NULL)
		return;
	found += strlen(words);
	id = g_strndup(found, strcspn(found, " \r\n"));
	for (unsigned i = 0; i < outcome->count; i++)
		if (outcome->verdicts[i].class == VERDICT_ACCEPTED)
			outcome_set_id(outcome, i, id);
}

/* The whole mail had left and its answer is missing: who was not refused before
 * may have it, whatever else is known or not, and stays in doubt. */
static void
decode_lost(const struct reading *reading)
{
	const struct smtp_response *response =
	    &reading->exchange->smtp_response;

	for (unsigned i = 0; i < reading->outcome->count; i++) {
		const struct smtp_reply *reply = find_recipient(response, i);

		if (is_negative(&response->sender))
			judge_reply(reading, i, "MAIL", &response->sender);
		else if (reply != NULL && is_negative(reply))
			judge_reply(reading, i, "RCPT", reply);
	}
}

static void
read_session(const struct provider *provider, const struct exchange *exchange,
    struct outcome *outcome)
{
	const struct smtp_response *response = &exchange->smtp_response;
	unsigned taken = count_taken(response, outcome->count);
	const struct reading reading = { provider->self, exchange, outcome,
		taken > 0 };
	const char *stage;
	const struct smtp_reply *end = find_end(response, &stage);

	if (exchange->end == EXCHANGE_LOST) {
		decode_lost(&reading);
		return;
	}
	if (response->tls_missing) {
		outcome_set_all(outcome, VERDICT_ACCOUNT,
		    response->greeting.code,
		    "the server does not offer STARTTLS; set tls = off only "
		    "if its network is yours");
		return;
	}
	for (unsigned i = 0; i < outcome->count; i++) {
		if (end != NULL)
			judge_reply(&reading, i, stage, end);
		else
			judge_recipient(&reading, i);
	}
	split_recipients(&reading, taken);
	set_queue_id(outcome, response->data.text);
}

static void
decode_upstream(const struct provider *provider,
    const struct delivery *delivery, const struct exchange *exchange,
    struct outcome *outcome)
{
	unsigned count = guise_narrow(delivery, outcome);

	read_session(provider, exchange, outcome);
	guise_widen(outcome, count);
}

const struct translator upstream = {
	.type = "smtp",
	.settings = upstream_settings,
	.kind = EXCHANGE_SMTP,
	.limits = {
		/* RFC 5321 4.5.3.1.8: every server takes 100 */
		.recipients = 100,
		.size_bytes = UINT64_MAX,
		.raw_ascii = true,
		.carry = carry_upstream,
		.reserved = reserved,
	},
	.options = &rules,
	.open = open_upstream,
	.close = close_upstream,
	.encode = encode_upstream,
	.decode = decode_upstream,
	.probe = upstream_probe_ask,
	.probed = upstream_probe_read,
};
