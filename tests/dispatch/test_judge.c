/* SPDX-License-Identifier: MIT */
#include "fixture.h"
#include "judge.h"

static void
accept_all(const struct provider *provider, const struct delivery *delivery,
    const struct exchange *exchange, struct outcome *outcome)
{
	(void)provider;
	assert_int_equal(outcome->count, delivery->count);
	outcome_set_all(outcome, VERDICT_ACCEPTED,
	    exchange->http_response.status, "queued");
}

static const struct translator translator = { .decode = accept_all };
static const struct provider provider = { .translator = &translator };

static const struct {
	enum exchange_end end;
	enum verdict_class class;
	enum standing standing;
	const char *text;
} ends[] = {
	{ EXCHANGE_ANSWERED, VERDICT_ACCEPTED, STANDING_WELL, "queued" },
	{ EXCHANGE_UNSENT, VERDICT_OUTAGE, STANDING_DOWN, "why" },
	{ EXCHANGE_UNREADABLE, VERDICT_OUTAGE, STANDING_UNKNOWN, "why" },
	{ EXCHANGE_REFUSED_TLS, VERDICT_ACCOUNT, STANDING_UNUSABLE, "why" },
	{ EXCHANGE_LOST, VERDICT_DOUBT, STANDING_DOWN, "why" },
};

static void
test_ends(void **state)
{
	struct message *message = fixture_message(FIXTURE_TEXT, 2);
	struct delivery *delivery = fixture_delivery(message);

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
		struct exchange exchange = { .end = ends[i].end,
			.error = (char *)"why",
			.http_response.status = 200 };
		struct outcome *outcome =
		    judge_outcome(&provider, delivery, &exchange);

		assert_int_equal(outcome->count, 2);
		for (unsigned n = 0; n < 2; n++) {
			const struct verdict *v = &outcome->verdicts[n];
			assert_int_equal(v->class, ends[i].class);
			assert_int_equal(v->status, i == 0 ? 200 : 0);
			assert_string_equal(v->text, ends[i].text);
		}
		assert_int_equal(
		    judge_standing(&exchange, outcome), ends[i].standing);
		outcome_free(outcome);
	}
	delivery_free(delivery);
	message_unref(message);
}

static void
refuse_second(const struct provider *self, const struct delivery *delivery,
    const struct exchange *exchange, struct outcome *outcome)
{
	(void)self;
	(void)delivery;
	(void)exchange;
	outcome_set(outcome, 1, VERDICT_RECIPIENT, 550, "no such user");
}

/* Over SMTP some may be refused before the answer to all is lost; an HTTP
 * answer that is lost tells nothing. */
static void
test_lost(void **state)
{
	static const struct translator refusing = { .decode = refuse_second };
	static const struct provider refuser = { .translator = &refusing };
	static const struct {
		enum exchange_kind kind;
		enum verdict_class second;
	} rows[] = { { EXCHANGE_HTTP, VERDICT_DOUBT },
		{ EXCHANGE_SMTP, VERDICT_RECIPIENT } };
	struct message *message = fixture_message(FIXTURE_TEXT, 2);
	struct delivery *delivery = fixture_delivery(message);

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct exchange exchange = { .kind = rows[i].kind,
			.end = EXCHANGE_LOST,
			.error = (char *)"why" };
		struct outcome *outcome =
		    judge_outcome(&refuser, delivery, &exchange);

		assert_int_equal(outcome->verdicts[0].class, VERDICT_DOUBT);
		assert_int_equal(outcome->verdicts[1].class, rows[i].second);
		outcome_free(outcome);
	}
	delivery_free(delivery);
	message_unref(message);
}

/* Of two recipients: the verdict that explains, and what it says of the
 * provider. */
