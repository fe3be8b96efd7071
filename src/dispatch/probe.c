/* SPDX-License-Identifier: MIT */
#include "probe.h"

#include "core/log.h"
#include "keeping.h"
#include "lane_state.h"
#include "reserve.h"
#include <string.h>

/* One exchange; of a probe that takes several each. */
#define ANSWER_MS (20 * INT64_C(1000))

#define RENEWALS_MAX 20

/* One that found it ill is made again after so long, then twice as long. */
#define AGAIN_MS (15 * INT64_C(1000))

struct probe {
	struct dispatcher *dispatcher;
	struct lane *lane;
	struct loop_timer *timer;
	struct exchange *exchange; /* under way; NULL: none is */
	unsigned renewals;
	struct health found;  /* by this one, so far */
	struct health health; /* by the last one */
	unsigned failures;    /* in a row that found nothing good */
	char *overruled; /* what it found wrong, and mail was taken; NULL: that
			  * did not happen */
	bool started;
	bool asked_anew; /* somebody waits for what it finds */
};

static void on_timer(void *object);

void
probe_open(struct dispatcher *dispatcher)
{
	unsigned count = dispatcher->map->providers->len;

	dispatcher->probe_ms = config_number(
	    dispatcher->options.config, "server", "probe_interval");
	dispatcher->probes = g_new0(struct probe, count);
	for (unsigned i = 0; i < count; i++) {
		struct probe *probe = &dispatcher->probes[i];
		probe->dispatcher = dispatcher;
		probe->lane = dispatcher->lanes[i];
		probe->timer =
		    loop_timer_new(dispatcher->options.loop, on_timer, probe);
	}
}

void
probe_close(struct dispatcher *dispatcher)
{
	for (unsigned i = 0; i < dispatcher->map->providers->len; i++) {
		struct probe *probe = &dispatcher->probes[i];
		g_assert(probe->exchange == NULL);
		loop_timer_free(probe->timer);
		health_clear(&probe->health);
		health_clear(&probe->found);
		g_free(probe->overruled);
	}
	g_free(dispatcher->probes);
}

static void
inherit_one(struct probe *probe, const struct probe *before)
{
	g_autofree char *now = lane_state_settings(probe->lane->provider);
	g_autofree char *then = lane_state_settings(before->lane->provider);

	if (strcmp(now, then) != 0)
		return;
	health_clear(&probe->health);
	health_copy(&probe->health, &before->health);
	probe->overruled = g_strdup(before->overruled);
	probe->failures = before->failures;
	probe->asked_anew = true;
}

void
probe_inherit(struct dispatcher *dispatcher, const struct dispatcher *before)
{
	for (unsigned i = 0; dispatcher->names[i] != NULL; i++)
		for (unsigned j = 0; before->names[j] != NULL; j++)
			if (g_str_equal(dispatcher->names[i], before->names[j]))
				inherit_one(
				    &dispatcher->probes[i], &before->probes[j]);
}

/* It refused our account, and no mail has been tried since. */
static bool
is_refused(const struct probe *probe)
{
	const struct breaker *breaker = &probe->lane->breaker;

	return breaker->state == BREAKER_OPEN &&
	       breaker->reason == BREAKER_ACCOUNT;
}

/* In time before a mail would be tried. */
static int64_t
find_early(const struct probe *probe)
{
	int64_t most = probe->lane->limits->account_ms / 2;

	return probe->lane->breaker.until_ms - MIN(ANSWER_MS, most);
}

static bool
is_ill(const struct health *health)
{
	return health->state == HEALTH_BAD ||
	       health->state == HEALTH_UNREACHABLE;
}

static int64_t
find_interval(const struct probe *probe)
{
	int64_t most = probe->dispatcher->probe_ms;
	unsigned doublings = MIN(MAX(probe->failures, 1) - 1, 20);

	return probe->failures > 0 ? MIN(AGAIN_MS << doublings, most) : most;
}

static void
set_timer(struct probe *probe)
{
	int64_t now = dispatcher_now(probe->dispatcher);
	double spread = 0.8 + 0.4 * g_random_double();
	int64_t at = now + (int64_t)((double)find_interval(probe) * spread);

	if (is_refused(probe) && find_early(probe) > now)
		at = MIN(at, find_early(probe));
	loop_timer_set(probe->timer, at - now);
}

