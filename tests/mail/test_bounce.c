/* SPDX-License-Identifier: MIT */
/*
 * With an argument: writes that report to the standard output, for bounce.py to
 * read with other eyes.
 */
#include "bounce_fields.h"
#include "mail/bounce.h"
#include "mail/journal.h"
#include "mail/sample.h"

#include <errno.h>
#include <stdio.h>

#define MANY 1000

static const struct {
	const char *name;
	struct recipient is;
	const char *status;
} statuses[] = {
	{ "no such user",
	    { .state = RECIPIENT_REFUSED,
		.class = VERDICT_RECIPIENT,
		.status = 550 },
	    "5.1.1" },
	{ "suppressed",
	    { .state = RECIPIENT_REFUSED,
		.class = VERDICT_RECIPIENT,
		.suppressed = true },
	    "5.7.1" },
	{ "content",
	    { .state = RECIPIENT_REFUSED,
		.class = VERDICT_PAYLOAD,
		.status = 400 },
	    "5.6.0" },
	{ "too large, HTTP",
	    { .state = RECIPIENT_REFUSED,
		.class = VERDICT_PAYLOAD,
		.status = 413 },
	    "5.3.4" },
	{ "too large, SMTP",
	    { .state = RECIPIENT_REFUSED,
		.class = VERDICT_PAYLOAD,
		.status = 552 },
	    "5.3.4" },
	{ "given up after an outage",
	    { .state = RECIPIENT_REFUSED,
		.class = VERDICT_OUTAGE,
		.status = 503 },
	    "4.4.7" },
	{ "given up, never tried", { .state = RECIPIENT_REFUSED }, "4.4.7" },
	{ "given up in doubt",
	    { .state = RECIPIENT_REFUSED, .class = VERDICT_DOUBT }, "4.4.7" },
	{ "waits for an outage", { .class = VERDICT_OUTAGE }, "4.4.1" },
	{ "waits for its turn", { .class = VERDICT_THROTTLE }, "4.4.5" },
	{ "waits for an account", { .class = VERDICT_ACCOUNT }, "4.3.5" },
	{ "waits for a From domain", { .class = VERDICT_SENDER }, "4.3.5" },
	{ "waits in doubt",
	    { .state = RECIPIENT_DOUBT, .class = VERDICT_DOUBT }, "4.4.2" },
	{ "waits, never tried", { .class = VERDICT_NONE }, "4.0.0" },
	{ "accepted",
	    { .state = RECIPIENT_ACCEPTED, .class = VERDICT_ACCEPTED },
	    "2.1.9" },
};

static void
test_status(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(statuses); i++)
		if (strcmp(bounce_status(&statuses[i].is),
			statuses[i].status) != 0)
			fail_msg("%s: %s", statuses[i].name,
			    bounce_status(&statuses[i].is));
}

static const struct {
	const char *text;
	unsigned status;
	const char *rest;
} texts[] = {
	{ NULL, 400, "" },
	{ "", 0, "" },
	{ "HTTP 400: from is no address", 400, "from is no address" },
	{ "HTTP 400", 400, "" },
	{ "550 5.1.1 no such user", 550, "5.1.1 no such user" },
	{ "550", 550, "" },
	{ "5500 of them", 550, "5500 of them" },
	{ "HTTP 502: bad gateway", 400, "HTTP 502: bad gateway" },
	{ "Connection refused", 0, "Connection refused" },
	{ "0 bytes came", 0, "0 bytes came" },
};

/* The status is said once. */
static void
test_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		struct recipient is = { .status = texts[i].status,
			.text = (char *)texts[i].text };

		assert_string_equal(bounce_fields_text(&is), texts[i].rest);
	}
}

enum knack {
	PLAIN,
	NULL_SENDER,
	OWN_REPORT
};

