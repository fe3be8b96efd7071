/* SPDX-License-Identifier: MIT */
/*
 * How a command asks the queue: the daemon, over the socket in state_dir; or,
 * when none runs, the database itself, behind the lock of state_dir, through
 * the same handlers.  The main thread.
 */
#ifndef ASK_H
#define ASK_H

#include "order.h"
#include <glib.h>

struct ask;
struct config;

/* What a command does; its exit code. */
typedef int (*ask_fn)(struct ask *ask, const struct order *order);

/* Loads the settings, reaches the daemon or opens the queue (then it says so on
 * stderr; --ready wants the daemon), runs the command, closes, and sees to it
 * that all was written.  The exit code; what went wrong was said on stderr. */
int ask_run(const struct order *order, ask_fn run);

/* True when no daemon runs: what is read does not move. */
bool ask_is_offline(const struct ask *ask);

/* All the settings, where only those of the state_dir are needed to ask; NULL:
 * there are errors, or who asks may not read what the daemon does.  Counted. */
struct config *ask_settings(const struct ask *ask);

/* What came: an HTTP status, and its body.  Status 0: nothing came, which was
 * said on stderr. */
struct ask_answer {
	unsigned code;
	GString *body;
};

/* Asks; target is path and query.  Free the body with g_string_free(). */
struct ask_answer ask_request(
    struct ask *ask, const char *method, const char *target);

/* The same with a body, of lines of text. */
struct ask_answer ask_send(struct ask *ask, const char *method,
    const char *target, const GString *body);

/* GET of one mail, what the user called its id: /v1/messages/ID, and behind it
 * `rest`: "" or "/raw". */
struct ask_answer ask_mail(struct ask *ask, const char *id, const char *rest);

/* The exit code that the answer means; of a problem its words are said on
 * stderr. */
int ask_judge(const struct ask_answer *answer);

#endif
