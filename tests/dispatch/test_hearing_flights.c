/* SPDX-License-Identifier: MIT */
/*
 * What providers tell ends the doubts of mail in dispatch, and goes on to the
 * store; webhooks by the helm.
 */
#include "hearing.h"

#include "dispatch/helm.h"
#include "stage.h"

/* Nothing ends by itself. */
#define SETTINGS                                                            \
	"[server]\ndoubt_wait = 30s\ndoubt_asks = 1h\nprobe_interval = 0\n" \
	"pause_min = 1h\npause_max = 1h\n"
#define POSTS PROVIDER("one", "events = webhook\n") PROVIDER("two", "")

struct telling {
	const char *provider, *words;
	int64_t later_ms; /* than now, it happened: their clock is ahead */
};

static void
on_tell(void *object)
{
	const struct telling *telling = object;
	struct event_batch *batch = event_batch_new();
	struct event *event = oracle_event(telling->provider, telling->words);

	event->at_ms += telling->later_ms;
	g_ptr_array_add(batch->events, event);
	hearing_take(post.dispatcher, batch);
}

static void
tell(const char *provider, const char *words)
{
	struct telling telling = { provider, words, 2000 };

	loop_call(post.loop, on_tell, &telling);
}

static void
submit_minute(const char *subject, unsigned recipients)
{
	struct sending sending = { subject, recipients, 60000 };

	submit(&sending);
}

/* A client who waits is answered at once. */
static void
test_frozen(void **state)
{
	(void)state;
	start(SETTINGS TWO);
	submit_minute("x", 1);
	serve("one 0", "doubt");
	wait_for_loop();
	/* nothing of these is about it */
	tell("two", "accepted x 0");
	tell("one", "accepted y 0");
	tell("one", "accepted x 1");
	tell("one", "rejected x 0");
	tell("one", "opened x 0");
	tell("three", "accepted x 0");
	loop_call(post.loop, on_tell,
	    &(struct telling){ "one", "delivered x 0", -60000 });
	wait_for_loop();
	assert_int_equal(count(&post.answers), 0);
	tell("one", "delivered x 0");
	expect_answer(250, "2.0.0", "accepted by one");
	expect_story("app@example.com to 1, 250: one failed: doubt (doubt); "
		     "one has it, as it said when asked");
	stop();
}

/* Often the event is here first. */
static void
test_before(void **state)
{
	(void)state;
	start(SETTINGS TWO);
	submit_minute("x", 2);
	struct request *request = take_request("one 0,1");
	tell("one", "accepted x 1");
	tell("one", "bounced x 0");
	end(request, EXCHANGE_ANSWERED, "doubt");
	expect_answer(250, "2.0.0", "accepted by one");
	stop();
}

/* Whoever is asked at the moment need not answer. */
static void
test_asked(void **state)
{
	(void)state;
	start("[server]\ndoubt_wait = 30s\ndoubt_asks = 1ms, 1h\n"
	      "probe_interval = 0\n" PROVIDER("one", "asks = 9\n"));
	submit_minute("x", 1);
	serve("one 0", "doubt");
	struct request *ask = take_request("ask one x 0");
	tell("one", "accepted x 0");
	expect_answer(250, "2.0.0", "accepted by one");
	end(ask, EXCHANGE_ANSWERED, "absent");
	stop();
}

/* One of two; the other waits on. */
static void
test_one_of_two(void **state)
{
	(void)state;
	start(SETTINGS TWO);
	submit_minute("x", 2);
	serve("one 0,1", "doubt");
	wait_for_loop();
	tell("one", "accepted x 1");
	wait_for_loop();
	assert_int_equal(count(&post.answers), 0);
	tell("one", "accepted x 0");
	expect_answer(250, "2.0.0", "accepted by one");
	stop();
}

