/* SPDX-License-Identifier: MIT */
/*
 * Doubts through the dispatcher: when a provider is asked, what its answer
 * makes of the mail, and who gets it again.
 */
#include "stage.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)

#define ASKED PROVIDER("one", "asks = 2\n")
#define OTHER PROVIDER("two", "asks = 2\n")
#define BOTH  ASKED OTHER
/* As usual, but that questions do not wait for more. */
#define QUICK                                              \
	"[server]\n"                                       \
	"doubt_asks = 50ms, 20s, 60s, 3m, 10m, 30m, 35m\n" \
	"bounce_domains = example.com\n"

#define REDIRECTED                                \
	"[route default]\nproviders = one, two\n" \
	"only_to = nobody.example\nredirect_to = rcpt9@qa.example\n"

#define ROUTE "[route default]\nproviders = one, two\ndoubt = "

/* A recipient in doubt at a provider, as the store has it: times are ago. */
struct doubtful {
	const char *provider; /* NULL: it waits */
	int64_t since_ms, until_ms;
	unsigned asks;
	int64_t absent_ms; /* 0: never */
	unsigned doubts;   /* 0: one */
};

static void
fill_known(struct recipient *out, const struct doubtful *from)
{
	int64_t now = clock_wall_ms();

	if (from->provider == NULL)
		return;
	*out = (struct recipient){
		.state = RECIPIENT_DOUBT,
		.class = VERDICT_DOUBT,
		.provider = g_strdup(from->provider),
		.since_ms = now - from->since_ms,
		.until_ms = now - from->until_ms,
		.asks = from->asks,
		.absent_ms = from->absent_ms != 0 ? now - from->absent_ms : 0,
		.doubts = MAX(from->doubts, 1u),
	};
}

static struct {
	int64_t ms;       /* of the mail that is loaded */
	const char *id;   /* the Message-ID it left with; NULL: not known */
	const char *away; /* where it went to instead of its recipients */
} aged;

static void
load(const struct doubtful *doubts, unsigned count)
{
	static const struct parse_options options = {
		.hostname = "mail.example.com",
	};
	struct sending sending = { "x", count, 0 };
	struct submission *submission = make_submission(&sending);
	struct message *message;

	submission->return_to = (struct return_address){ 0 };
	submission->queued = true;
	submission->rounds = 1;
	submission->received_ms = clock_wall_ms() - aged.ms;
	submission->known = g_new0(struct recipient, count);
	for (unsigned i = 0; i < count; i++) {
		fill_known(&submission->known[i], &doubts[i]);
		submission->known[i].sent = (struct recipient_sent){
			.message_id = g_strdup(aged.id),
			.redirect = g_strdup(aged.away),
		};
	}
	message = parse_message(submission, &options, NULL);
	dispatcher_post(post.dispatcher,
	    flight_new(message, dispatcher_route(post.dispatcher)));
}

#define DUE   -MINUTE /* ...in a minute */
#define FRESH "one", 6 * SECOND, DUE, 0, 0, 1
#define OVER  "one", 3 * MINUTE, SECOND, 3, MINUTE, 1
#define LATE  "one", 36 * MINUTE, SECOND, 6, 6 * MINUTE, 1