static void
ring(struct probe *probe)
{
	struct alarms *alarms = probe->dispatcher->alarms;
	const char *name = probe->lane->provider->name;
	const struct health *health = &probe->health;
	g_autofree char *text = g_strdup_printf("%s: %s", name,
	    health->text != NULL ? health->text
				 : health_state_text(health->state));
	const struct alarm alarm = {
		.kind = "provider_unusable",
		.subject = name,
		.text = text,
		.advice = health->advice,
	};

	if (health->state == HEALTH_BAD)
		alarms_begin(alarms, &alarm);
	else if (health->state == HEALTH_GOOD && !is_refused(probe))
		alarms_end(alarms, alarm.kind, name, text);
}

/* Once for each change. */
static void
tell(const struct probe *probe, enum health_state was)
{
	static const struct {
		enum log_level level;
		const char *event;
	} events[] = {
		[HEALTH_UNKNOWN] = { LOG_LEVEL_INFO,
		    "provider cannot be probed" },
		[HEALTH_GOOD] = { LOG_LEVEL_INFO, "provider is well" },
		[HEALTH_DOUBTFUL] = { LOG_LEVEL_WARN,
		    "provider takes mail, and wants looking at" },
		[HEALTH_BAD] = { LOG_LEVEL_ERROR,
		    "provider would not take our mail" },
		[HEALTH_UNREACHABLE] = { LOG_LEVEL_WARN,
		    "provider does not answer a probe" },
	};
	const struct health *is = &probe->health;
	bool changed = is->state != was || (probe->asked_anew && is_ill(is));

	if (!changed || !log_wants(events[is->state].level))
		return;
	const struct log_field fields[] = {
		log_str("provider", probe->lane->provider->name),
		log_str("was", health_state_text(was)),
		log_str_if("text", is->text),
		log_str_if("advice", is->advice),
		{ .type = LOG_TYPE_END },
	};
	log_write(events[is->state].level, events[is->state].event, fields);
}

/* No mail is wasted on it: as if one had been refused now. */
static void
keep_closed(struct probe *probe)
{
	struct lane *lane = probe->lane;

	if (probe->health.state != HEALTH_BAD || !is_refused(probe))
		return;
	breaker_hold(&lane->breaker, BREAKER_ACCOUNT,
	    dispatcher_now(probe->dispatcher), lane->limits->account_ms);
	pause_arm(probe->dispatcher, lane, dispatcher_now(probe->dispatcher));
}

/* Somebody may have mended our account: a mail will tell. */
static void
hasten(struct probe *probe)
{
	struct lane *lane = probe->lane;
	int64_t now = dispatcher_now(probe->dispatcher);

	if (probe->health.state != HEALTH_GOOD)
		lane->notice.hastened = false;
	if (probe->health.state != HEALTH_GOOD || !is_refused(probe) ||
	    lane->notice.hastened || lane->breaker.until_ms <= now)
		return;
	lane->notice.hastened = true;
	log_info("provider is well by its probe, the next mail tries it",
	    log_str("provider", lane->provider->name),
	    log_num("pause_ms", lane->breaker.until_ms - now));
	lane->breaker.until_ms = now;
	/* a mail of the queue is asked for at once */
	probe->dispatcher->pauses[lane->number].probe_ms = 0;
	pause_arm(probe->dispatcher, lane, now);
}

/* What was found wrong again, and no mail suffered from, wants looking at. */
static void
weaken(struct probe *probe)
{
	struct health *found = &probe->found;

	if (found->state == HEALTH_GOOD)
		g_clear_pointer(&probe->overruled, g_free);
	if (found->state == HEALTH_BAD && !is_refused(probe) &&
	    g_strcmp0(found->text, probe->overruled) == 0)
		found->state = HEALTH_DOUBTFUL;
}

static void
finish(struct probe *probe)
{
	enum health_state was = probe->health.state;

	g_clear_pointer(&probe->exchange, exchange_free);
	weaken(probe);
	probe->failures = is_ill(&probe->found) ? probe->failures + 1 : 0;
	health_clear(&probe->health);
	probe->health = probe->found;
	probe->found = (struct health){ 0 };
	probe->health.probed_ms = dispatcher_wall(probe->dispatcher);
	tell(probe, was);
	probe->asked_anew = false;
	ring(probe);
	keep_closed(probe);
	hasten(probe);
	keeping_note(probe->dispatcher);
	reserve_review(probe->dispatcher);
	set_timer(probe);
}

static void on_done(void *object, struct exchange *exchange);

