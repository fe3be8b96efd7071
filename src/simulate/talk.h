/* SPDX-License-Identifier: MIT */
/*
 * A talk is one connection to the sink, from greeting to goodbye.
 *
 *	COMMAND -DATA-> DATA -dot-> COMMAND
 *	COMMAND -BDAT-> CHUNK -----> COMMAND
 *	COMMAND -AUTH-> PLAIN, USER -> PASSWORD -> COMMAND
 *	any ----------> SILENT: nothing is read or said any more
 */
#ifndef SIMULATE_TALK_H
#define SIMULATE_TALK_H

#include "dots.h"
#include "sink.h"

enum talk_state {
	TALK_COMMAND,  /* a command line is next */
	TALK_DATA,     /* the mail up to its dot is next */
	TALK_CHUNK,    /* chunk_bytes of the mail are next */
	TALK_PLAIN,    /* the response of AUTH PLAIN */
	TALK_USER,     /* of AUTH LOGIN: the name */
	TALK_PASSWORD, /* and the password */
	TALK_SECURING, /* TLS begins when the 220 is written */
	TALK_SLOW,     /* a reply is on its way later; input waits */
	TALK_SILENT,   /* all is read, nothing is said any more */
	TALK_OVER,     /* closes when all was written */
};

/* The mail under way. */
struct parcel {
	bool begun;          /* MAIL was taken */
	bool eightbit;       /* BODY=8BITMIME */
	bool chunked;        /* BDAT was given */
	uint64_t size_bytes; /* SIZE=, 0: not said */
	struct record *record;
	struct dots dots;
	struct fault *fault; /* counted; NULL: nothing */
};

struct bufferevent;
struct event;

struct talk {
	struct sink *sink;
	struct house *house;
	struct bufferevent *stream;
	int fd;
	enum talk_state state;
	bool greeted;  /* EHLO or HELO was taken */
	bool eightbit; /* 8BITMIME was offered */
	bool encrypted;
	bool authenticated;
	char *username;      /* of an AUTH LOGIN under way */
	struct fault *fault; /* of the connection; counted; NULL: nothing */
	struct parcel parcel;
	uint64_t chunk_bytes; /* that are still to come */
	bool last_chunk;
	struct event *timer; /* for SLOW */
	GString *later;      /* what is said then */
	unsigned drip_ms;    /* between two bytes of it; 0: at once */
	bool dead;           /* to be freed when its turn is over */
};

/* fd and fault become the talk's. */
struct talk *talk_new(struct sink *sink, int fd, struct fault *fault);

/* Ends it with RST, at once. */
void talk_reset(struct talk *talk);

/* The rest is for verb.c and parcel.c. */

/* Says one reply: "250 2.0.0 Ok". */
void talk_say(struct talk *talk, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Says the reply of the final dot, as late as the fault wants it. */
void talk_say_late(struct talk *talk, const char *text);

/* Ends when all that was said is written. */
void talk_end(struct talk *talk);

/* Ends with RST when its turn is over. */
void talk_break(struct talk *talk);

/* Nothing is read any more, the connection stays. */
void talk_swallow(struct talk *talk);

/* Goes on in TLS behind what was said so far. */
void talk_encrypt(struct talk *talk);

/* True when more input is waiting: behind STARTTLS that is an attack. */
bool talk_has_input(const struct talk *talk);

/* True when the connection's fault is that word. */
bool talk_fails(const struct talk *talk, enum fault_word word);

/* True when the connection's fault has no reply to that command: the talk ends,
 * or falls silent. */
bool talk_breaks_off(struct talk *talk, const char *command);

/* verb.c: a line without its CRLF. */
void verb_take(struct talk *talk, char *line);
void verb_take_secret(struct talk *talk, const char *line);

/* parcel.c: bytes of the mail; how many were taken. */
size_t parcel_take(struct talk *talk, const char *bytes, size_t length);
void parcel_begin(struct talk *talk, const char *sender);
void parcel_end(struct talk *talk);
void parcel_clear(struct talk *talk);
/* True when the fault of the mail under way is that word. */
bool parcel_fails(const struct talk *talk, enum fault_word word);

#endif
