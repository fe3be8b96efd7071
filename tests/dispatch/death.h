/* SPDX-License-Identifier: MIT */
/*
 * The process of the made-up world dies, with all that is not on disk, and
 * another one starts from the rows.  What was being sent may have been taken.
 * The dead one is run down as a ghost, whom nobody hears, to free what it has.
 */
#ifndef TESTS_DISPATCH_DEATH_H
#define TESTS_DISPATCH_DEATH_H

#include "suppliers.h"

static void on_client(void *object);
static void on_stop_time(void *object);
static void on_jump(void *object);
static void on_stopping(void *object);
static struct dispatcher *make_dispatcher(void);

/* Whose events these are. */
static bool
is_outside(const struct virtual_event *event)
{
	return event->run == on_client || event->run == on_stop_time ||
	       event->run == on_jump || event->run == on_stopping ||
	       event->run == on_death;
}

static bool
is_the_process(const struct virtual_event *event)
{
	return event->run == on_virtual_letter ||
	       event->run == on_virtual_timer || event->run == on_refused;
}

/* Leaves those of the process.  Outside ones and exchanges under way go to
 * their queues; those of the store are over. */
static void
sort_events(GQueue *outside, GQueue *exchanges)
{
	GQueue events = virtual.events;
	struct virtual_event *event;

	g_queue_init(&virtual.events);
	while ((event = g_queue_pop_head(&events)) != NULL) {
		if (is_outside(event)) {
			g_queue_push_tail(outside, event);
			continue;
		}
		if (is_the_process(event)) {
			g_queue_push_tail(&virtual.events, event);
			continue;
		}
		if (event->run == on_answered)
			g_queue_push_tail(exchanges, event->object);
		if (event->run == on_testified)
			virtual_after(0, on_testified, event->object);
		g_free(event);
	}
}

static void
cut_exchange(struct job *job)
{
	struct exchange *exchange = job->exchange;

	for (unsigned i = 0; i < job->count; i++) {
		struct target *target = &job->mail->targets[job->recipients[i]];
		target->open = false;
		target->doubts++;
		target->queue_doubts += job->mail->row.there;
		if (virtual_chance(50))
			take(target, job->supplier);
		target->doubt_by = job->supplier;
		target->doubt_sent_ms = target->sent_ms;
	}
	exchange->end = EXCHANGE_UNSENT;
	exchange->error = g_strdup("dead");
	exchange->done(exchange->object, exchange);
}

static void
run_down(GQueue *exchanges)
{
	struct note *note;
	struct job *job;

	while ((note = g_queue_pop_head(&world.notes)) != NULL)
		tell_note(note, false);
	while ((job = g_queue_pop_head(exchanges)) != NULL)
		cut_exchange(job);
	dispatcher_stop(world.dispatcher, NULL, NULL);
	while (virtual_step())
		;
	dispatcher_free(world.dispatcher);
}

/* Of an attempt that the death cut off. */
static int64_t
find_end(const struct mail *mail, const struct target *target)
{
	unsigned number = (unsigned)(target - mail->targets);
	int64_t wait = world.doubt_ms;

	if (find_policy(mail, number) != DOUBT_PREFER_DELIVERY)
		wait = MIN(wait, ONCE_MS);
	if (world.all[target->doubt_by].translator.kind == EXCHANGE_SMTP)
		return target->sent_ms + SAME_MS;
	return virtual.now_ms + wait;
}

/* What the dead process knew of a recipient is what its row says, or nothing:
 * it may be sent again. */
static void
forget_target(
    const struct mail *mail, struct target *target, const struct recipient *is)
{
	enum recipient_state state = is ? is->state : RECIPIENT_WAITING;

	target->refused = state == RECIPIENT_REFUSED;
	target->doubtful = state == RECIPIENT_OPEN || state == RECIPIENT_DOUBT;
	for (unsigned i = 0; target->doubtful && i < world.suppliers; i++)
		if (g_strcmp0(is->provider, names[i]) == 0)
			target->doubt_by = i;
	target->payload_by = target->barred = 0;
	for (unsigned i = 0; is != NULL && i < world.suppliers; i++)
		if (is->suppressed && is->class != VERDICT_PAYLOAD &&
		    g_strcmp0(is->provider, names[i]) == 0)
			target->barred = 1u << i;
	for (unsigned i = 0; is != NULL && i < world.suppliers; i++)
		if (is->refused_by != NULL &&
		    g_strv_contains(
			(const char *const *)is->refused_by, names[i]))
			target->payload_by |= 1u << i & ~target->sulked_by;
	if (target->known && state != RECIPIENT_ACCEPTED) {
		target->known = false;
		target->doubts++;
	}
	if (state == RECIPIENT_OPEN)
		target->doubt_until_ms = find_end(mail, target);
	else if (state != RECIPIENT_DOUBT)
		target->doubt_until_ms = 0;
	else /* what was made of it may not be on disk */
		target->doubt_until_ms = MIN(target->doubt_until_ms,
		    is->until_ms - virtual_wall_ms() + virtual.now_ms);
}

