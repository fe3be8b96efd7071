/* SPDX-License-Identifier: MIT */
/*
 * Whoever is on the suppression list is final before anybody is asked; the
 * others of the mail go on.
 */
#include "stage.h"

#include "dispatch/suppressions.h"

#define DOMAINS "[server]\nbounce_domains = example.com\n"

#define WHY " (this address is on the suppression list (hard bounce))"

static struct suppressions *list;

/* With the first recipient of every mail on the list. */
static void
begin(const char *settings)
{
	struct dispatcher_options options = open_store();
	struct sending sending = { "x", 1, 0 };
	struct submission *submission = make_submission(&sending);

	list = suppressions_new(NULL);
	suppressions_load(list,
	    envelope_recipient(submission->envelope, 0)->text,
	    SUPPRESSION_BOUNCE);
	submission_free(submission);
	options.suppressions = list;
	start_dispatcher(settings, &options);
}

static void
finish(void)
{
	stop();
	g_clear_pointer(&list, suppressions_free);
}

struct mail {
	unsigned recipients;
	const char *fields;
	bool report, waits; /* a report of ours; its client waits */
};

static void
fly(const struct mail *mail)
{
	static const struct parse_options options = {
		.hostname = "mail.example.com",
	};
	struct sending sending = { "x", mail->recipients, 60000 };
	struct submission *submission =
	    make_submission_with(&sending, mail->fields);

	submission->report = mail->report;
	submission->received_ms = clock_wall_ms();
	if (!mail->waits) {
		submission->return_to = (struct return_address){ 0 };
		submission->queued = true;
	}
	struct message *message = parse_message(submission, &options, NULL);
	dispatcher_post(post.dispatcher,
	    flight_new(message, dispatcher_route(post.dispatcher)));
}

static void
test_alone(void **state)
{
	(void)state;
	begin(DOMAINS TWO);
	fly(&(struct mail){ .recipients = 1, .fields = "" });
	expect_entry("landed: 0 refused" WHY "; round 0; report to "
		     "app@example.com");
	finish();
}

static void
test_others_go_on(void **state)
{
	(void)state;
	begin(DOMAINS TWO);
	fly(&(struct mail){ .recipients = 2, .fields = "" });
	expect_entry("begun #1 one open: 1 open");
	serve("one 1", "accepted");
	expect_entry("ended #1 one accepted: 1 accepted");
	expect_entry("landed: 0 refused" WHY "; round 0; report to "
		     "app@example.com");
	finish();
}

static void
test_client_is_told(void **state)
{
	(void)state;
	begin(DOMAINS TWO);
	fly(&(struct mail){ .recipients = 1, .fields = "", .waits = true });
	expect_answer(550, "5.7.1", "suppression list (hard bounce)");
	expect_entry("passed: 0 refused" WHY);
	finish();
}

/* The sender says that this one is to go all the same. */
static void
test_way_around(void **state)
{
	(void)state;
	begin(DOMAINS TWO);
	fly(&(struct mail){
	    .recipients = 1, .fields = "X-Postferry-Suppress: no\n" });
	expect_entry("begun #1 one open: 0 open");
	serve("one 0", "accepted");
	expect_entry("ended #1 one accepted: 0 accepted");
	expect_entry("landed; round 0");
	fly(&(struct mail){
	    .recipients = 1, .fields = "X-Postferry-Suppress: yes\n" });
	expect_entry("landed: 0 refused" WHY "; round 0; report to "
		     "app@example.com");
	finish();
}

/* Nobody is told of a report that its reader does not get. */
static void
test_report(void **state)
{
	(void)state;
	begin(DOMAINS TWO);
	fly(&(struct mail){ .recipients = 1, .fields = "", .report = true });
	expect_entry("landed: 0 dropped" WHY "; round 0");
	finish();
}

/* It goes to somebody else. */
static void
test_redirected(void **state)
{
	(void)state;
	begin(DOMAINS TWO "[route default]\nproviders = one, two\n"
			  "redirect_to = staging@example.com\n");
	fly(&(struct mail){ .recipients = 1, .fields = "" });
	expect_entry("begun #1 one open: 0 open");
	serve("one 0", "accepted");
	expect_entry("ended #1 one accepted: 0 accepted");
	expect_entry("landed; round 0");
	finish();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alone),
		cmocka_unit_test(test_others_go_on),
		cmocka_unit_test(test_client_is_told),
		cmocka_unit_test(test_way_around),
		cmocka_unit_test(test_report),
		cmocka_unit_test(test_redirected),
	};

	return cmocka_run_group_tests(tests, start_all, end_all);
}
