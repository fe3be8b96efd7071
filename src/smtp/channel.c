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

enum channel_stage {
	CHANNEL_PLAIN,
	CHANNEL_LEAVING, /* what was said before the handshake is sent */
	CHANNEL_SHAKING, /* the handshake is under way */
	CHANNEL_SECURE,
};

struct channel {
	struct channel_options options;
	enum channel_stage stage;
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
	bool owed;     /* it is readable when written to, or by its next turn */
	bool paused;
	bool secret; /* what is consumed now is to be overwritten */
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

/* Keeps what input() did not want. */
static void
hold(struct channel *channel, const unsigned char *bytes, size_t length)
{
	/* it may be part of a password */
	if (channel->held != NULL)
		explicit_bzero(channel->held, channel->held_length);
	g_clear_pointer(&channel->held, g_free);
	channel->held_length = length;
	if (length > 0)
		channel->held = g_memdup2(bytes, length);
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
	hold(channel, NULL, 0);
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
	channel->broken |= error != 0;
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
	if (channel->writing != NULL && !channel->owed)
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

/* As send(). */
static ssize_t
transmit(struct channel *channel)
{
	const char *bytes = channel->out->str + channel->sent;
	size_t length = channel_unsent(channel);

	if (channel->stage == CHANNEL_SECURE)
		return tls_write(channel->tls, bytes, length);
	return send(channel->options.fd, bytes, length, MSG_NOSIGNAL);
}

static void
send_all(struct channel *channel)
{
	while (channel_unsent(channel) > 0 && !channel->broken) {
		ssize_t done = transmit(channel);

		if (done >= 0)
			channel->sent += (size_t)done;
		else if (errno == EAGAIN)
			break;
		else if (errno != EINTR)
			end(channel, errno);
	}
}

size_t
channel_flush(struct channel *channel)
{
	if (channel->stage == CHANNEL_SHAKING)
		return channel_unsent(channel);
	send_all(channel);
	if (channel_unsent(channel) == 0)
		clear_output(channel);
	else if (!channel->broken)
		wait_writable(channel);
	if (channel->stage == CHANNEL_LEAVING && channel_unsent(channel) == 0) {
		channel->stage = CHANNEL_SHAKING;
		turn_again(channel);
	}
	return channel_unsent(channel);
}

void
channel_pause(struct channel *channel)
{
	channel->paused = true;
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
channel_conceal(struct channel *channel)
{
	channel->secret = true;
}

void
channel_expect(struct channel *channel, size_t bytes)
{
	channel->read_size = bytes;
}

/* As recv() of one byte that stays there. */
static ssize_t
peek(struct channel *channel)
{
	char byte;

	if (channel->stage == CHANNEL_SECURE)
		return tls_peek(channel->tls);
	return recv(channel->options.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
}

bool
channel_has_more(struct channel *channel)
{
	return channel->full && peek(channel) > 0;
}

void
channel_secure(struct channel *channel, struct tls_keys *keys)
{
	g_assert(channel->stage == CHANNEL_PLAIN);
	channel->stage = CHANNEL_LEAVING;
	channel->tls = tls_new(keys, channel->options.fd);
	tls_feed(channel->tls, channel->held, channel->held_length);
	hold(channel, NULL, 0);
}

const struct tls *
channel_tls(const struct channel *channel)
{
	return channel->tls;
}

void
channel_shut(struct channel *channel)
{
	if (channel->stage == CHANNEL_SECURE)
		tls_shut(channel->tls);
	shutdown(channel->options.fd, SHUT_WR);
}

/* Has the bytes in the shared buffer consumed.  What is left when TLS is to
 * begin is a part of that, and can be no command. */
static void
deliver(struct channel *channel, size_t length)
{
	unsigned char *bytes = channel->options.buffer->bytes;
	enum channel_stage stage = channel->stage;
	size_t used;

	hold(channel, NULL, 0); /* they are in the buffer, too */
	used = channel->options.handlers->input(
	    channel->options.object, bytes, length);
	g_assert(used <= length);
	if (channel->stage != stage) {
		tls_feed(channel->tls, bytes + used, length - used);
		used = length;
	}
	hold(channel, bytes + used, length - used);
	/* what is held may be part of a password, and all share the buffer */
	explicit_bzero(bytes + used, length - used);
	if (channel->secret)
		explicit_bzero(bytes, used);
	channel->secret = false;
}

static size_t
recall(struct channel *channel)
{
	if (channel->held_length > 0)
		memcpy(channel->options.buffer->bytes, channel->held,
		    channel->held_length);
	return channel->held_length;
}

/* TLS has nothing to give now, though the socket may be readable. */
static void
wait_tls(struct channel *channel)
{
	enum tls_need need = tls_need(channel->tls);

	channel->owed = need != TLS_NEEDS_INPUT;
	if (need == TLS_NEEDS_OUTPUT)
		wait_writable(channel);
	else if (need == TLS_NEEDS_TURN)
		turn_again(channel);
}

/* As recv(). */
static ssize_t
receive(struct channel *channel, unsigned char *bytes, size_t length)
{
	if (channel->stage == CHANNEL_SECURE)
		return tls_read(channel->tls, bytes, length);
	return recv(channel->options.fd, bytes, length, 0);
}

static void
read_once(struct channel *channel)
{
	size_t room = sizeof(channel->options.buffer->bytes);
	size_t have = recall(channel);
	size_t wanted = MIN(channel->read_size, room - have);
	ssize_t got =
	    receive(channel, channel->options.buffer->bytes + have, wanted);

	g_assert(wanted > 0);
	if (got <= 0)
		explicit_bzero(channel->options.buffer->bytes, have);
	if (got > 0) {
		channel->full = (size_t)got == wanted ||
				(channel->stage == CHANNEL_SECURE &&
				    tls_need(channel->tls) == TLS_NEEDS_TURN);
		deliver(channel, have + (size_t)got);
	} else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
		end(channel, got == 0 ? 0 : errno);
	} else if (errno == EAGAIN) {
		channel->readable = false;
		channel->full = false;
		if (channel->stage == CHANNEL_SECURE)
			wait_tls(channel);
	}
}

/* The peer may be told nothing any more, not even in plain text: what comes is
 * read for its end only. */
static void
fail_handshake(struct channel *channel)
{
	struct tls *tls = g_steal_pointer(&channel->tls);

	channel->stage = CHANNEL_PLAIN;
	channel->broken = true;
	clear_output(channel);
	channel->options.handlers->secured(
	    channel->options.object, tls_trouble(tls));
	tls_free(tls);
}

static void
shake(struct channel *channel)
{
	switch (tls_shake(channel->tls)) {
	case TLS_DONE:
		channel->stage = CHANNEL_SECURE;
		channel->options.handlers->secured(
		    channel->options.object, NULL);
		break;
	case TLS_WAITS:
		wait_tls(channel);
		return;
	case TLS_FAILED:
		fail_handshake(channel);
		break;
	}
	/* more may have come in one piece with the end of the handshake */
	channel->readable = true;
}

static bool
wants_input(const struct channel *channel)
{
	return channel->readable && !channel->paused && !channel->ended &&
	       (channel->stage == CHANNEL_PLAIN ||
		   channel->stage == CHANNEL_SECURE);
}

/* Reads until there is nothing more, or others have waited long enough. */
static void
take_turn(struct channel *channel)
{
	if (channel->stage == CHANNEL_SHAKING)
		shake(channel);
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
	ssize_t got = peek(channel);

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
	if ((what & EV_READ) != 0 || channel->owed)
		channel->readable = true;
	channel->owed = false;
	if ((what & EV_READ) != 0 && channel->paused &&
	    channel->stage != CHANNEL_SHAKING)
		look_for_end(channel);
	take_turn(channel);
}

static void
on_again(evutil_socket_t fd, short what, void *object)
{
	struct channel *channel = object;

	(void)fd;
	(void)what;
	if (channel->owed)
		channel->readable = true;
	channel->owed = false;
	take_turn(channel);
}
