/* SPDX-License-Identifier: MIT */
/*
 * Mails whose senders said what they wish to be told (RFC 3461): which report
 * goes with which landing, and when a mail comes back for one.
 */
#include "stage.h"

#define DOMAINS "[server]\nbounce_domains = example.com\n"
#define HOUR_MS INT64_C(3600000)

#define UNSAID  ENVELOPE_NOTIFY_UNSAID
#define NEVER   ENVELOPE_NOTIFY_NEVER
#define SUCCESS ENVELOPE_NOTIFY_SUCCESS
#define FAILURE ENVELOPE_NOTIFY_FAILURE
#define DELAY   ENVELOPE_NOTIFY_DELAY

struct wished {
	unsigned recipients;
	unsigned notify[3];
	bool null_sender, report;
	const char *fields; /* more of the header; NULL: no more */
	int64_t age_ms;
	bool accepted[3], told[3]; /* before */
};

static void
set_wishes(struct submission *submission, const struct wished *wished)
{
	for (unsigned i = 0; i < wished->recipients; i++) {
		struct envelope_wish wish = { .notify = wished->notify[i] };

		envelope_wish(submission->envelope, i, &wish);
	}
}

static void
set_known(struct submission *submission, const struct wished *wished)
{
	submission->known = g_new0(struct recipient, wished->recipients);
	for (unsigned i = 0; i < wished->recipients; i++) {
		struct recipient *is = &submission->known[i];

		if (!wished->accepted[i])
			continue;
		is->state = RECIPIENT_ACCEPTED;
		is->class = VERDICT_ACCEPTED;
		is->provider = g_strdup("one");
		is->told = wished->told[i];
	}
}

static struct submission *
make(const struct wished *wished)
{
	struct sending sending = { "x", wished->recipients, 60000 };
	struct submission *submission = make_submission_with(
	    &sending, wished->fields != NULL ? wished->fields : "");

	submission->report = wished->report;
	submission->received_ms = clock_wall_ms() - wished->age_ms;
	if (wished->null_sender)
		g_clear_pointer(&submission->envelope->sender, address_free);
	set_wishes(submission, wished);
	return submission;
}

static void
post_mail(struct submission *submission)
{
	static const struct parse_options options = {
		.hostname = "mail.example.com",
	};

	dispatcher_post(post.dispatcher,
	    flight_new(parse_message(submission, &options, NULL),
		dispatcher_route(post.dispatcher)));
}

/* As the store hands it out. */
static void
fly(const struct wished *wished)
{
	struct submission *submission = make(wished);

	submission->return_to = (struct return_address){ 0 };
	submission->queued = true;
	set_known(submission, wished);
	post_mail(submission);
}

#define HELD                                                             \
	" held (one: recipient; held, as its sender's domain is not in " \
	"bounce_domains, so no report may be sent)"
#define TO " to app@example.com"