static const struct {
	enum verdict_class classes[2];
	unsigned worst;
	enum standing standing;
} mixes[] = {
	{ { VERDICT_ACCEPTED, VERDICT_ACCEPTED }, 0, STANDING_WELL },
	{ { VERDICT_ACCEPTED, VERDICT_RECIPIENT }, 1, STANDING_WELL },
	{ { VERDICT_RECIPIENT, VERDICT_PAYLOAD }, 1, STANDING_WELL },
	{ { VERDICT_THROTTLE, VERDICT_THROTTLE }, 0, STANDING_THROTTLED },
	{ { VERDICT_THROTTLE, VERDICT_RECIPIENT }, 0, STANDING_THROTTLED },
	{ { VERDICT_ACCEPTED, VERDICT_THROTTLE }, 1, STANDING_WELL },
	{ { VERDICT_ACCEPTED, VERDICT_OUTAGE }, 1, STANDING_WELL },
	{ { VERDICT_ACCEPTED, VERDICT_NONE }, 1, STANDING_WELL },
	{ { VERDICT_RECIPIENT, VERDICT_OUTAGE }, 1, STANDING_DOWN },
	{ { VERDICT_NONE, VERDICT_NONE }, 0, STANDING_DOWN },
	{ { VERDICT_OUTAGE, VERDICT_DOUBT }, 1, STANDING_DOWN },
	{ { VERDICT_ACCOUNT, VERDICT_ACCEPTED }, 0, STANDING_UNUSABLE },
	{ { VERDICT_SENDER, VERDICT_ACCEPTED }, 0, STANDING_SENDER },
	{ { VERDICT_SENDER, VERDICT_ACCOUNT }, 1, STANDING_UNUSABLE },
};

static void
test_mixes(void **state)
{
	static const struct exchange answered = { .end = EXCHANGE_ANSWERED };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(mixes); i++) {
		struct outcome *outcome = outcome_new(2);

		for (unsigned n = 0; n < 2; n++)
			outcome_set(outcome, n, mixes[i].classes[n], 0, NULL);
		if (judge_worst(outcome) != &outcome->verdicts[mixes[i].worst])
			fail_msg("mix %zu: another is the worst", i);
		if (judge_standing(&answered, outcome) != mixes[i].standing)
			fail_msg("mix %zu: standing %d", i,
			    judge_standing(&answered, outcome));
		outcome_free(outcome);
	}
}

/* Of two recipients, some of them put off alone ('s'), or too many ('m'). */
static const struct {
	enum verdict_class classes[2];
	const char *marks;
	enum standing standing;
} marked[] = {
	{ { VERDICT_OUTAGE, VERDICT_OUTAGE }, "s-", STANDING_DOWN },
	{ { VERDICT_OUTAGE, VERDICT_OUTAGE }, "ss", STANDING_WELL },
	{ { VERDICT_OUTAGE, VERDICT_RECIPIENT }, "s-", STANDING_WELL },
	{ { VERDICT_OUTAGE, VERDICT_DOUBT }, "s-", STANDING_DOWN },
	{ { VERDICT_OUTAGE, VERDICT_THROTTLE }, "s-", STANDING_THROTTLED },
	{ { VERDICT_OUTAGE, VERDICT_SENDER }, "s-", STANDING_SENDER },
	{ { VERDICT_OUTAGE, VERDICT_ACCOUNT }, "s-", STANDING_UNUSABLE },
	{ { VERDICT_ACCEPTED, VERDICT_THROTTLE }, "-m", STANDING_WELL },
	{ { VERDICT_RECIPIENT, VERDICT_THROTTLE }, "-m", STANDING_THROTTLED },
	{ { VERDICT_DOUBT, VERDICT_THROTTLE }, "-m", STANDING_DOWN },
	{ { VERDICT_OUTAGE, VERDICT_THROTTLE }, "sm", STANDING_THROTTLED },
};

static void
test_marked(void **state)
{
	static const struct exchange answered = { .end = EXCHANGE_ANSWERED };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(marked); i++) {
		struct outcome *outcome = outcome_new(2);

		for (unsigned n = 0; n < 2; n++) {
			outcome_set(outcome, n, marked[i].classes[n], 0, NULL);
			outcome->verdicts[n].single = marked[i].marks[n] == 's';
			outcome->verdicts[n].surplus =
			    marked[i].marks[n] == 'm';
		}
		if (judge_standing(&answered, outcome) != marked[i].standing)
			fail_msg("mark %zu: standing %d", i,
			    judge_standing(&answered, outcome));
		outcome_free(outcome);
	}
}

static const char *const names[] = { "mailgun", "mandrill", NULL };