static const struct {
	const char *name, *settings;
	struct doubtful doubts[2];
	struct {
		const char *to, *says; /* NULL: it is not answered */
	} requests[4];
	const char *entries[5];
} cases[] = {
	{ "found", BOTH, { { FRESH } }, { { "ask one x 0", "found" } },
	    { "landed: 0 accepted; round 1; note: asked one: it has the mail; "
	      "counts 0 1 0 0" } },
	{ "absent: later again", BOTH, { { FRESH } },
	    { { "ask one x 0", "absent" } },
	    { "landed: 0 doubt; round 1, due; note: asked one 6 s after the "
	      "attempt: it does not have the mail so far" } },
	{ "not yet to be asked", BOTH, { { "one", SECOND, DUE, 1, 0, 1 } },
	    { { 0 } }, { "landed; round 1, due" } },
	{ "asked before, and not due", BOTH,
	    { { "one", 6 * SECOND, DUE, 1, SECOND, 1 } }, { { 0 } },
	    { "landed; round 1, due" } },
	{ "no answer: later again", BOTH, { { FRESH } },
	    { { "ask one x 0", NULL } },
	    { "landed: 0 doubt; round 1, due; note: asked one whether it has "
	      "the mail: no answer (no answer); it is asked again" } },
	{ "no answer again is no news", BOTH,
	    { { "one", 21 * SECOND, DUE, 1, 0, 1 } },
	    { { "ask one x 0", NULL } }, { "landed: 0 doubt; round 1, due" } },
	{ "over: asked once more, then the next", BOTH, { { OVER } },
	    { { "ask one x 0", "absent" }, { "two 0", "accepted" } },
	    { "begun #1 two open: 0 open; note: asked one 180 s after the "
	      "attempt: it does not have the mail so far",
		"ended #1 two accepted: 0 accepted; counts 0 0 1 0",
		"landed; round 1" } },
	{ "over, found at the last moment", BOTH, { { OVER } },
	    { { "ask one x 0", "found" } },
	    { "landed: 0 accepted; round 1; note: asked one: it has the mail; "
	      "counts 0 1 0 0" } },
	{ "over, and it does not answer", BOTH, { { OVER } },
	    { { "ask one x 0", "down" }, { "two 0", "doubt" } },
	    { "begun #1 two open: 0 open",
		"ended #1 two doubt: 0 doubt; counts 1 0 1 0",
		"landed; round 2, due" } },
	{ "over, the last answer was in time", BOTH,
	    { { "one", 3 * MINUTE, SECOND, 4, SECOND / 2, 1 } },
	    { { "two 0", "accepted" } },
	    { "begun #1 two open: 0 open",
		"ended #1 two accepted: 0 accepted; counts 0 0 1 0",
		"landed; round 1" } },
	{ "one of two is found", BOTH, { { OVER }, { OVER } },
	    { { "ask one x 0,1", "absent,found" }, { "two 0", "accepted" } },
	    { "begun #1 two open: 0 open; note: asked one: it has the mail for "
	      "1 of 2 recipients; counts 0 1 0 0",
		"ended #1 two accepted: 0 accepted; counts 0 0 1 0",
		"landed: 1 accepted; round 1" } },
	{ "each at its own provider", BOTH,
	    { { FRESH }, { "two", 6 * SECOND, DUE, 0, 0, 1 } },
	    { { "ask one x 0", "found" }, { "ask two x 1", "found" } },
	    { "landed: 0 accepted, 1 accepted; round 1; note: asked one: it "
	      "has the mail; note: asked two: it has the mail; "
	      "counts 0 2 0 0" } },
	{ "asked, then who waits is sent", BOTH, { { FRESH }, { 0 } },
	    { { "ask one x 0", "absent" }, { "one 1", "accepted" } },
	    { "begun #1 one open: 1 open; note: asked one 6 s after the "
	      "attempt: it does not have the mail so far",
		"ended #1 one accepted: 1 accepted",
		"landed: 0 doubt; round 1, due" } },
	{ "a doubt of a provider nobody can ask", TWO, { { OVER } },
	    { { "two 0", "accepted" } },
	    { "begun #1 two open: 0 open",
		"ended #1 two accepted: 0 accepted; counts 0 0 1 0",
		"landed; round 1" } },

	{ "it bounced there", BOTH, { { FRESH } },
	    { { "ask one x 0", "bounced" } },
	    { "landed: 0 refused (bounced); round 1; note: asked one: it did "
	      "not deliver the mail to 1 of 1 recipients (bounced), and has it "
	      "for 0; counts 0 1 0 0; report to app@example.com" } },
	{ "one of two bounced there", BOTH, { { FRESH }, { FRESH } },
	    { { "ask one x 0,1", "found,bounced" } },
	    { "landed: 0 accepted, 1 refused (bounced); round 1; note: asked "
	      "one: it did not deliver the mail to 1 of 2 recipients "
	      "(bounced), and has it for 1; counts 0 2 0 0; report to "
	      "app@example.com" } },
	{ "it is suppressed there", BOTH, { { FRESH } },
	    { { "ask one x 0", "suppressed" } },
	    { "landed: 0 refused (suppressed); round 1; note: asked one: it "
	      "did not deliver the mail to 1 of 1 recipients (suppressed), and "
	      "has it for 0; counts 0 1 0 0; report to app@example.com" } },
	{ "it is suppressed there, which others may not know",
	    PROVIDER("one", "asks = 2\nrespect_suppression = no\n") OTHER,
	    { { FRESH } },
	    { { "ask one x 0", "suppressed" }, { "two 0", "accepted" } },
	    { "begun #1 two open: 0 open; note: asked one: it did not deliver "
	      "the mail to 1 of 1 recipients (suppressed), and has it for 0; "
	      "counts 0 1 0 0",
		"ended #1 two accepted: 0 accepted; counts 0 0 1 0",
		"landed; round 1" } },

	{ "once: not before its time", BOTH ROUTE "prefer_once\n",
	    { { "one", 3 * MINUTE, SECOND, 4, SECOND, 1 } }, { { 0 } },
	    { "landed: 0 doubt; round 1, due" } },
	{ "once: proof", BOTH ROUTE "prefer_once\n", { { LATE } },
	    { { "ask one x 0", "absent" }, { "two 0", "accepted" } },
	    { "begun #1 two open: 0 open; note: asked one 2160 s after the "
	      "attempt: it does not have the mail so far",
		"ended #1 two accepted: 0 accepted; counts 0 0 1 0",
		"landed; round 1" } },
	{ "once: no answer, but the last was proof", BOTH ROUTE "prefer_once\n",
	    { { "one", 36 * MINUTE, SECOND, 6, 5 * MINUTE, 1 } },
	    { { "ask one x 0", "down" }, { "two 0", "accepted" } },
	    { "begun #1 two open: 0 open",
		"ended #1 two accepted: 0 accepted; counts 0 0 1 0",
		"landed; round 1" } },
	{ "once: no proof, no answer: asked on", BOTH ROUTE "prefer_once\n",
	    { { "one", 36 * MINUTE, SECOND, 6, 10 * MINUTE, 1 } },
	    { { "ask one x 0", "down" } },
	    { "landed: 0 doubt; round 1, due" } },
	{ "once: the key may not ask", BOTH ROUTE "prefer_once\n",
	    { { "one", 36 * MINUTE, SECOND, 6, 0, 1 } },
	    { { "ask one x 0", "forbidden" } },
	    { "landed: 0 held (one may have it: nothing could be learnt by "
	      "asking, and its policy is prefer_once; look there, then drop "
	      "it, or release sends it once more); round 1; hold: it may have "
	      "been delivered, its policy is prefer_once, and the provider "
	      "cannot be asked" } },
	{ "once: nobody to ask", TWO ROUTE "prefer_once\n",
	    { { "one", 6 * SECOND, DUE, 0, 0, 1 } }, { { 0 } },
	    { "landed: 0 held (one may have it: nothing could be learnt by "
	      "asking, and its policy is prefer_once; look there, then drop "
	      "it, or release sends it once more); round 1; hold: it may have "
	      "been delivered, its policy is prefer_once, and the provider "
	      "cannot be asked" } },
	{ "never: asked, then held", BOTH ROUTE "never_twice\n", { { LATE } },
	    { { "ask one x 0", "absent" } },
	    { "landed: 0 held (one may have it: it did not say so when it was "
	      "asked, and its policy is never_twice; look there, then drop it, "
	      "or release sends it once more); round 1; hold: it may have been "
	      "delivered, and its policy is never_twice; note: asked one 2160 "
	      "s after the attempt: it does not have the mail so far" } },
	{ "never: found", BOTH ROUTE "never_twice\n", { { LATE } },
	    { { "ask one x 0", "found" } },
	    { "landed: 0 accepted; round 1; note: asked one: it has the mail; "
	      "counts 0 1 0 0" } },

	{ "upstream: the same first", PROVIDER("one", "smtp = yes\n") OTHER,
	    { { "one", 6 * MINUTE, MINUTE, 0, 0, 1 } },
	    { { "one 0", "accepted" } },
	    { "begun #1 one open: 0 open",
		"ended #1 one accepted: 0 accepted; counts 0 0 1 0",
		"landed; round 1" } },
	{ "upstream: not before its time",
	    PROVIDER("one", "smtp = yes\n") OTHER,
	    { { "one", 3 * MINUTE, SECOND, 0, 0, 1 } }, { { 0 } },
	    { "landed: 0 doubt; round 1, due" } },
	{ "upstream: not taken, and nobody else yet",
	    PROVIDER("one", "smtp = yes\n") OTHER,
	    { { "one", 6 * MINUTE, MINUTE, 0, 0, 1 } },
	    { { "one 0", "outage" } },
	    { "begun #1 one open: 0 open", "ended #1 one outage: 0 waiting",
		"landed: 0 doubt; round 2, due" } },
	{ "upstream: another one after a while",
	    PROVIDER("one", "smtp = yes\n") OTHER,
	    { { "one", 16 * MINUTE, MINUTE, 0, 0, 1 } },
	    { { "two 0", "accepted" } },
	    { "begun #1 two open: 0 open",
		"ended #1 two accepted: 0 accepted; counts 0 0 1 0",
		"landed; round 1" } },
	{ "upstream, once: never another",
	    PROVIDER("one", "smtp = yes\n") OTHER ROUTE "prefer_once\n",
	    { { "one", 99 * MINUTE, MINUTE, 0, 0, 1 } },
	    { { "one 0", "accepted" } },
	    { "begun #1 one open: 0 open",
		"ended #1 one accepted: 0 accepted; counts 0 0 1 0",
		"landed; round 1" } },
};

