/* SPDX-License-Identifier: MIT */
#include "responder.h"

#include "core/log.h"
#include "core/network.h"
#include "framing.h"
#include "response.h"
#include "upload.h"
#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* Each has a thread: a handler may wait for a sync. */
#define CONNECTIONS 64u
#define STACK_BYTES ((size_t)256 * 1024)
/* What stands in line to be closed still counts. */
#define CONNECTIONS_MAX (2u * CONNECTIONS)
#define TIMEOUT_SECONDS 10u
#define HEAD_BYTES      ((size_t)32 * 1024)

/* How long a close waits for requests under way. */
#define CLOSE_MS 5000

struct responder {
	struct responder_options options;
	struct MHD_Daemon *daemon;
	int idle; /* eventfd: it is closing, and the last request is done */
	atomic_uint requests; /* read whole, answered or about to be */
	atomic_bool closing;
	atomic_bool told; /* of one who is not let in */
	pthread_mutex_t mutex;
	GQueue guests; /* struct guest *, in the order they came */
};

/* A connection. */
struct guest {
	GList link;
	int fd;      /* open as long as the guest is there */
	bool cut;    /* shut down, and no more among the guests */
	bool served; /* one who is known has a request under way */
};

/* A request while it is read and answered. */
struct call {
	char *target;
	char who[256];
	char peer[NETWORK_PEER_LENGTH];
	struct MHD_Connection *connection;
	struct request request;
	struct upload upload;
	bool begun, answered;
};

/* The target as it came over the wire, before anything is decoded. */
static void *
on_target(void *object, const char *target, struct MHD_Connection *connection)
{
	struct call *call = g_new0(struct call, 1);

	(void)object;
	call->target = g_strdup(target);
	call->connection = connection;
	return call;
}

static void
mark_served(
    struct responder *responder, struct MHD_Connection *connection, bool served)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
	    connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct guest *guest = info->socket_context;

	pthread_mutex_lock(&responder->mutex);
	guest->served = served;
	pthread_mutex_unlock(&responder->mutex);
}

static void
tell_idle(struct responder *responder)
{
	if (atomic_load(&responder->closing) &&
	    atomic_load(&responder->requests) == 0)
		eventfd_write(responder->idle, 1);
}

static void
on_completed(void *object, struct MHD_Connection *connection, void **context,
    enum MHD_RequestTerminationCode code)
{
	struct responder *responder = object;
	struct call *call = *context;

	(void)code;
	if (call == NULL)
		return;
	mark_served(responder, connection, false);
	if (call->answered) {
		atomic_fetch_sub(&responder->requests, 1);
		tell_idle(responder);
	}
	upload_close(&call->upload);
	token_unref((struct token *)call->request.token);
	g_free(call->target);
	g_free(call);
	*context = NULL;
}

/* Our own commands pass the target on as it is; ours is to decode. */
static size_t
on_unescape(void *object, struct MHD_Connection *connection, char *text)
{
	(void)object;
	(void)connection;
	return strlen(text);
}

/* The kernel says who is at the other end: "uid 0". */
static void
name_peer(struct MHD_Connection *connection, char *out, size_t size)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
	    connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct ucred peer;
	socklen_t length = sizeof peer;

	if (getsockopt(
		info->connect_fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0)
		g_snprintf(out, size, "uid %u", (unsigned)peer.uid);
	else
		g_strlcpy(out, "unknown", size);
}

