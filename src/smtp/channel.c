/* SPDX-License-Identifier: MIT */
#include "channel.h"

#include "tls.h"
#include <errno.h>
#include <event2/event.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Reads in one turn, so that one fast client does not hold up the others. */
#define READS_PER_TURN 4
/* Of the output's buffer that is kept between turns. */
#define OUTPUT_KEPT 4096

struct channel {
	struct channel_options options;
	struct event *reading; /* edge-triggered, always added */
	struct event *writing; /* NULL: nothing ever waited; added: it does */
	struct event *again;   /* NULL, or a turn that is due at once */
	struct tls *tls;       /* NULL: plain */
	GString *out;
	size_t sent;         /* of out */
	unsigned char *held; /* not consumed */
	size_t held_length;
	size_t read_size;
	bool readable; /* there may be something to read */
	bool paused;
	bool full;   /* the last read filled its buffer */
	bool half;   /* the peer ended its side while nothing was read */
	bool ended;  /* ended() was called */
	bool broken; /* nothing can be sent any more */
};

static void on_event(evutil_socket_t fd, short what, void *object);
static void on_again(evutil_socket_t fd, short what, void *object);

struct channel *
channel_new(const struct channel_options *options)
{
	struct channel *channel = g_new0(struct channel, 1);

	channel->options = *options;
	channel->out = g_string_sized_new(256);
	channel->read_size = CHANNEL_READ_SMALL;
	channel->paused = true;
	channel->reading = event_new(options->base, options->fd,
	    EV_READ | EV_PERSIST | EV_ET, on_event, channel);
	event_add(channel->reading, NULL);
	return channel;
}

void
channel_free(struct channel *channel)
{
	if (channel == NULL)
		return;
	event_free(channel->reading);
	if (channel->writing != NULL)
		event_free(channel->writing);
	if (channel->again != NULL)
		event_free(channel->again);
	tls_free(channel->tls);
	close(channel->options.fd);
	g_string_free(channel->out, TRUE);
	g_free(channel->held);
	g_free(channel);
}

GString *
channel_output(struct channel *channel)
{
	return channel->out;
}

size_t
channel_unsent(const struct channel *channel)
{
	return channel->out->len - channel->sent;
}

static void
end(struct channel *channel, int error)
{
	channel->readable = false;
	channel->broken = error != 0;
	if (channel->ended)
		return;
	channel->ended = true;
	channel->options.handlers->ended(channel->options.object, error);
}

/* Nothing waits any more: gives back what a flood of replies took. */
static void
clear_output(struct channel *channel)
{
	channel->sent = 0;
	g_string_truncate(channel->out, 0);
	if (channel->out->allocated_len > OUTPUT_KEPT) {
		g_string_free(channel->out, TRUE);
		channel->out = g_string_sized_new(256);
	}
	if (channel->writing != NULL)
		event_del(channel->writing);
}

static void
wait_writable(struct channel *channel)
{
	if (channel->writing == NULL)
		channel->writing =
		    event_new(channel->options.base, channel->options.fd,
			EV_WRITE | EV_PERSIST | EV_ET, on_event, channel);
	event_add(channel->writing, NULL);
}

size_t
channel_flush(struct channel *channel)
{
	while (channel_unsent(channel) > 0 && !channel->broken) {
		ssize_t done =
		    send(channel->options.fd, channel->out->str + channel->sent,
			channel_unsent(channel), MSG_NOSIGNAL);

		if (done >= 0)
			channel->sent += (size_t)done;
		else if (errno == EAGAIN)
			break;
		else if (errno != EINTR)
			end(channel, errno);
	}
	if (channel_unsent(channel) == 0)
		clear_output(channel);
	else if (!channel->broken)
		wait_writable(channel);
	return channel_unsent(channel);
}

void
channel_pause(struct channel *channel)
{
	channel->paused = true;
}

/* Asks for a turn when all others had theirs: event_active() would put us
 * before those whose sockets are not yet looked at. */