static void
serve_or_lose(const char *to, const char *says)
{
	if (says != NULL)
		serve(to, says);
	else
		end(take_request(to), EXCHANGE_LOST, "reset");
}

static void
test_doubts(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		bool two = cases[i].doubts[1].provider != NULL ||
			   strstr(cases[i].name, "waits") != NULL;

		print_message("%s\n", cases[i].name);
		g_autofree char *settings =
		    g_strconcat(QUICK, cases[i].settings, NULL);
		start_with_store(settings);
		post.tells = true;
		load(cases[i].doubts, two ? 2 : 1);
		for (unsigned n = 0; cases[i].requests[n].to != NULL; n++)
			serve_or_lose(
			    cases[i].requests[n].to, cases[i].requests[n].says);
		for (unsigned n = 0; cases[i].entries[n] != NULL; n++)
			expect_entry(cases[i].entries[n]);
		stop();
	}
}

/* Two mails are asked about together. */
static void
test_together(void **state)
{
	static const struct doubtful doubt = { FRESH };

	(void)state;
	start_with_store(BOTH);
	load(&doubt, 1);
	load(&doubt, 1);
	serve("ask one x 0; x 0", "absent,found");
	expect_entry("landed: 0 doubt; round 1, due");
	expect_entry("landed: 0 accepted; round 1");
	stop();
}

