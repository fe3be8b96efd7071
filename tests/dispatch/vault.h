/* SPDX-License-Identifier: MIT */
/*
 * The queue of the made-up world: rows in memory that outlive a crash, written
 * in batches after a while, as the store does; and what must hold of each entry
 * of the journal.
 */
#ifndef TESTS_DISPATCH_VAULT_H
#define TESTS_DISPATCH_VAULT_H

#include "loading.h"
#include <errno.h>

/* What waits to be written: an entry, or a fresh mail. */
struct note {
	struct journal *journal;
	struct mail *fresh;
};

static int64_t choose_delay(void);
static void answer_fresh(struct mail *mail, bool kept);

static void
free_note(struct note *note)
{
	if (note->journal != NULL && note->journal->kind == JOURNAL_LANDED)
		find_mail(note->journal->message)->landings--;
	journal_free(note->journal);
	g_free(note);
}

static void
set_known(struct row *row, unsigned number, const struct recipient *is)
{
	recipient_clear(&row->known[number]);
	recipient_copy(&row->known[number], is);
}

static void
add_row(struct mail *mail)
{
	struct row *row = &mail->row;

	if (row->there || row->finished)
		violate("m%u is kept twice", mail->number);
	row->there = true;
	row->known = g_new0(struct recipient, mail->count);
}

static void
check_told(
    const struct mail *mail, const struct journal *journal, uint64_t newly)
{
	const struct mail *report =
	    journal->report != NULL
		? &world.mail[journal->report->return_to.session >> 16]
		: NULL;
	uint64_t told = report != NULL && !report->warning ? report->tells : 0;

	if (newly != told)
		violate("m%u: refused %" PRIx64 ", told of %" PRIx64,
		    mail->number, newly, told);
}

static void
enter_recipients(struct mail *mail, const struct journal *journal)
{
	uint64_t newly = 0;

	for (unsigned i = 0; i < journal->recipients->len; i++) {
		const struct journal_recipient *r = &g_array_index(
		    journal->recipients, struct journal_recipient, i);
		enum recipient_state was = mail->row.known[r->number].state;
		if (was != r->is.state &&
		    (recipient_is_final(was) || was == RECIPIENT_HELD))
			violate("m%u r%u was %s, is %s", mail->number,
			    r->number, recipient_state_text(was),
			    recipient_state_text(r->is.state));
		if (r->is.state == RECIPIENT_REFUSED &&
		    was != RECIPIENT_REFUSED)
			newly |= UINT64_C(1) << r->number;
		happened[HAPPENED_GIVE_UP] +=
		    r->is.state == RECIPIENT_REFUSED &&
		    g_str_has_prefix(r->is.text, "gave up");
		happened[HAPPENED_DOUBT_HOLD] +=
		    r->is.state == RECIPIENT_HELD &&
		    strstr(r->is.text, "ended in doubt") != NULL;
		happened[HAPPENED_POLICY_HOLD] +=
		    r->is.state == RECIPIENT_HELD &&
		    strstr(r->is.text, "its policy is") != NULL;
		mail->row.doubted |= journal->kind == JOURNAL_ENDED &&
				     r->is.state == RECIPIENT_DOUBT;
		if (r->is.state == RECIPIENT_DOUBT && world.set_ms == 0 &&
		    r->is.until_ms < virtual_wall_ms() - 100000)
			violate("m%u r%u: a doubt that is long over",
			    mail->number, r->number);
		set_known(&mail->row, r->number, &r->is);
	}
	check_told(mail, journal, newly);
	mail->row.told |= newly;
}

static void
expect_state(
    const struct mail *mail, const struct journal_attempt *attempt, bool open)
{
	for (unsigned i = 0; i < attempt->count; i++) {
		const struct recipient *is =
		    &mail->row.known[attempt->recipients[i]];
		if ((is->state == RECIPIENT_OPEN) != open)
			violate("m%u r%u is %s", mail->number,
			    attempt->recipients[i],
			    recipient_state_text(is->state));
		if (open && g_strcmp0(is->provider, attempt->provider) != 0)
			violate("m%u: open by %s, not %s", mail->number,
			    is->provider, attempt->provider);
	}
}

