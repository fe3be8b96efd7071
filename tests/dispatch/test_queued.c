/* SPDX-License-Identifier: MIT */
/*
 * Mails of the queue between the dispatcher and a store that the test plays:
 * what is written of them, in which order with what is sent, and what a
 * client's mail comes to that the queue takes over.
 */
#include "stage.h"

#define DOMAINS "[server]\nbounce_domains = example.com\n"
#define HOUR_MS INT64_C(3600000)

/* A mail as the store has it. */
struct queued {
	const char *subject;
	unsigned recipients;
	unsigned rounds, attempts;
	bool asked; /* its last attempt was made by this process */
	int64_t age_ms;
	int64_t early_ms; /* before it is due */
	bool wanted;      /* by a person */
	bool null_sender, report;
	const char *fields;        /* more of the header; NULL: no more */
	const char *id;            /* NULL: any */
	struct recipient known[3]; /* borrowed; all WAITING: nothing known */
};

static struct submission *
load(const struct queued *queued)
{
	struct sending sending = { queued->subject, queued->recipients, 0 };
	struct submission *submission = make_submission_with(
	    &sending, queued->fields != NULL ? queued->fields : "");

	submission->return_to = (struct return_address){ 0 };
	submission->queued = true;
	submission->report = queued->report;
	submission->rounds = queued->rounds;
	submission->attempts = queued->attempts;
	submission->asked_ms =
	    queued->attempts == 0 ? 0 : clock_wall_ms() - HOUR_MS;
	if (queued->asked)
		submission->asked_ms = clock_wall_ms();
	submission->due_ms =
	    queued->early_ms != 0 ? clock_wall_ms() + queued->early_ms : 0;
	submission->wanted = queued->wanted;
	if (queued->id != NULL)
		g_strlcpy(submission->id, queued->id, sizeof submission->id);
	submission->received_ms = clock_wall_ms() - queued->age_ms;
	if (queued->null_sender)
		g_clear_pointer(&submission->envelope->sender, address_free);
	submission->known = g_new0(struct recipient, queued->recipients);
	for (unsigned i = 0; i < MIN(queued->recipients, 3u); i++)
		recipient_copy(&submission->known[i], &queued->known[i]);
	return submission;
}

static void
fly(const struct queued *queued)
{
	static const struct parse_options options = {
		.hostname = "mail.example.com",
	};
	struct message *message = parse_message(load(queued), &options, NULL);

	dispatcher_post(post.dispatcher,
	    flight_new(message, dispatcher_route(post.dispatcher)));
}

