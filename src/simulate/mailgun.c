/* SPDX-License-Identifier: MIT */
#include "api.h"
#include "domains.h"
#include "events.h"
#include "logs.h"
#include "mailgun_form.h"
#include "texts.h"
#include <string.h>

#define MOST_BYTES (uint64_t)(52.4 * 1024 * 1024)
#define TEXT_BYTES (1024 * 1024)

enum call {
	CALL_MESSAGES, /* POST /v3/DOMAIN/messages */
	CALL_MIME,     /* POST /v3/DOMAIN/messages.mime */
	CALL_EVENTS,   /* GET /v3/DOMAIN/events */
	CALL_PAGE,     /* GET /v3/DOMAIN/events/PAGE */
	CALL_LOGS,     /* POST /v1/analytics/logs */
	CALL_DOMAIN,   /* GET /v4/domains/DOMAIN */
	CALL_QUEUES,   /* GET /v3/domains/DOMAIN/sending_queues */
};

struct mailgun {
	enum call call;
	char *domain;             /* "" where the path has none */
	const char *page;         /* in the request's path; NULL: none */
	struct response *refusal; /* known from the head; NULL: none */
	struct multipart *form;   /* NULL: the body is not looked at */
	GString *text;            /* the body of CALL_LOGS; NULL: of others */
};

/* A path: what comes before the domain and what behind it. */
struct route {
	const char *method;
	const char *prefix, *suffix; /* NULL suffix: there is no domain */
	enum call call;
	enum fault_moment moment;
};

static const struct route routes[] = {
	{ "GET", "/v3/domains/", "/sending_queues", CALL_QUEUES,
	    FAULT_AT_PROBE },
	{ "GET", "/v4/domains/", "", CALL_DOMAIN, FAULT_AT_PROBE },
	{ "GET", "/v3/", "/events", CALL_EVENTS, FAULT_AT_LOOKUP },
	{ "GET", "/v3/", "/events/", CALL_PAGE, FAULT_AT_LOOKUP },
	{ "POST", "/v1/analytics/logs", NULL, CALL_LOGS, FAULT_AT_LOOKUP },
	{ "POST", "/v3/", "/messages", CALL_MESSAGES, FAULT_AT_REQUEST },
	{ "POST", "/v3/", "/messages.mime", CALL_MIME, FAULT_AT_REQUEST },
};

/* Where the domain of a path ends, when the route is its; else NULL. */
static const char *
follow(const struct route *route, const struct request *request)
{
	const char *path = request->path;
	const char *slash;

	if (strcmp(request->method, route->method) != 0 ||
	    !g_str_has_prefix(path, route->prefix))
		return NULL;
	path += strlen(route->prefix);
	if (route->suffix == NULL)
		return *path == '\0' ? path : NULL;
	slash = strchr(path, '/');
	if (slash == NULL)
		slash = path + strlen(path);
	if (slash == path)
		return NULL;
	return strcmp(slash, route->suffix) == 0 ||
		       (route->call == CALL_PAGE &&
			   g_str_has_prefix(slash, route->suffix))
		   ? slash
		   : NULL;
}

static const struct route *
find_route(const struct request *request)
{
	for (size_t i = 0; i < G_N_ELEMENTS(routes); i++) {
		if (follow(&routes[i], request) != NULL)
			return &routes[i];
	}
	return NULL;
}

static enum fault_moment
find_moment(const struct request *request)
{
	const struct route *route = find_route(request);

	return route != NULL ? route->moment : FAULT_AT_REQUEST;
}

/* False: there is no such path. */
static bool
read_path(struct mailgun *mailgun, const struct request *request)
{
	const struct route *route = find_route(request);

	if (route == NULL)
		return false;
	const char *from = request->path + strlen(route->prefix);
	const char *end = follow(route, request);
	g_autofree char *middle = g_strndup(from, (size_t)(end - from));
	char *domain = g_uri_unescape_string(middle, NULL);
	if (domain == NULL || strchr(domain, '/') != NULL) {
		g_free(domain);
		return false;
	}
	mailgun->call = route->call;
	mailgun->domain = domain;
	if (route->call == CALL_PAGE)
		mailgun->page = end + strlen(route->suffix);
	return true;
}

static bool
is_key(const char *wanted, const char *field)
{
	size_t length;

	if (field == NULL || g_ascii_strncasecmp(field, "Basic ", 6) != 0)
		return false;
	g_autofree guchar *bytes = g_base64_decode(field + 6, &length);
	g_autofree char *pair = g_strndup((const char *)bytes, length);
	if (wanted == NULL)
		return g_str_has_prefix(pair, "api:") && pair[4] != '\0';
	g_autofree char *whole = g_strconcat("api:", wanted, NULL);
	return strcmp(pair, whole) == 0;
}

