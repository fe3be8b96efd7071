/* SPDX-License-Identifier: MIT */
/*
 * One provider's inquest in virtual time: what is asked when and together, and
 * who is told what.
 */
#include "inquest.h"

#include "oracle.h"
#include "virtual.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define GATHER_MS 1000

static struct {
	struct translator translator;
	struct provider provider;
	struct carrier carrier;
	struct inquest *inquest;
	unsigned under_way, ended;
	struct exchange *exchange; /* that the carrier has */
	unsigned sent;
	GString *told; /* what was told to whom */
	bool again;    /* who is told puts another question */
} stage;

static void
on_send(void *self, struct exchange *exchange)
{
	g_assert(self == &stage && stage.exchange == NULL);
	g_assert(exchange->deadline_ms > virtual.now_ms);
	stage.exchange = exchange;
	stage.sent++;
}

static void
on_ended(void *object)
{
	g_assert(object == &stage);
	stage.ended++;
}

static int
open_stage(void **state)
{
	(void)state;
	memset(&stage, 0, sizeof stage);
	virtual_open(1);
	stage.told = g_string_new(NULL);
	oracle_dress(&stage.translator, 2, false);
	stage.provider.name = (char *)"one";
	stage.provider.translator = &stage.translator;
	stage.carrier = (struct carrier){ .send = on_send, .self = &stage };
	stage.inquest = inquest_new(&(struct inquest_options){
	    .http = &stage.carrier,
	    .provider = &stage.provider,
	    .gather_ms = GATHER_MS,
	    .under_way = &stage.under_way,
	    .ended = on_ended,
	    .object = &stage,
	});
	return 0;
}

static int
close_stage(void **state)
{
	(void)state;
	inquest_free(stage.inquest);
	g_string_free(stage.told, TRUE);
	virtual_close();
	return 0;
}

static struct question *put(const char *name);

static void
on_answered(void *object, const struct question *question,
    const struct inquiry_reply *reply)
{
	const struct inquiry *inquiry = question->inquiry;

	g_assert(question->numbers[0] == 7);
	g_string_append_printf(stage.told, "%s%s: %s",
	    stage.told->len > 0 ? ", " : "", (const char *)object,
	    inquiry->recipients[0].found ? inquiry->recipients[0].id
	    : reply->answered            ? "absent"
					 : reply->text);
	if (stage.again) {
		stage.again = false;
		put("again");
	}
}

static struct question *
put(const char *name)
{
	static const unsigned number = 7;
	g_autofree char *message_id = g_strdup_printf("<%s@example.com>", name);
	struct inquiry *inquiry = inquiry_new("ID", message_id, "example.com");
	struct question *question;

	inquiry_add(inquiry, "rcpt0@example.org");
	question = inquest_question(inquiry, &number);
	question->answered = on_answered;
	question->object = (void *)name;
	inquest_put(stage.inquest, question);
	return question;
}

/* Time goes on by so much. */
static void
pass(int64_t ms)
{
	int64_t until = virtual.now_ms + ms;
	const struct virtual_event *next;

	while ((next = g_queue_peek_head(&virtual.events)) != NULL &&
	       next->at_ms <= until)
		virtual_step();
	virtual_set_time(until * 1000);
}

/* What is asked now, or nothing (NULL). */
static void
expect_asked(const char *line)
{
	if (line == NULL)
		assert_null(stage.exchange);
	else
		assert_string_equal(stage.exchange->http.path, line);
	assert_int_equal(stage.under_way, line != NULL);
}

static void
answer(const char *says)
{
	struct exchange *exchange = g_steal_pointer(&stage.exchange);

	g_string_assign(exchange->http_response.body, says);
	exchange->end = EXCHANGE_ANSWERED;
	exchange->done(exchange->object, exchange);
}

static void
expect_told(const char *told)
{
	assert_string_equal(stage.told->str, told);
	g_string_truncate(stage.told, 0);
}

static void
test_questions_gather(void **state)
{
	(void)state;
	put("a");
	pass(GATHER_MS - 1);
	expect_asked(NULL);
	assert_int_equal(inquest_waiting(stage.inquest), 1);
	pass(1);
	expect_asked("ask one a 0");
	assert_int_equal(inquest_waiting(stage.inquest), 0);
	answer("found");
	expect_told("a: <id>");
	assert_int_equal(stage.ended, 1);
}