static const struct {
	const char *name, *settings;
	struct queued mail;
	struct {
		const char *to, *says;
	} requests[3];
	const char *entries[8];
	const char *story;
} rounds[] = {
	{ "taken at once", TWO, { .subject = "x", .recipients = 2 },
	    { { "one 0,1", "accepted" } },
	    { "begun #1 one open: 0 open, 1 open",
		"ended #1 one accepted: 0 accepted, 1 accepted",
		"landed; round 0" },
	    "app@example.com to 2, queued 250: one took it as fields" },
	{ "all down", TWO,
	    { .subject = "x", .recipients = 1, .rounds = 2, .attempts = 5 },
	    { { "one 0", "outage" }, { "two 0", "throttle" } },
	    { "begun #6 one open: 0 open", "ended #6 one outage: 0 waiting",
		"begun #7 two open: 0 open", "ended #7 two throttle: 0 waiting",
		"landed; round 3, due, wakes" },
	    "app@example.com to 1, queued 451: one failed: outage (outage); two "
	    "failed: throttle (throttle)" },
	{ "one has it, one waits", PROVIDER("one", ""),
	    { .subject = "x", .recipients = 2 },
	    { { "one 0,1", "accepted,outage" } },
	    { "begun #1 one open: 0 open, 1 open",
		"ended #1 one outage: 0 accepted, 1 waiting",
		"landed; round 1, due, wakes" },
	    NULL },
	{ "a doubt is a round in vain", TWO,
	    { .subject = "x", .recipients = 1 }, { { "one 0", "doubt" } },
	    { "begun #1 one open: 0 open", "ended #1 one doubt: 0 doubt",
		"landed; round 1, due" },
	    NULL },
	{ "the same again is not before the schedule", PROVIDER("one", ""),
	    { .subject = "x", .recipients = 1, .rounds = 7 },
	    { { "one 0", "doubt" } },
	    { "begun #1 one open: 0 open", "ended #1 one doubt: 0 doubt",
		"landed: 0 doubt; round 8, due" },
	    NULL },
	{ "each was in doubt", TWO,
	    { .subject = "x",
		.recipients = 1,
		.rounds = 7,
		.known = { { .state = RECIPIENT_DOUBT,
		    .provider = (char *)"one",
		    .until_ms = 1,
		    .doubts = 1 } } },
	    { { "two 0", "doubt" } },
	    { "begun #1 two open: 0 open", "ended #1 two doubt: 0 doubt",
		"landed: 0 doubt; round 8, due" },
	    NULL },
	{ "in doubt too often", TWO,
	    { .subject = "x",
		.recipients = 1,
		.rounds = 3,
		.known = { { .state = RECIPIENT_DOUBT,
		    .until_ms = 1,
		    .doubts = 3 } } },
	    { { 0 } },
	    { "landed: 0 held (3 attempts ended in doubt: it may have been "
	      "delivered; release sends it once more); round 3; hold: too many "
	      "attempts ended in doubt" },
	    NULL },
	{ "released, and in doubt again", TWO,
	    { .subject = "x", .recipients = 1, .known = { { .doubts = 3 } } },
	    { { "one 0", "doubt" } },
	    { "begun #1 one open: 0 open", "ended #1 one doubt: 0 doubt",
		"landed: 0 held (4 attempts ended in doubt: it may have been "
		"delivered; release sends it once more); round 1; hold: too "
		"many attempts ended in doubt" },
	    NULL },
	{ "given up in doubt, not sent again", DOMAINS TWO,
	    { .subject = "x",
		.recipients = 1,
		.rounds = 2,
		.attempts = 3,
		.asked = true,
		.age_ms = 121 * HOUR_MS,
		.known = { { .state = RECIPIENT_DOUBT,
		    .provider = (char *)"one",
		    .text = (char *)"lost",
		    .until_ms = 1,
		    .doubts = 1 } } },
	    { { 0 } },
	    { "landed: 0 refused (gave up after 5 d; last tried one: lost; it "
	      "may have been delivered all the same); round 2; report to "
	      "app@example.com" },
	    NULL },
	{ "too old in doubt, and we were off since", DOMAINS TWO,
	    { .subject = "x",
		.recipients = 1,
		.rounds = 2,
		.attempts = 3,
		.age_ms = 121 * HOUR_MS,
		.known = { { .state = RECIPIENT_DOUBT,
		    .provider = (char *)"one",
		    .text = (char *)"lost",
		    .until_ms = 1,
		    .doubts = 1 } } },
	    { { "two 0", "accepted" } },
	    { "begun #4 two open: 0 open", "ended #4 two accepted: 0 accepted",
		"landed; round 2" },
	    NULL },
	{ "several requests are several attempts",
	    PROVIDER("one", "recipients = 1\n"),
	    { .subject = "x", .recipients = 2 },
	    { { "one 0", "accepted" }, { "one 1", "accepted" } },
	    { "begun #1 one open: 0 open", "ended #1 one accepted: 0 accepted",
		"begun #2 one open: 1 open",
		"ended #2 one accepted: 1 accepted", "landed; round 0" },
	    NULL },
	{ "refused is told with the bounce", DOMAINS TWO,
	    { .subject = "x", .recipients = 2 },
	    { { "one 0,1", "recipient,accepted" } },
	    { "begun #1 one open: 0 open, 1 open",
		"ended #1 one recipient: 0 waiting, 1 accepted",
		"landed: 0 refused; round 0; report to app@example.com" },
	    NULL },
	{ "nobody may be told", TWO, { .subject = "x", .recipients = 1 },
	    { { "one 0", "recipient" } },
	    { "begun #1 one open: 0 open", "ended #1 one recipient: 0 waiting",
		"landed: 0 held (one: recipient; held, as its sender's domain is "
		"not in bounce_domains, so no report may be sent); round 0; hold: its "
		"sender's domain is not in bounce_domains, so no report may be "
		"sent" },
	    NULL },
	{ "a report of our own", DOMAINS TWO,
	    { .subject = "x",
		.recipients = 1,
		.null_sender = true,
		.report = true },
	    { { "one 0", "recipient" } },
	    { "begun #1 one open: 0 open", "ended #1 one recipient: 0 waiting",
		"landed: 0 held (one: recipient; held, as it is a report of our own); round "
		"0; hold: it is a report of our own" },
	    NULL },
	{ "held waits for the others", PROVIDER("one", ""),
	    { .subject = "x", .recipients = 2 },
	    { { "one 0,1", "recipient,outage" } },
	    { "begun #1 one open: 0 open, 1 open",
		"ended #1 one outage: 0 waiting, 1 waiting",
		"landed: 0 held (one: recipient; held, as its sender's domain is "
		"not in bounce_domains, so no report may be sent); round 1, due, wakes" },
	    NULL },
	{ "nobody can say it", DOMAINS PROVIDER("one", ""),
	    { .subject = "unfit one", .recipients = 1 }, { { 0 } },
	    { "landed: 0 refused; round 0; report to app@example.com" }, NULL },
	{ "given up", DOMAINS PROVIDER("one", ""),
	    { .subject = "x",
		.recipients = 1,
		.attempts = 2,
		.age_ms = 121 * HOUR_MS },
	    { { "one 0", "outage" } },
	    { "begun #3 one open: 0 open", "ended #3 one outage: 0 waiting",
		"landed: 0 refused (gave up after 5 d; last tried one: 250 outage); round 0; "
		"report to app@example.com" },
	    NULL },
	{ "not before three attempts", DOMAINS PROVIDER("one", ""),
	    { .subject = "x",
		.recipients = 1,
		.rounds = 9,
		.attempts = 1,
		.age_ms = 121 * HOUR_MS },
	    { { "one 0", "outage" } },
	    { "begun #2 one open: 0 open", "ended #2 one outage: 0 waiting",
		"landed; round 10, due, wakes" },
	    NULL },
	{ "the null sender is given up sooner", DOMAINS PROVIDER("one", ""),
	    { .subject = "x",
		.recipients = 1,
		.rounds = 9,
		.attempts = 2,
		.age_ms = 49 * HOUR_MS,
		.null_sender = true },
	    { { "one 0", "outage" } },
	    { "begun #3 one open: 0 open", "ended #3 one outage: 0 waiting",
		"landed: 0 held (gave up after 2 d; last tried one: 250 outage; "
		"held, as it has no sender who could be told (MAIL FROM:<>)); round 9; hold: it "
		"has no sender who could be told (MAIL FROM:<>)" },
	    NULL },
	{ "a route's own time",
	    DOMAINS PROVIDER(
		"one", "") "[route default]\nproviders = one\ngive_up = 15m\n",
	    { .subject = "x",
		.recipients = 1,
		.rounds = 5,
		.attempts = 2,
		.age_ms = HOUR_MS },
	    { { "one 0", "outage" } },
	    { "begun #3 one open: 0 open", "ended #3 one outage: 0 waiting",
		"landed: 0 refused (gave up after 60 min; last tried one: 250 outage); round "
		"5; report to app@example.com" },
	    NULL },
	{ "the sender is told of the delay",
	    DOMAINS "warn_after = 1h\n" PROVIDER("one", ""),
	    { .subject = "x", .recipients = 1, .rounds = 5, .age_ms = HOUR_MS },
	    { { "one 0", "outage" } },
	    { "begun #1 one open: 0 open", "ended #1 one outage: 0 waiting",
		"landed; round 6, due, wakes, warned; report of a delay to "
		"app@example.com" },
	    NULL },
	{ "a warning that is too late", DOMAINS TWO,
	    { .subject = "x",
		.fields = "Expires: Fri, 20 Nov 2020 10:00:00 +0000\n",
		.recipients = 1,
		.null_sender = true,
		.report = true,
		.rounds = 5 },
	    { { 0 } },
	    { "landed: 0 dropped (this warning of a delay is too late: the "
	      "mail it is about is no longer tried); round 5" },
	    NULL },
	{ "a warning in time", DOMAINS TWO,
	    { .subject = "x",
		.fields = "Expires: Fri, 20 Nov 9020 10:00:00 +0000\n",
		.recipients = 1,
		.null_sender = true,
		.report = true },
	    { { "one 0", "accepted" } },
	    { "begun #1 one open: 0 open", "ended #1 one accepted: 0 accepted",
		"landed; round 0" },
	    NULL },
	{ "a stranger's mail does not expire", DOMAINS TWO,
	    { .subject = "x",
		.fields = "Expires: Fri, 20 Nov 2020 10:00:00 +0000\n",
		.recipients = 1 },
	    { { "one 0", "accepted" } },
	    { "begun #1 one open: 0 open", "ended #1 one accepted: 0 accepted",
		"landed; round 0" },
	    NULL },
	{ "reports go by their own route",
	    "[server]\nbounce_route = r\n" TWO "[route r]\nproviders = two\n",
	    { .subject = "x",
		.recipients = 1,
		.null_sender = true,
		.report = true },
	    { { "two 0", "accepted" } },
	    { "begun #1 two open: 0 open", "ended #1 two accepted: 0 accepted",
		"landed; round 0" },
	    NULL },
	{ "who is final is not sent again", TWO,
	    { .subject = "x",
		.recipients = 3,
		.known = { { .state = RECIPIENT_ACCEPTED },
		    { .state = RECIPIENT_WAITING },
		    { .state = RECIPIENT_DROPPED } } },
	    { { "one 1", "accepted" } },
	    { "begun #1 one open: 1 open", "ended #1 one accepted: 1 accepted",
		"landed; round 0" },
	    NULL },
	{ "a doubt that is over is for another", TWO,
	    { .subject = "x",
		.recipients = 1,
		.known = { { .state = RECIPIENT_DOUBT,
		    .provider = (char *)"one",
		    .until_ms = 1 } } },
	    { { "two 0", "accepted" } },
	    { "begun #1 two open: 0 open", "ended #1 two accepted: 0 accepted",
		"landed; round 0" },
	    NULL },
	{ "a doubt that is not over", TWO,
	    { .subject = "x",
		.recipients = 1,
		.known = { { .state = RECIPIENT_DOUBT,
		    .provider = (char *)"gone",
		    .until_ms = INT64_MAX / 2 } } },
	    { { 0 } }, { "landed: 0 doubt; round 0, due" },
	    "app@example.com to 1, queued 451: no provider is asked now" },
	{ "refused by one before", TWO,
	    { .subject = "x",
		.recipients = 1,
		.known = { { .refused_by = (char *[]){ (char *)"gone",
				 (char *)"one", NULL } } } },
	    { { "two 0", "accepted" } },
	    { "begun #1 two open: 0 open", "ended #1 two accepted: 0 accepted",
		"landed; round 0" },
	    NULL },
	{ "refused by two before, and the bounce is not on disk", DOMAINS THREE,
	    { .subject = "x",
		.recipients = 1,
		.known = { { .class = VERDICT_PAYLOAD,
		    .status = 400,
		    .refused_by =
			(char *[]){ (char *)"two", (char *)"one", NULL } } } },
	    { { 0 } },
	    { "landed: 0 refused; round 0; report to app@example.com" }, NULL },
	{ "held stays held", TWO,
	    { .subject = "x",
		.recipients = 1,
		.known = { { .state = RECIPIENT_HELD } } },
	    { { 0 } }, { "landed; round 0; hold: its recipients are held" },
	    NULL },
};

