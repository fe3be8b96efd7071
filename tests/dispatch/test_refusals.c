/* SPDX-License-Identifier: MIT */
/*
 * Refusals are weighed: one bad mail at a quiet provider is told of after
 * refusal_wait, one beside mail that is taken at once; what a provider says
 * that refuses everything is not believed, and with soft_bounce nothing is.
 */
#include "stage.h"

#define LONG    "[server]\nbounce_domains = example.com\nrefusal_wait = 10m\n"
#define SHORT   "[server]\nbounce_domains = example.com\nrefusal_wait = 60ms\n"
#define WAIT_MS 60

/* A mail of the queue, that of one of many senders; or a report of ours. */
static void
fly(unsigned sender, unsigned recipients, bool report)
{
	static const struct parse_options options = {
		.hostname = "mail.example.com",
	};
	g_autofree char *subject = g_strdup_printf("%u", sender);
	g_autofree char *from = g_strdup_printf("app%u@example.com", sender);
	struct sending sending = { subject, recipients, 0 };
	struct submission *submission = make_submission(&sending);

	submission->return_to = (struct return_address){ 0 };
	submission->queued = true;
	submission->report = report;
	submission->received_ms = clock_wall_ms();
	address_free(submission->envelope->sender);
	submission->envelope->sender = sample_address(from);
	struct message *message = parse_message(submission, &options, NULL);
	dispatcher_post(post.dispatcher,
	    flight_new(message, dispatcher_route(post.dispatcher)));
}

static void
fly_from(unsigned sender, unsigned recipients)
{
	fly(sender, recipients, false);
}

static void
expect_refused(const char *class)
{
	g_autofree char *ended =
	    g_strdup_printf("ended #1 one %s: 0 waiting", class);

	expect_entry("begun #1 one open: 0 open");
	end(take_request("one 0"), EXCHANGE_ANSWERED, class);
	expect_entry(ended);
}

static void
expect_taken(void)
{
	expect_entry("begun #1 one open: 0 open");
	serve("one 0", "accepted");
	expect_entry("ended #1 one accepted: 0 accepted");
	expect_entry("landed; round 0");
}

static void
expect_bounced(void)
{
	g_autofree char *line = take(&post.entries, "bounce");

	if (!g_str_has_prefix(line, "landed: 0 refused; round 0; report to"))
		fail_msg("%s", line);
}

/* Alone it is believed after a while, and not before. */
static void
test_quiet_host(void **state)
{
	static const char *const classes[] = { "recipient", "payload" };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(classes); i++) {
		start_with_store(SHORT PROVIDER("one", ""));
		fly_from(1, 1);
		expect_refused(classes[i]);
		int64_t begun = clock_monotonic_ms();
		expect_bounced();
		assert_in_range(
		    clock_monotonic_ms() - begun, WAIT_MS - 5, 5000);
		stop();
	}
}

/* It takes another mail: it is well, and what it refuses is refused. */
static void
test_other_mail_is_taken(void **state)
{
	(void)state;
	start_with_store(LONG PROVIDER("one", ""));
	fly_from(1, 1);
	expect_refused("recipient");
	fly_from(2, 1);
	expect_refused("payload");
	fly_from(3, 1);
	expect_taken();
	expect_bounced();
	expect_bounced();
	stop();
}

static const struct {
	const char *name, *settings;
	struct {
		const char *to, *says;
	} requests[4];
	const char *entries[8];
} rows[] = {
	{ "the same mail is taken for another", LONG PROVIDER("one", ""),
	    { { "one 0,1", "accepted,recipient" } },
	    { "begun #1 one open: 0 open, 1 open",
		"ended #1 one recipient: 0 accepted, 1 waiting",
		"landed: 1 refused; round 0; report to app1@example.com" } },
	{ "the rest of it, after it", LONG PROVIDER("one", "recipients = 1\n"),
	    { { "one 0", "recipient" }, { "one 1", "accepted" } },
	    { "begun #1 one open: 0 open", "ended #1 one recipient: 0 waiting",
		"begun #2 one open: 1 open",
		"ended #2 one accepted: 1 accepted",
		"landed: 0 refused; round 0; report to app1@example.com" } },
	{ "refused by two", LONG TWO,
	    { { "one 0,1", "payload" }, { "two 0,1", "payload" } },
	    { "begun #1 one open: 0 open, 1 open",
		"ended #1 one payload: 0 waiting, 1 waiting",
		"begun #2 two open: 0 open, 1 open",
		"ended #2 two payload: 0 waiting, 1 waiting",
		"landed: 0 refused, 1 refused; round 0; report to "
		"app1@example.com" } },
	{ "refused by two of one kind, taken by another",
	    LONG TWO PROVIDER("three", "smtp = yes\n"),
	    { { "one 0,1", "payload" }, { "two 0,1", "payload" },
		{ "three 0,1", "accepted" } },
	    { "begun #1 one open: 0 open, 1 open",
		"ended #1 one payload: 0 waiting, 1 waiting",
		"begun #2 two open: 0 open, 1 open",
		"ended #2 two payload: 0 waiting, 1 waiting",
		"begun #3 three open: 0 open, 1 open",
		"ended #3 three accepted: 0 accepted, 1 accepted",
		"landed; round 0" } },
	{ "suppressed", LONG PROVIDER("one", ""),
	    { { "one 0,1", "recipient: suppressed" } },
	    { "begun #1 one open: 0 open, 1 open",
		"ended #1 one recipient: 0 waiting, 1 waiting",
		"landed: 0 refused, 1 refused; round 0; report to "
		"app1@example.com" } },
	{ "refused by one, taken by the other", LONG TWO,
	    { { "one 0,1", "payload" }, { "two 0,1", "accepted" } },
	    { "begun #1 one open: 0 open, 1 open",
		"ended #1 one payload: 0 waiting, 1 waiting",
		"begun #2 two open: 0 open, 1 open",
		"ended #2 two accepted: 0 accepted, 1 accepted",
		"landed; round 0" } },
};

