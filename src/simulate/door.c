/* SPDX-License-Identifier: MIT */
/*
 * libmicrohttpd has no thread of its own here: its epoll descriptor is one
 * event of the loop.  A request that must wait is suspended; what it waits for
 * (a timer, its peer going away, room to write raw bytes) are events of the
 * loop, and when that has come the request is resumed and libmicrohttpd asks
 * on_access() again.
 */
#include "door.h"
#include "fault.h"
#include "record.h"
#include <errno.h>
#include <event2/event.h>
#include <microhttpd.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Cleared for each request. */
#define MEMORY_BYTES    ((size_t)32 * 1024)
#define INCREMENT_BYTES ((size_t)16 * 1024)
#define CONNECTIONS     20000u

struct door {
	struct acceptor *acceptor;
	struct event_base *base;
	struct MHD_Daemon *daemon;
	struct event *ready; /* libmicrohttpd's epoll descriptor */
	struct event *timer; /* libmicrohttpd wants to be asked again */
	const struct door_service *service;
	void *owner;
	GHashTable *links; /* struct link * */
};

/* One connection. */
struct link {
	int fd;
	unsigned requests;
	struct request *request; /* under way; NULL: none */
};

/* What the door knows of a request. */
struct hold {
	struct door *door;
	struct MHD_Connection *connection;
	struct link *link;
	struct event *watch; /* NULL: it does not wait */
	struct event *timer; /* NULL: it waits for no time */
	bool finished;       /* finish() was called */
	bool doomed;         /* the connection is to be closed */
};

static void
pump(struct door *door)
{
	MHD_UNSIGNED_LONG_LONG ms;

	MHD_run(door->daemon);
	if (MHD_get_timeout(door->daemon, &ms) != MHD_YES)
		return;
	const struct timeval wait = { .tv_sec = (time_t)(ms / 1000),
		.tv_usec = (suseconds_t)(ms % 1000 * 1000) };
	event_add(door->timer, &wait);
}

static void
on_ready(evutil_socket_t fd, short what, void *door)
{
	(void)fd;
	(void)what;
	pump(door);
}

static void
stop_waiting(struct hold *hold)
{
	if (hold->watch == NULL)
		return;
	event_free(hold->watch);
	hold->watch = NULL;
	g_clear_pointer(&hold->timer, event_free);
	MHD_resume_connection(hold->connection);
	/* without threads of its own libmicrohttpd must be told to look */
	event_active(hold->door->timer, EV_TIMEOUT, 0);
}

static void
doom(struct hold *hold)
{
	hold->doomed = true;
	stop_waiting(hold);
}

static bool
is_gone(int fd, short what)
{
	char byte;

	if ((what & EV_CLOSED) != 0)
		return true;
	return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
	       errno != EAGAIN && errno != EINTR;
}

static void
on_watch(evutil_socket_t fd, short what, void *object)
{
	if (is_gone(fd, what))
		doom(object);
}

static void
on_delay(evutil_socket_t fd, short what, void *object)
{
	struct request *request = object;
	struct door *door = request->door;

	(void)fd;
	(void)what;
	if (request->answer == NULL && door->service->late != NULL)
		door->service->late(door->owner, request);
	stop_waiting(request->hold);
}

static void
set_timer(struct event *timer, unsigned ms)
{
	const struct timeval wait = { .tv_sec = (time_t)(ms / 1000),
		.tv_usec = (suseconds_t)(ms % 1000 * 1000) };

	event_add(timer, &wait);
}

static enum MHD_Result
wait_for(struct request *request, event_callback_fn fn)
{
	struct hold *hold = request->hold;

	hold->watch = event_new(request->door->base, hold->link->fd,
	    EV_READ | EV_CLOSED | EV_PERSIST | EV_ET, on_watch, hold);
	event_add(hold->watch, NULL);
	MHD_suspend_connection(hold->connection);
	if (fn == NULL)
		return MHD_YES;
	hold->timer = evtimer_new(request->door->base, fn, request);
	set_timer(hold->timer, request->delay_ms);
	return MHD_YES;
}

