/* SPDX-License-Identifier: MIT */
#include "status.h"

#include "census.h"
#include "events_page.h"
#include "health_page.h"
#include "message_page.h"
#include "metrics_page.h"
#include "parts_page.h"
#include "revision.h"
#include "sampler.h"
#include "sandbox_page.h"
#include "search.h"
#include "selection.h"
#include "series_page.h"
#include "submit_page.h"
#include "suppress_page.h"
#include "web_page.h"
#include <stdatomic.h>
#include <string.h>

/* Strangers whose page asks the store, at a time: while it is stuck a thread is
 * left to say that we live. */
#define WAITING_MOST 3u

struct status {
	struct status_options options;
	struct sampler *sampler; /* NULL: not started */
	struct census *census;   /* NULL: no store */
	struct revisions *revisions;
	atomic_bool draining;
	atomic_uint waiting; /* strangers */
};

#define MESSAGES     "/v1/messages"
#define EVENTS       "/v1/events"
#define SUPPRESSIONS "/v1/suppressions"

/* Bodies that nobody has a use for, but clients send. */
#define SMALL_BYTES (UINT64_C(64) << 10)

/* What providers tell, of whom nobody knows that it is they. */
#define EVENT_BYTES (UINT64_C(1) << 20)

/* Every page there is.  The first that fits a path says which path it is: the
 * words (retry) stand before the ids. */
static const struct route {
	const char *method;
	const char *path;
	const char *parameters;
	page_fn handle;
	enum store_question question;
	unsigned scope; /* that is needed; 0: none */
	bool waits;     /* for others, who may be slow */
	enum route_body {
		BODY_SMALL, /* SMALL_BYTES */
		BODY_EVENT, /* EVENT_BYTES */
		BODY_MAIL,  /* http_max_body */
	} body;
} routes[] = {
	{ "GET", "/", "state,q", web_page, 0, 0, false, 0 },
	{ "GET", "/providers", "", web_page, 0, 0, false, 0 },
	{ "GET", "/mail/*", "", web_page, 0, 0, false, 0 },
	{ "GET", "/web/*", "", web_page_file, 0, 0, false, 0 },
	{ "GET", "/livez", "", health_page_live, 0, 0, false, 0 },
	{ "GET", "/readyz", "", health_page_ready, 0, 0, false, 0 },
	{ "GET", "/status", "", health_page_status, 0, 0, true, 0 },
	{ "GET", "/metrics", "", metrics_page, 0, 0, true, 0 },
	{ "GET", MESSAGES, SEARCH_PARAMETERS "," SELECTION_PARAMETERS,
	    message_page_list, 0, SCOPE_READ, true, 0 },
	{ "POST", MESSAGES, "sender,to", submit_page_message, 0, SCOPE_SEND,
	    true, BODY_MAIL },
	{ "POST", "/send", "", submit_page_send, 0, SCOPE_SEND, true,
	    BODY_MAIL },
	{ "POST", "/email", "", submit_page_email, 0, SCOPE_SEND, true,
	    BODY_MAIL },
	{ "POST", MESSAGES "/retry", "state", message_page_act_all, STORE_RETRY,
	    SCOPE_OPERATE, true, 0 },
	{ "POST", MESSAGES "/hold", "state", message_page_act_all, STORE_HOLD,
	    SCOPE_OPERATE, true, 0 },
	{ "POST", MESSAGES "/release", "state", message_page_act_all,
	    STORE_RELEASE, SCOPE_OPERATE, true, 0 },
	{ "POST", MESSAGES "/drop", "state", message_page_act_all, STORE_DROP,
	    SCOPE_OPERATE, true, 0 },
	{ "GET", MESSAGES "/*", SELECTION_PARAMETERS, message_page_story, 0,
	    SCOPE_READ, true, 0 },
	{ "GET", SUPPRESSIONS, "address,after,limit", suppress_page_list, 0,
	    SCOPE_READ, true, 0 },
	{ "POST", SUPPRESSIONS, "address,why,text", suppress_page_change,
	    STORE_SUPPRESS, SCOPE_OPERATE, true, BODY_EVENT },
	{ "DELETE", SUPPRESSIONS, "address", suppress_page_change,
	    STORE_UNSUPPRESS, SCOPE_OPERATE, true, 0 },
	{ "GET", MESSAGES "/*/raw", "", message_page_raw, 0, SCOPE_READ, true,
	    0 },
	{ "GET", MESSAGES "/*/parts", "", parts_page_list, 0, SCOPE_READ, true,
	    0 },
	{ "GET", MESSAGES "/*/parts/*", "", parts_page_content, 0, SCOPE_READ,
	    true, 0 },
	{ "POST", MESSAGES "/*/retry", "", message_page_act, STORE_RETRY,
	    SCOPE_OPERATE, true, 0 },
	{ "POST", MESSAGES "/*/hold", "", message_page_act, STORE_HOLD,
	    SCOPE_OPERATE, true, 0 },
	{ "POST", MESSAGES "/*/release", "", message_page_act, STORE_RELEASE,
	    SCOPE_OPERATE, true, 0 },
	{ "POST", MESSAGES "/*/drop", "", message_page_act, STORE_DROP,
	    SCOPE_OPERATE, true, 0 },
	{ "GET", "/v1/series", "", series_page, 0, SCOPE_READ, false, 0 },
	{ "GET", "/v1/sandbox", "", sandbox_page_show, 0, SCOPE_READ, true, 0 },
	{ "POST", "/v1/sandbox", "", sandbox_page_set, 0, SCOPE_OPERATE, true,
	    0 },
	{ "GET", EVENTS "/*", "", events_page_look, 0, 0, true, 0 },
	{ "POST", EVENTS "/*", "", events_page_take, 0, 0, true, BODY_EVENT },
};