#define AT SAMPLE_ID ": "

/* What became of a recipient. */
struct fate {
	enum recipient_state state;
	enum verdict_class class;
	unsigned provider, status;
	const char *text;
	bool suppressed;
};

#define ACCEPTED(by)                                                       \
	{                                                                  \
		RECIPIENT_ACCEPTED, VERDICT_ACCEPTED, by, 200, "OK", false \
	}

#define DROPPED                                                              \
	{                                                                    \
		RECIPIENT_DROPPED, 0, LEDGER_NOBODY, 0, "not sent: staging", \
		    false                                                    \
	}

static const struct {
	struct fate fates[3];
	unsigned recipients;
	unsigned code;
	const char *enhanced, *text;
} answers[] = {
	{ { { 0 } }, 0, 554, "5.5.1", "No valid recipients" },
	{ { ACCEPTED(0) }, 1, 250, "2.0.0",
	    "Ok: " SAMPLE_ID " accepted by mailgun" },
	{ { ACCEPTED(1), ACCEPTED(0), ACCEPTED(1) }, 3, 250, "2.0.0",
	    "Ok: " SAMPLE_ID " accepted by mandrill and mailgun" },
	{ { { RECIPIENT_WAITING, 0, 0, 0, NULL, false } }, 1, 451, "4.4.1",
	    AT "no provider could take it in time" },
	{ { { RECIPIENT_WAITING, VERDICT_OUTAGE, 1, 503, "Try later", false },
	      ACCEPTED(0) },
	    2, 451, "4.4.1",
	    AT "no provider takes it now; last tried mandrill: Try later" },
	{ { { RECIPIENT_OPEN, 0, 0, 0, NULL, false } }, 1, 451, "4.4.1",
	    AT "no answer in time; try again later" },
	{ { { RECIPIENT_WAITING, 0, 0, 0, NULL, false },
	      { RECIPIENT_DOUBT, VERDICT_DOUBT, 0, 502, "Bad gateway",
		  false } },
	    2, 451, "4.4.1",
	    AT "mailgun may have taken it and answered 502; try again later" },
	{ { { RECIPIENT_REFUSED, VERDICT_RECIPIENT, 1, 200, "invalid",
	      false } },
	    1, 550, "5.1.1", AT "<rcpt0@example.org> mandrill: invalid" },
	{ { { RECIPIENT_REFUSED, VERDICT_RECIPIENT, 0, 400, "on a list",
	      true } },
	    1, 550, "5.7.1", AT "<rcpt0@example.org> mailgun: on a list" },
	{ { { RECIPIENT_REFUSED, VERDICT_PAYLOAD, 0, 413, "too big", false } },
	    1, 552, "5.3.4", AT "<rcpt0@example.org> mailgun: too big" },
	{ { { RECIPIENT_REFUSED, VERDICT_PAYLOAD, 0, 552, NULL, false } }, 1,
	    552, "5.3.4", AT "<rcpt0@example.org> mailgun: refused" },
	{ { { RECIPIENT_REFUSED, VERDICT_PAYLOAD, 0, 400, "", false } }, 1, 554,
	    "5.6.0", AT "<rcpt0@example.org> mailgun: refused" },
	{ { ACCEPTED(0),
	      { RECIPIENT_REFUSED, VERDICT_RECIPIENT, 0, 400, "no", false } },
	    2, 550, "5.1.1",
	    AT "1 of 2 recipients refused, the others were accepted: "
	       "<rcpt1@example.org> mailgun: no" },
	{ { { RECIPIENT_REFUSED, VERDICT_RECIPIENT, 0, 400, "no", false },
	      { RECIPIENT_REFUSED, VERDICT_RECIPIENT, 1, 400, "nor here",
		  false } },
	    2, 550, "5.1.1",
	    AT "<rcpt0@example.org> mailgun: no; <rcpt1@example.org> "
	       "mandrill: nor here" },
	{ { { RECIPIENT_REFUSED, VERDICT_RECIPIENT, 0, 400, "no", false },
	      { RECIPIENT_WAITING, 0, 0, 0, NULL, false } },
	    2, 451, "4.4.1", AT "no provider could take it in time" },
	{ { { RECIPIENT_REFUSED, VERDICT_PAYLOAD, LEDGER_NOBODY, 554,
	      "its header is odd", false } },
	    1, 554, "5.6.0", AT "<rcpt0@example.org>: its header is odd" },
	{ { { RECIPIENT_WAITING, VERDICT_PAYLOAD, LEDGER_NOBODY, 554,
	      "its header is odd", false } },
	    1, 451, "4.4.1",
	    AT "no provider takes it now; last: its header is odd" },
	{ { { RECIPIENT_DOUBT, VERDICT_DOUBT, LEDGER_NOBODY, 0, "lost",
	      false } },
	    1, 451, "4.4.1",
	    AT "a provider that is set no more may have taken it and did not "
	       "say; try again later" },
	{ { { RECIPIENT_DOUBT, VERDICT_DOUBT, LEDGER_NOBODY, 502, "lost",
	      false } },
	    1, 451, "4.4.1",
	    AT "a provider that is set no more may have taken it and answered "
	       "502; try again later" },
	{ { ACCEPTED(LEDGER_NOBODY), ACCEPTED(1), ACCEPTED(LEDGER_NOBODY) }, 3,
	    250, "2.0.0",
	    "Ok: " SAMPLE_ID " accepted by a provider that is set no more and "
	    "mandrill" },
	{ { DROPPED }, 1, 250, "2.0.0", "Ok: " SAMPLE_ID " not sent: staging" },
	{ { DROPPED, ACCEPTED(1) }, 2, 250, "2.0.0",
	    "Ok: " SAMPLE_ID " accepted by mandrill; 1 of 2 recipients not "
	    "sent: staging" },
	{ { DROPPED,
	      { RECIPIENT_REFUSED, VERDICT_RECIPIENT, 0, 400, "no", false } },
	    2, 550, "5.1.1",
	    AT "1 of 2 recipients refused, the others were accepted or "
	       "dropped: <rcpt1@example.org> mailgun: no" },
	{ { DROPPED, { RECIPIENT_WAITING, 0, 0, 0, NULL, false } }, 2, 451,
	    "4.4.1", AT "no provider could take it in time" },
	{ { { RECIPIENT_REFUSED, VERDICT_PAYLOAD, 0, 400,
	      "caf\xc3\xa9\r\n250 \x1b[31mred\x07", false } },
	    1, 554, "5.6.0",
	    AT "<rcpt0@example.org> mailgun: caf?? 250 [31mred" },
};

