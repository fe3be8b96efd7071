/* SPDX-License-Identifier: MIT */
/*
 * The made-up world of test_world.c: its mails and providers, the truth about
 * each, and what went against the promises.
 */
#ifndef TESTS_DISPATCH_WORLD_H
#define TESTS_DISPATCH_WORLD_H

#include "dispatch/dispatcher.h"
#include "mail/submission.h"
#include "state.h"
#include "virtual.h"
#include <stdarg.h>
#include <stdlib.h>

#define SUPPLIERS   4
#define ROADS       4
#define ANY         (-1)
#define MAILS       6
#define CROWD       40 /* in some worlds, of one recipient each */
#define FLOOD       72 /* in few worlds, the same, all at once */
#define MAILS_MAX   96 /* with our own reports */
#define RECIPIENTS  40
#define DEADLINE_MS 50000
#define STORM_MS    (8 * 60 * 1000)
#define HOUR_MS     INT64_C(3600000)
#define PATIENCE_MS (30 * 60 * 1000) /* after the storm */
#define ACCOUNT_MS  60000
#define SENDER_MS   40000
#define CONNECT_MS  10000
#define SULKS       554 /* its status */
#define ONCE_MS     100000
#define PROOF_MS    70000
#define SAME_MS     95000 /* longer than an attempt */
#define MOVE_MS     200000
#define WORK_MS     50 /* whatever is done at a time takes less */

enum mood {
	WELL,
	SLOW,        /* well, within a minute */
	UNREACHABLE, /* refused, reset in the body */
	NOWHERE,     /* nothing comes back until the time to connect is over */
	DEAF,        /* takes the request, maybe the mail, never answers */
	FAILING,     /* 502 after the whole body; may have taken the mail */
	MUTE,        /* says nothing about some recipients */
	BUSY,        /* 429 */
	NARROW,      /* takes some, the others are too many in one mail */
	SULKING,     /* refuses everything */
	LOCKED,      /* 401 */
	FORGED,      /* its certificate is wrong */
	PICKY,       /* refuses a From domain */
	GREYLISTING, /* puts some recipients off */
	OUR_FAULT,   /* the spool cannot be read */
	MOODS,
};

/* Recipients that a supplier was sent to in an hour or a day. */
struct ration {
	int64_t span_ms;
	uint64_t most;  /* 0: any */
	int64_t window; /* its number, by the wall clock */
	uint64_t debt;  /* left over from those before */
	uint64_t used;  /* of requests no larger than all of it */
	uint64_t large; /* of a larger one */
};

/* What it may be asked, counted apart from its lane (budgets.h). */
struct budget_of {
	double tokens;
	int64_t tokens_ms;
	struct ration hour, day;
	GArray *moved; /* int64_t ms: requests made of what another one failed,
			* ascending */
	unsigned requests; /* as they were */
};

/* A route, and which mail goes by it. */
struct road {
	unsigned list[SUPPLIERS], weights[SUPPLIERS];
	unsigned count;
	int sender, place; /* of what its mail is from and for; ANY: any */
	bool weighted;
	enum doubt_policy doubt;
};

struct supplier {
	struct provider provider;
	struct translator translator;
	enum mood mood;
	int64_t mood_until_ms;
	bool whole; /* refuses the whole call for one bad recipient */
	unsigned open;
	enum verdict_class ask_failure; /* when it does not say */
	int64_t asked_ms;               /* that it did not say last */
	int64_t mute_until_ms;          /* it may not be asked */
	int64_t paused_until_ms;
	int64_t sender_until_ms[2]; /* by From domain */
	struct budget_of budget;
	bool distrusted; /* once: what it refused may be void */
	bool noted;      /* on disk: its breaker is not closed */
};

/* The truth about one recipient. */
struct target {
	uint32_t bad;    /* suppliers that refuse this address */
	uint32_t listed; /* ...that have it on their suppression list... */
	uint32_t barred; /* ...and said so, and are to be respected */
	unsigned taken, doubts;
	uint32_t taken_by;
	int64_t seen_ms[SUPPLIERS]; /* ...which they know from then on */
	int64_t sent_ms;
	bool doubtful;               /* since it was sent... */
	int64_t doubt_sent_ms;       /* ...at that time */
	int64_t asked_ms, absent_ms; /* its supplier said */
	unsigned queue_doubts;       /* of them on the queue's account */
	unsigned life_doubts;        /* since the process was started */
	bool known;                  /* an answer said accepted */
	bool evident;                /* it was said when nobody waited for it */
	bool refused;                /* an answer said never */
	bool open;                   /* an exchange is under way */
	uint32_t payload_by;
	uint32_t sulked_by; /* refused it, as everything: may get it again */
	uint32_t failed_by; /* in this sending, not by refusing the mail... */
	unsigned failed_in; /* ...which is this */
	int64_t doubt_until_ms;
	unsigned doubt_by, doubt_sending;
	int64_t doubt_first_ms; /* sent to that one, of those in a row */
};

