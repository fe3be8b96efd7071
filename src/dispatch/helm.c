/* SPDX-License-Identifier: MIT */
#include "dispatch/helm.h"

#include "core/log.h"
#include "hearing.h"
#include "state.h"
#include "succession.h"
#include "tokens.h"

/* How often those before are looked at, whether they are through. */
#define LOOK_MS 1000

/* How often it is told that webhooks are refused. */
#define TOLD_MS 60000

struct helm {
	struct loop *loop;
	struct prepare *prepare;

	/* the dispatch loop's; before it runs the main thread's */
	struct dispatcher *now;
	GPtrArray *before; /* those that it took over from, not through yet */
	struct loop_timer *timer;
	struct tokens *tokens; /* that came with webhooks */
	bool stopping;
	unsigned stops; /* dispatchers that have not told that they stopped */
	loop_fn stopped;
	void *stopped_object;

	_Atomic int64_t told_ms; /* wall clock: of a webhook that was refused */
	atomic_uint untold;      /* refused since then */
};

static void
free_dispatcher(void *object)
{
	dispatcher_free(object);
}

/* The last is looked at first: freeing one moves those behind it. */
static void
on_look(void *object)
{
	struct helm *helm = object;

	for (unsigned i = helm->before->len; i-- > 0 && !helm->stopping;)
		if (succession_is_over(helm->before->pdata[i]))
			g_ptr_array_remove_index(helm->before, i);
	if (helm->before->len > 0 && !helm->stopping)
		loop_timer_set(helm->timer, LOOK_MS);
}

struct helm *
helm_new(const struct dispatcher_options *options,
    const struct prepare_options *prepare, GError **error)
{
	struct dispatcher *first = dispatcher_new(options, error);
	struct prepare_options prepared = *prepare;
	struct helm *helm;

	if (first == NULL)
		return NULL;
	helm = g_new0(struct helm, 1);
	helm->loop = options->loop;
	helm->now = first;
	helm->before = g_ptr_array_new_with_free_func(free_dispatcher);
	first->elders = helm->before;
	helm->timer = loop_timer_new(helm->loop, on_look, helm);
	helm->tokens = tokens_new();
	prepared.dispatcher = first;
	helm->prepare = prepare_new(&prepared);
	return helm;
}

void
helm_free(struct helm *helm)
{
	if (helm == NULL)
		return;
	prepare_free(helm->prepare);
	loop_timer_free(helm->timer);
	tokens_free(helm->tokens);
	g_ptr_array_unref(helm->before);
	dispatcher_free(helm->now);
	g_free(helm);
}

void
helm_take(void *object, struct submission *submission)
{
	const struct helm *helm = object;

	prepare_post(helm->prepare, submission);
}

void
helm_start(struct helm *helm)
{
	dispatcher_start(helm->now);
}

struct renewal {
	struct helm *helm;
	struct config *config;
	const char *hostname;
	GError **error;
	bool done;
};

/* The dispatch loop, like all below that ends in _here. */
static void
renew_here(void *object)
{
	struct renewal *renewal = object;
	struct helm *helm = renewal->helm;
	struct dispatcher *before = helm->now;
	struct dispatcher_options options = before->options;

	renewal->done = true;
	if (helm->stopping)
		return;
	options.config = renewal->config;
	options.hostname = renewal->hostname;
	options.before = before;
	struct dispatcher *now = dispatcher_new(&options, renewal->error);
	renewal->done = now != NULL;
	if (now == NULL)
		return;
	helm->now = now;
	now->elders = helm->before;
	prepare_switch(helm->prepare, now);
	g_ptr_array_add(helm->before, before);
	for (unsigned i = 0; i < helm->before->len; i++)
		succession_name(helm->before->pdata[i], now);
	succession_pass(before);
	loop_timer_set(helm->timer, LOOK_MS);
	dispatcher_start(now);
}

bool
helm_renew(struct helm *helm, struct config *config, const char *hostname,
    GError **error)
{
	struct renewal renewal = { helm, config, hostname, error, false };

	loop_call(helm->loop, renew_here, &renewal);
	return renewal.done;
}

static void
on_stopped(void *object)
{
	struct helm *helm = object;

	if (--helm->stops == 0)
		helm->stopped(helm->stopped_object);
}

struct stop {
	struct letter letter;
	struct helm *helm;
	loop_fn stopped;
	void *object;
};

/* The heirs first: whoever begins anew there finds that it stops. */
static void
stop_here(void *owner, struct letter *letter)
{
	struct stop *stop = LETTER_OF(letter, struct stop, letter);
	struct helm *helm = stop->helm;
	loop_fn each = stop->stopped != NULL ? on_stopped : NULL;

	(void)owner;
	helm->stopping = true;
	loop_timer_clear(helm->timer);
	if (each != NULL) {
		helm->stopped = stop->stopped;
		helm->stopped_object = stop->object;
		helm->stops = helm->before->len + 1;
	}
	g_free(stop);
	for (unsigned i = helm->before->len; i-- > 0;)
		dispatcher_halt(helm->before->pdata[i], each, helm);
	dispatcher_halt(helm->now, each, helm);
}

