/* SPDX-License-Identifier: MIT */
/*
 * An alarm goes to the main loop, where its pace is kept and its command is
 * run, and from there to the carrier's loop, where it is posted.  Letters may
 * be read after the bell was freed, when a loop is: each counts a reference.
 */
#include "alarm.h"

#include "core/clock.h"
#include "pace.h"
#include "poster.h"
#include "runner.h"

/* How long one telling may last. */
#define TELL_MS 10000

const struct setting bell_settings[] = {
	{ .section = "server",
	    .key = "alarm_command",
	    .type = SETTING_STRING,
	    .help = "A program, with its arguments, that is run when somebody "
		    "has to know something now (an account is unusable, mail "
		    "goes by the reserve or is held), and when that is over; "
		    "it reads one JSON object." },
	{ .section = "server",
	    .key = "alarm_url",
	    .type = SETTING_SECRET,
	    .help = "A URL that the same is posted to; https, or http to this "
		    "host." },
	{ .section = "server",
	    .key = "alarm_pause",
	    .type = SETTING_DURATION,
	    .fallback = "1h",
	    .max = INT64_C(7) * 24 * 3600 * 1000,
	    .help = "The same thing is told again no sooner." },
	{ 0 },
};

struct bell {
	gatomicrefcount count;
	struct bell_options options;
	struct pace *pace;
	struct loop_timer *timer; /* of the pace */
	struct runner *runner;    /* NULL: there is no command */
	struct poster *poster;    /* NULL: there is no URL */
	bool closed;              /* nothing is told any more */
	struct letter stop;       /* to the carrier's loop, and back */
	loop_fn stopped;
	void *object;
};

/* A notice on its way between the loops. */
struct ring {
	struct letter letter;
	struct bell *bell;
	struct notice *notice;
};

static void
unref(struct bell *bell)
{
	if (g_atomic_ref_count_dec(&bell->count))
		g_free(bell);
}

static struct ring *
make_ring(struct bell *bell, struct notice *notice)
{
	struct ring *ring = g_new0(struct ring, 1);

	g_atomic_ref_count_inc(&bell->count);
	ring->bell = bell;
	ring->notice = notice;
	return ring;
}

/* What it brought, the caller's; NULL: nobody wants it any more. */
static struct notice *
open_ring(struct ring *ring, bool closed)
{
	struct notice *notice = ring->notice;

	unref(ring->bell);
	g_free(ring);
	if (!closed)
		return notice;
	notice_free(notice);
	return NULL;
}

static const char *
read_text(const struct bell_options *options, const char *key)
{
	return config_string(options->config, "server", key);
}

/* ---- settings ---- */

bool
bell_check(const struct config *config, GPtrArray *errors)
{
	const char *command = config_string(config, "server", "alarm_command");
	const char *url = config_string(config, "server", "alarm_url");
	g_autofree char *why = command ? runner_obstacle(command) : NULL;
	const char *obstacle = url ? poster_obstacle(url) : NULL;

	if (why != NULL)
		g_ptr_array_add(errors,
		    g_strdup_printf("%s: [server] alarm_command = %s: %s; "
				    "expected is the path of a program, with "
				    "its arguments, like "
				    "/usr/local/bin/alarm --loud",
			config_origin(config, "server", "alarm_command"),
			command, why));
	/* the value may be a secret */
	if (obstacle != NULL)
		g_ptr_array_add(errors,
		    g_strdup_printf("%s: [server] alarm_url: %s; expected is "
				    "https://host/path, or http:// to this "
				    "host",
			config_origin(config, "server", "alarm_url"),
			obstacle));
	return why == NULL && obstacle == NULL;
}

/* ---- the carrier's loop ---- */

static void
on_post(void *owner, struct letter *letter)
{
	struct ring *ring = LETTER_OF(letter, struct ring, letter);
	struct bell *bell = ring->bell;
	struct poster *poster = bell->poster;
	struct notice *notice;

	(void)owner;
	/* the bell may be gone with the ring; without a poster it is closed */
	notice = open_ring(ring, poster == NULL);
	if (notice != NULL)
		poster_add(poster, notice);
}

