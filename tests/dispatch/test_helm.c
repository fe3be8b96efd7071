/* SPDX-License-Identifier: MIT */
/*
 * The settings are read anew while mail is under way: what the dispatcher
 * before knows stays known, what it has begun it ends, and all else goes by the
 * new ones.
 */
#include "stage.h"

#include "dispatch/helm.h"
#include "succession.h"

#define MINUTE (60 * INT64_C(1000))
/* Nothing that is closed opens while a test runs. */
#define LONG_PAUSES                                                         \
	"[server]\npause_min = 10m\npause_max = 10m\naccount_pause = 10m\n" \
	"throttle_pause = 10m\nprobe_interval = 0\n"
#define ONE       PROVIDER("one", "")
#define TWO_ALONE PROVIDER("two", "")

static struct helm *helm;
static pthread_barrier_t barrier;

static void
start_helm(const char *text, struct dispatcher_options *options)
{
	struct prepare_options prepare = {
		.hostname = "mail.example.com",
	};

	set_stage(text, options);
	prepare.work = post.work;
	helm = helm_new(options, &prepare, NULL);
	assert_non_null(helm);
	loop_start(post.loop);
	post.tells_closed = true;
}

static void
start_alone(const char *text)
{
	struct dispatcher_options options = { 0 };

	start_helm(text, &options);
}

static void
start_queue(const char *text)
{
	struct dispatcher_options options = open_store();

	start_helm(text, &options);
}

static void
renew(const char *text)
{
	g_autofree char *settings = add_settings(text);
	struct config *config = configured_read(settings);

	assert_true(helm_renew(helm, config, "mail.example.com", NULL));
	config_unref(post.config);
	post.config = config;
}

/* As ferry does. */
static void
stop_helm(void)
{
	helm_stop(helm, NULL, NULL);
	pool_free(post.work);
	helm_stop(helm, on_stopped, &post);
	take(&post.stopped, "stop");
	loop_stop(post.loop);
	stop_store();
	assert_int_equal(count(&post.stopped), 0);
	assert_int_equal(count(&post.requests), 0);
	assert_int_equal(count(&post.answers), 0);
	post.tells_closed = false;
	helm_free(helm);
	loop_free(post.loop);
	config_unref(post.config);
	g_queue_clear_full(&post.stories.items, g_free);
	g_queue_clear_full(&post.alarms.items, g_free);
	g_queue_clear_full(&post.closed.items, g_free);
}

static void
send_mail(const char *subject, unsigned recipients)
{
	struct sending sending = { subject, recipients, MINUTE };

	helm_take(helm, make_submission(&sending));
}

/* The queue's, which knows that of its one recipient; it is copied. */
static void
send_queued(const char *subject, const struct recipient *known)
{
	struct sending sending = { subject, 1, 0 };
	struct submission *submission = make_submission(&sending);

	submission->return_to = (struct return_address){ 0 };
	submission->queued = true;
	submission->received_ms = clock_wall_ms();
	submission->known = g_new0(struct recipient, 1);
	recipient_copy(&submission->known[0], known);
	helm_take(helm, submission);
}

static void
on_job(void *owner, struct letter *letter)
{
	(void)owner;
	(void)letter;
	pthread_barrier_wait(&barrier);
}

/* All that was sent until now has come to where it waits: the workers, who are
 * two, have done what came before. */
static void
settle(void)
{
	struct letter jobs[2];

	for (unsigned i = 0; i < 2; i++)
		pool_post(post.work, &jobs[i], on_job);
	pthread_barrier_wait(&barrier);
	wait_for_loop();
}

static const struct provider_standing *
find_standing(const GPtrArray *standings, const char *name)
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
expect_standing(const char *name, const char *state, unsigned accepted)
{
	g_autoptr(GPtrArray) standings = helm_standings(helm);
	const struct provider_standing *one = find_standing(standings, name);

	assert_string_equal(one->state, state);
	assert_int_equal(one->accepted, accepted);
}

static void
expect_waiting(const char *name, unsigned waiting)
{
	g_autoptr(GPtrArray) standings = helm_standings(helm);

	assert_int_equal(find_standing(standings, name)->waiting, waiting);
}

static void
expect_closed(const char *name)
{
	g_autofree char *closed = take(&post.closed, name);

	assert_string_equal(closed, name);
}

/* What was learned of a provider is known of the one of that name, wherever it
 * stands now; but an account that was refused may have been mended. */
static void
test_inherits(void **state)
{
	(void)state;
	start_alone(LONG_PAUSES THREE);
	send_mail("x", 1);
	serve("one 0", "throttle");
	serve("two 0", "account");
	serve("three 0", "accepted");
	expect_answer(250, "2.0.0", "accepted by three");
	expect_standing("one", "throttled", 0);
	expect_standing("two", "unusable", 0);
	renew(LONG_PAUSES PROVIDER("three", "") PROVIDER("four", "") TWO
	    "[route default]\nproviders = one, two, four, three\n");
	expect_standing("one", "throttled", 0);
	expect_standing("three", "open", 1);
	expect_standing("four", "open", 0);
	expect_standing("two", "probing", 0);
	send_mail("y", 1);
	serve("two 0", "accepted");
	expect_answer(250, "2.0.0", "accepted by two");
	expect_standing("two", "open", 1);
	stop_helm();
}