/* All goes on to the store; what dispatch has there by our own name. */
static void
test_store(void **state)
{
	struct sending sending = { "x", 1, 60000 };
	struct submission *submission = make_submission(&sending);
	static const struct parse_options options = {
		.hostname = "mail.example.com",
	};
	g_autofree char *named =
	    g_strdup_printf("one delivered x 0 of %s", submission->id);
	struct message *message = parse_message(submission, &options, NULL);

	(void)state;
	start_with_store(SETTINGS TWO);
	tell("one", "delivered x 0");
	expect_heard("one delivered x 0 of nobody");
	dispatcher_post(post.dispatcher,
	    flight_new(message, dispatcher_route(post.dispatcher)));
	struct request *request = take_request("one 0");
	tell("two", "delivered x 0");
	expect_heard("two delivered x 0 of nobody");
	tell("one", "delivered y 0");
	expect_heard("one delivered y 0 of nobody");
	tell("one", "delivered x 0");
	expect_heard(named);
	tell("one", "opened x 0");
	g_free(take(&post.heard, "event"));
	end(request, EXCHANGE_ANSWERED, "accepted");
	expect_answer(250, "2.0.0", "accepted by one");
	g_free(take(&post.entries, "passed"));
	stop();
}

/* ---- webhooks ---- */

static struct helm *helm;

static void
start_helm(struct dispatcher_options *options)
{
	struct prepare_options prepare = {
		.hostname = "mail.example.com",
	};

	set_stage(SETTINGS POSTS, options);
	prepare.work = post.work;
	helm = helm_new(options, &prepare, NULL);
	loop_start(post.loop);
}

static void
stop_helm(void)
{
	helm_stop(helm, NULL, NULL);
	pool_free(post.work);
	helm_stop(helm, on_stopped, &post);
	take(&post.stopped, "stop");
	loop_stop(post.loop);
	stop_store();
	helm_free(helm);
	loop_free(post.loop);
	config_unref(post.config);
}

static void
expect_end(const char *provider, const char *body, enum webhook_end wanted)
{
	struct webhook webhook;

	webhook_init(&webhook);
	webhook.body = body;
	webhook.length = strlen(body);
	webhook.now_ms = clock_wall_ms();
	assert_int_equal(helm_hear(helm, provider, &webhook), wanted);
	webhook_clear(&webhook);
}

static void
test_webhooks(void **state)
{
	struct dispatcher_options options = open_store();

	(void)state;
	start_helm(&options);
	assert_true(helm_listens(helm, "one"));
	assert_false(helm_listens(helm, "two"));
	assert_false(helm_listens(helm, "three"));
	expect_end("three", "good 1 delivered x 0", WEBHOOK_UNKNOWN);
	expect_end("two", "good 1 delivered x 0", WEBHOOK_UNKNOWN);
	expect_end("one", "forged", WEBHOOK_FORGED);
	expect_end("one", "late", WEBHOOK_LATE);
	assert_int_equal(count(&post.heard), 0);
	expect_end("one", "good 1 delivered x 0", WEBHOOK_GOOD);
	expect_heard("one delivered x 0 of nobody");
	expect_end("one", "good 1 opened x 0", WEBHOOK_REPLAYED);
	expect_end("one", "good 2", WEBHOOK_GOOD);
	/* what was not recorded may come again */
	post.forgets = true;
	expect_end("one", "good 3 opened x 0", WEBHOOK_LOST);
	expect_heard("one opened x 0 of nobody");
	post.forgets = false;
	expect_end("one", "good 3 opened x 0", WEBHOOK_GOOD);
	expect_heard("one opened x 0 of nobody");
	expect_end("one", "good 3 opened x 0", WEBHOOK_REPLAYED);
	stop_helm();
}

static void
test_without_store(void **state)
{
	struct dispatcher_options options = { 0 };

	(void)state;
	start_helm(&options);
	expect_end("one", "good 1 delivered x 0", WEBHOOK_GOOD);
	expect_end("one", "good 1 delivered x 0", WEBHOOK_REPLAYED);
	stop_helm();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frozen),
		cmocka_unit_test(test_before),
		cmocka_unit_test(test_asked),
		cmocka_unit_test(test_one_of_two),
		cmocka_unit_test(test_store),
		cmocka_unit_test(test_webhooks),
		cmocka_unit_test(test_without_store),
	};

	return cmocka_run_group_tests(tests, start_all, end_all);
}