static void
on_all_stopped(void *owner, struct letter *letter)
{
	struct bell *bell = LETTER_OF(letter, struct bell, stop);

	(void)owner;
	if (!bell->closed)
		bell->stopped(bell->object);
	unref(bell);
}

static void
on_poster_stopped(void *object)
{
	struct bell *bell = object;

	loop_post(bell->options.main, &bell->stop, on_all_stopped);
}

static void
on_stop(void *owner, struct letter *letter)
{
	struct bell *bell = LETTER_OF(letter, struct bell, stop);

	(void)owner;
	if (bell->poster != NULL)
		poster_stop(bell->poster, on_poster_stopped, bell);
	else
		on_poster_stopped(bell);
}

/* ---- the main loop ---- */

static void
tell(struct bell *bell, struct notice *notice)
{
	if (bell->poster != NULL)
		loop_post(bell->options.http_loop,
		    &make_ring(bell, notice_copy(notice))->letter, on_post);
	if (bell->runner != NULL)
		runner_add(bell->runner, g_steal_pointer(&notice));
	notice_free(notice);
}

static void
set_timer(struct bell *bell)
{
	int64_t next_ms = pace_next(bell->pace);

	if (next_ms > 0)
		loop_timer_set(bell->timer, next_ms - clock_monotonic_ms());
}

static void
on_pause_over(void *object)
{
	struct bell *bell = object;
	struct notice *notice;

	while ((notice = pace_due(bell->pace, clock_monotonic_ms())) != NULL)
		tell(bell, notice);
	set_timer(bell);
}

static void
on_ring(void *owner, struct letter *letter)
{
	struct ring *ring = LETTER_OF(letter, struct ring, letter);
	struct bell *bell = ring->bell;
	bool closed = bell->closed || bell->stopped != NULL;
	struct notice *notice = open_ring(ring, closed);

	(void)owner;
	if (notice == NULL)
		return;
	notice = pace_take(bell->pace, notice, clock_monotonic_ms());
	if (notice != NULL)
		tell(bell, notice);
	set_timer(bell);
}

/* ---- the whole ---- */

static struct runner *
make_runner(const struct bell_options *options)
{
	struct runner_options runner = {
		.loop = options->main,
		.herald = options->herald,
		.command = read_text(options, "alarm_command"),
		.hostname = options->hostname,
		.timeout_ms = TELL_MS,
	};

	return runner.herald == NULL ? NULL : runner_new(&runner);
}

static struct poster *
make_poster(const struct bell_options *options)
{
	struct poster_options poster = {
		.http = options->http,
		.url = read_text(options, "alarm_url"),
		.hostname = options->hostname,
		.timeout_ms = TELL_MS,
	};

	return poster.url == NULL ? NULL : poster_new(&poster);
}

struct bell *
bell_new(const struct bell_options *options)
{
	struct bell *bell = g_new0(struct bell, 1);

	g_atomic_ref_count_init(&bell->count);
	bell->options = *options;
	config_ref(options->config);
	bell->runner = make_runner(options);
	bell->poster = make_poster(options);
	bell->pace =
	    pace_new(config_number(options->config, "server", "alarm_pause"));
	bell->timer = loop_timer_new(options->main, on_pause_over, bell);
	return bell;
}

void
bell_ring(void *object, const struct alarm *alarm)
{
	struct bell *bell = object;

	loop_post(bell->options.main,
	    &make_ring(bell, notice_new(alarm))->letter, on_ring);
}

void
bell_stop(struct bell *bell, loop_fn stopped, void *object)
{
	struct notice *notice;

	while ((notice = pace_flush(bell->pace)) != NULL)
		tell(bell, notice);
	bell->stopped = stopped;
	bell->object = object;
	g_atomic_ref_count_inc(&bell->count);
	loop_post(bell->options.http_loop, &bell->stop, on_stop);
}

void
bell_free(struct bell *bell)
{
	if (bell == NULL)
		return;
	bell->closed = true;
	g_clear_pointer(&bell->runner, runner_free);
	g_clear_pointer(&bell->poster, poster_free);
	g_clear_pointer(&bell->timer, loop_timer_free);
	g_clear_pointer(&bell->pace, pace_free);
	config_unref(bell->options.config);
	unref(bell);
}
