/* SPDX-License-Identifier: MIT */
#include "dispatch/helm.h"

#include "core/log.h"
#include "state.h"
#include "succession.h"

/* How often those before are looked at, whether they are through. */
#define LOOK_MS 1000

struct helm {
	struct loop *loop;
	struct prepare *prepare;

	/* the dispatch loop's; before it runs the main thread's */
	struct dispatcher *now;
	GPtrArray *before; /* those that it took over from, not through yet */
	struct loop_timer *timer;
	bool stopping;
	unsigned stops; /* dispatchers that have not told that they stopped */
	loop_fn stopped;
	void *stopped_object;
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