static const struct carrier *
find_carrier(const struct probe *probe)
{
	const struct dispatcher_options *options = &probe->dispatcher->options;

	return probe->exchange->kind == EXCHANGE_HTTP ? &options->http
						      : &options->relay;
}

static void
send_exchange(struct probe *probe)
{
	struct dispatcher *dispatcher = probe->dispatcher;
	struct exchange *exchange = probe->exchange;
	const struct carrier *carrier = find_carrier(probe);

	exchange->done = on_done;
	exchange->object = probe;
	exchange->deadline_ms = dispatcher_now(dispatcher) + ANSWER_MS;
	dispatcher->asides++;
	carrier->send(carrier->self, exchange);
}

static void
on_done(void *object, struct exchange *exchange)
{
	struct probe *probe = object;
	struct dispatcher *dispatcher = probe->dispatcher;
	const struct provider *provider = probe->lane->provider;

	dispatcher->asides--;
	if (dispatcher->stopping || dispatcher->heir != NULL) {
		g_clear_pointer(&probe->exchange, exchange_free);
		dispatcher_tell_if_stopped(dispatcher);
		return;
	}
	if (!provider->translator->probed(provider, exchange, &probe->found)) {
		finish(probe);
	} else if (++probe->renewals > RENEWALS_MAX) {
		health_set(&probe->found, HEALTH_UNKNOWN,
		    "its answers have no end", NULL);
		finish(probe);
	} else {
		send_exchange(probe);
	}
}

static void
begin(struct probe *probe)
{
	const struct provider *provider = probe->lane->provider;
	const struct translator *translator = provider->translator;

	if (probe->exchange != NULL)
		return;
	probe->renewals = 0;
	health_clear(&probe->found);
	probe->exchange =
	    exchange_new(translator->kind, &provider->endpoint, "");
	if (translator->probe(provider, probe->exchange)) {
		send_exchange(probe);
		return;
	}
	health_set(&probe->found, HEALTH_UNKNOWN,
	    "it cannot be asked without sending mail", NULL);
	finish(probe);
}

static void
on_timer(void *object)
{
	begin(object);
}

void
probe_start(struct dispatcher *dispatcher)
{
	for (unsigned i = 0; i < dispatcher->map->providers->len; i++) {
		struct probe *probe = &dispatcher->probes[i];
		if (dispatcher->probe_ms == 0 || dispatcher->stopping ||
		    probe->lane->provider->translator->probe == NULL)
			continue;
		probe->started = true;
		begin(probe);
	}
}

void
probe_stop(struct dispatcher *dispatcher)
{
	for (unsigned i = 0; i < dispatcher->map->providers->len; i++) {
		dispatcher->probes[i].started = false;
		loop_timer_clear(dispatcher->probes[i].timer);
	}
}

void
probe_break_off(const struct dispatcher *dispatcher)
{
	for (unsigned i = 0; i < dispatcher->map->providers->len; i++) {
		const struct probe *probe = &dispatcher->probes[i];
		const struct carrier *carrier;

		if (probe->exchange == NULL)
			continue;
		carrier = find_carrier(probe);
		if (carrier->abort != NULL)
			carrier->abort(
			    carrier->self, probe->exchange->endpoint);
	}
}

void
probe_note(struct dispatcher *dispatcher, const struct lane *lane)
{
	struct probe *probe = &dispatcher->probes[lane->number];

	if (probe->started && probe->exchange == NULL && is_refused(probe))
		set_timer(probe);
}

void
probe_overrule(struct dispatcher *dispatcher, const struct lane *lane)
{
	struct probe *probe = &dispatcher->probes[lane->number];
	enum health_state was = probe->health.state;
	g_autofree char *text = NULL;

	if (!is_ill(&probe->health))
		return;
	text = g_strdup_printf("it answers, it took mail since (the probe "
			       "before: %s)",
	    probe->health.text != NULL ? probe->health.text
				       : health_state_text(was));
	if (was == HEALTH_BAD) {
		g_free(probe->overruled);
		probe->overruled = g_strdup(probe->health.text);
	}
	health_clear(&probe->health);
	health_set(&probe->health, HEALTH_GOOD, text, NULL);
	probe->health.probed_ms = dispatcher_wall(dispatcher);
	probe->failures = 0;
	tell(probe, was);
	ring(probe);
}

void
probe_fill(const struct dispatcher *dispatcher, unsigned number,
    struct provider_standing *standing)
{
	health_clear(&standing->health);
	health_copy(&standing->health, &dispatcher->probes[number].health);
}
