/* SPDX-License-Identifier: MIT */
#include "ledger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* One attempt for the only recipient, and what came of it. */
struct attempt {
	unsigned provider;
	enum verdict_class class;
};

#define NOBODY 0u

/* The end of the attempts of a row. */
#define DONE                           \
	{                              \
		UINT_MAX, VERDICT_NONE \
	}

static const struct {
	const char *name;
	unsigned providers;
	struct attempt attempts[4];
	enum recipient_state state;
	uint32_t next; /* the providers it may be sent by now */
} cases[] = {
	{ "fresh", 2, { DONE }, RECIPIENT_WAITING, 3 },
	{ "accepted", 2, { { 0, VERDICT_ACCEPTED }, DONE }, RECIPIENT_ACCEPTED,
	    NOBODY },
	{ "recipient: refused at once, whoever else there is", 2,
	    { { 0, VERDICT_RECIPIENT }, DONE }, RECIPIENT_REFUSED, NOBODY },
	{ "outage: the next", 2, { { 0, VERDICT_OUTAGE }, DONE },
	    RECIPIENT_WAITING, 2 },
	{ "throttle: the next", 2, { { 0, VERDICT_THROTTLE }, DONE },
	    RECIPIENT_WAITING, 2 },
	{ "account: the next", 2, { { 0, VERDICT_ACCOUNT }, DONE },
	    RECIPIENT_WAITING, 2 },
	{ "sender: the next", 2, { { 0, VERDICT_SENDER }, DONE },
	    RECIPIENT_WAITING, 2 },
	{ "doubt: frozen", 2, { { 0, VERDICT_DOUBT }, DONE }, RECIPIENT_DOUBT,
	    NOBODY },
	{ "nothing said: a doubt", 2, { { 0, VERDICT_NONE }, DONE },
	    RECIPIENT_DOUBT, NOBODY },
	{ "each at most once a round", 2,
	    { { 0, VERDICT_OUTAGE }, { 1, VERDICT_THROTTLE }, DONE },
	    RECIPIENT_WAITING, NOBODY },
	{ "payload: one other", 3, { { 0, VERDICT_PAYLOAD }, DONE },
	    RECIPIENT_WAITING, 6 },
	{ "payload, no other: refused", 1, { { 0, VERDICT_PAYLOAD }, DONE },
	    RECIPIENT_REFUSED, NOBODY },
	{ "payload twice: refused, whoever else there is", 3,
	    { { 0, VERDICT_PAYLOAD }, { 1, VERDICT_PAYLOAD }, DONE },
	    RECIPIENT_REFUSED, NOBODY },
	{ "payload, then accepted", 2,
	    { { 0, VERDICT_PAYLOAD }, { 1, VERDICT_ACCEPTED }, DONE },
	    RECIPIENT_ACCEPTED, NOBODY },
	{ "payload, outage of the other: kept", 2,
	    { { 0, VERDICT_PAYLOAD }, { 1, VERDICT_OUTAGE }, DONE },
	    RECIPIENT_WAITING, NOBODY },
	{ "outage, payload of the other: kept", 2,
	    { { 0, VERDICT_OUTAGE }, { 1, VERDICT_PAYLOAD }, DONE },
	    RECIPIENT_WAITING, NOBODY },
	{ "payload, outage, payload: refused", 3,
	    { { 0, VERDICT_PAYLOAD }, { 1, VERDICT_OUTAGE },
		{ 2, VERDICT_PAYLOAD }, DONE },
	    RECIPIENT_REFUSED, NOBODY },
	{ "payload, then doubt", 2,
	    { { 0, VERDICT_PAYLOAD }, { 1, VERDICT_DOUBT }, DONE },
	    RECIPIENT_DOUBT, NOBODY },
};

static struct ledger *
make_ledger(unsigned recipients, unsigned providers)
{
	struct ledger *ledger = ledger_new(recipients, providers);

	for (unsigned i = 0; i < providers; i++)
		ledger_allow(ledger, i, 0);
	return ledger;
}

/* Opens what may be sent by that provider; the caller frees recipients. */
static struct delivery
open_delivery(struct ledger *ledger, unsigned provider)
{
	struct delivery delivery = { 0 };

	delivery.recipients = g_new(unsigned, ledger->count);
	delivery.count = ledger_pick(ledger, 0, provider, delivery.recipients);
	assert_true(delivery.count > 0);
	ledger_open(ledger, provider, delivery.recipients, delivery.count);
	return delivery;
}