static const struct {
	const char *name;
	const char *mail;
	const char *sender;
	enum knack knack;
	const char *obstacle; /* a word of it; NULL: none */
} obstacles[] = {
	{ "fine", "Subject: x\n\n", "a@example.com", PLAIN, NULL },
	{ "the domain's case", "\n", "a@EXAMPLE.com", PLAIN, NULL },
	{ "the second domain", "\n", "a@xn--mnchen-3ya.example", PLAIN, NULL },
	{ "below a domain", "\n", "a@sub.example.com", PLAIN, "domain" },
	{ "ends like a domain", "\n", "a@notexample.com", PLAIN, "domain" },
	{ "of those below", "\n", "a@b.below.example", PLAIN, NULL },
	{ "far below", "\n", "a@c.b.Below.example", PLAIN, NULL },
	{ "those below alone", "\n", "a@below.example", PLAIN, "domain" },
	{ "ends like those below", "\n", "a@notbelow.example", PLAIN,
	    "domain" },
	{ "a stranger", "\n", "a@example.net", PLAIN, "domain" },
	{ "null sender", "\n", "a@example.com", NULL_SENDER, "MAIL FROM:<>" },
	{ "our own", "\n", "a@example.com", OWN_REPORT, "our own" },
	{ "automatic", "Auto-Submitted: auto-generated\n\n", "a@example.com",
	    PLAIN, "Auto-Submitted" },
	{ "automatic, other case", "AUTO-submitted: Auto-Replied; x=y\n\n",
	    "a@example.com", PLAIN, "Auto-Submitted" },
	{ "said to be by hand", "Auto-Submitted: No\n\n", "a@example.com",
	    PLAIN, NULL },
	{ "said to be by hand, with a comment",
	    "Auto-Submitted: no (really)\n\n", "a@example.com", PLAIN, NULL },
	{ "nothing like no", "Auto-Submitted: notified\n\n", "a@example.com",
	    PLAIN, "Auto-Submitted" },
	{ "said twice", "Auto-Submitted: no\nAuto-Submitted: auto-notified\n\n",
	    "a@example.com", PLAIN, "Auto-Submitted" },
	{ "a report",
	    "Content-Type: Multipart/Report;\n report-type=x; boundary=b\n\n",
	    "a@example.com", PLAIN, "report itself" },
	{ "a report without parameters", "Content-Type: multipart/report\n\n",
	    "a@example.com", PLAIN, "report itself" },
	{ "no report", "Content-Type: multipart/reported; boundary=b\n\n",
	    "a@example.com", PLAIN, NULL },
	{ "bulk mail", "Precedence: bulk\n\n", "a@example.com", PLAIN, NULL },
};

static void
test_obstacle(void **state)
{
	static const char *const domains[] = { "example.com",
		"xn--mnchen-3ya.example", ".below.example", NULL };
	static const char *const none[] = { NULL };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(obstacles); i++) {
		struct message *message = sample_message(obstacles[i].mail);
		struct submission *submission = message->submission;

		g_clear_pointer(&submission->envelope->sender, address_free);
		if (obstacles[i].knack != NULL_SENDER)
			submission->envelope->sender =
			    sample_address(obstacles[i].sender);
		submission->report = obstacles[i].knack == OWN_REPORT;
		const char *have = bounce_obstacle(message, domains);
		if ((have == NULL) != (obstacles[i].obstacle == NULL) ||
		    (have != NULL &&
			strstr(have, obstacles[i].obstacle) == NULL))
			fail_msg("%s: %s", obstacles[i].name, have);
		assert_non_null(bounce_obstacle(message, none));
		message_unref(message);
	}
}

/* A report, and what it is about. */
struct sample {
	const char *name;
	const char *mail;
	const char *fill; /* repeated in front of the mail */
	unsigned times;
	enum bounce_action action;
	const char *sender;
	unsigned recipients; /* more, of one kind; 0: those of `is` */
	struct recipient is[2];
};