static void
test_rounds(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rounds); i++) {
		unsigned entry = 0;

		print_message("%s\n", rounds[i].name);
		start_with_store(rounds[i].settings);
		fly(&rounds[i].mail);
		for (unsigned n = 0; rounds[i].requests[n].to != NULL; n++) {
			expect_entry(rounds[i].entries[entry++]);
			serve(rounds[i].requests[n].to,
			    rounds[i].requests[n].says);
			expect_entry(rounds[i].entries[entry++]);
		}
		expect_entry(rounds[i].entries[entry]);
		if (rounds[i].story != NULL)
			expect_story(rounds[i].story);
		stop();
	}
}

static const struct queued plain = { .subject = "x", .recipients = 1 };

/* Nothing leaves before it is on disk, nor when it cannot be. */
static void
test_begun_first(void **state)
{
	(void)state;
	post.gated = true;
	start_with_store(TWO);
	fly(&plain);
	expect_entry("begun #1 one open: 0 open");
	wait_for_loop();
	assert_int_equal(count(&post.requests), 0);
	put(&post.records, (char *)"yes");
	serve("one 0", "outage");
	expect_entry("ended #1 one outage: 0 waiting");
	expect_entry("begun #2 two open: 0 open");
	put(&post.records, (char *)"no");
	expect_entry("landed: 0 waiting; round 0, due, wakes");
	stop();
}