static void
attempt_all(struct ledger *ledger, unsigned provider, enum verdict_class class)
{
	struct delivery delivery = open_delivery(ledger, provider);
	struct outcome *outcome = outcome_new(delivery.count);

	assert_int_equal(ledger_count(ledger, RECIPIENT_OPEN), delivery.count);
	assert_int_equal(
	    ledger->recipients[delivery.recipients[0]].open_by, provider);
	outcome_set_all(outcome, class, 400, verdict_class_text(class));
	ledger_settle(ledger, provider, &delivery, outcome);
	outcome_free(outcome);
	g_free(delivery.recipients);
}

static uint32_t
find_next(const struct ledger *ledger)
{
	unsigned picked[1];
	uint32_t next = 0;

	for (unsigned i = 0; i < ledger->providers; i++)
		if (ledger_pick(ledger, 0, i, picked) == 1)
			next |= 1u << i;
	return next;
}

static void
test_attempts(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct ledger *ledger = make_ledger(1, cases[i].providers);
		const struct attempt *attempt = cases[i].attempts;

		for (; attempt->provider != UINT_MAX; attempt++)
			attempt_all(ledger, attempt->provider, attempt->class);
		if (ledger->recipients[0].state != cases[i].state)
			fail_msg("%s: %s", cases[i].name,
			    recipient_state_text(ledger->recipients[0].state));
		if (find_next(ledger) != cases[i].next)
			fail_msg(
			    "%s: next %x", cases[i].name, find_next(ledger));
		if (attempt > cases[i].attempts)
			assert_string_equal(ledger->recipients[0].text,
			    verdict_class_text(attempt[-1].class));
		ledger_free(ledger);
	}
}

static void
test_doubt_is_waited_out(void **state)
{
	struct ledger *ledger = make_ledger(1, 2);
	struct delivery delivery = open_delivery(ledger, 0);
	struct outcome *outcome = outcome_new(1);
	const struct ledger_doubt *doubt = &ledger->recipients[0].doubt;

	(void)state;
	outcome_set(outcome, 0, VERDICT_DOUBT, 502, "bad gateway");
	outcome->verdicts[0].unlikely = true;
	ledger_settle(ledger, 0, &delivery, outcome);
	assert_true(doubt->unlikely);
	assert_int_equal(doubt->until_ms, 0);
	ledger_freeze(ledger, 0, 1000, 21000);
	assert_int_equal(doubt->since_ms, 1000);
	assert_int_equal(doubt->until_ms, 21000);
	assert_int_equal(find_next(ledger), NOBODY);
	assert_true(ledger_can_thaw(ledger, 0));
	ledger_thaw(ledger, 0);
	assert_int_equal(doubt->until_ms, 0);
	assert_int_equal(find_next(ledger), 2); /* not the same */
	outcome_free(outcome);
	g_free(delivery.recipients);
	ledger_free(ledger);
}

static void
test_doubt_with_nobody_else_stays(void **state)
{
	struct ledger *ledger = make_ledger(1, 2);

	(void)state;
	attempt_all(ledger, 0, VERDICT_OUTAGE);
	attempt_all(ledger, 1, VERDICT_DOUBT);
	assert_false(ledger_can_thaw(ledger, 0));
	ledger_free(ledger);
}

/* Sent again to the same one only; what came of that, and who may be asked in
 * this round then. */
static const struct {
	const char *name;
	enum verdict_class class; /* NONE: it is not sent */
	enum recipient_state state;
	bool others; /* could be asked when that doubt is over */
} sames[] = {
	{ "not sent", VERDICT_NONE, RECIPIENT_DOUBT, true },
	{ "not taken", VERDICT_OUTAGE, RECIPIENT_DOUBT, true },
	{ "taken", VERDICT_ACCEPTED, RECIPIENT_ACCEPTED, true },
	{ "in doubt again", VERDICT_DOUBT, RECIPIENT_DOUBT, true },
	{ "refused", VERDICT_RECIPIENT, RECIPIENT_REFUSED, true },
	{ "the mail is refused", VERDICT_PAYLOAD, RECIPIENT_DOUBT, true },
};

