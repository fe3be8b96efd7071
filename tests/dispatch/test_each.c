/* SPDX-License-Identifier: MIT */
/*
 * A client that hears of each recipient on its own (LMTP): who waits is its
 * own still, who is refused is told at once, and only a doubt makes the mail
 * one of the queue.
 */
#include "stage.h"

#define DOMAINS "[server]\nbounce_domains = example.com\n"
#define SOFT    "[server]\nsoft_bounce = yes\n"
#define ONE     PROVIDER("one", "")

#define LINES_MAX 5

static void
submit_each(const struct sending *sending)
{
	static const struct parse_options options = {
		.hostname = "mail.example.com",
	};
	struct submission *submission = make_submission(sending);

	submission->each = true;
	dispatcher_post(post.dispatcher,
	    flight_new(parse_message(submission, &options, NULL),
		dispatcher_route(post.dispatcher)));
}

/* Every line: its code, and what it says. */
struct line {
	unsigned code;
	const char *text; /* NULL: no more */
};

static void
check_line(const struct answer *answer, unsigned i, const struct line *line)
{
	bool own = i < answer->count && answer->each[i].code != 0;
	unsigned code = own ? answer->each[i].code : answer->code;
	const char *text = own ? answer->each[i].text : answer->text;
	const char *enhanced =
	    own ? answer->each[i].enhanced : answer->enhanced;

	if (code != line->code || strstr(text, line->text) == NULL ||
	    (unsigned)(*enhanced - '0') != code / 100)
		fail_msg("%u: %u %s %s", i, code, enhanced, text);
}

static void
expect_lines(const struct line *lines)
{
	struct answer *answer = take(&post.answers, "answer");

	for (unsigned i = 0; lines[i].text != NULL; i++)
		check_line(answer, i, &lines[i]);
	answer_said(answer);
	answer_free(answer);
}

static const struct {
	const char *name, *settings;
	unsigned recipients;
	struct {
		const char *to, *says;
	} requests[3];
	struct line lines[LINES_MAX];
	const char *entries[3]; /* of the store, in their order */
} rows[] = {
	{ "all are taken", TWO, 2, { { "one 0,1", "accepted" } },
	    { { 250, "accepted by one" }, { 250, "accepted by one" } },
	    { "passed #1 one accepted: 0 accepted, 1 accepted" } },
	{ "one is refused", DOMAINS TWO, 3,
	    { { "one 0,1,2", "accepted,recipient,accepted" } },
	    { { 250, "Ok: " }, { 550, "one: recipient" }, { 250, "Ok: " } },
	    { "passed #1 one recipient: 0 accepted, 1 refused, 2 accepted" } },
	{ "all are refused", TWO, 2, { { "one 0,1", "recipient" } },
	    { { 550, "one: recipient" }, { 550, "one: recipient" } },
	    { "passed #1 one recipient: 0 refused, 1 refused" } },
	{ "one waits", ONE, 2, { { "one 0,1", "accepted,outage" } },
	    { { 250, "Ok: " }, { 451, "last tried one: outage" } },
	    { "passed #1 one outage: 0 accepted, 1 waiting" } },
	{ "one each", DOMAINS ONE, 3,
	    { { "one 0,1,2", "recipient,outage,accepted" } },
	    { { 550, "recipient" }, { 451, "outage" }, { 250, "Ok" } },
	    { "passed #1 one outage: 0 refused, 1 waiting, 2 accepted" } },
	{ "a doubt is the queue's, and who waits with it", DOMAINS ONE, 4,
	    { { "one 0,1,2,3", "doubt,recipient,outage,accepted" } },
	    { { 250, "queued as" }, { 550, "one: recipient" },
		{ 250, "queued as" }, { 250, "accepted by one" } },
	    { "taken #1 one doubt: 0 doubt, 1 refused, 2 waiting, 3 accepted",
		"landed; round 1, due, wakes" } },
	{ "nobody may be told, and is not held", ONE, 2,
	    { { "one 0,1", "doubt,recipient" } },
	    { { 250, "queued as" }, { 550, "one: recipient" } },
	    { "taken #1 one doubt: 0 doubt, 1 refused",
		"landed; round 1, due" } },
	{ "refused, but for soft_bounce", SOFT ONE, 2,
	    { { "one 0,1", "accepted,recipient" } },
	    { { 250, "Ok" }, { 451, "it would bounce but for soft_bounce" } },
	    { "passed #1 one recipient: 0 accepted, 1 waiting" } },
	{ "the rest goes elsewhere", TWO, 2,
	    { { "one 0,1", "accepted,outage" }, { "two 1", "accepted" } },
	    { { 250, "accepted by one" }, { 250, "accepted by two" } },
	    { "passed #1 one outage #2 two accepted: 0 accepted, 1 "
	      "accepted" } },
};

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct sending sending = { "x", rows[i].recipients, 60000 };

		print_message("%s\n", rows[i].name);
		start_with_store(rows[i].settings);
		submit_each(&sending);
		for (unsigned n = 0; rows[i].requests[n].to != NULL; n++)
			serve(rows[i].requests[n].to, rows[i].requests[n].says);
		for (unsigned n = 0; rows[i].entries[n] != NULL; n++)
			expect_entry(rows[i].entries[n]);
		expect_lines(rows[i].lines);
		stop();
	}
}

