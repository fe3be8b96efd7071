/* SPDX-License-Identifier: MIT */
#include "ferry.h"

#include "alarm.h"
#include "carrier.h"
#include "circle.h"
#include "core/budget.h"
#include "core/cgroup.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/pool.h"
#include "descent.h"
#include "dispatch/prepare.h"
#include "lock.h"
#include "mail/parse.h"
#include "smtp/server.h"
#include "state_dir.h"
#include "status.h"
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* When the queue cannot be written any more: how long sessions have to say so
 * before the process ends. */
#define LAST_WORDS_MS 300

/* The stack of a work thread: GMime recurses, within the limiter's bounds. */
#define WORK_STACK_BYTES (2 * 1024 * 1024)

/* Memory for mail in transit, when nobody said how much: that much, or half of
 * what we may have. */
#define BUDGET_MOST (UINT64_C(512) << 20)

struct ferry {
	struct ferry_options options;
	struct config *config;
	const char *directory; /* NULL: no queue */
	struct lock *lock;
	struct budget *budget;
	struct disk *disk;
	struct busy *busy;
	struct spool_place place;
	struct store *store;
	struct status *status;
	struct status_door *door;
	struct loop *main;
	struct loop *dispatch;
	struct pool *work;
	struct carrier http, relay;
	struct herald *herald; /* NULL: no alarm_command */
	struct bell *bell;
	struct dispatcher *dispatcher;
	struct prepare *prepare;
	struct server *server;
	struct loop_signal *term, *interrupt, *hangup;
	struct loop_timer *stop_timer, *last_words;
	bool stopping;
	enum ferry_end end;
	struct letter broken;  /* from the store */
	struct letter abort;   /* to the dispatch loop */
	struct letter quiet;   /* to the dispatch loop, and back */
	struct letter stopped; /* from the dispatch loop */
};

void
ferry_prepare_process(void)
{
	struct rlimit files;

	signal(SIGPIPE, SIG_IGN);
	umask(0077);
	/* libESMTP looks for keys below HOME, and fails when it may not look */
	setenv("HOME", "/nonexistent", 1);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 &&
	    files.rlim_cur < files.rlim_max) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	carrier_http_start();
	carrier_relay_start();
	parse_start();
}

static unsigned
read_threads(const struct config *config, const char *key)
{
	int64_t threads = config_number(config, "server", key);

	return threads > 0 ? (unsigned)threads : g_get_num_processors();
}

static void
make_stages(struct ferry *ferry)
{
	const struct config *config = ferry->config;
	struct pool_options work = {
		.name = "work",
		.threads = read_threads(config, "workers"),
		.stack_bytes = WORK_STACK_BYTES,
	};
	struct carrier_relay_options relay = {
		.threads = (unsigned)config_number(config, "server", "relays"),
		.session_mails =
		    (unsigned)config_number(config, "server", "relay_mails"),
	};

	ferry->dispatch = loop_new("dispatch", NULL);
	ferry->work = pool_new(&work);
	ferry->http = carrier_http_new(ferry->dispatch);
	ferry->relay = carrier_relay_new(ferry->dispatch, &relay);
}

static void
make_bell(struct ferry *ferry)
{
	struct bell_options options = {
		.config = ferry->config,
		.main = ferry->main,
		.herald = ferry->herald,
		.http_loop = ferry->dispatch,
		.http = ferry->http,
		.hostname = server_hostname(ferry->config),
	};

	ferry->bell = bell_new(&options);
}

/* A session's mail goes to the queue first, or straight on. */
static void
on_submission(void *object, struct submission *submission)
{
	struct ferry *ferry = object;

	if (submission->when == ANSWER_QUEUED)
		store_accept_post(ferry->store, submission);
	else
		prepare_post(ferry->prepare, submission);
}

static void
on_queued(void *object, struct submission *submission)
{
	struct ferry *ferry = object;

	prepare_post(ferry->prepare, submission);
}

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
	if (ferry->dispatcher == NULL)
		return;
	ferry->stopping = true;
	dispatcher_stop(ferry->dispatcher, NULL, NULL);
	loop_timer_set(ferry->last_words, LAST_WORDS_MS);
}