/* Our key may not ask: nobody is asked for a while. */
static void
test_forbidden(void **state)
{
	static const struct doubtful doubt = { FRESH }, over = { OVER };

	(void)state;
	start_with_store(BOTH);
	load(&doubt, 1);
	serve("ask one x 0", "forbidden");
	expect_entry("landed: 0 doubt; round 1, due");
	load(&over, 1);
	expect_entry("begun #1 two open: 0 open");
	serve("two 0", "accepted");
	expect_entry("ended #1 two accepted: 0 accepted");
	expect_entry("landed; round 1");
	stop();
}

/* What is asked when we stop is nobody's any more. */
static void
test_stop_while_asking(void **state)
{
	static const struct doubtful doubt = { FRESH };

	(void)state;
	start_with_store(BOTH);
	load(&doubt, 1);
	struct request *request = take_request("ask one x 0");
	dispatcher_stop(post.dispatcher, NULL, NULL);
	expect_entry("landed; round 1, due");
	end(request, EXCHANGE_LOST, "broken off");
	stop();
}

#define AT_ONCE "[server]\ndoubt_asks = 1ms, 1h\n"

/* The client waits while the provider is asked. */
static const struct {
	const char *name, *settings;
	struct {
		const char *to, *says;
	} requests[4];
	unsigned code;
	const char *enhanced, *text, *story;
} waits[] = {
	{ "found", AT_ONCE "doubt_wait = 1h\n" BOTH,
	    { { "one 0", "doubt" }, { "ask one x 0", "found" } }, 250, "2.0.0",
	    "accepted by one",
	    "app@example.com to 1, 250: one failed: doubt (doubt); one has it, "
	    "as it said when asked" },
	{ "absent, and over", AT_ONCE "doubt_wait = 0\n" BOTH,
	    { { "one 0", "doubt" }, { "ask one x 0", "absent" },
		{ "two 0", "accepted" } },
	    250, "2.0.0", "accepted by two",
	    "app@example.com to 1, 250: one failed: doubt (doubt); two took it "
	    "as fields" },
	{ "absent, and nobody else", AT_ONCE "doubt_wait = 0\n" ASKED,
	    { { "one 0", "doubt" }, { "ask one x 0", "absent" } }, 451, "4.4.1",
	    "may have taken it", NULL },
	{ "absent, and it outlasts the client",
	    AT_ONCE "doubt_wait = 1h\n" BOTH,
	    { { "one 0", "doubt" }, { "ask one x 0", "absent" } }, 451, "4.4.1",
	    "may have taken it", NULL },
	{ "never twice", AT_ONCE BOTH ROUTE "never_twice\n",
	    { { "one 0", "doubt" }, { "ask one x 0", "absent" } }, 451, "4.4.1",
	    "may have taken it", NULL },
};