static void
test_the_same_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(sames); i++) {
		struct ledger *ledger = make_ledger(1, 3);
		const struct ledger_recipient *r = &ledger->recipients[0];

		attempt_all(ledger, 1, VERDICT_DOUBT);
		ledger_freeze(ledger, 0, 1000, 2000);
		ledger_thaw_same(ledger, 0);
		assert_int_equal(r->state, RECIPIENT_WAITING);
		assert_int_equal(find_next(ledger), 2);
		if (sames[i].class != VERDICT_NONE)
			attempt_all(ledger, 1, sames[i].class);
		assert_int_equal(find_next(ledger),
		    sames[i].class == VERDICT_NONE ? 2 : NOBODY);
		ledger_refreeze(ledger);
		if (r->state == RECIPIENT_DOUBT &&
		    ledger_can_thaw(ledger, 0) != sames[i].others)
			fail_msg("%s: who is to be asked", sames[i].name);
		if (r->state != sames[i].state || r->doubt.since_ms != 1000)
			fail_msg("%s: %s, since %d", sames[i].name,
			    recipient_state_text(r->state),
			    (int)r->doubt.since_ms);
		ledger_free(ledger);
	}
}

/* What came of it, said later; of two providers, and of one. */
static const struct {
	enum verdict_class class;
	enum recipient_state of_two, of_one;
} denials[] = {
	{ VERDICT_RECIPIENT, RECIPIENT_REFUSED, RECIPIENT_REFUSED },
	{ VERDICT_PAYLOAD, RECIPIENT_WAITING, RECIPIENT_REFUSED },
	{ VERDICT_SENDER, RECIPIENT_WAITING, RECIPIENT_WAITING },
};

static void
test_denied(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * G_N_ELEMENTS(denials); i++) {
		const struct verdict verdict = {
			.class = denials[i / 2].class,
			.suppressed = true,
			.text = "unsub",
		};
		struct ledger *ledger = make_ledger(1, 1 + i % 2);
		const struct ledger_recipient *r = &ledger->recipients[0];

		attempt_all(ledger, 0, VERDICT_DOUBT);
		ledger_freeze(ledger, 0, 100, 200);
		ledger_deny(ledger, 0, 0, &verdict);
		assert_int_equal(r->state,
		    i % 2 ? denials[i / 2].of_two : denials[i / 2].of_one);
		assert_string_equal(r->text, "unsub");
		assert_true(r->suppressed);
		assert_int_equal(r->doubt.until_ms, 0);
		assert_int_equal(ledger->counts.resolved, 1);
		assert_int_equal(ledger->counts.possible, 0);
		ledger_free(ledger);
	}
}

static void
test_resolved(void **state)
{
	struct ledger *ledger = make_ledger(1, 2);
	const struct ledger_recipient *r = &ledger->recipients[0];

	(void)state;
	attempt_all(ledger, 0, VERDICT_DOUBT);
	ledger_resolve(ledger, 0, 0, "<id>");
	assert_int_equal(r->state, RECIPIENT_ACCEPTED);
	assert_int_equal(r->class, VERDICT_ACCEPTED);
	assert_string_equal(r->id, "<id>");
	assert_string_equal(
	    r->text, "it has the mail, as it said when it was asked");
	assert_int_equal(find_next(ledger), NOBODY);
	assert_int_equal(ledger->counts.doubts, 1);
	assert_int_equal(ledger->counts.resolved, 1);
	assert_int_equal(ledger->counts.possible, 0);
	ledger_free(ledger);
}

/* What is counted of one recipient. */
static const struct {
	const char *name;
	unsigned before; /* doubts of earlier flights */
	struct attempt attempts[3];
	unsigned doubts, possible;
} counts[] = {
	{ "nothing", 0,
	    { { 0, VERDICT_OUTAGE }, { 1, VERDICT_ACCEPTED }, DONE }, 0, 0 },
	{ "a doubt", 0, { { 0, VERDICT_DOUBT }, DONE }, 1, 0 },
	{ "taken by another", 0,
	    { { 0, VERDICT_DOUBT }, { 1, VERDICT_ACCEPTED }, DONE }, 1, 1 },
	{ "in doubt by another", 0,
	    { { 0, VERDICT_DOUBT }, { 1, VERDICT_DOUBT }, DONE }, 2, 1 },
	{ "not taken by another", 0,
	    { { 0, VERDICT_DOUBT }, { 1, VERDICT_OUTAGE }, DONE }, 1, 0 },
	{ "refused by another", 0,
	    { { 0, VERDICT_DOUBT }, { 1, VERDICT_RECIPIENT }, DONE }, 1, 0 },
	{ "taken after an earlier doubt", 1, { { 0, VERDICT_ACCEPTED }, DONE },
	    0, 1 },
};

