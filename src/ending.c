/* SPDX-License-Identifier: MIT */
#include "ending.h"

#include "core/log.h"
#include "ferry_parts.h"
#include "reload.h"
#include <signal.h>
#include <unistd.h>

/* When the queue cannot be written any more: how long sessions have to say so
 * before the process ends. */
#define LAST_WORDS_MS 300

static void
on_last_words(void *object)
{
	struct ferry *ferry = object;

	ferry->end = FERRY_BROKEN;
	loop_quit(ferry->main);
}

static void
on_broken(void *owner, struct letter *letter)
{
	struct ferry *ferry = LETTER_OF(letter, struct ferry, broken);

	(void)owner;
	/* while all is taken down nobody is left who could be told */
	if (ferry->helm == NULL)
		return;
	ferry->stopping = true;
	helm_stop(ferry->helm, NULL, NULL);
	loop_timer_set(ferry->last_words, LAST_WORDS_MS);
}

void
ending_break(void *object, const char *why)
{
	struct ferry *ferry = object;

	log_error("the queue cannot be written: ending, for the next start to "
		  "read what is true",
	    log_str("directory", ferry->directory), log_str("why", why));
	loop_post(ferry->main, &ferry->broken, on_broken);
}

/* The dispatch loop: breaks off what is under way. */
static void
on_abort(void *owner, struct letter *letter)
{
	struct ferry *ferry = LETTER_OF(letter, struct ferry, abort);

	(void)owner;
	ferry->http.abort(ferry->http.self, NULL);
	ferry->relay.abort(ferry->relay.self, NULL);
}

static void
on_stop_timeout(void *object)
{
	struct ferry *ferry = object;

	log_warn("stop timeout: attempts under way are broken off",
	    log_num("after_ms",
		config_number(ferry->config, "server", "stop_timeout")));
	loop_post(ferry->dispatch, &ferry->abort, on_abort);
}

static void
on_bell_stopped(void *object)
{
	struct ferry *ferry = object;

	ferry->end = FERRY_DRAINED;
	loop_quit(ferry->main);
}

static void
on_all_stopped(void *owner, struct letter *letter)
{
	struct ferry *ferry = LETTER_OF(letter, struct ferry, stopped);

	(void)owner;
	bell_stop(ferry->bell, on_bell_stopped, ferry);
}

/* The dispatch loop: the last mail is through. */
static void
on_dispatcher_stopped(void *object)
{
	struct ferry *ferry = object;

	loop_post(ferry->main, &ferry->stopped, on_all_stopped);
}

/* The dispatcher starts nothing any more, so the workers get nothing more from
 * it; what they still hold reaches it before their pool ends. */
static void
on_quiet(void *owner, struct letter *letter)
{
	struct ferry *ferry = LETTER_OF(letter, struct ferry, quiet);

	(void)owner;
	/* the pool is where the store posts to */
	if (ferry->store != NULL)
		store_quiet(ferry->store);
	g_clear_pointer(&ferry->work, pool_free);
	helm_stop(ferry->helm, on_dispatcher_stopped, ferry);
}

/* The dispatch loop: the dispatcher has read that it stops. */
static void
on_quiet_asked(void *owner, struct letter *letter)
{
	struct ferry *ferry = LETTER_OF(letter, struct ferry, quiet);

	(void)owner;
	loop_post(ferry->main, &ferry->quiet, on_quiet);
}

/* Nobody who handed in a mail waits, and no session is left: nothing more comes
 * in.  Maybe on the thread that gave the last answer. */
static void
on_handin_stopped(void *object)
{
	struct ferry *ferry = object;

	loop_post(ferry->dispatch, &ferry->quiet, on_quiet_asked);
}

static void
on_server_stopped(void *object)
{
	struct ferry *ferry = object;

	handin_stop(ferry->handin, on_handin_stopped, ferry);
}

static void
on_signal(void *object)
{
	struct ferry *ferry = object;
	const struct config *config = ferry->config;

	if (ferry->stopping) {
		log_warn("second signal: ending now, undrained",
		    log_num("pid", getpid()));
		loop_quit(ferry->main);
		return;
	}
	ferry->stopping = true;
	log_info("stopping", log_num("pid", getpid()));
	service_stopping(ferry->service);
	if (ferry->status != NULL)
		status_drain(ferry->status);
	if (ferry->store != NULL)
		store_quiet_post(ferry->store);
	helm_stop(ferry->helm, NULL, NULL);
	server_stop(ferry->server,
	    config_number(config, "server", "data_grace"), on_server_stopped,
	    ferry);
	loop_timer_set(
	    ferry->stop_timer, config_number(config, "server", "stop_timeout"));
}

static void
on_hangup(void *object)
{
	struct ferry *ferry = object;

	if (!ferry->stopping)
		reload_settings(ferry->reload);
}

void
ending_heed(struct ferry *ferry)
{
	struct loop *main = ferry->main;

	ferry->stop_timer = loop_timer_new(main, on_stop_timeout, ferry);
	ferry->last_words = loop_timer_new(main, on_last_words, ferry);
	ferry->term = loop_signal_new(main, SIGTERM, on_signal, ferry);
	ferry->interrupt = loop_signal_new(main, SIGINT, on_signal, ferry);
	ferry->reload = reload_new(ferry);
	ferry->hangup = loop_signal_new(main, SIGHUP, on_hangup, ferry);
}

void
ending_unheed(struct ferry *ferry)
{
	g_clear_pointer(&ferry->stop_timer, loop_timer_free);
	g_clear_pointer(&ferry->last_words, loop_timer_free);
	/* a late second signal has nothing left to stop */
	g_clear_pointer(&ferry->term, loop_signal_free);
	g_clear_pointer(&ferry->interrupt, loop_signal_free);
	g_clear_pointer(&ferry->hangup, loop_signal_free);
	g_clear_pointer(&ferry->reload, reload_free);
}