static void
test_stop_while_beginning(void **state)
{
	(void)state;
	post.gated = true;
	start_with_store(TWO);
	fly(&plain);
	expect_entry("begun #1 one open: 0 open");
	dispatcher_stop(post.dispatcher, on_stopped, &post);
	wait_for_loop();
	assert_int_equal(count(&post.stopped), 0);
	put(&post.records, (char *)"yes");
	expect_entry("ended #1 one outage: 0 waiting");
	expect_entry("landed; round 0, due, wakes");
	take(&post.stopped, "stop");
	stop();
}

/* The store has no room, and gives it back at the stop: due at once. */
static void
test_stop_before_no(void **state)
{
	(void)state;
	post.gated = true;
	start_with_store(TWO);
	fly(&plain);
	expect_entry("begun #1 one open: 0 open");
	dispatcher_stop(post.dispatcher, on_stopped, &post);
	put(&post.records, (char *)"no");
	expect_entry("landed: 0 waiting; round 0, due, wakes");
	take(&post.stopped, "stop");
	stop();
}

/* The results of what is under way are kept; who is refused is asked again at
 * the next start, for no worker is left to make the bounce. */
static void
test_stop_while_sending(void **state)
{
	static const struct {
		const char *says, *ended, *landed;
	} rows[] = {
		{ "accepted", "ended #1 one accepted: 0 accepted",
		    "landed; round 0" },
		{ "outage", "ended #1 one outage: 0 waiting",
		    "landed; round 0, due, wakes" },
		{ "recipient", "ended #1 one recipient: 0 waiting",
		    "landed; round 0, due, wakes" },
		{ "doubt", "ended #1 one doubt: 0 doubt",
		    "landed; round 0, due" },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		start_with_store(DOMAINS TWO);
		fly(&plain);
		struct request *request = take_request("one 0");
		expect_entry("begun #1 one open: 0 open");
		dispatcher_stop(post.dispatcher, NULL, NULL);
		fly(&plain); /* too late */
		expect_entry("landed; round 0, due, wakes");
		end(request, EXCHANGE_ANSWERED, rows[i].says);
		expect_entry(rows[i].ended);
		expect_entry(rows[i].landed);
		stop();
	}
}

/* Flies one mail by the only provider, which says so. */
static void
fly_one(const char *says, const char *ended, const char *landed)
{
	fly(&plain);
	expect_entry("begun #1 one open: 0 open");
	serve("one 0", says);
	expect_entry(ended);
	expect_entry(landed);
}

static void
fail_one(const char *says)
{
	g_autofree char *ended =
	    g_strdup_printf("ended #1 one %s: 0 waiting", says);

	fly_one(says, ended, "landed; round 1, due, wakes");
}

