/* SPDX-License-Identifier: MIT */
/*
 * The ledger of one mail: what each recipient has come to.
 *
 *	WAITING --sent--> OPEN --accepted-------------> ACCEPTED
 *	   ^               |  |--refused for good-----> REFUSED
 *	   |<--not taken---'  '--no answer------------> DOUBT
 *	   '<--------------the doubt was waited out-------'--too often--> HELD
 *
 * Each recipient is in exactly one state; ACCEPTED, REFUSED and DROPPED are
 * final, HELD waits for a person: none of these is sent.  A
 * mail one provider refuses as such (payload) is shown to one other; refused
 * by two, or with no other to ask, it is refused.  Two accounts of one kind
 * count as two only where no other kind is to be asked.  Pure; time comes in as
 *an argument.  Providers are numbered as in the settings, 32 at most.
 */
#ifndef DISPATCH_LEDGER_H
#define DISPATCH_LEDGER_H

#include "mail/delivery.h"
#include "mail/journal.h"
#include <limits.h>

#define LEDGER_PROVIDERS_MAX 32

/* Routes that the recipients of one mail may go by. */
#define LEDGER_GROUPS_MAX 32

/* The provider of a verdict that nobody gave, or one that is no longer in the
 * settings. */
#define LEDGER_NOBODY UINT_MAX

/* Of a recipient in DOUBT; all times are of the monotonic clock. */
struct ledger_doubt {
	int64_t until_ms;  /* not sent again before; 0: not known yet */
	int64_t since_ms;  /* the attempt in doubt began, the first of those in
			    * a row at the same one; 0: not known yet */
	unsigned asks;     /* of its schedule of asks that are behind us */
	int64_t asked_ms;  /* its provider was asked last; 0: not that this
			    * flight knows */
	int64_t absent_ms; /* ...and said last that it has it not; 0: never */
	bool unlikely;     /* an error answer, after the whole body */
	char mail[ID_LENGTH + 1]; /* the sending it is of, when the client has
				   * sent the mail again since; "": this one */
	bool ended; /* WAITING: it lasted as long as the mail is tried */
	bool same;  /* WAITING: sent again to the same one only; DOUBT: was so
		     * in this flight, in vain */
};

struct ledger_recipient {
	unsigned group; /* of those that go by one route: its number */
	enum recipient_state state;
	enum verdict_class class; /* of the last verdict */
	uint32_t tried;           /* providers asked in this round */
	uint32_t refused_by;      /* providers that refused the payload */
	unsigned provider;        /* that gave the last verdict, or NOBODY */
	unsigned open_by;         /* OPEN: the provider that is asked */
	unsigned status;          /* as that one said */
	bool suppressed;
	bool told;       /* as in struct recipient */
	unsigned doubts; /* attempts that ended in doubt */
	struct ledger_doubt doubt;
	char *id;   /* ACCEPTED: the provider's; NULL: none */
	char *text; /* as that provider said; NULL: nothing yet */
};

struct ledger {
	struct ledger_recipient *recipients;
	unsigned count;
	unsigned providers;
	uint32_t possible; /* providers whose plan can carry the mail */
	uint32_t groups[LEDGER_GROUPS_MAX]; /* providers of each one's route */
	unsigned batch_max[LEDGER_PROVIDERS_MAX]; /* recipients one request
						   * takes */
	unsigned batch[LEDGER_PROVIDERS_MAX];     /* in the next one */
	uint8_t kinds[LEDGER_PROVIDERS_MAX];      /* of each: the number of the
						   * first one like it */
	struct journal_counts counts; /* that the store was not told yet */
};

/* No provider is possible yet; all are in group 0, whose route names all. */
struct ledger *ledger_new(unsigned recipients, unsigned providers);
void ledger_free(struct ledger *ledger);

/* That provider can carry the mail, for at most `most` recipients in one
 * request; 0: for any number. */