static void
enter_begun(struct mail *mail, const struct journal *journal)
{
	const struct journal_attempt *attempt = journal->attempts->pdata[0];
	struct row *row = &mail->row;

	if (!row->active || row->open != 0 || attempt->number <= row->attempts)
		violate("m%u: attempt %u begins, %u open, %u was the last",
		    mail->number, attempt->number, row->open, row->attempts);
	enter_recipients(mail, journal);
	row->open = row->attempts = attempt->number;
	expect_state(mail, attempt, true);
}

static void
enter_ended(struct mail *mail, const struct journal *journal)
{
	const struct journal_attempt *attempt = journal->attempts->pdata[0];
	struct row *row = &mail->row;

	if (!row->active || row->open != attempt->number ||
	    (attempt->ended_ms < attempt->begun_ms && world.set_ms == 0))
		violate("m%u: attempt %u ends, %u is open", mail->number,
		    attempt->number, row->open);
	enter_recipients(mail, journal);
	row->asked = true;
	row->open = 0;
	expect_state(mail, attempt, false);
}

static void
enter_taken(struct mail *mail, const struct journal *journal)
{
	struct row *row = &mail->row;

	if (mail->queued || journal->recipients->len != mail->count)
		violate("m%u is taken wrongly", mail->number);
	happened[HAPPENED_TAKEOVER]++;
	add_row(mail);
	enter_recipients(mail, journal);
	row->active = true;
	for (unsigned i = 0; i < journal->attempts->len; i++) {
		const struct journal_attempt *attempt =
		    journal->attempts->pdata[i];
		if (row->open != 0 || attempt->number <= row->attempts)
			violate("m%u: attempts are out of order", mail->number);
		row->attempts = attempt->number;
		row->open = attempt->ended_ms == 0 ? attempt->number : 0;
	}
	happened[HAPPENED_TAKEOVER_OPEN] += row->open != 0;
	if (row->open != 0)
		expect_state(mail,
		    journal->attempts->pdata[journal->attempts->len - 1], true);
}

static void
enter_report(struct mail *mail, const struct journal *journal)
{
	struct mail *report;

	if (journal->report == NULL)
		return;
	report = &world.mail[journal->report->return_to.session >> 16];
	g_assert(report->about == mail);
	if (report->warning && ++mail->row.warnings > 1)
		violate("m%u: the sender is warned twice", mail->number);
	happened[report->warning ? HAPPENED_WARNING : HAPPENED_BOUNCE]++;
	add_row(report);
	report->row.due_ms = virtual_wall_ms();
	wait_until_due(report);
}

/* What the providers said for good is forgotten where the row does not say
 * it: they are asked again. */
static void
forget_refusals(struct mail *mail)
{
	for (unsigned i = 0; i < mail->count; i++)
		if (mail->row.known[i].state == RECIPIENT_WAITING)
			mail->targets[i].refused = false;
}

/* Woken for a provider that did not take it: as if it had not been. */
static void
check_schedule(const struct mail *mail, const struct journal *journal)
{
	const struct row *row = &mail->row;

	if (row->asked || row->due_ms <= virtual_wall_ms() || !journal->wakes ||
	    world.set_ms != 0)
		return;
	if (journal->rounds != row->rounds)
		violate("m%u: round %u, and nobody was asked", mail->number,
		    journal->rounds);
	happened[HAPPENED_EARLY]++;
}