static void
succeed_one(void)
{
	fly_one(
	    "accepted", "ended #1 one accepted: 0 accepted", "landed; round 0");
}

/* All closed: nobody; a pause is over: one, to see; it is back: all. */
static void
test_wakes(void **state)
{
	(void)state;
	start_with_store(
	    "[server]\naccount_pause = 20ms\n" PROVIDER("one", ""));
	fail_one("account");
	expect_wake("0");
	expect_wake("1");
	succeed_one();
	expect_wake("all");
	stop();
}

/* Woken for another one, and nobody is asked: as if it had not been; at its own
 * time that is a round. */
static void
test_woken_for_another(void **state)
{
	static const struct queued early = { .subject = "early",
		.recipients = 1,
		.rounds = 2,
		.early_ms = 3600000 };
	static const struct queued due = {
		.subject = "due", .recipients = 1, .rounds = 2
	};

	(void)state;
	start_with_store(PROVIDER("one", ""));
	fail_one("account");
	fly(&early);
	expect_entry("landed: 0 waiting; round 2, due, wakes");
	fly(&due);
	expect_entry("landed: 0 waiting; round 3, due, wakes");
	stop();
	start_with_store(PROVIDER("one", ""));
	fly(&early);
	expect_entry("begun #1 one open: 0 open");
	serve("one 0", "outage");
	expect_entry("ended #1 one outage: 0 waiting");
	expect_entry("landed; round 3, due, wakes");
	stop();
}

/* Nor has a person who wanted it tried changed its schedule. */
static void
test_wanted(void **state)
{
	static const struct queued held = {
		.subject = "held", .recipients = 1, .rounds = 2, .wanted = true
	};
	static const struct queued wanted = { .subject = "wanted",
		.recipients = 1,
		.rounds = 2,
		.early_ms = 3600000,
		.wanted = true };

	(void)state;
	start_with_store(PROVIDER("one", ""));
	fail_one("account");
	fly(&held);
	expect_entry("landed: 0 waiting; round 2, due, wakes");
	assert_true(post.due_ms > clock_wall_ms());
	fly(&wanted);
	expect_entry("landed: 0 waiting; round 2, due, wakes");
	assert_true(post.due_ms > clock_wall_ms() + 1800000);
	stop();
	start_with_store(PROVIDER("one", ""));
	fly(&held);
	expect_entry("begun #1 one open: 0 open");
	serve("one 0", "outage");
	expect_entry("ended #1 one outage: 0 waiting");
	expect_entry("landed; round 3, due, wakes");
	stop();
}

#define OTHER "X-Class: other\n"

#define APART                                \
	PROVIDER("one", "")                  \
	PROVIDER("two", "")                  \
	"[route default]\nproviders = one\n" \
	"[route other]\nproviders = two\nheader = X-Class: other\n"

/* A mail that may not go by the provider whose pause is over is no trial: the
 * next one is woken, until all were, which the first that comes again says. */
static void
test_misses(void **state)
{
	static const struct queued two = {
		.subject = "two", .recipients = 1, .fields = OTHER
	};
	static const struct queued early = { .subject = "early",
		.recipients = 1,
		.rounds = 1,
		.early_ms = 3600000,
		.fields = OTHER };
	struct queued first = early;

	(void)state;
	/* so long until one more is woken in any case */
	start_with_store("[server]\npause_min = 1h\npause_max = 1h\n"
			 "account_pause = 20ms\n" APART);
	for (unsigned i = 0; i < 5; i++) {
		fly(&two);
		expect_entry("begun #1 two open: 0 open");
		serve("two 0", "outage");
		expect_entry("ended #1 two outage: 0 waiting");
		expect_entry("landed; round 1, due, wakes");
	}
	fail_one("account");
	expect_wake("0");
	expect_wake("1");
	first.id = "FIRST";
	fly(&first);
	for (unsigned i = 0; i < 3; i++) {
		expect_entry("landed: 0 waiting; round 1, due, wakes");
		expect_wake("1");
		fly(i < 2 ? &early : &first);
	}
	expect_entry("landed: 0 waiting; round 1, due, wakes");
	wait_for_loop();
	assert_int_equal(count(&post.wakes), 0);
	succeed_one();
	expect_wake("all");
	stop();
}

/* Five failures close it, and it takes three mails to believe it is back. */
/* As after many trials in vain. */
static void
put_off_probe(void *object)
{
	struct pause *pause = &post.dispatcher->pauses[0];

	(void)object;
	pause->probe_ms += G_TIME_SPAN_HOUR / 1000;
}

static void
test_probes(void **state)
{
	(void)state;
	start_with_store("[server]\npause_min = 20ms\n" PROVIDER("one", ""));
	for (unsigned i = 0; i < 5; i++)
		fail_one("outage");
	expect_wake("0");
	for (unsigned i = 0; i < 3; i++) {
		expect_wake("1");
		loop_call(post.loop, put_off_probe, NULL);
		succeed_one();
	}
	expect_wake("all");
	stop();
}