void ledger_allow(struct ledger *ledger, unsigned provider, unsigned most);

/* That provider is of the same kind as that one, which comes before it: what
 * the one refuses the other will most likely, too. */
void ledger_liken(struct ledger *ledger, unsigned provider, unsigned first);

/* True when two who count as two refused the mail for the recipient. */
bool ledger_is_agreed(const struct ledger *ledger, unsigned recipient);

/* The recipient goes by the route of that group, which names these
 * providers. */
void ledger_group(struct ledger *ledger, unsigned recipient, unsigned group,
    uint32_t providers);

/* The providers that may carry the mail to that recipient: of one who is on the
 * suppression list of one of them that is respected, that one. */
uint32_t ledger_takers(const struct ledger *ledger, unsigned recipient);

/* Enters into a fresh ledger what an earlier sending knew of a recipient: a new
 * round, in which those that refused the payload are not asked again, nor who
 * is in doubt, if there is another. */
void ledger_recall(struct ledger *ledger, unsigned recipient,
    const struct ledger_recipient *known);

/* The recipients of the group that provider may be asked for now, at most its
 * batch; out holds ledger->count.  Returns how many. */
unsigned ledger_pick(const struct ledger *ledger, unsigned group,
    unsigned provider, unsigned *out);

/* An attempt for these by that provider is under way. */
void ledger_open(struct ledger *ledger, unsigned provider,
    const unsigned *recipients, unsigned count);

/* The attempt was not made: its recipients wait again. */
void ledger_reopen(
    struct ledger *ledger, const unsigned *recipients, unsigned count);

/* That provider cannot carry the mail; status and text say why.  Whoever has
 * no provider left is refused. */
void ledger_exclude(struct ledger *ledger, unsigned provider, unsigned status,
    const char *text);

/* Enters what came of the delivery by that provider.  A call that was refused
 * as a whole for one bad recipient is repeated with half as many; each call
 * that was accepted doubles the number again, so that n recipients of which k
 * are bad cost about 2 k log n calls.  Whoever was one too many beside others
 * that were taken waits for a further call of the same provider, with as many
 * as it took. */
void ledger_settle(struct ledger *ledger, unsigned provider,
    const struct delivery *delivery, const struct outcome *outcome);

/* Recipients of the outcome that were accepted. */
unsigned ledger_accepted(const struct outcome *outcome);

/* Since when the recipient is in DOUBT, and until when nobody sends it again.
 */
void ledger_freeze(struct ledger *ledger, unsigned recipient, int64_t since_ms,
    int64_t until_ms);

/* True when the recipient in DOUBT could be sent again in this round: not
 * everyone was asked. */
bool ledger_can_thaw(const struct ledger *ledger, unsigned recipient);

/* It has been waited out: WAITING, to be sent again.  _same: by the provider it
 * is in doubt at, and no other. */
void ledger_thaw(struct ledger *ledger, unsigned recipient);
void ledger_thaw_same(struct ledger *ledger, unsigned recipient);

/* Whoever was to be sent to the same one, and was not, is in DOUBT as before.
 */
void ledger_refreeze(struct ledger *ledger);

/* That provider says it has the mail for the recipient, who was in DOUBT there:
 * ACCEPTED.  id is copied; NULL: none. */
void ledger_resolve(struct ledger *ledger, unsigned recipient,
    unsigned provider, const char *id);

/* That provider says, asked about the recipient in DOUBT there, that it has not
 * delivered it, and why: as if it had said so at once. */
void ledger_deny(struct ledger *ledger, unsigned recipient, unsigned provider,
    const struct verdict *verdict);

/* True when another provider is to be asked when the recipient's doubt is
 * over: there is one, and not each one left it in doubt before. */
bool ledger_has_turn(const struct ledger *ledger, unsigned recipient);

/* Recipients in that state. */
unsigned ledger_count(const struct ledger *ledger, enum recipient_state state);

#endif
