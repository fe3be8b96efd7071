/* SPDX-License-Identifier: MIT */
/*
 * The hand-in takes mail from programs that speak HTTP and gives it the road
 * that SMTP mail takes: it makes a submission of what a request says, posts it
 * onward as a listener does, and waits for the answer on the thread that asked.
 * Its listener is SUBMISSION_HTTP, which may give orders in the header.  What
 * the listeners would not take now - memory, disk, a stop - it does not,
 * either.
 */
#ifndef STATUS_HANDIN_H
#define STATUS_HANDIN_H

#include "core/disk.h"
#include "core/metrics.h"
#include "core/setting.h"
#include "mail/import.h"

struct handin;

struct handin_options {
	struct config *config;           /* counted */
	const char *hostname;            /* lasting, or of the config */
	const struct spool_place *place; /* all below outlive the hand-in */
	const struct budget *budget;
	const struct disk *disk; /* of the queue; NULL: there is none */
	struct metrics *metrics; /* NULL: nobody watches */
	submission_fn onward;    /* where submissions go */
	/* as in server.h */
	uint64_t (*size_most)(void *stage, const char *listener);
	const char *const *(*routes)(const struct config *config);
	void *stage;
};

/* Adds what is wrong with the settings (char *), as config_read() does. */
bool handin_check(const struct config *config, GPtrArray *errors);

struct handin *handin_new(const struct handin_options *options);

/* Behind all that could answer it, and all that could ask.  NULL is fine. */
void handin_free(struct handin *handin);

/* The main thread: what is handed in from now on goes by that config, which
 * passed the check, and is of that hostname. */
void handin_renew(
    struct handin *handin, struct config *config, const char *hostname);

/* The main thread, once: no mail is taken any more.  stopped(object) is called
 * when the last one that was posted is answered: at once on this thread, or on
 * the one that answers. */
typedef void (*handin_stopped_fn)(void *object);
void handin_stop(
    struct handin *handin, handin_stopped_fn stopped, void *object);

/* Any thread: largest mail in bytes, as it travels. */
uint64_t handin_size_most(struct handin *handin);

/* ---- one mail ---- */

/* Who hands it in; all is borrowed. */
struct handin_order {
	const char *who;            /* "token NAME", "uid 0", "loopback" */
	const char *user;           /* the name of the token; NULL: none */
	const char *const *senders; /* as in struct composition_place */
	const char *peer;           /* its address; NULL: not known */
	const char *key; /* its idempotency key: with it one mail is accepted,
			  * once, of this who; NULL: none */
	bool tls;        /* a proxy says it came by https */
};

/* What it is told. */
struct handin_answer {
	/* of HTTP: 200 delivered, 202 safe with us, 400 with errors, 409 the
	 * key is another mail's, 413, 422, 429 more than http_rate, 503,
	 * 507 */
	unsigned code;
	char id[ID_LENGTH + 1]; /* of the mail, 409: of the other; "": there is
				 * none */
	bool replayed;          /* 202: it was here before, by its key */
	char *text;             /* one line for people */
	GPtrArray *errors;      /* struct composition_error *; NULL: none */
	unsigned retry_after;   /* seconds; 0: not said */
};

/* False when no mail of so many bytes may be begun now: then the answer, empty
 * before, says so. */
bool handin_has_room(
    struct handin *handin, uint64_t bytes, struct handin_answer *answer);

/* Any thread that may wait, with 128 KiB of stack: hand one in, and fill in the
 * answer, which is empty before. */
void handin_compose(struct handin *handin,
    const struct composition *composition, const struct handin_order *order,
    struct handin_answer *answer);
void handin_import(struct handin *handin, const struct import *import,
    const struct handin_order *order, struct handin_answer *answer);

void handin_answer_clear(struct handin_answer *answer);

/* Characters of a key. */
#define HANDIN_KEY_MAX 255

/* The rows of [server] that it reads, ending with an empty one. */
extern const struct setting handin_settings[];

#endif
