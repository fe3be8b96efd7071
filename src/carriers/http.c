/* SPDX-License-Identifier: MIT */
/*
 * HTTP over curl multi, driven by the loop: curl names the sockets and the
 * time it waits for, the loop tells it what happened.
 *
 * Each endpoint has a line: no more than its `connections` are under way, the
 * rest waits in order, so curl itself never queues.  A line ends when it was
 * idle for idle_ms; the first exchange of a new line goes over a fresh
 * connection, for whatever curl still holds open is older than that.
 */
#include "carrier.h"
#include "http_transfer.h"

#include <curl/curl.h>
#include <event2/event.h>

struct http {
	struct loop *loop;
	CURLM *multi;
	struct loop_timer *timer; /* what curl waits for */
	GHashTable *lines;        /* endpoint -> struct http_line */
	GQueue idle;              /* transfers to be used again */
	long connections;         /* that curl may hold open */
};

struct http_line {
	struct http *http;
	const struct endpoint *endpoint; /* the key; may be gone when idle */
	unsigned connections;
	int64_t idle_ms;
	struct loop_timer *timer; /* set while nothing is under way */
	GQueue waiting;           /* transfers */
	GQueue active;            /* transfers */
	bool fresh;               /* has not sent anything yet */
};

void
carrier_http_start(void)
{
	CURLcode code = curl_global_init(CURL_GLOBAL_ALL);

	g_assert(code == CURLE_OK);
}

static void on_line_idle(void *object);
static void on_transfer_time(void *object);

static struct http_line *
new_line(struct http *http, const struct endpoint *endpoint)
{
	struct http_line *line = g_new0(struct http_line, 1);

	line->http = http;
	line->endpoint = endpoint;
	line->connections = MAX(endpoint->connections, 1);
	line->idle_ms = endpoint->idle_ms;
	line->timer = loop_timer_new(http->loop, on_line_idle, line);
	line->fresh = true;
	g_hash_table_insert(http->lines, (void *)endpoint, line);
	/* With fewer than are in use curl would close each after one use. */
	http->connections += line->connections;
	curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, http->connections);
	return line;
}

static void
free_line(void *object)
{
	struct http_line *line = object;

	g_assert(line->waiting.length == 0 && line->active.length == 0);
	line->http->connections -= line->connections;
	loop_timer_free(line->timer);
	g_free(line);
}

static void
on_line_idle(void *object)
{
	struct http_line *line = object;

	g_hash_table_remove(line->http->lines, line->endpoint);
}

static void
rest_line(struct http_line *line)
{
	if (line->active.length == 0 && line->waiting.length == 0)
		loop_timer_set(line->timer, line->idle_ms);
}

/* Takes the transfer out of its line and keeps it for the next exchange, which
 * is settled then. */
static struct exchange *
end_transfer(struct http_transfer *transfer, CURLcode code)
{
	struct http_line *line = transfer->line;
	struct http *http = line->http;
	bool waiting = transfer->waiting;
	struct exchange *exchange = http_transfer_settle(transfer, (int)code);

	g_queue_unlink(
	    waiting ? &line->waiting : &line->active, &transfer->link);
	g_queue_push_tail_link(&http->idle, &transfer->link);
	return exchange;
}

static void
on_ended(void *owner, struct letter *letter)
{
	struct exchange *exchange = LETTER_OF(letter, struct exchange, letter);

	(void)owner;
	exchange->done(exchange->object, exchange);
}

/* Ends it, but calls done later: for where the caller is no callback. */
static void
end_transfer_later(struct http_transfer *transfer, const char *reason)
{
	struct loop *loop = transfer->line->http->loop;
	struct exchange *exchange;

	http_transfer_break(transfer, reason);
	exchange = end_transfer(transfer, CURLE_ABORTED_BY_CALLBACK);
	loop_post(loop, &exchange->letter, on_ended);
}

static void
start_transfer(struct http_line *line, struct http_transfer *transfer)
{
	bool ready;

	g_queue_unlink(&line->waiting, &transfer->link);
	g_queue_push_tail_link(&line->active, &transfer->link);
	transfer->waiting = false;
	ready = line->fresh ? http_transfer_begin_fresh(transfer)
			    : http_transfer_begin(transfer);
	line->fresh = false;
	if (!ready)
		end_transfer_later(transfer, "curl does not take the request");
	else
		curl_multi_add_handle(line->http->multi, transfer->easy);
}

static void
start_waiting(struct http_line *line)
{
	while (
	    line->waiting.length > 0 && line->active.length < line->connections)
		start_transfer(line, line->waiting.head->data);
	rest_line(line);
}

/* Ends a transfer that is in curl, and lets the next begin. */
static void
finish_transfer(struct http_transfer *transfer, CURLcode code)
{
	struct http_line *line = transfer->line;
	struct exchange *exchange;

	if (!transfer->waiting)
		curl_multi_remove_handle(line->http->multi, transfer->easy);
	exchange = end_transfer(transfer, code);
	start_waiting(line);
	exchange->done(exchange->object, exchange);
}

static void
finish_all(struct http *http)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(http->multi, &left)) != NULL) {
		CURLcode code = message->data.result;
		char *transfer = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(
		    message->easy_handle, CURLINFO_PRIVATE, &transfer);
		finish_transfer((void *)transfer, code);
	}
}

/* One that waits for a connection that another makes has no name to resolve.
 */
static bool
is_sharing(const struct http_transfer *transfer)
{
	if (transfer->phase != HTTP_RESOLVING)
		return false;
	for (GList *l = transfer->line->active.head; l != NULL; l = l->next) {
		const struct http_transfer *other = l->data;

		if (other->phase == HTTP_CONNECTING && !other->sharing)
			return true;
	}
	return false;
}

