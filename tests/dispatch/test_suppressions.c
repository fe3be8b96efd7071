/* SPDX-License-Identifier: MIT */
#include "ledger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define AT_FIRST 0 /* the provider that is asked first */
#define BOTH     3u
#define FIRST    1u
#define OTHER    2u

/* In the round after one that a provider refused it in, it is asked again. */
static const struct {
	const char *name;
	bool suppressed;          /* by its list */
	bool asked;               /* again, and said... */
	enum verdict_class again; /* ...that */
	uint32_t next;            /* who may be asked in the round after */
} cases[] = {
	{ "refused as any", false, false, VERDICT_NONE, BOTH },
	{ "on its list: only itself", true, false, VERDICT_NONE, FIRST },
	{ "down: only itself", true, true, VERDICT_OUTAGE, FIRST },
	{ "too many: only itself", true, true, VERDICT_THROTTLE, FIRST },
	{ "in doubt: only itself", true, true, VERDICT_DOUBT, FIRST },
	{ "on its list no more", true, true, VERDICT_RECIPIENT, BOTH },
	{ "the mail is at fault", true, true, VERDICT_PAYLOAD, OTHER },
};

static struct ledger *
make_ledger(uint32_t possible)
{
	struct ledger *ledger = ledger_new(1, 2);

	for (unsigned i = 0; i < 2; i++)
		if (possible & 1u << i)
			ledger_allow(ledger, i, 0);
	return ledger;
}

/* Puts the only recipient into a new round. */
static void
renew(struct ledger *ledger)
{
	struct ledger_recipient known = ledger->recipients[0];

	known.state = RECIPIENT_WAITING;
	known.id = NULL;
	known.text = NULL;
	ledger_recall(ledger, 0, &known);
}

static void
settle(struct ledger *ledger, enum verdict_class class, bool suppressed)
{
	unsigned first = 0;
	struct delivery delivery = { .recipients = &first, .count = 1 };
	struct outcome *outcome = outcome_new(1);

	ledger_open(ledger, AT_FIRST, &first, 1);
	outcome_set(outcome, 0, class, 200, NULL);
	outcome->verdicts[0].suppressed = suppressed;
	ledger_settle(ledger, AT_FIRST, &delivery, outcome);
	outcome_free(outcome);
	renew(ledger);
}

static uint32_t
find_next(const struct ledger *ledger)
{
	uint32_t next = 0;
	unsigned picked;

	for (unsigned i = 0; i < ledger->providers; i++)
		if (ledger_pick(ledger, 0, i, &picked) > 0)
			next |= 1u << i;
	return next;
}

static void
test_suppressed(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct ledger *ledger = make_ledger(BOTH);

		settle(ledger, VERDICT_RECIPIENT, cases[i].suppressed);
		if (cases[i].asked)
			settle(ledger, cases[i].again, false);
		if (find_next(ledger) != cases[i].next)
			fail_msg("%s: %x", cases[i].name, find_next(ledger));
		ledger_free(ledger);
	}
}

/* Nor is it stuck: the only one who may be asked is asked again. */
static void
test_doubt_is_waited_out(void **state)
{
	struct ledger *ledger = make_ledger(BOTH);
	struct ledger_recipient known;

	(void)state;
	settle(ledger, VERDICT_RECIPIENT, true);
	settle(ledger, VERDICT_DOUBT, false);
	known = ledger->recipients[0];
	known.state = RECIPIENT_DOUBT;
	ledger_recall(ledger, 0, &known);
	assert_true(ledger_can_thaw(ledger, 0));
	ledger_thaw(ledger, 0);
	assert_int_equal(find_next(ledger), FIRST);
	ledger_free(ledger);
}

/* Nobody waits for one that is not asked any more. */
static void
test_one_that_is_gone(void **state)
{
	struct ledger *ledger = make_ledger(OTHER);

	(void)state;
	ledger->recipients[0].class = VERDICT_RECIPIENT;
	ledger->recipients[0].suppressed = true;
	ledger->recipients[0].provider = AT_FIRST;
	renew(ledger);
	assert_int_equal(find_next(ledger), OTHER);
	ledger->recipients[0].provider = LEDGER_NOBODY;
	assert_int_equal(find_next(ledger), OTHER);
	ledger_free(ledger);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_suppressed),
		cmocka_unit_test(test_doubt_is_waited_out),
		cmocka_unit_test(test_one_that_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