static void
test_a_full_batch_does_not_wait(void **state)
{
	(void)state;
	put("a");
	pass(10);
	put("b");
	expect_asked(NULL); /* not within the call */
	put("c");
	pass(0);
	expect_asked("ask one a 0; b 0");
	pass(5 * GATHER_MS); /* one exchange at a time */
	assert_int_equal(inquest_waiting(stage.inquest), 1);
	answer("absent,found");
	expect_told("a: absent, b: <id>");
	expect_asked("ask one c 0"); /* it waited long enough */
	answer("absent");
	expect_told("c: absent");
}

static void
test_pages(void **state)
{
	(void)state;
	put("a");
	pass(GATHER_MS);
	for (unsigned i = 0; i < 3; i++) {
		answer("more");
		expect_asked("ask one a 0");
	}
	answer("found");
	expect_told("a: <id>");
	put("b");
	pass(GATHER_MS);
	for (unsigned i = 0; stage.exchange != NULL; i++) {
		assert_in_range(i, 0, 60);
		answer("more");
	}
	expect_told("b: its answer has too many pages");
}

static void
test_nobody_waits_for_one_that_is_down(void **state)
{
	(void)state;
	put("a");
	put("b");
	put("c");
	pass(0);
	stage.again = true;
	answer("down");
	expect_told("a: no answer, b: no answer, c: no answer");
	assert_null(inquest_obstacle(stage.inquest, virtual.now_ms));
	pass(GATHER_MS);
	expect_asked("ask one again 0");
	answer("found");
	expect_told("again: <id>");
}

static const struct {
	const char *says, *told;
	int64_t pause_ms;
	bool forbidden;
} obstacles[] = {
	{ "forbidden", "a: may not ask", 600000, true },
	{ "throttled", "a: too many", 60000, false },
};

static void
test_obstacles(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(obstacles); i++) {
		const struct inquiry_reply *why;

		put("a");
		pass(GATHER_MS);
		answer(obstacles[i].says);
		expect_told(obstacles[i].told);
		assert_int_equal(inquest_is_forbidden(stage.inquest),
		    obstacles[i].forbidden);
		pass(obstacles[i].pause_ms - 1);
		why = inquest_obstacle(stage.inquest, virtual.now_ms);
		assert_non_null(why);
		assert_false(why->answered);
		pass(1);
		assert_null(inquest_obstacle(stage.inquest, virtual.now_ms));
		put("b");
		pass(GATHER_MS);
		answer("absent");
		expect_told("b: absent");
		assert_false(inquest_is_forbidden(stage.inquest));
	}
}

static void
test_withdrawn(void **state)
{
	struct question *asked;

	(void)state;
	inquest_withdraw(put("a"));
	pass(GATHER_MS);
	expect_asked(NULL);
	asked = put("b");
	put("c");
	pass(0);
	expect_asked("ask one b 0; c 0");
	inquest_withdraw(asked);
	answer("found");
	expect_told("c: <id>");
}

/* No minute has more than it allows, of pages too. */
static void
test_rate(void **state)
{
	(void)state;
	stage.translator.limits.ask_minute = 20;
	for (unsigned minute = 0; minute < 3; minute++) {
		unsigned before = stage.sent;
		for (unsigned i = 0; i < 120; i++) {
			if (stage.exchange == NULL && stage.sent % 2 == 0)
				put("a");
			pass(500);
			if (stage.exchange != NULL)
				answer(stage.sent % 2 != 0 ? "more" : "found");
		}
		assert_in_range(stage.sent - before, 15, 20);
	}
	stage.translator.limits.ask_minute = 0;
	for (pass(60000); stage.exchange != NULL; pass(GATHER_MS))
		answer("found");
	assert_int_equal(inquest_waiting(stage.inquest), 0);
}

static void
test_stop(void **state)
{
	struct question *waiting, *asked;

	(void)state;
	asked = put("a");
	pass(GATHER_MS);
	waiting = put("b");
	inquest_stop(stage.inquest);
	inquest_withdraw(waiting);
	inquest_withdraw(asked);
	answer("more");
	expect_asked(NULL);
	expect_told("");
	assert_int_equal(stage.ended, 1);
}

static void
test_possible(void **state)
{
	struct provider other = stage.provider;
	struct translator mute = { 0 };

	(void)state;
	other.translator = &mute;
	assert_true(inquest_is_possible(&stage.provider));
	assert_false(inquest_is_possible(&other));
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, open_stage, close_stage)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_questions_gather),
		TEST(test_a_full_batch_does_not_wait),
		TEST(test_pages),
		TEST(test_nobody_waits_for_one_that_is_down),
		TEST(test_obstacles),
		TEST(test_withdrawn),
		TEST(test_rate),
		TEST(test_stop),
		TEST(test_possible),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
