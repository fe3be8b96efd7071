/* SPDX-License-Identifier: MIT */
/*
 * A door is an HTTP server on a loop, libmicrohttpd driven by libevent: it
 * takes connections from its acceptor, reads requests as they come, and ends
 * them in any way a network can: with an answer, with bytes that are none, with
 * RST, or never.  On the loop's thread.
 *
 *	head read -> at_head, open
 *	bytes of the body -> at_body, body
 *	the end -> finish, at_end -> answer, now or by door_answer() later
 *	-> close
 */
#ifndef SIMULATE_DOOR_H
#define SIMULATE_DOOR_H

#include "acceptor.h"
#include "response.h"
#include <stdbool.h>
#include <stdint.h>

struct door;
struct event_base;
struct fault;
struct hold;
struct record;

/* What becomes of a request. */
enum door_action {
	DOOR_GO_ON, /* as it should */
	DOOR_HOLD,  /* nothing for delay_ms, 0: for ever */
	DOOR_RESET, /* RST now */
	DOOR_CLOSE, /* the connection ends without an answer */
	DOOR_RAW,   /* raw is written, then the connection ends */
};

/* What comes behind raw bytes. */
enum raw_end {
	RAW_CLOSE,
	RAW_RESET,
	RAW_HOLD, /* nothing, until the peer goes away */
	RAW_HALF, /* FIN, and the peer is listened to until it goes away */
};

/* Bytes to write in place of an answer. */
struct raw {
	GString *bytes;
	size_t sent;
	uint64_t spaces;  /* that follow the bytes */
	unsigned drip_ms; /* between two bytes; 0: all at once */
	size_t prompt;    /* so many bytes come at once all the same */
	enum raw_end end;
};

struct request {
	struct door *door;
	const char *method;
	char *path;           /* without query, as it came over the wire */
	unsigned ordinal;     /* 1: the first of its connection */
	uint64_t body_bytes;  /* read so far */
	uint64_t body_length; /* Content-Length; G_MAXUINT64: not said */

	/* the service's */
	void *state;
	struct response *answer; /* NULL: none yet */
	struct record *record;   /* what it accepts; NULL: nothing */
	GPtrArray *notes;        /* char *: violations */

	/* what goes wrong with it */
	struct fault *fault; /* counted; NULL: nothing */
	unsigned delay_ms;
	size_t sip_bytes; /* of the body at a time, then at_body; 0: all */
	struct raw raw;
	int moment; /* enum fault_moment: what kind of call; 0: not known */

	struct hold *hold; /* the door's */
};

/* What stands behind a door; each function may be NULL. */
struct door_service {
	enum door_action (*at_head)(void *owner, struct request *request);
	void (*open)(void *owner, struct request *request);
	enum door_action (*at_body)(void *owner, struct request *request);
	void (*body)(void *owner, struct request *request, const char *bytes,
	    size_t length);
	void (*finish)(void *owner, struct request *request);
	enum door_action (*at_end)(void *owner, struct request *request);
	/* delay_ms are over and there is no answer */
	void (*late)(void *owner, struct request *request);
	void (*close)(void *owner, struct request *request);

	/* A connection came: GO_ON, HOLD to swallow it, or RESET. */
	enum door_action (*on_connection)(void *owner);
};

/* The acceptor becomes the door's, also when it fails. */
struct door *door_new(struct acceptor *acceptor, struct event_base *base,
    const struct door_service *service, void *owner);

/* Breaks off what is under way.  NULL is fine. */
void door_free(struct door *door);

struct acceptor *door_acceptor(const struct door *door);

/* Connections open now, also those swallowed. */
unsigned door_open(const struct door *door);

/* Sends RST on every connection. */
void door_reset_all(struct door *door);

/* A field of the request's head, or a parameter of its query; NULL: none. */
const char *door_field(const struct request *request, const char *name);
const char *door_parameter(const struct request *request, const char *name);

/* Answers a request that was left without an answer by finish(). */
void door_answer(struct request *request, struct response *answer);

/* Notes a violation. */
void door_note(struct request *request, const char *format, ...)
    G_GNUC_PRINTF(2, 3);

#endif
