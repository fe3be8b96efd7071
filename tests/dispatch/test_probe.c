/* SPDX-License-Identifier: MIT */
/*
 * Probes through the dispatcher: when a provider is asked how it is, and what
 * comes of the answer.
 */
#include "probe.h"

#include "stage.h"

#define PROBED PROVIDER("one", "probes = yes\n")

static void
begin(const char *settings)
{
	start_with_store(settings);
	dispatcher_start(post.dispatcher);
}

static void
expect_health(enum health_state wanted)
{
	g_autoptr(GPtrArray) all = dispatcher_standings(post.dispatcher);
	const struct provider_standing *one = all->pdata[0];

	assert_int_equal(one->health.state, wanted);
	if (wanted == HEALTH_UNKNOWN)
		return;
	assert_in_range(one->health.probed_ms, 1, clock_wall_ms());
	if (wanted != HEALTH_UNREACHABLE || one->health.text != NULL)
		assert_string_equal(one->health.text, "it says so");
}

/* What was found is shown, and is no alarm but for what is bad. */
static void
test_states(void **state)
{
	static const struct {
		const char *says;
		enum health_state state;
		const char *alarm;
	} rows[] = {
		{ "good", HEALTH_GOOD, NULL },
		{ "doubtful", HEALTH_DOUBTFUL, NULL },
		{ "unreachable", HEALTH_UNREACHABLE, NULL },
		{ "bad", HEALTH_BAD,
		    "provider_unusable one: one: it says so; look there" },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		begin(PROBED);
		struct request *request = take_request("probe one");
		expect_health(HEALTH_UNKNOWN);
		end(request, EXCHANGE_ANSWERED, "more");
		serve("probe one", rows[i].says);
		wait_for_loop();
		expect_health(rows[i].state);
		if (rows[i].alarm != NULL)
			expect_alarm(rows[i].alarm);
		assert_int_equal(count(&post.alarms), 0);
		stop();
	}
}

/* Again and again; an alarm begins once, and is over once. */
static void
test_timer(void **state)
{
	static const char *const says[] = { "bad", "bad", "unreachable", "bad",
		"good", "good" };

	(void)state;
	begin("[server]\nprobe_interval = 5ms\n" PROBED);
	for (size_t i = 0; i < G_N_ELEMENTS(says); i++)
		serve("probe one", says[i]);
	expect_alarm("provider_unusable one: one: it says so");
	expect_alarm("over: provider_unusable one: one: it says so");
	struct request *request = take_request("probe one");
	assert_int_equal(count(&post.alarms), 0);
	dispatcher_stop(post.dispatcher, NULL, NULL);
	end(request, EXCHANGE_LOST, "broken off");
	stop();
}

/* Who stops does not wait for what it says. */
static void
test_stopped(void **state)
{
	(void)state;
	begin(PROBED PROVIDER("two", "probes = yes\n"));
	struct request *request = take_request("probe one");
	wait_for_loop();
	assert_int_equal(count(&post.requests), 1);
	dispatcher_stop(post.dispatcher, NULL, NULL);
	end(request, EXCHANGE_LOST, "broken off");
	stop();
}

static void
test_off(void **state)
{
	(void)state;
	begin("[server]\nprobe_interval = 0\n" PROBED);
	wait_for_loop();
	assert_int_equal(count(&post.requests), 0);
	stop();
	begin(PROVIDER("one", "")); /* cannot be asked */
	wait_for_loop();
	assert_int_equal(count(&post.requests), 0);
	stop();
}

/* Its account was refused: as long as a probe says so, no mail is wasted. */
static void
test_refused_account(void **state)
{
	(void)state;
	begin("[server]\naccount_pause = 600ms\n" PROBED PROVIDER("two", ""));
	expect_wake("all");
	serve("probe one", "good");
	submit_one("x");
	serve("one 0", "account");
	serve("two 0", "accepted");
	expect_answer(250, "2.0.0", "accepted by two");
	g_free(take(&post.entries, "passed"));
	for (unsigned i = 0; i < 2; i++)
		serve("probe one", "bad"); /* each time in its pause */
	submit_one("x");
	serve("two 0", "accepted");
	expect_answer(250, "2.0.0", "accepted by two");
	g_free(take(&post.entries, "passed"));
	serve("probe one", "good");
	expect_wake("1"); /* a mail probes it */
	stop();
}

static void
refuse(const char *instead)
{
	submit_one("x");
	serve("one 0", "account");
	serve(instead, "accepted");
	expect_answer(250, "2.0.0", "accepted by two");
	g_free(take(&post.entries, "passed"));
}

/* Somebody mended our account there: a mail tries it long before its pause is
 * over; but not again and again when it is refused all the same. */
static void
test_mended(void **state)
{
	(void)state;
	begin("[server]\nprobe_interval = 30ms\n" PROBED PROVIDER("two", ""));
	expect_wake("all");
	struct request *request = take_request("probe one");
	refuse("two 0");
	end(request, EXCHANGE_ANSWERED, "good");
	expect_wake("1");
	request = take_request("probe one");
	refuse("two 0");
	end(request, EXCHANGE_ANSWERED, "good");
	serve("probe one", "good");
	serve("probe one", "bad");
	assert_int_equal(count(&post.wakes), 0);
	serve("probe one", "good");
	expect_wake("1");
	dispatcher_stop(post.dispatcher, NULL, NULL);
	stop();
}

/* What a mail finds is newer than what a probe found before. */
static void
test_overruled(void **state)
{
	(void)state;
	begin("[server]\nprobe_interval = 200ms\n" PROBED);
	serve("probe one", "bad");
	expect_alarm("provider_unusable one: one: it says so");
	submit_one("x");
	serve("one 0", "accepted");
	expect_answer(250, "2.0.0", "accepted by one");
	g_free(take(&post.entries, "passed"));
	expect_alarm("over: provider_unusable one: it takes mail");
	g_autoptr(GPtrArray) all = dispatcher_standings(post.dispatcher);
	const struct provider_standing *one = all->pdata[0];
	assert_int_equal(one->health.state, HEALTH_GOOD);
	assert_non_null(strstr(one->health.text, "it took mail since"));
	/* the same again is no reason to wake anybody again */
	serve("probe one", "bad");
	struct request *request = take_request("probe one");
	expect_health(HEALTH_DOUBTFUL);
	assert_int_equal(count(&post.alarms), 0);
	dispatcher_stop(post.dispatcher, NULL, NULL);
	end(request, EXCHANGE_LOST, "broken off");
	stop();
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_timer),
		cmocka_unit_test(test_stopped),
		cmocka_unit_test(test_off),
		cmocka_unit_test(test_refused_account),
		cmocka_unit_test(test_mended),
		cmocka_unit_test(test_overruled),
	};

	return cmocka_run_group_tests(tests, start_all, end_all);
}
