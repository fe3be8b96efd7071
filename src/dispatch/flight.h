/* SPDX-License-Identifier: MIT */
/*
 * A flight is one mail in the hands of dispatch: its message, its ledger, its
 * plans, and the one attempt that may be under way.  It belongs to the
 * dispatch thread; while it is ENCODING or REPORTING its delivery, plan,
 * exchange and landing belong to a work thread.
 *
 *	NEW -> QUEUED -> ENCODING -> SENDING -> (next provider, or landed)
 *	                     |          ^  '-> FROZEN (a doubt is waited out)
 *	                     '-> BEGINNING  '-> WEIGHING (is it true?)
 *
 * A mail of the queue has no client and no deadline: before each attempt the
 * store records that it begins, and when nothing can be done now the mail goes
 * back to the store (REPORTING: with a bounce).  A mail whose client waits may
 * become one of the queue while it flies (takeover.c).
 */
#ifndef DISPATCH_FLIGHT_H
#define DISPATCH_FLIGHT_H

#include "core/loop.h"
#include "lane.h"
#include "mail/bounce.h"
#include "mail/hints.h"
#include "mail/journal.h"
#include "mail/options.h"
#include "route.h"

struct dispatcher;
struct flight;
struct question;

enum flight_state {
	FLIGHT_NEW,       /* nothing is under way */
	FLIGHT_QUEUED,    /* waits for a free request of its lane */
	FLIGHT_ENCODING,  /* a work thread makes the request */
	FLIGHT_BEGINNING, /* the store records that the attempt begins */
	FLIGHT_SENDING,   /* the request is under way */
	FLIGHT_ASKING,    /* a provider is asked about a doubt */
	FLIGHT_FROZEN,    /* waits until a doubt has been waited out */
	FLIGHT_WEIGHING,  /* waits until a refusal is believed, or void */
	FLIGHT_REPORTING, /* a work thread makes the bounce */
};

/* What the store is told of a flight, and was. */
struct flight_record {
	struct journal_attempt *open; /* that is under way; NULL: none is, or
				       * nobody keeps a journal */
	GPtrArray *attempts;          /* those that ended: of a mail that is
				       * not the queue's */
	enum recipient_state *states; /* of each recipient, as told last */
	int64_t last_ms; /* wall clock: when the last one of this flight
			  * ended; 0: there was none */
	GArray *notes;   /* struct journal_note: for the next entry; NULL: none
			  */
	bool told; /* who is refused when the queue takes the mail over hears
		    * it from the answer, and not from a bounce */
	bool recorded; /* the attempt is on disk: may begin */
	bool lost;     /* the store does not take entries: the mail is let go */
};

/* Its refusals that nobody is told of yet (weighing.c). */
struct flight_refusals {
	bool judged;    /* a provider was asked: the two below are set */
	unsigned lane;  /* the number of the last one */
	uint64_t begun; /* how much it had taken before */
	GArray *marks;  /* those not weighed yet; NULL: none */
	unsigned on;    /* WEIGHING: the lane whose word is waited for */
};

/* How a flight of the queue ends. */
struct flight_landing {
	int64_t due_ms;     /* wall clock; 0: never */
	int64_t kept_ms;    /* monotonic: a provider that keeps its mail takes
			     * it then; 0: none does */
	bool others;        /* beside that one, another may take some of it */
	struct lane *full;  /* in whose line there is no room for it; NULL:
			     * none */
	int64_t report_ms;  /* how long its report waits; 0: it does not */
	uint32_t asked;     /* the providers that were asked to take it */
	bool in_vain;       /* somebody waits for the next round */
	bool wakes, warned; /* as in struct journal */
	const char *hold;   /* a literal; NULL: not held */
	GArray *told;       /* struct journal_recipient: whom the report is
			     * about; NULL: no report */
	char *from;         /* of the report */
	struct bounce_options options;
	void (*made)(struct flight *flight); /* the report, or error */
	struct submission *report;
	int error; /* errno: the report cannot be made */
};

