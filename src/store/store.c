/* SPDX-License-Identifier: MIT */
#include "state.h"

#include "batch.h"
#include "core/clock.h"
#include "core/config.h"
#include "core/log.h"
#include "departure.h"
#include "due.h"
#include "entries.h"
#include "fresh.h"
#include "hearing.h"
#include "question.h"
#include "repeat.h"
#include "space.h"
#include "store/medium.h"
#include <string.h>

#define SECOND_MS 1000

/* Between two slices of the sweep. */
#define SWEEP_MS 20

const struct setting store_settings[] = {
	{ "server", "window_mails", SETTING_NUMBER, "2000", .min = 10,
	    .max = 1000000,
	    .help = "Mails of the queue that are in memory at a time; the "
		    "rest waits on disk." },
	{ "server", "window_bytes", SETTING_SIZE, "32m", .min = 1 << 20,
	    .max = 1LL << 40,
	    .help = "Bytes of the mails of the queue that are worked on at a "
		    "time; the rest waits on disk." },
	{ "server", "inline_max", SETTING_SIZE, "64k", .max = SPOOL_MEMORY_MAX,
	    .help = "Mails up to this size are kept in the database, larger "
		    "ones in files of their own." },
	{ "server", "keep_records", SETTING_DURATION, "14d",
	    .max = 3650LL * 24 * 3600 * 1000,
	    .help = "How long is known what became of a mail that is "
		    "finished." },
	{ "server", "records_subjects", SETTING_CHOICE, "keep",
	    .choices = "keep|drop",
	    .help = "What is kept of the subject of a mail that is finished: "
		    "drop it, and such mail is not found by it any more." },
	{ "server", "records_addresses", SETTING_CHOICE, "keep",
	    .choices = "keep|hash",
	    .help =
		"How the addresses of a mail that is finished are kept: hash "
		"makes hidden-0123456789abcdef@example.org of them, by a key in "
		"state_dir. Mail is still found by a whole address, the domain "
		"can be read, and what From said is not kept; nobody can be "
		"told by mail what became of it later. Mails that are not "
		"finished, the log, and what was recorded before have the "
		"addresses as they are." },
	{ "server", "keep_resends", SETTING_DURATION, "7d", .min = 60000,
	    .max = 365LL * 24 * 3600 * 1000,
	    .help = "How long the mail of a client whose resends are known "
		    "([listener] resends) is remembered: the same once more "
		    "is not sent again." },
	{ "server", "idempotency_keep", SETTING_DURATION, "24h", .min = 1000,
	    .max = 365LL * 24 * 3600 * 1000,
	    .help = "How long an idempotency key of a mail that is handed in "
		    "by HTTP is remembered: the same mail with it is not sent "
		    "again, another is refused." },
	{ "server", "suppress", SETTING_LIST,
	    "hard_bounces, complaints, unsubscribes",
	    .help = "What providers tell that puts an address on the "
		    "suppression list (postferry suppress), which gets no "
		    "mail any more, by whatever provider and whoever sends "
		    "it: hard_bounces, complaints, unsubscribes, or none." },
	{ "server", "min_free", SETTING_SIZE, "0", .max = 1LL << 50,
	    .help = "What is left free on the disk of state_dir: without that "
		    "no mail is begun; 0: the smaller of 10 % and 200 MB." },
	{ "server", "min_free_inodes", SETTING_NUMBER, "1", .min = 1, .max = 90,
	    .help = "The same of its inodes, in percent of all." },
	{ "server", "max_messages", SETTING_NUMBER, "1000000",
	    .max = 1000000000,
	    .help = "Mails that the queue may hold: with so many no mail is "
		    "begun; 0: as the disk has room." },
	{ "server", "max_bytes", SETTING_SIZE, "0", .max = 1LL << 50,
	    .help = "The same of their bytes; 0: as the disk has room." },
	{ "server", "ballast", SETTING_SIZE, "0", .max = 1LL << 40,
	    .help = "A file that is given up when the disk is full, to record "
		    "what came of attempts under way; 0: the smaller of 5 % "
		    "of the disk and 32 MiB." },
	{ .section = NULL },
};

void
store_check(const struct config *config, GPtrArray *errors)
{
	const char *wrong;
	unsigned kinds;

	if (!suppression_read_kinds(
		config_list(config, "server", "suppress"), &kinds, &wrong))
		g_ptr_array_add(errors,
		    g_strdup_printf("%s: [server] suppress: \"%s\" is none of "
				    "hard_bounces, complaints, unsubscribes; "
				    "or none alone",
			config_origin(config, "server", "suppress"), wrong));
}

static int64_t
read_server(const struct store *store, const char *key)
{
	return config_number(store->options.config, "server", key);
}

static void
take_turn(struct store *store)
{
	bool more = batch_turn(store);

	/* none is left when what came last is read */
	if (store->again != NULL)
		loop_timer_set(store->again, more ? 0 : due_delay(store));
}

static void
on_turn(void *object)
{
	take_turn(object);
}

