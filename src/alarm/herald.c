/* SPDX-License-Identifier: MIT */
#include "herald.h"

#include <errno.h>
#include <event2/event.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct herald {
	int fd;
	pid_t pid;
	struct event *event; /* NULL: nobody listens */
	herald_fn fn;
	void *object;
};

static GQuark
herald_error(void)
{
	return g_quark_from_static_string("herald");
}

/* The settings and their secrets stay out of its environment, as our memory
 * does: it is a program anew. */
static char **
make_environment(void)
{
	static const char *const kept[] = { "PATH", "LD_LIBRARY_PATH" };
	char **environment = g_new0(char *, G_N_ELEMENTS(kept) + 1);
	unsigned count = 0;

	for (unsigned i = 0; i < G_N_ELEMENTS(kept); i++)
		if (g_getenv(kept[i]) != NULL)
			environment[count++] = g_strdup_printf(
			    "%s=%s", kept[i], g_getenv(kept[i]));
	return environment;
}

/* 0, or the errno of what went wrong. */
static int
spawn(struct herald *herald, int other_end)
{
	char name[] = "postferry", word[] = HERALD_COMMAND;
	char *arguments[] = { name, word, NULL };
	g_auto(GStrv) environment = make_environment();
	posix_spawn_file_actions_t actions;
	int wrong;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, other_end, HERALD_FD);
	wrong = posix_spawn(&herald->pid, "/proc/self/exe", &actions, NULL,
	    arguments, environment);
	posix_spawn_file_actions_destroy(&actions);
	return wrong;
}

static bool
start(struct herald *herald)
{
	int ends[2];
	int wrong;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return false;
	wrong = spawn(herald, ends[1]);
	close(ends[1]);
	herald->fd = ends[0];
	errno = wrong;
	return wrong == 0;
}

struct herald *
herald_new(const char *command, GError **error)
{
	struct herald *herald = g_new0(struct herald, 1);
	struct herald_order order = { .timeout_ms = 0 };
	char *texts[] = { (char *)command, NULL };

	herald->fd = -1;
	if (start(herald) && herald_send(herald, &order, texts, -1))
		return herald;
	g_set_error(error, herald_error(), errno,
	    "cannot start the process that runs alarm_command: %s; is /proc "
	    "mounted? without alarm_command it is not needed",
	    g_strerror(errno));
	herald_free(herald);
	return NULL;
}

static void
on_readable(evutil_socket_t fd, short what, void *object)
{
	struct herald *herald = object;
	struct herald_report report;
	ssize_t got = recv((int)fd, &report, sizeof(report), MSG_DONTWAIT);

	(void)what;
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got == (ssize_t)sizeof(report)) {
		herald->fn(herald->object, &report);
		return;
	}
	event_del(herald->event);
	herald->fn(herald->object, NULL);
}

void
herald_listen(
    struct herald *herald, struct loop *loop, herald_fn fn, void *object)
{
	herald->fn = fn;
	herald->object = object;
	herald->event = event_new(loop_base(loop), herald->fd,
	    EV_READ | EV_PERSIST, on_readable, herald);
	event_add(herald->event, NULL);
}

void
herald_deaf(struct herald *herald)
{
	g_clear_pointer(&herald->event, event_free);
}

static void
add_file(struct msghdr *message, int input)
{
	struct cmsghdr *header = message->msg_control;

	message->msg_controllen = CMSG_SPACE(sizeof(int));
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &input, sizeof(int));
}

bool
herald_send(struct herald *herald, const struct herald_order *order,
    char *const *texts, int input)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	g_autoptr(GString) bytes = g_string_new(NULL);
	struct iovec piece;
	struct msghdr message = { .msg_iov = &piece, .msg_iovlen = 1 };

	g_string_append_len(bytes, (const char *)order, sizeof(*order));
	for (; *texts != NULL; texts++)
		g_string_append_len(bytes, *texts, (gssize)strlen(*texts) + 1);
	piece.iov_base = bytes->str;
	piece.iov_len = bytes->len;
	message.msg_control = input >= 0 ? &control : NULL;
	if (input >= 0)
		add_file(&message, input);
	errno = EMSGSIZE;
	return bytes->len <= HERALD_PACKET &&
	       sendmsg(herald->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) ==
		   (ssize_t)bytes->len;
}

void
herald_free(struct herald *herald)
{
	if (herald == NULL)
		return;
	herald_deaf(herald);
	/* it kills what runs, and ends */
	if (herald->fd >= 0)
		close(herald->fd);
	if (herald->pid > 0)
		waitpid(herald->pid, NULL, 0);
	g_free(herald);
}