static const struct {
	const char *name, *settings;
	struct wished mail;
	const char *to, *says; /* the one request; NULL: none */
	const char *ended, *landed;
} rows[] = {
	/* failures */
	{ "one told, one not", DOMAINS TWO,
	    { .recipients = 2, .notify = { UNSAID, NEVER } }, "one 0,1",
	    "recipient,recipient", "0 waiting, 1 waiting",
	    "landed: 0 refused, 1 refused; round 0; note: no bounce about 1 "
	    "refused recipient: the sender asked for none (NOTIFY); report "
	    "about 0" TO },
	{ "nobody told", DOMAINS TWO,
	    { .recipients = 2, .notify = { NEVER, SUCCESS | DELAY } },
	    "one 0,1", "recipient,recipient", "0 waiting, 1 waiting",
	    "landed: 0 refused, 1 refused; round 0; note: no bounce about 2 "
	    "refused recipients: the sender asked for none (NOTIFY)" },
	{ "a list with FAILURE", DOMAINS TWO,
	    { .recipients = 1, .notify = { FAILURE | SUCCESS } }, "one 0",
	    "recipient", "0 waiting",
	    "landed: 0 refused; round 0; report about 0" TO },
	{ "who is not to be told needs no report", TWO,
	    { .recipients = 1, .notify = { NEVER } }, "one 0", "recipient",
	    "0 waiting",
	    "landed: 0 refused; round 0; note: no bounce about 1 refused "
	    "recipient: the sender asked for none (NOTIFY)" },
	{ "one is held, one not to be told", TWO,
	    { .recipients = 2, .notify = { NEVER, UNSAID } }, "one 0,1",
	    "recipient,recipient", "0 waiting, 1 waiting",
	    "landed: 0 refused, 1" HELD
	    "; round 0; hold: its sender's domain is not in bounce_domains, "
	    "so no report may be sent; note: no bounce about 1 refused "
	    "recipient: the sender asked for none (NOTIFY)" },
	{ "the null sender wishes nothing", DOMAINS TWO,
	    { .recipients = 1, .notify = { NEVER }, .null_sender = true },
	    "one 0", "recipient", "0 waiting",
	    "landed: 0 held (one: recipient; held, as it has no sender who "
	    "could be told (MAIL FROM:<>)); round 0; hold: it has no sender "
	    "who could be told (MAIL FROM:<>)" },
	{ "our own report is not lost silently", DOMAINS TWO,
	    { .recipients = 1,
		.notify = { NEVER },
		.null_sender = true,
		.report = true },
	    "one 0", "recipient", "0 waiting",
	    "landed: 0 held (one: recipient; held, as it is a report of our "
	    "own); round 0; hold: it is a report of our own" },
	/* delays */
	{ "a delay is told to who did not say",
	    DOMAINS "warn_after = 1h\n" PROVIDER("one", ""),
	    { .recipients = 2, .notify = { NEVER, UNSAID }, .age_ms = HOUR_MS },
	    "one 0,1", "outage,outage", "0 waiting, 1 waiting",
	    "landed; round 1, due, wakes, warned; report of a delay about "
	    "1" TO },
	{ "a delay is told to who said so",
	    DOMAINS "warn_after = 1h\n" PROVIDER("one", ""),
	    { .recipients = 3,
		.notify = { FAILURE, DELAY, SUCCESS },
		.age_ms = HOUR_MS },
	    "one 0,1,2", "outage,outage,outage",
	    "0 waiting, 1 waiting, 2 waiting",
	    "landed; round 1, due, wakes, warned; report of a delay about "
	    "1" TO },
	{ "a delay is told to nobody",
	    DOMAINS "warn_after = 1h\n" PROVIDER("one", ""),
	    { .recipients = 2,
		.notify = { FAILURE, NEVER },
		.age_ms = HOUR_MS },
	    "one 0,1", "outage,outage", "0 waiting, 1 waiting",
	    "landed; round 1, due, wakes" },
	/* successes */
	{ "one asked", DOMAINS TWO,
	    { .recipients = 2, .notify = { UNSAID, SUCCESS } }, "one 0,1",
	    "accepted,accepted", "0 accepted, 1 accepted",
	    "landed: 1 accepted told; round 0; report of success about 1" TO },
	{ "two asked, one report", DOMAINS TWO,
	    { .recipients = 3,
		.notify = { SUCCESS, NEVER, SUCCESS | FAILURE } },
	    "one 0,1,2", "accepted,accepted,accepted",
	    "0 accepted, 1 accepted, 2 accepted",
	    "landed: 0 accepted told, 2 accepted told; round 0; report of "
	    "success about 0 2" TO },
	{ "one asked, one still waits", DOMAINS PROVIDER("one", ""),
	    { .recipients = 2, .notify = { SUCCESS, SUCCESS } }, "one 0,1",
	    "accepted,outage", "0 accepted, 1 waiting",
	    "landed: 0 accepted told; round 1, due, wakes; report of success "
	    "about 0" TO },
	{ "a failure is told first", DOMAINS TWO,
	    { .recipients = 2, .notify = { SUCCESS, SUCCESS | FAILURE } },
	    "one 0,1", "accepted,recipient", "0 accepted, 1 waiting",
	    "landed: 1 refused; round 0, due; report about 1" TO },
	{ "a failure was told before", DOMAINS TWO,
	    { .recipients = 1, .notify = { SUCCESS }, .accepted = { true } },
	    NULL, NULL, NULL,
	    "landed: 0 accepted told; round 0; report of success about 0" TO },
	{ "told before", DOMAINS TWO,
	    { .recipients = 2,
		.notify = { SUCCESS, SUCCESS },
		.accepted = { true },
		.told = { true } },
	    "one 1", "accepted", "1 accepted",
	    "landed: 1 accepted told; round 0; report of success about 1" TO },
	{ "success is not told to a stranger", TWO,
	    { .recipients = 1, .notify = { SUCCESS } }, "one 0", "accepted",
	    "0 accepted",
	    "landed: 0 accepted told; round 0; note: no report of success "
	    "about 1 recipient, as its sender's domain is not in "
	    "bounce_domains, so no report may be sent" },
	{ "success is not told to a program", DOMAINS TWO,
	    { .recipients = 1,
		.notify = { SUCCESS },
		.fields = "Auto-Submitted: auto-generated\n" },
	    "one 0", "accepted", "0 accepted",
	    "landed: 0 accepted told; round 0; note: no report of success "
	    "about 1 recipient, as a program sent it by itself "
	    "(Auto-Submitted)" },
	{ "success is not told to the null sender", DOMAINS TWO,
	    { .recipients = 1, .notify = { SUCCESS }, .null_sender = true },
	    "one 0", "accepted", "0 accepted", "landed; round 0" },
	{ "held, and no success to a stranger", TWO,
	    { .recipients = 2, .notify = { SUCCESS, UNSAID } }, "one 0,1",
	    "accepted,recipient", "0 accepted, 1 waiting",
	    "landed: 0 accepted told, 1" HELD
	    "; round 0; hold: its sender's domain is not in bounce_domains, "
	    "so no report may be sent; note: no report of success about 1 "
	    "recipient, as its sender's domain is not in bounce_domains, so "
	    "no report may be sent" },
};