static void
test_client_waits(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(waits); i++) {
		print_message("%s\n", waits[i].name);
		start(waits[i].settings);
		submit_one("x");
		for (unsigned n = 0; waits[i].requests[n].to != NULL; n++)
			serve(
			    waits[i].requests[n].to, waits[i].requests[n].says);
		expect_answer(waits[i].code, waits[i].enhanced, waits[i].text);
		if (waits[i].story != NULL)
			expect_story(waits[i].story);
		stop();
	}
}

/* What loses each answer: how many copies of one mail go where, by its client's
 * sendings; each but the last ends with 451. */
#define LOSSY                                                       \
	"[server]\ndoubt_wait_smtp = 1ms\ndoubt_move_smtp = "       \
	"3s\ndoubt_once = 1ms\ndoubt_proof = 1ms\ndoubt_wait = 0\n" \
	"pause_min = 1ms\npause_max = 1ms\n"
#define SERVER_ONE PROVIDER("one", "smtp = yes\n")

static const struct {
	const char *name, *settings;
	struct {
		const char *to, *says;
	} sendings[5][4]; /* none: it is not sent, 451 */
	unsigned count;
} losses[] = {
	{ "one server", LOSSY SERVER_ONE,
	    { { { "one 0", "doubt" }, { "one 0", "doubt" },
		{ "one 0", "doubt" } } },
	    3 },
	{ "one server, and then another", LOSSY SERVER_ONE PROVIDER("two", ""),
	    { { { "one 0", "doubt" }, { "one 0", "doubt" },
		{ "two 0", "doubt" } } },
	    3 },
	{ "the last attempt is for the other",
	    LOSSY "doubt_attempts = 2\n" SERVER_ONE PROVIDER("two", ""),
	    { { { "one 0", "doubt" }, { "two 0", "doubt" } } }, 3 },
	{ "one attempt", LOSSY "doubt_attempts = 1\n" SERVER_ONE OTHER,
	    { { { "one 0", "doubt" } } }, 3 },
	{ "once", LOSSY SERVER_ONE OTHER ROUTE "prefer_once\n",
	    { { { "one 0", "doubt" }, { "one 0", "doubt" },
		{ "one 0", "doubt" } } },
	    3 },
	{ "never twice", LOSSY SERVER_ONE OTHER ROUTE "never_twice\n",
	    { { { "one 0", "doubt" } } }, 3 },
	{ "one that is not asked", LOSSY PROVIDER("one", ""),
	    { { { "one 0", "doubt" } }, { { "one 0", "doubt" } },
		{ { "one 0", "doubt" } } },
	    5 },
	{ "two that are not asked", LOSSY TWO,
	    { { { "one 0", "doubt" }, { "two 0", "doubt" } },
		{ { "one 0", "doubt" } } },
	    4 },
	{ "the other one is down", LOSSY TWO,
	    { { { "one 0", "doubt" }, { "two 0", "outage" } },
		{ { "one 0", "doubt" }, { "two 0", "outage" } },
		{ { "one 0", "doubt" } } },
	    5 },
	{ "not asked, once", LOSSY TWO ROUTE "prefer_once\n",
	    { { { "one 0", "doubt" } } }, 3 },
	{ "not asked, never twice", LOSSY TWO ROUTE "never_twice\n",
	    { { { "one 0", "doubt" } } }, 3 },
	{ "asked, and it does not say so", LOSSY "doubt_asks = 1ms\n" ASKED,
	    { { { "one 0", "doubt" }, { "ask one x 0", "absent" } },
		{ { "one 0", "doubt" }, { "ask one x 0", "absent" } },
		{ { "one 0", "doubt" }, { "ask one x 0", "absent" } } },
	    5 },
};

