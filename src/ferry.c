/* SPDX-License-Identifier: MIT */
#include "ferry.h"

#include "circle.h"
#include "core/budget.h"
#include "core/cgroup.h"
#include "core/clock.h"
#include "core/log.h"
#include "descent.h"
#include "dispatch/suppressions.h"
#include "echo.h"
#include "ending.h"
#include "ferry_parts.h"
#include "lock.h"
#include "mail/parse.h"
#include "state_dir.h"
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* The stack of a work thread: GMime recurses, within the limiter's bounds. */
#define WORK_STACK_BYTES (2 * 1024 * 1024)

/* Memory for mail in transit, when nobody said how much: that much, or half of
 * what we may have. */
#define BUDGET_MOST (UINT64_C(512) << 20)

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
on_complaint(void *object, const struct complaint *complaint, bool over)
{
	const struct ferry *ferry = object;
	g_autofree char *ended =
	    g_strconcat("not so any more: ", complaint->text, NULL);
	struct alarm alarm = {
		.kind = complaint->kind,
		.subject = complaint->subject,
		.over = over,
		.since_ms = complaint->since_ms,
		.text = over ? ended : complaint->text,
		.advice = over ? NULL : complaint->advice,
	};

	if (complaint->urgent)
		bell_ring(ferry->bell, &alarm);
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
	complaints_watch(ferry->complaints, on_complaint, ferry);
}

/* A session's mail goes to the queue first, or straight on. */
static void
on_submission(void *object, struct submission *submission)
{
	struct ferry *ferry = object;

	album_add(ferry->album, submission);
	if (submission->when == ANSWER_QUEUED)
		store_accept_post(ferry->store, submission);
	else
		helm_take(ferry->helm, submission);
}

static void
on_queued(void *object, struct submission *submission)
{
	struct ferry *ferry = object;

	album_add(ferry->album, submission);
	helm_take(ferry->helm, submission);
}

static void
make_echo(struct ferry *ferry, struct store_options *store)
{
	const struct echo_options options = {
		.config = ferry->config,
		.work = ferry->work,
		.hostname = server_hostname(ferry->config),
		.place = &ferry->place,
	};

	if (!config_bool(ferry->config, "server", "event_reports"))
		return;
	ferry->echo = echo_new(&options);
	store->owed = echo_post;
	store->owed_object = ferry->echo;
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
		.metrics = ferry->metrics,
		.onward = on_queued,
		.stage = ferry,
		.failed = ending_break,
		.object = ferry,
		.news = suppressions_post,
	};

	ferry->busy = busy_open(busy, error);
	if (ferry->busy == NULL)
		return false;
	if (ferry->directory == NULL)
		return true;
	make_echo(ferry, &options);
	ferry->suppressions = suppressions_new(ferry->dispatch);
	options.news_object = ferry->suppressions;
	ferry->store = store_open(&options, error);
	if (ferry->store == NULL)
		return false;
	if (ferry->echo != NULL)
		echo_attach(ferry->echo, ferry->store);
	store_suppressions(
	    ferry->store, suppressions_load, ferry->suppressions);
	return true;
}

static bool
make_helm(struct ferry *ferry, GError **error)
{
	struct dispatcher_options dispatcher = {
		.config = ferry->config,
		.loop = ferry->dispatch,
		.work = ferry->work,
		.http = ferry->http,
		.relay = ferry->relay,
		.hostname = server_hostname(ferry->config),
		.place = &ferry->place,
		.metrics = ferry->metrics,
		.event = ferry->options.event,
		.object = ferry->options.object,
		.alarm = bell_ring,
		.alarm_object = ferry->bell,
	};
	struct prepare_options prepare = {
		.work = ferry->work,
		.hostname = server_hostname(ferry->config),
		.give_up_ms = config_number(ferry->config, "server", "give_up"),
		.busy = ferry->busy,
		.store = ferry->store,
	};
	g_autoptr(GPtrArray) states = NULL;

	if (ferry->store != NULL) {
		prepare.journal = store_journal_post;
		dispatcher.states = states = store_states(ferry->store);
		dispatcher.journal = store_journal_post;
		dispatcher.hear = store_hear_post;
		dispatcher.wake = store_wake_post;
		dispatcher.ramp = store_ramp_post;
		dispatcher.store = ferry->store;
		dispatcher.suppressions = ferry->suppressions;
	}
	ferry->helm = helm_new(&dispatcher, &prepare, error);
	return ferry->helm != NULL;
}

static uint64_t
find_size_most(void *object, const char *listener)
{
	const struct ferry *ferry = object;

	return helm_size_most(ferry->helm, listener);
}

static const char *const *
name_routes(const struct config *config)
{
	return config_names(config, "route");
}

static bool
make_server(
    struct ferry *ferry, const struct privileges *privileges, GError **error)
{
	struct server_options server = {
		.config = ferry->config,
		.main = ferry->main,
		.loops = read_threads(ferry->config, "loops"),
		.place = &ferry->place,
		.budget = ferry->budget,
		.metrics = ferry->metrics,
		.disk = ferry->disk,
		.complaints = ferry->complaints,
		.tokens = ferry->tokens,
		.socket_group = privileges_group(privileges),
		.size_most = find_size_most,
		.routes = name_routes,
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
	g_autoptr(GPtrArray) standings = helm_standings(ferry->helm);