/* An entry of that kind; of what ended it says what its recipients are. */
static void
expect_tail(const char *kind, const char *tail)
{
	g_autofree char *line = take(&post.entries, "entry");

	if (!g_str_has_prefix(line, kind) ||
	    (strcmp(kind, "ended") == 0 && strstr(line, tail) == NULL))
		fail_msg("%s: %s", tail, line);
}

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		print_message("%s\n", rows[i].name);
		start_with_store(rows[i].settings);
		post.tells = post.tells_whom = true;
		fly(&rows[i].mail);
		if (rows[i].to != NULL) {
			expect_tail("begun", rows[i].to);
			serve(rows[i].to, rows[i].says);
			expect_tail("ended", rows[i].ended);
		}
		expect_entry(rows[i].landed);
		stop();
	}
}

/* This minute has no room for one more. */
static void
on_exhaust(void *object)
{
	const struct dispatcher *dispatcher = object;

	while (courtesy_take(dispatcher->courtesy, clock_monotonic_ms()))
		;
}

/* Many failures leave room for a success, of which there is a count of its own;
 * one too many is not told, and the mail is done all the same. */
static void
test_limits(void **state)
{
	static const struct wished failed = { .recipients = 1,
		.notify = { UNSAID } };
	static const struct wished taken = { .recipients = 1,
		.notify = { SUCCESS } };

	(void)state;
	start_with_store(DOMAINS PROVIDER("one", ""));
	for (unsigned i = 0; i < 60; i++) {
		fly(&failed);
		expect_entry("begun #1 one open: 0 open");
		serve("one 0", "recipient");
		expect_entry("ended #1 one recipient: 0 waiting");
		expect_entry("landed: 0 refused; round 0; report" TO);
	}
	fly(&taken);
	expect_entry("begun #1 one open: 0 open");
	serve("one 0", "accepted");
	expect_entry("ended #1 one accepted: 0 accepted");
	expect_entry("landed: 0 accepted told; round 0; report of success" TO);
	post.tells = true;
	loop_call(post.dispatcher->options.loop, on_exhaust, post.dispatcher);
	fly(&taken);
	expect_entry("begun #1 one open: 0 open");
	serve("one 0", "accepted");
	expect_entry("ended #1 one accepted: 0 accepted");
	expect_entry("landed: 0 accepted told; round 0; note: no report of "
		     "success about 1 recipient, as too many such reports were "
		     "made that minute");
	stop();
}

