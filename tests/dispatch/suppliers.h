/* SPDX-License-Identifier: MIT */
/*
 * The providers of the made-up world, and the carrier that brings them
 * exchanges: what must hold of each that is sent, and what is true from its end
 * on.
 */
#ifndef TESTS_DISPATCH_SUPPLIERS_H
#define TESTS_DISPATCH_SUPPLIERS_H

#include "answers.h"
#include "budgets.h"
#include "witness.h"

/* The suppliers */

static bool
encode(const struct provider *provider, const struct delivery *delivery,
    struct exchange *exchange, GError **error)
{
	const struct supplier *supplier = provider->self;
	uint64_t session = delivery->message->submission->return_to.session;
	struct mail *mail = &world.mail[session >> 16];
	unsigned number = (unsigned)(supplier - world.all);

	if (mail->unfit & 1u << number) {
		g_set_error(error, g_quark_from_static_string("world"), 0,
		    "cannot be said in this API");
		return false;
	}
	struct job *job = g_new0(struct job, 1);
	count_request(&world.all[number]);
	job->made_ms = virtual_wall_ms();
	job->born_ms = virtual.now_ms;
	job->mail = mail;
	job->supplier = number;
	job->sending = session & 0xffff;
	job->count = delivery->count;
	job->recipients =
	    g_memdup2(delivery->recipients, delivery->count * sizeof(unsigned));
	exchange->http.path = g_strdup_printf("%u", world.jobs->len);
	g_ptr_array_add(world.jobs, job);
	return true;
}

static struct job *
find_job(const struct exchange *exchange)
{
	return world.jobs->pdata[atoi(exchange->http.path)];
}

static void
decode(const struct provider *provider, const struct delivery *delivery,
    const struct exchange *exchange, struct outcome *outcome)
{
	const struct outcome *said = find_job(exchange)->outcome;

	(void)provider;
	g_assert(outcome->count == delivery->count);
	for (unsigned i = 0; i < said->count; i++) {
		const struct verdict *v = &said->verdicts[i];
		if (v->class == VERDICT_NONE)
			continue;
		outcome_set(outcome, i, v->class, v->status, v->text);
		outcome->verdicts[i].unlikely = v->unlikely;
		outcome->verdicts[i].single = v->single;
		outcome->verdicts[i].surplus = v->surplus;
		outcome->verdicts[i].suppressed = v->suppressed;
	}
	outcome->split = said->split;
	outcome->retry_ms = said->retry_ms;
}

static void
free_job(gpointer pointer)
{
	struct job *job = pointer;

	outcome_free(job->outcome);
	g_free(job->recipients);
	g_free(job);
}

/* The carrier */

/* Nobody goes by a provider outside of his route, nor together with those of
 * another one. */
static void
check_road(const struct job *job, unsigned recipient)
{
	const struct mail *mail = job->mail;

	if (!(list_takers(mail, recipient) & 1u << job->supplier))
		violate("m%u r%u: p%u is not in its route", mail->number,
		    recipient, job->supplier);
	if (find_road(mail, recipient) != find_road(mail, job->recipients[0]))
		violate("m%u: r%u and r%u leave together, by different routes",
		    mail->number, job->recipients[0], recipient);
}

/* Not before the schedule has its next round; an SMTP server that gets it again
 * while this one goes on, as its policy says. */
static int64_t
find_until(const struct mail *mail, unsigned recipient)
{
	const struct target *target = &mail->targets[recipient];
	bool landed = mail->loaded_ms > target->doubt_sent_ms;
	const struct supplier *by = &world.all[target->doubt_by];
	bool once = find_policy(mail, recipient) != DOUBT_PREFER_DELIVERY;

	if (!mail->row.there || landed || by->translator.kind != EXCHANGE_SMTP)
		return target->doubt_until_ms;
	return MIN(target->doubt_until_ms,
	    target->doubt_sent_ms + (once ? ONCE_MS : SAME_MS));
}

