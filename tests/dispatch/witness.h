/* SPDX-License-Identifier: MIT */
/*
 * What the providers of the made-up world say when they are asked about a mail:
 * the truth, when they have got round to it, and nothing when they feel like
 * it.
 */
#ifndef TESTS_DISPATCH_WITNESS_H
#define TESTS_DISPATCH_WITNESS_H

#include "inquest.h"
#include "vault.h"

#define ASK "ask"

static bool
is_ask(const struct exchange *exchange)
{
	return strcmp(exchange->http.path, ASK) == 0;
}

static bool
ask(const struct provider *provider, const GPtrArray *inquiries,
    struct exchange *exchange)
{
	if (inquiries->len > provider->translator->limits.ask_batch)
		violate("p%u is asked about %u mails at a time",
		    (unsigned)((const struct supplier *)provider->self -
			       world.all),
		    inquiries->len);
	exchange->http.path = g_strdup(ASK);
	return true;
}

/* Only what its own flight waits for makes it known: others look at it later,
 * or never. */
static bool
is_waited_for(const struct inquiry *inquiry)
{
	for (GList *link = world.dispatcher->flights.head; link != NULL;
	     link = link->next) {
		const struct flight *flight = link->data;
		if (flight->state == FLIGHT_ASKING &&
		    flight->question != NULL &&
		    flight->question->inquiry == inquiry)
			return true;
	}
	return false;
}

static void
testify_one(struct supplier *supplier, struct inquiry *inquiry, unsigned i)
{
	unsigned number = (unsigned)(supplier - world.all);
	unsigned mail = (unsigned)atoi(inquiry->id + strlen("MAIL"));
	unsigned recipient = (unsigned)atoi(inquiry->recipients[i].address + 1);
	struct target *target = &world.mail[mail].targets[recipient];

	target->asked_ms = virtual.now_ms;
	target->absent_ms = virtual.now_ms;
	if (!(target->taken_by & 1u << number) ||
	    virtual.now_ms < target->seen_ms[number])
		return;
	inquiry->recipients[i].found = true;
	target->evident = true;
	if (!is_waited_for(inquiry))
		return;
	target->known = true;
	happened[HAPPENED_FOUND]++;
	virtual_trace("m%u r%u: p%u has it", mail, recipient, number);
}

static bool
asked(const struct provider *provider, const GPtrArray *inquiries,
    struct exchange *exchange, struct inquiry_reply *reply)
{
	struct supplier *supplier = provider->self;

	reply->answered = exchange->end == EXCHANGE_ANSWERED;
	reply->class = reply->answered ? VERDICT_NONE : supplier->ask_failure;
	reply->text = g_strdup("nothing");
	if (reply->class == VERDICT_THROTTLE)
		supplier->mute_until_ms = virtual.now_ms + 60000;
	if (reply->class == VERDICT_ACCOUNT)
		supplier->mute_until_ms = virtual.now_ms + 600000;
	happened[HAPPENED_ASK] += !world.ghost;
	for (unsigned i = 0; i < inquiries->len && !world.ghost; i++) {
		struct inquiry *inquiry = inquiries->pdata[i];
		for (unsigned n = 0; n < inquiry->count; n++)
			if (reply->answered)
				testify_one(supplier, inquiry, n);
			else
				supplier->asked_ms = virtual.now_ms;
	}
	return false;
}

static void
on_testified(void *object)
{
	struct exchange *exchange = object;

	exchange->done(exchange->object, exchange);
}

static void
send_ask(struct exchange *exchange)
{
	struct supplier *supplier = world.all;
	static const enum verdict_class failures[] = { VERDICT_OUTAGE,
		VERDICT_OUTAGE, VERDICT_THROTTLE, VERDICT_ACCOUNT };

	while (&supplier->provider.endpoint != exchange->endpoint)
		supplier++;
	supplier->ask_failure =
	    failures[virtual_random(G_N_ELEMENTS(failures))];
	exchange->end = virtual_chance(80) ? EXCHANGE_ANSWERED : EXCHANGE_LOST;
	virtual_after(20 + virtual_random(3000), on_testified, exchange);
}

/* Nobody is sent again before he who may have it was asked, or would not say;
 * after some time only when that is proof, or not at all. */
static void
check_asked(const struct mail *mail, const struct target *target)
{
	const struct supplier *by = &world.all[target->doubt_by];
	unsigned number = (unsigned)(target - mail->targets);
	enum doubt_policy policy = find_policy(mail, number);
	/* it is as old as the wall clock says, and no leap is known of */
	bool leapt =
	    world.set_ms > target->doubt_sent_ms && world.leapt_ms == 0;

	if (target->queue_doubts > 0 && policy == DOUBT_NEVER_TWICE)
		violate("m%u r%u is sent twice", mail->number, number);
	if (!target->doubtful)
		return;
	if (policy == DOUBT_PREFER_ONCE && target->queue_doubts > 0 && !leapt &&
	    by->translator.kind == EXCHANGE_HTTP &&
	    (by->translator.ask == NULL ||
		target->absent_ms < target->doubt_sent_ms + PROOF_MS))
		violate("m%u r%u is sent again without a proof", mail->number,
		    number);
	if (by->translator.ask != NULL &&
	    MAX(target->asked_ms, MAX(by->asked_ms, by->mute_until_ms)) <
		target->doubt_sent_ms)
		violate("m%u r%u is sent again, and p%u was not asked",
		    mail->number, number, target->doubt_by);
}

/* What an SMTP server may have goes there again first. */
static void
check_same(
    const struct mail *mail, const struct target *target, unsigned supplier)
{
	const struct supplier *by = &world.all[target->doubt_by];
	unsigned number = (unsigned)(target - mail->targets);
	bool late = virtual.now_ms >= target->doubt_first_ms + MOVE_MS;

	if (!target->doubtful || by->translator.kind != EXCHANGE_SMTP ||
	    world.set_ms != 0)
		return;
	if (supplier == target->doubt_by)
		happened[HAPPENED_SAME]++;
	else if (!late || find_policy(mail, number) != DOUBT_PREFER_DELIVERY)
		violate("m%u r%u: p%u may have it, and p%u gets it",
		    mail->number, number, target->doubt_by, supplier);
}

#endif
