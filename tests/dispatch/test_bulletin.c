/* SPDX-License-Identifier: MIT */
/*
 * What is told of the providers: by alarms, each beginning and over once; in
 * their standings; and to the store, for the next start.
 */
#include "stage.h"

static const struct provider_standing *
find_standing(GPtrArray *standings, const char *name)
{
	for (unsigned i = 0; i < standings->len; i++) {
		const struct provider_standing *one = standings->pdata[i];
		if (strcmp(one->name, name) == 0)
			return one;
	}
	fail_msg("no %s", name);
	return NULL;
}

static void
expect_standing(const char *name, const char *state, bool reserve)
{
	g_autoptr(GPtrArray) all = dispatcher_standings(post.dispatcher);
	const struct provider_standing *one = find_standing(all, name);

	assert_string_equal(one->state, state);
	assert_int_equal(one->reserve, reserve);
}

/* A mail, its requests until it is taken, its answer. */
static void
send_by(const char *first, const char *says, const char *second)
{
	static unsigned number;
	g_autofree char *subject = g_strdup_printf("%u", ++number);

	submit_one(subject);
	serve(first, says);
	if (second != NULL)
		serve(second, "accepted");
	expect_answer(250, "2.0.0", "accepted by");
}

static void
drop_entries(void)
{
	g_autofree char *line = NULL;

	while (line == NULL || !g_str_has_prefix(line, "passed")) {
		g_free(line);
		line = take(&post.entries, "entry");
	}
}

/* A provider that never was in trouble is well since the start, not since the
 * clock began; ten minutes for a wall clock that is set meanwhile. */
static void
test_well_since(void **state)
{
	int64_t begun_ms = clock_wall_ms();

	(void)state;
	start_with_store(TWO);
	g_autoptr(GPtrArray) all = dispatcher_standings(post.dispatcher);
	const struct provider_standing *one = find_standing(all, "one");

	assert_string_equal(one->state, "open");
	assert_in_range(one->since_ms, begun_ms - 600000, begun_ms + 600000);
	stop();
}

/* Its mail goes by the reserve, which is told when it lasts. */
static void
test_reserve(void **state)
{
	(void)state;
	start_with_store("[server]\naccount_pause = 1s\n" TWO);
	send_by("one 0", "account", "two 0");
	drop_entries();
	expect_alarm("provider_unusable one: one refuses our account: account; "
		     "check");
	expect_standing("one", "unusable", false);
	expect_standing("two", "open", false);
	for (unsigned i = 1; i < 10; i++) {
		assert_int_equal(count(&post.alarms), 0);
		send_by("two 0", "accepted", NULL);
		drop_entries();
	}
	expect_alarm("reserve default: route default: mail goes by two, its "
		     "reserve, because one is unusable: account; see");
	expect_standing("two", "open", true);
	expect_wake("1");
	send_by("one 0", "accepted", NULL);
	drop_entries();
	expect_alarm("over: provider_unusable one: one is well again");
	expect_alarm("over: reserve default: route default: one is back");
	expect_standing("one", "open", false);
	expect_standing("two", "open", false);
	assert_int_equal(count(&post.alarms), 0);
	stop();
}

static void
test_all_down(void **state)
{
	(void)state;
	start_with_store("[server]\naccount_pause = 30ms\n" TWO);
	submit_one("x");
	serve("one 0", "account");
	serve("two 0", "account");
	expect_answer(451, "4.4.1", "last tried two");
	drop_entries();
	expect_alarm("provider_unusable one");
	expect_alarm("provider_unusable two");
	expect_alarm("all_down default: route default: none of its providers "
		     "can be asked now, its mail waits: one is unusable "
		     "(account) and is asked again in 1 s; two is unusable "
		     "(account) and is asked again in 1 s; look at the key");
	expect_wake("0");
	expect_wake("1");
	send_by("one 0", "accepted", NULL);
	drop_entries();
	expect_alarm("over: provider_unusable one");
	expect_alarm("over: all_down default");
	stop();
}

static void
on_over(void *unused)
{
	(void)unused;
	put(&post.reached, &post);
}

static void
on_set(void *object)
{
	struct loop_timer **timer = object;

	*timer = loop_timer_new(post.loop, on_over, NULL);
	loop_timer_set(*timer, 2);
}

static void
on_free(void *object)
{
	loop_timer_free(object);
}

/* What began before and lasts a millisecond is over. */
static void
wait_for_timer(void)
{
	struct loop_timer *timer;

	loop_call(post.loop, on_set, &timer);
	take(&post.reached, "timer");
	loop_call(post.loop, on_free, timer);
}

static void
test_sender_refused(void **state)
{
	(void)state;
	start("[server]\nsender_pause = 1ms\n" TWO);
	send_by("one 0", "sender", "two 0");
	expect_alarm("sender_refused one for example.com: one refuses mail "
		     "From example.com: sender; verify example.com");
	wait_for_timer();
	send_by("one 0", "accepted", NULL);
	expect_alarm("over: sender_refused one for example.com");
	stop();
}

static void
test_held_back(void **state)
{
	(void)state;
	start(TWO);
	send_by("one 0", "accepted: held", NULL);
	send_by("one 0", "accepted: held", NULL);
	expect_alarm("provider_held_back one: one accepts mail and holds it "
		     "back: accepted: held");
	assert_int_equal(count(&post.alarms), 0);
	send_by("one 0", "accepted", NULL);
	expect_alarm("over: provider_held_back one");
	stop();
}