/* Nobody is left to make the report: it comes back for it. */
static void
test_stop(void **state)
{
	static const struct wished taken = { .recipients = 1,
		.notify = { SUCCESS } };

	(void)state;
	start_with_store(DOMAINS PROVIDER("one", ""));
	fly(&taken);
	expect_entry("begun #1 one open: 0 open");
	struct request *request = take_request("one 0");
	dispatcher_stop(post.dispatcher, on_stopped, &post);
	wait_for_loop();
	end(request, EXCHANGE_ANSWERED, "accepted");
	expect_entry("ended #1 one accepted: 0 accepted");
	expect_entry("landed; round 0, due");
	take(&post.stopped, "stop");
	stop();
}

/* A client that waits for the provider, and asked for a report. */
static const struct {
	const char *name, *settings;
	struct wished mail;
	const char *to, *says, *taken, *landed, *text;
} clients[] = {
	{ "everyone has it", DOMAINS TWO,
	    { .recipients = 2, .notify = { SUCCESS, UNSAID } }, "one 0,1",
	    "accepted,accepted",
	    "taken #1 one accepted: 0 accepted, 1 accepted",
	    "landed: 0 accepted told; round 0; report of success" TO,
	    "Ok: queued as" },
	{ "nobody may be told", TWO, { .recipients = 1, .notify = { SUCCESS } },
	    "one 0", "accepted", "passed #1 one accepted: 0 accepted", NULL,
	    "accepted by one" },
	{ "nobody asked", DOMAINS TWO,
	    { .recipients = 1, .notify = { FAILURE | DELAY } }, "one 0",
	    "accepted", "passed #1 one accepted: 0 accepted", NULL,
	    "accepted by one" },
};

static void
test_clients(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(clients); i++) {
		print_message("%s\n", clients[i].name);
		start_with_store(clients[i].settings);
		post_mail(make(&clients[i].mail));
		serve(clients[i].to, clients[i].says);
		expect_entry(clients[i].taken);
		if (clients[i].landed != NULL)
			expect_entry(clients[i].landed);
		expect_answer(250, "2.0.0", clients[i].text);
		stop();
	}
}

/* Everyone has it, and the queue does not take it: no reason to send again. */
static void
test_unreported(void **state)
{
	static const struct wished taken = { .recipients = 1,
		.notify = { SUCCESS } };

	(void)state;
	post.gated = true;
	start_with_store(DOMAINS PROVIDER("one", ""));
	post_mail(make(&taken));
	serve("one 0", "accepted");
	expect_entry("taken #1 one accepted: 0 accepted");
	put(&post.records, (char *)"no");
	g_free(take(&post.entries, "entry"));
	expect_answer(250, "2.0.0", "a report of it cannot be kept");
	stop();
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_clients),
		cmocka_unit_test(test_unreported),
	};

	return cmocka_run_group_tests(tests, start_all, end_all);
}
