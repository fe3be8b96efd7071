/* SPDX-License-Identifier: MIT */
#include "status.h"

#include "health_page.h"
#include "message_page.h"
#include "metrics_page.h"
#include <stdatomic.h>
#include <string.h>

/* Strangers whose page asks the store, at a time: while it is stuck a thread is
 * left to say that we live. */
#define WAITING_MOST 3u

struct status {
	struct status_options options;
	atomic_bool draining;
	atomic_uint waiting; /* strangers */
};

#define MESSAGES "/v1/messages"

/* Every page there is.  A path has pages of one method only. */
static const struct route {
	const char *method;
	const char *path;
	const char *parameters;
	page_fn handle;
	enum store_question question;
	bool open;  /* to anyone */
	bool waits; /* for others, who may be slow */
} routes[] = {
	{ "GET", "/livez", "", health_page_live, 0, true, false },
	{ "GET", "/readyz", "", health_page_ready, 0, true, false },
	{ "GET", "/status", "", health_page_status, 0, true, true },
	{ "GET", "/metrics", "", metrics_page, 0, true, true },
	{ "GET", MESSAGES, "state,after,limit,recipient", message_page_list, 0,
	    false, true },
	{ "POST", MESSAGES "/retry", "state", message_page_act_all, STORE_RETRY,
	    false, true },
	{ "POST", MESSAGES "/hold", "state", message_page_act_all, STORE_HOLD,
	    false, true },
	{ "POST", MESSAGES "/release", "state", message_page_act_all,
	    STORE_RELEASE, false, true },
	{ "POST", MESSAGES "/drop", "state", message_page_act_all, STORE_DROP,
	    false, true },
	{ "GET", MESSAGES "/*", "", message_page_story, 0, false, true },
	{ "GET", MESSAGES "/*/raw", "", message_page_raw, 0, false, true },
	{ "POST", MESSAGES "/*/retry", "", message_page_act, STORE_RETRY, false,
	    true },
	{ "POST", MESSAGES "/*/hold", "", message_page_act, STORE_HOLD, false,
	    true },
	{ "POST", MESSAGES "/*/release", "", message_page_act, STORE_RELEASE,
	    false, true },
	{ "POST", MESSAGES "/*/drop", "", message_page_act, STORE_DROP, false,
	    true },
};

struct status *
status_new(const struct status_options *options)
{
	struct status *status = g_new0(struct status, 1);

	status->options = *options;
	return status;
}

void
status_free(struct status *status)
{
	g_free(status);
}

void
status_drain(struct status *status)
{
	status->draining = true;
}

/* The first page of the path: the words (retry) stand before the ids. */
static const struct route *
find_route(const struct target *target, bool anyone)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(routes); i++)
		if ((routes[i].open || !anyone) &&
		    target_fits(target, routes[i].path))
			return &routes[i];
	return NULL;
}

/* HEAD is GET whose body the door leaves out. */
static bool
is_method(const struct route *route, const char *method)
{
	return strcmp(route->method, method) == 0 ||
	       (strcmp(route->method, "GET") == 0 &&
		   strcmp(method, "HEAD") == 0);
}

static void
refuse_method(
    const struct route *route, const char *method, struct status_answer *answer)
{
	answer->allow =
	    strcmp(route->method, "GET") == 0 ? "GET, HEAD" : "POST";
	page_refuse(answer, 405, "%s is not done here; what is: %s", method,
	    answer->allow);
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
status_request(struct status *status, const char *method, const char *text,
    const char *who, struct status_answer *answer)
{
	struct target target;
	struct page page = {
		.options = &status->options,
		.target = &target,
		.who = who,
		.draining = status->draining,
	};
	const char *why;

	*answer = (struct status_answer){ 0 };
	if (!target_read(&target, text, &why)) {
		page_refuse(answer, 400, "%s", why);
		return;
	}
	const struct route *route = find_route(&target, who == NULL);
	if (route == NULL)
		page_refuse(answer, 404,
		    "there is no such page; there are /livez, /readyz, "
		    "/status, /metrics%s",
		    who != NULL ? ", " MESSAGES : "");
	else if (!is_method(route, method))
		refuse_method(route, method, answer);
	else if (who == NULL && route->waits)
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
	*answer = (struct status_answer){ 0 };
}
