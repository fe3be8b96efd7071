/* SPDX-License-Identifier: MIT */
#include "poster.h"

#include "backlog.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/network.h"
#include <string.h>

#define URI_FLAGS                                              \
	(G_URI_FLAGS_HAS_PASSWORD | G_URI_FLAGS_ENCODED_PATH | \
	    G_URI_FLAGS_ENCODED_QUERY)

struct poster {
	struct poster_options options;
	char *base_url, *path, *username, *password;
	char *host; /* for the log: the rest of the URL may be a secret */
	struct endpoint endpoint;
	struct backlog backlog;
	bool busy;    /* one is under way */
	bool failing; /* and they were told so */
	loop_fn stopped;
	void *object;
};

static bool
is_loopback(const char *host)
{
	g_autofree char *text = g_strdup_printf(
	    strchr(host, ':') != NULL ? "[%s]:1" : "%s:1", host);
	struct sockaddr_storage address;
	socklen_t length;

	return network_parse_endpoint(text, &address, &length, NULL) &&
	       network_is_loopback((const struct sockaddr *)&address);
}

const char *
poster_obstacle(const char *url)
{
	g_autoptr(GUri) uri = g_uri_parse(url, URI_FLAGS, NULL);
	const char *scheme;

	if (uri == NULL || g_uri_get_host(uri) == NULL ||
	    *g_uri_get_host(uri) == '\0')
		return "it is no URL";
	scheme = g_uri_get_scheme(uri);
	if (strcmp(scheme, "https") == 0)
		return NULL;
	if (strcmp(scheme, "http") != 0)
		return "its scheme is not known";
	return is_loopback(g_uri_get_host(uri))
		   ? NULL
		   : "http is allowed to loopback only";
}

/* Scheme, host and port: what a connection is made to. */
static char *
make_base(GUri *uri)
{
	g_autoptr(GUri) base =
	    g_uri_build(G_URI_FLAGS_NONE, g_uri_get_scheme(uri), NULL,
		g_uri_get_host(uri), g_uri_get_port(uri), "", NULL, NULL);

	return g_uri_to_string(base);
}

static char *
make_path(GUri *uri)
{
	const char *path = g_uri_get_path(uri);
	const char *query = g_uri_get_query(uri);

	return g_strconcat(
	    *path == '\0' ? "/" : path, query != NULL ? "?" : "", query, NULL);
}

struct poster *
poster_new(const struct poster_options *options)
{
	struct poster *poster = g_new0(struct poster, 1);
	g_autoptr(GUri) uri = g_uri_parse(options->url, URI_FLAGS, NULL);

	g_assert(uri != NULL);
	poster->options = *options;
	poster->base_url = make_base(uri);
	poster->path = make_path(uri);
	poster->host = g_strdup(g_uri_get_host(uri));
	poster->username = g_strdup(g_uri_get_user(uri));
	poster->password = g_strdup(g_uri_get_password(uri));
	poster->endpoint = (struct endpoint){
		.provider = "alarm_url",
		.base_url = poster->base_url,
		.username = poster->username,
		.password = poster->password,
		.connections = 1,
		.resolve_ms = options->timeout_ms,
		.connect_ms = options->timeout_ms,
		.answer_ms = options->timeout_ms,
		.upload_rate = 1,
		.upload_window_ms = options->timeout_ms,
		.idle_ms = 0,
	};
	return poster;
}

void
poster_free(struct poster *poster)
{
	if (poster == NULL)
		return;
	backlog_clear(&poster->backlog);
	g_free(poster->base_url);
	g_free(poster->path);
	g_free(poster->username);
	g_free(poster->password);
	g_free(poster->host);
	g_free(poster);
}

static void
tell_end(struct poster *poster, const struct exchange *exchange)
{
	unsigned status = exchange->http_response.status;
	bool answered = exchange->end == EXCHANGE_ANSWERED;
	g_autofree char *why = NULL;

	if (answered && status / 100 == 2) {
		if (poster->failing)
			log_info("alarm url works again",
			    log_str("host", poster->host));
		poster->failing = false;
		return;
	}
	why = answered ? g_strdup_printf("it answered HTTP %u", status)
		       : g_strdup(exchange->error);
	if (!poster->failing)
		log_warn("alarm url failed", log_str("host", poster->host),
		    log_str("why", why));
	poster->failing = true;
}

static void post_next(struct poster *poster);

static void
on_done(void *object, struct exchange *exchange)
{
	struct poster *poster = object;

	poster->busy = false;
	tell_end(poster, exchange);
	exchange_free(exchange);
	if (poster->stopped != NULL)
		poster->stopped(poster->object);
	else
		post_next(poster);
}

static void
post_next(struct poster *poster)
{
	struct carrier *http = &poster->options.http;
	struct notice *notice;
	struct exchange *exchange;
	g_autofree char *text = NULL;

	if (poster->busy || (notice = backlog_take(&poster->backlog)) == NULL)
		return;
	text = notice_json(notice, poster->options.hostname);
	notice_free(notice);
	exchange = exchange_new(EXCHANGE_HTTP, &poster->endpoint, "alarm");
	exchange->http.method = g_strdup("POST");
	exchange->http.path = g_strdup(poster->path);
	exchange_add_field(exchange, "Content-Type", "application/json");
	exchange->body = segments_new(NULL);
	segments_add_text(exchange->body, text);
	exchange->deadline_ms =
	    clock_monotonic_ms() + poster->options.timeout_ms;
	exchange->done = on_done;
	exchange->object = poster;
	poster->busy = true;
	http->send(http->self, exchange);
}

void
poster_add(struct poster *poster, struct notice *notice)
{
	if (poster->stopped != NULL) {
		notice_free(notice);
		return;
	}
	backlog_add(&poster->backlog, notice);
	post_next(poster);
}

void
poster_stop(struct poster *poster, loop_fn stopped, void *object)
{
	backlog_clear(&poster->backlog);
	poster->stopped = stopped;
	poster->object = object;
	if (!poster->busy)
		stopped(object);
}