static void
enter_landed(struct mail *mail, const struct journal *journal)
{
	struct row *row = &mail->row;

	if (!row->active || row->open != 0)
		violate("m%u lands, %u is open", mail->number, row->open);
	if (journal->rounds < row->rounds || journal->rounds > row->rounds + 1)
		violate("m%u: round %u after %u", mail->number, journal->rounds,
		    row->rounds);
	if (row->doubted && journal->rounds == row->rounds && !world.stopping)
		violate("m%u: a doubt is no round in vain", mail->number);
	check_schedule(mail, journal);
	enter_recipients(mail, journal);
	enter_report(mail, journal);
	forget_refusals(mail);
	row->active = false;
	row->rounds = journal->rounds;
	row->due_ms = journal->due_ms;
	row->wakes = journal->wakes;
	row->warned = journal->warned;
	row->hold = journal->hold;
	row->landed_ms = virtual_wall_ms();
	load_woken();
	happened[HAPPENED_HOLD] += row->hold != NULL;
}

/* Nothing is lost: whoever is not final has something that goes on. */
static void
check_row(struct mail *mail)
{
	struct row *row = &mail->row;
	unsigned states[RECIPIENT_DROPPED + 1] = { 0 };
	unsigned final;

	for (unsigned i = 0; i < mail->count; i++)
		states[row->known[i].state]++;
	final = states[RECIPIENT_ACCEPTED] + states[RECIPIENT_REFUSED];
	if ((states[RECIPIENT_OPEN] > 0) != (row->open != 0))
		violate("m%u: %u recipients open, attempt %u", mail->number,
		    states[RECIPIENT_OPEN], row->open);
	if (row->active)
		return;
	if ((states[RECIPIENT_WAITING] + states[RECIPIENT_DOUBT] > 0) !=
	    (row->due_ms != 0))
		violate("m%u rests: %u wait, %u doubts, due %" PRId64,
		    mail->number, states[RECIPIENT_WAITING],
		    states[RECIPIENT_DOUBT], row->due_ms);
	if ((row->hold != NULL) !=
	    (row->due_ms == 0 && states[RECIPIENT_HELD] > 0))
		violate("m%u: %u held, hold is %s", mail->number,
		    states[RECIPIENT_HELD], row->hold);
	row->finished = final == mail->count;
	row->there = !row->finished;
	if (row->due_ms != 0)
		wait_until_due(mail);
}

static void
enter(const struct note *note)
{
	static void (*const enterers[])(
	    struct mail *, const struct journal *) = {
		[JOURNAL_BEGUN] = enter_begun,
		[JOURNAL_ENDED] = enter_ended,
		[JOURNAL_LANDED] = enter_landed,
		[JOURNAL_TAKEN] = enter_taken,
	};
	static const char *const texts[] = { "begun", "ended", "landed",
		"taken" };
	const struct journal *journal = note->journal;

	if (journal == NULL) {
		add_row(note->fresh);
		note->fresh->row.due_ms = virtual_wall_ms();
		answer_fresh(note->fresh, true);
		load(note->fresh);
		return;
	}
	struct mail *mail = find_mail(journal->message);
	virtual_trace("m%u: %s, on disk", mail->number, texts[journal->kind]);
	if (journal->kind != JOURNAL_TAKEN && !mail->row.there) {
		violate("m%u is not there", mail->number);
		return;
	}
	enterers[journal->kind](mail, journal);
	check_row(mail);
}

static void
tell_note(struct note *note, bool recorded)
{
	if (note->journal != NULL && note->journal->recorded != NULL)
		note->journal->recorded(note->journal->object, recorded);
	if (note->journal == NULL && !recorded)
		answer_fresh(note->fresh, false);
	free_note(note);
}

static void on_death(void *object);

/* A sync went wrong: the process ends soon. */
static void
fail_store(void)
{
	struct note *note;

	virtual_trace("the store fails");
	world.failed = true;
	happened[HAPPENED_FAILURE]++;
	while ((note = g_queue_pop_head(&world.notes)) != NULL)
		tell_note(note, false);
	dispatcher_stop(world.dispatcher, NULL, NULL);
	virtual_after(virtual_random(300), on_death, NULL);
}