static const struct sample samples[] = {
	{ .name = "plain",
	    .mail = "From: App <app@example.com>\nTo: one@example.org\n"
		    "Bcc: hidden@example.org,\n more@hidden.example\n"
		    "Subject: Your invoice\nDate: Fri, 20 Nov 2026 09:00:00 "
		    "+0000\nMessage-ID: <1@example.com>\n\nThe body.\n",
	    .sender = "app@example.com",
	    .is = { { .state = RECIPIENT_REFUSED,
			.class = VERDICT_RECIPIENT,
			.status = 550,
			.provider = (char *)"upstream",
			.text = (char *)"5.1.1 no such user here" },
		{ .state = RECIPIENT_REFUSED,
		    .class = VERDICT_PAYLOAD,
		    .status = 413,
		    .provider = (char *)"mailgun",
		    .text = (char *)"Message too large" } } },
	{ .name = "delayed",
	    .mail = "From: App <app@example.com>\nSubject: Later\n\nx\n",
	    .action = BOUNCE_DELAYED,
	    .sender = "app@example.com",
	    .is = { { .class = VERDICT_OUTAGE,
			.status = 503,
			.provider = (char *)"mailgun",
			.text = (char *)"Service Unavailable" },
		{ .class = VERDICT_NONE } } },
	{ .name = "hostile",
	    .mail = "Subject: =?utf-8?q?a=0D=0ABcc:_x=40y=00_=E2=80=AE?=\n"
		    " =?utf-8?q?gr=C3=BC=C3=9Fe?=\n"
		    "X-Raw: caf\xc3\xa9 \xff\x01\n"
		    "=?utf-8?q?x?=: 1\nX-\x01odd: 1\n"
		    "RESENT-BCC : hidden@example.org\n"
		    "Message-ID: <a b@c>\nDate: \x1b[31m\xff\n\nx\n",
	    .sender = "\"a\\\"b (c) =?utf-8?q?d?=\"@example.com",
	    .is = { { .state = RECIPIENT_REFUSED,
			.class = VERDICT_PAYLOAD,
			.status = 400,
			.provider = (char *)"man\ndrill",
			.text = (char *)"bad\r\nAction: delivered\r\n\r\n\x01"
					"gr\xc3\xbc\xc3\x9f\xff"
					"e <script>" },
		{ .state = RECIPIENT_REFUSED,
		    .class = VERDICT_DOUBT,
		    .provider = (char *)"mailgun" } } },
	{ .name = "many",
	    .mail = "Subject: To all\n\nx\n",
	    .sender = "app@example.com",
	    .recipients = MANY,
	    .is = { { .state = RECIPIENT_REFUSED,
		.class = VERDICT_RECIPIENT,
		.suppressed = true,
		.status = 200,
		.provider = (char *)"mandrill",
		.text = (char *)"rejected: hard-bounce" } } },
	{ .name = "long",
	    .mail = "Subject: Long\n\nx\n",
	    .fill =
		"X-Filler: 0123456789012345678901234567890123456789\n"
		" 0123456789012345678901234567890123456789012345678901234567"
		"8901234567890123456789012345678901234567890123456789012345"
		"678901234567890123456789012345678901234567890123456789\n",
	    .times = 960,
	    .sender = "app@example.com",
	    .is = { { .state = RECIPIENT_REFUSED, .class = VERDICT_OUTAGE },
		{ .state = RECIPIENT_REFUSED,
		    .class = VERDICT_THROTTLE,
		    .status = 429,
		    .provider = (char *)"mailgun",
		    .text = (char *)"" } } },
	{ .name = "given up",
	    .mail = "Subject: Late\n\nx\n",
	    .sender = "app@example.com",
	    .is = { { .state = RECIPIENT_REFUSED,
			.class = VERDICT_OUTAGE,
			.text = (char *)"gave up after 20 s; last tried "
					"mailgun: 503 Service Unavailable" },
		{ .state = RECIPIENT_REFUSED,
		    .class = VERDICT_OUTAGE,
		    .text = (char *)"gave up after 5 d" } } },
	{ .name = "line",
	    .mail = "Subject: Lines\n\nx\n",
	    .fill = "X-Line: "
		    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		    "\t",
	    .times = 40,
	    .sender = "app@example.com",
	    .is = { { .state = RECIPIENT_REFUSED,
			.class = VERDICT_PAYLOAD,
			.status = 554,
			.provider = (char *)"mailgun",
			.text = (char *)"it has no From" },
		{ .state = RECIPIENT_REFUSED } } },
};

static struct message *
make_message(const struct sample *sample)
{
	g_autoptr(GString) text = g_string_new(NULL);
	struct message *message;
	struct envelope *envelope;

	for (unsigned i = 0; i < sample->times; i++)
		g_string_append(text, sample->fill);
	g_string_append(text, sample->mail);
	message = sample_message(text->str);
	envelope = message->submission->envelope;
	address_free(envelope->sender);
	envelope->sender = sample_address(sample->sender);
	for (unsigned i = 2; i < sample->recipients; i++) {
		g_autofree char *to = g_strdup_printf("r%u@example.org", i);

		envelope_add_recipient(envelope, sample_address(to));
	}
	return message;
}

static GArray *
make_recipients(const struct sample *sample)
{
	GArray *recipients =
	    g_array_new(FALSE, FALSE, sizeof(struct journal_recipient));

	for (unsigned i = 0; i < MAX(sample->recipients, 2); i++) {
		struct journal_recipient one = { .number = i,
			.is = sample->is[sample->recipients > 0 ? 0 : i] };

		g_array_append_val(recipients, one);
	}
	return recipients;
}