static void
check_send(struct job *job, unsigned recipient)
{
	struct target *target = &job->mail->targets[recipient];
	unsigned mail = job->mail->number;

	if (target->known)
		violate("m%u r%u is sent again, was accepted", mail, recipient);
	if (target->refused && !world.distrust)
		violate("m%u r%u is sent again, was refused", mail, recipient);
	if (target->open)
		violate("m%u r%u is sent twice at a time", mail, recipient);
	if (target->barred & ~(1u << job->supplier))
		violate("m%u r%u is on the list of another one than p%u, and "
			"goes by that",
		    mail, recipient, job->supplier);
	if (virtual.now_ms < find_until(job->mail, recipient))
		violate("m%u r%u is sent in doubt", mail, recipient);
	if (target->doubts > 0 && target->doubt_by == job->supplier &&
	    world.all[job->supplier].translator.kind == EXCHANGE_HTTP &&
	    target->doubt_sending == job->sending)
		violate("m%u r%u: back to who is doubtful", mail, recipient);
	if (target->payload_by & 1u << job->supplier &&
	    !world.all[job->supplier].distrusted)
		violate(
		    "m%u r%u: p%u refused it", mail, recipient, job->supplier);
	if (target->queue_doubts >= world.doubt_attempts)
		violate("m%u r%u is sent again after %u doubts", mail,
		    recipient, target->queue_doubts);
	if (!job->mail->row.there &&
	    target->life_doubts >= world.doubt_attempts)
		violate("m%u r%u: its client's sendings send it again after "
			"%u doubts",
		    mail, recipient, target->life_doubts);
	check_road(job, recipient);
	check_begun(job->mail, recipient);
	check_asked(job->mail, target);
	check_same(job->mail, target, job->supplier);
	target->open = true;
	target->sent_ms = virtual.now_ms;
}

static void on_answered(void *object);

static void
send_exchange(void *self, struct exchange *exchange)
{
	struct job *job;
	struct supplier *supplier;

	(void)self;
	if (is_ask(exchange)) {
		send_ask(exchange);
		return;
	}
	job = find_job(exchange);
	supplier = &world.all[job->supplier];
	change_mood(supplier);
	job->exchange = exchange;
	virtual_trace("m%u: %u recipients to p%u (mood %d)", job->mail->number,
	    job->count, job->supplier, supplier->mood);
	for (unsigned i = 0; i < job->count; i++)
		check_send(job, job->recipients[i]);
	if (world.stopping)
		violate("an attempt after the stop");
	check_open(exchange, job->supplier);
	job->sent_ms = virtual.now_ms;
	use_rations(supplier, job);
	check_moved(supplier, job);
	job->flies = true;
	if (virtual.now_ms < supplier->paused_until_ms)
		violate("p%u is asked while it is paused", job->supplier);
	if (virtual.now_ms < supplier->sender_until_ms[job->mail->from])
		violate(
		    "p%u is asked for a From domain it refused", job->supplier);
	if (++supplier->open > supplier->provider.endpoint.connections)
		violate("p%u has %u requests", job->supplier, supplier->open);
	if (supplier->translator.limits.recipients != 0 &&
	    job->count > supplier->translator.limits.recipients)
		violate("p%u: %u recipients", job->supplier, job->count);
	virtual_after(choose_end(supplier, job), on_answered, job);
}

static void
pause_supplier(struct supplier *supplier, int64_t ms)
{
	supplier->paused_until_ms =
	    MAX(supplier->paused_until_ms, virtual.now_ms + ms);
}

/* For how long the answer says that this supplier is not to be asked. */
static void
note_pause(struct supplier *supplier, const struct job *job)
{
	const struct outcome *outcome = job->outcome;

	if (job->end == EXCHANGE_UNREADABLE)
		return;
	if (ledger_accepted(outcome) > 0)
		return;
	switch (outcome->verdicts[0].class) {
	case VERDICT_ACCOUNT:
		pause_supplier(supplier, ACCOUNT_MS);
		return;
	case VERDICT_THROTTLE:
		pause_supplier(supplier,
		    outcome->retry_ms != 0 ? outcome->retry_ms : 60000);
		return;
	case VERDICT_SENDER:
		supplier->sender_until_ms[job->mail->from] = virtual.now_ms +
							     SENDER_MS;
		return;
	default:
		break;
	}
	/* how many failures are too many is the breaker's own business */
}