static const char *
find_field(void *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static enum MHD_Result
on_host(
    void *count, enum MHD_ValueKind kind, const char *key, const char *value)
{
	(void)kind;
	(void)value;
	if (g_ascii_strcasecmp(key, "Host") == 0)
		++*(unsigned *)count;
	return MHD_YES;
}

static const struct sockaddr *
find_peer(struct MHD_Connection *connection)
{
	return MHD_get_connection_info(
	    connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)
	    ->client_addr;
}

/* By one of these a proxy says for whom it asks. */
static bool
is_forwarded(struct MHD_Connection *connection)
{
	static const char *const names[] = { "Forwarded", "X-Forwarded-For",
		"X-Real-IP", "Via" };

	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
		if (find_field(connection, names[i]) != NULL)
			return true;
	return false;
}

/* As a page of its own, not within one of others. */
static bool
is_followed(struct MHD_Connection *connection, const char *method)
{
	return strcmp(method, "GET") == 0 &&
	       g_strcmp0(
		   find_field(connection, "Sec-Fetch-Mode"), "navigate") == 0 &&
	       g_strcmp0(
		   find_field(connection, "Sec-Fetch-Dest"), "document") == 0;
}

/* Over TCP; false: the answer says why not. */
static bool
pass_porter(const struct porter *porter, struct call *call, const char *version,
    struct status_answer *answer)
{
	struct MHD_Connection *connection = call->connection;
	struct request *request = &call->request;
	struct porter_head head = {
		.version = version,
		.host = find_field(connection, "Host"),
		.origin = find_field(connection, "Origin"),
		.site = find_field(connection, "Sec-Fetch-Site"),
		.followed = is_followed(connection, request->method),
		.type = find_field(connection, "Content-Type"),
		.authorization = find_field(connection, "Authorization"),
		.loopback = network_is_loopback(find_peer(connection)),
		.forwarded = is_forwarded(connection),
	};

	MHD_get_connection_values(
	    connection, MHD_HEADER_KIND, on_host, &head.hosts);
	porter_identify(porter, &head, request);
	network_print_peer(find_peer(connection), call->peer);
	request->peer = call->peer;
	if (request->token != NULL) {
		g_snprintf(call->who, sizeof call->who, "token %s",
		    request->token->name);
		request->who = call->who;
	}
	return porter_admits(porter, &head, request, answer);
}

/* Over the Unix socket. */
static void
pass_peer(struct call *call)
{
	name_peer(call->connection, call->who, sizeof call->who);
	call->request.who = call->who;
	call->request.scopes = SCOPE_ALL;
	call->request.loopback = true;
}

static bool
read_head(struct responder *responder, struct call *call, const char *method,
    const char *version, struct status_answer *answer)
{
	const struct porter *porter = responder->options.porter;
	struct request *request = &call->request;
	uint64_t body_most;

	request->method = method;
	request->target = call->target;
	request->host = find_field(call->connection, "Host");
	request->field = find_field;
	request->object = call->connection;
	if (porter == NULL)
		pass_peer(call);
	else if (!pass_porter(porter, call, version, answer))
		return false;
	if (!status_admits(
		responder->options.status, request, &body_most, answer))
		return false;
	upload_open(
	    &call->upload, status_place(responder->options.status), body_most);
	return true;
}

/* Who waits to be told to go on (RFC 9110 10.1.1) has sent nothing yet. */
static bool
is_waiting(struct MHD_Connection *connection)
{
	return find_field(connection, "Expect") != NULL;
}

static enum MHD_Result
on_field(
    void *framing, enum MHD_ValueKind kind, const char *name, const char *value)
{
	(void)kind;
	framing_read(framing, name, value);
	return MHD_YES;
}

static bool
is_clear(struct MHD_Connection *connection, struct status_answer *answer)
{
	struct framing framing = { 0 };

	MHD_get_connection_values(
	    connection, MHD_HEADER_KIND, on_field, &framing);
	return framing_is_clear(&framing, answer);
}

/* Before a body of it is read. */
static enum MHD_Result
begin(struct responder *responder, struct call *call, const char *method,
    const char *version)
{
	const char *length = find_field(call->connection, "Content-Length");
	struct status_answer answer = { 0 };

	if (!is_clear(call->connection, &answer))
		return response_send(call->connection, &answer);
	if (!read_head(responder, call, method, version, &answer))
		upload_refuse(&call->upload, &answer);
	else if (call->request.who != NULL)
		mark_served(responder, call->connection, true);
	bool worth = upload_announce(&call->upload,
	    length != NULL ? g_ascii_strtoull(length, NULL, 10) : 0);
	struct status_answer *refusal = &call->upload.refusal;
	return refusal->code != 0 && (!worth || is_waiting(call->connection))
		   ? response_send(call->connection, refusal)
		   : MHD_YES;
}

static enum MHD_Result
answer_call(struct responder *responder, struct call *call)
{
	struct status_answer answer = { 0 };

	call->answered = true;
	atomic_fetch_add(&responder->requests, 1);
	if (upload_finish(&call->upload, &call->request.body, &answer))
		status_request(
		    responder->options.status, &call->request, &answer);
	return response_send(call->connection, &answer);
}

static enum MHD_Result
on_access(void *object, struct MHD_Connection *connection, const char *path,
    const char *method, const char *version, const char *bytes, size_t *length,
    void **context)
{
	struct responder *responder = object;
	struct call *call = *context;
	size_t got = *length;

	(void)path;
	(void)connection;
	*length = 0;
	if (!call->begun) {
		call->begun = true;
		return begin(responder, call, method, version);
	}
	if (got == 0)
		return answer_call(responder, call);
	return upload_take(&call->upload, bytes, got) ? MHD_YES : MHD_NO;
}

/* Told of once: whoever is refused comes again and again. */
static enum MHD_Result
on_accept(void *object, const struct sockaddr *peer, socklen_t length)
{
	struct responder *responder = object;
	const struct porter *porter = responder->options.porter;
	char from[NETWORK_PEER_LENGTH];

	(void)length;
	if (porter == NULL || network_contains(porter->allow, peer))
		return MHD_YES;
	if (atomic_exchange(&responder->told, true))
		return MHD_NO;
	network_print_peer(peer, from);
	log_warn("HTTP connection refused, as all from outside http_allow",
	    log_str("peer", from),
	    log_str("advice", "add its network to http_allow of [server]"));
	return MHD_NO;
}

/* ---- connections ---- */

/* Time limits are for the silent: who says a byte now and then could hold all
 * connections for good.  When there are too many the one that has been there
 * longest goes: it had time enough. */
static void
cut_oldest(struct responder *responder)
{
	GList *link = responder->guests.head;

	/* whoever is known and is served is left alone: his mail may be taken,
	 * and he would not hear of it */
	while (link != NULL && ((struct guest *)link->data)->served)
		link = link->next;
	if (link == NULL)
		return;
	struct guest *guest = link->data;
	g_queue_unlink(&responder->guests, link);
	guest->cut = true;
	shutdown(guest->fd, SHUT_RDWR);
}

static struct guest *
welcome(struct responder *responder, struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
	    connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct guest *guest = g_new0(struct guest, 1);

	guest->link.data = guest;
	guest->fd = info->connect_fd;
	if (responder->guests.length >= CONNECTIONS)
		cut_oldest(responder);
	g_queue_push_tail_link(&responder->guests, &guest->link);
	return guest;
}

/* Told of an end before the descriptor is closed, so what we shut down is no
 * other's. */
static void
on_connection(void *object, struct MHD_Connection *connection, void **context,
    enum MHD_ConnectionNotificationCode code)
{
	struct responder *responder = object;
	struct guest *guest = *context;

	pthread_mutex_lock(&responder->mutex);
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		*context = welcome(responder, connection);
	else if (!guest->cut)
		g_queue_unlink(&responder->guests, &guest->link);
	pthread_mutex_unlock(&responder->mutex);
	if (code == MHD_CONNECTION_NOTIFY_CLOSED)
		g_free(guest);
}

/* ---- its life ---- */

static struct MHD_Daemon *
start_daemon(struct responder *responder)
{
	return MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD |
				    MHD_USE_THREAD_PER_CONNECTION |
				    MHD_USE_POLL | MHD_USE_ITC,
	    0, on_accept, responder, on_access, responder,
	    MHD_OPTION_LISTEN_SOCKET, responder->options.listener,
	    MHD_OPTION_THREAD_STACK_SIZE, STACK_BYTES,
	    MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
	    MHD_OPTION_CONNECTION_TIMEOUT, TIMEOUT_SECONDS,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, HEAD_BYTES,
	    MHD_OPTION_URI_LOG_CALLBACK, on_target, responder,
	    MHD_OPTION_NOTIFY_COMPLETED, on_completed, responder,
	    MHD_OPTION_NOTIFY_CONNECTION, on_connection, responder,
	    MHD_OPTION_UNESCAPE_CALLBACK, on_unescape, NULL, MHD_OPTION_END);
}

static void
free_responder(struct responder *responder)
{
	if (responder->idle >= 0)
		close(responder->idle);
	pthread_mutex_destroy(&responder->mutex);
	g_free(responder);
}

struct responder *
responder_open(const struct responder_options *options)
{
	struct responder *responder = g_new0(struct responder, 1);

	responder->options = *options;
	responder->idle = eventfd(0, EFD_CLOEXEC);
	pthread_mutex_init(&responder->mutex, NULL);
	responder->daemon = start_daemon(responder);
	if (responder->daemon == NULL)
		g_clear_pointer(&responder, free_responder);
	return responder;
}

void
responder_close(struct responder *responder)
{
	struct pollfd idle = { .fd = responder->idle, .events = POLLIN };
	int listener = MHD_quiesce_daemon(responder->daemon);

	atomic_store(&responder->closing, true);
	tell_idle(responder);
	poll(&idle, 1, CLOSE_MS);
	MHD_stop_daemon(responder->daemon);
	close(listener); /* until then its threads may look at it */
	free_responder(responder);
}