static void
test_losses(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(losses); i++) {
		print_message("%s\n", losses[i].name);
		start(losses[i].settings);
		for (unsigned n = 0; n < losses[i].count; n++) {
			submit_one("x");
			for (unsigned k = 0;
			     losses[i].sendings[n][k].to != NULL; k++)
				serve(losses[i].sendings[n][k].to,
				    losses[i].sendings[n][k].says);
			expect_answer(451, "4.4.1", "");
		}
		assert_int_equal(count(&post.requests), 0);
		stop();
	}
}

/* The same with a queue: it takes the mail over, and holds it. */
static void
test_loss_is_held(void **state)
{
	(void)state;
	start_with_store(LOSSY SERVER_ONE);
	post.tells = true;
	submit_one("x");
	for (unsigned i = 0; i < 3; i++)
		serve("one 0", "doubt");
	expect_entry("taken #1 one doubt #2 one doubt #3 one doubt: 0 doubt; "
		     "counts 3 0 2 0");
	expect_answer(250, "2.0.0", "queued as");
	expect_entry("landed: 0 doubt; round 1, due");
	stop();
	/* as it comes back */
	start_with_store(LOSSY SERVER_ONE);
	load(
	    &(struct doubtful){
		.provider = "one", .until_ms = DUE, .doubts = 3 },
	    1);
	expect_entry("landed: 0 held (3 attempts ended in doubt: it may have "
		     "been delivered; release sends it once more); round 1; "
		     "hold: too many attempts ended in doubt");
	stop();
}