/* The store's thread: nothing may be trusted but what the next start reads. */
static void
on_store_failed(void *object, const char *why)
{
	struct ferry *ferry = object;

	log_error("the queue cannot be written: ending, for the next start to "
		  "read what is true",
	    log_str("directory", ferry->directory), log_str("why", why));
	loop_post(ferry->main, &ferry->broken, on_broken);
}

static bool
make_store(struct ferry *ferry, GError **error)
{
	g_autofree char *busy =
	    ferry->directory ? state_dir_busy(ferry->directory) : NULL;
	struct store_options options = {
		.config = ferry->config,
		.directory = ferry->directory,
		.place = &ferry->place,
		.disk = ferry->disk,
		.onward = on_queued,
		.stage = ferry,
		.failed = on_store_failed,
		.object = ferry,
	};

	ferry->busy = busy_open(busy, error);
	if (ferry->busy == NULL)
		return false;
	if (ferry->directory == NULL)
		return true;
	ferry->store = store_open(&options, error);
	return ferry->store != NULL;
}

static void
make_prepare(struct ferry *ferry)
{
	struct prepare_options options = {
		.work = ferry->work,
		.dispatcher = ferry->dispatcher,
		.hostname = server_hostname(ferry->config),
		.busy = ferry->busy,
		.journal = ferry->store != NULL ? store_journal_post : NULL,
		.store = ferry->store,
	};

	ferry->prepare = prepare_new(&options);
}

static bool
make_dispatcher(struct ferry *ferry, GError **error)
{
	struct dispatcher_options dispatcher = {
		.config = ferry->config,
		.loop = ferry->dispatch,
		.work = ferry->work,
		.http = ferry->http,
		.relay = ferry->relay,
		.hostname = server_hostname(ferry->config),
		.place = &ferry->place,
		.event = ferry->options.event,
		.object = ferry->options.object,
		.alarm = bell_ring,
		.alarm_object = ferry->bell,
	};
	g_autoptr(GPtrArray) states = NULL;

	if (ferry->store != NULL) {
		dispatcher.states = states = store_states(ferry->store);
		dispatcher.journal = store_journal_post;
		dispatcher.wake = store_wake_post;
		dispatcher.ramp = store_ramp_post;
		dispatcher.store = ferry->store;
	}
	ferry->dispatcher = dispatcher_new(&dispatcher, error);
	if (ferry->dispatcher == NULL)
		return false;
	make_prepare(ferry);
	return true;
}

static uint64_t
find_size_most(void *object, const char *listener)
{
	const struct ferry *ferry = object;

	return dispatcher_size_most(ferry->dispatcher, listener);
}

static bool
make_server(struct ferry *ferry, GError **error)
{
	struct server_options server = {
		.config = ferry->config,
		.main = ferry->main,
		.loops = read_threads(ferry->config, "loops"),
		.place = &ferry->place,
		.budget = ferry->budget,
		.disk = ferry->disk,
		.size_most = find_size_most,
		.onward = on_submission,
		.stage = ferry,
	};

	ferry->server = server_new(&server, error);
	return ferry->server != NULL;
}

/* A thread of the door. */
static void
on_providers(void *object, GPtrArray *out)
{
	struct ferry *ferry = object;
	g_autoptr(GPtrArray) standings =
	    dispatcher_standings(ferry->dispatcher);

	g_ptr_array_extend_and_steal(out, g_steal_pointer(&standings));
}

static bool
make_door(struct ferry *ferry, GError **error)
{
	g_autofree char *path = NULL;
	struct status_options options = {
		.store = ferry->store,
		.disk = ferry->disk,
		.started_ms = clock_wall_ms(),
		.providers = on_providers,
		.object = ferry,
	};

	if (ferry->directory == NULL)
		return true;
	path = state_dir_control(ferry->directory);
	ferry->status = status_new(&options);
	ferry->door = status_door_open(ferry->status, path, error);
	return ferry->door != NULL;
}

