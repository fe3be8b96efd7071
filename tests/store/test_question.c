/* SPDX-License-Identifier: MIT */
#include "question.h"

#include "world.h"

#define ID "0000000000000000000000000A"

/* What is asked, of what, and the answer. */
static const struct {
	const char *name;
	struct store_ask ask;
	unsigned acted; /* mails there are for an act on all */
	bool absent;    /* there is no mail A */
	const char *wrong;
	enum engine_result how;

	bool found;
	unsigned changed;
	const char *obstacle; /* part of it; NULL: none */
	const char *trace;
} rows[] = {
	{ "counts", { .question = STORE_COUNTS }, .found = true, .trace = "" },
	{ "a mail", { .question = STORE_MAIL, .id = ID }, .found = true,
	    .trace = "" },
	{ "no such mail", { .question = STORE_MAIL, .id = ID }, .absent = true,
	    .trace = "" },
	{ "finished mails", { .question = STORE_LIST, .place = STORE_FINISHED },
	    .found = true, .trace = "" },
	{ "retry", { .question = STORE_RETRY, .id = ID, .who = "me" },
	    .found = true, .changed = 1, .trace = "begin act me 1 commit" },
	{ "retry of none", { .question = STORE_RETRY, .id = ID, .who = "me" },
	    .absent = true, .trace = "begin commit" },
	{ "hold all of none",
	    { .question = STORE_HOLD, .place = -1, .who = "me" }, .found = true,
	    .trace = "begin act me 0 commit" },
	{ "hold all, in slices",
	    { .question = STORE_HOLD, .place = -1, .who = "me" }, .acted = 450,
	    .found = true, .changed = 450,
	    .trace = "begin act me 200 commit begin act me 200 commit "
		     "begin act me 50 commit" },
	{ "hold all, one full slice",
	    { .question = STORE_HOLD, .place = -1, .who = "me" }, .acted = 200,
	    .found = true, .changed = 200,
	    .trace = "begin act me 200 commit begin act me 0 commit" },
	{ "drop, and it departs",
	    { .question = STORE_DROP, .id = ID, .who = "me" }, .found = true,
	    .changed = 1,
	    .trace = "begin act me 1 commit begin remove A commit" },
	{ "full", { .question = STORE_RETRY, .id = ID, .who = "me" },
	    .wrong = "act", .how = ENGINE_FULL, .obstacle = "disk is full",
	    .trace = "begin act:full begin act:full" },
	{ "bad", { .question = STORE_RETRY, .id = ID, .who = "me" },
	    .wrong = "act", .how = ENGINE_BAD, .obstacle = "cannot be written",
	    .trace = "begin act:bad failed" },
	{ "bad while reading", { .question = STORE_COUNTS }, .wrong = "ask",
	    .how = ENGINE_BAD, .obstacle = "as the test says",
	    .trace = "ask:bad failed" },
};

static void
check(struct world *world, size_t i)
{
	struct store_ask ask = rows[i].ask;

	store_answer(world->store, &ask);
	if (ask.found != rows[i].found || ask.changed != rows[i].changed)
		fail_msg("%s: found %d, changed %u", rows[i].name, ask.found,
		    ask.changed);
	if ((ask.obstacle != NULL) != (rows[i].obstacle != NULL))
		fail_msg("%s: %s", rows[i].name, ask.obstacle);
	if (ask.obstacle != NULL)
		assert_non_null(strstr(ask.obstacle, rows[i].obstacle));
	if (ask.question == STORE_MAIL && ask.found)
		assert_int_equal(ask.mails->len, 1);
	store_ask_clear(&ask);
	fake_await(&world->fake, rows[i].trace);
}

/* Without the looks for due mail that follow a change. */
static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct world *world = world_new("BALLAST=4k");

		world_open(world); /* not started */
		world_settle(world);
		world_stop_clock(world);
		g_free(fake_take(&world->fake));
		world->fake.absent = rows[i].absent ? 'A' : 0;
		world->fake.acted = rows[i].acted;
		fake_fail(&world->fake, rows[i].wrong, rows[i].how, -1);
		check(world, i);
		fake_expect(&world->fake, rows[i].trace);
		world_free(world);
	}
}

/* What was retried is loaded at once. */
static void
test_retry_is_loaded(void **state)
{
	struct world *world = world_start("");
	struct store_ask ask = {
		.question = STORE_RETRY,
		.id = ID,
		.who = "me",
	};

	(void)state;
	fake_add(&world->fake, &(struct fake_mail){ .letter = 'T' });
	store_answer(world->store, &ask);
	store_ask_clear(&ask);
	fake_await(&world->fake, "onward T");
	fake_expect(
	    &world->fake, "begin act me 1 commit begin load T commit onward T");
	world_free(world);
}