static void
test_counts(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(counts); i++) {
		struct ledger *ledger = make_ledger(1, 2);
		const struct attempt *attempt = counts[i].attempts;

		ledger->recipients[0].doubts = counts[i].before;
		for (; attempt->provider != UINT_MAX; attempt++) {
			if (ledger->recipients[0].state == RECIPIENT_DOUBT)
				ledger_thaw(ledger, 0);
			attempt_all(ledger, attempt->provider, attempt->class);
		}
		if (ledger->counts.doubts != counts[i].doubts ||
		    ledger->counts.possible != counts[i].possible)
			fail_msg("%s: %u doubts, %u possible", counts[i].name,
			    ledger->counts.doubts, ledger->counts.possible);
		ledger_free(ledger);
	}
}

static const struct {
	const char *name;
	unsigned providers;
	struct attempt attempts[3];
	uint32_t excluded; /* after the attempts, in order */
	enum recipient_state state;
	unsigned status;
	const char *text;
} exclusions[] = {
	{ "one of two", 2, { DONE }, 1, RECIPIENT_WAITING, 0, NULL },
	{ "both", 2, { DONE }, 3, RECIPIENT_REFUSED, 552, "provider 1" },
	{ "the one that has not refused it", 2,
	    { { 0, VERDICT_PAYLOAD }, DONE }, 2, RECIPIENT_REFUSED, 400,
	    "payload" },
	{ "the one that has refused it", 2, { { 0, VERDICT_PAYLOAD }, DONE }, 1,
	    RECIPIENT_WAITING, 400, "payload" },
	{ "the last one after an outage", 2, { { 0, VERDICT_OUTAGE }, DONE }, 2,
	    RECIPIENT_WAITING, 400, "outage" },
	{ "after it was accepted", 1, { { 0, VERDICT_ACCEPTED }, DONE }, 1,
	    RECIPIENT_ACCEPTED, 400, "accepted" },
	{ "while in doubt", 1, { { 0, VERDICT_DOUBT }, DONE }, 1,
	    RECIPIENT_DOUBT, 400, "doubt" },
};

static void
test_exclusions(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(exclusions); i++) {
		struct ledger *ledger = make_ledger(1, exclusions[i].providers);
		const struct attempt *attempt = exclusions[i].attempts;
		const struct ledger_recipient *r = &ledger->recipients[0];

		for (; attempt->provider != UINT_MAX; attempt++)
			attempt_all(ledger, attempt->provider, attempt->class);
		for (unsigned n = 0; n < ledger->providers; n++) {
			g_autofree char *why =
			    g_strdup_printf("provider %u", n);
			if (exclusions[i].excluded & 1u << n)
				ledger_exclude(ledger, n, 552, why);
		}
		if (r->state != exclusions[i].state ||
		    r->status != exclusions[i].status ||
		    g_strcmp0(r->text, exclusions[i].text) != 0)
			fail_msg("%s: %s %u %s", exclusions[i].name,
			    recipient_state_text(r->state), r->status, r->text);
		ledger_free(ledger);
	}
}

static void
test_reopen(void **state)
{
	struct ledger *ledger = make_ledger(3, 1);
	struct delivery delivery = open_delivery(ledger, 0);

	(void)state;
	assert_int_equal(ledger_count(ledger, RECIPIENT_OPEN), 3);
	ledger_reopen(ledger, delivery.recipients, delivery.count);
	assert_int_equal(ledger_count(ledger, RECIPIENT_WAITING), 3);
	assert_int_equal(
	    ledger_pick(ledger, 0, 0, delivery.recipients), 3); /* not tried */
	g_free(delivery.recipients);
	ledger_free(ledger);
}

