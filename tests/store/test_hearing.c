/* SPDX-License-Identifier: MIT */
/* Events on their way through the store: into the queue, into the records,
 * between the two, and of mails that come after them. */
#include "hearing.h"

#include "core/clock.h"
#include "world.h"

static const char id_a[] = "0000000000000000000000000A";

static struct world *
begin(void)
{
	struct world *world = world_new("");

	world->engine = &engine_sqlite;
	world_open(world);
	world_stop_clock(world);
	store_start(world->store);
	return world;
}

static void
on_recorded(void *object, bool recorded)
{
	fake_note(
	    &((struct world *)object)->fake, recorded ? "heard" : "unheard");
}

/* One event about mail A, just now. */
static void
tell(struct world *world, enum event_kind kind, const char *id)
{
	struct event_batch *batch = event_batch_new();
	struct event *event = event_told_new(kind, "one", "one@example.org");

	event->event_id = g_strdup(id);
	event->mail_id = g_strdup(id_a);
	event->at_ms = clock_wall_ms();
	g_ptr_array_add(batch->events, event);
	batch->recorded = on_recorded;
	batch->object = world;
	store_hear_post(world->store, batch);
}

static void
accept_a(struct world *world)
{
	store_accept_post(world->store, world_submission(world, 'A', 100));
	fake_await(&world->fake, "onward A");
}

static struct journal *
make_landed(struct world *world, enum journal_kind kind, int64_t due_ms)
{
	struct journal *journal = world_journal(world, kind, 'A', 100);
	struct recipient is = { .state = RECIPIENT_ACCEPTED,
		.class = VERDICT_ACCEPTED,
		.provider = (char *)"one",
		.id = (char *)"<1@one>" };

	if (due_ms != 0)
		is.state = RECIPIENT_DOUBT;
	journal_add_recipient(journal, 0, &is);
	journal->due_ms = due_ms;
	return journal;
}

/* Events of mail A: "place: kind kind", the kinds in the order of their ids. */
static void
expect_events(struct world *world, const char *expected)
{
	struct store_ask ask = { .question = STORE_MAIL, .id = id_a };
	g_autoptr(GString) have = g_string_new(NULL);

	store_answer(world->store, &ask);
	assert_true(ask.found);
	struct store_mail *mail = ask.mails->pdata[0];
	g_string_append_printf(have, "%s:", store_place_text(mail->place));
	for (unsigned i = 0; i < mail->events->len; i++) {
		const struct store_event *event = mail->events->pdata[i];

		g_string_append_printf(
		    have, " %s", event_kind_text(event->kind));
	}
	store_ask_clear(&ask);
	assert_string_equal(have->str, expected);
}

/* Returns when the mail has left the queue. */
static void
await_departure(struct world *world)
{
	for (;;) {
		struct store_ask ask = { .question = STORE_MAIL, .id = id_a };
		bool gone;

		store_answer(world->store, &ask);
		gone = ask.found &&
		       ((struct store_mail *)ask.mails->pdata[0])->place ==
			   STORE_FINISHED;
		store_ask_clear(&ask);
		if (gone)
			return;
	}
}

/* From the queue to the records, and further ones there; none of them twice,
 * not after a restart either. */
static void
test_moves(void **state)
{
	struct world *world = begin();

	(void)state;
	accept_a(world);
	tell(world, EVENT_ACCEPTED, "1");
	fake_await(&world->fake, "heard");
	expect_events(world, "active: accepted");
	store_journal_post(world->store, make_landed(world, JOURNAL_LANDED, 0));
	await_departure(world);
	expect_events(world, "finished: accepted");
	tell(world, EVENT_DELIVERED, "2");
	fake_await(&world->fake, "heard recorded A heard");
	tell(world, EVENT_ACCEPTED, "1");
	tell(world, EVENT_DELIVERED, "2");
	fake_await(&world->fake, "A heard heard heard");
	expect_events(world, "finished: accepted delivered");
	world_close(world);
	world_open(world);
	g_free(fake_take(&world->fake));
	tell(world, EVENT_DELIVERED, "2");
	tell(world, EVENT_COMPLAINED, "3");
	fake_await(&world->fake, "heard heard");
	expect_events(world, "finished: accepted delivered complained");
	world_free(world);
}

static void
on_landed(void *object, bool recorded)
{
	assert_true(recorded);
	tell(object, EVENT_OPENED, "late");
}

/* While it leaves it is in both: what is told between, when the records have
 * read it and the queue still has it, is not lost. */
static void
test_leaves(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 10; round++) {
		struct world *world = begin();
		struct journal *journal;

		accept_a(world);
		journal = make_landed(world, JOURNAL_LANDED, 0);
		g_free(journal->object);
		journal->recorded = on_landed;
		journal->object = world;
		store_journal_post(world->store, journal);
		fake_await(&world->fake, "heard");
		await_departure(world);
		expect_events(world, "finished: opened");
		world_free(world);
	}
}

/* Lets seconds pass until the event is heard; how many it took at least. */
static unsigned
tick_until_heard(struct world *world)
{
	unsigned ticks = 0;
	bool heard = false;

	while (!heard) {
		world_tick(world);
		world_settle_all(world);
		g_autofree char *trace = fake_take(&world->fake);
		heard = strstr(trace, "heard") != NULL;
		assert_true(++ticks < 100000);
	}
	return ticks;
}

/* A provider is faster than our own records (`delivered`). */
static void
test_early(void **state)
{
	struct world *world = begin();

	(void)state;
	tell(world, EVENT_DELIVERED, "1");
	world_settle_all(world);
	fake_expect(&world->fake, "");
	store_journal_post(world->store, make_landed(world, JOURNAL_PASSED, 0));
	fake_await(&world->fake, "recorded A");
	tick_until_heard(world);
	expect_events(world, "finished: delivered");
	world_free(world);
}

/* Of a mail that never comes it is known that it was heard. */
static void
test_unknown(void **state)
{
	struct world *world = begin();

	(void)state;
	tell(world, EVENT_DELIVERED, "1");
	assert_true(tick_until_heard(world) >= 5);
	world_free(world);
}

/* What an event settles while dispatch has the mail is due when it lands. */
static void
test_doubt(void **state)
{
	struct world *world = begin();

	(void)state;
	accept_a(world);
	tell(world, EVENT_DELIVERED, "1");
	fake_await(&world->fake, "heard");
	store_journal_post(world->store,
	    make_landed(world, JOURNAL_LANDED, clock_wall_ms() + 3600000));
	await_departure(world);
	expect_events(world, "finished: delivered");
	world_free(world);
}

/* Who cannot be served is told so. */
static void
test_close(void **state)
{
	struct world *world = begin();

	(void)state;
	tell(world, EVENT_DELIVERED, "1");
	world_settle_all(world);
	world_close(world);
	fake_expect(&world->fake, "unheard");
	world_free(world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_moves),
		cmocka_unit_test(test_leaves),
		cmocka_unit_test(test_early),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_doubt),
		cmocka_unit_test(test_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