#define KEEPER PROVIDER("one", "overflow = no\n") PROVIDER("two", "")

/* Too many for now is no reason to go elsewhere: a moment is waited for in the
 * lane's line, a longer time on disk. */
static void
test_overflow_no(void **state)
{
	(void)state;
	start_with_store("[server]\nthrottle_pause = 1s\n" KEEPER);
	fly(&plain);
	expect_entry("begun #1 one open: 0 open");
	serve("one 0", "throttle");
	expect_entry("ended #1 one throttle: 0 waiting");
	fly(&plain);
	expect_entry("begun #2 one open: 0 open");
	struct request *second = take_request("one 0");
	expect_entry("begun #1 one open: 0 open");
	end(second, EXCHANGE_ANSWERED, "accepted");
	expect_entry("ended #2 one accepted: 0 accepted");
	expect_entry("landed; round 0");
	serve("one 0", "accepted");
	expect_entry("ended #1 one accepted: 0 accepted");
	expect_entry("landed; round 0");
	stop();
	start_with_store("[server]\nthrottle_pause = 5m\n" KEEPER);
	fly(&plain);
	expect_entry("begun #1 one open: 0 open");
	serve("one 0", "throttle");
	expect_entry("ended #1 one throttle: 0 waiting");
	expect_entry("landed; round 1, due, wakes");
	fly(&plain);
	expect_entry("landed: 0 waiting; round 1, due, wakes");
	submit_one("x");
	expect_entry("passed: 0 waiting");
	expect_answer(451, "4.4.1", "no provider could take it in time");
	stop();
}

/* Of those that wait for a request every fourth was tried before. */
static void
test_fresh_first(void **state)
{
	static const struct queued fresh = { .subject = "fresh",
		.recipients = 1 };
	static const struct queued tried = {
		.subject = "tried", .recipients = 2, .rounds = 1
	};
	static const char *const wanted[] = { "one 0", "one 0", "one 0",
		"one 0,1", "one 0", "one 0,1", "one 0,1" };

	(void)state;
	start_with_store(PROVIDER("one", "connections = 1\n"));
	fly(&plain);
	struct request *first = take_request("one 0");
	for (unsigned i = 0; i < 3; i++)
		fly(&tried);
	for (unsigned i = 0; i < 4; i++)
		fly(&fresh);
	wait_for_loop();
	end(first, EXCHANGE_ANSWERED, "accepted");
	for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++)
		serve(wanted[i], "accepted");
	for (unsigned i = 0; i < 8 * 3; i++)
		g_free(take(&post.entries, "entry"));
	stop();
}

static const struct {
	const char *name, *settings;
	unsigned recipients;
	struct {
		const char *to, *says;
	} requests[3];
	unsigned code;
	const char *text;
	const char *entries[4];
} clients[] = {
	{ "taken whole", TWO, 1, { { "one 0", "accepted" } }, 250,
	    "accepted by one", { "passed #1 one accepted: 0 accepted" } },
	{ "refused", TWO, 1, { { "one 0", "recipient" } }, 550,
	    "one: recipient", { "passed #1 one recipient: 0 refused" } },
	{ "nobody takes it", TWO, 1,
	    { { "one 0", "outage" }, { "two 0", "outage" } }, 451, "last tried",
	    { "passed #1 one outage #2 two outage: 0 waiting" } },
	{ "one is left over", PROVIDER("one", ""), 2,
	    { { "one 0,1", "accepted,outage" } }, 250, "Ok: queued as",
	    { "taken #1 one outage: 0 accepted, 1 waiting",
		"landed; round 1, due, wakes" } },
	{ "one is left over, one refused, and nobody may be told",
	    PROVIDER("one", ""), 3,
	    { { "one 0,1,2", "accepted,outage,recipient" } }, 250,
	    "Ok: queued as",
	    { "taken #1 one outage: 0 accepted, 1 waiting, 2 waiting",
		"landed: 2 held (one: recipient; held, as its sender's domain is "
		"not in bounce_domains, so no report may be sent); round 1, due, "
		"wakes" } },
	{ "a doubt", PROVIDER("one", ""), 1, { { "one 0", "doubt" } }, 250,
	    "Ok: queued as",
	    { "taken #1 one doubt: 0 doubt", "landed; round 1, due" } },
	{ "mixed, and the sender may be told", DOMAINS TWO, 2,
	    { { "one 0,1", "accepted,recipient" } }, 250, "Ok: queued as",
	    { "taken #1 one recipient: 0 accepted, 1 waiting",
		"landed: 1 refused; round 0; report to app@example.com" } },
	{ "mixed, and nobody may be told", TWO, 2,
	    { { "one 0,1", "accepted,recipient" } }, 550, "1 of 2 recipients",
	    { "passed #1 one recipient: 0 accepted, 1 refused" } },
};