static void
on_second(void *object)
{
	struct store *store = object;

	space_look(store);
	due_watch(store);
	omission_tell(&store->omissions, clock_monotonic_ms());
	repeat_sweep(store);
	hearing_again(store);
	hearing_report(store);
	if (store->space.state != DISK_BAD && !store->closing)
		entries_again(store);
	take_turn(store);
	loop_timer_set(store->second, SECOND_MS);
}

static bool
on_needed(void *object, const char *id)
{
	struct store *store = object;

	return body_is_under_way(store->bodies, id) ||
	       store->engine->has(store->rows, id);
}

static void
on_broom(void *object)
{
	struct store *store = object;

	if (store->space.state == DISK_BAD)
		return;
	if (sweep_step(store->sweep)) {
		loop_timer_set(store->broom, SWEEP_MS);
		return;
	}
	if (sweep_count(store->sweep) > 0)
		log_info("files of no mail removed",
		    log_str("directory", body_directory(store->bodies)),
		    log_num("files", sweep_count(store->sweep)));
	g_clear_pointer(&store->sweep, sweep_free);
}

/* ---- open ---- */

static bool
open_rows(struct store *store, GError **error)
{
	struct engine_options options = {
		.directory = store->directory,
		.place = store->options.place,
		.config = store->options.config,
		.offline = store->options.offline,
		.doubt_ms = read_server(store, "doubt_wait"),
	};

	store->rows = store->engine->open(&options, error);
	return store->rows != NULL;
}

/* The records' thread. */
static void
on_records_changed(void *object)
{
	store_changed(object);
}

static bool
is_set(const struct config *config, const char *key, const char *word)
{
	return strcmp(config_string(config, "server", key), word) == 0;
}

static struct veil_terms
read_terms(const struct config *config)
{
	return (struct veil_terms){
		.subjects = is_set(config, "records_subjects", "drop"),
		.addresses = is_set(config, "records_addresses", "hash"),
	};
}

static bool
open_records(struct store *store, GError **error)
{
	struct records_options options = {
		.directory = store->directory,
		.keep_ms = read_server(store, "keep_records"),
		.terms = read_terms(store->options.config),
		.offline = store->options.offline,
		.moved = departure_moved,
		.changed = on_records_changed,
		.object = store,
	};

	store->records = records_open(&options, error);
	return store->records != NULL;
}

/* What a crash left between its last commit and its removal. */
static bool
find_finished(struct store *store, GError **error)
{
	g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);

	if (store->options.offline)
		return true;
	if (store->engine->finished(store->rows, ids) != ENGINE_OK) {
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_IO,
		    "%s: the queue cannot be read: %s; its files are left as "
		    "they are",
		    store->directory, store->engine->error(store->rows));
		return false;
	}
	for (unsigned i = 0; i < ids->len; i++)
		departure_add(store, ids->pdata[i]);
	return true;
}

static bool
open_parts(struct store *store, GError **error)
{
	store->bodies = body_open(
	    store->directory, store->loop, store->options.offline, error);
	return store->bodies != NULL && open_rows(store, error) &&
	       find_finished(store, error) && open_records(store, error);
}

static void
make_timers(struct store *store)
{
	store->again = loop_timer_new(store->loop, on_turn, store);
	store->second = loop_timer_new(store->loop, on_second, store);
	store->broom = loop_timer_new(store->loop, on_broom, store);
	loop_timer_set(store->again, 0);
	if (store->options.offline)
		return;
	loop_timer_set(store->second, SECOND_MS);
	store->sweep =
	    sweep_new(body_directory(store->bodies), on_needed, store);
	if (store->sweep != NULL)
		loop_timer_set(store->broom, SWEEP_MS);
}

static struct store *
make_store(const struct engine *engine, const struct store_options *options)
{
	struct store *store = g_new0(struct store, 1);

	store->options = *options;
	config_ref(options->config);
	store->directory = g_strdup(options->directory);
	store->engine = engine;
	/* anywhere: a number of before the start is none of these */
	store->version = (uint64_t)g_random_int() << 32 | g_random_int();
	store->inline_max = read_server(store, "inline_max");
	store->loop = loop_new("store", store);
	loop_after(store->loop, on_turn, store);
	store->window = window_new((unsigned)read_server(store, "window_mails"),
	    (uint64_t)read_server(store, "window_bytes"));
	due_open(store);
	departure_open(store);
	repeat_open(store);
	hearing_open(store);
	return store;
}

static void
free_store(struct store *store)
{
	records_close(g_steal_pointer(&store->records));
	loop_free(store->loop);
	if (store->rows != NULL)
		store->engine->close(store->rows);
	body_free(store->bodies);
	sweep_free(store->sweep);
	window_free(store->window);
	departure_free(store);
	hearing_free(store);
	g_ptr_array_unref(store->due.loaded);
	g_free(store->directory);
	config_unref(store->options.config);
	g_free(store);
}

struct store *
store_open_with(const struct engine *engine,
    const struct store_options *options, GError **error)
{
	struct store *store = make_store(engine, options);

	if (!options->offline)
		space_spare(store);
	if (!open_parts(store, error)) {
		free_store(store);
		return NULL;
	}
	if (!options->offline) {
		medium_warn(store->directory);
		space_open(store, (uint64_t)read_server(store, "ballast"));
	}
	make_timers(store);
	loop_start(store->loop);
	return store;
}