/* Writes some of it.  1: there is more, 0: that was all, -1: the peer is gone
 * or takes no more now (errno). */
static ssize_t
write_some(int fd, struct raw *raw)
{
	static const char spaces[16384] = { [0 ... 16383] = ' ' };
	const char *from = raw->bytes->str + raw->sent;
	size_t length = raw->bytes->len - raw->sent;

	if (length == 0 && raw->spaces == 0)
		return 0;
	if (length == 0) {
		from = spaces;
		length = MIN(raw->spaces, sizeof spaces);
	}
	if (raw->drip_ms > 0)
		length = raw->sent < raw->prompt ? raw->prompt - raw->sent : 1;
	ssize_t n = send(fd, from, length, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0)
		return -1;
	if (from == spaces)
		raw->spaces -= (uint64_t)n;
	else
		raw->sent += (size_t)n;
	return 1;
}

static void
on_raw(evutil_socket_t unused, short what, void *object)
{
	struct request *request = object;
	struct hold *hold = request->hold;
	ssize_t n = 1;

	(void)unused;
	(void)what;
	do
		n = write_some(hold->link->fd, &request->raw);
	while (n > 0 && request->raw.drip_ms == 0);
	if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR))) {
		/* a full socket is tried again soon: no one is in a hurry */
		set_timer(hold->timer, MAX(request->raw.drip_ms, 1));
		return;
	}
	if (n == 0 && request->raw.end == RAW_HALF)
		shutdown(hold->link->fd, SHUT_WR);
	if (n == 0 && request->raw.end >= RAW_HOLD)
		return;
	if (n == 0 && request->raw.end == RAW_RESET)
		acceptor_reset(hold->link->fd);
	doom(hold);
}

static void
free_response_body(void *bytes)
{
	g_bytes_unref(bytes);
}

static void
add_fields(struct MHD_Response *response, const struct response *answer)
{
	if (answer->type != NULL)
		MHD_add_response_header(response, "Content-Type", answer->type);
	for (guint i = 0; i < answer->fields->len; i++) {
		g_auto(GStrv) pair =
		    g_strsplit(answer->fields->pdata[i], ": ", 2);

		MHD_add_response_header(response, pair[0], pair[1]);
	}
}

static enum MHD_Result
queue_answer(struct request *request)
{
	const struct response *answer = request->answer;
	size_t length;
	/* libmicrohttpd does not write to it, whatever the type says */
	void *body = (void *)(uintptr_t)g_bytes_get_data(answer->body, &length);
	struct MHD_Response *response =
	    MHD_create_response_from_buffer_with_free_callback_cls(
		length, body, free_response_body, g_bytes_ref(answer->body));

	add_fields(response, answer);
	enum MHD_Result result = MHD_queue_response(
	    request->hold->connection, answer->status, response);
	MHD_destroy_response(response);
	return result;
}

/* May an answer be queued now?  libmicrohttpd takes one after the head or at
 * the end, not between. */
static enum MHD_Result
go_on(struct request *request)
{
	struct hold *hold = request->hold;

	if (request->answer != NULL &&
	    (hold->finished || request->body_bytes == 0))
		return queue_answer(request);
	return hold->finished ? wait_for(request, NULL) : MHD_YES;
}

static enum MHD_Result
act(struct request *request, enum door_action action)
{
	switch (action) {
	case DOOR_GO_ON:
		return go_on(request);
	case DOOR_HOLD:
		return wait_for(
		    request, request->delay_ms > 0 ? on_delay : NULL);
	case DOOR_RESET:
		acceptor_reset(request->hold->link->fd);
		return MHD_NO;
	case DOOR_CLOSE:
		return MHD_NO;
	case DOOR_RAW:
		return wait_for(request, on_raw);
	}
	return MHD_NO;
}

