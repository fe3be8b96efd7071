/* SPDX-License-Identifier: MIT */
/*
 * The alarms that are on: each begins and is over once, however often the
 * reason for it is seen.  The dispatch thread.
 */
#ifndef DISPATCH_ALARMS_H
#define DISPATCH_ALARMS_H

#include "alarm.h"
#include <glib.h>

/* Of one kind, so many are known to be on. */
#define ALARMS_MAX 1000

struct alarms;

/* alarm NULL: nobody is told. */
struct alarms *alarms_new(alarm_fn alarm, void *object);
void alarms_free(struct alarms *alarms);

/* It is so: told, unless it was so before.  since_ms 0: from now on. */
void alarms_begin(struct alarms *alarms, const struct alarm *alarm);

/* It is not so any more: told, if it was. */
void alarms_end(struct alarms *alarms, const char *kind, const char *subject,
    const char *text);

bool alarms_are_on(
    const struct alarms *alarms, const char *kind, const char *subject);

/* Nobody is told of anything any more. */
void alarms_mute(struct alarms *alarms);

/* Which are on, in one line, for the next start: new string. */
char *alarms_print(const struct alarms *alarms);

/* Those of the line are on, as they were: nobody is told anew. */
void alarms_recall(struct alarms *alarms, const char *line);

/* It happened, and is never over: told each time. */
void alarms_ring(struct alarms *alarms, const struct alarm *alarm);

#endif
