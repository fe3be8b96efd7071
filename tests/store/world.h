/* SPDX-License-Identifier: MIT */
/*
 * A store in a directory of its own, around the fake engine or the real one,
 * and everybody it talks to: sessions, prepare, dispatch, ferry.  What they
 * hear is in the trace.
 */
#ifndef TESTS_STORE_WORLD_H
#define TESTS_STORE_WORLD_H

#include "core/config.h"
#include "fake.h"
#include "state.h"

#include <glib/gstdio.h>

struct world {
	struct fake fake;
	const struct engine *engine;
	char *directory;
	struct config *config;
	struct disk *disk;
	struct store *store; /* NULL: closed */
	bool offline;
};

/* Of dispatch; the store reads it too. */
static const struct setting world_settings[] = {
	{ "server", "doubt_wait", SETTING_DURATION, "120s", .min = 0,
	    .max = 86400000 },
	{ "server", "doubt_wait_error", SETTING_DURATION, "20s", .min = 0,
	    .max = 86400000 },
	{ "server", "retry", SETTING_DURATIONS, "30s, 1h, 10m", .min = 1 },
	{ .section = NULL },
};

/* settings: "WINDOW_MAILS=10 BALLAST=4k", or "". */
static inline struct config *
world_config(const char *settings)
{
	const struct setting *const tables[] = { store_settings, world_settings,
		NULL };
	g_auto(GStrv) words = g_strsplit(settings, " ", -1);
	g_autoptr(GPtrArray) variables = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
	struct config_source source = { .path = NULL };
	struct config *config;

	for (char **word = words; *word != NULL; word++)
		if (**word != '\0')
			g_ptr_array_add(variables,
			    g_strconcat("POSTFERRY_SERVER_", *word, NULL));
	g_ptr_array_add(variables, NULL);
	source.environment = (char *const *)variables->pdata;
	config = config_read(&source, tables, errors);
	if (config == NULL)
		print_error("%s\n", (char *)errors->pdata[0]);
	assert_non_null(config);
	return config;
}

static inline struct world *
world_new(const char *settings)
{
	struct world *world = g_new0(struct world, 1);

	parse_start();
	pthread_mutex_init(&world->fake.lock, NULL);
	pthread_cond_init(&world->fake.changed, NULL);
	world->fake.trace = g_string_new(NULL);
	world->fake.needed = world->fake.left = "";
	world->engine = &fake_engine;
	world->directory = g_dir_make_tmp("store-XXXXXX", NULL);
	world->config = world_config(settings);
	world->disk = disk_new(world->directory, 1);
	world->fake.directory = world->directory;
	world->fake.place.directory = world->directory;
	world->fake.place.budget = budget_new(UINT64_C(1) << 30);
	fake_current = &world->fake;
	return world;
}

/* prepare: a mail must be the queue's by now. */
static inline void
world_on_onward(void *object, struct submission *submission)
{
	struct world *world = object;
	bool ours = submission->queued && submission->return_to.post == NULL;

	fake_note(&world->fake, "onward%s%s %c", ours ? "" : "-not-ours",
	    spool_check(submission->spool) ? "" : "-damaged",
	    fake_letter(submission->id));
	submission_free(submission);
}

static inline void
world_on_failed(void *object, const char *why)
{
	struct world *world = object;

	g_assert_nonnull(why);
	fake_note(&world->fake, "failed");
}

static inline void
world_open(struct world *world)
{
	struct store_options options = {
		.config = world->config,
		.directory = world->directory,
		.place = &world->fake.place,
		.disk = world->disk,
		.offline = world->offline,
		.onward = world_on_onward,
		.stage = world,
		.failed = world_on_failed,
		.object = world,
	};
	GError *error = NULL;

	world->store = store_open_with(world->engine, &options, &error);
	if (world->store == NULL)
		print_error("%s\n", error->message);
	assert_non_null(world->store);
}

/* Returns when the store has done all that was posted. */
static inline void
world_settle(struct world *world)
{
	struct store_ask ask = { .question = STORE_COUNTS };

	store_answer(world->store, &ask);
	store_ask_clear(&ask);
}

/* As often as it takes for what timers of no delay do. */
static inline void
world_settle_all(struct world *world)
{
	for (unsigned i = 0; i < 5; i++)
		world_settle(world);
}

/* Opened and started, with an empty trace. */
static inline struct world *
world_start(const char *settings)
{
	struct world *world = world_new(settings);

	world_open(world);
	store_start(world->store);
	world_settle(world);
	g_free(fake_take(&world->fake));
	return world;
}