static void
on_transfer_time(void *object)
{
	struct http_transfer *transfer = object;

	if (is_sharing(transfer))
		http_transfer_share(transfer);
	else if (http_transfer_expire(transfer))
		finish_transfer(transfer, CURLE_ABORTED_BY_CALLBACK);
}

static void
on_socket_event(evutil_socket_t fd, short what, void *object)
{
	struct http *http = object;
	int running;
	int mask = ((what & EV_READ) != 0 ? CURL_CSELECT_IN : 0) |
		   ((what & EV_WRITE) != 0 ? CURL_CSELECT_OUT : 0);

	loop_turn(http->loop);
	curl_multi_socket_action(http->multi, fd, mask, &running);
	finish_all(http);
}

static void
on_curl_time(void *object)
{
	struct http *http = object;
	int running;

	curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	finish_all(http);
}

/* curl tells how long it can wait.  It must not be called from here. */
static int
on_timer_wanted(CURLM *multi, long ms, void *object)
{
	struct http *http = object;

	(void)multi;
	if (ms < 0)
		loop_timer_clear(http->timer);
	else
		loop_timer_set(http->timer, ms);
	return 0;
}

static void
tell_transfer(CURL *easy, int what)
{
	char *transfer = NULL;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
	if (transfer == NULL)
		return; /* curl's own, to close connections by */
	if (what == CURL_POLL_REMOVE)
		http_transfer_leave((void *)transfer);
	else if ((what & CURL_POLL_IN) != 0)
		http_transfer_listen((void *)transfer);
}

/* curl tells what it waits for on a socket; place is the event we gave it. */
static int
on_socket_wanted(
    CURL *easy, curl_socket_t fd, int what, void *object, void *place)
{
	struct http *http = object;
	struct event *event = place;
	struct event_base *base = loop_base(http->loop);
	short mask =
	    (short)(EV_PERSIST | ((what & CURL_POLL_IN) != 0 ? EV_READ : 0) |
		    ((what & CURL_POLL_OUT) != 0 ? EV_WRITE : 0));

	tell_transfer(easy, what);
	if (what == CURL_POLL_REMOVE) {
		g_clear_pointer(&event, event_free);
		curl_multi_assign(http->multi, fd, NULL);
		return 0;
	}
	if (event == NULL) {
		event = event_new(base, fd, mask, on_socket_event, http);
		curl_multi_assign(http->multi, fd, event);
	} else {
		event_del(event);
		event_assign(event, base, fd, mask, on_socket_event, http);
	}
	event_add(event, NULL);
	return 0;
}

static struct http_transfer *
take_transfer(struct http *http)
{
	GList *link = g_queue_pop_head_link(&http->idle);

	return link != NULL ? link->data
			    : http_transfer_new(http->loop, on_transfer_time);
}

/* NULL: there is none.  One at rest may be of an endpoint that has gone, in
 * whose place another is now. */
static struct http_line *
find_line(struct http *http, const struct endpoint *endpoint)
{
	struct http_line *line = g_hash_table_lookup(http->lines, endpoint);

	if (line == NULL || line->active.length + line->waiting.length > 0 ||
	    (line->connections == MAX(endpoint->connections, 1) &&
		line->idle_ms == endpoint->idle_ms))
		return line;
	g_hash_table_remove(http->lines, endpoint);
	return NULL;
}

static void
on_send(void *self, struct exchange *exchange)
{
	struct http *http = self;
	struct http_line *line = find_line(http, exchange->endpoint);
	struct http_transfer *transfer = take_transfer(http);

	g_assert(loop_here(http->loop));
	if (line == NULL)
		line = new_line(http, exchange->endpoint);
	loop_timer_clear(line->timer);
	transfer->line = line;
	transfer->waiting = true;
	http_transfer_load(transfer, exchange);
	g_queue_push_tail_link(&line->waiting, &transfer->link);
	start_waiting(line);
}

static void
abort_line(struct http_line *line)
{
	static const char reason[] = "broken off: postferry is stopping";

	while (line->waiting.length > 0)
		end_transfer_later(line->waiting.head->data, reason);
	while (line->active.length > 0) {
		struct http_transfer *transfer = line->active.head->data;

		curl_multi_remove_handle(line->http->multi, transfer->easy);
		end_transfer_later(transfer, reason);
	}
	rest_line(line);
}

static void
on_abort(void *self, const struct endpoint *endpoint)
{
	struct http *http = self;
	GHashTableIter iter;
	void *key, *line;

	g_assert(loop_here(http->loop));
	g_hash_table_iter_init(&iter, http->lines);
	while (g_hash_table_iter_next(&iter, &key, &line))
		if (endpoint == NULL || key == endpoint)
			abort_line(line);
}

static void
on_free(void *self)
{
	struct http *http = self;
	GList *link;

	g_hash_table_unref(http->lines);
	while ((link = g_queue_pop_head_link(&http->idle)) != NULL)
		http_transfer_free(link->data);
	curl_multi_cleanup(http->multi);
	loop_timer_free(http->timer);
	g_free(http);
}

struct carrier
carrier_http_new(struct loop *loop)
{
	struct http *http = g_new0(struct http, 1);

	http->loop = loop;
	http->multi = curl_multi_init();
	g_assert(http->multi != NULL);
	http->timer = loop_timer_new(loop, on_curl_time, http);
	http->lines = g_hash_table_new_full(NULL, NULL, NULL, free_line);
	g_queue_init(&http->idle);
	curl_multi_setopt(
	    http->multi, CURLMOPT_SOCKETFUNCTION, on_socket_wanted);
	curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
	curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, on_timer_wanted);
	curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
	return (struct carrier){
		.send = on_send,
		.abort = on_abort,
		.free = on_free,
		.self = http,
	};
}