/* A sending key may send and nothing else. */
static bool
is_authorized(struct house *house, const struct mailgun *mailgun,
    const struct request *request)
{
	const char *field = door_field(request, "Authorization");

	if (house->lookup_key != NULL && is_key(house->lookup_key, field))
		return true;
	if (mailgun->call > CALL_MIME &&
	    (house->lookup_key != NULL ||
		faults_stand(house->faults, FAULT_SENDING_KEY) != NULL))
		return false;
	return is_key(house->key, field);
}

/* Each interface in its own words. */
static struct response *
refuse_key(const struct house *house, const struct mailgun *mailgun)
{
	return mailgun->call >= CALL_DOMAIN
		   ? texts_named(house, "private-key", NULL)
		   : texts_unauthorized(house, NULL);
}

static struct response *
refuse_domain(const struct mailgun *mailgun)
{
	if (mailgun->call > CALL_MIME)
		return response_new_message(404, "Domain not found");
	g_autofree char *text =
	    g_strdup_printf("Domain not found: %s", mailgun->domain);
	return response_new_message(404, text);
}

/* What the head alone is refused for. */
static struct response *
judge_head(struct house *house, const struct mailgun *mailgun,
    const struct request *request)
{
	if (mailgun->domain == NULL)
		return response_new(
		    200, "text/plain", "Mailgun Magnificent API");
	if (!is_authorized(house, mailgun, request))
		return refuse_key(house, mailgun);
	if (mailgun->call != CALL_LOGS && !domains_has(house, mailgun->domain))
		return refuse_domain(mailgun);
	if (request->body_length != G_MAXUINT64 &&
	    request->body_length > MOST_BYTES)
		return texts_named(house, "size", NULL);
	return NULL;
}

static struct response *
begin_form(
    const struct house *house, struct mailgun *mailgun, struct request *request)
{
	const char *type = door_field(request, "Content-Type");
	const char *encoding = door_field(request, "Content-Encoding");
	g_autofree char *boundary = NULL;

	if (encoding != NULL)
		door_note(request,
		    "Content-Encoding %s is beyond this "
		    "simulator",
		    encoding);
	if (type != NULL &&
	    g_ascii_strncasecmp(type, "multipart/form-data", 19) == 0)
		boundary = multipart_boundary(type);
	if (boundary != NULL && boundary[0] != '\0') {
		mailgun->form =
		    multipart_new(boundary, records_directory(house->records));
		return NULL;
	}
	g_autofree char *text = g_strdup_printf(
	    "Invalid request content type. Expecting 'multipart/form-data' "
	    "but got '%s'",
	    type != NULL ? type : "");
	door_note(request, "%s", text);
	return response_new_message(400, text);
}

static void
open_request(struct house *house, struct request *request)
{
	struct mailgun *mailgun = g_new0(struct mailgun, 1);

	request->state = mailgun;
	if (read_path(mailgun, request) && mailgun->call == CALL_LOGS)
		mailgun->text = g_string_new(NULL);
	mailgun->refusal = judge_head(house, mailgun, request);
	if (mailgun->refusal == NULL && mailgun->call <= CALL_MIME)
		mailgun->refusal = begin_form(house, mailgun, request);
}

static void
take_body(struct request *request, const char *bytes, size_t length)
{
	struct mailgun *mailgun = request->state;

	if (mailgun->form != NULL && request->body_bytes <= MOST_BYTES)
		multipart_feed(mailgun->form, bytes, length);
	if (mailgun->text != NULL && mailgun->text->len < TEXT_BYTES)
		g_string_append_len(mailgun->text, bytes, (gssize)length);
}

static struct response *
answer_question(struct house *house, struct request *request)
{
	const struct mailgun *mailgun = request->state;

	switch (mailgun->call) {
	case CALL_EVENTS:
	case CALL_PAGE:
		return events_list(
		    house, request, mailgun->domain, mailgun->page);
	case CALL_LOGS:
		return logs_list(house, request, mailgun->text->str);
	case CALL_DOMAIN:
		return domains_describe(house, mailgun->domain);
	default:
		return domains_queues(house);
	}
}

static void
finish(struct house *house, struct request *request)
{
	struct mailgun *mailgun = request->state;

	if (request->answer != NULL)
		return;
	if (mailgun->refusal != NULL)
		request->answer = g_steal_pointer(&mailgun->refusal);
	else if (request->body_bytes > MOST_BYTES)
		request->answer = texts_named(house, "size", NULL);
	else if (mailgun->form != NULL)
		mailgun_form_take(house, request,
		    &(const struct mailgun_form){ mailgun->form,
			mailgun->domain, mailgun->call == CALL_MIME });
	else
		request->answer = answer_question(house, request);
}

static void
close_request(struct request *request)
{
	struct mailgun *mailgun = request->state;

	if (mailgun == NULL)
		return;
	multipart_free(mailgun->form);
	response_free(mailgun->refusal);
	if (mailgun->text != NULL)
		g_string_free(mailgun->text, TRUE);
	g_free(mailgun->domain);
	g_free(mailgun);
}

const struct api mailgun_api = {
	.moment = find_moment,
	.open = open_request,
	.body = take_body,
	.finish = finish,
	.close = close_request,
};
