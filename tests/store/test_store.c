/* SPDX-License-Identifier: MIT */
/* The store on the engine it has: what the files of it come to together. */
#include "queue.h"

#include "world.h"

#define LARGE  100000
#define BODY_A "bodies/0000000000000000000000000A"
#define BODY_B "bodies/0000000000000000000000000B"

static struct world *
begin(const char *settings)
{
	struct world *world = world_new(settings);

	world->engine = &engine_sqlite;
	world_open(world);
	return world;
}

static struct store_counts
count(struct world *world)
{
	struct store_ask ask = { .question = STORE_COUNTS };

	store_answer(world->store, &ask);
	assert_null(ask.obstacle);
	store_ask_clear(&ask);
	return ask.counts;
}

/* The number that must be 0. */
static void
check_totals(const struct store_counts *counts)
{
	const struct store_totals *totals = &counts->totals;

	assert_int_equal(totals->accepted,
	    totals->settled + totals->bounced + totals->dead + totals->waiting);
}

static void
keep(struct world *world, char letter, size_t bytes)
{
	char words[16];

	g_snprintf(words, sizeof(words), "250 %c", letter);
	store_accept_post(world->store, world_submission(world, letter, bytes));
	fake_await(&world->fake, words);
}

static void
test_restart(void **state)
{
	struct world *world = begin("");
	struct store_counts counts;

	(void)state;
	keep(world, 'A', 100);
	keep(world, 'B', LARGE);
	counts = count(world);
	assert_int_equal(counts.waiting, 2);
	assert_int_equal(counts.bytes, LARGE + 100);
	assert_true(world_has_file(world, BODY_B));
	assert_false(world_has_file(world, BODY_A));
	world_close(world);
	world_open(world);
	counts = count(world);
	assert_int_equal(counts.waiting, 2);
	store_start(world->store);
	fake_await(&world->fake, "onward A");
	fake_await(&world->fake, "onward B");
	counts = count(world);
	assert_int_equal(counts.active, 2);
	check_totals(&counts);
	/* in dispatch when it ends: it waits again */
	world_close(world);
	world_open(world);
	counts = count(world);
	assert_int_equal(counts.waiting, 2);
	world_free(world);
}

static void
add_state(struct journal *journal, enum recipient_state is)
{
	struct recipient recipient = { .state = is,
		.provider = g_strdup("one"),
		.id = is == RECIPIENT_ACCEPTED ? g_strdup("id") : NULL };

	journal_add_recipient(journal, 0, &recipient);
	recipient_clear(&recipient);
}

static struct journal_attempt *
make_attempt(int64_t ended_ms)
{
	unsigned number = 0;
	g_autoptr(GPtrArray) nobody = g_ptr_array_new();
	struct message message = { .from = nobody };
	struct delivery delivery = { .message = &message,
		.recipients = &number,
		.count = 1,
		.attempt = 1 };
	struct verdict verdict = { .class = VERDICT_ACCEPTED };
	struct journal_attempt *attempt =
	    journal_attempt_new(&delivery, "one", 5);

	if (ended_ms > 0)
		journal_attempt_end(attempt, ended_ms, 100, &verdict);
	return attempt;
}

/* Everything that dispatch says of a mail that is taken at once. */
static void
deliver(struct world *world, char letter, size_t bytes)
{
	struct journal *begun =
	    world_journal(world, JOURNAL_BEGUN, letter, bytes);
	struct journal *ended =
	    world_journal(world, JOURNAL_ENDED, letter, bytes);
	struct journal *landed =
	    world_journal(world, JOURNAL_LANDED, letter, bytes);

	journal_add_attempt(begun, make_attempt(0));
	add_state(begun, RECIPIENT_OPEN);
	store_journal_post(world->store, begun);
	journal_add_attempt(ended, make_attempt(6));
	add_state(ended, RECIPIENT_ACCEPTED);
	store_journal_post(world->store, ended);
	store_journal_post(world->store, landed);
}