/* What the virtual queue keeps of a mail. */
struct row {
	bool there, active, finished;
	bool tried; /* it has landed before */
	bool asked; /* an attempt ended since it was loaded */
	const char *hold;
	int64_t received_ms, due_ms, landed_ms; /* wall clock */
	bool wakes, warned;
	unsigned waits; /* for its time: events under way */
	unsigned rounds, attempts, warnings;
	bool doubted;  /* an attempt since it was loaded ended in doubt */
	unsigned open; /* the number of the attempt that is open; 0: none */
	uint64_t told; /* recipients that a bounce told of */
	struct recipient *known;
};

struct mail {
	unsigned number, from; /* From domain */
	unsigned count;
	struct target *targets; /* of each */
	uint32_t disliked;      /* by suppliers: payload */
	uint32_t unfit;         /* for suppliers: cannot be encoded */
	unsigned sendings;      /* and loadings */
	int64_t loaded_ms;
	unsigned spins;  /* loadings, each at once after the one before */
	unsigned asking; /* the sending that is to be answered */
	int64_t deadline_ms;
	unsigned flights;  /* under way, as counted last */
	bool flown;        /* one was begun, on its way to the dispatcher */
	unsigned landings; /* of them that are not on disk yet */
	unsigned possible; /* copies too many that were counted */
	bool died;         /* a process that knew of it did */
	bool asked;        /* an answer is due */
	unsigned code;     /* the last answer */
	bool deaf;   /* it came by a listener whose mail gives no orders */
	int wants;   /* this road; ANY: it says nothing */
	int policy;  /* enum doubt_policy, as it says itself; ANY: nothing */
	bool queued; /* it is for the queue from the first */
	bool mute;   /* nobody may be told of it */
	struct row row;

	/* a report of our own, about these of that mail */
	struct mail *about;
	uint64_t tells;
	bool warning;
};

/* One exchange. */
struct job {
	struct mail *mail;
	unsigned supplier, sending, count;
	unsigned *recipients;
	struct exchange *exchange;
	bool flies;
	enum exchange_end end;
	bool unreached, timed_out;
	int64_t made_ms;    /* wall clock... */
	int64_t born_ms;    /* ...and the other one */
	bool hourly, daily; /* it is counted as of that hour, that day */
	int64_t sent_ms;
	struct outcome *outcome;
};

static struct {
	uint32_t seed;
	unsigned suppliers, mails, stopped;
	bool crowded;                  /* with mails */
	bool flooded;                  /* with even more */
	bool distrust;                 /* of some supplier, once */
	unsigned answered, logged;     /* attempts */
	int64_t doubts;                /* of the mail that was answered last */
	int64_t doubt_ms, unlikely_ms; /* settings */
	int64_t give_up_ms;
	unsigned doubt_attempts;
	int64_t leapt_ms;  /* the wall clock was set forward by more than an
			    * hour, as this process knows; 0: it was not */
	int64_t set_ms;    /* it was set in any way, in whatever process */
	bool stepped_back; /* it was, backward */
	int64_t end_ms;    /* of all this */
	bool thirsty;      /* there is more mail than the quotas allow */
	struct supplier all[SUPPLIERS];
	struct road roads[ROADS]; /* the last one is for whatever is left */
	unsigned road_count;
	bool signposts; /* they stand in the settings */
	int reports;    /* the road of our own reports; ANY: as mail */
	struct mail mail[MAILS_MAX];
	bool queue;        /* there is one */
	int64_t cut_ms[2]; /* from then until then this host is cut off */
	GPtrArray *states; /* struct journal_state *, on disk */
	GQueue notes;      /* struct note: what the store has not written yet */
	int64_t woken_ms;  /* those that landed before are woken... */
	unsigned ramp;     /* ...while fewer than that are on their way */
	bool failed;       /* the store: the process is about to end */
	bool ghost;        /* what runs is of a process that has died */
	GPtrArray *jobs;
	struct dispatcher *dispatcher;
	bool stopping;
	char *violation;
} world;

/* How often each thing happened, over all seeds: a simulation in which it never
 * does says nothing of it. */
