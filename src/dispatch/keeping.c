/* SPDX-License-Identifier: MIT */
#include "keeping.h"

#include "bulletin.h"
#include "core/log.h"
#include "harvest.h"
#include "lane_state.h"
#include <string.h>

/* Changes that come together are told together. */
#define SOON_MS 200

/* The alarms that are on are kept beside the providers: no provider has such a
 * name. */
#define ALARMS "(alarms)"

struct keeping {
	struct dispatcher *dispatcher;
	struct loop_timer *timer;
	int64_t at_ms; /* monotonic: the timer is set to; 0: it is not */
};

struct journal *
keeping_print(struct dispatcher *dispatcher)
{
	struct journal *journal = journal_new(JOURNAL_NOTED, NULL);
	int64_t now = dispatcher_now(dispatcher),
		wall = dispatcher_wall(dispatcher);

	for (unsigned i = 0; i < dispatcher->map->providers->len; i++) {
		struct lane *lane = dispatcher->lanes[i];
		lane_clock(lane, wall, now);
		g_autofree char *text = lane_state_tell(lane, now);
		journal_add_state(journal, lane->provider->name, text);
	}
	g_autofree char *alarms = alarms_print(dispatcher->alarms);
	journal_add_state(journal, ALARMS, alarms);
	harvest_print(dispatcher, journal);
	return journal;
}

static void
tell(struct keeping *keeping)
{
	struct dispatcher *dispatcher = keeping->dispatcher;

	keeping->at_ms = 0;
	loop_timer_clear(keeping->timer);
	/* how they are now is another's to tell */
	if (dispatcher->options.journal == NULL || dispatcher->heir != NULL)
		return;
	dispatcher->options.journal(
	    dispatcher->options.store, keeping_print(dispatcher));
}

static void
on_time(void *object)
{
	tell(object);
}

struct keeping *
keeping_new(struct dispatcher *dispatcher)
{
	struct keeping *keeping = g_new0(struct keeping, 1);

	keeping->dispatcher = dispatcher;
	keeping->timer =
	    loop_timer_new(dispatcher->options.loop, on_time, keeping);
	return keeping;
}

void
keeping_free(struct keeping *keeping)
{
	if (keeping == NULL)
		return;
	loop_timer_free(keeping->timer);
	g_free(keeping);
}

static struct lane *
find_lane(const struct dispatcher *dispatcher, const char *name)
{
	for (unsigned i = 0; dispatcher->names[i] != NULL; i++)
		if (g_str_equal(dispatcher->names[i], name))
			return dispatcher->lanes[i];
	return NULL;
}

/* Of the alarms or a harvest, or NULL: of a provider that is set no more. */
static struct lane *
find_recalled(struct dispatcher *dispatcher, const struct journal_state *state)
{
	if (strcmp(state->provider, ALARMS) == 0)
		alarms_recall(dispatcher->alarms, state->text);
	harvest_recall(dispatcher, state);
	return find_lane(dispatcher, state->provider);
}

static void
recall_one(struct dispatcher *dispatcher, const struct journal_state *state)
{
	struct lane *lane = find_recalled(dispatcher, state);
	int64_t now = dispatcher_now(dispatcher);
	enum lane_recall recall;

	if (lane == NULL)
		return;
	recall = lane_state_recall(lane, state->text, now);
	if (recall == LANE_RECALL_NONSENSE)
		log_warn("state of a provider cannot be read, it is taken to "
			 "be well",
		    log_str("provider", state->provider),
		    log_str("state", state->text));
	else
		bulletin_recall(lane, recall, now);
}

/* Whoever has the settings read anew may have mended its account, or a From
 * domain there.  That it is as it was is no news. */
static void
inherit_one(struct lane *lane, const struct lane *before, const char *state,
    int64_t now_ms)
{
	enum lane_recall recall = lane_state_recall(lane, state, now_ms);

	if (recall == LANE_RECALL_CHANGED)
		bulletin_recall(lane, recall, now_ms);
	lane->accepted = before->accepted;
	lane->failed = before->failed;
	lane_retry(lane, now_ms);
}

/* It goes on being well. */
static void
inherit_since(struct lane *lane, const struct lane *before, int64_t started_ms)
{
	if (lane->mode == LANE_OPEN && !before->troubled)
		lane->since_ms =
		    before->since_ms != 0 ? before->since_ms : started_ms;
}

void
keeping_inherit(struct dispatcher *dispatcher, struct dispatcher *before)
{
	struct journal *states = keeping_print(before);

	/* first those of the lanes, in their order */
	for (unsigned i = 0; i < states->states->len; i++) {
		const struct journal_state *state = states->states->pdata[i];
		struct lane *lane = find_recalled(dispatcher, state);

		if (lane == NULL)
			continue;
		inherit_one(lane, before->lanes[i], state->text,
		    dispatcher_now(dispatcher));
		inherit_since(lane, before->lanes[i], before->started_ms);
	}
	journal_free(states);
}

void
keeping_recall(struct dispatcher *dispatcher)
{
	const GPtrArray *states = dispatcher->options.states;

	for (unsigned i = 0; states != NULL && i < states->len; i++)
		recall_one(dispatcher, states->pdata[i]);
	dispatcher->options.states = NULL;
}

static void
set_timer(struct keeping *keeping, int64_t delay_ms)
{
	int64_t at = dispatcher_now(keeping->dispatcher) + delay_ms;

	if (keeping->dispatcher->stopping ||
	    keeping->dispatcher->options.journal == NULL ||
	    (keeping->at_ms != 0 && keeping->at_ms <= at))
		return;
	keeping->at_ms = at;
	loop_timer_set(keeping->timer, delay_ms);
}

void
keeping_note(struct dispatcher *dispatcher)
{
	set_timer(dispatcher->keeping, SOON_MS);
}

void
keeping_count(struct dispatcher *dispatcher, struct lane *lane)
{
	if (gate_keep(&lane->gate))
		tell(dispatcher->keeping);
}

void
keeping_stop(struct dispatcher *dispatcher)
{
	for (unsigned i = 0; i < dispatcher->map->providers->len; i++)
		gate_keep_exact(&dispatcher->lanes[i]->gate);
	tell(dispatcher->keeping);
}
