/* SPDX-License-Identifier: MIT */
/*
 * How the queue of the made-up world gives its mails to the dispatcher: when
 * they are due, and before that when they are woken.
 */
#ifndef TESTS_DISPATCH_LOADING_H
#define TESTS_DISPATCH_LOADING_H

#include "mails.h"

#define SPIN_MS    1000
#define SPINS_MOST RECIPIENTS

static void on_due(void *object);

static struct submission *
load_submission(struct mail *mail)
{
	struct row *row = &mail->row;
	struct submission *submission = make_submission(mail);

	submission->queued = true;
	submission->rounds = row->rounds;
	submission->due_ms = row->due_ms;
	submission->attempts = row->attempts;
	submission->warned = row->warned;
	submission->known = g_new0(struct recipient, mail->count);
	for (unsigned i = 0; i < mail->count; i++)
		recipient_copy(&submission->known[i], &row->known[i]);
	return submission;
}

static bool
is_loadable(const struct mail *mail)
{
	return mail->row.there && !mail->row.active && !mail->row.hold &&
	       !world.stopping && !world.failed && !world.ghost;
}

/* It comes back for a reason, not again and again. */
static void
check_spins(struct mail *mail)
{
	bool soon = mail->loaded_ms != 0 &&
		    virtual.now_ms < mail->loaded_ms + SPIN_MS;

	mail->spins = soon ? mail->spins + 1 : 0;
	mail->loaded_ms = virtual.now_ms;
	if (mail->spins > SPINS_MOST)
		violate("m%u goes round and round", mail->number);
}

static void
load(struct mail *mail)
{
	if (!is_loadable(mail))
		return;
	check_spins(mail);
	mail->sendings++;
	mail->row.active = true;
	mail->row.tried = mail->row.landed_ms != 0;
	mail->row.doubted = mail->row.asked = false;
	virtual_trace("m%u: loaded, round %u", mail->number, mail->row.rounds);
	fly(make_message_of(mail, load_submission(mail)));
}

static void
wait_until_due(struct mail *mail)
{
	mail->row.waits++;
	virtual_after(mail->row.due_ms - virtual_wall_ms(), on_due, mail);
}

/* The clock may have been set back. */
static void
on_due(void *object)
{
	struct mail *mail = object;

	mail->row.waits--;
	if (mail->row.due_ms <= virtual_wall_ms())
		load(mail);
	else if (mail->row.waits == 0 && is_loadable(mail))
		wait_until_due(mail);
}

static unsigned
count_tried(void)
{
	unsigned count = 0;

	for (unsigned i = 0; i < world.mails; i++)
		count += world.mail[i].row.active && world.mail[i].row.tried;
	return count;
}

static bool
is_woken(const struct mail *mail)
{
	return is_loadable(mail) && mail->row.wakes &&
	       mail->row.landed_ms < world.woken_ms;
}

/* All that wait, as the ramp has it. */
static void
load_woken(void)
{
	unsigned tried = count_tried();

	if (world.woken_ms == 0)
		return;
	for (unsigned i = 0; i < world.mails && tried < world.ramp; i++) {
		if (!is_woken(&world.mail[i]))
			continue;
		happened[HAPPENED_WAKE]++;
		load(&world.mail[i]);
		tried++;
	}
}

static void
on_ramped(void *object)
{
	world.ramp = GPOINTER_TO_UINT(object);
	load_woken();
}

static void
ramp(void *store, unsigned most)
{
	g_assert(store == &world && most > 0);
	if (!world.ghost)
		virtual_after(0, on_ramped, GUINT_TO_POINTER(most));
}

static void
on_woken(void *object)
{
	unsigned count = GPOINTER_TO_UINT(object);
	int64_t now = virtual_wall_ms();

	if (count == 0)
		world.woken_ms = 0;
	if (count == UINT_MAX) {
		world.woken_ms = now;
		load_woken();
		return;
	}
	for (unsigned i = 0; i < world.mails && count > 0; i++) {
		struct mail *mail = &world.mail[i];
		if (!is_loadable(mail) || !mail->row.wakes ||
		    mail->row.landed_ms >= now)
			continue;
		happened[HAPPENED_WAKE]++;
		load(mail);
		count--;
	}
}

static void
wake(void *store, unsigned count)
{
	g_assert(store == &world);
	virtual_trace("wake %u", count);
	if (!world.ghost)
		virtual_after(0, on_woken, GUINT_TO_POINTER(count));
}

#endif