/* The story says what comes of the doubt when it arises. */
static void
test_policy_is_told(void **state)
{
	(void)state;
	start_with_store(BOTH ROUTE "never_twice\n");
	post.tells = post.tells_policy = true;
	load(&(struct doubtful){ 0 }, 1);
	expect_entry("begun #1 one open: 0 open");
	serve("one 0", "doubt");
	expect_entry("ended #1 one doubt: 0 doubt; note: in doubt at one for 1 "
		     "recipient, doubt = never_twice: it is asked whether it "
		     "has the mail; if it does not say so in time the mail is "
		     "held; counts 1 0 0 0");
	expect_entry("landed; round 2, due");
	stop();
}

/* Who is found by asking counts as taken. */
static void
test_found_is_accepted(void **state)
{
	static const struct doubtful doubt = { FRESH };

	(void)state;
	start_with_store(BOTH);
	load(&doubt, 1);
	serve("ask one x 0", "found");
	g_free(take(&post.entries, "landed"));
	wait_for_loop();
	assert_int_equal(post.dispatcher->lanes[0]->accepted, 1);
	assert_int_equal(post.dispatcher->lanes[1]->accepted, 0);
	stop();
}

/* A doubt of before the start is asked about as it was sent, whatever the
 * settings are now. */
static void
test_asked_as_sent(void **state)
{
	static const struct doubtful doubt = { FRESH };
	static const struct {
		const char *name, *settings, *id, *away, *ask;
	} rows[] = {
		{ "another Message-ID", QUICK BOTH, "<old@host>", NULL,
		    "ask one old 0" },
		{ "redirected", QUICK BOTH, "<old@host>", "rcpt7@qa.example",
		    "ask one old 7" },
		{ "to its recipient, and redirected now", QUICK BOTH REDIRECTED,
		    "<old@host>", NULL, "ask one old 0" },
		{ "redirected elsewhere now", QUICK BOTH REDIRECTED,
		    "<old@host>", "rcpt7@qa.example", "ask one old 7" },
		{ "not known", QUICK BOTH REDIRECTED, NULL, NULL,
		    "ask one x 9" },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		print_message("%s\n", rows[i].name);
		start_with_store(rows[i].settings);
		aged.id = rows[i].id;
		aged.away = rows[i].away;
		load(&doubt, 1);
		aged.id = aged.away = NULL;
		serve(rows[i].ask, "found");
		g_free(take(&post.entries, "landed"));
		stop();
	}
}

/* A mail that is as old as that. */
static void
load_old(const struct doubtful *doubt, int64_t age_ms)
{
	aged.ms = age_ms;
	load(doubt, 1);
	aged.ms = 0;
}

#define SHORT_ROUTE(policy)                                                     \
	"[server]\nbounce_domains = example.com\ndoubt_asks = 50ms, 35m\n" BOTH \
	    ROUTE policy "\ngive_up = 15m\n"

/* No doubt lasts longer than the mail is tried: it is asked once more, and
 * nobody gets it any more. */