/* Until when nobody may send it again: to an SMTP server, and by policy, from
 * when it was sent. */
static int64_t
choose_until(
    const struct job *job, unsigned recipient, const struct verdict *verdict)
{
	const struct mail *mail = job->mail;
	unsigned row = MIN(mail->row.rounds, G_N_ELEMENTS(retries) - 1);
	int64_t wait = verdict->unlikely ? world.unlikely_ms : world.doubt_ms;
	int64_t until = virtual.now_ms + wait;

	if (world.all[job->supplier].translator.kind == EXCHANGE_SMTP)
		until = job->sent_ms + SAME_MS;
	if (find_policy(mail, recipient) != DOUBT_PREFER_DELIVERY)
		until = job->sent_ms + ONCE_MS;
	if (find_road(mail, recipient)->count > 1 || !mail->row.there)
		return until;
	return MAX(until, virtual.now_ms + retries[row] * 8 / 10);
}

/* Another one does not wait that long for an SMTP server. */
static int64_t
choose_move(const struct job *job, const struct target *target)
{
	unsigned number = (unsigned)(target - job->mail->targets);
	bool moves = find_road(job->mail, number)->count > 1 &&
		     find_policy(job->mail, number) == DOUBT_PREFER_DELIVERY &&
		     world.all[job->supplier].translator.kind == EXCHANGE_SMTP;

	return moves ? target->doubt_first_ms + MOVE_MS : INT64_MAX;
}

/* It has it, and knows so some time later. */
static void
take(struct target *target, unsigned supplier)
{
	target->taken++;
	target->taken_by |= 1u << supplier;
	target->seen_ms[supplier] = virtual.now_ms + virtual_random(40000);
}

/* It moves on to another one, unless this one keeps its mail, or is to get it
 * again at once. */
static void
note_failure(
    const struct job *job, struct target *target, const struct verdict *verdict)
{
	const struct supplier *supplier = &world.all[job->supplier];

	if (target->failed_in != job->sending)
		target->failed_by = 0;
	target->failed_in = job->sending;
	if (verdict->class == VERDICT_ACCEPTED ||
	    verdict->class == VERDICT_RECIPIENT ||
	    verdict->class == VERDICT_PAYLOAD || verdict->surplus ||
	    (verdict->class == VERDICT_THROTTLE &&
		!supplier->provider.pace.overflow))
		return;
	target->failed_by |= 1u << job->supplier;
}

/* One that is on a list which is not respected is refused as a mail is: another
 * one may take it. */
static void
note_refusal(struct target *target, unsigned number, bool suppressed)
{
	bool respected = world.all[number].provider.respects_suppression;

	target->doubtful = false; /* told, or asked anew */
	if (suppressed)
		happened[respected ? HAPPENED_LISTED : HAPPENED_OPENED]++;
	target->barred = suppressed && respected ? 1u << number : 0;
	if (suppressed && !respected)
		target->payload_by |= 1u << number;
	else
		target->refused = true;
}

static void
note_verdict(
    const struct job *job, unsigned recipient, const struct verdict *verdict)
{
	struct target *target = &job->mail->targets[recipient];

	target->open = false;
	note_failure(job, target, verdict);
	switch (verdict->class) {
	case VERDICT_ACCEPTED:
		target->known = true;
		target->doubtful = false;
		take(target, job->supplier);
		break;
	case VERDICT_RECIPIENT:
		note_refusal(target, job->supplier, verdict->suppressed);
		break;
	case VERDICT_PAYLOAD:
		target->barred = 0; /* its list was not looked at */
		if (verdict->status == SULKS)
			target->sulked_by |= 1u << job->supplier;
		else
			target->payload_by |= 1u << job->supplier;
		break;
	case VERDICT_NONE:
	case VERDICT_DOUBT:
		target->doubts++;
		if (!target->doubtful || target->doubt_by != job->supplier)
			target->doubt_first_ms = target->sent_ms;
		if (virtual_chance(50))
			take(target, job->supplier);
		target->doubtful = true;
		target->doubt_sent_ms = target->sent_ms;
		target->doubt_by = job->supplier;
		target->doubt_sending = job->sending;
		target->doubt_until_ms =
		    MIN(choose_until(job, recipient, verdict),
			choose_move(job, target));
		target->queue_doubts += job->mail->row.there;
		target->life_doubts++;
		break;
	default:
		break;
	}
	if (target->taken > 1 + target->doubts)
		violate("m%u r%u has %u copies", job->mail->number, recipient,
		    target->taken);
}