/* Where the mail of a group goes. */
enum flight_way {
	FLIGHT_STRAIGHT,   /* to its recipients */
	FLIGHT_REDIRECTED, /* to redirect_to of its route */
	FLIGHT_DROPPED,    /* nowhere, by only_to of its route */
};

/* Why nobody is asked. */
struct flight_refusal {
	char *text;        /* for people; NULL: somebody can be */
	unsigned provider; /* whose obstacle is told first, or NOBODY */
	unsigned status;   /* as a provider would have said */
};

/* The recipients that go by one route, in one way. */
struct flight_group {
	const struct route *route;
	enum flight_way way;
	struct plan *plans; /* one per provider; made of the route's only */
	unsigned order[LEDGER_PROVIDERS_MAX]; /* of trying, for this mail */
	unsigned order_count;
	enum doubt_policy doubt;
	struct mail_options *options;  /* what its mail and its route ask for;
					* NULL: nothing */
	bool asked;                    /* a provider was, for this flight */
	struct flight_refusal refusal; /* some may be in the way of a few
					* providers: it counts when none is
					* left */
};

struct flight {
	struct letter letter;
	struct dispatcher *dispatcher;
	struct message *message; /* counted */
	struct ledger *ledger;
	struct hints hints; /* none when the mail may not give orders */
	struct mail_options *options; /* of the mail; NULL: none, or so */
	struct flight_group *groups;
	unsigned group_count; /* one at least */
	char *from_domain;    /* of the From field as it came, "" when there is
			       * none */

	/* the attempt under way */
	enum flight_state state;
	unsigned group;    /* of its recipients */
	unsigned provider; /* its number */
	struct delivery *delivery;
	struct plan plan;
	struct exchange *exchange;
	GError *error;      /* encode failed */
	GPtrArray *changes; /* char *: what became of its options; NULL: all
			     * were taken */
	struct lane_attempt attempt;
	unsigned attempts;
	unsigned shunned;          /* the version of the suppression list that
				    * its recipients were looked for in */
	uint32_t skipped;          /* providers told of as not asked */
	struct question *question; /* ASKING: about a doubt */

	/* the dispatch thread's own */
	bool queued;   /* it is the queue's */
	bool taken;    /* it became so on its way... */
	bool kept;     /* ...and is on disk */
	bool answered; /* its client was told 451, with an attempt open */
	bool awaited;  /* a twin of it waits until it ends (twin.c) */
	struct flight_record record;
	struct flight_landing landing;
	struct flight_refusals refusals;
	struct loop_timer *timer; /* the deadline, or the end of a doubt */
	GString *story;           /* for people: what was tried */
	GList link;               /* in the dispatcher's list */
	enum lane_line line;      /* QUEUED: where it waits */
	GList waiting;            /* in that line; or WEIGHING */
};

/* What names a mail in its lines of the log: two fields. */
#define FLIGHT_LOG(message)                         \
	log_str("mail", (message)->submission->id), \
	    log_str_if("trace_id", (message)->trace_id)

/* Chooses the routes of its recipients and plans the message for every provider
 * of them; takes the message over.  A work thread. */
struct flight *flight_new(struct message *message, const struct route_map *map);

/* Has flight->delivery, of flight->group, look as it leaves by that provider:
 * wanted form, From, whom it is for. */
void flight_dress(struct flight *flight, const struct provider *provider);

/* The From domain that mail of that group leaves with by that provider: what
 * the provider may refuse.  Borrowed; "" for none. */
const char *flight_domain(const struct flight *flight, unsigned group,
    const struct provider *provider);

/* Settles who waits and is not to be asked for by anyone: dropped by only_to of
 * its route, or refused for good (the mail's own orders make no sense, or no
 * provider of the route can carry it).  The dispatch thread, once what is known
 * of the recipients has been recalled. */
void flight_sift(struct flight *flight);

/* Makes plan and request of the delivery: sets plan, exchange or error.  A work
 * thread. */
void flight_encode(struct flight *flight, const struct provider *provider);

/* Forgets the attempt that is over. */
void flight_clear(struct flight *flight);

/* True when it is to be tried after fresh mail. */
bool flight_was_tried(const struct flight *flight);

void flight_free(struct flight *flight);

#endif
