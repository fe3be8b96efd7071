/* SPDX-License-Identifier: MIT */
#include "ledger.h"

struct ledger *
ledger_new(unsigned recipients, unsigned providers)
{
	g_assert(providers <= LEDGER_PROVIDERS_MAX);
	struct ledger *ledger = g_new0(struct ledger, 1);
	ledger->recipients = g_new0(struct ledger_recipient, recipients);
	ledger->count = recipients;
	ledger->providers = providers;
	ledger->groups[0] = UINT32_MAX;
	for (unsigned i = 0; i < providers; i++)
		ledger->kinds[i] = (uint8_t)i;
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

/* Whose suppression list is respected: what it said is not got round by asking
 * another one in a later round. */
static uint32_t
find_suppressor(const struct ledger_recipient *recipient)
{
	if (!recipient->suppressed || recipient->class == VERDICT_PAYLOAD ||
	    recipient->provider == LEDGER_NOBODY)
		return 0;
	return 1u << recipient->provider;
}

static uint32_t
find_takers(
    const struct ledger *ledger, const struct ledger_recipient *recipient)
{
	uint32_t takers = ledger->possible & ledger->groups[recipient->group];
	uint32_t suppressor = find_suppressor(recipient);

	return takers & suppressor ? suppressor : takers;
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
		if (r->doubt.same && r->provider != provider)
			continue;
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

void
ledger_liken(struct ledger *ledger, unsigned provider, unsigned first)
{
	g_assert(provider < ledger->providers && first <= provider);
	ledger->kinds[provider] = (uint8_t)first;
}

/* The kinds of these providers. */
static uint32_t
find_kinds(const struct ledger *ledger, uint32_t providers)
{
	uint32_t kinds = 0;

	for (unsigned i = 0; i < ledger->providers; i++)
		if (providers & 1u << i)
			kinds |= 1u << ledger->kinds[i];
	return kinds;
}

static bool
is_agreed(const struct ledger *ledger, const struct ledger_recipient *recipient)
{
	uint32_t kinds = find_kinds(ledger, recipient->refused_by);
	uint32_t others = find_kinds(ledger, find_takers(ledger, recipient));

	if (__builtin_popcount(recipient->refused_by) < 2)
		return false;
	return __builtin_popcount(kinds) >= 2 || (others & ~kinds) == 0;
}

bool
ledger_is_agreed(const struct ledger *ledger, unsigned recipient)
{
	g_assert(recipient < ledger->count);
	return is_agreed(ledger, &ledger->recipients[recipient]);
}

static bool
is_refused_for_good(
    const struct ledger *ledger, const struct ledger_recipient *recipient)
{
	uint32_t others =
	    find_takers(ledger, recipient) & ~recipient->refused_by;

	return others == 0 || is_agreed(ledger, recipient);
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
	forget_texts(r);
	*r = *known;
	r->group = group;
	r->id = g_strdup(known->id);
	r->text = g_strdup(known->text);
	if (known->state == RECIPIENT_DOUBT &&
	    (find_takers(ledger, r) & ~doubtful) != 0)
		asked = doubtful;
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

/* `again`: to be sent to the same one at once. */
static enum recipient_state
enter_verdict(const struct ledger *ledger, struct ledger_recipient *recipient,
    const struct verdict *verdict, bool again)
{
	uint32_t bit = 1u << recipient->provider;

	if (again)
		return RECIPIENT_WAITING;
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
		recipient->doubt = (struct ledger_doubt){
			.since_ms = recipient->doubt.same
					? recipient->doubt.since_ms
					: 0,
			.unlikely = verdict->unlikely,
		};
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

/* As many as it took are asked for at a time from now on: fewer than before,
 * so it comes to an end. */
static void
shrink_batch(struct ledger *ledger, unsigned provider, unsigned taken)
{
	ledger->batch_max[provider] = ledger->batch[provider] = taken;
}

static bool
has_surplus(const struct outcome *outcome)
{
	for (unsigned i = 0; i < outcome->count; i++)
		if (outcome->verdicts[i].surplus)
			return true;
	return false;
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

/* Who was in doubt before and is taken now, or may be, may have it twice. */
static void
count_doubts(struct ledger *ledger, struct ledger_recipient *recipient)
{
	bool doubtful = recipient->state == RECIPIENT_DOUBT;

	if (recipient->doubts > 0 &&
	    (doubtful || recipient->state == RECIPIENT_ACCEPTED))
		ledger->counts.possible++;
	recipient->doubts += doubtful;
	ledger->counts.doubts += doubtful;
}

/* It was asked again, and did not come to say whether it still is. */
static bool
stays_suppressed(const struct ledger_recipient *recipient, unsigned provider,
    const struct verdict *verdict)
{
	return find_suppressor(recipient) == 1u << provider &&
	       verdict->class != VERDICT_ACCEPTED &&
	       verdict->class != VERDICT_RECIPIENT &&
	       verdict->class != VERDICT_PAYLOAD;
}

void
ledger_settle(struct ledger *ledger, unsigned provider,
    const struct delivery *delivery, const struct outcome *outcome)
{
	unsigned taken;

	g_assert(outcome->count == delivery->count);
	if (outcome->split && delivery->count > 1) {
		halve_batch(ledger, provider, delivery);
		return;
	}
	taken = ledger_accepted(outcome);
	if (taken > 0 && has_surplus(outcome))
		shrink_batch(ledger, provider, taken);
	else if (taken > 0)
		double_batch(ledger, provider);
	for (unsigned i = 0; i < delivery->count; i++) {
		struct ledger_recipient *r =
		    &ledger->recipients[delivery->recipients[i]];
		const struct verdict *verdict = &outcome->verdicts[i];
		g_assert(r->state == RECIPIENT_OPEN);
		r->suppressed = verdict->suppressed ||
				stays_suppressed(r, provider, verdict);
		r->told = verdict->notifies;
		r->class = verdict->class;
		r->provider = provider;
		r->status = verdict->status;
		forget_texts(r);
		r->id = g_strdup(verdict->id);
		r->text = g_strdup(verdict->text);
		r->state = enter_verdict(
		    ledger, r, verdict, verdict->surplus && taken > 0);
		count_doubts(ledger, r);
	}
}

void
ledger_freeze(struct ledger *ledger, unsigned recipient, int64_t since_ms,
    int64_t until_ms)
{
	struct ledger_recipient *r = &ledger->recipients[recipient];

	g_assert(r->state == RECIPIENT_DOUBT);
	r->doubt.since_ms = since_ms;
	r->doubt.until_ms = until_ms;
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

bool
ledger_can_thaw(const struct ledger *ledger, unsigned recipient)
{
	const struct ledger_recipient *r = &ledger->recipients[recipient];

	return r->provider == LEDGER_NOBODY ||
	       (r->tried & 1u << r->provider) == 0 ||
	       has_someone_to_ask(ledger, r);
}

void
ledger_thaw(struct ledger *ledger, unsigned recipient)
{
	struct ledger_recipient *r = &ledger->recipients[recipient];

	g_assert(r->state == RECIPIENT_DOUBT);
	r->state = RECIPIENT_WAITING;
	r->doubt = (struct ledger_doubt){ 0 };
}

void
ledger_thaw_same(struct ledger *ledger, unsigned recipient)
{
	struct ledger_recipient *r = &ledger->recipients[recipient];

	g_assert(r->state == RECIPIENT_DOUBT && r->provider != LEDGER_NOBODY);
	r->state = RECIPIENT_WAITING;
	r->doubt.same = true;
	r->tried &= ~(1u << r->provider);
}

void
ledger_refreeze(struct ledger *ledger)
{
	for (unsigned i = 0; i < ledger->count; i++) {
		struct ledger_recipient *r = &ledger->recipients[i];
		if (r->state != RECIPIENT_WAITING || !r->doubt.same)
			continue;
		r->state = RECIPIENT_DOUBT;
	}
}

void
ledger_resolve(struct ledger *ledger, unsigned recipient, unsigned provider,
    const char *id)
{
	struct ledger_recipient *r = &ledger->recipients[recipient];

	g_assert(r->state == RECIPIENT_DOUBT || r->state == RECIPIENT_WAITING);
	forget_texts(r);
	r->state = RECIPIENT_ACCEPTED;
	r->class = VERDICT_ACCEPTED;
	r->provider = provider;
	r->status = 0;
	r->id = g_strdup(id);
	r->text = g_strdup("it has the mail, as it said when it was asked");
	r->doubt = (struct ledger_doubt){ 0 };
	ledger->counts.resolved++;
}

void
ledger_deny(struct ledger *ledger, unsigned recipient, unsigned provider,
    const struct verdict *verdict)
{
	struct ledger_recipient *r = &ledger->recipients[recipient];

	g_assert(r->state == RECIPIENT_DOUBT);
	forget_texts(r);
	r->class = verdict->class;
	r->provider = provider;
	r->status = verdict->status;
	r->suppressed = verdict->suppressed;
	r->text = g_strdup(verdict->text);
	r->doubt = (struct ledger_doubt){ 0 };
	r->state = enter_verdict(ledger, r, verdict, false);
	ledger->counts.resolved++;
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
