/* SPDX-License-Identifier: MIT */
/*
 * The sessions of one loop: its thread smtp-N, the table that finds a session
 * by its id, and the letters by which others reach them.  An id holds the
 * loop's number, so an answer finds its loop without a table of all.
 */
#ifndef SMTP_SESSIONS_H
#define SMTP_SESSIONS_H

#include "core/loop.h"
#include "session.h"

struct dialogue;
struct sessions;

/* Loops that an id can name. */
#define SESSIONS_LOOPS_MAX 256

/* A client on its way: from the main loop, which accepted it, to a loop of
 * sessions, and back when it has gone. */
struct sessions_visitor {
	struct letter letter;
	struct sessions *sessions;
	void *server;
	int fd;
	struct session_peer peer;
	struct rules *rules;       /* counted */
	struct dialogue *dialogue; /* on its loop only, like what follows */
	uint64_t id;
};

/* Whoever comes by a proxy is counted when its PROXY header has said who it is,
 * and its mails are where their rate is limited: on its way to the main loop,
 * and back with the answer. */
struct sessions_admission {
	struct letter letter;
	struct sessions_visitor *visitor; /* the main loop's to touch: it comes
					   * back there after this */
	uint64_t id;
	bool mail;                /* a mail is to be counted, not the peer */
	struct rules *rules;      /* counted; what holds for it now */
	struct session_peer peer; /* as the header says; without keys */
	enum reply_name refused;  /* the answer */
};

struct sessions_options {
	unsigned number; /* of the loop, from 0 */
	unsigned files;  /* that may be open at a time */
	const struct session_world *world;
	struct loop *main;
	letter_fn departed; /* reads a visitor on the main loop */
	letter_fn knocked;  /* reads an admission there */
};

struct sessions *sessions_new(const struct sessions_options *options);

/* Takes the visitor over. */
void sessions_arrive_post(
    struct sessions *sessions, struct sessions_visitor *visitor);

/* Takes the admission over, with its answer in it. */
void sessions_admit_post(struct sessions_admission *admission);

/* Takes the answer over; any thread. */
void sessions_answer_post(struct sessions *sessions, struct answer *answer);

/* The listener of these rules has them from now on, and so do its sessions from
 * their next mail on.  Counted anew. */
void sessions_renew_post(struct sessions *sessions, struct rules *rules);

/* Frees it, with what it counts. */
void sessions_admission_free(struct sessions_admission *admission);

/* We are under stress: sessions of clients that may not send mail have little
 * time from now on. */
void sessions_hurry_post(struct sessions *sessions);

/* Once: sessions end when their mail has, one that still comes in after
 * data_grace_ms at the latest. */
void sessions_stop_post(struct sessions *sessions, int64_t data_grace_ms);

/* The number of the loop in a session's id. */
unsigned sessions_number(uint64_t id);

/* Answers that found no session.  Any thread. */
uint64_t sessions_dropped(const struct sessions *sessions);

/* Ends the thread; nobody is asked anything from then on, and letters are still
 * taken. */
void sessions_halt(struct sessions *sessions);

/* Ends the loop; sessions still there are cut off, their visitors posted back.
 */
void sessions_free(struct sessions *sessions);

#endif
