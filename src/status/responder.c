/* SPDX-License-Identifier: MIT */
#include "responder.h"

#include "core/log.h"
#include "core/network.h"
#include "mail/spool.h"
#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define THREADS     4u
#define CONNECTIONS 64u
/* What stands in line to be closed still counts. */
#define CONNECTIONS_MAX (2u * CONNECTIONS)
#define TIMEOUT_SECONDS 10u
#define HEAD_BYTES      ((size_t)32 * 1024)
#define BODY_BYTES      ((size_t)64 * 1024)
#define BLOCK_BYTES     ((size_t)64 * 1024)

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
	int fd;   /* open as long as the guest is there */
	bool cut; /* shut down, and no more among the guests */
};

struct request {
	char *target;
	size_t body_bytes; /* read and thrown away: no page has use for them */
	bool begun, answered;
};

/* The target as it came over the wire, before anything is decoded. */
static void *
on_target(void *object, const char *target, struct MHD_Connection *connection)
{
	struct request *request = g_new0(struct request, 1);

	(void)object;
	(void)connection;
	request->target = g_strdup(target);
	return request;
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
	struct request *request = *context;

	(void)connection;
	(void)code;
	if (request == NULL)
		return;
	if (request->answered) {
		atomic_fetch_sub(&responder->requests, 1);
		tell_idle(responder);
	}
	g_free(request->target);
	g_free(request);
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

static ssize_t
on_read(void *spool, uint64_t offset, char *bytes, size_t length)
{
	ssize_t got = spool_read(spool, offset, bytes, length);

	if (got > 0)
		return got;
	return got == 0 ? MHD_CONTENT_READER_END_OF_STREAM
			: MHD_CONTENT_READER_END_WITH_ERROR;
}

static void
on_read_done(void *spool)
{
	spool_unref(spool);
}

static void
on_sent(void *body)
{
	g_string_free(body, TRUE);
}

static struct MHD_Response *
make_response(struct status_answer *answer)
{
	struct MHD_Response *response;

	if (answer->spool != NULL) {
		response =
		    MHD_create_response_from_callback(spool_size(answer->spool),
			BLOCK_BYTES, on_read, answer->spool, on_read_done);
		answer->spool = NULL;
	} else {
		GString *body = answer->body;

		response =
		    MHD_create_response_from_buffer_with_free_callback_cls(
			body->len, body->str, on_sent, body);
		answer->body = NULL;
	}
	g_assert(response != NULL); /* only a want of memory */
	return response;
}

static enum MHD_Result
send_answer(struct MHD_Connection *connection, struct status_answer *answer)
{
	unsigned code = answer->code;
	struct MHD_Response *response = make_response(answer);

	MHD_add_response_header(response, "Content-Type", answer->type);
	MHD_add_response_header(response, "Cache-Control", "no-store");
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(
	    response, "Content-Security-Policy", "default-src 'none'");
	if (answer->allow != NULL)
		MHD_add_response_header(response, "Allow", answer->allow);
	enum MHD_Result result = MHD_queue_response(connection, code, response);
	MHD_destroy_response(response);
	status_answer_clear(answer);
	return result;
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
find_field(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static bool
is_admitted(const struct responder *responder,
    struct MHD_Connection *connection, const char *version,
    struct status_answer *answer)
{
	const struct porter_head head = {
		.version = version,
		.host = find_field(connection, "Host"),
		.origin = find_field(connection, "Origin"),
		.site = find_field(connection, "Sec-Fetch-Site"),
	};

	return responder->options.porter == NULL ||
	       porter_admits(responder->options.porter, &head, answer);
}

static void
answer_request(const struct responder *responder,
    struct MHD_Connection *connection, const char *method,
    const struct request *request, struct status_answer *answer)
{
	bool local = responder->options.porter == NULL;
	char who[32];

	if (local)
		name_peer(connection, who, sizeof who);
	status_request(responder->options.status, method, request->target,
	    local ? who : NULL, answer);
}

static enum MHD_Result
on_access(void *object, struct MHD_Connection *connection, const char *path,
    const char *method, const char *version, const char *bytes, size_t *length,
    void **context)
{
	struct responder *responder = object;
	struct request *request = *context;
	struct status_answer answer = { 0 };

	(void)path;
	(void)bytes;
	if (!request->begun) {
		request->begun = true;
		/* before a body of it is read */
		return is_admitted(responder, connection, version, &answer)
			   ? MHD_YES
			   : send_answer(connection, &answer);
	}
	if (*length > 0) {
		request->body_bytes += *length;
		*length = 0;
		return request->body_bytes <= BODY_BYTES ? MHD_YES : MHD_NO;
	}
	request->answered = true;
	atomic_fetch_add(&responder->requests, 1);
	answer_request(responder, connection, method, request, &answer);
	return send_answer(connection, &answer);
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
	GList *link = g_queue_pop_head_link(&responder->guests);
	struct guest *guest = link->data;

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
	return MHD_start_daemon(
	    MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL | MHD_USE_ITC, 0,
	    on_accept, responder, on_access, responder,
	    MHD_OPTION_LISTEN_SOCKET, responder->options.listener,
	    MHD_OPTION_THREAD_POOL_SIZE, THREADS, MHD_OPTION_CONNECTION_LIMIT,
	    CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, TIMEOUT_SECONDS,
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
