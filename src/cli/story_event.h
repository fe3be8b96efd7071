/* SPDX-License-Identifier: MIT */
/*
 * What providers told of a mail after they had taken it, in sentences.
 */
#ifndef STORY_EVENT_H
#define STORY_EVENT_H

#include <json-c/json.h>

/* "mailgun tells: bounced (<a@example.org>), 550 5.1.1: no such user".  New
 * string. */
char *story_event_tell(struct json_object *event);

/* What was told last of whether the recipient got it, to stand behind what it
 * came to: "; bounced, 550: no such user"; "": nothing.  New string. */
char *story_event_tell_last(
    struct json_object *mail, struct json_object *recipient);

#endif