static inline void
world_close(struct world *world)
{
	store_close(g_steal_pointer(&world->store));
}

static inline void
world_on_stop_clock(void *object)
{
	loop_timer_clear(((struct store *)object)->second);
}

static inline void
world_on_tick(void *object)
{
	loop_timer_set(((struct store *)object)->second, 0);
}

/* From now on a second passes when the test says so. */
static inline void
world_stop_clock(struct world *world)
{
	loop_call(world->store->loop, world_on_stop_clock, world->store);
}

static inline void
world_tick(struct world *world)
{
	loop_call(world->store->loop, world_on_tick, world->store);
}

static inline char *
world_path(const struct world *world, const char *name)
{
	return g_build_filename(world->directory, name, NULL);
}

static inline bool
world_has_file(const struct world *world, const char *name)
{
	g_autofree char *path = world_path(world, name);

	return access(path, F_OK) == 0;
}

static inline void
world_remove_files(const char *directory)
{
	GDir *open = g_dir_open(directory, 0, NULL);
	const char *name;

	while (open != NULL && (name = g_dir_read_name(open)) != NULL) {
		g_autofree char *path = g_build_filename(directory, name, NULL);

		if (g_file_test(path, G_FILE_TEST_IS_DIR))
			world_remove_files(path);
		else
			unlink(path);
	}
	if (open != NULL)
		g_dir_close(open);
	rmdir(directory);
}

static inline void
world_free(struct world *world)
{
	if (world->store != NULL)
		world_close(world);
	world_remove_files(world->directory);
	disk_free(world->disk);
	config_unref(world->config);
	budget_free(world->fake.place.budget);
	g_string_free(world->fake.trace, TRUE);
	g_free(world->fake.text);
	pthread_cond_destroy(&world->fake.changed);
	pthread_mutex_destroy(&world->fake.lock);
	g_free(world->directory);
	g_free(world);
}

/* ---- sessions ---- */

static inline void
world_on_answer(void *object, struct answer *answer)
{
	struct world *world = object;

	pthread_mutex_lock(&world->fake.lock);
	g_free(world->fake.text);
	world->fake.text =
	    g_strdup_printf("%s %s", answer->enhanced, answer->text);
	pthread_mutex_unlock(&world->fake.lock);
	fake_note(&world->fake, "%u %c", answer->code, (char)answer->session);
	answer_free(answer);
}

static inline struct submission *
world_submission(struct world *world, char letter, size_t bytes)
{
	struct submission *submission =
	    fake_submission(&world->fake, letter, bytes);

	submission->config = config_ref(world->config);
	submission->return_to =
	    (struct return_address){ world_on_answer, world, (uint64_t)letter };
	return submission;
}

static inline void
world_accept(struct world *world, char letter)
{
	store_accept_post(world->store, world_submission(world, letter, 100));
}

/* ---- dispatch ---- */

struct world_note {
	struct world *world;
	char letter;
};

static inline void
world_on_recorded(void *object, bool recorded)
{
	struct world_note *note = object;

	fake_note(&note->world->fake, "%s %c",
	    recorded ? "recorded" : "unrecorded", note->letter);
	g_free(note);
}

static inline struct message *
world_message(struct world *world, char letter, size_t bytes)
{
	struct message *message = sample_message("Subject: x\n\ny\n");

	submission_free(message->submission);
	message->submission = fake_submission(&world->fake, letter, bytes);
	return message;
}

/* An entry about a mail of so many bytes, that tells when it is recorded.
 * due_ms: of LANDED; 0: it is finished. */
static inline struct journal *
world_journal(
    struct world *world, enum journal_kind kind, char letter, size_t bytes)
{
	struct message *message = world_message(world, letter, bytes);
	struct journal *journal =
	    journal_new(kind, kind == JOURNAL_NOTED ? NULL : message);
	struct world_note *note = g_new0(struct world_note, 1);

	note->world = world;
	note->letter = letter;
	message_unref(message);
	journal->recorded = world_on_recorded;
	journal->object = note;
	return journal;
}

static inline void
world_enter(struct world *world, enum journal_kind kind, char letter)
{
	struct journal *journal = world_journal(world, kind, letter, 100);

	/* far away */
	journal->due_ms = kind == JOURNAL_LANDED ? INT64_MAX / 2 : 0;
	store_journal_post(world->store, journal);
}

#endif