static void
test_partial(void **state)
{
	static const enum verdict_class classes[] = { VERDICT_ACCEPTED,
		VERDICT_RECIPIENT, VERDICT_OUTAGE, VERDICT_NONE };
	static const enum recipient_state states[] = { RECIPIENT_ACCEPTED,
		RECIPIENT_REFUSED, RECIPIENT_WAITING, RECIPIENT_DOUBT };
	struct ledger *ledger = make_ledger(4, 2);
	struct delivery delivery = open_delivery(ledger, 0);
	struct outcome *outcome = outcome_new(4);

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		outcome_set(outcome, i, classes[i], 200, NULL);
	outcome->verdicts[1].suppressed = true;
	assert_int_equal(ledger_accepted(outcome), 1);
	ledger_settle(ledger, 0, &delivery, outcome);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(ledger->recipients[i].state, states[i]);
	assert_true(ledger->recipients[1].suppressed);
	assert_int_equal(ledger_pick(ledger, 0, 0, delivery.recipients), 0);
	assert_int_equal(ledger_pick(ledger, 0, 1, delivery.recipients), 1);
	assert_int_equal(delivery.recipients[0], 2);
	outcome_free(outcome);
	g_free(delivery.recipients);
	ledger_free(ledger);
}

/* A provider that refuses the whole call for one bad recipient, and does not
 * say which. */
static struct outcome *
answer_whole_call(const struct delivery *delivery, const bool *bad)
{
	struct outcome *outcome = outcome_new(delivery->count);
	enum verdict_class class = VERDICT_ACCEPTED;

	for (unsigned i = 0; i < delivery->count; i++)
		if (bad[delivery->recipients[i]])
			class = VERDICT_RECIPIENT;
	outcome_set_all(outcome, class, 400, "'to' is not a valid address");
	outcome->split = class == VERDICT_RECIPIENT;
	return outcome;
}

static unsigned
count_calls(struct ledger *ledger, const bool *bad)
{
	unsigned calls = 0;

	for (; ledger_count(ledger, RECIPIENT_WAITING) > 0; calls++) {
		struct delivery delivery = open_delivery(ledger, 0);
		struct outcome *outcome = answer_whole_call(&delivery, bad);
		ledger_settle(ledger, 0, &delivery, outcome);
		outcome_free(outcome);
		g_free(delivery.recipients);
		assert_in_range(calls, 0, 2000);
	}
	return calls;
}

/* One bad recipient costs ten halvings of 1,000, and ten doublings. */
static const struct {
	const char *name;
	unsigned recipients, batch;
	int bad[4]; /* -1: no more */
	unsigned calls;
} splits[] = {
	{ "none bad", 1000, 1000, { -1 }, 1 },
	{ "none bad, one more than fits", 1001, 1000, { -1 }, 2 },
	{ "one alone", 1, 1000, { 0, -1 }, 1 },
	{ "one of two", 2, 1000, { 1, -1 }, 3 },
	{ "the first", 1000, 1000, { 0, -1 }, 20 },
	{ "the last", 1000, 1000, { 999, -1 }, 21 },
	{ "three far apart", 1000, 1000, { 3, 500, 998, -1 }, 64 },
	{ "three together", 1000, 1000, { 500, 501, 502, -1 }, 22 },
	{ "without a limit of the API", 1000, 0, { 17, 333, 820, -1 }, 78 },
	{ "with a small one", 1000, 50, { 17, 333, 820, -1 }, 74 },
};

static void
test_splits(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(splits); i++) {
		struct ledger *ledger = make_ledger(splits[i].recipients, 1);
		g_autofree bool *bad = g_new0(bool, ledger->count);

		ledger_allow(ledger, 0, splits[i].batch);
		for (const int *at = splits[i].bad; *at >= 0; at++)
			bad[*at] = true;
		unsigned calls = count_calls(ledger, bad);
		if (calls != splits[i].calls)
			fail_msg("%s: %u calls", splits[i].name, calls);
		for (unsigned n = 0; n < ledger->count; n++)
			assert_int_equal(ledger->recipients[n].state,
			    bad[n] ? RECIPIENT_REFUSED : RECIPIENT_ACCEPTED);
		ledger_free(ledger);
	}
}

static void
test_all_bad(void **state)
{
	struct ledger *ledger = make_ledger(1000, 1);
	g_autofree bool *bad = g_new(bool, ledger->count);

	(void)state;
	for (unsigned i = 0; i < ledger->count; i++)
		bad[i] = true;
	assert_in_range(count_calls(ledger, bad), 1000, 1010);
	assert_int_equal(ledger_count(ledger, RECIPIENT_REFUSED), 1000);
	ledger_free(ledger);
}

/* A server that takes so many in one mail, and says of each further one that it
 * is too many. */