	g_ptr_array_extend_and_steal(out, g_steal_pointer(&standings));
}

static void
make_handin(struct ferry *ferry)
{
	struct handin_options options = {
		.config = ferry->config,
		.hostname = server_hostname(ferry->config),
		.place = &ferry->place,
		.budget = ferry->budget,
		.disk = ferry->disk,
		.metrics = ferry->metrics,
		.onward = on_submission,
		.size_most = find_size_most,
		.routes = name_routes,
		.stage = ferry,
	};

	ferry->handin = handin_new(&options);
}

/* The same. */
static enum webhook_end
on_webhook(void *object, const char *provider, struct webhook *webhook)
{
	struct ferry *ferry = object;

	return helm_hear(ferry->helm, provider, webhook);
}

static bool
is_listening(void *object, const char *provider)
{
	struct ferry *ferry = object;

	return helm_listens(ferry->helm, provider);
}

static bool
make_doors(struct ferry *ferry, GError **error)
{
	g_autofree char *path = NULL;
	struct status_options options = {
		.store = ferry->store,
		.disk = ferry->disk,
		.budget = ferry->budget,
		.complaints = ferry->complaints,
		.metrics = ferry->metrics,
		.album = ferry->album,
		.started_ms = clock_wall_ms(),
		.place = &ferry->place,
		.body_most = status_http_body_most(ferry->config),
		.handin = ferry->handin,
		.providers = on_providers,
		.hear = on_webhook,
		.listens = is_listening,
		.object = ferry,
		.sandbox = ferry->options.sandbox,
	};

	ferry->status = status_new(&options);
	if (!status_start(ferry->status, error))
		return false;
	if (ferry->watched != NULL && !status_http_open(ferry->watched,
					  ferry->status, ferry->tokens, error))
		return false;
	if (ferry->directory == NULL)
		return true;
	path = state_dir_control(ferry->directory);
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
	status_http_check(config, errors);
	handin_check(config, errors);
	circle_check(config, errors);
	store_check(config, errors);
	if (errors->len == before)
		return true;
	config_sort_errors(errors);
	return false;
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
	ferry->album =
	    album_new((uint64_t)config_number(config, "server", "http_bodies"),
		ferry->budget);
	ferry->main = loop_new("main", ferry);
	ferry->service = service_new(ferry->main);
	ferry->complaints = complaints_new();
	ferry->metrics = metrics_new();
	ferry->tokens = token_set_new();
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

/* Not to have one is no error. */
static bool
listen_http(struct ferry *ferry, GError **error)
{
	g_autoptr(GError) wrong = NULL;

	ferry->watched = status_http_listen(ferry->config, &wrong);
	if (wrong == NULL)
		return true;
	g_propagate_error(error, g_steal_pointer(&wrong));
	return false;
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
	open = open && make_server(ferry, descent.privileges, error) &&
	       listen_http(ferry, error) &&
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
	ferry->first = config_ref(options->config);
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
	if (!make_store(ferry, error) || !make_helm(ferry, error))
		return false;
	/* the door asks it how the providers are */
	loop_start(ferry->dispatch);
	ending_heed(ferry);
	make_handin(ferry);
	return make_doors(ferry, error);
}

enum ferry_end
ferry_run(struct ferry *ferry)
{
	ferry->end = FERRY_CUT;
	if (ferry->store != NULL)
		store_start(ferry->store);
	server_start(ferry->server);
	helm_start(ferry->helm);
	service_ready(ferry->service, ferry->dispatch);
	loop_run(ferry->main);
	log_info("stopped", log_num("pid", getpid()));
	return ferry->end;
}

const char *
ferry_address(const struct ferry *ferry, const char *listener)
{
	return server_address(ferry->server, listener);
}

const char *
ferry_http_address(const struct ferry *ferry)
{
	return status_http_address(ferry->watched);
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
	g_clear_pointer(&ferry->watched, status_http_close);
	g_clear_pointer(&ferry->status, status_free);
	g_clear_pointer(&ferry->server, server_free);
	g_clear_pointer(&ferry->work, pool_free);
	if (ferry->dispatch != NULL)
		loop_stop(ferry->dispatch);
	free_carrier(&ferry->http);
	free_carrier(&ferry->relay);
	/* what dispatch let go of last is written here */
	g_clear_pointer(&ferry->store, store_close);
	g_clear_pointer(&ferry->helm, helm_free);
	g_clear_pointer(&ferry->handin, handin_free);
	g_clear_pointer(&ferry->dispatch, loop_free);
	g_clear_pointer(&ferry->suppressions, suppressions_free);
	g_clear_pointer(&ferry->echo, echo_free);
	g_clear_pointer(&ferry->bell, bell_free);
	g_clear_pointer(&ferry->herald, herald_free);
	ending_unheed(ferry);
	service_mute(ferry->service);
	g_clear_pointer(&ferry->main, loop_free);
	g_clear_pointer(&ferry->service, service_free);
	g_clear_pointer(&ferry->disk, disk_free);
	g_clear_pointer(&ferry->busy, busy_close);
	g_clear_pointer(&ferry->album, album_free);
	g_clear_pointer(&ferry->budget, budget_free);
	g_clear_pointer(&ferry->complaints, complaints_free);
	g_clear_pointer(&ferry->metrics, metrics_free);
	g_clear_pointer(&ferry->tokens, token_set_free);
	g_clear_pointer(&ferry->lock, lock_release);
	config_unref(ferry->config);
	config_unref(ferry->first);
	g_free(ferry);
}
