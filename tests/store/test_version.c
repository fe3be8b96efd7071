/* SPDX-License-Identifier: MIT */
/* When what a list shows is another, and when it is not. */
#include "world.h"

static uint64_t
settle(struct world *world)
{
	world_settle_all(world);
	return store_version(world->store);
}

static void
ask(struct world *world, enum store_question question, char letter)
{
	char id[ID_LENGTH + 1];
	struct store_ask ask = {
		.question = question, .id = id, .place = -1, .who = "uid 0"
	};

	fake_id(letter, id);
	store_answer(world->store, &ask);
	store_ask_clear(&ask);
}

/* Waits until it is recorded. */
static void
enter(struct world *world, enum journal_kind kind, char letter)
{
	g_autofree char *heard = g_strdup_printf("recorded %c", letter);

	world_enter(world, kind, letter);
	fake_await(&world->fake, heard);
	g_free(fake_take(&world->fake));
}

static struct world *
start(void)
{
	struct world *world = world_new("");

	world->engine = &engine_sqlite;
	world_open(world);
	store_start(world->store);
	settle(world);
	return world;
}

/* Who asks, or notes how providers are, changes nothing. */
static void
test_same(void **state)
{
	struct world *world = start();
	uint64_t version = settle(world);

	(void)state;
	ask(world, STORE_LIST, 'A');
	ask(world, STORE_MAIL, 'A');
	ask(world, STORE_RETRY, 'A');
	ask(world, STORE_DROP, 'A');
	enter(world, JOURNAL_NOTED, 'N');
	assert_true(settle(world) == version);
	world_free(world);
}

static void
expect_another(struct world *world, uint64_t *version)
{
	uint64_t now = store_version(world->store);

	assert_true(now != *version);
	*version = now;
}

static void
test_another(void **state)
{
	struct world *world = start();
	uint64_t version = settle(world);

	(void)state;
	world_accept(world, 'A');
	fake_await(&world->fake, "onward A");
	g_free(fake_take(&world->fake));
	expect_another(world, &version);
	enter(world, JOURNAL_LANDED, 'A');
	expect_another(world, &version);
	ask(world, STORE_HOLD, 'A');
	expect_another(world, &version);
	ask(world, STORE_HOLD, 'A');
	assert_true(store_version(world->store) == version);
	ask(world, STORE_DROP, 'A');
	expect_another(world, &version);
	world_enter(world, JOURNAL_PASSED, 'P');
	ask(world, STORE_MAIL, 'P');
	expect_another(world, &version);
	world_close(world);
	world_open(world);
	expect_another(world, &version);
	world_free(world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