static uint64_t
read_length(const struct request *request)
{
	const char *text = door_field(request, MHD_HTTP_HEADER_CONTENT_LENGTH);
	guint64 length;

	if (text == NULL ||
	    !g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT64, &length, NULL))
		return G_MAXUINT64;
	return length;
}

static struct request *
begin_request(
    struct door *door, struct MHD_Connection *connection, const char *path)
{
	struct request *request = g_new0(struct request, 1);
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
	    connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	request->door = door;
	request->path = g_strdup(path);
	request->notes = g_ptr_array_new_with_free_func(g_free);
	request->hold = g_new0(struct hold, 1);
	request->hold->door = door;
	request->hold->connection = connection;
	request->hold->link = info->socket_context;
	request->hold->link->request = request;
	request->ordinal = ++request->hold->link->requests;
	request->body_length = read_length(request);
	return request;
}

static enum MHD_Result
take_head(struct request *request)
{
	const struct door_service *service = request->door->service;
	void *owner = request->door->owner;
	enum door_action action = DOOR_GO_ON;

	if (service->at_head != NULL)
		action = service->at_head(owner, request);
	if (action == DOOR_GO_ON && service->open != NULL)
		service->open(owner, request);
	return act(request, action);
}

static enum MHD_Result
take_body(struct request *request, const char *bytes, size_t *length)
{
	const struct door_service *service = request->door->service;
	size_t n = *length;
	enum door_action action = DOOR_GO_ON;

	if (request->sip_bytes > 0)
		n = MIN(n, request->sip_bytes);
	*length -= n;
	request->body_bytes += n;
	if (service->body != NULL)
		service->body(request->door->owner, request, bytes, n);
	if (service->at_body != NULL)
		action = service->at_body(request->door->owner, request);
	return act(request, action);
}

static enum MHD_Result
take_end(struct request *request)
{
	const struct door_service *service = request->door->service;
	void *owner = request->door->owner;
	enum door_action action = DOOR_GO_ON;

	request->hold->finished = true;
	if (service->finish != NULL)
		service->finish(owner, request);
	if (service->at_end != NULL)
		action = service->at_end(owner, request);
	return act(request, action);
}

static enum MHD_Result
on_access(void *object, struct MHD_Connection *connection, const char *path,
    const char *method, const char *version, const char *bytes, size_t *length,
    void **context)
{
	struct request *request = *context;

	(void)version;
	if (request == NULL) {
		request = begin_request(object, connection, path);
		request->method = method;
		*context = request;
		return take_head(request);
	}
	if (request->hold->doomed)
		return MHD_NO;
	if (*length > 0)
		return take_body(request, bytes, length);
	if (!request->hold->finished)
		return take_end(request);
	return go_on(request);
}

static void
on_completed(void *object, struct MHD_Connection *connection, void **context,
    enum MHD_RequestTerminationCode code)
{
	struct door *door = object;
	struct request *request = *context;

	(void)connection;
	(void)code;
	if (request == NULL)
		return;
	if (door->service->close != NULL)
		door->service->close(door->owner, request);
	request->hold->link->request = NULL;
	response_free(request->answer);
	record_free(request->record);
	fault_unref(request->fault);
	g_ptr_array_unref(request->notes);
	if (request->raw.bytes != NULL)
		g_string_free(request->raw.bytes, TRUE);
	g_free(request->hold);
	g_free(request->path);
	g_free(request);
	*context = NULL;
}

static void
on_link(void *object, struct MHD_Connection *connection, void **context,
    enum MHD_ConnectionNotificationCode code)
{
	struct door *door = object;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		g_hash_table_remove(door->links, *context);
		return;
	}
	struct link *link = g_new0(struct link, 1);
	link->fd = MHD_get_connection_info(
	    connection, MHD_CONNECTION_INFO_CONNECTION_FD)
		       ->connect_fd;
	g_hash_table_add(door->links, link);
	*context = link;
}

/* Paths are judged as they came: %2F matters to some providers. */
static size_t
on_unescape(void *object, struct MHD_Connection *connection, char *text)
{
	(void)object;
	(void)connection;
	return strlen(text);
}

