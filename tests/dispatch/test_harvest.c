/* SPDX-License-Identifier: MIT */
/*
 * Events are fetched: when, from where on, and what comes of the answers.
 */
#include "harvest.h"

#include "stage.h"
#include <stdio.h>

#define QUIET  "[server]\nprobe_interval = 0\n"
#define POLLED QUIET PROVIDER("one", "events = poll\n")
/* Not again while a test runs. */
#define ONCE QUIET PROVIDER("one", "events = poll\nevents_poll = 1h\n")

#define MINUTE INT64_C(60000)

static void
begin(const char *settings)
{
	start_with_store(settings);
	dispatcher_start(post.dispatcher);
}

/* Where it stands, as the store was told last: minutes ago. */
static void
expect_state(int known, int swept)
{
	int64_t now = clock_wall_ms(), at[2];
	g_autofree char *line = take(&post.states, "state");

	assert_int_equal(
	    sscanf(line, "(events) one %ld %ld", &at[0], &at[1]), 2);
	assert_int_equal(lround((double)(now - at[0]) / MINUTE), known);
	assert_int_equal(lround((double)(now - at[1]) / MINUTE), swept);
}

static GPtrArray *
remember(int64_t known_ms, int64_t swept_ms)
{
	GPtrArray *states = g_ptr_array_new_with_free_func(journal_state_free);
	struct journal_state *state = g_new0(struct journal_state, 1);

	state->provider = g_strdup("(events) one");
	state->text = g_strdup_printf("%ld %ld", known_ms, swept_ms);
	g_ptr_array_add(states, state);
	return states;
}

/* A page is on disk before the next one is asked for. */
static void
test_pages(void **state)
{
	(void)state;
	begin(POLLED);
	serve("harvest one -5", "more,accepted x 0,delivered x 0");
	expect_heard("one accepted x 0 of nobody");
	expect_heard("one delivered x 0 of nobody");
	serve("harvest one -5", "more,nothing");
	serve("harvest one -5", "opened x 1");
	expect_heard("one opened x 1 of nobody");
	expect_state(0, 30);
	serve("harvest one -5", "nothing");
	expect_state(0, 30);
	struct request *request = take_request("harvest one -5");
	dispatcher_stop(post.dispatcher, NULL, NULL);
	end(request, EXCHANGE_LOST, "broken off");
	stop();
}

/* What the store could not record is fetched again. */
static void
test_not_recorded(void **state)
{
	(void)state;
	begin(POLLED);
	post.forgets = true;
	serve("harvest one -5", "more,accepted x 0");
	expect_heard("one accepted x 0 of nobody");
	struct request *request = take_request("harvest one -5");
	assert_int_equal(count(&post.states), 0);
	post.forgets = false;
	end(request, EXCHANGE_ANSWERED, "accepted x 0");
	expect_heard("one accepted x 0 of nobody");
	expect_state(0, 30);
	end(take_request("harvest one -5"), EXCHANGE_LOST, "lost");
	end(take_request("harvest one -5"), EXCHANGE_UNSENT, "refused");
	end(take_request("harvest one -5"), EXCHANGE_ANSWERED, "down");
	request = take_request("harvest one -5");
	dispatcher_stop(post.dispatcher, NULL, NULL);
	end(request, EXCHANGE_LOST, "broken off");
	stop();
}

/* Until it fits; the next time as at first. */
static void
test_cut(void **state)
{
	(void)state;
	begin(POLLED);
	serve("harvest one -5", "cut");
	serve("harvest one -5 by 20", "more,accepted x 0");
	expect_heard("one accepted x 0 of nobody");
	serve("harvest one -5 by 20", "cut");
	serve("harvest one -5 by 4", "cut");
	serve("harvest one -5 by 1", "nothing");
	expect_state(0, 30);
	serve("harvest one -5", "cut");
	serve("harvest one -5 by 20", "cut");
	serve("harvest one -5 by 4", "cut");
	serve("harvest one -5 by 1", "down");
	struct request *request = take_request("harvest one -5 by 1");
	dispatcher_stop(post.dispatcher, NULL, NULL);
	end(request, EXCHANGE_LOST, "broken off");
	stop();
}

/* As it stood before the restart, and what is old by now a second time. */
static void
test_recalled(void **state)
{
	int64_t now = clock_wall_ms();

	(void)state;
	post.known = remember(now - 20 * MINUTE, now - 90 * MINUTE);
	begin(ONCE);
	serve("harvest one -25", "nothing");
	expect_state(0, 90);
	serve("harvest one -90..-30", "accepted x 0");
	expect_heard("one accepted x 0 of nobody");
	expect_state(0, 30);
	wait_for_loop();
	assert_int_equal(count(&post.requests), 0);
	stop();
	g_clear_pointer(&post.known, g_ptr_array_unref);
}

/* No further back than they are kept; and what a clock in the future left is
 * of now. */
static void
test_clamped(void **state)
{
	int64_t now = clock_wall_ms();

	(void)state;
	post.known = remember(now - 30 * 24 * 60 * MINUTE, now);
	begin(ONCE);
	serve("harvest one -4325", "nothing");
	expect_state(0, 0);
	stop();
	g_ptr_array_unref(post.known);
	post.known = remember(now + 600 * MINUTE, now + 600 * MINUTE);
	begin(ONCE);
	serve("harvest one -5", "nothing");
	expect_state(0, 0);
	stop();
	g_clear_pointer(&post.known, g_ptr_array_unref);
}

/* Whoever says no is left alone for a while. */
static void
test_refused(void **state)
{
	static const char *const says[] = { "throttled", "forbidden", NULL };

	(void)state;
	for (unsigned i = 0; says[i] != NULL; i++) {
		begin(POLLED);
		serve("harvest one -5", says[i]);
		wait_for_loop();
		assert_int_equal(count(&post.requests), 0);
		assert_int_equal(count(&post.states), 0);
		stop();
	}
}

/* Nobody to ask, or nowhere to put it. */
static void
test_off(void **state)
{
	(void)state;
	begin(QUIET PROVIDER("one", "events = webhook\n") PROVIDER("two", ""));
	wait_for_loop();
	assert_int_equal(count(&post.requests), 0);
	stop();
	start(POLLED);
	dispatcher_start(post.dispatcher);
	wait_for_loop();
	assert_int_equal(count(&post.requests), 0);
	stop();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_not_recorded),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_recalled),
		cmocka_unit_test(test_clamped),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_off),
	};

	return cmocka_run_group_tests(tests, start_all, end_all);
}