struct store *
store_open(const struct store_options *options, GError **error)
{
	return store_open_with(&engine_sqlite, options, error);
}

/* Counting takes a moment when there are many: behind the first mails. */
static void
tell_counts(struct store *store)
{
	struct store_ask ask = { .question = STORE_COUNTS };

	if (store->space.state != DISK_BAD &&
	    store->engine->ask(store->rows, &ask) == ENGINE_OK)
		log_info("queue opened", log_str("directory", store->directory),
		    log_num("waiting", (int64_t)ask.counts.waiting),
		    log_num("held", (int64_t)ask.counts.held),
		    log_num("doubts", (int64_t)ask.counts.doubts),
		    log_num("bytes", (int64_t)ask.counts.bytes));
	store_ask_clear(&ask);
}

struct states {
	struct store *store;
	GPtrArray *found;
};

static void
on_states(void *object)
{
	struct states *states = object;
	struct store *store = states->store;

	if (store->space.state != DISK_BAD &&
	    store->engine->states(store->rows, states->found) == ENGINE_BAD)
		space_bad(store, store->engine->error(store->rows));
}

GPtrArray *
store_states(struct store *store)
{
	struct states states = { store,
		g_ptr_array_new_with_free_func(journal_state_free) };

	loop_call(store->loop, on_states, &states);
	return states.found;
}

struct roll_call {
	struct store *store;
	store_suppressed_fn each;
	void *object;
};

static void
on_roll_call(void *object)
{
	struct roll_call *call = object;
	struct store *store = call->store;

	if (store->space.state != DISK_BAD &&
	    store->engine->suppressed(store->rows, call->each, call->object) ==
		ENGINE_BAD)
		space_bad(store, store->engine->error(store->rows));
}

void
store_suppressions(struct store *store, store_suppressed_fn each, void *object)
{
	struct roll_call call = { store, each, object };

	loop_call(store->loop, on_roll_call, &call);
}

/* ---- letters ---- */

/* One that says a number. */
struct word {
	struct letter letter;
	unsigned number;
};

static void
post_word(struct store *store, unsigned number, letter_fn read)
{
	struct word *word = g_new0(struct word, 1);

	word->number = number;
	loop_post(store->loop, &word->letter, read);
}

static void
on_start(void *owner, struct letter *letter)
{
	struct store *store = owner;

	g_free(LETTER_OF(letter, struct word, letter));
	store->started = true;
	tell_counts(store);
}

void
store_start(struct store *store)
{
	post_word(store, 0, on_start);
}

void
store_accept_post(void *store, struct submission *submission)
{
	fresh_post(store, submission);
}

void
store_hear_post(void *store, struct event_batch *batch)
{
	hearing_post(store, batch);
}

void
store_journal_post(void *store, struct journal *journal)
{
	entries_post(store, journal);
}

static void
on_wake(void *owner, struct letter *letter)
{
	struct word *word = LETTER_OF(letter, struct word, letter);

	due_wake(owner, word->number);
	g_free(word);
}

void
store_wake_post(void *store, unsigned count)
{
	post_word(store, count, on_wake);
}

static void
on_ramp(void *owner, struct letter *letter)
{
	struct word *word = LETTER_OF(letter, struct word, letter);

	due_ramp(owner, word->number);
	g_free(word);
}

void
store_ramp_post(void *store, unsigned most)
{
	post_word(store, most, on_ramp);
}

static void
on_quiet(void *object)
{
	struct store *store = object;

	store->quiet = true;
	/* what waits for room is not to wait for long */
	store->space.retry = true;
}

static void
on_quiet_letter(void *owner, struct letter *letter)
{
	g_free(LETTER_OF(letter, struct word, letter));
	on_quiet(owner);
}

void
store_quiet_post(struct store *store)
{
	post_word(store, 0, on_quiet_letter);
}

void
store_quiet(struct store *store)
{
	loop_call(store->loop, on_quiet, store);
}

void
store_answer(struct store *store, struct store_ask *ask)
{
	question_ask(store, ask);
}

uint64_t
store_version(const struct store *store)
{
	return atomic_load(&store->version);
}

/* ---- close ---- */

static void
on_close(void *object)
{
	struct store *store = object;

	store->quiet = store->closing = true;
}

/* Each stage ends before the one it posts to: the threads that write files, the
 * loop, the records, whose last letter the loop still reads.  From loop_stop()
 * on the store is this thread's. */
void
store_close(struct store *store)
{
	if (store == NULL)
		return;
	loop_call(store->loop, on_close, store);
	body_stop(store->bodies);
	loop_stop(store->loop);
	g_clear_pointer(&store->again, loop_timer_free);
	g_clear_pointer(&store->second, loop_timer_free);
	g_clear_pointer(&store->broom, loop_timer_free);
	while (batch_turn(store))
		;
	entries_end(store);
	omission_tell(&store->omissions, clock_monotonic_ms());
	question_end(store);
	hearing_end(store);
	free_store(store);
}
