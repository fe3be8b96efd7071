/* SPDX-License-Identifier: MIT */
/* Reports as their sender wished for them (RFC 3461, RFC 3464). */
#include "mail/bounce.h"
#include "mail/journal.h"
#include "mail/sample.h"

#define MAIL                                                     \
	"From: App <app@example.com>\nBcc: hidden@example.org\n" \
	"Subject: Your invoice\n\n"
#define HEADER                                                  \
	"\r\n\r\nFrom: App <app@example.com>\r\nSubject: Your " \
	"invoice\r\n"
#define FULL "Content-Type: message/rfc822\r\n"
#define HDRS "Content-Type: text/rfc822-headers\r\n"
#define BIT7 "Content-Transfer-Encoding: 7bit"
#define BIT8 "Content-Transfer-Encoding: 8bit"

static const struct {
	const char *name;
	const char *mail, *fill; /* filled up with the second, if there is one,
				  * to more than may be given back */
	enum bounce_action action;
	enum envelope_return returned;
	const char *has[3], *lacks[3];
} rows[] = {
	{ "RET=FULL", MAIL "The body.\n", NULL, BOUNCE_FAILED,
	    ENVELOPE_RETURN_FULL,
	    { FULL BIT7 HEADER "\r\nThe body.\r\n\r\n--=_report_" },
	    { HDRS, "hidden", "8bit" } },
	{ "RET=HDRS", MAIL "The body.\n", NULL, BOUNCE_FAILED,
	    ENVELOPE_RETURN_HEADERS, { HDRS BIT7 HEADER "\r\n--=_report_" },
	    { FULL, "The body.", "hidden" } },
	{ "RET unsaid", MAIL "The body.\n", NULL, BOUNCE_FAILED,
	    ENVELOPE_RETURN_UNSAID, { HDRS BIT7 HEADER "\r\n--=_report_" },
	    { FULL, "The body." } },
	{ "RET=FULL, a delay", MAIL "The body.\n", NULL, BOUNCE_DELAYED,
	    ENVELOPE_RETURN_FULL, { HDRS BIT7 HEADER }, { FULL, "The body." } },
	{ "RET=FULL, a success", MAIL "The body.\n", NULL, BOUNCE_RELAYED,
	    ENVELOPE_RETURN_FULL, { HDRS BIT7 HEADER }, { FULL, "The body." } },
	{ "RET=FULL, no body", MAIL, NULL, BOUNCE_FAILED, ENVELOPE_RETURN_FULL,
	    { FULL BIT7 HEADER "\r\n" }, { HDRS } },
	{ "RET=FULL, 8 bits",
	    MAIL "Gr\xc3\xbc\xc3\x9f"
		 "e\n",
	    NULL, BOUNCE_FAILED, ENVELOPE_RETURN_FULL,
	    { FULL BIT8 HEADER "\r\nGr\xc3\xbc\xc3\x9f"
			       "e\r\n",
		"\"=_report_", BIT8 "\r\n" },
	    { HDRS, "quoted-printable" } },
	{ "RET=FULL, a header of 8 bits", "Subject: Gr\xc3\xbc\n\nThe body.\n",
	    NULL, BOUNCE_FAILED, ENVELOPE_RETURN_FULL, { HDRS },
	    { FULL, "The body." } },
	{ "RET=FULL, a header that does not end", "Subject: x\nThe body.\n",
	    NULL, BOUNCE_FAILED, ENVELOPE_RETURN_FULL, { HDRS }, { FULL } },
	{ "RET=FULL, parts of its own",
	    "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
	    "--b\n\none\n--b--\n",
	    NULL, BOUNCE_FAILED, ENVELOPE_RETURN_FULL,
	    { FULL BIT7 "\r\n\r\nMIME-Version: 1.0\r\n",
		"--b\r\n\r\none\r\n--b--\r\n\r\n--=_report_" },
	    { HDRS } },
	{ "RET=FULL, too large", MAIL "The body.\n",
	    "0123456789012345678901234567890123456789012345678901234567890\n",
	    BOUNCE_FAILED, ENVELOPE_RETURN_FULL, { HDRS BIT7 HEADER },
	    { FULL, "The body." } },
	{ "a success", MAIL "x\n", NULL, BOUNCE_RELAYED, ENVELOPE_RETURN_UNSAID,
	    { "Subject: Relayed Mail (accepted for delivery)\r\n",
		"Final-Recipient: rfc822; one@example.org\r\nAction: relayed\r\n"
		"Status: 2.1.9\r\nRemote-MTA: x-provider; mailgun\r\n"
		"Diagnostic-Code: x-http; 200 Queued. Thank you.\r\n",
		"    mailgun has accepted it: Queued. Thank you.\r\n" },
	    { "Expires:", "Will-Retry-Until",
		"not be delivered to everyone" } },
};

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
	return bytes;
}

