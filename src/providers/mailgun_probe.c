/* SPDX-License-Identifier: MIT */
#include "mailgun_probe.h"

#include "form.h"
#include "mailgun_account.h"
#include "query.h"
#include "response.h"

#include <json-c/json.h>
#include <string.h>

#define DOMAIN_PATH "/v4/domains/"
#define QUEUES_PATH "/v3/domains/%s/sending_queues"
#define SEND_PATH   "/v3/%s/messages"

/* The id of a form that brings no mail. */
#define NO_MAIL "probe"

/* A probe asks for so many domains, two requests each. */
#define DOMAINS_MAX 10

/* One domain after the other is asked for: its state, then its queue.  What
 * does not show thereby is asked last: whether api_key may send. */
struct step {
	const struct provider *provider;
	const struct mailgun_account *self;
	struct exchange *exchange;
	struct health *health;
	const char *domain;
	unsigned number; /* of the domain */
};

/* The account's domain number i that is asked for, or NULL. */
static const char *
find_domain(const struct provider *provider, unsigned i)
{
	const struct mailgun_account *self = provider->self;

	if (self->domain != NULL || i >= DOMAINS_MAX)
		return i == 0 ? self->domain : NULL;
	for (char **at = provider->domains; *at != NULL; at++)
		if (i-- == 0)
			return *at;
	return NULL;
}

static bool
has_many(const struct step *step)
{
	return find_domain(step->provider, 1) != NULL;
}

static char *
make_path(const char *domain)
{
	return g_strconcat(DOMAIN_PATH, domain, NULL);
}

static char *
make_queues_path(const char *domain)
{
	return g_strdup_printf(QUEUES_PATH, domain);
}

static char *
make_send_path(const char *domain)
{
	return g_strdup_printf(SEND_PATH, domain);
}

/* Adds what was found of the account; takes the text over. */
static void
find(const struct step *step, enum health_state state, const char *advice,
    char *text)
{
	g_autofree char *owned = text;
	const struct health finding = {
		.state = state,
		.text = owned,
		.advice = (char *)advice,
	};

	query_find(step->health, &finding);
}

/* That its domain is bad; one of several is not the whole account. */
static void
find_bad(const struct step *step, const char *advice, char *text)
{
	find(step, has_many(step) ? HEALTH_DOUBTFUL : HEALTH_BAD, advice, text);
}

/* "until DATE: REASON" of an object `disabled`, as far as it says that. */
static char *
read_disabled(struct json_object *object)
{
	struct json_object *disabled =
	    query_member(object, "disabled", json_type_object);
	const char *until = response_member(disabled, "until");
	const char *reason = response_member(disabled, "reason");
	bool dated = until != NULL && *until != '\0';
	bool reasoned = reason != NULL && *reason != '\0';

	return g_strdup_printf("%s%s%s%s", dated ? " until " : "",
	    dated ? until : "", reasoned ? ": " : "", reasoned ? reason : "");
}

static bool
is_true(struct json_object *object, const char *name)
{
	return json_object_get_boolean(
	    query_member(object, name, json_type_boolean));
}

/* The first DNS record that is not valid: "TXT mg.example.com"; NULL: none. */
static char *
find_record(struct json_object *json)
{
	struct json_object *records =
	    query_member(json, "sending_dns_records", json_type_array);
	size_t count = records != NULL ? json_object_array_length(records) : 0;

	for (size_t i = 0; i < count; i++) {
		struct json_object *record =
		    json_object_array_get_idx(records, i);
		const char *type = response_member(record, "record_type");
		const char *name = response_member(record, "name");

		if (g_strcmp0(response_member(record, "valid"), "invalid") == 0)
			return g_strdup_printf("%s %s",
			    type != NULL ? type : "record",
			    name != NULL ? name : "");
	}
	return NULL;
}

static void
read_records(const struct step *step, struct json_object *json)
{
	g_autofree char *record = find_record(json);

	if (record == NULL)
		find(step, HEALTH_GOOD, NULL,
		    g_strdup_printf("domain %s is active", step->domain));
	else
		find(step, HEALTH_DOUBTFUL,
		    "set the DNS records as Mailgun's control panel shows "
		    "them; without them mail is taken for spam",
		    g_strdup_printf("domain %s: its DNS record %s is not as "
				    "Mailgun wants it",
			step->domain, record));
}