static void
test_lifetime(void **state)
{
	static const struct {
		const char *name, *settings;
		const char *says; /* of the last ask; NULL: it is not asked */
		int64_t age_ms;
		const char *landed;
	} rows[] = {
		{ "delivery", SHORT_ROUTE("prefer_delivery"), "absent",
		    15 * MINUTE + SECOND,
		    "landed: 0 refused (gave up after 15 min; last tried one; "
		    "it may have been delivered all the same)" },
		{ "once", SHORT_ROUTE("prefer_once"), "absent",
		    15 * MINUTE + SECOND,
		    "landed: 0 refused (gave up after 15 min; last tried one; "
		    "it may have been delivered all the same)" },
		{ "once, and it has it", SHORT_ROUTE("prefer_once"), "found",
		    15 * MINUTE + SECOND, "landed: 0 accepted" },
		{ "never twice", SHORT_ROUTE("never_twice"), "absent",
		    15 * MINUTE + SECOND,
		    "landed: 0 held (one may have it: it did not say so when "
		    "it was asked, and its policy is never_twice" },
		{ "not yet", SHORT_ROUTE("never_twice"), NULL, 14 * MINUTE,
		    "landed: 0 doubt; round 1, due" },
		{ "long ago: we were away", SHORT_ROUTE("never_twice"),
		    "absent", 300 * MINUTE, "landed: 0 held (one may have it" },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct doubtful doubt = { "one", rows[i].age_ms, SECOND,
			1, 0, 1 };
		const struct doubtful young = { "one", rows[i].age_ms,
			-20 * MINUTE, 1, 0, 1 };

		print_message("%s\n", rows[i].name);
		start_with_store(rows[i].settings);
		load_old(
		    rows[i].says != NULL ? &doubt : &young, rows[i].age_ms);
		if (rows[i].says != NULL)
			serve("ask one x 0", rows[i].says);
		g_autofree char *line = take(&post.entries, "landing");
		if (!g_str_has_prefix(line, rows[i].landed))
			fail_msg("%s", line);
		stop();
	}
}

/* The client was told 451 of a doubt; it sends the mail again. */
static void
test_resend(void **state)
{
	(void)state;
	start(AT_ONCE "doubt_wait = 1h\n" BOTH);
	submit_one("x");
	serve("one 0", "doubt");
	serve("ask one x 0", "absent");
	expect_answer(451, "4.4.1", "may have taken it");
	submit_one("x"); /* the schedule asks in an hour */
	expect_answer(451, "4.4.1", "may have taken it");
	stop();
	start("[server]\ndoubt_asks = 1ms, 4s, 8s, 12s, 16s\n"
	      "doubt_wait = 1h\n" BOTH);
	struct sending sending = { "x", 1, 2000 };
	submit(&sending);
	serve("one 0", "doubt");
	serve("ask one x 0", "absent");
	expect_answer(451, "4.4.1", "may have taken it");
	submit_one("x");
	serve("ask one x 0", "found");
	expect_answer(250, "2.0.0", "accepted by one");
	stop();
}

/* Its time is over while the provider is asked. */
static void
test_deadline_while_asking(void **state)
{
	struct sending sending = { "x", 1, 60000 };

	(void)state;
	start(AT_ONCE BOTH);
	submit(&sending);
	serve("one 0", "doubt");
	struct request *request = take_request("ask one x 0");
	hurry("x");
	expect_answer(451, "4.4.1", "may have taken it");
	end(request, EXCHANGE_ANSWERED, "found");
	stop();
	start_with_store(AT_ONCE BOTH);
	submit(&sending);
	serve("one 0", "doubt");
	request = take_request("ask one x 0");
	hurry("x");
	expect_entry("taken #1 one doubt: 0 doubt");
	expect_answer(250, "2.0.0", "queued as");
	end(request, EXCHANGE_ANSWERED, "found");
	expect_entry("landed: 0 accepted; round 1");
	stop();
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_doubts),
		cmocka_unit_test(test_together),
		cmocka_unit_test(test_forbidden),
		cmocka_unit_test(test_stop_while_asking),
		cmocka_unit_test(test_client_waits),
		cmocka_unit_test(test_losses),
		cmocka_unit_test(test_loss_is_held),
		cmocka_unit_test(test_policy_is_told),
		cmocka_unit_test(test_found_is_accepted),
		cmocka_unit_test(test_asked_as_sent),
		cmocka_unit_test(test_lifetime),
		cmocka_unit_test(test_resend),
		cmocka_unit_test(test_deadline_while_asking),
	};

	return cmocka_run_group_tests(tests, start_all, end_all);
}