static struct submission *
make_report(const struct sample *sample, uint64_t budget_bytes)
{
	static const char *const smtp[] = { "upstream", NULL };
	static struct spool_place place;
	struct bounce_options options = {
		.hostname = "mail.example.com",
		.from = "MAILER-DAEMON@example.com",
		.smtp = smtp,
		.action = sample->action,
		.now_ms = INT64_C(1795689000000),
		.last_ms = INT64_C(1795688700000),
		.until_ms = INT64_C(1795788600000),
		.place = &place,
	};
	struct message *message = make_message(sample);
	g_autoptr(GArray) recipients = make_recipients(sample);

	if (place.budget != NULL)
		budget_free(place.budget);
	place.budget = budget_new(budget_bytes);
	struct submission *report = bounce_make(message, recipients, &options);
	int fault = errno;
	message_unref(message);
	errno = fault;
	return report;
}

static char *
read_bytes(const struct spool *spool)
{
	size_t size = (size_t)spool_size(spool);
	char *bytes = g_malloc0(size + 1);

	for (size_t have = 0; have < size;) {
		ssize_t more =
		    spool_read(spool, have, bytes + have, size - have);

		assert_true(more > 0);
		have += (size_t)more;
	}
	assert_int_equal(strlen(bytes), size);
	return bytes;
}

/* Seven bits, lines that end with CRLF and are not too long. */
static void
check_lines(const struct sample *sample, const char *bytes)
{
	size_t column = 0;

	for (const char *at = bytes; *at != '\0'; at++) {
		unsigned char c = (unsigned char)*at;
		bool ends = c == '\r' && at[1] == '\n';

		column = ends ? 0 : column + 1;
		if (ends)
			at++;
		else if ((c < 0x20 && c != '\t') || c > 0x7e || column > 998)
			fail_msg("%s: byte %u at %zu, column %zu", sample->name,
			    c, (size_t)(at - bytes), column);
	}
	assert_int_equal(column, 0);
}

static void
check_submission(const struct sample *sample, const struct submission *report)
{
	g_autoptr(GError) error = NULL;

	assert_null(report->envelope->sender);
	assert_int_equal(report->envelope->recipients->len, 1);
	assert_string_equal(
	    envelope_recipient(report->envelope, 0)->text, sample->sender);
	assert_int_equal(strlen(report->id), ID_LENGTH);
	assert_string_not_equal(report->id, SAMPLE_ID);
	assert_true(report->report);
	assert_int_equal(report->when, ANSWER_QUEUED);
	assert_null(report->return_to.post);
	assert_string_equal(report->listener, "report");
	assert_string_equal(report->peer, "");
	assert_int_equal(report->received_ms, INT64_C(1795689000000));
	assert_false(report->seen.opaque);
	assert_false(report->seen.header_broken);
	assert_true(report->seen.ends_with_newline);
	assert_true(report->seen.header_end > 0);
}

/* No report of ours may be any of this. */
#define BROKEN                                                         \
	(unsigned)(TRAIT_MALFORMED | TRAIT_OPAQUE | TRAIT_LONG_FIELD | \
		   TRAIT_ADDRESS_BROKEN | TRAIT_REPEATED_FIELD |       \
		   TRAIT_EIGHTBIT_FIELD | TRAIT_PART_HEADERS)

/* Takes the report over: what our own parser reads. */
static struct message *
parse_report(const struct sample *sample, struct submission *report)
{
	static const struct parse_options options = {
		.hostname = "mail.example.com",
	};
	struct message *message = parse_message(report, &options, NULL);

	assert_non_null(message);
	assert_int_equal(message->from->len, 1);
	assert_int_equal(message->to->len, 1);
	assert_true((message->traits & TRAIT_REPORT) != 0);
	for (unsigned i = 0; i < TRAIT_COUNT; i++)
		if ((message->traits & BROKEN & UINT64_C(1) << i) != 0)
			fail_msg("%s: %s", sample->name,
			    trait_text(UINT64_C(1) << i));
	assert_non_null(message->text);
	assert_int_equal(message->parts->len, 2);
	assert_string_equal(((struct part *)message->parts->pdata[0])->type,
	    "message/delivery-status");
	assert_string_equal(((struct part *)message->parts->pdata[1])->type,
	    "text/rfc822-headers");
	return message;
}