static void
test_at_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		unsigned entry = 0;

		print_message("%s\n", rows[i].name);
		start_with_store(rows[i].settings);
		fly_from(1, 2);
		for (unsigned n = 0; rows[i].requests[n].to != NULL; n++) {
			expect_entry(rows[i].entries[entry++]);
			serve(rows[i].requests[n].to, rows[i].requests[n].says);
			expect_entry(rows[i].entries[entry++]);
		}
		expect_entry(rows[i].entries[entry]);
		stop();
	}
}

/* What became of the mails that flew. */
struct landings {
	unsigned refused, waiting, accepted;
};

static void
count_landing(struct landings *landings, const char *line)
{
	if (!g_str_has_prefix(line, "landed"))
		return;
	landings->refused += strstr(line, "refused") != NULL;
	landings->waiting += strstr(line, "due, wakes") != NULL;
	landings->accepted += strcmp(line, "landed; round 0") == 0;
}

/* Until so many mails have landed. */
static struct landings
wait_for_landings(unsigned mails)
{
	struct landings landings = { 0 };

	while (
	    landings.refused + landings.waiting + landings.accepted < mails) {
		g_autofree char *line = take(&post.entries, "landing");
		count_landing(&landings, line);
	}
	return landings;
}

/* So many mails, from as many senders. */
static struct landings
fly_many(unsigned mails)
{
	for (unsigned i = 0; i < mails; i++)
		fly_from(i, 1);
	return wait_for_landings(mails);
}

/* One mail whenever the store is asked for one, until all are wanted. */
static void
wait_until_back(void)
{
	g_autofree char *most = NULL;

	while (g_strcmp0(most, "all") != 0) {
		g_free(most);
		most = take(&post.wakes, "wake");
		if (strcmp(most, "1") == 0)
			fly_many(1);
	}
}

#define MAILS 200

/* It refuses everything: nobody is told, and all is delivered when it is well
 * again. */
static void
test_refuses_everything(void **state)
{
	static const char *const classes[] = { "payload", "recipient" };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(classes); i++) {
		start_with_store(
		    "[server]\nbounce_domains = example.com\nrefusal_wait = "
		    "10m\naccount_pause = 200ms\n" PROVIDER("one", ""));
		post.always = classes[i];
		post.served = 0;
		struct landings bad = fly_many(MAILS);
		assert_int_equal(bad.refused, 0);
		assert_int_equal(bad.waiting, MAILS);
		wait_for_loop();
		assert_in_range(post.served, 10, 50);
		expect_alarm("provider_distrusted one: one refuses all mail");
		post.always = "accepted";
		wait_until_back();
		struct landings good = fly_many(MAILS - 1);
		assert_int_equal(good.accepted, MAILS - 1);
		stop();
	}
}

/* The next one of the route takes what it refuses, at once. */
static void
test_refuses_everything_before_another(void **state)
{
	(void)state;
	start_with_store(LONG TWO);
	for (unsigned n = 0; n < 9; n++) {
		fly_from(n, 1);
		expect_refused("recipient");
	}
	fly_from(9, 1);
	struct request *tenth = take_request("one 0");
	post.always = "accepted";
	end(tenth, EXCHANGE_ANSWERED, "recipient");
	assert_int_equal(wait_for_landings(10).accepted, 10);
	stop();
}

/* Clients wait as long, but not beyond their deadline. */
static void
test_clients(void **state)
{
	static const struct {
		const char *settings;
		int64_t within_ms, least_ms;
	} clients[] = { { SHORT, 60000, WAIT_MS - 5 }, { LONG, 80, 75 } };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(clients); i++) {
		struct sending sending = { "x", 1, clients[i].within_ms };
		g_autofree char *settings =
		    g_strconcat(clients[i].settings, TWO, NULL);
		start(settings);
		int64_t begun = clock_monotonic_ms();
		submit(&sending);
		serve("one 0", "recipient");
		expect_answer(550, "5.1.1", "one: recipient");
		assert_in_range(
		    clock_monotonic_ms() - begun, clients[i].least_ms, 5000);
		stop();
	}
}