static GArray *
make_recipients(enum bounce_action action)
{
	bool relayed = action == BOUNCE_RELAYED;
	struct journal_recipient
	    one = { .is = {
			.state =
			    relayed ? RECIPIENT_ACCEPTED : RECIPIENT_REFUSED,
			.class = relayed ? VERDICT_ACCEPTED : VERDICT_RECIPIENT,
			.status = relayed ? 200 : 550,
			.provider = (char *)"mailgun",
			.text = (char *)(relayed ? "Queued. Thank you." : "no"),
		    } };
	GArray *recipients = g_array_new(FALSE, FALSE, sizeof one);

	g_array_append_val(recipients, one);
	return recipients;
}

/* Takes the message over. */
static char *
make_report(struct message *message, enum bounce_action action)
{
	static struct spool_place place;
	struct bounce_options options = {
		.hostname = "mail.example.com",
		.from = "MAILER-DAEMON@example.com",
		.action = action,
		.now_ms = INT64_C(1795689000000),
		.until_ms = INT64_C(1795788600000),
		.place = &place,
	};
	g_autoptr(GArray) recipients = make_recipients(action);
	struct submission *report;
	char *bytes;

	if (place.budget == NULL)
		place.budget = budget_new(1 << 26);
	report = bounce_make(message, recipients, &options);
	message_unref(message);
	assert_non_null(report);
	assert_int_equal(envelope_wish_of(report->envelope, 0)->notify,
	    ENVELOPE_NOTIFY_NEVER);
	bytes = read_bytes(report->spool);
	submission_free(report);
	return bytes;
}

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GString) text = g_string_new(rows[i].mail);
		struct message *message;
		g_autofree char *report = NULL;

		while (rows[i].fill != NULL && text->len <= BOUNCE_FULL_MAX)
			g_string_append(text, rows[i].fill);
		message = sample_message(text->str);
		message->submission->envelope->returned = rows[i].returned;
		report = make_report(message, rows[i].action);
		for (unsigned n = 0; n < 3 && rows[i].has[n] != NULL; n++)
			if (strstr(report, rows[i].has[n]) == NULL)
				fail_msg("%s: no %s in\n%s", rows[i].name,
				    rows[i].has[n], report);
		for (unsigned n = 0; n < 3 && rows[i].lacks[n] != NULL; n++)
			if (strstr(report, rows[i].lacks[n]) != NULL)
				fail_msg("%s: %s in\n%s", rows[i].name,
				    rows[i].lacks[n], report);
	}
}

/* The part of its own is the whole mail, but for what is hidden. */
static void
test_largest(void **state)
{
	g_autoptr(GString) text = g_string_new("Subject: x\n\n");
	g_autofree char *report = NULL;
	struct message *message;

	(void)state;
	/* with CR LF */
	while (text->len + text->len / 63 + 63 * 2 < BOUNCE_FULL_MAX)
		g_string_append(text,
		    "0123456789012345678901234567890123456789012345678901234567"
		    "8901\n");
	g_string_append(text, "the end\n");
	message = sample_message(text->str);
	assert_in_range(spool_size(message->submission->spool),
	    BOUNCE_FULL_MAX - 400, BOUNCE_FULL_MAX);
	message->submission->envelope->returned = ENVELOPE_RETURN_FULL;
	report = make_report(message, BOUNCE_FAILED);
	assert_non_null(strstr(report, "\r\nthe end\r\n\r\n--=_report_"));
}

static void
test_envelope(void **state)
{
	struct message *message = sample_message("Subject: x\n\n");
	struct envelope *envelope = message->submission->envelope;
	struct envelope_wish wish = { .original = g_strdup(
					  "rfc822;One+1=@Example.org") };
	g_autofree char *report = NULL;

	(void)state;
	envelope->id = g_strdup("QQ 314=+1");
	envelope_wish(envelope, 0, &wish);
	report = make_report(message, BOUNCE_FAILED);
	assert_non_null(
	    strstr(report, "\r\n\r\nOriginal-Envelope-Id: QQ 314=+1\r\n"
			   "Reporting-MTA: dns; mail.example.com\r\n"));
	assert_non_null(strstr(report,
	    "\r\n\r\nOriginal-Recipient: rfc822;One+1=@Example.org\r\n"
	    "Final-Recipient: rfc822; one@example.org\r\n"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_largest),
		cmocka_unit_test(test_envelope),
	};

	parse_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
