/* SPDX-License-Identifier: MIT */
#include "harvest.h"

#include "core/log.h"
#include "hearing.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* One exchange; of a harvest with many pages each. */
#define ANSWER_MS (20 * INT64_C(1000))

/* Where an answer was too long for us each has so many events at most, then a
 * fifth of that. */
#define FEWER       20
#define FEWER_STILL 5

/* Pages without end end. */
#define RENEWALS_MAX 10000

/* Events are seen so late, most of them; and the latest. */
#define OVERLAP_MS (5 * 60 * INT64_C(1000))
#define LATEST_MS  (30 * 60 * INT64_C(1000))

/* What is older than that is gone through again so often. */
#define SWEEP_MS (30 * 60 * INT64_C(1000))

/* Providers keep events for some days. */
#define OLDEST_MS (3 * 24 * 60 * 60 * INT64_C(1000))

/* As of an inquest. */
#define FORBIDDEN_MS (10 * 60 * INT64_C(1000))
#define THROTTLE_MS  (60 * INT64_C(1000))

/* Kept beside the providers: none has such a name. */
#define STATE "(events) "

struct harvest {
	struct dispatcher *dispatcher;
	const struct provider *provider;
	struct loop_timer *timer;
	struct exchange *exchange; /* NULL: no pass is under way */
	struct event_span span;    /* that it is about */
	int64_t begun_ms;          /* wall clock: the pass began */
	bool sweeping;             /* it is a second look */
	bool more;                 /* the exchange is to be sent once more */
	bool recording;            /* the store has a page of it */
	unsigned renewals;
	unsigned most; /* as in the span: until a pass is through */
	enum verdict_class obstacle; /* why it did not answer last; NONE: it
				      * did */

	/* wall clock: what happened before is known, at first and at second
	 * sight; 0: nothing was fetched yet */
	int64_t known_ms, swept_ms;
	bool started;
};

static void on_timer(void *object);

static bool
is_polled(const struct dispatcher *dispatcher, const struct provider *provider)
{
	return provider->events.telling == PROVIDER_POLLED &&
	       provider->translator->harvest != NULL &&
	       dispatcher->options.hear != NULL;
}

void
harvest_open(struct dispatcher *dispatcher)
{
	unsigned count = dispatcher->map->providers->len;

	dispatcher->harvests = g_new0(struct harvest *, count + 1);
	for (unsigned i = 0, polled = 0; i < count; i++) {
		const struct provider *provider =
		    dispatcher->lanes[i]->provider;
		struct harvest *harvest;

		if (!is_polled(dispatcher, provider))
			continue;
		harvest = g_new0(struct harvest, 1);
		harvest->dispatcher = dispatcher;
		harvest->provider = provider;
		harvest->timer =
		    loop_timer_new(dispatcher->options.loop, on_timer, harvest);
		dispatcher->harvests[polled++] = harvest;
	}
}

void
harvest_close(struct dispatcher *dispatcher)
{
	for (struct harvest **at = dispatcher->harvests; *at != NULL; at++) {
		g_assert((*at)->exchange == NULL);
		loop_timer_free((*at)->timer);
		g_free(*at);
	}
	g_free(dispatcher->harvests);
}

/* ---- where it stands ---- */

static char *
make_name(const struct harvest *harvest)
{
	return g_strconcat(STATE, harvest->provider->name, NULL);
}

static void
add_state(const struct harvest *harvest, struct journal *journal)
{
	g_autofree char *name = make_name(harvest);
	g_autofree char *text = g_strdup_printf(
	    "%" PRId64 " %" PRId64, harvest->known_ms, harvest->swept_ms);

	if (harvest->known_ms != 0)
		journal_add_state(journal, name, text);
}

void
harvest_print(const struct dispatcher *dispatcher, struct journal *journal)
{
	for (struct harvest **at = dispatcher->harvests; *at != NULL; at++)
		add_state(*at, journal);
}

void
harvest_recall(struct dispatcher *dispatcher, const struct journal_state *state)
{
	for (struct harvest **at = dispatcher->harvests; *at != NULL; at++) {
		g_autofree char *name = make_name(*at);
		int64_t known, swept;

		if (strcmp(name, state->provider) == 0 &&
		    sscanf(state->text, "%" SCNd64 " %" SCNd64, &known,
			&swept) == 2) {
			(*at)->known_ms = known;
			(*at)->swept_ms = swept;
		}
	}
}

static void
keep(const struct harvest *harvest)
{
	const struct dispatcher_options *options =
	    &harvest->dispatcher->options;
	struct journal *journal;

	if (options->journal == NULL || harvest->dispatcher->heir != NULL)
		return;
	journal = journal_new(JOURNAL_NOTED, NULL);
	add_state(harvest, journal);
	options->journal(options->store, journal);
}

/* ---- when it is next ---- */

static bool
is_over(const struct harvest *harvest)
{
	return harvest->dispatcher->stopping || !harvest->started;
}

