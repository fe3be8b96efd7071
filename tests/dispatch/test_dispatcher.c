/* SPDX-License-Identifier: MIT */
/*
 * The dispatcher and prepare on a real loop and real workers, between a client
 * and a carrier that the test plays: each request is handed to the test, which
 * answers it when and as it likes, so nothing waits for a clock but where time
 * is the question.
 */
#include "configured.h"
#include "core/clock.h"
#include "core/log.h"
#include "dispatch/dispatcher.h"
#include "dispatch/prepare.h"
#include "fixture.h"
#include "state.h"

#include <pthread.h>

#define LONG_S 10 /* no test waits that long */

/* To the test's thread or from it; of pthread, which TSan sees. */
struct queue {
	pthread_mutex_t mutex;
	pthread_cond_t filled;
	GQueue items;
};

#define QUEUE                                                        \
	{                                                            \
		PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, \
		    G_QUEUE_INIT                                     \
	}

static struct {
	struct config *config;
	struct loop *loop;
	struct pool *work;
	struct dispatcher *dispatcher;
	struct prepare *prepare;
	struct queue requests; /* struct request, to the test */
	struct queue answers;  /* struct answer */
	struct queue encoding; /* whose encode() waits */
	struct queue gate;     /* ...until something is put here */
	struct queue stories;  /* char * */
	struct queue stopped, reached;
} post = {
	.requests = QUEUE,
	.answers = QUEUE,
	.encoding = QUEUE,
	.gate = QUEUE,
	.stories = QUEUE,
	.stopped = QUEUE,
	.reached = QUEUE,
};

static void
put(struct queue *queue, void *item)
{
	pthread_mutex_lock(&queue->mutex);
	g_queue_push_tail(&queue->items, item);
	pthread_cond_signal(&queue->filled);
	pthread_mutex_unlock(&queue->mutex);
}

/* NULL after LONG_S without. */
static void *
wait_for(struct queue *queue)
{
	struct timespec until;
	void *item;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += LONG_S;
	pthread_mutex_lock(&queue->mutex);
	while (
	    g_queue_is_empty(&queue->items) &&
	    pthread_cond_timedwait(&queue->filled, &queue->mutex, &until) == 0)
		;
	item = g_queue_pop_head(&queue->items);
	pthread_mutex_unlock(&queue->mutex);
	return item;
}

static unsigned
count(struct queue *queue)
{
	pthread_mutex_lock(&queue->mutex);
	unsigned length = g_queue_get_length(&queue->items);
	pthread_mutex_unlock(&queue->mutex);
	return length;
}

/* One request under way; and its answer, on its way to the loop. */
struct request {
	struct letter letter;
	struct exchange *exchange;
	char *to; /* "one 0,1,2": the provider and the recipients */
	enum exchange_end end;
	const char *says; /* "accepted,outage": by recipient, the last for the
			   * rest; "doubt!" is an unlikely one; "split" */
};

/* The fake translator */

static bool
encode(const struct provider *provider, const struct delivery *delivery,
    struct exchange *exchange, GError **error)
{
	const char *subject = delivery->message->subject;
	g_autofree char *unfit = g_strdup_printf("unfit %s", provider->name);
	GString *to = g_string_new(provider->name);

	for (unsigned i = 0; i < delivery->count; i++)
		g_string_append_printf(
		    to, "%c%u", i > 0 ? ',' : ' ', delivery->recipients[i]);
	exchange->http.path = g_string_free(to, FALSE);
	if (strcmp(subject, "slow") == 0) {
		put(&post.encoding, provider->name);
		g_assert(wait_for(&post.gate) != NULL);
	}
	if (strstr(subject, unfit) == NULL)
		return true;
	g_set_error(error, g_quark_from_static_string("test"), 0,
	    "%s cannot say it", provider->name);
	return false;
}

static enum verdict_class
read_class(const char *word)
{
	for (int i = VERDICT_NONE; i <= VERDICT_DOUBT; i++) {
		const char *text = verdict_class_text((enum verdict_class)i);
		if (g_str_has_prefix(word, text))
			return (enum verdict_class)i;
	}
	return VERDICT_RECIPIENT; /* split */
}

static void
decode(const struct provider *provider, const struct delivery *delivery,
    const struct exchange *exchange, struct outcome *outcome)
{
	g_auto(GStrv) words =
	    g_strsplit(exchange->http_response.body->str, ",", -1);
	unsigned count = g_strv_length(words);

	(void)provider;
	for (unsigned i = 0; i < delivery->count; i++) {
		const char *word = words[MIN(i, count - 1)];
		outcome_set(outcome, i, read_class(word), 250, word);
		outcome->verdicts[i].unlikely = strchr(word, '!') != NULL;
	}
	outcome->split = strcmp(words[0], "split") == 0;
}