static void
test_whole_life(void **state)
{
	struct world *world = begin("");
	struct store_ask ask = {
		.question = STORE_MAIL,
		.id = "0000000000000000000000000A",
	};
	struct store_counts counts;

	(void)state;
	store_start(world->store);
	keep(world, 'A', LARGE);
	fake_await(&world->fake, "onward A");
	deliver(world, 'A', LARGE);
	fake_await(&world->fake, "recorded A recorded A recorded A");
	while (world_has_file(world, BODY_A))
		world_settle(world);
	counts = count(world);
	assert_int_equal(counts.waiting + counts.active + counts.held, 0);
	assert_int_equal(counts.totals.accepted, 1);
	assert_int_equal(counts.totals.settled, 1);
	check_totals(&counts);
	store_answer(world->store, &ask);
	assert_true(ask.found);
	struct store_mail *mail = ask.mails->pdata[0];
	assert_int_equal(mail->place, STORE_FINISHED);
	assert_int_equal(mail->attempts->len, 1);
	store_ask_clear(&ask);
	world_free(world);
}

static bool
knows(struct world *world, const char *id)
{
	struct store_ask ask = { .question = STORE_MAIL, .id = id };
	bool found;

	store_answer(world->store, &ask);
	found = ask.found;
	store_ask_clear(&ask);
	return found;
}

/* Old records are looked for at the start. */
static void
test_forgotten(void **state)
{
	static const char id[] = "0000000000000000000000000A";
	struct world *world = begin("KEEP_RECORDS=1ms");

	(void)state;
	store_start(world->store);
	keep(world, 'A', 10);
	fake_await(&world->fake, "onward A");
	deliver(world, 'A', 10);
	fake_await(&world->fake, "recorded A recorded A recorded A");
	assert_true(knows(world, id));
	world_close(world);
	world_open(world);
	while (knows(world, id))
		world_settle(world);
	world_free(world);
}

/* What a client was promised nothing for is neither kept nor counted. */
static struct submission *late;

static enum engine_result
accept_late(
    void *self, const struct submission *submission, bool active, bool in_file)
{
	late = (struct submission *)submission;
	return engine_sqlite.accept(self, submission, active, in_file);
}

static enum engine_result
commit_late(void *self)
{
	enum engine_result result = engine_sqlite.commit(self);

	if (late != NULL)
		late->deadline_ms = 1;
	late = NULL;
	return result;
}

static void
test_late(void **state)
{
	struct world *world = world_new("");
	struct engine engine = engine_sqlite;
	struct store_counts counts;

	(void)state;
	engine.accept = accept_late;
	engine.commit = commit_late;
	world->engine = &engine;
	world_open(world);
	store_start(world->store);
	store_accept_post(world->store, world_submission(world, 'A', LARGE));
	fake_await(&world->fake, "451 A");
	while (world_has_file(world, BODY_A))
		world_settle(world);
	counts = count(world);
	assert_int_equal(counts.waiting + counts.active + counts.held, 0);
	assert_int_equal(counts.totals.accepted, 0);
	check_totals(&counts);
	world_free(world);
}

static void
test_drop(void **state)
{
	struct world *world = begin("");
	struct store_ask ask = {
		.question = STORE_DROP,
		.id = "0000000000000000000000000A",
		.who = "uid 0",
	};
	struct store_counts counts;

	(void)state;
	keep(world, 'A', LARGE);
	store_answer(world->store, &ask);
	assert_null(ask.obstacle);
	assert_int_equal(ask.changed, 1);
	store_ask_clear(&ask);
	while (world_has_file(world, BODY_A))
		world_settle(world);
	counts = count(world);
	assert_int_equal(counts.waiting, 0);
	assert_int_equal(counts.totals.dead, 1);
	check_totals(&counts);
	/* one in dispatch is not dropped */
	store_start(world->store);
	keep(world, 'B', 10);
	fake_await(&world->fake, "onward B");
	ask.id = "0000000000000000000000000B";
	store_answer(world->store, &ask);
	assert_non_null(ask.obstacle);
	store_ask_clear(&ask);
	world_free(world);
}

static void
test_sweep(void **state)
{
	struct world *world = begin("");
	g_autofree char *orphan = world_path(world, BODY_A);

	(void)state;
	keep(world, 'B', LARGE);
	world_close(world);
	assert_true(g_file_set_contents(orphan, "x", 1, NULL));
	world_open(world);
	while (world_has_file(world, BODY_A))
		world_settle(world);
	assert_true(world_has_file(world, BODY_B));
	world_free(world);
}

struct limit {
	struct store *store;
	int pages; /* beside those there are */
};

