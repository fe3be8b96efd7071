/* SPDX-License-Identifier: MIT */
#include "talk.h"
#include "odd.h"
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <fcntl.h>
#include <string.h>

#define LINE_BYTES ((size_t)16384)
#define READ_BYTES ((size_t)256 * 1024)

static void
destroy(struct talk *talk)
{
	sink_forget(talk->sink, talk);
	parcel_clear(talk);
	fault_unref(talk->fault);
	event_free(talk->timer);
	if (talk->encrypted && talk->state == TALK_OVER)
		SSL_shutdown(bufferevent_openssl_get_ssl(talk->stream));
	bufferevent_free(talk->stream);
	if (talk->later != NULL)
		g_string_free(talk->later, TRUE);
	g_free(talk->username);
	g_free(talk);
}

void
talk_reset(struct talk *talk)
{
	acceptor_reset(talk->fd);
	destroy(talk);
}

void
talk_break(struct talk *talk)
{
	acceptor_reset(talk->fd);
	talk->dead = true;
}

void
talk_swallow(struct talk *talk)
{
	int fd = fcntl(talk->fd, F_DUPFD_CLOEXEC, 0);

	if (fd >= 0)
		acceptor_swallow(sink_acceptor(talk->sink), fd);
	talk->dead = true;
}

void
talk_say(struct talk *talk, const char *format, ...)
{
	struct evbuffer *output = bufferevent_get_output(talk->stream);
	va_list arguments;

	va_start(arguments, format);
	evbuffer_add_vprintf(output, format, arguments);
	va_end(arguments);
	evbuffer_add(output, "\r\n", 2);
}

void
talk_end(struct talk *talk)
{
	talk->state = TALK_OVER;
}

bool
talk_fails(const struct talk *talk, enum fault_word word)
{
	return talk->fault != NULL && talk->fault->word == word;
}

bool
talk_has_input(const struct talk *talk)
{
	return evbuffer_get_length(bufferevent_get_input(talk->stream)) > 0;
}

static void
set_timer(struct talk *talk, uint64_t ms)
{
	const struct timeval wait = { .tv_sec = (time_t)(ms / 1000),
		.tv_usec = (suseconds_t)(ms % 1000 * 1000) };

	event_add(talk->timer, &wait);
}

void
talk_say_late(struct talk *talk, const char *text)
{
	const struct fault *fault = talk->parcel.fault;

	if (fault != NULL && fault->word == FAULT_ODD) {
		GString *reply = odd_reply(fault->argument, text);

		bufferevent_write(talk->stream, reply->str, reply->len);
		g_string_free(reply, TRUE);
		return;
	}
	if (fault == NULL ||
	    (fault->word != FAULT_SLOW && fault->word != FAULT_DRIP)) {
		talk_say(talk, "%s", text);
		return;
	}
	talk->later = g_string_new(text);
	g_string_append(talk->later, "\r\n");
	talk->drip_ms = fault->word == FAULT_DRIP ? (unsigned)fault->number : 0;
	talk->state = TALK_SLOW;
	set_timer(talk, fault->number);
}

static void
take_line(struct talk *talk, char *line)
{
	if (talk->state == TALK_COMMAND)
		verb_take(talk, line);
	else
		verb_take_secret(talk, line);
}

/* Reads a line.  False when there is none yet. */
static bool
read_line(struct talk *talk, struct evbuffer *input)
{
	size_t length;
	char *line = evbuffer_readln(input, &length, EVBUFFER_EOL_CRLF_STRICT);

	if (line == NULL && evbuffer_get_length(input) <= LINE_BYTES)
		return false;
	if (line == NULL || strlen(line) != length || length > LINE_BYTES ||
	    strpbrk(line, "\r\n") != NULL) {
		house_note(talk->house, NULL,
		    "a command is too long, or has a NUL, a bare CR or LF");
		talk_say(talk, "500 5.5.2 Bad line");
		talk_end(talk);
	} else {
		take_line(talk, line);
	}
	free(line);
	return true;
}

static bool
read_bytes(struct talk *talk, struct evbuffer *input)
{
	size_t length = evbuffer_get_contiguous_space(input);

	if (talk->state == TALK_CHUNK && talk->chunk_bytes < length)
		length = (size_t)talk->chunk_bytes;
	if (length == 0)
		return false;
	const char *bytes =
	    (const char *)evbuffer_pullup(input, (ev_ssize_t)length);
	evbuffer_drain(input, parcel_take(talk, bytes, length));
	return true;
}