struct status *
status_new(const struct status_options *options)
{
	struct status *status = g_new0(struct status, 1);

	status->options = *options;
	if (options->store != NULL)
		status->census = census_new(options->store);
	status->revisions = revision_open();
	return status;
}

bool
status_start(struct status *status, GError **error)
{
	status->sampler = sampler_start(&status->options);
	if (status->sampler != NULL)
		return true;
	g_set_error(error, g_quark_from_static_string("status"), 0,
	    "cannot watch the providers for the HTTP door: no threads are "
	    "left");
	return false;
}

void
status_free(struct status *status)
{
	if (status == NULL)
		return;
	sampler_stop(status->sampler);
	census_free(status->census);
	revision_close(status->revisions);
	g_free(status);
}

void
status_drain(struct status *status)
{
	status->draining = true;
}

const struct spool_place *
status_place(const struct status *status)
{
	return status->options.place;
}

/* HEAD is GET whose body the door leaves out. */
static bool
is_method(const struct route *route, const char *method)
{
	return strcmp(route->method, method) == 0 ||
	       (strcmp(route->method, "GET") == 0 &&
		   strcmp(method, "HEAD") == 0);
}

static unsigned
method_bit(const char *method)
{
	if (strcmp(method, "GET") == 0)
		return 1;
	return strcmp(method, "POST") == 0 ? 2 : 4;
}

/* The methods there are for the path of a route. */
static const char *
list_methods(const struct route *first)
{
	static const char *const lists[] = { "GET, HEAD", "POST",
		"GET, HEAD, POST", "DELETE", "GET, HEAD, DELETE",
		"POST, DELETE", "GET, HEAD, POST, DELETE" };
	unsigned has = 0;

	for (unsigned i = 0; i < G_N_ELEMENTS(routes); i++)
		if (strcmp(routes[i].path, first->path) == 0)
			has |= method_bit(routes[i].method);
	return lists[has - 1];
}

static void
refuse_method(
    const struct route *first, const char *method, struct status_answer *answer)
{
	answer->allow = list_methods(first);
	page_refuse(answer, 405, "%s is not done here; what is: %s", method,
	    answer->allow);
}

/* NULL: there is none, and the request is answered. */
static const struct route *
find_route(const struct request *request, const struct target *target,
    struct status_answer *answer)
{
	const struct route *first = NULL;

	for (unsigned i = 0; i < G_N_ELEMENTS(routes); i++) {
		if (first == NULL && target_fits(target, routes[i].path))
			first = &routes[i];
		if (first != NULL && strcmp(routes[i].path, first->path) == 0 &&
		    is_method(&routes[i], request->method))
			return &routes[i];
	}
	if (first != NULL)
		refuse_method(first, request->method, answer);
	else
		page_refuse(answer, 404,
		    "there is no such page; there are /, /livez, /readyz, "
		    "/status, /metrics, " MESSAGES);
	return NULL;
}