static void
turn_again(struct channel *channel)
{
	static const struct timeval at_once = { 0, 0 };

	if (channel->again == NULL)
		channel->again =
		    evtimer_new(channel->options.base, on_again, channel);
	evtimer_add(channel->again, &at_once);
}

void
channel_resume(struct channel *channel)
{
	channel->paused = false;
	if (channel->held_length > 0 || channel->readable)
		turn_again(channel);
}

bool
channel_paused(const struct channel *channel)
{
	return channel->paused;
}

void
channel_expect(struct channel *channel, size_t bytes)
{
	channel->read_size = bytes;
}

bool
channel_has_more(const struct channel *channel)
{
	char byte;

	return channel->full &&
	       recv(channel->options.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

void
channel_secure(struct channel *channel, struct tls *tls)
{
	channel->tls = tls;
}

const struct tls *
channel_tls(const struct channel *channel)
{
	return channel->tls;
}

void
channel_shut(struct channel *channel)
{
	shutdown(channel->options.fd, SHUT_WR);
}

/* Keeps what input() did not want. */
static void
hold(struct channel *channel, const unsigned char *bytes, size_t length)
{
	g_clear_pointer(&channel->held, g_free);
	channel->held_length = length;
	if (length > 0)
		channel->held = g_memdup2(bytes, length);
}

/* Has the bytes in the shared buffer consumed. */
static void
deliver(struct channel *channel, size_t length)
{
	unsigned char *bytes = channel->options.buffer->bytes;
	size_t used = channel->options.handlers->input(
	    channel->options.object, bytes, length);

	g_assert(used <= length);
	hold(channel, bytes + used, length - used);
}

static size_t
recall(struct channel *channel)
{
	if (channel->held_length > 0)
		memcpy(channel->options.buffer->bytes, channel->held,
		    channel->held_length);
	return channel->held_length;
}

static void
read_once(struct channel *channel)
{
	size_t room = sizeof(channel->options.buffer->bytes);
	size_t have = recall(channel);
	size_t wanted = MIN(channel->read_size, room - have);
	ssize_t got = recv(channel->options.fd,
	    channel->options.buffer->bytes + have, wanted, 0);

	g_assert(wanted > 0);
	if (got > 0) {
		channel->full = (size_t)got == wanted;
		deliver(channel, have + (size_t)got);
	} else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
		end(channel, got == 0 ? 0 : errno);
	} else if (errno == EAGAIN) {
		channel->readable = false;
		channel->full = false;
	}
}

static bool
wants_input(const struct channel *channel)
{
	return channel->readable && !channel->paused && !channel->ended;
}

/* Reads until there is nothing more, or others have waited long enough. */
static void
take_turn(struct channel *channel)
{
	if (channel->held_length > 0 && !channel->paused)
		deliver(channel, recall(channel));
	for (int i = 0; i < READS_PER_TURN && wants_input(channel); i++)
		read_once(channel);
	channel_turn(channel);
}

void
channel_turn(struct channel *channel)
{
	channel_flush(channel);
	if (wants_input(channel))
		turn_again(channel);
	channel->options.handlers->settled(channel->options.object);
}

/* While nothing is read, a peer that has gone is noticed all the same.  One
 * that only ended its own side may still want to read what it is told. */
static void
look_for_end(struct channel *channel)
{
	char byte;
	ssize_t got =
	    recv(channel->options.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	if (got == 0)
		channel->half = true;
	else if (got < 0 && errno != EAGAIN && errno != EINTR)
		end(channel, errno);
}

bool
channel_is_half(const struct channel *channel)
{
	return channel->half;
}

static void
on_event(evutil_socket_t fd, short what, void *object)
{
	struct channel *channel = object;

	(void)fd;
	if ((what & EV_READ) != 0) {
		channel->readable = true;
		if (channel->paused)
			look_for_end(channel);
	}
	take_turn(channel);
}

static void
on_again(evutil_socket_t fd, short what, void *object)
{
	(void)fd;
	(void)what;
	take_turn(object);
}