static void
wait_for(struct harvest *harvest, int64_t delay_ms)
{
	double spread = 0.9 + 0.2 * g_random_double();

	if (!is_over(harvest))
		loop_timer_set(
		    harvest->timer, (int64_t)((double)delay_ms * spread));
}

static int64_t
choose_pause(const struct harvest *harvest, const struct inquiry_reply *reply)
{
	int64_t pause = 0;

	if (reply->class == VERDICT_THROTTLE)
		pause = reply->retry_ms > 0 ? reply->retry_ms : THROTTLE_MS;
	else if (reply->class == VERDICT_ACCOUNT)
		pause = FORBIDDEN_MS;
	return MAX(pause, harvest->provider->events.poll_ms);
}

/* Half of what it may be asked in a minute: doubts are asked about as well. */
static int64_t
find_gap(const struct harvest *harvest)
{
	unsigned minute = harvest->provider->translator->limits.ask_minute;

	return minute > 0 ? 2 * 60000 / (int64_t)minute : 0;
}

/* ---- what it comes to ---- */

/* Once when it begins, and when it is over. */
static void
tell(struct harvest *harvest, const struct inquiry_reply *reply)
{
	const char *name = harvest->provider->name;
	enum verdict_class is = reply->answered ? VERDICT_NONE : reply->class;

	if (is == harvest->obstacle)
		return;
	harvest->obstacle = is;
	if (is == VERDICT_NONE)
		log_info("provider tells of events again",
		    log_str("provider", name));
	else if (is == VERDICT_ACCOUNT)
		log_error("provider may not be asked for events",
		    log_str("provider", name), log_str("text", reply->text),
		    log_num("again_in_ms", choose_pause(harvest, reply)));
	else
		log_warn("provider does not tell of events",
		    log_str("provider", name),
		    log_str("class", verdict_class_text(is)),
		    log_str("text", reply->text),
		    log_num("again_in_ms", choose_pause(harvest, reply)));
}

static void
end_pass(struct harvest *harvest, int64_t delay_ms)
{
	g_clear_pointer(&harvest->exchange, exchange_free);
	harvest->more = false;
	wait_for(harvest, delay_ms);
}

static void
fail(struct harvest *harvest, const struct inquiry_reply *reply)
{
	tell(harvest, reply);
	end_pass(harvest, choose_pause(harvest, reply));
}

static void begin_sweep(struct harvest *harvest);

/* All there is of that span is on disk. */
static void
complete(struct harvest *harvest)
{
	const struct inquiry_reply good = { .answered = true };

	tell(harvest, &good);
	if (harvest->sweeping)
		harvest->swept_ms = harvest->span.end_ms;
	else
		harvest->known_ms = harvest->begun_ms;
	harvest->most = 0;
	keep(harvest);
	end_pass(harvest, harvest->provider->events.poll_ms);
	if (!harvest->sweeping && !is_over(harvest))
		begin_sweep(harvest);
}

static void send_exchange(struct harvest *harvest);

static void
go_on(struct harvest *harvest)
{
	if (!harvest->more)
		complete(harvest);
	else if (find_gap(harvest) > 0)
		wait_for(harvest, find_gap(harvest));
	else
		send_exchange(harvest);
}

/* ---- a page ---- */

struct page_letter {
	struct letter letter;
	struct harvest *harvest;
	bool recorded;
};

static void
on_page(void *owner, struct letter *letter)
{
	struct page_letter *page =
	    LETTER_OF(letter, struct page_letter, letter);
	struct harvest *harvest = page->harvest;
	struct dispatcher *dispatcher = harvest->dispatcher;
	bool recorded = page->recorded;

	(void)owner;
	g_free(page);
	harvest->recording = false;
	dispatcher->asides--;
	if (is_over(harvest))
		end_pass(harvest, 0);
	else if (recorded)
		go_on(harvest);
	else /* the store says why */
		end_pass(harvest, harvest->provider->events.poll_ms);
	dispatcher_tell_if_stopped(dispatcher);
}

/* The store's thread. */
static void
on_recorded(void *object, bool recorded)
{
	struct page_letter *page = object;

	page->recorded = recorded;
	loop_post(
	    page->harvest->dispatcher->options.loop, &page->letter, on_page);
}

static void
record(struct harvest *harvest, GPtrArray *events)
{
	struct event_batch *batch = event_batch_new();
	struct page_letter *page = g_new0(struct page_letter, 1);

	page->harvest = harvest;
	g_ptr_array_extend_and_steal(batch->events, events);
	batch->recorded = on_recorded;
	batch->object = page;
	harvest->recording = true;
	harvest->dispatcher->asides++;
	hearing_take(harvest->dispatcher, batch);
}

static void begin_pass(struct harvest *harvest);

/* Mails to hundreds have large events: the same once more, with fewer in an
 * answer.  False: it was one. */
