/* SPDX-License-Identifier: MIT */
/*
 * Patience with a doubt: when the doubtful provider is asked whether it has the
 * mail, how long nobody sends it again, and what comes then.
 *
 *	kind       prefer_delivery        prefer_once           never_twice
 *	ASKABLE    after doubt_wait, or   after doubt_once,     after doubt_once
 *	           doubt_wait_error       if its last answer    held
 *	           anyone                 is proof: anyone
 *	UPSTREAM   after doubt_wait_smtp  after doubt_once      held
 *	           the same, after        the same
 *	           doubt_move_smtp
 *	           another
 *	MUTE       after doubt_wait       held                  held
 *	           anyone
 *
 * One more ask has been answered, or has failed, before anyone sends again.
 * Sent to the same upstream again and in doubt again, the doubt goes on: its
 * times count from the first attempt, and each pause is as long as it has
 * lasted, and doubt_wait_smtp more (5, 10, 20 min): one more copy soon, in case
 * it was an accident, then ever fewer.  While there is another provider, the
 * last of doubt_attempts is for it: the same one does not get that.  When all
 * have been made it is held, or left to its client.
 * Pure: all times are of the monotonic clock and come in as arguments.
 */
#ifndef DISPATCH_PATIENCE_H
#define DISPATCH_PATIENCE_H

#include "core/config.h"
#include "mail/doubt_policy.h"

#define PATIENCE_ASKS_MAX 32

/* The settings of [server]. */
struct patience {
	int64_t asks_ms[PATIENCE_ASKS_MAX]; /* after the attempt began,
					     * ascending */
	unsigned ask_count;                 /* one at least */
	int64_t wait_ms, error_ms; /* doubt_wait, doubt_wait_error: after it
				    * ended */
	int64_t proof_ms;          /* absence is proof so long after it began */
	int64_t once_ms; /* prefer_once and never_twice: after it began */
	int64_t same_ms, move_ms; /* UPSTREAM: after it began */
};

/* What can be learnt from the doubtful provider. */
enum patience_kind {
	PATIENCE_ASKABLE,  /* whether it has the mail */
	PATIENCE_UPSTREAM, /* nothing; it may know the mail when it comes
			    * again */
	PATIENCE_MUTE,     /* nothing; or it is not in the settings any more */
};

/* One recipient in doubt. */
struct patience_doubt {
	enum doubt_policy policy;
	enum patience_kind kind;
	bool forbidden;    /* ASKABLE: our key may not ask */
	bool others;       /* UPSTREAM: another provider could take it */
	unsigned left;     /* attempts before it is held */
	int64_t since_ms;  /* the attempt began; UPSTREAM: the first one */
	int64_t begun_ms;  /* UPSTREAM: the last one did */
	int64_t until_ms;  /* nobody sends it again before */
	unsigned asks;     /* of the schedule that are behind us */
	int64_t asked_ms;  /* when it was asked last; 0: not known */
	int64_t absent_ms; /* when it last said that it has it not; 0: never */
};

enum patience_step {
	PATIENCE_WAIT, /* nothing to be done before at_ms */
	PATIENCE_ASK,  /* it is asked at at_ms, which may have passed */
	PATIENCE_SAME, /* sent again, now, by the same one */
	PATIENCE_ANY,  /* sent again, now, by another first */
	PATIENCE_HOLD, /* a person decides, now */
};

struct patience_next {
	enum patience_step step;
	int64_t at_ms; /* WAIT, ASK */
};

/* Reads the settings. */
void patience_read(struct patience *patience, const struct config *config);

/* False when they make no sense together; says so in errors (char *). */
bool patience_check(const struct config *config, GPtrArray *errors);

/* Until when nobody sends again after an attempt that began and ended then.
 * unlikely: it ended by an error answer. */
int64_t patience_until(const struct patience *patience,
    const struct patience_doubt *doubt, bool unlikely, int64_t ended_ms);

/* What is next. */
struct patience_next patience_next(const struct patience *patience,
    const struct patience_doubt *doubt, int64_t now_ms);

/* How many asks of the schedule are behind us when one is made at now. */
unsigned patience_asked(const struct patience *patience,
    const struct patience_doubt *doubt, int64_t now_ms);

/* How long between two asks behind the end of the schedule. */
int64_t patience_gap(const struct patience *patience);

/* When the schedule asks next (at_ms may have passed); 0: it is at its end. */
int64_t patience_ask_at(
    const struct patience *patience, int64_t since_ms, unsigned asks);

/* What comes of a doubt by its policy, for people: a literal. */
const char *patience_tell(const struct patience_doubt *doubt);

#endif