bool
ferry_check(struct config *config, GPtrArray *errors)
{
	unsigned before = errors->len;

	state_dir_check(config, errors);
	server_check(config, errors);
	dispatcher_check(config, errors);
	bell_check(config, errors);
	circle_check(config, errors);
	if (errors->len == before)
		return true;
	config_sort_errors(errors);
	return false;
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
	dispatcher_stop(ferry->dispatcher, on_dispatcher_stopped, ferry);
}

/* The dispatch loop: the dispatcher has read that it stops. */
static void
on_quiet_asked(void *owner, struct letter *letter)
{
	struct ferry *ferry = LETTER_OF(letter, struct ferry, quiet);

	(void)owner;
	loop_post(ferry->main, &ferry->quiet, on_quiet);
}

/* No session is left, so nothing more comes in. */
static void
on_server_stopped(void *object)
{
	struct ferry *ferry = object;

	loop_post(ferry->dispatch, &ferry->quiet, on_quiet_asked);
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
	if (ferry->status != NULL)
		status_drain(ferry->status);
	if (ferry->store != NULL)
		store_quiet_post(ferry->store);
	dispatcher_stop(ferry->dispatcher, NULL, NULL);
	server_stop(ferry->server,
	    config_number(config, "server", "data_grace"), on_server_stopped,
	    ferry);
	loop_timer_set(
	    ferry->stop_timer, config_number(config, "server", "stop_timeout"));
}

/* Who renewed a certificate or changed the users says so by it. */
static void
on_hangup(void *object)
{
	struct ferry *ferry = object;

	log_info("SIGHUP: certificates and users are read again",
	    log_num("pid", getpid()));
	server_reread(ferry->server);
}

struct budget *
ferry_budget(const struct config *config)
{
	uint64_t wanted =
	    (uint64_t)config_number(config, "server", "memory_budget");
	uint64_t limit = wanted > 0 ? 0 : cgroup_memory("/");

	if (wanted == 0)
		wanted = limit > 0 ? MIN(limit / 2, BUDGET_MOST) : BUDGET_MOST;
	log_info("memory budget", log_num("bytes", (int64_t)wanted),
	    log_num_if("memory", (int64_t)limit));
	return budget_new(wanted);
}

static void
make_disk(struct ferry *ferry)
{
	const struct config *config = ferry->config;
	struct disk_limits limits = {
		.min_inodes = (unsigned)config_number(
		    config, "server", "min_free_inodes"),
		.max_mails =
		    (uint64_t)config_number(config, "server", "max_messages"),
		.max_bytes =
		    (uint64_t)config_number(config, "server", "max_bytes"),
	};

	ferry->disk = disk_new(ferry->directory,
	    (uint64_t)config_number(config, "server", "min_free"));
	disk_limit(ferry->disk, &limits);
}

/* What sessions stand on, and whose numbers are the settings'. */
static void
make_ground(struct ferry *ferry)
{
	const struct config *config = ferry->config;

	ferry->budget = ferry_budget(config);
	ferry->place.directory = ferry->directory;
	ferry->place.budget = ferry->budget;
	ferry->main = loop_new("main", ferry);
	if (ferry->directory != NULL)
		make_disk(ferry);
}

/* Whatever is in state_dir is opened as its user. */
static bool
take_directory(struct ferry *ferry, const struct privileges *privileges,
    bool *busy, GError **error)
{
	if (ferry->directory == NULL)
		return true;
	if (!privileges_lend(privileges, error))
		return false;
	ferry->lock = lock_take(ferry->directory, busy, error);
	return privileges_return(privileges, ferry->lock ? error : NULL) &&
	       ferry->lock != NULL;
}