void
helm_stop(struct helm *helm, loop_fn stopped, void *object)
{
	struct stop *stop = g_new0(struct stop, 1);

	stop->helm = helm;
	stop->stopped = stopped;
	stop->object = object;
	loop_post(helm->loop, &stop->letter, stop_here);
}

struct look {
	struct helm *helm;
	GPtrArray *standings;
};

static void
look_here(void *object)
{
	struct look *look = object;

	look->standings = dispatcher_standings(look->helm->now);
}

GPtrArray *
helm_standings(struct helm *helm)
{
	struct look look = { .helm = helm };

	loop_call(helm->loop, look_here, &look);
	return look.standings;
}

uint64_t
helm_size_most(struct helm *helm, const char *listener)
{
	return dispatcher_size_most(helm->now, listener);
}

/* ---- what providers post ---- */

/* A webhook on its way: of the thread that waits for the answer, but for what
 * the loop and the store do in between. */
struct post {
	struct letter letter, answer;
	struct helm *helm;
	const char *name;
	struct webhook *webhook;
	struct provider *provider; /* counted; NULL: there is none */
	struct mailbox *reply;
	enum webhook_end end;
};

static void
find_here(void *object)
{
	struct post *post = object;
	const struct route_map *map = dispatcher_route(post->helm->now);

	for (unsigned i = 0; i < map->providers->len; i++) {
		struct provider *provider = route_map_provider(map, i);
		if (strcmp(provider->name, post->name) == 0)
			post->provider = provider_ref(provider);
	}
}

static void
on_answer(void *object, struct letter *letter)
{
	(void)object;
	(void)letter;
}

static void
answer(struct post *post, enum webhook_end end)
{
	post->end = end;
	mailbox_post(post->reply, &post->answer, on_answer);
}

/* The store's thread, or here when there is none. */
static void
on_recorded(void *object, bool recorded)
{
	answer(object, recorded ? WEBHOOK_GOOD : WEBHOOK_LOST);
}

static void
take_here(void *owner, struct letter *letter)
{
	struct post *post = LETTER_OF(letter, struct post, letter);
	struct webhook *webhook = post->webhook;
	struct dispatcher *dispatcher = post->helm->now;
	struct event_batch *batch;

	(void)owner;
	if (webhook->token != NULL &&
	    tokens_is_spent(post->helm->tokens, post->name, webhook->token,
		dispatcher_now(dispatcher))) {
		answer(post, WEBHOOK_REPLAYED);
		return;
	}
	batch = event_batch_new();
	g_ptr_array_extend_and_steal(
	    batch->events, g_steal_pointer(&webhook->events));
	batch->recorded = on_recorded;
	batch->object = post;
	hearing_take(dispatcher, batch);
}

/* Only what is recorded is not to come again. */
static void
spend_here(void *object)
{
	struct post *post = object;
	int64_t age = post->provider->events.webhook_age_ms;

	/* signed that long before, or that long after */
	tokens_spend(post->helm->tokens, post->name, post->webhook->token,
	    dispatcher_now(post->helm->now) + 2 * age);
}

static void
record(struct post *post)
{
	post->reply = mailbox_new(NULL);
	loop_post(post->helm->loop, &post->letter, take_here);
	mailbox_read_one(post->reply);
	mailbox_free(post->reply);
	if (post->end == WEBHOOK_GOOD && post->webhook->token != NULL)
		loop_call(post->helm->loop, spend_here, post);
}

/* Anybody may post anything: once a minute. */
static void
tell(struct post *post)
{
	struct helm *helm = post->helm;
	int64_t now = post->webhook->now_ms;
	int64_t told = atomic_load(&helm->told_ms);

	if ((told != 0 && now >= told && now < told + TOLD_MS) ||
	    !atomic_compare_exchange_strong(&helm->told_ms, &told, now)) {
		atomic_fetch_add(&helm->untold, 1);
		return;
	}
	log_warn("webhook refused", log_str("provider", post->name),
	    log_str("why", webhook_end_text(post->end)),
	    log_num_if("also", atomic_exchange(&helm->untold, 0)));
}

enum webhook_end
helm_hear(struct helm *helm, const char *name, struct webhook *webhook)
{
	struct post post = {
		.helm = helm,
		.name = name,
		.webhook = webhook,
		.end = WEBHOOK_UNKNOWN,
	};

	loop_call(helm->loop, find_here, &post);
	if (post.provider != NULL &&
	    post.provider->events.telling == PROVIDER_POSTS)
		post.end =
		    post.provider->translator->hear(post.provider, webhook);
	if (post.end == WEBHOOK_GOOD)
		record(&post);
	if (post.end != WEBHOOK_GOOD)
		tell(&post);
	provider_unref(post.provider);
	return post.end;
}

static void
knows_here(void *object)
{
	struct post *post = object;

	find_here(post);
	if (post->provider != NULL &&
	    post->provider->events.telling == PROVIDER_POSTS)
		post->end = WEBHOOK_GOOD;
	provider_unref(post->provider);
}

bool
helm_listens(struct helm *helm, const char *name)
{
	struct post post = {
		.helm = helm,
		.name = name,
		.end = WEBHOOK_UNKNOWN,
	};

	loop_call(helm->loop, knows_here, &post);
	return post.end == WEBHOOK_GOOD;
}