static void
test_clients(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(clients); i++) {
		struct sending sending = { "x", clients[i].recipients, 60000 };

		print_message("%s\n", clients[i].name);
		start_with_store(clients[i].settings);
		submit(&sending);
		for (unsigned n = 0; clients[i].requests[n].to != NULL; n++)
			serve(clients[i].requests[n].to,
			    clients[i].requests[n].says);
		for (unsigned n = 0; clients[i].entries[n] != NULL; n++)
			expect_entry(clients[i].entries[n]);
		expect_answer(clients[i].code,
		    clients[i].code == 250   ? "2.0.0"
		    : clients[i].code == 451 ? "4.4.1"
					     : "5.1.1",
		    clients[i].text);
		stop();
	}
}

#define ONE_BY_ONE PROVIDER("one", "recipients = 1\nconnections = 1\n")

/* At the deadline the attempt is open: the client may go, and is not to send
 * again. */
static void
test_deadline_while_sending(void **state)
{
	static const struct sending hasty = { "x", 1, 60000 };

	(void)state;
	start_with_store(TWO);
	submit(&hasty);
	struct request *request = take_request("one 0");
	hurry("x");
	assert_in_range(request->exchange->deadline_ms,
	    clock_monotonic_ms() + 60000, clock_monotonic_ms() + 90000);
	expect_entry("taken #1 one open: 0 open");
	expect_answer(250, "2.0.0", "Ok: queued as");
	end(request, EXCHANGE_ANSWERED, "outage");
	expect_entry("ended #1 one outage: 0 waiting");
	expect_entry("begun #2 two open: 0 open");
	serve("two 0", "accepted");
	expect_entry("ended #2 two accepted: 0 accepted");
	expect_entry("landed; round 0");
	stop();
}

/* Somebody has it, the rest is being encoded: that was not sent. */
static void
test_deadline_while_encoding(void **state)
{
	static const struct sending hasty = { "slow", 2, 60000 };

	(void)state;
	start_with_store(ONE_BY_ONE);
	submit(&hasty);
	take(&post.encoding, "encoding");
	put(&post.gate, &post);
	serve("one 0", "accepted");
	take(&post.encoding, "encoding");
	hurry("slow");
	expect_entry("taken #1 one accepted: 0 accepted, 1 waiting");
	expect_answer(250, "2.0.0", "Ok: queued as");
	put(&post.gate, &post);
	expect_entry("begun #2 one open: 1 open");
	serve("one 1", "accepted");
	expect_entry("ended #2 one accepted: 1 accepted");
	expect_entry("landed; round 0");
	stop();
}

/* Nothing was sent: the client keeps it. */
static void
test_deadline_while_waiting(void **state)
{
	static const struct sending hasty = { "y", 1, 60000 };

	(void)state;
	start_with_store(ONE_BY_ONE);
	fly(&plain);
	expect_entry("begun #1 one open: 0 open");
	struct request *first = take_request("one 0");
	submit(&hasty);
	wait_for_loop(); /* it has begun to wait */
	hurry("y");
	expect_entry("passed: 0 waiting");
	expect_answer(451, "4.4.1", "no provider could take it in time");
	end(first, EXCHANGE_ANSWERED, "accepted");
	expect_entry("ended #1 one accepted: 0 accepted");
	expect_entry("landed; round 0");
	stop();
}

/* What cannot be kept stays the client's, and what was sent is remembered. */
static void
test_takeover_fails(void **state)
{
	(void)state;
	post.gated = true;
	start_with_store(PROVIDER("one", ""));
	submit_one("x");
	serve("one 0", "doubt");
	expect_entry("taken #1 one doubt: 0 doubt");
	put(&post.records, (char *)"no");
	expect_entry("landed; round 1, due");
	expect_answer(451, "4.3.0", "it cannot be kept here now");
	submit_one("x");
	expect_entry("taken: 0 doubt");
	put(&post.records, (char *)"yes");
	expect_entry("landed; round 1, due");
	expect_answer(250, "2.0.0", "Ok: queued as");
	stop();
}

/* Its client keeps the mail: what is under way is the last that is done. */
static void
test_takeover_fails_open(void **state)
{
	static const struct sending hasty = { "x", 1, 60000 };

	(void)state;
	post.gated = true;
	start_with_store(DOMAINS TWO);
	submit(&hasty);
	struct request *request = take_request("one 0");
	hurry("x");
	expect_entry("taken #1 one open: 0 open");
	put(&post.records, (char *)"no");
	expect_answer(451, "4.3.0", "it cannot be kept here now");
	end(request, EXCHANGE_ANSWERED, "recipient");
	expect_entry("ended #1 one recipient: 0 waiting");
	expect_entry("landed; round 0, due, wakes");
	stop();
}

/* Nobody heard the 250: the same mail again is skipped where it is known to
 * have arrived. */
static void
test_takeover_unheard(void **state)
{
	static const struct sending hasty = { "x", 1, 60000 };

	(void)state;
	start_with_store(TWO);
	submit(&hasty);
	struct request *request = take_request("one 0");
	hurry("x");
	expect_entry("taken #1 one open: 0 open");
	answer_free(take(&post.answers, "answer"));
	end(request, EXCHANGE_ANSWERED, "accepted");
	expect_entry("ended #1 one accepted: 0 accepted");
	expect_entry("landed; round 0");
	submit_one("x");
	expect_entry("passed: 0 accepted");
	expect_answer(250, "2.0.0", "accepted by one");
	submit_one("x"); /* heard: meant */
	serve("one 0", "accepted");
	expect_entry("passed #1 one accepted: 0 accepted");
	expect_answer(250, "2.0.0", "accepted by one");
	stop();
}

