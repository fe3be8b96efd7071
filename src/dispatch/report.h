/* SPDX-License-Identifier: MIT */
/*
 * Reports to senders: bounces, and warnings of a delay.  The dispatch thread.
 */
#ifndef DISPATCH_REPORT_H
#define DISPATCH_REPORT_H

#include "state.h"

/* Why no bounce may be made for the mail: a literal; NULL: one
 * may. */
const char *report_obstacle(
    const struct dispatcher *dispatcher, const struct message *message);

/* False when this minute had too many; else it has one more. */
bool report_count(struct dispatcher *dispatcher);

/* The same of reports of success, which have a count of their own. */
struct courtesy *report_courtesy(struct loop *loop);

/* A report that this minute has no room for: how long it waits for a minute
 * that has, behind those that wait already. */
int64_t report_wait(struct dispatcher *dispatcher);

/* A warning whose time is over is dropped. */
void report_drop_late(struct flight *flight);

/* Makes the report of flight->landing.told on a work thread: made(flight)
 * follows. */
void report_start(struct dispatcher *dispatcher, struct flight *flight,
    enum bounce_action action, void (*made)(struct flight *flight));

/* False when bounce_domains is no list of domains; errors (char *) are added.
 */
bool report_check(const struct config *config, GPtrArray *errors);

/* The domains whose senders may get bounces (".example.com": those below it):
 * new. */
char **report_domains(const struct config *config, const struct route_map *map);

#endif