static void
refuse_stranger(const struct request *request, const char *scope,
    struct status_answer *answer)
{
	if (request->stale)
		answer->challenge = g_strdup("Bearer realm=\"postferry\", "
					     "error=\"invalid_token\"");
	else
		answer->challenge = g_strdup("Bearer realm=\"postferry\"");
	page_refuse(answer, 401,
	    "%s: \"Authorization: Bearer TOKEN\" is expected, with a token of "
	    "scope %s; `postferry user token NAME --scope %s` makes one, "
	    "http_loopback of [server] lets programs on this host do without",
	    request->stale ? "this token is not known" : "this needs a token",
	    scope, scope);
}

/* RFC 6750 3.1 */
static bool
is_entitled(const struct route *route, const struct request *request,
    struct status_answer *answer)
{
	if ((route->scope & ~request->scopes) == 0)
		return true;
	g_autofree char *scope = token_print_scopes(route->scope);
	if (request->who == NULL) {
		refuse_stranger(request, scope, answer);
		return false;
	}
	answer->challenge =
	    g_strdup_printf("Bearer realm=\"postferry\", "
			    "error=\"insufficient_scope\", scope=\"%s\"",
		scope);
	page_refuse(answer, 403, "this needs the scope %s, which %s has not",
	    scope, request->who);
	return false;
}

/* NULL: the request is answered.  Else the target is to be cleared. */
static const struct route *
admit(const struct request *request, struct target *target,
    struct status_answer *answer)
{
	const struct route *route;
	const char *why;

	*answer = (struct status_answer){ 0 };
	if (!target_read(target, request->target, &why)) {
		page_refuse(answer, 400, "%s", why);
		return NULL;
	}
	route = find_route(request, target, answer);
	if (route != NULL && is_entitled(route, request, answer))
		return route;
	target_clear(target);
	return NULL;
}

bool
status_admits(struct status *status, const struct request *request,
    uint64_t *body_most, struct status_answer *answer)
{
	struct target target;
	const struct route *route = admit(request, &target, answer);

	if (route == NULL)
		return false;
	const uint64_t most[] = { SMALL_BYTES, EVENT_BYTES,
		status->options.body_most };
	*body_most = most[route->body];
	target_clear(&target);
	return true;
}

/* What a client has already needs no body. */
static void
finish(const struct page *page, struct status_answer *answer)
{
	if (answer->code != 200 || !page_is_known(page, answer))
		return;
	if (answer->body != NULL)
		g_string_free(g_steal_pointer(&answer->body), TRUE);
	if (answer->spool != NULL)
		spool_unref(g_steal_pointer(&answer->spool));
	answer->bytes = NULL;
	answer->length = 0;
}

static void
handle(
    const struct route *route, struct page *page, struct status_answer *answer)
{
	const char *stranger = target_stranger(page->target, route->parameters);

	if (stranger != NULL) {
		page_refuse(answer, 400,
		    "there is no parameter \"%s\" here; expected: %s", stranger,
		    *route->parameters != '\0' ? route->parameters : "none");
		return;
	}
	page->question = route->question;
	route->handle(page, answer);
	finish(page, answer);
}

static void
handle_open(struct status *status, const struct route *route, struct page *page,
    struct status_answer *answer)
{
	if (atomic_fetch_add(&status->waiting, 1) < WAITING_MOST)
		handle(route, page, answer);
	else
		page_refuse(answer, 503,
		    "too many ask at a time, or the queue does not answer: ask "
		    "again");
	atomic_fetch_sub(&status->waiting, 1);
}

void
status_request(struct status *status, const struct request *request,
    struct status_answer *answer)
{
	struct target target;
	const struct route *route = admit(request, &target, answer);
	struct page page = {
		.options = &status->options,
		.request = request,
		.target = &target,
		.who = request->who,
		.scopes = request->scopes,
		.draining = status->draining,
		.sampler = status->sampler,
		.census = status->census,
		.revisions = status->revisions,
	};

	if (route == NULL)
		return;
	if (request->who == NULL && route->waits)
		handle_open(status, route, &page, answer);
	else
		handle(route, &page, answer);
	target_clear(&target);
}

void
status_answer_clear(struct status_answer *answer)
{
	if (answer->body != NULL)
		g_string_free(answer->body, TRUE);
	if (answer->spool != NULL)
		spool_unref(answer->spool);
	g_free(answer->etag);
	g_free(answer->location);
	g_free(answer->disposition);
	g_free(answer->challenge);
	*answer = (struct status_answer){ 0 };
}
