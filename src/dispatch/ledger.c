/* SPDX-License-Identifier: MIT */
#include "ledger.h"

/* A doubt after an error answer is marked until ledger_freeze() gives it its
 * time. */
enum {
	DOUBT_FRESH = 0,
	DOUBT_UNLIKELY = -1,
};

struct ledger *
ledger_new(unsigned recipients, unsigned providers)
{
	g_assert(providers <= LEDGER_PROVIDERS_MAX);
	struct ledger *ledger = g_new0(struct ledger, 1);
	ledger->recipients = g_new0(struct ledger_recipient, recipients);
	ledger->count = recipients;
	ledger->providers = providers;
	ledger->groups[0] = UINT32_MAX;
	for (unsigned i = 0; i < recipients; i++)
		ledger->recipients[i].provider = LEDGER_NOBODY;
	return ledger;
}

static void
forget_texts(struct ledger_recipient *recipient)
{
	g_clear_pointer(&recipient->id, g_free);
	g_clear_pointer(&recipient->text, g_free);
}

void
ledger_free(struct ledger *ledger)
{
	if (ledger == NULL)
		return;
	for (unsigned i = 0; i < ledger->count; i++)
		forget_texts(&ledger->recipients[i]);
	g_free(ledger->recipients);
	g_free(ledger);
}

void
ledger_allow(struct ledger *ledger, unsigned provider, unsigned most)
{
	g_assert(provider < ledger->providers);
	ledger->possible |= 1u << provider;
	ledger->batch_max[provider] = most != 0 ? most : UINT_MAX;
	ledger->batch[provider] = ledger->batch_max[provider];
}

void
ledger_group(struct ledger *ledger, unsigned recipient, unsigned group,
    uint32_t providers)
{
	g_assert(recipient < ledger->count && group < LEDGER_GROUPS_MAX);
	ledger->recipients[recipient].group = group;
	ledger->groups[group] = providers;
}

static uint32_t
find_takers(
    const struct ledger *ledger, const struct ledger_recipient *recipient)
{
	return ledger->possible & ledger->groups[recipient->group];
}

uint32_t
ledger_takers(const struct ledger *ledger, unsigned recipient)
{
	g_assert(recipient < ledger->count);
	return find_takers(ledger, &ledger->recipients[recipient]);
}

unsigned
ledger_pick(const struct ledger *ledger, unsigned group, unsigned provider,
    unsigned *out)
{
	unsigned count = 0;

	if (!(ledger->possible & (1u << provider)))
		return 0;
	for (unsigned i = 0;
	     i < ledger->count && count < ledger->batch[provider]; i++) {
		const struct ledger_recipient *r = &ledger->recipients[i];
		if (r->state == RECIPIENT_WAITING && r->group == group &&
		    (find_takers(ledger, r) & ~r->tried & (1u << provider)))
			out[count++] = i;
	}
	return count;
}

void
ledger_open(struct ledger *ledger, unsigned provider,
    const unsigned *recipients, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct ledger_recipient *r = &ledger->recipients[recipients[i]];
		g_assert(r->state == RECIPIENT_WAITING);
		r->state = RECIPIENT_OPEN;
		r->open_by = provider;
	}
}

void
ledger_reopen(struct ledger *ledger, const unsigned *recipients, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct ledger_recipient *r = &ledger->recipients[recipients[i]];
		g_assert(r->state == RECIPIENT_OPEN);
		r->state = RECIPIENT_WAITING;
	}
}

static bool
is_refused_for_good(
    const struct ledger *ledger, const struct ledger_recipient *recipient)
{
	uint32_t others =
	    find_takers(ledger, recipient) & ~recipient->refused_by;

	return others == 0 || __builtin_popcount(recipient->refused_by) >= 2;
}

void
ledger_recall(struct ledger *ledger, unsigned recipient,
    const struct ledger_recipient *known)
{
	struct ledger_recipient *r = &ledger->recipients[recipient];
	uint32_t asked = known->refused_by;
	uint32_t doubtful = asked;
	unsigned group = r->group;

	if (known->provider != LEDGER_NOBODY)
		doubtful |= 1u << known->provider;
	if (known->state == RECIPIENT_DOUBT &&
	    (find_takers(ledger, r) & ~doubtful) != 0)
		asked = doubtful;
	forget_texts(r);
	*r = *known;
	r->group = group;
	r->id = g_strdup(known->id);
	r->text = g_strdup(known->text);
	r->tried = asked;
	if (r->state == RECIPIENT_WAITING && r->refused_by != 0 &&
	    is_refused_for_good(ledger, r))
		r->state = RECIPIENT_REFUSED;
}

void
ledger_exclude(
    struct ledger *ledger, unsigned provider, unsigned status, const char *text)
{
	ledger->possible &= ~(1u << provider);
	for (unsigned i = 0; i < ledger->count; i++) {
		struct ledger_recipient *r = &ledger->recipients[i];
		if (r->state != RECIPIENT_WAITING ||
		    (find_takers(ledger, r) & ~r->refused_by) != 0)
			continue;
		r->state = RECIPIENT_REFUSED;
		if (r->refused_by != 0)
			continue;
		r->class = VERDICT_PAYLOAD;
		r->provider = provider;
		r->status = status;
		g_free(r->text);
		r->text = g_strdup(text);
	}
}