static void
on_limit(void *object)
{
	struct limit *limit = object;
	struct queue *queue = limit->store->rows;
	sqlite3 *handle = queue->database->handle;
	g_autofree char *sql = NULL;
	sqlite3_stmt *statement = NULL;
	int pages = 0;

	sqlite3_prepare_v2(handle, "PRAGMA page_count", -1, &statement, NULL);
	if (sqlite3_step(statement) == SQLITE_ROW)
		pages = sqlite3_column_int(statement, 0);
	sqlite3_finalize(statement);
	sql =
	    g_strdup_printf("PRAGMA max_page_count = %d", pages + limit->pages);
	sqlite3_exec(handle, sql, NULL, NULL, NULL);
}

static void
set_limit(struct world *world, int pages)
{
	struct limit limit = { world->store, pages };

	loop_call(world->store->loop, on_limit, &limit);
}

/* SQLite itself says that it is full; results are recorded all the same. */
static void
test_full(void **state)
{
	struct world *world = begin("BALLAST=4k");
	struct store_counts counts;

	(void)state;
	store_start(world->store);
	world_stop_clock(world);
	keep(world, 'A', 10);
	fake_await(&world->fake, "onward A");
	set_limit(world, 1);
	store_accept_post(world->store, world_submission(world, 'B', 60000));
	fake_await(&world->fake, "452 B");
	assert_int_equal(disk_state(world->disk), DISK_FULL);
	counts = count(world);
	assert_int_equal(counts.active, 1);
	assert_int_equal(counts.totals.accepted, 1);
	set_limit(world, 10000);
	world_tick(world);
	while (disk_state(world->disk) != DISK_WELL)
		world_settle(world);
	keep(world, 'B', 60000);
	deliver(world, 'A', 10);
	fake_await(&world->fake, "recorded A recorded A recorded A");
	counts = count(world);
	assert_int_equal(counts.totals.accepted, 2);
	check_totals(&counts);
	world_free(world);
}

static void
test_offline(void **state)
{
	struct world *world = begin("");
	struct store_ask ask = {
		.question = STORE_HOLD,
		.place = -1,
		.who = "uid 0",
	};
	struct store_counts counts;

	(void)state;
	keep(world, 'A', 10);
	keep(world, 'B', 10);
	world_close(world);
	world->offline = true;
	world_open(world);
	store_answer(world->store, &ask);
	assert_int_equal(ask.changed, 2);
	store_ask_clear(&ask);
	counts = count(world);
	assert_int_equal(counts.held, 2);
	world_free(world);
}

/* Noted before the end, known at the next start. */
static void
test_states(void **state)
{
	struct world *world = world_new("");
	struct journal *journal = journal_new(JOURNAL_NOTED, NULL);
	GPtrArray *states;

	(void)state;
	world->engine = &engine_sqlite;
	world_open(world);
	states = store_states(world->store);
	assert_int_equal(states->len, 0);
	g_ptr_array_unref(states);
	journal_add_state(journal, "mailgun", "paused 9000");
	store_journal_post(world->store, journal);
	world_close(world);
	world_open(world);
	states = store_states(world->store);
	assert_int_equal(states->len, 1);
	const struct journal_state *one = states->pdata[0];
	assert_string_equal(one->provider, "mailgun");
	assert_string_equal(one->text, "paused 9000");
	g_ptr_array_unref(states);
	world_free(world);
}

static void
test_cannot_open(void **state)
{
	struct world *world = world_new("");
	struct store_options options = {
		.config = world->config,
		.directory = "/nonexistent/queue",
		.place = &world->fake.place,
		.disk = world->disk,
	};
	g_autofree char *file = world_path(world, "queue.db");
	GError *error = NULL;

	(void)state;
	assert_null(store_open(&options, &error));
	assert_non_null(strstr(error->message, "/nonexistent/queue"));
	g_clear_error(&error);
	assert_true(g_file_set_contents(
	    file, "this is no database, it is a letter", -1, NULL));
	options.directory = world->directory;
	assert_null(store_open(&options, &error));
	assert_non_null(strstr(error->message, "queue.db"));
	g_clear_error(&error);
	store_close(NULL);
	world_free(world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_whole_life),
		cmocka_unit_test(test_forgotten),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_drop),
		cmocka_unit_test(test_sweep),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_offline),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_cannot_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
