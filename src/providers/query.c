/* SPDX-License-Identifier: MIT */
#include "query.h"

#include "core/clock.h"
#include "mail/retry.h"
#include "response.h"

#include <json-c/json.h>

void
query_get(struct exchange *exchange, const struct endpoint *endpoint,
    const char *path)
{
	exchange->endpoint = endpoint;
	exchange->http.method = g_strdup("GET");
	exchange->http.path = g_strdup(path);
	exchange_add_field(exchange, "Accept", "application/json");
}

void
query_post(
    struct exchange *exchange, const char *path, struct json_object *json)
{
	exchange->http.method = g_strdup("POST");
	exchange->http.path = g_strdup(path);
	exchange_add_field(exchange, "Accept", "application/json");
	exchange_add_field(exchange, "Content-Type", "application/json");
	exchange->body = segments_new(NULL);
	segments_add_text(exchange->body,
	    json_object_to_json_string_ext(
		json, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(json);
}

struct json_object *
query_answer(const struct exchange *exchange, unsigned status)
{
	if (exchange->end != EXCHANGE_ANSWERED ||
	    exchange->http_response.status != status)
		return NULL;
	return response_parse(&exchange->http_response);
}

struct json_object *
query_member(struct json_object *object, const char *name, int type)
{
	struct json_object *member = NULL;

	if (!json_object_is_type(object, json_type_object) ||
	    !json_object_object_get_ex(object, name, &member) ||
	    !json_object_is_type(member, (enum json_type)type))
		return NULL;
	return member;
}

char **
query_texts(struct json_object *object, const char *name)
{
	struct json_object *list = query_member(object, name, json_type_array);
	size_t count = list != NULL ? json_object_array_length(list) : 0;
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);

	for (size_t i = 0; i < count; i++) {
		struct json_object *one = json_object_array_get_idx(list, i);

		if (json_object_is_type(one, json_type_string))
			g_ptr_array_add(
			    texts, g_strdup(json_object_get_string(one)));
	}
	if (texts->len == 0)
		return NULL;
	g_ptr_array_add(texts, NULL);
	return (char **)g_ptr_array_steal(texts, NULL);
}

/* {"message": TEXT}, {"name": NAME, "message": TEXT}, a string, or a page. */
static char *
read_text(const struct http_response *response)
{
	struct json_object *json = response_parse(response);
	const char *name = response_member(json, "name");
	const char *message = response_member(json, "message");
	char *text;

	if (message == NULL && json_object_is_type(json, json_type_string))
		message = json_object_get_string(json);
	if (name != NULL && message != NULL)
		text = g_strdup_printf("%s: %s", name, message);
	else if (message != NULL)
		text = g_strdup(message);
	else
		text = response_text(response);
	json_object_put(json);
	return text;
}

char *
query_text(const struct exchange *exchange)
{
	const struct http_response *response = &exchange->http_response;
	g_autofree char *text = NULL;

	if (exchange->end != EXCHANGE_ANSWERED)
		return g_strdup(exchange->error != NULL
				    ? exchange->error
				    : "the request broke off");
	text = read_text(response);
	return *text == '\0'
		   ? g_strdup_printf("HTTP %u", response->status)
		   : g_strdup_printf("HTTP %u: %s", response->status, text);
}

bool
query_is_throttle(const struct exchange *exchange, const char *text)
{
	unsigned status = exchange->http_response.status;

	return exchange->end == EXCHANGE_ANSWERED &&
	       (status == 420 || status == 429 ||
		   (status >= 400 &&
		       g_regex_match_simple(
			   "limit ?exceeded|try again (after|in)|too many "
			   "requests|too fast",
			   text, G_REGEX_CASELESS, 0)));
}

static enum verdict_class
classify(const struct exchange *exchange, const char *text)
{
	unsigned status = exchange->http_response.status;

	if (exchange->end != EXCHANGE_ANSWERED)
		return VERDICT_OUTAGE;
	if (query_is_throttle(exchange, text))
		return VERDICT_THROTTLE;
	if ((status >= 300 && status <= 399) ||
	    (status >= 401 && status <= 407) ||
	    g_regex_match_simple("Invalid_Key|PaymentRequired|must specify a "
				 "key|magnificent api",
		text, G_REGEX_CASELESS, 0))
		return VERDICT_ACCOUNT;
	return VERDICT_OUTAGE;
}

void
query_refuse(const struct exchange *exchange, const char *text,
    struct inquiry_reply *reply)
{
	g_autofree char *said = query_text(exchange);

	inquiry_reply_clear(reply);
	reply->class = classify(exchange, said);
	reply->text = verdict_clean(text, strlen(text), 512);
	if (reply->class != VERDICT_THROTTLE)
		return;
	reply->retry_ms = exchange->http_response.retry_ms;
	if (reply->retry_ms == 0)
		reply->retry_ms = retry_in_text(said, clock_wall_ms());
}

bool
query_is_unreachable(const struct exchange *exchange, struct health *health)
{
	g_autofree char *text = NULL;
	unsigned status = exchange->http_response.status;

	if (exchange->end == EXCHANGE_REFUSED_TLS) {
		health_set(health, HEALTH_BAD, exchange->error,
		    "the certificate is not acceptable: look at the clock of "
		    "this host, at ca_file, and at whoever is between");
		return true;
	}
	if (exchange->end == EXCHANGE_ANSWERED && status < 500)
		return false;
	text = query_text(exchange);
	health_set(health, HEALTH_UNREACHABLE, text,
	    exchange->end == EXCHANGE_ANSWERED
		? "the provider has trouble of its own: look at its status "
		  "page; mail is tried meanwhile"
		: "look at the network, DNS and firewall of this host; if "
		  "they are well, at the provider's status page");
	return true;
}

static unsigned
rank(enum health_state state)
{
	static const unsigned ranks[] = {
		[HEALTH_GOOD] = 1,
		[HEALTH_UNKNOWN] = 2,
		[HEALTH_DOUBTFUL] = 3,
		[HEALTH_UNREACHABLE] = 4,
		[HEALTH_BAD] = 5,
	};
	return ranks[state];
}

void
query_begin(const struct exchange *exchange, struct health *health)
{
	if (exchange->renewed == 0)
		health_set(health, HEALTH_UNKNOWN, NULL, NULL);
}

void
query_find(struct health *health, const struct health *finding)
{
	if (health->text == NULL || rank(finding->state) > rank(health->state))
		health_set(
		    health, finding->state, finding->text, finding->advice);
}
