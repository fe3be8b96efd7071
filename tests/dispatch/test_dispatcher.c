/* SPDX-License-Identifier: MIT */
/*
 * The dispatcher and prepare on a real loop and real workers, between a client
 * and a carrier that the test plays: each request is handed to the test, which
 * answers it when and as it likes, so nothing waits for a clock but where time
 * is the question.
 */
#include "stage.h"

static void
test_failover(void **state)
{
	(void)state;
	start(THREE);
	submit_one("first");
	serve("one 0", "outage");
	serve("two 0", "throttle");
	serve("three 0", "accepted");
	expect_answer(250, "2.0.0", "accepted by three");
	expect_story("app@example.com to 1, 250: one failed: outage (outage); "
		     "two failed: throttle (throttle); three took it as "
		     "fields");
	submit_one("second"); /* one failure is none, a throttle is one */
	serve("one 0", "outage");
	serve("three 0", "accepted");
	expect_answer(250, "2.0.0", "accepted by three");
	stop();
}

static void
test_all_down(void **state)
{
	(void)state;
	start(TWO);
	submit_one("first");
	serve("one 0", "throttle");
	serve("two 0", "account");
	expect_answer(451, "4.4.1", "last tried two: account");
	submit_one("second");
	expect_answer(451, "4.4.1", "no provider could take it in time");
	stop();
}

static const struct {
	const char *name, *subject, *settings;
	unsigned recipients;
	struct {
		const char *to, *says;
	} requests[8];
	unsigned code;
	const char *enhanced, *text;
} refusals[] = {
	{ "one of two recipients", "x", TWO, 2,
	    { { "one 0,1", "accepted,recipient" } }, 550, "5.1.1",
	    "1 of 2 recipients refused, the others were accepted: "
	    "<rcpt1@example.org> one: recipient" },
	{ "payload by two", "x", THREE, 1,
	    { { "one 0", "payload" }, { "two 0", "payload" } }, 554, "5.6.0",
	    "two: payload" },
	{ "payload by one, taken by the other", "x", TWO, 1,
	    { { "one 0", "payload" }, { "two 0", "accepted" } }, 250, "2.0.0",
	    "accepted by two" },
	{ "payload with no other", "x", PROVIDER("one", ""), 1,
	    { { "one 0", "payload" } }, 554, "5.6.0", "one: payload" },
	{ "payload by one, the other down", "x", TWO, 1,
	    { { "one 0", "payload" }, { "two 0", "outage" } }, 451, "4.4.1",
	    "last tried two" },
	{ "nobody can say it", "unfit one, unfit two", TWO, 1, { { 0 } }, 554,
	    "5.6.0", "two cannot say it" },
	{ "one cannot say it", "unfit one", TWO, 1, { { "two 0", "accepted" } },
	    250, "2.0.0", "accepted by two" },
	{ "refused here, cannot be said there", "unfit two", TWO, 1,
	    { { "one 0", "payload" } }, 554, "5.6.0", "one: payload" },
	{ "too large for all", "x",
	    PROVIDER("one", "size = 9\n") PROVIDER("two", "size = 10\n"), 1,
	    { { 0 } }, 552, "5.3.4", "larger than it takes" },
	{ "too large for one", "x",
	    PROVIDER("one", "size = 9\n") PROVIDER("two", ""), 1,
	    { { "two 0", "accepted" } }, 250, "2.0.0", "accepted by two" },
	{ "more recipients than a request holds", "x",
	    PROVIDER("one", "recipients = 2\n"), 5,
	    { { "one 0,1", "accepted" }, { "one 2,3", "accepted" },
		{ "one 4", "accepted" } },
	    250, "2.0.0", "accepted by one" },
	{ "the rest of them goes elsewhere", "x",
	    PROVIDER("one", "recipients = 2\n") PROVIDER("two", ""), 5,
	    { { "one 0,1", "accepted" }, { "one 2,3", "outage" },
		{ "one 4", "accepted" }, { "two 2,3", "accepted" } },
	    250, "2.0.0", "accepted by one and two" },
	{ "a bad one is looked for", "x", TWO, 4,
	    { { "one 0,1,2,3", "split" }, { "one 0,1", "accepted" },
		{ "one 2,3", "split" }, { "one 2", "accepted" },
		{ "one 3", "split" } },
	    550, "5.1.1", "1 of 4 recipients refused" },
	{ "suppressed is not evaded", "x", TWO, 1,
	    { { "one 0", "recipient: suppressed" } }, 550, "5.7.1",
	    "one: recipient: suppressed" },
	{ "suppressed, and another is asked", "x",
	    PROVIDER("one", "respect_suppression = no\n") PROVIDER("two", ""),
	    1,
	    { { "one 0", "recipient: suppressed" }, { "two 0", "accepted" } },
	    250, "2.0.0", "accepted by two" },
	{ "suppressed by both", "x",
	    PROVIDER("one", "respect_suppression = no\n") PROVIDER(
		"two", "respect_suppression = no\n") PROVIDER("three", ""),
	    1,
	    { { "one 0", "recipient: suppressed" },
		{ "two 0", "recipient: suppressed" } },
	    550, "5.7.1", "two: recipient: suppressed" },
	{ "our own disk is not the provider's fault", "x", TWO, 1,
	    { { "one 0", NULL }, { "two 0", "accepted" } }, 250, "2.0.0",
	    "accepted by two" },
};