/* One transaction, then everyone is told. */
static void
on_commit(void *object)
{
	struct note *note;

	(void)object;
	if (!world.stopping && virtual_random(600) == 0) {
		fail_store();
		return;
	}
	for (GList *link = world.notes.head; link != NULL; link = link->next)
		enter(link->data);
	while ((note = g_queue_pop_head(&world.notes)) != NULL)
		tell_note(note, true);
}

static void
on_refused(void *object)
{
	tell_note(object, false);
}

/* A full disk may make it wait. */
static void
add_note(struct note *note)
{
	if (world.ghost || world.failed) {
		virtual_after(0, on_refused, note);
		return;
	}
	if (g_queue_is_empty(&world.notes))
		virtual_after(virtual_random(virtual_chance(2) ? 60000 : 20),
		    on_commit, NULL);
	g_queue_push_tail(&world.notes, note);
}

static void
check_passed(const struct mail *mail, const struct journal *journal)
{
	if (mail->row.there || mail->queued ||
	    journal->recipients->len != mail->count)
		violate("m%u passes, and is the queue's", mail->number);
}

/* A report may have been under way when the clock jumped. */
static void
check_ages(const struct journal *journal)
{
	if (world.leapt_ms == 0 || virtual.now_ms < world.leapt_ms + 100 ||
	    virtual.now_ms > world.leapt_ms + HOUR_MS)
		return;
	for (unsigned i = 0; i < journal->recipients->len; i++) {
		const struct journal_recipient *r = &g_array_index(
		    journal->recipients, struct journal_recipient, i);
		if (r->is.state == RECIPIENT_REFUSED &&
		    g_str_has_prefix(r->is.text, "gave up"))
			violate("m%u r%u is given up for a wrong age",
			    find_mail(journal->message)->number, r->number);
	}
}

static void
free_state(void *object)
{
	struct journal_state *state = object;

	g_free(state->provider);
	g_free(state->text);
	g_free(state);
}

/* On disk as soon as it is posted: the world's disks are quick then. */
static void
keep_states(const struct journal *journal)
{
	if (journal->states == NULL)
		return;
	g_ptr_array_set_size(world.states, 0);
	for (unsigned i = 0; i < journal->states->len; i++) {
		const struct journal_state *state = journal->states->pdata[i];
		struct journal_state *copy = g_new0(struct journal_state, 1);

		copy->provider = g_strdup(state->provider);
		copy->text = g_strdup(state->text);
		g_ptr_array_add(world.states, copy);
	}
	for (unsigned i = 0; i < world.suppliers; i++)
		world.all[i].noted =
		    strstr(
			((struct journal_state *)world.states->pdata[i])->text,
			" breaker=") != NULL;
}

static void
post_journal(void *store, struct journal *journal)
{
	struct note *note;

	g_assert(store == &world);
	if (journal->message != NULL && !world.ghost)
		find_mail(journal->message)->possible +=
		    journal->counts.possible;
	if (journal->kind == JOURNAL_PASSED || journal->kind == JOURNAL_NOTED) {
		happened[HAPPENED_CONFIRMED] += journal->counts.confirmed;
		if (!world.ghost && journal->kind == JOURNAL_PASSED)
			check_passed(find_mail(journal->message), journal);
		if (!world.ghost && journal->kind == JOURNAL_NOTED)
			keep_states(journal);
		journal_free(journal);
		return;
	}
	if (!world.ghost)
		check_ages(journal);
	note = g_new0(struct note, 1);
	note->journal = journal;
	if (journal->kind == JOURNAL_LANDED) {
		find_mail(journal->message)->landings++;
		find_mail(journal->message)->flown = false;
	}
	add_note(note);
}

/* Nothing is sent before it was recorded to begin. */
static void
check_begun(const struct mail *mail, unsigned recipient)
{
	const struct row *row = &mail->row;

	if (!row->there && !mail->queued)
		return;
	if (!row->there || row->open == 0 ||
	    row->known[recipient].state != RECIPIENT_OPEN)
		violate("m%u r%u is sent, and not recorded to be", mail->number,
		    recipient);
}

#endif