static bool
ask_fewer(struct harvest *harvest)
{
	if (harvest->most == 1)
		return false;
	harvest->most =
	    harvest->most == 0 ? FEWER : MAX(harvest->most / FEWER_STILL, 1);
	g_clear_pointer(&harvest->exchange, exchange_free);
	begin_pass(harvest);
	return true;
}

static void
read_page(struct harvest *harvest)
{
	g_autoptr(GPtrArray) events =
	    g_ptr_array_new_with_free_func(event_told_free);
	struct inquiry_reply reply = { 0 };

	if (harvest->exchange->http_response.cut && ask_fewer(harvest))
		return;
	harvest->more =
	    harvest->provider->translator->harvested(harvest->provider,
		&harvest->span, harvest->exchange, events, &reply);
	if (harvest->more && ++harvest->renewals > RENEWALS_MAX) {
		inquiry_reply_clear(&reply);
		reply.class = VERDICT_OUTAGE;
		reply.text = g_strdup("its answer has too many pages");
	}
	if (!reply.answered)
		fail(harvest, &reply);
	else if (events->len > 0)
		record(harvest, g_steal_pointer(&events));
	else
		go_on(harvest);
	inquiry_reply_clear(&reply);
}

static void
on_done(void *object, struct exchange *exchange)
{
	struct harvest *harvest = object;
	struct dispatcher *dispatcher = harvest->dispatcher;

	g_assert(exchange == harvest->exchange);
	dispatcher->asides--;
	if (is_over(harvest))
		end_pass(harvest, 0);
	else
		read_page(harvest);
	dispatcher_tell_if_stopped(dispatcher);
}

static void
send_exchange(struct harvest *harvest)
{
	struct dispatcher *dispatcher = harvest->dispatcher;
	struct exchange *exchange = harvest->exchange;
	const struct carrier *carrier = &dispatcher->options.http;

	exchange->done = on_done;
	exchange->object = harvest;
	exchange->deadline_ms = dispatcher_now(dispatcher) + ANSWER_MS;
	harvest->more = false;
	dispatcher->asides++;
	carrier->send(carrier->self, exchange);
}

/* ---- a pass ---- */

static void
begin_pass(struct harvest *harvest)
{
	const struct provider *provider = harvest->provider;

	harvest->renewals = 0;
	harvest->span.most = harvest->most;
	harvest->exchange =
	    exchange_new(EXCHANGE_HTTP, &provider->endpoint, "");
	if (provider->translator->harvest(
		provider, &harvest->span, harvest->exchange))
		send_exchange(harvest);
	else
		end_pass(harvest, provider->events.poll_ms);
}

/* A clock that was set back is believed. */
static void
begin(struct harvest *harvest)
{
	int64_t now = dispatcher_wall(harvest->dispatcher);

	if (harvest->known_ms == 0) {
		harvest->known_ms = now;
		harvest->swept_ms = now - LATEST_MS;
	}
	harvest->known_ms = CLAMP(harvest->known_ms, now - OLDEST_MS, now);
	harvest->swept_ms = CLAMP(harvest->swept_ms, now - OLDEST_MS, now);
	harvest->sweeping = false;
	harvest->begun_ms = now;
	harvest->span = (struct event_span){
		.begin_ms = harvest->known_ms - OVERLAP_MS,
	};
	begin_pass(harvest);
}

/* Late events are old by now. */
static void
begin_sweep(struct harvest *harvest)
{
	int64_t end = dispatcher_wall(harvest->dispatcher) - LATEST_MS;

	if (end - harvest->swept_ms < SWEEP_MS)
		return;
	loop_timer_clear(harvest->timer);
	harvest->sweeping = true;
	harvest->span = (struct event_span){
		.begin_ms = harvest->swept_ms,
		.end_ms = end,
	};
	begin_pass(harvest);
}

static void
on_timer(void *object)
{
	struct harvest *harvest = object;

	if (harvest->exchange == NULL)
		begin(harvest);
	else
		send_exchange(harvest);
}

/* ---- its life ---- */

void
harvest_start(struct dispatcher *dispatcher)
{
	for (struct harvest **at = dispatcher->harvests; *at != NULL; at++) {
		(*at)->started = true;
		begin(*at);
	}
}

void
harvest_stop(struct dispatcher *dispatcher)
{
	for (struct harvest **at = dispatcher->harvests; *at != NULL; at++) {
		struct harvest *harvest = *at;

		harvest->started = false;
		loop_timer_clear(harvest->timer);
		/* between two pages */
		if (harvest->more && !harvest->recording)
			end_pass(harvest, 0);
	}
}

void
harvest_break_off(const struct dispatcher *dispatcher)
{
	const struct carrier *carrier = &dispatcher->options.http;

	for (struct harvest **at = dispatcher->harvests; *at != NULL; at++)
		if ((*at)->exchange != NULL && carrier->abort != NULL)
			carrier->abort(
			    carrier->self, (*at)->exchange->endpoint);
}
