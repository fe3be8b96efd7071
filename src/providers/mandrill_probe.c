/* SPDX-License-Identifier: MIT */
#include "mandrill_probe.h"

#include "mandrill_account.h"
#include "query.h"
#include "response.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <string.h>

#define PING_PATH    "/api/1.0/users/ping2.json"
#define INFO_PATH    "/api/1.0/users/info.json"
#define DOMAINS_PATH "/api/1.0/senders/domains.json"

/* Of 100; below it Mandrill holds mail back. */
#define REPUTATION_POOR 25

static void
ask(const struct provider *provider, const char *path,
    struct exchange *exchange)
{
	const struct mandrill_account *self = provider->self;
	struct json_object *query = json_object_new_object();

	json_object_object_add(query, "key", json_object_new_string(self->key));
	query_post(exchange, path, query);
}

bool
mandrill_probe_ask(const struct provider *provider, struct exchange *exchange)
{
	ask(provider, PING_PATH, exchange);
	return true;
}

static bool
ask_next(const struct provider *provider, const char *path,
    struct exchange *exchange)
{
	exchange_renew(exchange);
	ask(provider, path, exchange);
	return true;
}

/* Adds what was found; takes the text over. */
static void
find(struct health *health, enum health_state state, char *text,
    const char *advice)
{
	const struct health finding = {
		.state = state,
		.text = text,
		.advice = (char *)advice,
	};

	query_find(health, &finding);
	g_free(text);
}

/* ---- the key ---- */

static bool
read_fault(const struct exchange *exchange, struct health *health)
{
	g_autofree char *text = query_text(exchange);

	if (query_is_throttle(exchange, text))
		find(health, HEALTH_UNKNOWN,
		    g_strdup_printf("not checked: %s", text), NULL);
	else if (strstr(text, "Invalid_Key") != NULL ||
		 exchange->http_response.status == 401)
		find(health, HEALTH_BAD,
		    g_strdup_printf("api_key is refused (%s)", text),
		    "set api_key to an active key of the Mandrill account");
	else
		find(health, HEALTH_BAD,
		    g_strdup_printf("the key cannot be checked: %s", text),
		    "this is not how Mandrill answers: look at base_url and "
		    "proxy");
	return false;
}

/* API 1.0 says 500 of a wrong key too. */
static bool
is_error(const struct exchange *exchange)
{
	struct json_object *json = response_parse(&exchange->http_response);
	const char *name = response_member(json, "name");
	bool error = name != NULL && strcmp(name, "GeneralError") != 0 &&
		     strcmp(name, "ServiceUnavailable") != 0;

	json_object_put(json);
	return exchange->end == EXCHANGE_ANSWERED && error;
}

static bool
read_ping(const struct provider *provider, struct exchange *exchange,
    struct health *health)
{
	struct json_object *json;
	bool pong;

	if (!is_error(exchange) && query_is_unreachable(exchange, health))
		return false;
	json = query_answer(exchange, 200);
	pong = g_strcmp0(response_member(json, "PING"), "PONG!") == 0;
	json_object_put(json);
	if (!pong)
		return read_fault(exchange, health);
	find(health, HEALTH_GOOD, g_strdup("the key is good"), NULL);
	return ask_next(provider, INFO_PATH, exchange);
}

/* ---- the account ---- */

static int64_t
read_number(struct json_object *json, const char *name, int64_t missing)
{
	struct json_object *number = NULL;

	if (!json_object_is_type(json, json_type_object) ||
	    !json_object_object_get_ex(json, name, &number) ||
	    !(json_object_is_type(number, json_type_int) ||
		json_object_is_type(number, json_type_double)))
		return missing;
	return (int64_t)json_object_get_double(number);
}

/* The better account says its numbers too. */
static void
tell_numbers(struct json_object *json, struct health *health)
{
	g_autofree char *text = NULL;

	if (health->state != HEALTH_GOOD ||
	    query_member(json, "username", json_type_string) == NULL)
		return;
	text =
	    g_strdup_printf("the key is good, reputation %" PRId64 ", %" PRId64
			    " mails an hour, %" PRId64 " waiting there",
		read_number(json, "reputation", 0),
		read_number(json, "hourly_quota", 0),
		read_number(json, "backlog", 0));
	health_set(health, HEALTH_GOOD, text, NULL);
}

