/* SPDX-License-Identifier: MIT */
/*
 * The same mail, from several clients at once: one of them is sent, and all
 * hear what became of it as soon as that is known.
 */
#include "stage.h"

#define TWINS  3
#define MINUTE (60 * INT64_C(1000))
#define ONE    PROVIDER("one", "")

/* Their requests one after the other; then the answers, of the first one
 * first. */
static const struct {
	const char *name, *settings;
	unsigned entries; /* that a store gets; 0: there is none */
	unsigned recipients;
	const char *says[1 + TWINS]; /* NULL: none is sent */
	struct {
		unsigned code;
		const char *enhanced, *text;
	} answers[1 + TWINS];
} cases[] = {
	{ "accepted", ONE, 0, 1, { "accepted" },
	    { { 250, "2.0.0", "accepted by one" },
		{ 250, "2.0.0", "accepted by one" },
		{ 250, "2.0.0", "accepted by one" },
		{ 250, "2.0.0", "accepted by one" } } },
	{ "accepted, with a store", ONE, 4, 1, { "accepted" },
	    { { 250, "2.0.0", "accepted by one" },
		{ 250, "2.0.0", "accepted by one" },
		{ 250, "2.0.0", "accepted by one" },
		{ 250, "2.0.0", "accepted by one" } } },
	{ "by a provider that takes one at a time",
	    PROVIDER("one", "connections = 1\n"), 0, 1, { "accepted" },
	    { { 250, "2.0.0", "accepted by one" },
		{ 250, "2.0.0", "accepted by one" },
		{ 250, "2.0.0", "accepted by one" },
		{ 250, "2.0.0", "accepted by one" } } },
	{ "by an SMTP server", PROVIDER("one", "smtp = yes\n"), 0, 1,
	    { "accepted" },
	    { { 250, "2.0.0", "accepted by one" },
		{ 250, "2.0.0", "accepted by one" },
		{ 250, "2.0.0", "accepted by one" },
		{ 250, "2.0.0", "accepted by one" } } },
	{ "refused", ONE, 0, 1, { "recipient" },
	    { { 550, "5.1.1", "one: recipient" },
		{ 550, "5.1.1", "one: recipient" },
		{ 550, "5.1.1", "one: recipient" },
		{ 550, "5.1.1", "one: recipient" } } },
	{ "one accepted, one refused", ONE, 0, 2, { "accepted,recipient" },
	    { { 550, "5.1.1", "1 of 2 recipients refused" },
		{ 550, "5.1.1", "1 of 2 recipients refused" },
		{ 550, "5.1.1", "1 of 2 recipients refused" },
		{ 550, "5.1.1", "1 of 2 recipients refused" } } },
	{ "not taken, and nobody is left", ONE, 0, 1, { "throttle" },
	    { { 451, "4.4.1", "one" }, { 451, "4.4.1", "one" },
		{ 451, "4.4.1", "one" }, { 451, "4.4.1", "one" } } },
	{ "not taken: the next one is sent", ONE, 0, 1,
	    { "outage", "accepted" },
	    { { 451, "4.4.1", "last tried one: outage" },
		{ 250, "2.0.0", "accepted by one" },
		{ 250, "2.0.0", "accepted by one" },
		{ 250, "2.0.0", "accepted by one" } } },
	{ "one of two was not taken", ONE, 0, 2,
	    { "accepted,outage", "accepted" },
	    { { 451, "4.4.1", "last tried one: outage" },
		{ 250, "2.0.0", "accepted by one" },
		{ 250, "2.0.0", "accepted by one" },
		{ 250, "2.0.0", "accepted by one" } } },
	{ "in doubt for longer than they wait", ONE, 0, 1, { "doubt" },
	    { { 451, "4.4.1", "one may have taken it" },
		{ 451, "4.4.1", "one may have taken it" },
		{ 451, "4.4.1", "one may have taken it" },
		{ 451, "4.4.1", "one may have taken it" } } },
	{ "the rest is the queue's", ONE, 5, 2, { "accepted,outage" },
	    { { 250, "2.0.0", "queued as" },
		{ 250, "2.0.0", "queued already as" },
		{ 250, "2.0.0", "queued already as" },
		{ 250, "2.0.0", "queued already as" } } },
};

static void
forget_entries(unsigned left)
{
	for (; left > 0; left--)
		g_free(take(&post.entries, "entry"));
}

static void
expect_requests(size_t number, struct request *first)
{
	const char *const *says = cases[number].says;

	wait_for_loop();
	assert_int_equal(count(&post.requests), 0);
	end(first, EXCHANGE_ANSWERED, says[0]);
	for (unsigned i = 1; i < 1 + TWINS && says[i] != NULL; i++)
		end(take(&post.requests, says[i]), EXCHANGE_ANSWERED, says[i]);
}

static void
test_at_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct sending sending = { "x", cases[i].recipients, MINUTE };

		print_message("%s\n", cases[i].name);
		if (cases[i].entries > 0)
			start_with_store(cases[i].settings);
		else
			start(cases[i].settings);
		submit(&sending);
		struct request *first = take(&post.requests, "request");
		for (unsigned n = 0; n < TWINS; n++)
			submit(&sending);
		expect_requests(i, first);
		for (unsigned n = 0; n < 1 + TWINS; n++)
			expect_answer(cases[i].answers[n].code,
			    cases[i].answers[n].enhanced,
			    cases[i].answers[n].text);
		forget_entries(cases[i].entries);
		stop();
	}
}

/* Not all of its recipients are the first one's. */
static void
test_more_recipients(void **state)
{
	static const struct sending few = { "x", 1, MINUTE };
	static const struct sending more = { "x", 2, MINUTE };

	(void)state;
	start(ONE);
	submit(&few);
	struct request *first = take_request("one 0");
	submit(&more);
	serve("one 1", "accepted");
	wait_for_loop();
	assert_int_equal(count(&post.answers), 0);
	end(first, EXCHANGE_ANSWERED, "accepted");
	expect_answer(250, "2.0.0", "accepted by one");
	expect_answer(250, "2.0.0", "accepted by one");
	stop();
}

/* Its client does not wait as long as the first one's. */
static void
test_deadline(void **state)
{
	static const struct sending hasty = { "x", 1, 50 };

	(void)state;
	start(ONE);
	submit_one("x");
	struct request *first = take_request("one 0");
	submit(&hasty);
	expect_answer(451, "4.4.1", "one may have taken it");
	end(first, EXCHANGE_ANSWERED, "accepted");
	expect_answer(250, "2.0.0", "accepted by one");
	stop();
}

/* It is asked about the doubt meanwhile, in vain. */
static void
test_while_asking(void **state)
{
	(void)state;
	start("[server]\ndoubt_asks = 1ms\n" PROVIDER("one", "asks = 9\n"));
	submit_one("x");
	struct request *first = take_request("one 0");
	submit_one("x");
	struct request *question = take(&post.requests, "question");
	end(first, EXCHANGE_ANSWERED, "accepted");
	expect_answer(250, "2.0.0", "accepted by one");
	expect_answer(250, "2.0.0", "accepted by one");
	end(question, EXCHANGE_ANSWERED, "absent");
	wait_for_loop();
	stop();
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_at_once),
		cmocka_unit_test(test_more_recipients),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_while_asking),
	};

	return cmocka_run_group_tests(tests, start_all, end_all);
}