static struct translator *
make_translator(const struct config *config, const char *section)
{
	struct translator *translator = g_new0(struct translator, 1);
	bool loses = config_bool(config, section, "loses");

	translator->encode = encode;
	translator->decode = decode;
	translator->limits.fields = true;
	translator->limits.fields_carry = loses ? 0 : UINT32_MAX;
	translator->limits.raw_carry = loses ? 0 : UINT32_MAX;
	translator->limits.recipients =
	    (unsigned)config_number(config, section, "recipients");
	return translator;
}

struct provider *
provider_open(const char *name, struct config *config, GError **error)
{
	struct provider *provider = g_new0(struct provider, 1);

	(void)error;
	provider->name = g_strdup(name);
	provider->section = g_strdup_printf("provider %s", name);
	provider->translator = make_translator(config, provider->section);
	provider->endpoint.connections =
	    (unsigned)config_number(config, provider->section, "connections");
	provider->size_bytes =
	    (uint64_t)config_number(config, provider->section, "size");
	return provider;
}

void
provider_unref(struct provider *provider)
{
	g_free((void *)provider->translator);
	g_free(provider->section);
	g_free(provider->name);
	g_free(provider);
}

/* The fake carrier: the loop's thread */

static void
send_exchange(void *self, struct exchange *exchange)
{
	struct request *request = g_new0(struct request, 1);

	g_assert(self == &post && loop_here(post.loop));
	request->exchange = exchange;
	request->to = g_strdup(exchange->http.path);
	put(&post.requests, request);
}

static void
on_answer(void *owner, struct letter *letter)
{
	struct request *request = LETTER_OF(letter, struct request, letter);
	struct exchange *exchange = request->exchange;

	(void)owner;
	exchange->end = request->end;
	if (request->end == EXCHANGE_ANSWERED)
		g_string_assign(exchange->http_response.body, request->says);
	else
		exchange->error = g_strdup(request->says);
	g_free(request->to);
	g_free(request);
	exchange->done(exchange->object, exchange);
}

/* The test's side */

static void *
take(struct queue *queue, const char *what)
{
	void *taken = wait_for(queue);

	if (taken == NULL)
		fail_msg("no %s comes", what);
	return taken;
}

static struct request *
take_request(const char *to)
{
	struct request *request = take(&post.requests, to);

	assert_string_equal(request->to, to);
	return request;
}

static void
end(struct request *request, enum exchange_end how, const char *says)
{
	request->end = how;
	request->says = says;
	loop_post(post.loop, &request->letter, on_answer);
}

/* The next request goes there, and is answered so. */
static void
serve(const char *to, const char *says)
{
	end(take_request(to), EXCHANGE_ANSWERED, says);
}

static void
post_answer(void *server, struct answer *answer)
{
	g_assert(server == &post);
	put(&post.answers, answer);
}

static void
on_event(void *object, const struct dispatch_event *event)
{
	g_assert(object == &post);
	put(&post.stories, g_strdup_printf("%s to %u, %u: %s", event->sender,
			       event->recipients, event->code, event->story));
}

static void
expect_answer(unsigned code, const char *enhanced, const char *text)
{
	struct answer *answer = take(&post.answers, "answer");

	if (answer->code != code || strcmp(answer->enhanced, enhanced) != 0 ||
	    strstr(answer->text, text) == NULL)
		fail_msg(
		    "%u %s %s", answer->code, answer->enhanced, answer->text);
	answer_said(answer);
	answer_free(answer);
}

static void
expect_story(const char *wanted)
{
	g_autofree char *story = take(&post.stories, "story");

	assert_string_equal(story, wanted);
}

static void
on_reached(void *owner, struct letter *letter)
{
	(void)owner;
	put(&post.reached, letter);
}

/* What was posted to the loop until now has been read. */
static void
wait_for_loop(void)
{
	struct letter letter;

	loop_post(post.loop, &letter, on_reached);
	take(&post.reached, "letter");
}

struct sending {
	const char *subject;
	unsigned recipients;
	int64_t within_ms; /* the deadline */
};

static struct submission *
make_submission(const struct sending *sending)
{
	g_autofree char *text = g_strdup_printf(
	    "From: a@example.com\nTo: rcpt0@example.org\n"
	    "Message-ID: <%s@example.com>\nSubject: %s\n\nText\n",
	    sending->subject, sending->subject);
	struct submission *submission =
	    fixture_submission(text, sending->recipients);

	submission->deadline_ms = clock_monotonic_ms() + sending->within_ms;
	submission->return_to =
	    (struct return_address){ post_answer, &post, 1 };
	return submission;
}

/* Straight to the dispatcher, so that mails come in order. */
static void
submit(const struct sending *sending)
{
	static const struct parse_options options = {
		.hostname = "mail.example.com",
	};
	struct message *message =
	    parse_message(make_submission(sending), &options, NULL);

	dispatcher_post(post.dispatcher,
	    flight_new(message, dispatcher_route(post.dispatcher)));
}

static void
submit_one(const char *subject)
{
	struct sending sending = { subject, 1, 60 * 1000 };

	submit(&sending);
}

static void
on_stopped(void *object)
{
	g_assert(loop_here(post.loop));
	put(&post.stopped, object);
}