static void
test_refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(refusals); i++) {
		struct sending sending = { refusals[i].subject,
			refusals[i].recipients, 60 * 1000 };

		print_message("%s\n", refusals[i].name);
		start(refusals[i].settings);
		submit(&sending);
		for (unsigned n = 0; refusals[i].requests[n].to != NULL; n++) {
			const char *says = refusals[i].requests[n].says;
			end(take_request(refusals[i].requests[n].to),
			    says ? EXCHANGE_ANSWERED : EXCHANGE_UNREADABLE,
			    says ? says : "read error");
		}
		expect_answer(
		    refusals[i].code, refusals[i].enhanced, refusals[i].text);
		stop();
	}
}

/* Who loses something goes last. */
static void
test_order_by_losses(void **state)
{
	struct submission *submission = fixture_submission(
	    "From: a@example.com\nTo: rcpt0@example.org\n"
	    "Subject: x\nMIME-Version: 1.0\n"
	    "Content-Type: multipart/signed; boundary=b; "
	    "protocol=\"application/pgp-signature\"; micalg=pgp-sha1\n\n"
	    "--b\nContent-Type: text/plain\n\nText\n"
	    "--b\nContent-Type: application/pgp-signature\n\nsignature\n"
	    "--b--\n",
	    1);

	(void)state;
	start(PROVIDER("one", "loses = yes\n") PROVIDER("two", ""));
	submission->deadline_ms = clock_monotonic_ms() + 60000;
	submission->return_to =
	    (struct return_address){ post_answer, &post, 1 };
	prepare_post(post.prepare, submission);
	serve("two 0", "outage");
	serve("one 0", "accepted");
	expect_answer(250, "2.0.0", "accepted by one");
	stop();
}

static void
test_deadline(void **state)
{
	static const struct sending sending = { "x", 2, 60000 };
	static const struct sending late = { "x", 2, 0 };

	(void)state;
	start(TWO);
	submit(&sending);
	struct request *request = take_request("one 0,1");
	assert_in_range(request->exchange->deadline_ms, clock_monotonic_ms(),
	    clock_monotonic_ms() + 60000 + 20000);
	hurry("x");
	expect_answer(451, "4.4.1", "no answer in time");
	submit(&late); /* still open: in doubt */
	expect_answer(451, "4.4.1", "one may have taken it");
	end(request, EXCHANGE_ANSWERED, "accepted,outage");
	submit(&sending);
	serve("one 1", "accepted");
	expect_answer(250, "2.0.0", "accepted by one");
	submit(&sending); /* meant: the client had its answer */
	serve("one 0,1", "accepted");
	expect_answer(250, "2.0.0", "accepted by one");
	stop();
}

/* It came too late to be sent at all. */
static void
test_after_the_deadline(void **state)
{
	static const struct sending late = { "x", 1, -1 };

	(void)state;
	start(TWO);
	submit(&late);
	expect_answer(451, "4.4.1", "no provider could take it in time");
	wait_for_loop();
	assert_int_equal(count(&post.requests), 0);
	stop();
}