/* Of its last attempt; or nobody knows. */
static int64_t
find_begin(const struct target *target)
{
	if (virtual_chance(10))
		return 0;
	return virtual_wall_ms() - virtual.now_ms + target->sent_ms;
}

/* As the store reads it at its start. */
static void
settle_row(struct mail *mail)
{
	struct row *row = &mail->row;
	int64_t due = INT64_MAX;

	for (unsigned i = 0; i < mail->count; i++) {
		struct recipient *is = &row->known[i];
		forget_target(mail, &mail->targets[i], is);
		if (is->state == RECIPIENT_OPEN) {
			is->state = RECIPIENT_DOUBT;
			is->class = VERDICT_DOUBT;
			is->status = 0;
			is->until_ms = virtual_wall_ms() + world.doubt_ms;
			is->since_ms = find_begin(&mail->targets[i]);
			is->asks = 0;
			is->absent_ms = 0;
		}
		if (is->state == RECIPIENT_DOUBT)
			due = MIN(due, is->until_ms);
		else if (is->state == RECIPIENT_WAITING)
			due = MIN(due, virtual_wall_ms());
	}
	if (row->active && due != INT64_MAX)
		row->due_ms = due;
	happened[HAPPENED_LOSS] += row->open != 0;
	row->active = row->doubted = false;
	row->open = 0;
	check_row(mail);
}

static void
lose_mail(struct mail *mail)
{
	if (!mail->asked && mail->code != 451)
		return;
	for (unsigned i = 0; i < mail->count; i++)
		forget_target(mail, &mail->targets[i], NULL);
	if (mail->asked)
		virtual_after(choose_delay(), on_client, mail);
	mail->asked = false;
	mail->code = 451;
}

/* What was closed is not open just because we were not there. */
static void
check_recalled(void)
{
	for (unsigned i = 0; i < world.suppliers; i++) {
		const struct lane *lane = world.dispatcher->lanes[i];

		if (!world.all[i].noted)
			continue;
		happened[HAPPENED_RECALL]++;
		if (lane->breaker.state == BREAKER_CLOSED)
			violate("p%u was closed, and is forgotten", i);
	}
}

static void
restart(void)
{
	for (unsigned i = 0; i < world.suppliers; i++) {
		struct supplier *supplier = &world.all[i];
		supplier->open = 0;
		reopen_budget(supplier);
		supplier->paused_until_ms = 0;
		memset(supplier->sender_until_ms, 0,
		    sizeof supplier->sender_until_ms);
	}
	world.failed = false;
	world.leapt_ms = world.woken_ms = 0;
	world.ramp = UINT_MAX;
	world.dispatcher = make_dispatcher();
	check_recalled();
	for (unsigned i = 0; i < world.mails; i++) {
		struct mail *mail = &world.mail[i];
		for (unsigned n = 0; n < mail->count; n++)
			mail->targets[n].life_doubts = 0;
		mail->row.waits = 0;
		mail->died |=
		    mail->row.there || mail->asked || mail->code == 451;
		if (mail->row.there) {
			mail->asked = false;
			mail->code = 250;
			settle_row(mail);
		} else if (!mail->row.finished && mail->about == NULL) {
			lose_mail(mail);
		}
	}
}

static void
on_death(void *object)
{
	GQueue outside = G_QUEUE_INIT, exchanges = G_QUEUE_INIT;
	int64_t now = virtual.now_us;

	(void)object;
	if (world.stopping)
		return;
	virtual_trace("the process dies");
	happened[HAPPENED_DEATH]++;
	world.ghost = true;
	sort_events(&outside, &exchanges);
	run_down(&exchanges);
	world.ghost = false;
	virtual.events = outside;
	virtual_set_time(now);
	loop_turn(NULL);
	restart();
}

#endif