static void
read_domain(const struct step *step, struct json_object *json)
{
	struct json_object *domain =
	    query_member(json, "domain", json_type_object);
	const char *state = response_member(domain, "state");
	g_autofree char *disabled = read_disabled(domain);

	if (is_true(domain, "is_disabled") || g_strcmp0(state, "disabled") == 0)
		find_bad(step,
		    "look into Mailgun's control panel, or write to its "
		    "support",
		    g_strdup_printf(
			"domain %s is disabled%s", step->domain, disabled));
	else if (g_strcmp0(state, "active") == 0)
		read_records(step, json);
	else
		find_bad(step,
		    "set the DNS records that Mailgun's control panel shows, "
		    "and have it verify them",
		    g_strdup_printf("domain %s is %s at Mailgun", step->domain,
			state != NULL ? state : "in no state that is known"));
}

/* A queue that is full takes no more. */
static void
read_queue(const struct step *step, struct json_object *json)
{
	struct json_object *queue =
	    query_member(json, "regular", json_type_object);
	g_autofree char *disabled = read_disabled(queue);

	if (is_true(queue, "is_disabled"))
		find_bad(step,
		    "mail goes by the next provider meanwhile; look into "
		    "Mailgun's control panel why so much waits there",
		    g_strdup_printf("the queue of domain %s takes no mail%s",
			step->domain, disabled));
}

/* ---- the next request ---- */

static void
tell_all(const struct step *step)
{
	g_autofree char *text = NULL;

	if (!has_many(step) || step->health->state != HEALTH_GOOD)
		return;
	text = g_strdup_printf("%s %u domains are active",
	    step->provider->domains[step->number + 1] != NULL ? "the first"
							      : "all",
	    step->number + 1);
	health_set(step->health, HEALTH_GOOD, text, NULL);
}

/* A call to send that has no mail in it, neither From nor recipients: it is
 * told what is missing when the key may send, and is unauthorized when not. */
static bool
ask_sending(const struct step *step)
{
	struct exchange *exchange = step->exchange;
	struct form form = { .id = NO_MAIL };
	g_autofree char *type = form_content_type(&form);

	exchange_renew(exchange);
	exchange->endpoint = &step->provider->endpoint;
	exchange->http.method = g_strdup("POST");
	exchange->http.path = make_send_path(step->domain);
	exchange_add_field(exchange, "Accept", "application/json");
	exchange_add_field(exchange, "Content-Type", type);
	exchange->body = form.segments = segments_new(NULL);
	form_add(&form, "o:testmode", "yes");
	form_end(&form);
	return true;
}

static bool
ask_next(const struct step *step)
{
	const char *next = find_domain(step->provider, step->number + 1);
	g_autofree char *path = NULL;

	if (next == NULL) {
		tell_all(step);
		return step->self->lookup_key && ask_sending(step);
	}
	path = make_path(next);
	exchange_renew(step->exchange);
	query_get(step->exchange, &step->self->asking, path);
	return true;
}

static bool
ask_queues(const struct step *step)
{
	g_autofree char *path = make_queues_path(step->domain);

	exchange_renew(step->exchange);
	query_get(step->exchange, &step->self->asking, path);
	return true;
}

static bool
ask_other(const struct step *step)
{
	g_autofree char *path = make_path(step->domain);

	exchange_renew(step->exchange);
	query_get(step->exchange, &step->self->other, path);
	return true;
}

/* ---- what came of it ---- */

static void
tell_region(const struct step *step)
{
	const struct mailgun_account *self = step->self;
	g_autofree char *here = g_ascii_strup(self->region, -1);
	g_autofree char *there = g_ascii_strup(self->other_region, -1);
	g_autofree char *advice = g_strdup_printf("set region = %s in [%s]",
	    self->other_region, step->provider->section);

	find_bad(step, advice,
	    g_strdup_printf("domain %s lives in the %s region, and the %s "
			    "region is asked to send for it",
		step->domain, there, here));
}

/* The domain is not in this region: is it in the other one? */
static bool
read_other(const struct step *step, struct json_object *json)
{
	const struct exchange *exchange = step->exchange;
	bool asked = exchange->endpoint == &step->self->other;

	if (query_member(json, "domain", json_type_object) != NULL)
		tell_region(step);
	else
		find_bad(step,
		    "look at the spelling of the domain, and at region",
		    g_strdup_printf("domain %s is not in this Mailgun "
				    "account%s",
			step->domain,
			asked && exchange->http_response.status != 404
			    ? ", not in this region at least; the other one "
			      "could not be asked"
			    : ""));
	return ask_next(step);
}

/* A sending key may send and nothing else, so this alone is no fault. */
static bool
read_refusal(const struct step *step, const char *said)
{
	if (step->self->lookup_key)
		find(step, HEALTH_DOUBTFUL,
		    "set another lookup_key; mail goes with api_key all the "
		    "same",
		    g_strdup_printf("lookup_key is refused (%s)", said));
	else
		find(step, HEALTH_UNKNOWN,
		    "look at api_key; with a key of the account in lookup_key "
		    "it is checked, and lost answers are looked up",
		    g_strdup_printf("api_key may not look at the account "
				    "(%s), as a key for sending only never "
				    "may, or the key is wrong",
			said));
	return ask_sending(step);
}