/* After the store went bad everybody is told so. */
static void
test_after_bad(void **state)
{
	struct world *world = world_start("");

	(void)state;
	fake_fail(&world->fake, "commit", ENGINE_BAD, 1);
	world_accept(world, 'A');
	fake_await(&world->fake, "451 A");
	for (int question = STORE_LIST; question <= STORE_DROP; question++) {
		struct store_ask ask = {
			.question = (enum store_question)question,
			.id = ID,
		};

		store_answer(world->store, &ask);
		assert_non_null(ask.obstacle);
		store_ask_clear(&ask);
	}
	world_free(world);
}

/* A deed on all that has much before it; what is asked meanwhile is answered,
 * and when postferry stops it ends, with what was done. */
struct bulk {
	struct world *world;
	struct store_ask ask;
};

static void *
on_bulk(void *object)
{
	struct bulk *bulk = object;

	store_answer(bulk->world->store, &bulk->ask);
	return NULL;
}

static void
test_stopped(void **state)
{
	struct world *world = world_start("");
	struct bulk bulk = { world,
		{ .question = STORE_HOLD, .place = -1, .who = "me" } };
	pthread_t thread;

	(void)state;
	world->fake.acted = 1000000000;
	pthread_create(&thread, NULL, on_bulk, &bulk);
	fake_await(&world->fake, "act me 200 commit begin act me 200");
	world_settle(world);
	store_quiet(world->store);
	pthread_join(thread, NULL);
	assert_true(bulk.ask.found);
	assert_true(bulk.ask.changed >= 400);
	assert_int_equal(bulk.ask.changed % 200, 0);
	assert_string_equal(bulk.ask.obstacle, "postferry is stopping");
	store_ask_clear(&bulk.ask);
	world_free(world);
}

/* The disk is full, and one slice fits; nobody is left waiting. */
static void
test_closed_while_full(void **state)
{
	struct world *world = world_start("BALLAST=4k");
	struct bulk bulk = { world,
		{ .question = STORE_HOLD, .place = -1, .who = "me" } };
	pthread_t thread;

	(void)state;
	world_stop_clock(world);
	fake_fail(&world->fake, "accept", ENGINE_FULL, 1);
	world_accept(world, 'A');
	fake_await(&world->fake, "452 A");
	world->fake.acted = 1000000000;
	pthread_create(&thread, NULL, on_bulk, &bulk);
	fake_await(&world->fake, "act me 200 commit");
	world_close(world);
	pthread_join(thread, NULL);
	assert_int_equal(bulk.ask.changed % 200, 0);
	assert_string_equal(bulk.ask.obstacle, "postferry is stopping");
	store_ask_clear(&bulk.ask);
	world_free(world);
}

/* A slice that was rolled back is done again from where it began. */
static void
test_rolled_back(void **state)
{
	struct world *world = world_start("BALLAST=4k");
	struct store_ask ask = {
		.question = STORE_HOLD,
		.place = -1,
		.who = "me",
	};

	(void)state;
	world->fake.acted = 250;
	fake_fail(&world->fake, "commit", ENGINE_FULL, 1);
	store_answer(world->store, &ask);
	assert_null(ask.obstacle);
	/* the fake engine has no rollback of its own: 50 were left */
	assert_int_equal(ask.changed, 50);
	store_ask_clear(&ask);
	world_free(world);
}

struct asker {
	struct world *world;
	unsigned answered;
};

static void *
on_ask(void *object)
{
	struct asker *asker = object;

	for (unsigned i = 0; i < 50; i++) {
		struct store_ask ask = rows[i % 5].ask;

		store_answer(asker->world->store, &ask);
		asker->answered += ask.obstacle == NULL;
		store_ask_clear(&ask);
	}
	return NULL;
}

/* Many ask at once, of the queue and of the records. */
static void
test_threads(void **state)
{
	struct world *world = world_start("");
	struct asker askers[4];
	pthread_t threads[4];

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		askers[i] = (struct asker){ world, 0 };
		pthread_create(&threads[i], NULL, on_ask, &askers[i]);
	}
	for (unsigned i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(askers[i].answered, 50);
	}
	world_free(world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_retry_is_loaded),
		cmocka_unit_test(test_after_bad),
		cmocka_unit_test(test_stopped),
		cmocka_unit_test(test_closed_while_full),
		cmocka_unit_test(test_rolled_back),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