/* One step; false when it needs more input, or wants none. */
static bool
step(struct talk *talk)
{
	struct evbuffer *input = bufferevent_get_input(talk->stream);

	switch (talk->state) {
	case TALK_COMMAND:
	case TALK_PLAIN:
	case TALK_USER:
	case TALK_PASSWORD:
		return read_line(talk, input);
	case TALK_DATA:
	case TALK_CHUNK:
		return read_bytes(talk, input);
	case TALK_SECURING:
	case TALK_SLOW:
	case TALK_SILENT:
	case TALK_OVER:
		return false;
	}
	return false;
}

static bool
is_flushed(const struct talk *talk)
{
	return evbuffer_get_length(bufferevent_get_output(talk->stream)) == 0;
}

static void start_tls(struct talk *talk);

/* Works off what has come, then sees whether the talk is over. */
static void
take_turn(struct talk *talk)
{
	while (!talk->dead && step(talk))
		continue;
	if (talk->state == TALK_OVER && is_flushed(talk))
		talk->dead = true;
	if (talk->state == TALK_SILENT)
		evbuffer_drain(bufferevent_get_input(talk->stream), SIZE_MAX);
	if (talk->dead)
		destroy(talk);
	else if (talk->state == TALK_SECURING && is_flushed(talk))
		start_tls(talk);
}

static void
on_read(struct bufferevent *stream, void *talk)
{
	(void)stream;
	take_turn(talk);
}

static void
on_write(struct bufferevent *stream, void *talk)
{
	(void)stream;
	take_turn(talk);
}

static void
on_event(struct bufferevent *stream, short what, void *object)
{
	struct talk *talk = object;

	if ((what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) == 0)
		return;
	if ((what & BEV_EVENT_ERROR) != 0 || is_flushed(talk)) {
		destroy(talk);
		return;
	}
	/* the peer says no more, but may still listen */
	bufferevent_disable(stream, EV_READ);
	talk_end(talk);
}

static void
on_timer(evutil_socket_t fd, short what, void *object)
{
	struct talk *talk = object;
	size_t now = talk->drip_ms > 0 ? 1 : talk->later->len;

	(void)fd;
	(void)what;
	bufferevent_write(talk->stream, talk->later->str, now);
	g_string_erase(talk->later, 0, (gssize)now);
	if (talk->later->len > 0) {
		set_timer(talk, talk->drip_ms);
		return;
	}
	g_string_free(talk->later, TRUE);
	talk->later = NULL;
	talk->state = TALK_COMMAND;
	take_turn(talk);
}

static void
use_stream(struct talk *talk, struct bufferevent *stream)
{
	talk->stream = stream;
	bufferevent_setcb(stream, on_read, on_write, on_event, talk);
	bufferevent_set_max_single_read(stream, READ_BYTES);
	bufferevent_enable(stream, EV_READ | EV_WRITE);
}

static void
start_tls(struct talk *talk)
{
	SSL *ssl = SSL_new(sink_tls(talk->sink));

	bufferevent_setfd(talk->stream, -1);
	bufferevent_free(talk->stream);
	struct bufferevent *stream =
	    bufferevent_openssl_socket_new(sink_base(talk->sink), talk->fd, ssl,
		BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
	g_assert(stream != NULL);
	bufferevent_openssl_set_allow_dirty_shutdown(stream, 1);
	use_stream(talk, stream);
	talk->encrypted = true;
	talk->state = TALK_COMMAND;
}

void
talk_encrypt(struct talk *talk)
{
	/* what comes from now on is not for the plain stream to read */
	bufferevent_disable(talk->stream, EV_READ);
	talk->state = TALK_SECURING;
}

bool
talk_breaks_off(struct talk *talk, const char *command)
{
	if ((!talk_fails(talk, FAULT_CLOSE_AT) &&
		!talk_fails(talk, FAULT_STALL_AT)) ||
	    g_ascii_strcasecmp(talk->fault->argument, command) != 0)
		return false;
	if (talk_fails(talk, FAULT_CLOSE_AT))
		talk_end(talk);
	else
		talk->state = TALK_SILENT;
	return true;
}

static void
greet(struct talk *talk)
{
	if (talk_breaks_off(talk, "greeting"))
		return;
	if (talk_fails(talk, FAULT_GREETING)) {
		talk_say(talk, "%u Not now", (unsigned)talk->fault->number);
		talk_end(talk);
		return;
	}
	talk_say(talk, "220 sink.example ESMTP");
}

struct talk *
talk_new(struct sink *sink, int fd, struct fault *fault)
{
	struct talk *talk = g_new0(struct talk, 1);

	talk->sink = sink;
	talk->house = sink_house(sink);
	talk->fd = fd;
	talk->fault = fault;
	talk->timer = evtimer_new(sink_base(sink), on_timer, talk);
	use_stream(talk,
	    bufferevent_socket_new(sink_base(sink), fd, BEV_OPT_CLOSE_ON_FREE));
	greet(talk);
	return talk;
}
