/* SPDX-License-Identifier: MIT */
/*
 * Late evidence: mail was sent again, and the first provider had it all the
 * same.
 */
#include "stage.h"

#define ASKED     PROVIDER("one", "asks = 9\n")
#define TWO_ASKED ASKED PROVIDER("two", "asks = 9\n")

/* Waited out at once; there is a time to come whenever the first one was. */
#define SETTINGS                     \
	"[server]\ndoubt_wait = 0\n" \
	"doubt_asks = 1ms, 100ms, 300ms, 600ms, 1s, 2s, 4s\n"

/* Ends with the mail at the second provider. */
static void
send_twice(unsigned recipients, const char *first, const char *second)
{
	struct sending sending = { "x", recipients, 60000 };

	submit(&sending);
	serve(recipients == 1 ? "one 0" : "one 0,1", "doubt");
	serve(recipients == 1 ? "ask one x 0" : "ask one x 0,1", first);
	serve(recipients == 1 ? "two 0" : "two 0,1", second);
}

static void
test_confirmed(void **state)
{
	(void)state;
	start_with_store(SETTINGS TWO_ASKED);
	post.tells = true;
	send_twice(1, "absent", "accepted");
	expect_answer(250, "2.0.0", "accepted by two");
	expect_entry("passed #1 one doubt #2 two accepted: 0 accepted; note: "
		     "asked one 0 s after the attempt: it does not have the "
		     "mail so far; counts 1 0 1 0");
	serve("ask one x 0", "absent");
	serve("ask one x 0", "down");
	serve("ask one x 0", "found");
	expect_entry("noted; counts 0 0 0 1");
	g_autofree char *line = take(&post.alarms, "alarm");
	assert_true(g_str_has_prefix(line, "duplicate_confirmed "));
	/* of an outage there are many such mails */
	assert_true(g_str_has_suffix(line, "; group: one and two"));
	stop();
}

/* Only for those whom both have. */
static void
test_some(void **state)
{
	(void)state;
	start_with_store(SETTINGS TWO_ASKED);
	post.tells = true;
	send_twice(2, "absent", "accepted,outage");
	g_free(take(&post.entries, "taken"));
	expect_answer(250, "2.0.0", "queued as");
	g_free(take(&post.entries, "landed"));
	serve("ask one x 0,1", "found,absent");
	expect_entry("noted; counts 0 0 0 1");
	serve("ask one x 0,1", "found");
	stop();
}

/* The first one has it before anyone else took it: it is not sent again. */
static void
test_found_in_time(void **state)
{
	struct sending sending = { "x", 1, 60000 };

	(void)state;
	start(SETTINGS "throttle_pause = 1s\n" TWO_ASKED);
	submit(&sending);
	serve("one 0", "doubt");
	serve("ask one x 0", "absent");
	struct request *request = take_request("two 0");
	serve("ask one x 0", "found");
	wait_for_loop();
	end(request, EXCHANGE_UNSENT, "refused");
	expect_answer(250, "2.0.0", "accepted by one");
	expect_story(
	    "app@example.com to 1, 250: one failed: doubt (doubt); two "
	    "failed: outage (refused); one has it, as it said when "
	    "asked");
	stop();
}

/* By the same provider it is not known from the first copy. */
static void
test_the_same_provider(void **state)
{
	struct sending sending = { "x", 1, 60000 };

	(void)state;
	start(SETTINGS ASKED);
	submit(&sending);
	serve("one 0", "doubt");
	serve("ask one x 0", "absent");
	expect_answer(451, "4.4.1", "may have taken it");
	submit(&sending);
	struct request *request = take(&post.requests, "request");
	for (; g_str_has_prefix(request->to, "ask");
	     request = take(&post.requests, "request"))
		end(request, EXCHANGE_ANSWERED, "absent");
	assert_string_equal(request->to, "one 0");
	end(request, EXCHANGE_ANSWERED, "accepted");
	expect_answer(250, "2.0.0", "accepted by one");
	serve("ask one x 0", "found");
	wait_for_loop();
	assert_int_equal(count(&post.alarms), 0);
	stop();
}

/* One account under two names knows only that it has the mail. */
static void
test_one_account(void **state)
{
	(void)state;
	start_with_store(SETTINGS PROVIDER("one", "asks = 9\naccount = a\n")
		PROVIDER("two", "asks = 9\naccount = a\n"));
	post.tells = true;
	submit_one("x");
	serve("one 0", "doubt");
	serve("ask a x 0", "absent");
	serve("two 0", "accepted");
	expect_answer(250, "2.0.0", "accepted by two");
	expect_entry("passed #1 one doubt #2 two accepted: 0 accepted; note: "
		     "asked one 0 s after the attempt: it does not have the "
		     "mail so far; counts 1 0 1 0");
	serve("ask a x 0", "found");
	wait_for_loop();
	assert_int_equal(count(&post.alarms), 0);
	assert_int_equal(count(&post.entries), 0);
	stop();
}

/* Two keys of one account: by the first is found what the second one sent, and
 * only later what the first one sent as well. */
static void
test_two_keys(void **state)
{
	(void)state;
	start_with_store(SETTINGS TWO_ASKED);
	post.tells = true;
	send_twice(1, "absent", "accepted as a2");
	expect_answer(250, "2.0.0", "accepted by two");
	g_free(take(&post.entries, "passed"));
	serve("ask one x 0", "found as a2");
	struct request *request = take_request("ask one x 0");
	assert_int_equal(count(&post.alarms), 0);
	assert_int_equal(count(&post.entries), 0);
	end(request, EXCHANGE_ANSWERED, "found as a1");
	expect_entry("noted; counts 0 0 0 1");
	expect_alarm("duplicate_confirmed ");
	stop();
}

/* The same, said before the second one answered. */
static void
test_two_keys_early(void **state)
{
	struct sending sending = { "x", 1, 60000 };

	(void)state;
	start_with_store(SETTINGS TWO_ASKED);
	submit(&sending);
	serve("one 0", "doubt");
	serve("ask one x 0", "absent");
	struct request *request = take_request("two 0");
	serve("ask one x 0", "found as a2");
	wait_for_loop();
	end(request, EXCHANGE_ANSWERED, "accepted as a2");
	expect_answer(250, "2.0.0", "accepted by two");
	g_free(take(&post.entries, "passed"));
	request = take_request("ask one x 0");
	assert_int_equal(count(&post.alarms), 0);
	assert_int_equal(count(&post.entries), 0);
	end(request, EXCHANGE_ANSWERED, "absent");
	stop();
}

/* Mailgun calls each delivery of a mail by its Message-ID: that two accounts
 * say the same tells nothing. */
static void
test_named_alike(void **state)
{
	(void)state;
	start_with_store(SETTINGS TWO_ASKED);
	post.tells = true;
	send_twice(1, "absent", "accepted as <x@example.com>");
	expect_answer(250, "2.0.0", "accepted by two");
	g_free(take(&post.entries, "passed"));
	serve("ask one x 0", "found as <x@example.com>");
	expect_entry("noted; counts 0 0 0 1");
	expect_alarm("duplicate_confirmed ");
	stop();
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_confirmed),
		cmocka_unit_test(test_some),
		cmocka_unit_test(test_found_in_time),
		cmocka_unit_test(test_the_same_provider),
		cmocka_unit_test(test_one_account),
		cmocka_unit_test(test_two_keys),
		cmocka_unit_test(test_two_keys_early),
		cmocka_unit_test(test_named_alike),
	};

	return cmocka_run_group_tests(tests, start_all, end_all);
}