static enum recipient_state
enter_verdict(const struct ledger *ledger, struct ledger_recipient *recipient,
    const struct verdict *verdict)
{
	uint32_t bit = 1u << recipient->provider;

	recipient->tried |= bit;
	switch (verdict->class) {
	case VERDICT_ACCEPTED:
		return RECIPIENT_ACCEPTED;
	case VERDICT_RECIPIENT:
		return RECIPIENT_REFUSED;
	case VERDICT_PAYLOAD:
		recipient->refused_by |= bit;
		return is_refused_for_good(ledger, recipient)
			   ? RECIPIENT_REFUSED
			   : RECIPIENT_WAITING;
	case VERDICT_ACCOUNT:
	case VERDICT_SENDER:
	case VERDICT_THROTTLE:
	case VERDICT_OUTAGE:
		return RECIPIENT_WAITING;
	case VERDICT_NONE:
	case VERDICT_DOUBT:
		recipient->doubts++;
		recipient->doubt_ms =
		    verdict->unlikely ? DOUBT_UNLIKELY : DOUBT_FRESH;
		return RECIPIENT_DOUBT;
	}
	g_assert_not_reached();
}

/* The call was refused as a whole for one bad recipient: half as many in the
 * next, until the bad one is alone. */
static void
halve_batch(
    struct ledger *ledger, unsigned provider, const struct delivery *delivery)
{
	ledger->batch[provider] = delivery->count / 2;
	ledger_reopen(ledger, delivery->recipients, delivery->count);
}

/* A call that went through: the bad one was not in it, or is behind us. */
static void
double_batch(struct ledger *ledger, unsigned provider)
{
	unsigned most = ledger->batch_max[provider];
	unsigned batch = ledger->batch[provider];

	ledger->batch[provider] = batch > most / 2 ? most : batch * 2;
}

unsigned
ledger_accepted(const struct outcome *outcome)
{
	unsigned count = 0;

	for (unsigned i = 0; i < outcome->count; i++)
		if (outcome->verdicts[i].class == VERDICT_ACCEPTED)
			count++;
	return count;
}

void
ledger_settle(struct ledger *ledger, unsigned provider,
    const struct delivery *delivery, const struct outcome *outcome)
{
	g_assert(outcome->count == delivery->count);
	if (outcome->split && delivery->count > 1) {
		halve_batch(ledger, provider, delivery);
		return;
	}
	if (ledger_accepted(outcome) > 0)
		double_batch(ledger, provider);
	for (unsigned i = 0; i < delivery->count; i++) {
		struct ledger_recipient *r =
		    &ledger->recipients[delivery->recipients[i]];
		const struct verdict *verdict = &outcome->verdicts[i];
		g_assert(r->state == RECIPIENT_OPEN);
		r->class = verdict->class;
		r->provider = provider;
		r->status = verdict->status;
		r->suppressed = verdict->suppressed;
		forget_texts(r);
		r->id = g_strdup(verdict->id);
		r->text = g_strdup(verdict->text);
		r->state = enter_verdict(ledger, r, verdict);
	}
}

void
ledger_freeze(
    struct ledger *ledger, const struct ledger_waits *waits, int64_t now_ms)
{
	for (unsigned i = 0; i < ledger->count; i++) {
		struct ledger_recipient *r = &ledger->recipients[i];
		if (r->state != RECIPIENT_DOUBT || r->doubt_ms > 0)
			continue;
		r->doubt_ms =
		    now_ms + (r->doubt_ms == DOUBT_UNLIKELY ? waits->unlikely_ms
							    : waits->doubt_ms);
	}
}

static bool
has_someone_to_ask(
    const struct ledger *ledger, const struct ledger_recipient *recipient)
{
	return (find_takers(ledger, recipient) & ~recipient->tried) != 0;
}

bool
ledger_has_turn(const struct ledger *ledger, unsigned recipient)
{
	const struct ledger_recipient *r = &ledger->recipients[recipient];
	uint32_t takers = find_takers(ledger, r) & ~r->refused_by;

	return has_someone_to_ask(ledger, r) &&
	       r->doubts < (unsigned)__builtin_popcount(takers);
}

/* Sent again now, it would go to nobody. */
static bool
is_for_next_round(
    const struct ledger *ledger, const struct ledger_recipient *recipient)
{
	return recipient->provider != LEDGER_NOBODY &&
	       (recipient->tried & 1u << recipient->provider) != 0 &&
	       !has_someone_to_ask(ledger, recipient);
}

unsigned
ledger_thaw(struct ledger *ledger, int64_t now_ms)
{
	unsigned count = 0;

	for (unsigned i = 0; i < ledger->count; i++) {
		struct ledger_recipient *r = &ledger->recipients[i];
		if (r->state != RECIPIENT_DOUBT || r->doubt_ms > now_ms ||
		    is_for_next_round(ledger, r))
			continue;
		r->state = RECIPIENT_WAITING;
		r->doubt_ms = 0;
		count++;
	}
	return count;
}

int64_t
ledger_doubt_until(const struct ledger *ledger)
{
	int64_t until = 0;

	for (unsigned i = 0; i < ledger->count; i++) {
		const struct ledger_recipient *r = &ledger->recipients[i];
		if (r->state == RECIPIENT_DOUBT &&
		    has_someone_to_ask(ledger, r) &&
		    (until == 0 || r->doubt_ms < until))
			until = r->doubt_ms;
	}
	return until;
}

int64_t
ledger_doubt_first(const struct ledger *ledger)
{
	int64_t first = 0;

	for (unsigned i = 0; i < ledger->count; i++) {
		const struct ledger_recipient *r = &ledger->recipients[i];
		if (r->state == RECIPIENT_DOUBT &&
		    (first == 0 || r->doubt_ms < first))
			first = r->doubt_ms;
	}
	return first;
}

unsigned
ledger_count(const struct ledger *ledger, enum recipient_state state)
{
	unsigned count = 0;

	for (unsigned i = 0; i < ledger->count; i++)
		if (ledger->recipients[i].state == state)
			count++;
	return count;
}
