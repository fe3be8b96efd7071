/* SPDX-License-Identifier: MIT */
/*
 * The dialogue leads one session: takes what comes apart into commands and
 * mail, keeps time, says when to read and when to close.  It owns the session
 * from dialogue_new() until it says that the session has gone.  On one loop.
 */
#ifndef SMTP_DIALOGUE_H
#define SMTP_DIALOGUE_H

#include "authority.h"
#include "session.h"

struct event_base;
struct dialogue;

/* The session has ended; the dialogue is to be freed. */
typedef void (*dialogue_gone_fn)(void *object, struct dialogue *dialogue);

/* The main loop is to count: who is there, as a PROXY header has said
 * (ADMISSION), or its next mail (PERMIT); dialogue_admit() is to follow. */
typedef void (*dialogue_knock_fn)(
    void *object, const struct dialogue *dialogue);

struct dialogue_options {
	struct event_base *base;
	struct channel_buffer *buffer;
	const struct session_world *world;
	struct rules *rules;             /* counted anew */
	const struct session_peer *peer; /* copied */
	struct session_back back;
	uint64_t id;
	int fd; /* taken over */
	dialogue_gone_fn gone;
	dialogue_knock_fn knock;
	void *object;
};

struct dialogue *dialogue_new(const struct dialogue_options *options);

/* Frees all, closes the socket. */
void dialogue_free(struct dialogue *dialogue);

/* Greets, or waits before it does; gone() may be called. */
void dialogue_begin(struct dialogue *dialogue);

/* Tells the client; false when the session does not wait for one, or the client
 * has ended its side, so that it may not be there to read it. The answer stays
 * the caller's; gone() may be called. */
bool dialogue_answer(struct dialogue *dialogue, const struct answer *answer);

/* The authority has spoken on what the client showed; nothing happens when the
 * session does not wait for it.  gone() may be called. */
void dialogue_judge(
    struct dialogue *dialogue, const struct authority_verdict *verdict);

/* The main loop has counted: REPLY_NONE takes it, else the client is told, and
 * one that came behind a proxy is closed.  gone() may be called. */
void dialogue_admit(struct dialogue *dialogue, enum reply_name refused);

/* Its listener has these rules from now on: they hold from its next mail on. */
void dialogue_renew(struct dialogue *dialogue, struct rules *rules);

/* We are under stress: a client that may not send mail has little time from now
 * on.  gone() may be called. */
void dialogue_hurry(struct dialogue *dialogue);

/* Closes the session unless a mail is under way; then behind that. gone() may
 * be called. */
void dialogue_stop(struct dialogue *dialogue);

/* Ends the mail that is still coming in. gone() may be called. */
void dialogue_cut(struct dialogue *dialogue);

/* The session it leads; the dialogue's. */
const struct session *dialogue_session(const struct dialogue *dialogue);

#endif
