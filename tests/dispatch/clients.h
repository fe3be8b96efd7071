/* SPDX-License-Identifier: MIT */
/*
 * The clients of the made-up world: they send again whatever got 451, and what
 * they are told is true.
 */
#ifndef TESTS_DISPATCH_CLIENTS_H
#define TESTS_DISPATCH_CLIENTS_H

#include "death.h"

/* Accounts at one company. */
static bool
are_alike(const struct supplier *one, const struct supplier *other)
{
	return one->translator.kind == other->translator.kind &&
	       strcmp(one->translator.type, other->translator.type) == 0;
}

/* As the first like each of these, a bit each. */
static uint32_t
find_kinds(uint32_t suppliers)
{
	uint32_t kinds = 0;

	for (unsigned i = 0; i < world.suppliers; i++) {
		unsigned first = 0;
		while (!are_alike(&world.all[first], &world.all[i]))
			first++;
		if (suppliers & 1u << i)
			kinds |= 1u << first;
	}
	return kinds;
}

/* Nobody is left who might take it, or two of different kinds refused it, or
 * two of the only kind there is. */
static bool
is_refused(const struct mail *mail, const struct target *target)
{
	unsigned number = (unsigned)(target - mail->targets);
	uint32_t fit = list_takers(mail, number) & ~mail->unfit;
	uint32_t refused = target->payload_by | target->sulked_by;
	uint32_t kinds = find_kinds(refused);

	if (target->refused || (fit & ~refused) == 0)
		return true;
	return __builtin_popcount(refused) >= 2 &&
	       (__builtin_popcount(kinds) >= 2 ||
		   (find_kinds(fit) & ~kinds) == 0);
}

static void
check_answer(const struct mail *mail, unsigned code)
{
	unsigned known = 0, refused = 0, had = 0;

	for (unsigned i = 0; i < mail->count; i++) {
		const struct target *target = &mail->targets[i];
		bool never = !target->known && is_refused(mail, target);
		refused += never;
		known += target->known || (target->evident && !never);
		/* a refusal that was not believed is none */
		had += target->known || target->evident;
		if (code == 250 && target->taken == 0)
			violate(
			    "m%u: 250, and r%u has nothing", mail->number, i);
	}
	if (code == 250 && had != mail->count)
		violate("m%u: 250 without knowing", mail->number);
	if (code >= 500 && (refused == 0 || known + refused != mail->count))
		violate("m%u: %u, %u known, %u refused of %u", mail->number,
		    code, known, refused, mail->count);
	if (virtual.now_ms > mail->deadline_ms + WORK_MS)
		violate("m%u is answered late", mail->number);
}

/* In this sending it may still go by another supplier, which takes it now. */
static bool
is_wanted(const struct mail *mail, unsigned recipient)
{
	const struct target *target = &mail->targets[recipient];
	uint32_t takers = list_takers(mail, recipient) &
			  ~(mail->unfit | target->payload_by |
			      target->sulked_by | target->failed_by);
	const struct lane_query query = {
		.from_domain = domains[mail->from],
		.failover = true,
		.recipients = mail->count,
	};
	int64_t when;

	for (unsigned i = 0; i < world.suppliers; i++)
		if (takers & 1u << i &&
		    lane_ask(world.dispatcher->lanes[i], &query, virtual.now_ms,
			&when) == LANE_TAKES)
			return true;
	return false;
}

/* Its client is not sent away at the moment in which a doubt is over. */
static void
check_thawed(const struct mail *mail, unsigned recipient)
{
	const struct target *target = &mail->targets[recipient];

	if (mail->code != 451 || world.doubts == 0 || world.stopping)
		return;
	if (target->doubtful && target->doubt_sending == mail->sendings &&
	    target->failed_in == mail->sendings &&
	    target->sent_ms == target->doubt_sent_ms &&
	    (target->taken_by & 1u << target->doubt_by) == 0 &&
	    target->doubts == 1 && world.doubt_attempts > 1 &&
	    find_policy(mail, recipient) == DOUBT_PREFER_DELIVERY &&
	    world.all[target->doubt_by].translator.kind == EXCHANGE_HTTP &&
	    virtual.now_ms >= target->doubt_until_ms &&
	    virtual.now_ms < mail->deadline_ms && is_wanted(mail, recipient))
		violate("m%u: 451, and the doubt about r%u is over",
		    mail->number, recipient);
}

/* Some clients are patient. */
static int64_t
choose_delay(void)
{
	return 1000 + virtual_random(virtual_chance(40) ? 5000 : 200000);
}

/* Who may have it so many times already is not sent it again: only its client
 * ends that. */
static bool
is_spent(const struct mail *mail)
{
	for (unsigned i = 0; i < mail->count; i++)
		if (mail->targets[i].doubts >= world.doubt_attempts)
			return true;
	return false;
}

/* Clients send again until they know, but for that. */
static bool
gives_up(const struct mail *mail)
{
	return is_spent(mail) && mail->sendings > 20;
}

static void
post_answer(void *server, struct answer *answer)
{
	struct mail *mail = &world.mail[answer->session >> 16];

	(void)server;
	if (world.ghost) {
		answer_free(answer);
		return;
	}
	virtual_trace("m%u: %u %s", mail->number, answer->code, answer->text);
	if (!mail->asked || mail->asking != (answer->session & 0xffff))
		violate("m%u is answered twice", mail->number);
	mail->asked = false;
	mail->code = answer->code;
	if (g_str_has_prefix(answer->text, "Ok: queued as")) {
		if (!mail->row.there && !mail->row.finished)
			violate("m%u: 250, and it is not kept", mail->number);
	} else if (strcmp(answer->enhanced, "4.3.0") != 0) {
		check_answer(mail, answer->code);
	}
	/* unless we are about to end */
	for (unsigned i = 0;
	     strcmp(answer->enhanced, "4.3.2") != 0 && i < mail->count; i++)
		check_thawed(mail, i);
	if (answer->code == 451 && !world.stopping && !gives_up(mail))
		virtual_after(choose_delay(), on_client, mail);
	answer_said(answer);
	answer_free(answer);
}

static void
answer_fresh(struct mail *mail, bool kept)
{
	if (world.ghost)
		return;
	virtual_trace("m%u: %s", mail->number, kept ? "kept" : "not kept");
	mail->asked = false;
	mail->code = kept ? 250 : 451;
	if (!kept)
		virtual_after(choose_delay(), on_client, mail);
}

static void
keep_fresh(struct mail *mail)
{
	struct note *note = g_new0(struct note, 1);

	note->fresh = mail;
	add_note(note);
}

static void
submit(struct mail *mail)
{
	struct submission *submission = make_submission(mail);

	submission->return_to.post = post_answer;
	fly(make_message_of(mail, submission));
}

/* The client sends its mail, for the first time or again. */
static void
on_client(void *object)
{
	struct mail *mail = object;

	if (world.stopping)
		return;
	mail->asking = ++mail->sendings;
	mail->asked = true;
	mail->deadline_ms = virtual.now_ms + DEADLINE_MS;
	mail->row.received_ms = virtual_wall_ms();
	virtual_trace("m%u: sending %u", mail->number, mail->sendings);
	if (mail->queued)
		keep_fresh(mail);
	else
		submit(mail);
}

#endif
