/* SPDX-License-Identifier: MIT */
/*
 * libmicrohttpd on a socket that we bind ourselves, with two threads of its
 * own: a handler may wait for the store.
 */
#include "status.h"

#include "mail/spool.h"
#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define THREADS         2u
#define CONNECTIONS     64u
#define TIMEOUT_SECONDS 10u
#define HEAD_BYTES      ((size_t)32 * 1024)
#define BODY_BYTES      ((size_t)64 * 1024)
#define BACKLOG         64
#define BLOCK_BYTES     ((size_t)64 * 1024)

/* How long a close waits for requests under way. */
#define CLOSE_MS 5000

struct status_door {
	struct status *status;
	char *path;
	struct MHD_Daemon *daemon;
	int listener;
	int idle; /* eventfd: it is closing, and the last request is done */
	atomic_uint requests; /* read whole, answered or about to be */
	atomic_bool closing;
};

struct request {
	char *target;
	size_t body_bytes; /* read and thrown away: no page has use for them */
	bool begun, answered;
};

static GQuark
door_error(void)
{
	return g_quark_from_static_string("status_door");
}

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
tell_idle(struct status_door *door)
{
	if (atomic_load(&door->closing) && atomic_load(&door->requests) == 0)
		eventfd_write(door->idle, 1);
}

static void
on_completed(void *object, struct MHD_Connection *connection, void **context,
    enum MHD_RequestTerminationCode code)
{
	struct status_door *door = object;
	struct request *request = *context;

	(void)connection;
	(void)code;
	if (request == NULL)
		return;
	if (request->answered) {
		atomic_fetch_sub(&door->requests, 1);
		tell_idle(door);
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

static enum MHD_Result
on_access(void *object, struct MHD_Connection *connection, const char *path,
    const char *method, const char *version, const char *bytes, size_t *length,
    void **context)
{
	struct status_door *door = object;
	struct request *request = *context;
	struct status_answer answer;
	char who[32];

	(void)path;
	(void)version;
	(void)bytes;
	if (!request->begun) {
		request->begun = true;
		return MHD_YES;
	}
	if (*length > 0) {
		request->body_bytes += *length;
		*length = 0;
		return request->body_bytes <= BODY_BYTES ? MHD_YES : MHD_NO;
	}
	request->answered = true;
	atomic_fetch_add(&door->requests, 1);
	name_peer(connection, who, sizeof who);
	status_request(door->status, method, request->target, who, &answer);
	return send_answer(connection, &answer);
}

/* Bound and listening, mode 0660 from its first moment on. */
static bool
listen_at(int fd, const struct sockaddr_un *address)
{
	/* nobody can connect before listen(), so the mode may follow */
	return bind(fd, (const struct sockaddr *)address, sizeof *address) ==
		   0 &&
	       chmod(address->sun_path, 0660) == 0 && listen(fd, BACKLOG) == 0;
}

static int
open_listener(const char *path, GError **error)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof address.sun_path) {
		g_set_error(error, door_error(), 0,
		    "the path of the socket %s is too long: %zu bytes are "
		    "allowed; choose a shorter state_dir",
		    path, sizeof address.sun_path - 1);
		return -1;
	}
	g_strlcpy(address.sun_path, path, sizeof address.sun_path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* left behind by one that died: we hold the lock of the directory */
	unlink(path);
	if (fd >= 0 && listen_at(fd, &address))
		return fd;
	g_set_error(error, door_error(), 0,
	    "cannot open the socket %s for the commands: %s; state_dir must be "
	    "a directory that this user may write",
	    path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static struct MHD_Daemon *
start_daemon(struct status_door *door)
{
	return MHD_start_daemon(
	    MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL | MHD_USE_ITC, 0,
	    NULL, NULL, on_access, door, MHD_OPTION_LISTEN_SOCKET,
	    door->listener, MHD_OPTION_THREAD_POOL_SIZE, THREADS,
	    MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS,
	    MHD_OPTION_CONNECTION_TIMEOUT, TIMEOUT_SECONDS,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, HEAD_BYTES,
	    MHD_OPTION_URI_LOG_CALLBACK, on_target, door,
	    MHD_OPTION_NOTIFY_COMPLETED, on_completed, door,
	    MHD_OPTION_UNESCAPE_CALLBACK, on_unescape, NULL, MHD_OPTION_END);
}

static void
free_door(struct status_door *door)
{
	if (door->idle >= 0)
		close(door->idle);
	g_free(door->path);
	g_free(door);
}

struct status_door *
status_door_open(struct status *status, const char *path, GError **error)
{
	struct status_door *door = g_new0(struct status_door, 1);

	door->status = status;
	door->path = g_strdup(path);
	door->idle = eventfd(0, EFD_CLOEXEC);
	door->listener = open_listener(path, error);
	if (door->listener < 0) {
		free_door(door);
		return NULL;
	}
	door->daemon = start_daemon(door);
	if (door->daemon != NULL)
		return door;
	g_set_error(error, door_error(), 0,
	    "cannot serve the socket %s: no threads or descriptors are left",
	    path);
	close(door->listener);
	unlink(path);
	free_door(door);
	return NULL;
}

void
status_door_close(struct status_door *door)
{
	if (door == NULL)
		return;
	struct pollfd idle = { .fd = door->idle, .events = POLLIN };

	unlink(door->path);
	close(MHD_quiesce_daemon(door->daemon));
	atomic_store(&door->closing, true);
	tell_idle(door);
	poll(&idle, 1, CLOSE_MS);
	MHD_stop_daemon(door->daemon);
	free_door(door);
}