static void
on_connection(void *object, int fd)
{
	struct door *door = object;
	struct sockaddr_storage peer = { 0 };
	socklen_t length = sizeof peer;
	enum door_action action = DOOR_GO_ON;

	if (door->service->on_connection != NULL)
		action = door->service->on_connection(door->owner);
	if (action == DOOR_HOLD) {
		acceptor_swallow(door->acceptor, fd);
		return;
	}
	if (action == DOOR_RESET) {
		acceptor_reset(fd);
		close(fd);
		return;
	}
	getpeername(fd, (struct sockaddr *)&peer, &length);
	MHD_add_connection(
	    door->daemon, fd, (const struct sockaddr *)&peer, length);
	pump(door);
}

static struct MHD_Daemon *
start_daemon(struct door *door)
{
	return MHD_start_daemon(
	    MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_SUSPEND_RESUME,
	    0, NULL, NULL, on_access, door, MHD_OPTION_NOTIFY_COMPLETED,
	    on_completed, door, MHD_OPTION_NOTIFY_CONNECTION, on_link, door,
	    MHD_OPTION_UNESCAPE_CALLBACK, on_unescape, NULL,
	    MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, MEMORY_BYTES,
	    MHD_OPTION_CONNECTION_MEMORY_INCREMENT, INCREMENT_BYTES,
	    MHD_OPTION_END);
}

struct door *
door_new(struct acceptor *acceptor, struct event_base *base,
    const struct door_service *service, void *owner)
{
	struct door *door = g_new0(struct door, 1);

	door->acceptor = acceptor;
	door->base = base;
	door->service = service;
	door->owner = owner;
	door->links = g_hash_table_new_full(NULL, NULL, g_free, NULL);
	door->daemon = start_daemon(door);
	/* only a want of memory or descriptors makes it fail */
	g_assert(door->daemon != NULL);
	int fd = MHD_get_daemon_info(door->daemon, MHD_DAEMON_INFO_EPOLL_FD)
		     ->epoll_fd;
	door->ready = event_new(base, fd, EV_READ | EV_PERSIST, on_ready, door);
	door->timer = evtimer_new(base, on_ready, door);
	event_add(door->ready, NULL);
	acceptor_serve(acceptor, on_connection, door);
	return door;
}

void
door_reset_all(struct door *door)
{
	GHashTableIter iter;
	gpointer key;

	g_hash_table_iter_init(&iter, door->links);
	while (g_hash_table_iter_next(&iter, &key, NULL)) {
		struct link *link = key;

		acceptor_reset(link->fd);
		if (link->request != NULL)
			doom(link->request->hold);
	}
}

void
door_free(struct door *door)
{
	if (door == NULL)
		return;
	door_reset_all(door);
	/* libmicrohttpd cannot stop while a request is suspended */
	MHD_run(door->daemon);
	event_free(door->ready);
	event_free(door->timer);
	MHD_stop_daemon(door->daemon);
	acceptor_free(door->acceptor);
	g_hash_table_unref(door->links);
	g_free(door);
}

struct acceptor *
door_acceptor(const struct door *door)
{
	return door->acceptor;
}

unsigned
door_open(const struct door *door)
{
	return g_hash_table_size(door->links) +
	       acceptor_swallowed(door->acceptor);
}

const char *
door_field(const struct request *request, const char *name)
{
	return MHD_lookup_connection_value(
	    request->hold->connection, MHD_HEADER_KIND, name);
}

const char *
door_parameter(const struct request *request, const char *name)
{
	return MHD_lookup_connection_value(
	    request->hold->connection, MHD_GET_ARGUMENT_KIND, name);
}

void
door_answer(struct request *request, struct response *answer)
{
	response_free(request->answer);
	request->answer = answer;
	stop_waiting(request->hold);
}

void
door_note(struct request *request, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_ptr_array_add(request->notes, g_strdup_vprintf(format, arguments));
	va_end(arguments);
}
