/* SPDX-License-Identifier: MIT */
/*
 * The ledger of one mail: what each recipient has come to.
 *
 *	WAITING --sent--> OPEN --accepted-------------> ACCEPTED
 *	   ^               |  |--refused for good-----> REFUSED
 *	   |<--not taken---'  '--no answer------------> DOUBT
 *	   '<--------------the doubt was waited out-------'
 *
 * Each recipient is in exactly one state, ACCEPTED and REFUSED are final.  A
 * mail one provider refuses as such (payload) is shown to one other; refused
 * by two, or with no other to ask, it is refused.  Pure; time comes in as an
 * argument.  Providers are numbered as in the route, 32 at most.
 */
#ifndef DISPATCH_LEDGER_H
#define DISPATCH_LEDGER_H

#include "mail/delivery.h"
#include "mail/outcome.h"

#define LEDGER_PROVIDERS_MAX 32

enum ledger_state {
	LEDGER_WAITING,  /* to be sent */
	LEDGER_OPEN,     /* an attempt is under way */
	LEDGER_ACCEPTED, /* a provider has it: never sent again */
	LEDGER_REFUSED,  /* nobody will take it: the client is told */
	LEDGER_DOUBT,    /* a provider may have it: frozen until doubt_ms */
};

struct ledger_recipient {
	enum ledger_state state;
	enum verdict_class class; /* of the last verdict */
	uint32_t tried;           /* providers asked in this round */
	uint32_t refused_by;      /* providers that refused the payload */
	unsigned provider;        /* that gave the last verdict */
	unsigned status;          /* as that one said */
	bool suppressed;
	int64_t doubt_ms; /* DOUBT: monotonic, when it has been waited out */
	char *text;       /* as that provider said; NULL: nothing yet */
};

struct ledger {
	struct ledger_recipient *recipients;
	unsigned count;
	unsigned providers;
	uint32_t possible; /* providers whose plan can carry the mail */
	unsigned batch[LEDGER_PROVIDERS_MAX]; /* recipients in one request */
};

/* How long a doubt is waited out. */
struct ledger_waits {
	int64_t doubt_ms;    /* nothing is known */
	int64_t unlikely_ms; /* an error answer came after the whole body */
};

struct ledger *ledger_new(unsigned recipients, unsigned providers);
void ledger_free(struct ledger *ledger);

/* The recipients that provider may be asked for now, at most its batch; out
 * holds ledger->count.  Returns how many. */
unsigned ledger_pick(
    const struct ledger *ledger, unsigned provider, unsigned *out);

/* An attempt for these is under way. */
void ledger_open(
    struct ledger *ledger, const unsigned *recipients, unsigned count);

/* The attempt was not made: its recipients wait again. */
void ledger_reopen(
    struct ledger *ledger, const unsigned *recipients, unsigned count);

/* That provider cannot carry the mail; status and text say why.  Whoever has
 * no provider left is refused. */
void ledger_exclude(struct ledger *ledger, unsigned provider, unsigned status,
    const char *text);

/* Enters what came of the delivery by that provider. */
void ledger_settle(struct ledger *ledger, unsigned provider,
    const struct delivery *delivery, const struct outcome *outcome);

/* Sets when the doubts that have no time yet are waited out. */
void ledger_freeze(
    struct ledger *ledger, const struct ledger_waits *waits, int64_t now_ms);

/* Doubts whose time is over wait to be sent again.  Returns how many. */
unsigned ledger_thaw(struct ledger *ledger, int64_t now_ms);

/* The earliest doubt_ms, or 0 when there is no doubt. */
int64_t ledger_doubt_until(const struct ledger *ledger);

/* Recipients in that state. */
unsigned ledger_count(const struct ledger *ledger, enum ledger_state state);

/* The state in one word. */
const char *ledger_state_text(enum ledger_state state);

#endif