static void
start(const char *text)
{
	struct pool_options work = {
		.name = "work", .threads = 2, .stack_bytes = 2 * 1024 * 1024
	};
	struct dispatcher_options options = {
		.http = { .send = send_exchange, .self = &post },
		.hostname = "mail.example.com",
		.event = on_event,
		.object = &post,
	};

	post.config = options.config = configured_read(text);
	post.loop = options.loop = loop_new("dispatch", NULL);
	post.work = options.work = pool_new(&work);
	post.dispatcher = dispatcher_new(&options, NULL);
	post.prepare = prepare_new(&(struct prepare_options){
	    .work = post.work,
	    .dispatcher = post.dispatcher,
	    .hostname = "mail.example.com",
	});
	loop_start(post.loop);
}

/* As ferry does: first no more attempts, then the workers, then all. */
static void
stop(void)
{
	dispatcher_stop(post.dispatcher, NULL, NULL);
	pool_free(post.work);
	dispatcher_stop(post.dispatcher, on_stopped, &post);
	take(&post.stopped, "stop");
	loop_stop(post.loop);
	assert_int_equal(count(&post.stopped), 0);
	assert_int_equal(count(&post.requests), 0);
	assert_int_equal(count(&post.answers), 0);
	prepare_free(post.prepare);
	dispatcher_free(post.dispatcher);
	loop_free(post.loop);
	config_unref(post.config);
	g_queue_clear_full(&post.stories.items, g_free);
}

#define PROVIDER(name, more) "[provider " name "]\ntype = fake\n" more
#define TWO                  PROVIDER("one", "") PROVIDER("two", "")
#define THREE                TWO PROVIDER("three", "")

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
	submit_one("second"); /* who just failed is not asked again */
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
	end(take_request("one 0"), EXCHANGE_UNSENT, "connection refused");
	serve("two 0", "account");
	expect_answer(451, "4.4.1", "last tried two: account");
	submit_one("second");
	expect_answer(451, "4.4.1", "no provider is available now");
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
		{ "two 2,3,4", "accepted" } },
	    250, "2.0.0", "accepted by one and two" },
	{ "a bad one is looked for", "x", TWO, 4,
	    { { "one 0,1,2,3", "split" }, { "one 0,1", "accepted" },
		{ "one 2,3", "split" }, { "one 2", "accepted" },
		{ "one 3", "split" } },
	    550, "5.1.1", "1 of 4 recipients refused" },
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
	static const struct sending hasty = { "x", 2, 50 };

	(void)state;
	start(TWO);
	submit(&hasty);
	struct request *request = take_request("one 0,1");
	assert_in_range(request->exchange->deadline_ms, clock_monotonic_ms(),
	    clock_monotonic_ms() + 50 + 20000);
	expect_answer(451, "4.4.1", "no answer in time");
	submit(&hasty); /* still open: in doubt */
	expect_answer(451, "4.4.1", "one may have taken it");
	end(request, EXCHANGE_ANSWERED, "accepted,outage");
	submit(&hasty);
	serve("one 1", "accepted");
	expect_answer(250, "2.0.0", "accepted by one");
	submit(&hasty); /* meant: the client had its answer */
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
	expect_answer(451, "4.4.1", "no provider is available now");
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
	serve("two 0", "accepted");
	expect_answer(250, "2.0.0", "accepted by two");
	stop();
}

#define ONE_AT_A_TIME PROVIDER("one", "connections = 1\n") PROVIDER("two", "")

/* The client has gone, and sends again what is under way. */
static void
test_resend_while_open(void **state)
{
	(void)state;
	start(TWO);
	submit_one("x");
	struct request *first = take_request("one 0");
	submit_one("x");
	expect_answer(451, "4.4.1", "one may have taken it");
	end(first, EXCHANGE_ANSWERED, "accepted");
	expect_answer(250, "2.0.0", "accepted by one");
	stop();
}

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
	end(first, EXCHANGE_ANSWERED, "outage");
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
	serve("one 0", "outage");
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
	static const struct sending hasty = { "slow", 1, 50 };

	(void)state;
	start(ONE_AT_A_TIME);
	submit(&hasty);
	take(&post.encoding, "encoding");
	submit_one("x");
	expect_answer(451, "4.4.1", "no answer in time");
	put(&post.gate, &post);
	serve("one 0", "accepted");
	expect_answer(250, "2.0.0", "accepted by one");
	stop();
}

static void
test_deadline_while_queued(void **state)
{
	static const struct sending hasty = { "y", 1, 50 };

	(void)state;
	start(ONE_AT_A_TIME);
	submit_one("x");
	struct request *first = take_request("one 0");
	submit(&hasty);
	expect_answer(451, "4.4.1", "no provider is available now");
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

static int
start_all(void **state)
{
	static const struct log_options log = { .level = LOG_LEVEL_ERROR };

	(void)state;
	parse_start();
	log_open(&log);
	return 0;
}

static int
end_all(void **state)
{
	(void)state;
	log_close();
	return 0;
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
		cmocka_unit_test(test_resend_while_open),
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