static void
make_outcome(struct supplier *supplier, struct job *job)
{
	job->outcome = outcome_new(job->count);
	switch (job->end) {
	case EXCHANGE_ANSWERED:
		answer_mood(supplier, job);
		break;
	case EXCHANGE_LOST:
		outcome_set_all(job->outcome, VERDICT_DOUBT, 0, "lost");
		break;
	case EXCHANGE_REFUSED_TLS:
		outcome_set_all(job->outcome, VERDICT_ACCOUNT, 0, "tls");
		break;
	default:
		outcome_set_all(job->outcome, VERDICT_OUTAGE, 0, "unsent");
	}
}

static unsigned
count_copies(const struct job *job)
{
	unsigned count = 0;

	for (unsigned i = 0; i < job->count; i++) {
		enum verdict_class class = job->outcome->verdicts[i].class;
		count += class == VERDICT_ACCEPTED || class == VERDICT_DOUBT ||
			 class == VERDICT_NONE;
	}
	return count;
}

static void
on_answered(void *object)
{
	struct job *job = object;
	struct supplier *supplier = &world.all[job->supplier];
	struct exchange *exchange = job->exchange;

	job->flies = false;
	make_outcome(supplier, job);
	virtual_trace("m%u: p%u ends %d, %s%s", job->mail->number,
	    job->supplier, job->end,
	    verdict_class_text(job->outcome->verdicts[0].class),
	    job->outcome->split ? ", split" : "");
	for (unsigned i = 0; i < job->count; i++) {
		if (job->outcome->split && job->count > 1)
			job->mail->targets[job->recipients[i]].open = false;
		else
			note_verdict(job, job->recipients[i],
			    &job->outcome->verdicts[i]);
	}
	supplier->open--;
	return_rations(supplier, job, job->count - count_copies(job));
	note_pause(supplier, job);
	exchange->unreached = job->unreached;
	exchange->timed_out = job->timed_out;
	exchange->duration_ms = virtual.now_ms - job->sent_ms;
	world.answered++;
	exchange->end = job->end;
	exchange->error = g_strdup("broken");
	exchange->done(exchange->object, exchange);
}

static void
note_distrust(const struct log_field *field)
{
	world.distrust = true;
	for (; field->type != LOG_TYPE_END; field++)
		for (unsigned i = 0; i < world.suppliers; i++)
			if (strcmp(field->key, "provider") == 0 &&
			    strcmp(field->string, names[i]) == 0)
				world.all[i].distrusted = true;
}

static void
note_doubts(const struct log_field *field)
{
	for (; field->type != LOG_TYPE_END; field++)
		if (strcmp(field->key, "doubt") == 0)
			world.doubts = field->number;
}

static void
on_logged(const char *event, const struct log_field *field)
{
	static const char *const wanted[] = { "mail", "provider", "class",
		"status", "ms", "text" };
	size_t found = 0;

	if (world.ghost)
		return;
	if (g_str_has_prefix(event, "too many bounces"))
		happened[HAPPENED_CROWD]++;
	if ((strstr(event, "reached from this host") != NULL))
		happened[HAPPENED_CUT_OFF]++;
	if (g_str_has_prefix(event, "provider refuses everything")) {
		happened[HAPPENED_DISTRUST]++;
		note_distrust(field);
	}
	if (strcmp(event, "mail answered") == 0)
		note_doubts(field);
	if (!g_str_has_prefix(event, "delivery ") ||
	    strcmp(event, "delivery impossible") == 0)
		return;
	for (; field->type != LOG_TYPE_END; field++)
		for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++)
			found += strcmp(field->key, wanted[i]) == 0;
	if (found != G_N_ELEMENTS(wanted))
		violate("an incomplete line: %s", event);
	world.logged++;
}

#endif