static void
test_samples(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(samples); i++) {
		const struct sample *sample = &samples[i];
		struct submission *report = make_report(sample, 1 << 24);

		assert_non_null(report);
		g_autofree char *bytes = read_bytes(report->spool);
		check_lines(sample, bytes);
		check_submission(sample, report);
		struct message *message = parse_report(sample, report);
		assert_string_equal(
		    ((struct header_address *)message->to->pdata[0])->spec,
		    sample->sender);
		assert_non_null(bounce_obstacle(
		    message, (const char *const[]){ "example.com", NULL }));
		message_unref(message);
	}
}

/* The part of the report that programs read, to the letter. */
static void
test_fields(void **state)
{
	static const char want[] =
	    "Content-Type: message/delivery-status\r\n"
	    "Content-Transfer-Encoding: 7bit\r\n\r\n"
	    "Reporting-MTA: dns; mail.example.com\r\n"
	    "X-Postferry-ID: " SAMPLE_ID "\r\n"
	    "Arrival-Date: Sat, 21 Nov 2026 10:24:00 +0000\r\n"
	    "\r\n"
	    "Final-Recipient: rfc822; one@example.org\r\n"
	    "Action: failed\r\n"
	    "Status: 5.1.1\r\n"
	    "Remote-MTA: x-provider; upstream\r\n"
	    "Diagnostic-Code: smtp; 550 5.1.1 no such user here\r\n"
	    "Last-Attempt-Date: Thu, 26 Nov 2026 10:25:00 +0000\r\n"
	    "\r\n"
	    "Final-Recipient: rfc822; two@example.org\r\n"
	    "Action: failed\r\n"
	    "Status: 5.3.4\r\n"
	    "Remote-MTA: x-provider; mailgun\r\n"
	    "Diagnostic-Code: x-http; 413 Message too large\r\n"
	    "Last-Attempt-Date: Thu, 26 Nov 2026 10:25:00 +0000\r\n"
	    "\r\n--";
	struct submission *report = make_report(&samples[0], 1 << 24);
	g_autofree char *bytes = read_bytes(report->spool);

	(void)state;
	if (strstr(bytes, want) == NULL)
		fail_msg("%s", bytes);
	assert_null(strstr(bytes, "hidden"));
	submission_free(report);
}

static const struct {
	const char *name, *part;
} parts[] = {
	{ "plain", "    upstream refused it: 550 5.1.1 no such user here\r\n" },
	{ "line", "    no provider has taken it\r\n" },
	{ "given up",
	    "\r\n<one@example.org>\r\n"
	    "    it was tried for 20 s, and no provider took it; last tried "
	    "mailgun:\r\n"
	    "    503 Service Unavailable\r\n    Nobody" },
	{ "given up", "    it was tried for 5 d, and no provider took it\r\n" },
	{ "given up",
	    "Status: 4.4.7\r\nDiagnostic-Code: x-postferry; gave up after 20 s; "
	    "last tried mailgun: 503 Service Unavailable\r\n" },
};

static const struct sample *
find_sample(const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(samples); i++)
		if (strcmp(samples[i].name, name) == 0)
			return &samples[i];
	return NULL;
}

static void
test_parts(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
		struct submission *report =
		    make_report(find_sample(parts[i].name), 1 << 24);
		g_autofree char *bytes = read_bytes(report->spool);

		if (strstr(bytes, parts[i].part) == NULL)
			fail_msg("no %s in:\n%s", parts[i].part, bytes);
		submission_free(report);
	}
}

/* A warning says until when it is worth something; nobody else does. */
static void
test_expires(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(samples); i++) {
		bool warns = samples[i].action == BOUNCE_DELAYED;
		struct message *message = parse_report(
		    &samples[i], make_report(&samples[i], 1 << 24));

		assert_int_equal(bounce_expires_ms(message),
		    warns ? INT64_C(1795788600000) : 0);
		message->submission->report = false;
		assert_int_equal(bounce_expires_ms(message), 0);
		message_unref(message);
	}
}

/* No room in the memory budget: no report, and errno says so. */
static void
test_no_room(void **state)
{
	(void)state;
	errno = 0;
	assert_null(make_report(&samples[0], 100));
	assert_int_equal(errno, ENOMEM);
}

static int
print_report(const char *name)
{
	const struct sample *sample = find_sample(name);

	if (sample == NULL)
		return 1;
	struct submission *report = make_report(sample, 1 << 24);
	g_autofree char *bytes = read_bytes(report->spool);
	fputs(bytes, stdout);
	submission_free(report);
	return 0;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_obstacle),
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_expires),
		cmocka_unit_test(test_no_room),
	};

	parse_start();
	if (argc > 1)
		return print_report(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