static bool
read_info(const struct provider *provider, struct exchange *exchange,
    struct health *health)
{
	struct json_object *json = query_answer(exchange, 200);
	int64_t reputation = read_number(json, "reputation", 100);
	int64_t quota = read_number(json, "hourly_quota", 0);
	int64_t backlog = read_number(json, "backlog", 0);

	if (backlog > 0 && backlog >= quota)
		find(health, HEALTH_DOUBTFUL,
		    g_strdup_printf("%" PRId64 " mails wait at Mandrill, which "
				    "sends %" PRId64 " an hour",
			backlog, quota),
		    "mail is late there: set quota_hour, or ask Mandrill for "
		    "more");
	else if (reputation < REPUTATION_POOR)
		find(health, HEALTH_DOUBTFUL,
		    g_strdup_printf("the account's reputation is %" PRId64
				    " of 100",
			reputation),
		    "look in Mandrill's reports for bounces and complaints; "
		    "the hourly quota shrinks with it");
	else
		tell_numbers(json, health);
	json_object_put(json);
	return ask_next(provider, DOMAINS_PATH, exchange);
}

/* ---- its domains ---- */

/* The entry of the domain, or of the nearest one above it; NULL: none. */
static struct json_object *
find_domain(struct json_object *list, const char *domain)
{
	for (; domain != NULL; domain = strchr(domain, '.')) {
		domain += *domain == '.';
		for (size_t i = 0; i < json_object_array_length(list); i++) {
			struct json_object *one =
			    json_object_array_get_idx(list, i);
			const char *name = response_member(one, "domain");

			if (name != NULL &&
			    g_ascii_strcasecmp(name, domain) == 0)
				return one;
		}
	}
	return NULL;
}

static bool
is_signing(struct json_object *domain)
{
	return json_object_get_boolean(
	    query_member(domain, "valid_signing", json_type_boolean));
}

/* What is wrong with the domain there; NULL: nothing.  New string. */
static char *
find_fault(struct json_object *list, const char *domain)
{
	struct json_object *found = find_domain(list, domain);
	const char *error = response_member(
	    query_member(found, "dkim", json_type_object), "error");

	if (found == NULL)
		return g_strdup_printf(
		    "domain %s is not a sending domain there", domain);
	if (is_signing(found))
		return NULL;
	return g_strdup_printf("mail of domain %s is not signed there%s%s",
	    domain, error != NULL ? ": " : "", error != NULL ? error : "");
}

static void
check_domains(const struct provider *provider, struct json_object *list,
    struct health *health)
{
	g_autofree char *first = NULL;
	unsigned count = 0, bad = 0;

	for (char **at = provider->domains; *at != NULL; at++, count++) {
		char *fault = find_fault(list, *at);

		bad += fault != NULL;
		if (first == NULL)
			first = fault;
		else
			g_free(fault);
	}
	if (bad > 0)
		find(health, bad == count ? HEALTH_BAD : HEALTH_DOUBTFUL,
		    g_strdup_printf(
			"%s%s", first, bad > 1 ? ", and so are others" : ""),
		    "verify the domain in Mandrill's settings and set its DNS "
		    "records; such mail is rejected as unsigned");
}

static void
tell_domains(struct json_object *list, struct health *health)
{
	g_autofree char *text = NULL;
	unsigned signing = 0;

	if (health->state != HEALTH_GOOD)
		return;
	for (size_t i = 0; i < json_object_array_length(list); i++)
		signing += is_signing(json_object_array_get_idx(list, i));
	text = g_strdup_printf("%s; mail of %u of %zu sending domains is "
			       "signed",
	    health->text, signing, json_object_array_length(list));
	health_set(health, HEALTH_GOOD, text, health->advice);
}

static bool
read_domains(const struct provider *provider, struct exchange *exchange,
    struct health *health)
{
	struct json_object *json = query_answer(exchange, 200);

	if (json_object_is_type(json, json_type_array)) {
		if (provider->domains != NULL)
			check_domains(provider, json, health);
		tell_domains(json, health);
	}
	json_object_put(json);
	return false;
}

bool
mandrill_probe_read(const struct provider *provider, struct exchange *exchange,
    struct health *health)
{
	query_begin(exchange, health);
	if (strcmp(exchange->http.path, PING_PATH) == 0)
		return read_ping(provider, exchange, health);
	if (strcmp(exchange->http.path, INFO_PATH) == 0)
		return read_info(provider, exchange, health);
	return read_domains(provider, exchange, health);
}
