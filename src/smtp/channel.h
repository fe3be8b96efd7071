/* SPDX-License-Identifier: MIT */
/*
 * A channel is the bytes in and out of one client, without a word of SMTP: it
 * reads into a buffer that all channels of a loop share, keeps only what was
 * not consumed, and writes what was said during a turn in one piece.  Owned by
 * one session, on its loop's thread.
 *
 * The socket is watched edge-triggered and never taken off: a channel that
 * must not read costs no system call, and still hears when the peer has gone.
 */
#ifndef SMTP_CHANNEL_H
#define SMTP_CHANNEL_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

struct event_base;
struct channel;
struct tls;
struct tls_keys;

/* Of one read: enough for a group of commands, or for a mail's text. */
#define CHANNEL_READ_SMALL 4096
#define CHANNEL_READ_LARGE 65536

/* What one loop's channels share. */
struct channel_buffer {
	/* what was kept before a read, and the read */
	unsigned char bytes[2 * CHANNEL_READ_LARGE];
};

struct channel_handlers {
	/* Bytes came, held ones first.  Returns how many are consumed; the
	 * rest is held and comes again with the next, or on a resume. */
	size_t (*input)(
	    void *object, const unsigned char *bytes, size_t length);
	/* The peer has ended (0) or the connection broke (errno; EPROTO: TLS
	 * did, see tls_trouble()). */
	void (*ended)(void *object, int error);
	/* The handshake is over: NULL, or what went wrong; then nothing can
	 * be said any more. */
	void (*secured)(void *object, const char *trouble);
	/* A turn is over, nothing of the channel is in use: it may be freed.
	 */
	void (*settled)(void *object);
};

struct channel_options {
	struct event_base *base;
	struct channel_buffer *buffer; /* of the loop; borrowed */
	const struct channel_handlers *handlers;
	void *object;
	int fd; /* non-blocking; the channel's from now on */
};

/* Nothing is read before channel_resume(). */
struct channel *channel_new(const struct channel_options *options);

/* Closes the socket.  NULL is fine. */
void channel_free(struct channel *channel);

/* What is said: append to it; it leaves at the end of the turn. */
GString *channel_output(struct channel *channel);

/* Sends what it can now.  Returns the bytes that wait. */
size_t channel_flush(struct channel *channel);

/* Bytes that wait to be sent. */
size_t channel_unsent(const struct channel *channel);

/* Stops reading; within input() too, which is then not called again. */
void channel_pause(struct channel *channel);

/* Reads again, from the loop's next turn on: held bytes first. */
void channel_resume(struct channel *channel);

/* True when the peer has ended its side while nothing was read: it may read on,
 * or be gone. */
bool channel_is_half(const struct channel *channel);

/* True when it does not read. */
bool channel_paused(const struct channel *channel);

/* A turn without reading, for who has said something outside of a handler:
 * sends, then settled(). */
void channel_turn(struct channel *channel);

/* Bytes to read at once, of the two sizes above. */
void channel_expect(struct channel *channel, size_t bytes);

/* Within input(): what is consumed holds a password; it is overwritten after.
 */
void channel_conceal(struct channel *channel);

/* Within input(): true when the peer has sent more than input() was given. */
bool channel_has_more(struct channel *channel);

/* Once what was said is sent, the bytes are those of TLS: the handshake begins,
 * and secured() tells its end.  Nothing else is read before, and what is said
 * waits for it.  Bytes that are held or left over by input() are TLS's too (a
 * proxy sends its header and the handshake in one piece): whatever somebody
 * slipped in before the handshake, it never is a command (RFC 3207 4.2,
 * CVE-2011-0411). */
void channel_secure(struct channel *channel, struct tls_keys *keys);

/* NULL: the bytes are plain, and no handshake was begun. */
const struct tls *channel_tls(const struct channel *channel);

/* Sends no more; the peer sees the end. */
void channel_shut(struct channel *channel);

#endif