/* Who waits is the queue's then: nobody is sent it by both. */
static void
test_left_over_unheard(void **state)
{
	static const char passed[] =
	    "passed: 0 accepted, 1 dropped (queued already as ";
	static const struct sending both = { "x", 2, 60000 };
	g_autofree char *entry = NULL;

	(void)state;
	start_with_store(TWO);
	submit(&both);
	serve("one 0,1", "accepted,outage");
	serve("two 1", "outage");
	g_free(take(&post.entries, "entry"));
	answer_free(take(&post.answers, "answer"));
	g_free(take(&post.entries, "entry"));
	submit(&both);
	entry = take(&post.entries, "entry");
	assert_memory_equal(entry, passed, strlen(passed));
	expect_answer(250, "2.0.0",
	    "accepted by one; 1 of 2 recipients queued already as ");
	stop();
}

/* We were off for longer than a mail lives: it is tried before it is given up,
 * though another is asked first. */
static void
test_nobody_to_ask(void **state)
{
	static const struct queued old = { .subject = "x",
		.recipients = 1,
		.rounds = 9,
		.attempts = 9,
		.age_ms = 121 * HOUR_MS };

	(void)state;
	start_with_store(DOMAINS PROVIDER("one", ""));
	fly(&plain);
	expect_entry("begun #1 one open: 0 open");
	serve("one 0", "account");
	expect_entry("ended #1 one account: 0 waiting");
	expect_entry("landed; round 1, due, wakes");
	fly(&old);
	expect_entry("landed: 0 waiting; round 10, due, wakes");
	stop();
}

/* Sixty bounces a minute, then a person looks. */
static void
test_too_many_bounces(void **state)
{
	static const struct queued unfit = { .subject = "unfit one",
		.recipients = 1 };

	(void)state;
	start_with_store(DOMAINS PROVIDER("one", ""));
	for (unsigned i = 0; i < 61; i++)
		fly(&unfit);
	unsigned told = 0, waiting = 0;
	for (unsigned i = 0; i < 61; i++) {
		g_autofree char *line = take(&post.entries, "entry");
		told += strstr(line, "report to app@example.com") != NULL;
		waiting += strcmp(line, "landed; round 1, due") == 0;
	}
	assert_int_equal(told, 60);
	assert_int_equal(waiting, 1);
	stop();
}

static void
test_lanes(void **state)
{
	(void)state;
	start_with_store(TWO);
	fly(&plain);
	expect_entry("begun #1 one open: 0 open");
	serve("one 0", "account");
	expect_entry("ended #1 one account: 0 waiting");
	expect_entry("begun #2 two open: 0 open");
	struct request *request = take_request("two 0");
	g_autoptr(GPtrArray) lanes = dispatcher_standings(post.dispatcher);
	const struct provider_standing *one = lanes->pdata[0];
	const struct provider_standing *two = lanes->pdata[1];
	assert_int_equal(lanes->len, 2);
	assert_string_equal(one->name, "one");
	assert_string_equal(one->state, "unusable");
	assert_string_equal(one->why, "account");
	assert_in_range(one->until_ms, 1, 300000);
	assert_string_equal(two->state, "open");
	assert_int_equal(two->until_ms, 0);
	assert_int_equal(two->requests, 1);
	end(request, EXCHANGE_ANSWERED, "accepted");
	expect_entry("ended #2 two accepted: 0 accepted");
	expect_entry("landed; round 0");
	stop();
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rounds),
		cmocka_unit_test(test_begun_first),
		cmocka_unit_test(test_stop_while_beginning),
		cmocka_unit_test(test_stop_before_no),
		cmocka_unit_test(test_stop_while_sending),
		cmocka_unit_test(test_wakes),
		cmocka_unit_test(test_woken_for_another),
		cmocka_unit_test(test_wanted),
		cmocka_unit_test(test_misses),
		cmocka_unit_test(test_probes),
		cmocka_unit_test(test_overflow_no),
		cmocka_unit_test(test_fresh_first),
		cmocka_unit_test(test_clients),
		cmocka_unit_test(test_deadline_while_sending),
		cmocka_unit_test(test_deadline_while_encoding),
		cmocka_unit_test(test_deadline_while_waiting),
		cmocka_unit_test(test_takeover_fails),
		cmocka_unit_test(test_takeover_fails_open),
		cmocka_unit_test(test_takeover_unheard),
		cmocka_unit_test(test_left_over_unheard),
		cmocka_unit_test(test_nobody_to_ask),
		cmocka_unit_test(test_too_many_bounces),
		cmocka_unit_test(test_lanes),
	};

	return cmocka_run_group_tests(tests, start_all, end_all);
}