static void
test_doubt_is_waited_out(void **state)
{
	(void)state;
	start("[server]\ndoubt_wait_error = 30ms\n" TWO);
	submit_one("x");
	serve("one 0", "doubt!");
	serve("two 0", "accepted");
	expect_answer(250, "2.0.0", "accepted by two");
	stop();
}

static void
test_doubt_outlasts_the_client(void **state)
{
	(void)state;
	start(TWO);
	submit_one("x");
	end(take_request("one 0"), EXCHANGE_LOST, "no answer");
	expect_answer(451, "4.4.1", "one may have taken it");
	submit_one("x");
	expect_answer(451, "4.4.1", "one may have taken it");
	submit_one("y"); /* another mail goes on */
	serve("one 0", "accepted");
	expect_answer(250, "2.0.0", "accepted by one");
	stop();
}

#define ONE_AT_A_TIME PROVIDER("one", "connections = 1\n") PROVIDER("two", "")

/* Nobody was there to hear the 250: the resend is skipped.  Somebody was: the
 * same mail again is meant. */
static void
test_answer_unsaid(void **state)
{
	(void)state;
	start(TWO);
	submit_one("x");
	serve("one 0", "accepted");
	answer_free(take(&post.answers, "answer"));
	wait_for_loop();
	submit_one("x");
	expect_answer(250, "2.0.0", "accepted by one");
	assert_int_equal(count(&post.requests), 0);
	submit_one("x");
	serve("one 0", "accepted");
	expect_answer(250, "2.0.0", "accepted by one");
	stop();
}

static void
test_connections(void **state)
{
	(void)state;
	start(ONE_AT_A_TIME);
	submit_one("x");
	struct request *first = take_request("one 0");
	submit_one("y");
	submit_one("z");
	wait_for_loop();
	assert_int_equal(count(&post.requests), 0);
	end(first, EXCHANGE_ANSWERED, "accepted");
	expect_answer(250, "2.0.0", "accepted by one");
	struct request *second = take_request("one 0");
	wait_for_loop();
	assert_int_equal(count(&post.requests), 0);
	end(second, EXCHANGE_ANSWERED, "accepted");
	serve("one 0", "accepted");
	expect_answer(250, "2.0.0", "accepted by one");
	expect_answer(250, "2.0.0", "accepted by one");
	stop();
}

static void
test_queue_moves_on_when_the_lane_closes(void **state)
{
	(void)state;
	start(ONE_AT_A_TIME);
	submit_one("x");
	struct request *first = take_request("one 0");
	submit_one("y");
	submit_one("z");
	wait_for_loop();
	end(first, EXCHANGE_ANSWERED, "account");
	for (unsigned i = 0; i < 3; i++)
		serve("two 0", "accepted");
	for (unsigned i = 0; i < 3; i++)
		expect_answer(250, "2.0.0", "accepted by two");
	stop();
}

static void
test_lane_closes_while_encoding(void **state)
{
	(void)state;
	start(TWO);
	submit_one("slow");
	take(&post.encoding, "encoding");
	submit_one("x");
	serve("one 0", "account");
	serve("two 0", "accepted");
	expect_answer(250, "2.0.0", "accepted by two");
	put(&post.gate, &post);
	take(&post.encoding, "encoding"); /* not to one: for two */
	put(&post.gate, &post);
	serve("two 0", "accepted");
	expect_answer(250, "2.0.0", "accepted by two");
	stop();
}

/* Whose client is gone gives its place to who waits. */
static void
test_deadline_while_encoding(void **state)
{
	(void)state;
	start(ONE_AT_A_TIME);
	submit_one("slow");
	take(&post.encoding, "encoding");
	submit_one("x");
	hurry("slow");
	expect_answer(451, "4.4.1", "no answer in time");
	put(&post.gate, &post);
	serve("one 0", "accepted");
	expect_answer(250, "2.0.0", "accepted by one");
	stop();
}