/* At the deadline an attempt is open: that is the queue's, and its client is
 * told of who is refused by then. */
static void
test_deadline(void **state)
{
	static const struct sending hasty = { "x", 2, 60000 };
	static const struct line lines[] = { { 550, "one: recipient" },
		{ 250, "queued as" }, { 0, NULL } };

	(void)state;
	start_with_store(
	    DOMAINS PROVIDER("one", "recipients = 1\nconnections = 1\n"));
	submit_each(&hasty);
	serve("one 0", "recipient");
	struct request *open = take_request("one 1");
	hurry("x");
	expect_entry("taken #1 one recipient #2 one open: 0 refused, 1 open");
	expect_lines(lines);
	end(open, EXCHANGE_ANSWERED, "accepted");
	expect_entry("ended #2 one accepted: 1 accepted");
	expect_entry("landed; round 0");
	stop();
}

/* A refusal that may yet be void is nobody's last word: the queue tells of it
 * when it is believed. */
static void
test_not_believed(void **state)
{
	static const struct sending hasty = { "x", 2, 60000 };
	static const struct line lines[] = { { 250, "queued as" },
		{ 250, "queued as" }, { 0, NULL } };

	(void)state;
	start_with_store(DOMAINS "refusal_wait = 10m\n" PROVIDER(
	    "one", "recipients = 1\nconnections = 1\n"));
	submit_each(&hasty);
	serve("one 0", "recipient");
	struct request *open = take_request("one 1");
	hurry("x");
	expect_entry("taken #1 one recipient #2 one open: 0 waiting, 1 open");
	expect_lines(lines);
	end(open, EXCHANGE_ANSWERED, "accepted");
	expect_entry("ended #2 one accepted: 1 accepted");
	expect_entry("landed: 0 refused; round 0; report to app@example.com");
	stop();
}

/* No disk to keep it on: all of it stays the client's. */
static void
test_cannot_be_kept(void **state)
{
	static const struct sending sending = { "x", 2, 60000 };
	static const struct line lines[] = { { 451, "cannot be kept" },
		{ 451, "cannot be kept" }, { 0, NULL } };

	(void)state;
	post.gated = true;
	start_with_store(ONE);
	submit_each(&sending);
	serve("one 0,1", "doubt,recipient");
	expect_entry("taken #1 one doubt: 0 doubt, 1 refused");
	put(&post.records, (char *)"no");
	expect_entry("landed; round 1, due");
	expect_lines(lines);
	stop();
}

/* Without a queue the doubt is the client's: remembered when it sends the mail
 * again. */
static void
test_without_a_queue(void **state)
{
	static const struct sending sending = { "x", 3, 60000 };
	static const struct sending hasty = { "x", 3, 1500 };
	static const struct line first[] = { { 250, "Ok" }, { 550, "one" },
		{ 451, "may have taken it" }, { 0, NULL } };

	(void)state;
	start(ONE);
	submit_each(&sending);
	serve("one 0,1,2", "accepted,recipient,doubt");
	expect_lines(first);
	submit_each(&hasty);
	expect_lines(first);
	stop();
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_not_believed),
		cmocka_unit_test(test_cannot_be_kept),
		cmocka_unit_test(test_without_a_queue),
	};

	return cmocka_run_group_tests(tests, start_all, end_all);
}