/* The key was taken: what was missing is the mail. */
static void
tell_sending(const struct step *step)
{
	if (!step->self->lookup_key && step->health->state == HEALTH_UNKNOWN)
		health_set(step->health, HEALTH_UNKNOWN,
		    "api_key may send, but not look at the account: how the "
		    "domain is there is not known",
		    "set lookup_key to a key of the account to have it "
		    "checked, and lost answers looked up");
}

/* What is neither yes nor no leaves what was found before. */
static bool
read_sending(const struct step *step)
{
	unsigned status = step->exchange->end == EXCHANGE_ANSWERED
			      ? step->exchange->http_response.status
			      : 0;
	g_autofree char *text = query_text(step->exchange);

	if (query_is_throttle(step->exchange, text))
		return false;
	if (status == 401)
		find(step, HEALTH_BAD,
		    "set api_key to a key of this Mailgun account, or to the "
		    "sending key of this domain",
		    g_strdup_printf("api_key is refused (%s)", text));
	else if (status == 403 || strstr(text, "not allowed to send") != NULL)
		find_bad(step, "look into Mailgun's control panel",
		    g_strdup_printf("no mail may be sent by domain %s: %s",
			step->domain, text));
	else if (status == 404)
		find_bad(step,
		    "look at the spelling of the domain, and at region",
		    g_strdup_printf("mail cannot be sent by domain %s: %s",
			step->domain, text));
	else if (status == 400)
		tell_sending(step);
	return false;
}

static bool
read_fault(const struct step *step)
{
	unsigned status = step->exchange->http_response.status;
	g_autofree char *text = query_text(step->exchange);

	if (query_is_throttle(step->exchange, text)) {
		find(step, HEALTH_UNKNOWN, NULL,
		    g_strdup_printf("not checked: %s", text));
		return false;
	}
	if (status == 401 || status == 403)
		return read_refusal(step, text);
	if (status == 404 && strstr(text, "omain") != NULL) {
		if (step->self->other.base_url != NULL)
			return ask_other(step);
		return read_other(step, NULL);
	}
	find(step, HEALTH_BAD,
	    "this is not how Mailgun answers: look at base_url, proxy and "
	    "domain",
	    g_strdup_printf("the domain cannot be looked at: %s", text));
	return false;
}

/* Which domain it was about: the longest name, one may begin another's. */
static bool
read_step(struct step *step, const struct provider *provider)
{
	const char *path = step->exchange->http.path;

	step->provider = provider;
	step->self = provider->self;
	for (unsigned i = 0; find_domain(provider, i) != NULL; i++) {
		g_autofree char *state = make_path(find_domain(provider, i));
		g_autofree char *queues =
		    make_queues_path(find_domain(provider, i));
		g_autofree char *send =
		    make_send_path(find_domain(provider, i));

		if (strcmp(path, state) != 0 && strcmp(path, queues) != 0 &&
		    strcmp(path, send) != 0)
			continue;
		step->number = i;
		step->domain = find_domain(provider, i);
		return true;
	}
	return false;
}

static bool
read_answer(const struct step *step, struct json_object *json)
{
	const struct exchange *exchange = step->exchange;

	if (exchange->endpoint == &step->self->other)
		return read_other(step, json);
	if (strcmp(exchange->http.method, "POST") == 0)
		return read_sending(step);
	if (!g_str_has_prefix(exchange->http.path, DOMAIN_PATH)) {
		read_queue(step, json);
		return ask_next(step);
	}
	if (query_member(json, "domain", json_type_object) == NULL)
		return read_fault(step);
	read_domain(step, json);
	return ask_queues(step);
}

bool
mailgun_probe_ask(const struct provider *provider, struct exchange *exchange)
{
	const struct mailgun_account *self = provider->self;
	g_autofree char *path = make_path(find_domain(provider, 0));

	query_get(exchange, &self->asking, path);
	return true;
}

bool
mailgun_probe_read(const struct provider *provider, struct exchange *exchange,
    struct health *health)
{
	struct step step = { .exchange = exchange, .health = health };
	struct json_object *json;
	bool more;

	query_begin(exchange, health);
	if (!read_step(&step, provider))
		return false;
	/* all else is asked beside the domain */
	if (exchange->endpoint != &step.self->other &&
	    g_str_has_prefix(exchange->http.path, DOMAIN_PATH) &&
	    query_is_unreachable(exchange, health))
		return false;
	json = query_answer(exchange, 200);
	more = read_answer(&step, json);
	json_object_put(json);
	return more;
}
