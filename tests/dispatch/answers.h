/* SPDX-License-Identifier: MIT */
/*
 * What the providers of the made-up world answer: they fall ill in every way
 * there is.
 */
#ifndef TESTS_DISPATCH_ANSWERS_H
#define TESTS_DISPATCH_ANSWERS_H

#include "world.h"

/* The answer is to all, whoever is on its list. */
static void
forget_list(struct job *job)
{
	for (unsigned i = 0; i < job->count; i++)
		job->outcome->verdicts[i].suppressed = false;
}

/* Whom a well supplier refuses. */
static void
answer_well(const struct supplier *supplier, struct job *job)
{
	uint32_t bit = 1u << job->supplier;
	bool all_bad = false;

	for (unsigned i = 0; i < job->count; i++) {
		const struct target *target =
		    &job->mail->targets[job->recipients[i]];
		bool bad = (target->bad | target->listed) & bit;
		all_bad |= target->bad & bit && supplier->whole;
		outcome_set(job->outcome, i,
		    bad ? VERDICT_RECIPIENT : VERDICT_ACCEPTED, 200, "well");
		job->outcome->verdicts[i].suppressed = target->listed & bit;
	}
	if (all_bad || job->mail->disliked & bit)
		forget_list(job);
	if (job->mail->disliked & bit)
		outcome_set_all(job->outcome, VERDICT_PAYLOAD, 400, "ugly");
	else if (all_bad)
		outcome_set_all(
		    job->outcome, VERDICT_RECIPIENT, 400, "one is bad");
	job->outcome->split = all_bad && !(job->mail->disliked & bit);
}

static void
answer_doubt(struct job *job)
{
	for (unsigned i = 0; i < job->count; i++) {
		outcome_set(job->outcome, i, VERDICT_DOUBT, 502, "bad gateway");
		job->outcome->verdicts[i].unlikely = true;
	}
}

/* Of the accepted some are not mentioned, or put off. */
static void
spoil_some(struct job *job, enum verdict_class class)
{
	for (unsigned i = 0; i < job->count; i++)
		if (job->outcome->verdicts[i].class == VERDICT_ACCEPTED &&
		    virtual_chance(world.flooded ? 80 : 40))
			outcome_set(job->outcome, i, class, 450, "later");
}

/* Of the accepted the first few are. */
static void
take_few(struct job *job)
{
	unsigned left = 1 + virtual_random(3);

	for (unsigned i = 0; i < job->count; i++) {
		struct verdict *verdict = &job->outcome->verdicts[i];
		if (verdict->class != VERDICT_ACCEPTED)
			continue;
		if (left > 0) {
			left--;
			continue;
		}
		outcome_set(job->outcome, i, VERDICT_THROTTLE, 452, "too many");
		verdict->surplus = true;
		happened[HAPPENED_SURPLUS]++;
	}
}

static void
refuse_sender(struct job *job)
{
	outcome_set_all(job->outcome, VERDICT_SENDER, 400, "unverified");
	forget_list(job);
}

static void
answer_mood(const struct supplier *supplier, struct job *job)
{
	switch (supplier->mood) {
	case BUSY:
		outcome_set_all(job->outcome, VERDICT_THROTTLE, 429, "busy");
		job->outcome->retry_ms =
		    virtual_chance(50) ? 1000 + virtual_random(60000) : 0;
		break;
	case LOCKED:
		outcome_set_all(job->outcome, VERDICT_ACCOUNT, 401, "key");
		break;
	case FAILING:
		answer_doubt(job);
		break;
	case PICKY:
		answer_well(supplier, job);
		if (job->mail->from == 0)
			refuse_sender(job);
		job->outcome->split &= job->mail->from != 0;
		break;
	case NARROW:
		answer_well(supplier, job);
		take_few(job);
		break;
	case SULKING:
		outcome_set_all(job->outcome, VERDICT_PAYLOAD, SULKS, "no");
		break;
	case MUTE:
		answer_well(supplier, job);
		spoil_some(job, VERDICT_NONE);
		break;
	case GREYLISTING:
		answer_well(supplier, job);
		spoil_some(job, VERDICT_OUTAGE);
		for (unsigned i = 0; i < job->count; i++)
			job->outcome->verdicts[i].single =
			    job->outcome->verdicts[i].class == VERDICT_OUTAGE;
		break;
	default:
		answer_well(supplier, job);
	}
}

static int64_t
choose_end(const struct supplier *supplier, struct job *job)
{
	int64_t delay = 5 + virtual_random(400);
	int64_t most = job->exchange->deadline_ms - virtual.now_ms;

	job->end = EXCHANGE_ANSWERED;
	switch (supplier->mood) {
	case UNREACHABLE:
		job->end = EXCHANGE_UNSENT;
		job->unreached = virtual_chance(70);
		delay = virtual_random(job->unreached ? 50 : 5000);
		break;
	case NOWHERE:
		job->end = EXCHANGE_UNSENT;
		job->unreached = job->timed_out = true;
		delay = CONNECT_MS;
		break;
	case FORGED:
		job->end = EXCHANGE_REFUSED_TLS;
		break;
	case OUR_FAULT:
		job->end = EXCHANGE_UNREADABLE;
		break;
	case DEAF:
		job->end = EXCHANGE_LOST;
		delay = virtual_chance(50) ? 60000 : virtual_random(60000);
		break;
	case SLOW:
		delay = virtual_random(65000);
		break;
	default:
		break;
	}
	job->timed_out |= supplier->mood == DEAF && delay == 60000;
	if (delay > most) {
		if (job->end != EXCHANGE_UNSENT)
			job->end = EXCHANGE_LOST;
		job->timed_out = true;
	}
	return MIN(delay, most);
}

static void
change_mood(struct supplier *supplier)
{
	bool storm = virtual.now_ms < 1000000 + STORM_MS;

	if (virtual.now_ms >= world.cut_ms[0] &&
	    virtual.now_ms < world.cut_ms[1]) {
		supplier->mood = virtual_chance(50) ? NOWHERE : UNREACHABLE;
		supplier->mood_until_ms = 0;
		return;
	}
	if (storm && virtual.now_ms < supplier->mood_until_ms)
		return;
	supplier->mood = WELL;
	if (storm && virtual_chance(60))
		supplier->mood = (enum mood)virtual_random(MOODS);
	supplier->mood_until_ms = virtual.now_ms + virtual_random(90000);
}

#endif