/* Not they, this host is down: nobody is blamed. */
static void
test_cut_off(void **state)
{
	(void)state;
	start_with_store("[server]\npause_min = 30ms\n" TWO);
	submit_one("x");
	end(take_request("one 0"), EXCHANGE_UNSENT, "no route");
	end(take_request("two 0"), EXCHANGE_UNSENT, "no route");
	expect_answer(451, "4.4.1", "last tried two: no route");
	drop_entries();
	expect_alarm("cut_off mail.example.com: mail.example.com comes to no "
		     "connection with any provider (last two: no route): most "
		     "likely");
	assert_int_equal(count(&post.alarms), 0);
	expect_wake("0");
	expect_wake("1");
	submit_one("y");
	struct request *request = take(&post.requests, "request");
	end(request, EXCHANGE_ANSWERED, "accepted");
	expect_answer(250, "2.0.0", "accepted by");
	drop_entries();
	expect_alarm("over: cut_off mail.example.com");
	assert_int_equal(count(&post.alarms), 0);
	expect_standing("one", "open", false);
	expect_standing("two", "open", false);
	stop();
}

/* What was told of them last, in struct journal_state *. */
static GPtrArray *
read_states(void)
{
	g_autofree char *line = NULL;
	GPtrArray *states = g_ptr_array_new_with_free_func(journal_state_free);

	while (count(&post.states) > 0) {
		g_free(line);
		line = wait_for(&post.states);
	}
	assert_non_null(line);
	g_auto(GStrv) each = g_strsplit(line, "\n", -1);
	for (unsigned i = 0; each[i] != NULL; i++) {
		char *space = strchr(each[i], ' ');
		struct journal_state *state = g_new0(struct journal_state, 1);
		state->provider = g_strndup(each[i], (size_t)(space - each[i]));
		state->text = g_strdup(space + 1);
		g_ptr_array_add(states, state);
	}
	return states;
}

static void
restart(const char *settings)
{
	put(&post.states, take(&post.states, "state"));
	post.known = read_states();
	stop();
	g_queue_clear_full(&post.alarms.items, g_free);
	start_with_store(settings);
	g_clear_pointer(&post.known, g_ptr_array_unref);
}

/* It is as it was, after a restart: nobody is woken for it, nothing sent, and
 * nobody is told again; but that it is over. */
static void
test_restart(void **state)
{
	(void)state;
	start_with_store(PROVIDER("one", ""));
	dispatcher_start(post.dispatcher);
	expect_wake("all");
	submit_one("x");
	serve("one 0", "account");
	expect_answer(451, "4.4.1", "last tried one");
	drop_entries();
	expect_wake("0");
	restart(PROVIDER("one", ""));
	dispatcher_start(post.dispatcher);
	expect_wake("0");
	expect_standing("one", "unusable", false);
	submit_one("y");
	expect_answer(451, "4.4.1", "no provider could take it in time");
	drop_entries();
	assert_int_equal(count(&post.alarms), 0);
	stop();
}

/* What it said of another key says nothing of this one. */
static void
test_settings_changed(void **state)
{
	(void)state;
	start_with_store(PROVIDER("one", ""));
	submit_one("x");
	serve("one 0", "account");
	expect_answer(451, "4.4.1", "last tried one");
	drop_entries();
	expect_wake("0");
	restart(PROVIDER("one", "password = another\n"));
	expect_standing("one", "open", false);
	send_by("one 0", "accepted", NULL);
	drop_entries();
	expect_alarm("over: all_down default");
	expect_alarm("over: provider_unusable one: it takes mail");
	stop();
}

/* No mail waits for its route: nobody has to know that it would. */
static void
test_idle_route(void **state)
{
	(void)state;
	start_with_store(TWO "[route default]\nproviders = one, two\n"
			     "[route idle]\nproviders = one\n"
			     "sender_domains = example.net\n");
	send_by("one 0", "account", "two 0");
	drop_entries();
	expect_alarm("provider_unusable one");
	assert_int_equal(count(&post.alarms), 0);
	stop();
}

/* The last thing the store hears of them. */
static void
test_told_at_the_stop(void **state)
{
	(void)state;
	start_with_store(TWO);
	dispatcher_stop(post.dispatcher, on_stopped, &post);
	take(&post.stopped, "stop");
	g_autofree char *line = take(&post.states, "state");
	assert_true(g_str_has_prefix(line, "one v="));
	assert_non_null(strstr(line, "\ntwo v="));
	stop();
}

static void
test_mail_held(void **state)
{
	(void)state;
	start_with_store("[server]\nbounce_domains = example.net\n" TWO);
	struct sending sending = { "x", 1, 0 };
	struct submission *submission = make_submission(&sending);
	static const struct parse_options options = {
		.hostname = "mail.example.com",
	};
	g_autofree char *wanted = g_strdup_printf(
	    "mail_held %s: mail %s from app@example.com is held: "
	    "<rcpt0@example.org>: one: recipient; held, as its sender's domain "
	    "is not in bounce_domains",
	    submission->id, submission->id);

	submission->return_to = (struct return_address){ 0 };
	submission->queued = true;
	submission->received_ms = clock_wall_ms();
	dispatcher_post(post.dispatcher,
	    flight_new(parse_message(submission, &options, NULL),
		dispatcher_route(post.dispatcher)));
	serve("one 0", "recipient");
	for (unsigned i = 0; i < 3; i++)
		g_free(take(&post.entries, "entry"));
	expect_alarm(wanted);
	stop();
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_well_since),
		cmocka_unit_test(test_reserve),
		cmocka_unit_test(test_all_down),
		cmocka_unit_test(test_sender_refused),
		cmocka_unit_test(test_held_back),
		cmocka_unit_test(test_cut_off),
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_settings_changed),
		cmocka_unit_test(test_idle_route),
		cmocka_unit_test(test_told_at_the_stop),
		cmocka_unit_test(test_mail_held),
	};

	return cmocka_run_group_tests(tests, start_all, end_all);
}