/* Since when a provider is as it is, by the monotonic clock. */
static int64_t
find_since(const char *name)
{
	g_autoptr(GPtrArray) standings = helm_standings(helm);
	int64_t apart_ms = clock_wall_ms() - clock_monotonic_ms();

	return find_standing(standings, name)->since_ms - apart_ms;
}

/* The settings are read anew, and a provider is well for as long as it was.
 * Looked at more than once, as the wall clock may be set meanwhile. */
static void
test_well_since(void **state)
{
	int64_t begun_ms, end_ms;

	(void)state;
	start_alone(ONE);
	wait_for_loop();
	begun_ms = clock_monotonic_ms();
	end_ms = begun_ms + MINUTE;
	g_usleep(1200000);
	for (unsigned i = 0; i < 2; i++) {
		renew(i == 0 ? ONE TWO_ALONE : ONE);
		while (find_since("one") > begun_ms + 600)
			assert_true(clock_monotonic_ms() < end_ms);
	}
	stop_helm();
}

static void
expect_health(enum health_state wanted)
{
	g_autoptr(GPtrArray) standings = helm_standings(helm);

	assert_int_equal(find_standing(standings, "one")->health.state, wanted);
}

#define PROBED(more) PROVIDER("one", "probes = yes\n" more)

/* What a probe found is known until the next one finds something else, and is
 * no news then; but not of another account. */
static void
test_probes(void **state)
{
	(void)state;
	start_alone(PROBED(""));
	helm_start(helm);
	serve("probe one", "good");
	wait_for_loop();
	expect_health(HEALTH_GOOD);
	renew(PROBED(""));
	expect_health(HEALTH_GOOD);
	serve("probe one", "bad");
	wait_for_loop();
	expect_health(HEALTH_BAD);
	renew(PROBED("connections = 3\n"));
	expect_health(HEALTH_BAD);
	serve("probe one", "good");
	wait_for_loop();
	expect_health(HEALTH_GOOD);
	renew(PROBED("account = another\n"));
	expect_health(HEALTH_UNKNOWN);
	serve("probe one", "good");
	wait_for_loop();
	stop_helm();
}

/* What is on its way ends as it began, and its provider is closed then. */
static void
test_under_way(void **state)
{
	struct request *first, *second;

	(void)state;
	start_alone(LONG_PAUSES ONE);
	send_mail("x", 1);
	first = take_request("one 0");
	renew(LONG_PAUSES TWO_ALONE);
	send_mail("y", 1);
	second = take_request("two 0");
	renew(LONG_PAUSES PROVIDER("three", ""));
	send_mail("z", 1);
	serve("three 0", "accepted");
	expect_answer(250, "2.0.0", "accepted by three");
	assert_int_equal(count(&post.closed), 0);
	end(second, EXCHANGE_ANSWERED, "accepted");
	expect_answer(250, "2.0.0", "accepted by two");
	expect_closed("two");
	end(first, EXCHANGE_ANSWERED, "accepted");
	expect_answer(250, "2.0.0", "accepted by one");
	expect_closed("one");
	stop_helm();
}

/* A request that is being made is sent to whom it is made for. */
static void
test_encoding(void **state)
{
	(void)state;
	start_alone(LONG_PAUSES ONE);
	send_mail("slow", 1);
	take(&post.encoding, "encode");
	renew(LONG_PAUSES TWO_ALONE);
	put(&post.gate, &post);
	serve("one 0", "accepted");
	expect_answer(250, "2.0.0", "accepted by one");
	stop_helm();
}

/* A mail that occupies the only provider, which takes one at a time. */
static struct request *
occupy(void)
{
	static const struct recipient unknown = { 0 };

	start_queue(LONG_PAUSES PROVIDER("one", "connections = 1\n"));
	send_queued("first", &unknown);
	expect_entry("begun #1 one open: 0 open");
	return take_request("one 0");
}

/* What its attempt leaves comes back, and goes by the others. */
static void
end_first(struct request *first)
{
	end(first, EXCHANGE_ANSWERED, "outage");
	expect_entry("ended #1 one outage: 0 waiting");
	expect_entry("landed; round 0, due, wakes");
	expect_closed("one");
}

/* Whoever waits for a provider that is no more goes by another at once. */
static void
test_client_waits(void **state)
{
	struct request *first = occupy();

	(void)state;
	send_mail("y", 1);
	settle();
	expect_waiting("one", 1);
	renew(LONG_PAUSES TWO_ALONE);
	serve("two 0", "accepted");
	expect_answer(250, "2.0.0", "accepted by two");
	expect_entry("passed #1 two accepted: 0 accepted");
	end_first(first);
	stop_helm();
}