static void
set_fate(struct ledger *ledger, unsigned i, const struct fate *fate)
{
	struct ledger_recipient *r = &ledger->recipients[i];

	g_free(r->text);
	r->state = fate->state;
	r->class = fate->class;
	r->provider = fate->provider;
	r->status = fate->status;
	r->suppressed = fate->suppressed;
	r->text = g_strdup(fate->text);
}

static struct answer *
answer_to(const struct ledger *ledger)
{
	struct submission *submission =
	    fixture_submission(FIXTURE_TEXT, ledger->count);

	g_strlcpy(submission->id, SAMPLE_ID, sizeof submission->id);
	submission->return_to.session = 77;
	struct answer *answer = judge_answer(ledger, submission, names);
	assert_int_equal(answer->session, 77);
	submission_free(submission);
	return answer;
}

static void
test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(answers); i++) {
		struct ledger *ledger = ledger_new(answers[i].recipients, 2);

		for (unsigned n = 0; n < ledger->count; n++)
			set_fate(ledger, n, &answers[i].fates[n]);
		struct answer *answer = answer_to(ledger);
		assert_string_equal(answer->text, answers[i].text);
		assert_int_equal(answer->code, answers[i].code);
		assert_string_equal(answer->enhanced, answers[i].enhanced);
		answer_free(answer);
		ledger_free(ledger);
	}
}