static const struct {
	const char *name;
	unsigned recipients, takes, calls;
	unsigned left; /* who wait for another provider */
} servers[] = {
	{ "as many as it takes", 100, 100, 1, 0 },
	{ "more than it takes", 150, 100, 2, 0 },
	{ "many more", 1000, 100, 10, 0 },
	{ "one at a time", 5, 1, 5, 0 },
	{ "nobody: it is a limit", 5, 0, 1, 5 },
};

static unsigned
take_some(struct ledger *ledger, unsigned takes)
{
	unsigned *picked = g_new(unsigned, ledger->count);
	struct delivery delivery = { .recipients = picked };
	struct outcome *outcome;

	delivery.count = ledger_pick(ledger, 0, 0, picked);
	if (delivery.count == 0) {
		g_free(picked);
		return 0;
	}
	outcome = outcome_new(delivery.count);
	ledger_open(ledger, 0, picked, delivery.count);
	for (unsigned i = 0; i < delivery.count; i++) {
		outcome_set(outcome, i,
		    i < takes ? VERDICT_ACCEPTED : VERDICT_THROTTLE, 452, NULL);
		outcome->verdicts[i].surplus = i >= takes;
	}
	ledger_settle(ledger, 0, &delivery, outcome);
	outcome_free(outcome);
	g_free(picked);
	return 1;
}

static void
test_surplus(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(servers); i++) {
		struct ledger *ledger = make_ledger(servers[i].recipients, 2);
		unsigned calls = 0;

		while (take_some(ledger, servers[i].takes) > 0)
			assert_in_range(++calls, 1, servers[i].calls);
		if (calls != servers[i].calls)
			fail_msg("%s: %u calls", servers[i].name, calls);
		assert_int_equal(
		    ledger_count(ledger, RECIPIENT_WAITING), servers[i].left);
		assert_int_equal(ledger_count(ledger, RECIPIENT_ACCEPTED),
		    servers[i].recipients - servers[i].left);
		ledger_free(ledger);
	}
}

/* Of four providers: those of one kind count once as long as another kind is to
 * be asked. */
static void
test_kinds(void **state)
{
	static const struct {
		const char *name, *kinds; /* a letter for each */
		unsigned asked[4], count;
		enum recipient_state state;
		bool agreed;
	} rows[] = {
		{ "two accounts, another kind", "aab", { 0, 1 }, 2,
		    RECIPIENT_WAITING, false },
		{ "then it refuses, too", "aab", { 0, 1, 2 }, 3,
		    RECIPIENT_REFUSED, true },
		{ "two kinds", "aab", { 0, 2 }, 2, RECIPIENT_REFUSED, true },
		{ "one kind only", "aaa", { 0, 1 }, 2, RECIPIENT_REFUSED,
		    true },
		{ "three accounts before it", "aaab", { 0, 1, 2 }, 3,
		    RECIPIENT_WAITING, false },
		{ "each its own", "abcd", { 0, 1 }, 2, RECIPIENT_REFUSED,
		    true },
		{ "the other way round", "baab", { 1, 2 }, 2, RECIPIENT_WAITING,
		    false },
		{ "nobody else", "a", { 0 }, 1, RECIPIENT_REFUSED, false },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		const char *kinds = rows[i].kinds;
		struct ledger *ledger = make_ledger(1, (unsigned)strlen(kinds));
		print_message("%s\n", rows[i].name);
		for (unsigned n = 0; kinds[n] != '\0'; n++)
			ledger_liken(ledger, n,
			    (unsigned)(strchr(kinds, kinds[n]) - kinds));
		for (unsigned n = 0; n < rows[i].count; n++)
			attempt_all(ledger, rows[i].asked[n], VERDICT_PAYLOAD);
		assert_int_equal(ledger->recipients[0].state, rows[i].state);
		assert_int_equal(ledger_is_agreed(ledger, 0), rows[i].agreed);
		ledger_free(ledger);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_attempts),
		cmocka_unit_test(test_doubt_is_waited_out),
		cmocka_unit_test(test_doubt_with_nobody_else_stays),
		cmocka_unit_test(test_the_same_again),
		cmocka_unit_test(test_denied),
		cmocka_unit_test(test_resolved),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_exclusions),
		cmocka_unit_test(test_reopen),
		cmocka_unit_test(test_partial),
		cmocka_unit_test(test_splits),
		cmocka_unit_test(test_all_bad),
		cmocka_unit_test(test_surplus),
		cmocka_unit_test(test_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
