/* SPDX-License-Identifier: MIT */
/*
 * The health of a provider as a probe finds it: whether our account there could
 * send, learnt without sending.  Plain data.
 */
#ifndef MAIL_HEALTH_H
#define MAIL_HEALTH_H

#include <stdint.h>

enum health_state {
	HEALTH_UNKNOWN,     /* not asked yet, or it cannot be asked: text says
			     * why */
	HEALTH_GOOD,        /* key, domain and all */
	HEALTH_DOUBTFUL,    /* it takes mail, and somebody should look */
	HEALTH_BAD,         /* it would not take mail of ours */
	HEALTH_UNREACHABLE, /* there was no answer */
};

struct health {
	enum health_state state;
	char *text;        /* one line: what was found; NULL: nothing yet */
	char *advice;      /* one line: what to do; NULL: nothing */
	int64_t probed_ms; /* wall clock; 0: never */
};

/* Sets it; the texts are copied, made one printable line of at most 512 bytes,
 * NULL allowed. */
void health_set(struct health *health, enum health_state state,
    const char *text, const char *advice);
void health_copy(struct health *out, const struct health *from);
void health_clear(struct health *health);

/* The state in one word ("good"). */
const char *health_state_text(enum health_state state);

#endif
