/* SPDX-License-Identifier: MIT */
/*
 * Mailgun's events: the same object stands in a webhook and in the pages of
 * events that are asked for.
 */
#ifndef PROVIDERS_MAILGUN_EVENTS_H
#define PROVIDERS_MAILGUN_EVENTS_H

#include "provider.h"

struct json_object;

/* What is known of a bounce, for its kind; all may be missing. */
struct mailgun_events_failure {
	bool temporary;       /* it is tried again */
	const char *reason;   /* "bounce", "suppress-bounce", "old" */
	unsigned status;      /* of SMTP, or Mailgun's own */
	const char *enhanced; /* "5.1.1" */
};

/* The kind of a failure.  Hard is only what says that there is no such mailbox,
 * or nothing else; *suppressed: on Mailgun's suppression list. */
enum event_kind mailgun_events_judge(
    const struct mailgun_events_failure *failure, bool *suppressed);

/* The event an object tells of, or NULL: it is of another kind (stored, those
 * of lists), or says not whom it is about. */
struct event *mailgun_events_read(
    const struct provider *provider, struct json_object *object);

/* Sets provider_id and message_id, by a Message-ID with <> or without. */
void mailgun_events_name(struct event *event, const char *message_id);

#endif