static bool
open_doors(struct ferry *ferry, bool *busy, GError **error)
{
	struct descent descent = {
		.config = ferry->config,
		.settings_file = ferry->options.file,
		.privileges = privileges_new(ferry->config, error),
	};
	bool open = descent.privileges != NULL &&
		    take_directory(ferry, descent.privileges, busy, error);

	if (open)
		make_ground(ferry);
	open = open && make_server(ferry, error) &&
	       descent_end(&descent, &ferry->herald, error);
	privileges_free(descent.privileges);
	return open;
}

struct ferry *
ferry_new(const struct ferry_options *options, bool *busy, GError **error)
{
	struct ferry *ferry = g_new0(struct ferry, 1);

	*busy = false;
	ferry->options = *options;
	ferry->config = config_ref(options->config);
	ferry->directory = config_string(ferry->config, "server", "state_dir");
	if (!open_doors(ferry, busy, error))
		g_clear_pointer(&ferry, ferry_free);
	return ferry;
}

bool
ferry_load(struct ferry *ferry, GError **error)
{
	make_stages(ferry);
	make_bell(ferry);
	if (!make_store(ferry, error) || !make_dispatcher(ferry, error))
		return false;
	/* the door asks it how the providers are */
	loop_start(ferry->dispatch);
	if (!make_door(ferry, error))
		return false;
	/* from here on a signal is a stop, even before ferry_run() */
	ferry->term = loop_signal_new(ferry->main, SIGTERM, on_signal, ferry);
	ferry->interrupt =
	    loop_signal_new(ferry->main, SIGINT, on_signal, ferry);
	ferry->hangup = loop_signal_new(ferry->main, SIGHUP, on_hangup, ferry);
	return true;
}

enum ferry_end
ferry_run(struct ferry *ferry)
{
	ferry->stop_timer = loop_timer_new(ferry->main, on_stop_timeout, ferry);
	ferry->last_words = loop_timer_new(ferry->main, on_last_words, ferry);
	ferry->end = FERRY_CUT;
	if (ferry->store != NULL)
		store_start(ferry->store);
	server_start(ferry->server);
	dispatcher_start(ferry->dispatcher);
	loop_run(ferry->main);
	log_info("stopped", log_num("pid", getpid()));
	return ferry->end;
}

const char *
ferry_address(const struct ferry *ferry, const char *listener)
{
	return server_address(ferry->server, listener);
}

static void
free_carrier(struct carrier *carrier)
{
	if (carrier->free != NULL)
		carrier->free(carrier->self);
}

void
ferry_free(struct ferry *ferry)
{
	if (ferry == NULL)
		return;
	g_clear_pointer(&ferry->door, status_door_close);
	g_clear_pointer(&ferry->status, status_free);
	g_clear_pointer(&ferry->stop_timer, loop_timer_free);
	g_clear_pointer(&ferry->last_words, loop_timer_free);
	g_clear_pointer(&ferry->server, server_free);
	g_clear_pointer(&ferry->work, pool_free);
	if (ferry->dispatch != NULL)
		loop_stop(ferry->dispatch);
	free_carrier(&ferry->http);
	free_carrier(&ferry->relay);
	/* what dispatch let go of last is written here */
	g_clear_pointer(&ferry->store, store_close);
	prepare_free(ferry->prepare);
	g_clear_pointer(&ferry->dispatcher, dispatcher_free);
	g_clear_pointer(&ferry->dispatch, loop_free);
	g_clear_pointer(&ferry->bell, bell_free);
	g_clear_pointer(&ferry->herald, herald_free);
	/* a late second signal has nothing left to stop */
	g_clear_pointer(&ferry->term, loop_signal_free);
	g_clear_pointer(&ferry->interrupt, loop_signal_free);
	g_clear_pointer(&ferry->hangup, loop_signal_free);
	g_clear_pointer(&ferry->main, loop_free);
	g_clear_pointer(&ferry->disk, disk_free);
	g_clear_pointer(&ferry->busy, busy_close);
	g_clear_pointer(&ferry->budget, budget_free);
	g_clear_pointer(&ferry->lock, lock_release);
	config_unref(ferry->config);
	g_free(ferry);
}