static void
test_clients_of_a_distrusted_one(void **state)
{
	(void)state;
	start(LONG PROVIDER("one", ""));
	for (unsigned i = 0; i < 10; i++) {
		g_autofree char *subject = g_strdup_printf("%u", i);
		struct sending sending = { subject, 1, 60000 };
		struct submission *submission = make_submission(&sending);
		g_autofree char *rcpt = g_strdup_printf("a@%u.example", i);
		address_free(submission->envelope->recipients->pdata[0]);
		submission->envelope->recipients->pdata[0] =
		    sample_address(rcpt);
		prepare_post(post.prepare, submission);
		serve("one 0", "recipient");
	}
	for (unsigned i = 0; i < 10; i++)
		expect_answer(451, "4.4.1", "not believed: recipient");
	stop();
}

/* Long enough for a busy machine. */
#define SLOW_MS 300

static void
wait_for_time(int64_t until_ms)
{
	while (clock_monotonic_ms() < until_ms)
		wait_for_loop();
}

/* A slow stream: one is told of before the second comes, those that follow wait
 * for each other, and the alarm says how many it was. */
static void
test_slow_stream(void **state)
{
	(void)state;
	start_with_store("[server]\nbounce_domains = example.com\n"
			 "refusal_wait = 300ms\n" PROVIDER("one", ""));
	fly_from(0, 1);
	expect_refused("recipient");
	expect_bounced();
	post.always = "recipient";
	int64_t begun = clock_monotonic_ms();
	for (unsigned i = 1; i < 10; i++) {
		fly_from(i, 1);
		wait_for_time(begun + MIN(i, 3) * (SLOW_MS + 20));
	}
	expect_alarm("provider_distrusted one: one refuses all mail: "
		     "recipient; 1 recipient of mails it refused just before "
		     "was believed");
	assert_int_equal(wait_for_landings(9).waiting, 9);
	post.always = NULL;
	stop();
}

/* What is said of our own reports says nothing of other mail. */
static void
test_reports_are_no_evidence(void **state)
{
	(void)state;
	start_with_store(LONG PROVIDER("one", ""));
	for (unsigned i = 0; i < 12; i++) {
		fly(i, 1, true);
		expect_refused("recipient");
	}
	wait_for_loop();
	assert_int_equal(lane_refusals(post.dispatcher->lanes[0]), 0);
	assert_false(lane_is_distrusted(post.dispatcher->lanes[0]));
	dispatcher_stop(post.dispatcher, NULL, NULL);
	assert_int_equal(wait_for_landings(12).waiting, 12);
	stop();
}

static void
test_stop_while_weighing(void **state)
{
	(void)state;
	start_with_store(LONG PROVIDER("one", ""));
	fly_from(1, 1);
	expect_refused("recipient");
	submit_one("x");
	serve("one 0", "recipient");
	wait_for_loop();
	dispatcher_stop(post.dispatcher, NULL, NULL);
	expect_entry("landed; round 0, due, wakes");
	expect_entry("passed #1 one recipient: 0 waiting");
	expect_answer(451, "4.3.2", "Shutting down");
	stop();
}

/* Recipients wait on; whoever refused them is asked again. */
static void
test_soft_bounce(void **state)
{
	(void)state;
	start_with_store("[server]\nsoft_bounce = yes\nbounce_domains = "
			 "example.com\n" TWO);
	fly_from(1, 1);
	expect_refused("recipient");
	expect_entry("landed: 0 waiting; round 1, due, wakes");
	submit_one("unfit one, unfit two");
	expect_entry("passed: 0 waiting");
	expect_answer(451, "4.4.1", "it would bounce but for soft_bounce");
	submit_one("x");
	serve("one 0", "payload");
	serve("two 0", "payload");
	expect_entry("passed #1 one payload #2 two payload: 0 waiting");
	expect_answer(451, "4.4.1",
	    "last tried two: it would bounce but for soft_bounce: payload");
	stop();
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quiet_host),
		cmocka_unit_test(test_other_mail_is_taken),
		cmocka_unit_test(test_at_once),
		cmocka_unit_test(test_refuses_everything),
		cmocka_unit_test(test_refuses_everything_before_another),
		cmocka_unit_test(test_clients),
		cmocka_unit_test(test_clients_of_a_distrusted_one),
		cmocka_unit_test(test_slow_stream),
		cmocka_unit_test(test_reports_are_no_evidence),
		cmocka_unit_test(test_stop_while_weighing),
		cmocka_unit_test(test_soft_bounce),
	};

	return cmocka_run_group_tests(tests, start_all, end_all);
}
