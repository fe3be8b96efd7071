/* SPDX-License-Identifier: MIT */
/*
 * An event is what a provider tells of a mail after it took it: delivered,
 * bounced, complained of.  It comes to us by a webhook or is fetched, and may
 * come twice, late and in any order.  Plain data; whoever has it owns it.
 */
#ifndef MAIL_EVENT_H
#define MAIL_EVENT_H

#include "core/mailbox.h"
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* The numbers are kept on disk: never change one. */
enum event_kind {
	EVENT_ACCEPTED = 0,     /* the provider has it */
	EVENT_DELIVERED = 1,    /* the recipient's server has it */
	EVENT_DEFERRED = 2,     /* that put it off, the provider tries again */
	EVENT_BOUNCED_HARD = 3, /* that refused it for good */
	EVENT_BOUNCED_SOFT = 4, /* the provider gave it up: the mailbox was
				 * full, the server away */
	EVENT_REJECTED = 5,     /* the provider never sent it */
	EVENT_COMPLAINED = 6,   /* the recipient calls it spam */
	EVENT_UNSUBSCRIBED = 7, /* the recipient wants no more */
	EVENT_OPENED = 8,
	EVENT_CLICKED = 9,
};

#define EVENT_KINDS (EVENT_CLICKED + 1)

struct event {
	enum event_kind kind;
	char *provider; /* as in [provider NAME]; never NULL */
	char *event_id; /* of this event and no other of that provider: the
			 * same when it comes again, by whatever way; at most
			 * 200 bytes, never NULL */

	/* the mail, by whichever is known */
	char *mail_id;     /* ours, in capitals; NULL: not told */
	char *provider_id; /* as in struct recipient; NULL: not told */
	char *message_id;  /* with <>, as it was sent (journal_attempt has the
			    * same): so a mail in doubt is found, whose
			    * provider_id was lost; NULL: not told */
	char *recipient;   /* the address it was sent to; never NULL.  Letters
			    * of either case, and not that of the envelope
			    * where mail goes to another (only_to, redirect) */

	int64_t at_ms;   /* wall clock, as the provider says */
	bool suppressed; /* REJECTED: on the provider's suppression list */
	unsigned status; /* what the recipient's server said (RFC 5321), 0:
			  * not told; or a code of the provider's own, of
			  * which 605 to 607 are Mailgun's suppressions */
	char *enhanced;  /* "5.1.1" (RFC 3463); NULL: not told */
	char *text;      /* clean, at most 512 bytes; NULL: not told */
	char **tags;     /* NULL-terminated; NULL: none */
};

/* Kind, provider and recipient are set, copies; the rest is not known.  (The
 * short names are libevent's.) */
struct event *event_told_new(
    enum event_kind kind, const char *provider, const char *recipient);
struct event *event_copy(const struct event *event);
void event_told_free(void *event);

/* True when it says that the provider has, or had, the mail for the recipient:
 * all but REJECTED. */
bool event_is_proof(enum event_kind kind);

/* True when it says that the recipient will not get it: both bounces, and
 * REJECTED. */
bool event_is_failure(enum event_kind kind);

/* The kind in one word ("delivered", "bounced", "soft-bounced"); and back:
 * false when there is no such word. */
const char *event_kind_text(enum event_kind kind);
bool event_kind_read(const char *text, enum event_kind *kind);

/* Called once, on the store's thread: they are on disk (those it knew already,
 * and those about no mail of ours, count as such), or are not and will not be:
 * to be told again later. */
typedef void (*event_recorded_fn)(void *object, bool recorded);

/* A span of time of which a provider is asked what happened in it: the wall
 * clock, ends included; end_ms 0: until now. */
struct event_span {
	int64_t begin_ms, end_ms;
	unsigned most; /* events in one answer; 0: as many as it bears */
};

/* Several events on their way to the store. */
struct event_batch {
	struct letter letter;
	GPtrArray *events;          /* struct event *, owned */
	event_recorded_fn recorded; /* NULL: nobody asks */
	void *object;
};

/* No event yet. */
struct event_batch *event_batch_new(void);
void event_batch_free(struct event_batch *batch);

/* The store's address for events; takes the batch over; any thread. */
typedef void (*event_fn)(void *store, struct event_batch *batch);

#endif