static void
test_many_refused_fit_one_line(void **state)
{
	static const struct fate fate = { RECIPIENT_REFUSED, VERDICT_RECIPIENT,
		0, 400,
		"a long story that is told to each of these recipients "
		"and goes on and on and on",
		false };
	struct ledger *ledger = ledger_new(1000, 2);

	(void)state;
	for (unsigned i = 0; i < ledger->count; i++)
		set_fate(ledger, i, &fate);
	struct answer *answer = answer_to(ledger);
	assert_in_range(strlen(answer->text), 400, 498);
	assert_non_null(strstr(answer->text, "<rcpt0@example.org> mailgun: a "
					     "long story"));
	assert_non_null(strstr(answer->text, "; <rcpt1@example.org>"));
	assert_true(g_str_has_suffix(answer->text, " more"));
	answer_free(answer);
	ledger_free(ledger);
}

static int
start_parser(void **state)
{
	(void)state;
	parse_start();
	return 0;
}

static void
refuse_account(const struct provider *self, const struct delivery *delivery,
    const struct exchange *exchange, struct outcome *outcome)
{
	(void)self;
	(void)delivery;
	outcome_set_all(outcome, VERDICT_ACCOUNT, 400, exchange->error);
}

#define DENIED " is not allowed to send: "

/* Refused for one of several domains, as it says itself. */
static void
test_one_domain(void **state)
{
	static const char *const several[] = { "mg.example.com", "example.net",
		NULL };
	static const char *const single[] = { "mg.example.com", NULL };
	static const struct translator refusing = { .decode = refuse_account };
	static const struct {
		const char *const *domains;
		const char *text;
		enum standing standing;
		bool one_domain;
	} rows[] = {
		{ several, "Domain mg.example.com" DENIED "it is unverified",
		    STANDING_SENDER, false },
		{ several, "Domain not found: MG.Example.com.", STANDING_SENDER,
		    false },
		{ NULL, "Domain example.com" DENIED "it is unverified",
		    STANDING_SENDER, false },
		{ single, "Domain mg.example.com" DENIED "it is unverified",
		    STANDING_UNUSABLE, false },
		{ several, "Domain example.net" DENIED "it is unverified",
		    STANDING_UNUSABLE, false },
		{ several, "Domain mg.example.com.au" DENIED "unverified",
		    STANDING_UNUSABLE, false },
		{ several, "Domain x.mg.example.com" DENIED "unverified",
		    STANDING_UNUSABLE, false },
		{ several,
		    "Domain mg.example.com" DENIED "activate your "
		    "account",
		    STANDING_UNUSABLE, false },
		{ several, "Forbidden", STANDING_UNUSABLE, false },
		/* it is the only one, by which all goes */
		{ NULL, "Domain example.com" DENIED "it is unverified",
		    STANDING_UNUSABLE, true },
		{ several, "Domain mg.example.com" DENIED "it is unverified",
		    STANDING_UNUSABLE, true },
	};
	struct message *message = fixture_message(FIXTURE_TEXT, 1);
	struct delivery *delivery = fixture_delivery(message);

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct provider one = { .translator = &refusing,
			.domains = (char **)rows[i].domains,
			.one_domain = rows[i].one_domain };
		struct exchange exchange = { .end = EXCHANGE_ANSWERED,
			.error = (char *)rows[i].text };
		struct outcome *outcome =
		    judge_outcome(&one, delivery, &exchange);

		if (judge_standing(&exchange, outcome) != rows[i].standing)
			fail_msg("%s", rows[i].text);
		outcome_free(outcome);
	}
	delivery_free(delivery);
	message_unref(message);
}

/* Whom it accepted, and whom it may have. */
static void
test_taken(void **state)
{
	static const enum verdict_class classes[] = { VERDICT_ACCEPTED,
		VERDICT_DOUBT, VERDICT_RECIPIENT, VERDICT_PAYLOAD,
		VERDICT_OUTAGE, VERDICT_THROTTLE, VERDICT_ACCOUNT,
		VERDICT_SENDER };
	struct outcome *outcome = outcome_new(G_N_ELEMENTS(classes));

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(classes); i++)
		outcome_set(outcome, i, classes[i], 0, "said");
	assert_int_equal(judge_taken(outcome), 2);
	outcome_free(outcome);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_mixes),
		cmocka_unit_test(test_marked),
		cmocka_unit_test(test_one_domain),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_many_refused_fit_one_line),
	};

	return cmocka_run_group_tests(tests, start_parser, NULL);
}