enum happening {
	HAPPENED_DEATH,
	HAPPENED_FAILURE,
	HAPPENED_LOSS,
	HAPPENED_TAKEOVER,
	HAPPENED_TAKEOVER_OPEN,
	HAPPENED_BOUNCE,
	HAPPENED_WARNING,
	HAPPENED_HOLD,
	HAPPENED_DOUBT_HOLD,
	HAPPENED_GIVE_UP,
	HAPPENED_WAKE,
	HAPPENED_LATE_BOUNCE,
	HAPPENED_CROWD,
	HAPPENED_JUMP,
	HAPPENED_BACK,
	HAPPENED_ASK,
	HAPPENED_FOUND,
	HAPPENED_POLICY_HOLD,
	HAPPENED_CONFIRMED,
	HAPPENED_SAME,
	HAPPENED_PACED,
	HAPPENED_QUOTA,
	HAPPENED_DAY,
	HAPPENED_LARGE,
	HAPPENED_CUT_OFF,
	HAPPENED_DISTRUST,
	HAPPENED_SURPLUS,
	HAPPENED_RECALL,
	HAPPENED_EARLY,
	HAPPENED_SPLIT,
	HAPPENED_WEIGHED,
	HAPPENED_ORDER,
	HAPPENED_LISTED,
	HAPPENED_MOVED,
	HAPPENED_CURBED,
	HAPPENED_TWICE,
	HAPPENED_OPENED,
	HAPPENINGS,
};

static const char *const happenings[] = {
	[HAPPENED_DEATH] = "deaths of the process",
	[HAPPENED_FAILURE] = "of them by a failed sync",
	[HAPPENED_LOSS] = "attempts begun and never ended",
	[HAPPENED_TAKEOVER] = "mails taken over",
	[HAPPENED_TAKEOVER_OPEN] = "of them with an open attempt",
	[HAPPENED_BOUNCE] = "bounces",
	[HAPPENED_WARNING] = "warnings",
	[HAPPENED_HOLD] = "mails held",
	[HAPPENED_DOUBT_HOLD] = "recipients held for their doubts",
	[HAPPENED_GIVE_UP] = "recipients given up",
	[HAPPENED_WAKE] = "mails woken before they were due",
	[HAPPENED_LATE_BOUNCE] = "bounces that could not be made at first",
	[HAPPENED_JUMP] = "jumps of the wall clock",
	[HAPPENED_BACK] = "of them backward",
	[HAPPENED_ASK] = "asks",
	[HAPPENED_FOUND] = "recipients found so",
	[HAPPENED_POLICY_HOLD] = "recipients held by policy",
	[HAPPENED_CONFIRMED] = "duplicates confirmed",
	[HAPPENED_SAME] = "sent again to the same SMTP server",
	[HAPPENED_PACED] = "requests that used a rate up",
	[HAPPENED_QUOTA] = "requests that used an hour's quota up",
	[HAPPENED_DAY] = "requests that used a day's quota up",
	[HAPPENED_LARGE] = "requests larger than a quota",
	[HAPPENED_CUT_OFF] = "times that this host was cut off",
	[HAPPENED_DISTRUST] = "providers not believed",
	[HAPPENED_SURPLUS] = "recipients too many in one mail",
	[HAPPENED_RECALL] = "closed providers recalled",
	[HAPPENED_EARLY] = "landings before their time, nobody asked",
	[HAPPENED_CROWD] = "minutes with too many bounces",
	[HAPPENED_SPLIT] = "mails split over routes",
	[HAPPENED_WEIGHED] = "mails by weighted routes",
	[HAPPENED_ORDER] = "mails with a policy of their own",
	[HAPPENED_MOVED] = "requests of what another provider failed",
	[HAPPENED_CURBED] = "of them that used the allowance up",
	[HAPPENED_TWICE] = "copies too many, all counted",
	[HAPPENED_LISTED] = "recipients on a list that is respected",
	[HAPPENED_OPENED] = "recipients on a list that is not",
};

static unsigned happened[HAPPENINGS];

/* Of mails by weighted roads, over all seeds: how many drew the first of the
 * road's list, and how many were to. */
static struct {
	unsigned count, first;
	double expected;
} lots;

static const char *const names[SUPPLIERS + 1] = { "p0", "p1", "p2", "p3",
	NULL };
static const int64_t retries[] = { 5000, 30000, 120000 };
static const char *const domains[] = { "example.com", "example.net" };
static const char *const places[] = { "example.org", "example.biz",
	"sub.example.org" };
static const char *const road_names[ROADS] = { "r0", "r1", "r2", "r3" };
static const char *const policies[] = {
	[DOUBT_PREFER_DELIVERY] = "prefer_delivery",
	[DOUBT_PREFER_ONCE] = "prefer_once",
	[DOUBT_NEVER_TWICE] = "never_twice",
};

static void violate(const char *format, ...) G_GNUC_PRINTF(1, 2);

static void
violate(const char *format, ...)
{
	va_list arguments;

	if (world.violation != NULL)
		return;
	va_start(arguments, format);
	world.violation = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	virtual_trace("VIOLATED: %s", world.violation);
}

#endif