static void
test_deadline_while_queued(void **state)
{
	(void)state;
	start(ONE_AT_A_TIME);
	submit_one("x");
	struct request *first = take_request("one 0");
	submit_one("y");
	wait_for_loop(); /* it has begun to wait */
	hurry("y");
	expect_answer(451, "4.4.1", "no provider could take it in time");
	end(first, EXCHANGE_ANSWERED, "accepted");
	expect_answer(250, "2.0.0", "accepted by one");
	stop();
}

static void
stop_sending(void)
{
	dispatcher_stop(post.dispatcher, NULL, NULL);
	wait_for_loop();
}

static void
test_stop_while_sending(void **state)
{
	static const struct {
		const char *says;
		unsigned code;
		const char *enhanced, *text;
	} rows[] = {
		{ "accepted", 250, "2.0.0", "accepted by one" },
		{ "payload", 451, "4.3.2", "Shutting down" },
		{ "recipient", 550, "5.1.1", "one: recipient" },
		{ "outage", 451, "4.3.2", "Shutting down" },
		{ "doubt", 451, "4.3.2", "Shutting down" },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		start(TWO);
		submit_one("x");
		struct request *request = take_request("one 0");
		stop_sending();
		assert_int_equal(count(&post.answers), 0);
		dispatcher_stop(post.dispatcher, on_stopped, &post);
		wait_for_loop();
		assert_int_equal(count(&post.stopped), 0);
		end(request, EXCHANGE_ANSWERED, rows[i].says);
		take(&post.stopped, "stop");
		expect_answer(rows[i].code, rows[i].enhanced, rows[i].text);
		stop();
	}
}

static void
test_stop_while_encoding(void **state)
{
	(void)state;
	start(TWO);
	submit_one("slow");
	take(&post.encoding, "encoding");
	stop_sending();
	assert_int_equal(count(&post.answers), 0);
	put(&post.gate, &post);
	expect_answer(451, "4.3.2", "Shutting down");
	stop();
}

static void
test_stop_while_queued(void **state)
{
	(void)state;
	start(ONE_AT_A_TIME);
	submit_one("x");
	struct request *request = take_request("one 0");
	submit_one("y");
	submit_one("z");
	stop_sending();
	expect_answer(451, "4.3.2", "Shutting down");
	expect_answer(451, "4.3.2", "Shutting down");
	end(request, EXCHANGE_ANSWERED, "accepted");
	expect_answer(250, "2.0.0", "accepted by one");
	stop();
}

static void
test_stop_while_frozen(void **state)
{
	(void)state;
	start(TWO); /* 20 s */
	submit_one("x");
	serve("one 0", "doubt!");
	stop_sending();
	expect_answer(451, "4.3.2", "Shutting down");
	stop();
}

/* What the workers still hold comes after the stop. */
static void
test_mail_after_the_stop(void **state)
{
	(void)state;
	start(TWO);
	stop_sending();
	submit_one("x");
	expect_answer(451, "4.3.2", "Shutting down");
	submit_one("unfit one, unfit two");
	expect_answer(451, "4.3.2", "Shutting down");
	stop();
}

static void
test_by_prepare(void **state)
{
	static const struct sending sending = { "x", 1, 60000 };

	(void)state;
	start(TWO);
	prepare_post(post.prepare, make_submission(&sending));
	serve("one 0", "accepted");
	expect_answer(250, "2.0.0", "accepted by one");
	stop();
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_failover),
		cmocka_unit_test(test_all_down),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_order_by_losses),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_after_the_deadline),
		cmocka_unit_test(test_doubt_is_waited_out),
		cmocka_unit_test(test_doubt_outlasts_the_client),
		cmocka_unit_test(test_answer_unsaid),
		cmocka_unit_test(test_connections),
		cmocka_unit_test(test_queue_moves_on_when_the_lane_closes),
		cmocka_unit_test(test_lane_closes_while_encoding),
		cmocka_unit_test(test_deadline_while_encoding),
		cmocka_unit_test(test_deadline_while_queued),
		cmocka_unit_test(test_stop_while_sending),
		cmocka_unit_test(test_stop_while_encoding),
		cmocka_unit_test(test_stop_while_queued),
		cmocka_unit_test(test_stop_while_frozen),
		cmocka_unit_test(test_mail_after_the_stop),
		cmocka_unit_test(test_by_prepare),
	};

	return cmocka_run_group_tests(tests, start_all, end_all);
}