static void
test_queue_waits(void **state)
{
	static const struct recipient unknown = { 0 };
	struct request *first = occupy();

	(void)state;
	send_queued("y", &unknown);
	settle();
	expect_waiting("one", 1);
	renew(LONG_PAUSES TWO_ALONE);
	expect_entry("begun #1 two open: 0 open");
	serve("two 0", "accepted");
	expect_entry("ended #1 two accepted: 0 accepted");
	expect_entry("landed; round 0");
	end_first(first);
	stop_helm();
}

/* A doubt is the queue's, whoever is asked about it: the next one asks, or,
 * when its provider is no more, waits it out. */
static void
test_doubt(void **state)
{
	struct recipient known = {
		.state = RECIPIENT_DOUBT,
		.provider = (char *)"one",
		.doubts = 1,
		.since_ms = clock_wall_ms() - MINUTE,
		.until_ms = clock_wall_ms() + 10 * MINUTE,
		.sent = { .message_id = (char *)"<x@example.com>" },
	};
	struct request *ask;

	(void)state;
	start_queue(
	    LONG_PAUSES "doubt_asks = 1ms\n" PROVIDER("one", "asks = 1\n"));
	send_queued("x", &known);
	ask = take_request("ask one x 0");
	renew(LONG_PAUSES TWO_ALONE);
	expect_entry("landed: 0 doubt; round 0, due");
	end(ask, EXCHANGE_ANSWERED, "found");
	expect_closed("one");
	send_queued("x", &known);
	expect_entry("landed: 0 doubt; round 0, due");
	known.until_ms = clock_wall_ms() - MINUTE;
	send_queued("x", &known);
	expect_entry("begun #1 two open: 0 open");
	serve("two 0", "accepted");
	expect_entry("ended #1 two accepted: 0 accepted");
	expect_entry("landed; round 0");
	stop_helm();
}

/* The same mail again, while the dispatcher before has it: it is not sent
 * twice, and comes to the same. */
static void
test_twin(void **state)
{
	struct request *first;

	(void)state;
	start_alone(LONG_PAUSES ONE);
	send_mail("x", 1);
	first = take_request("one 0");
	renew(LONG_PAUSES TWO);
	send_mail("x", 1);
	settle();
	renew(LONG_PAUSES TWO_ALONE ONE);
	send_mail("x", 1);
	settle();
	assert_int_equal(count(&post.requests), 0);
	end(first, EXCHANGE_ANSWERED, "accepted");
	for (unsigned i = 0; i < 3; i++)
		expect_answer(250, "2.0.0", "accepted by one");
	stop_helm();
}

/* ...or to what is left: one of them takes its place. */
static void
test_twin_goes_on(void **state)
{
	struct request *first;

	(void)state;
	start_alone(LONG_PAUSES ONE);
	send_mail("x", 1);
	first = take_request("one 0");
	renew(LONG_PAUSES TWO_ALONE);
	send_mail("x", 1);
	settle();
	end(first, EXCHANGE_ANSWERED, "throttle");
	expect_answer(451, "4.4.1", "one");
	serve("two 0", "accepted");
	expect_answer(250, "2.0.0", "accepted by two");
	stop_helm();
}

struct look {
	struct flight *flight;
	bool over;
};

static void
on_post(void *object)
{
	struct look *look = object;

	dispatcher_post(post.dispatcher, look->flight);
	look->over = succession_is_over(post.dispatcher);
}

/* One that a mail is on its way to is not over. */
static void
test_posted(void **state)
{
	static const struct parse_options options = {
		.hostname = "mail.example.com",
	};
	struct sending sending = { "x", 1, MINUTE };
	struct look look = { 0 };

	(void)state;
	start(LONG_PAUSES ONE);
	look.flight =
	    flight_new(parse_message(make_submission(&sending), &options, NULL),
		dispatcher_route(post.dispatcher));
	loop_call(post.loop, on_post, &look);
	assert_false(look.over);
	serve("one 0", "accepted");
	expect_answer(250, "2.0.0", "accepted by one");
	stop();
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_inherits),
		cmocka_unit_test(test_well_since),
		cmocka_unit_test(test_probes),
		cmocka_unit_test(test_under_way),
		cmocka_unit_test(test_encoding),
		cmocka_unit_test(test_client_waits),
		cmocka_unit_test(test_queue_waits),
		cmocka_unit_test(test_doubt),
		cmocka_unit_test(test_twin),
		cmocka_unit_test(test_twin_goes_on),
		cmocka_unit_test(test_posted),
	};

	/* never destroyed: a worker may still be on its way out of it */
	pthread_barrier_init(&barrier, NULL, 3);
	return cmocka_run_group_tests(tests, start_all, end_all);
}
