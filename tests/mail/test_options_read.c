/* SPDX-License-Identifier: MIT */
#include "mail/options.h"

#include "sample.h"
#include "sample_options.h"

#define MAIL "From: a@example.com\nTo: one@example.org\n\nText\n"

/* What is read, and what has to stand in a note or in the fault; NULL: there
 * is none. */
static const struct {
	const char *fields, *read, *note, *fault;
} rows[] = {
	{ "", "", NULL, NULL },
	{ "X-Other: a\nSubject: b\n", "", NULL, NULL },

	/* Mailgun's */
	{ "X-Mailgun-Tag: a\nx-mailgun-TAG: B c\nX-Mailgun-Tag: A\n",
	    "tag a; tag B c", NULL, NULL },
	{ "X-Mailgun-Dkim: No\n", "dkim=no", NULL, NULL },
	{ "X-Mailgun-Secondary-DKIM: example.com, s1\n",
	    "secondary_dkim=example.com/s1", NULL, NULL },
	{ "X-Mailgun-Secondary-DKIM-Public: example.com/s1\n",
	    "secondary_dkim_public=example.com/s1", NULL, NULL },
	{ "X-Mailgun-Secondary-DKIM: example.com\n", "", "DOMAIN, SELECTOR",
	    NULL },
	{ "X-Mailgun-Deliver-By: Fri, 14 Oct 2011 12:00:00 +0000\n",
	    "send_at=1318593600000", NULL, NULL },
	{ "X-Mailgun-Deliver-By: 14 Oct 2011 14:00 +0200\n",
	    "send_at=1318593600000", NULL, NULL },
	{ "X-Mailgun-Deliver-By: Fri, 14 Oct 2011 12:00:00 GMT\n",
	    "send_at=1318593600000", NULL, NULL },
	{ "X-Mailgun-Deliver-By: Fri, 14 Oct 2011 14:00:00 +0200 (CEST)\n",
	    "send_at=1318593600000", NULL, NULL },
	{ "X-MC-SendAt: 2011-10-14 12:00:00 (UTC)\n", "send_at=1318593600000",
	    NULL, NULL },
	{ "X-MC-SendAt: 2011-10-14 12:00:00 +0000 (UTC) x\n", "", NULL,
	    "expected a date" },
	{ "X-MC-SendAt: 2011-10-14 12:00:00 +0000 (UTC\n", "", NULL,
	    "expected a date" },
	{ "X-Mailgun-Deliver-By: 1318593600\n", "send_at=1318593600000", NULL,
	    NULL },
	{ "X-Mailgun-Deliver-By: Fri, 14 Oct 2011 12:00:00 PST\n", "", NULL,
	    "X-Mailgun-Deliver-By is \"Fri, 14 Oct 2011 12:00:00 PST\"" },
	{ "X-Mailgun-Deliver-By: 31 Feb 2011 12:00:00 +0000\n", "", NULL,
	    "expected a date" },
	{ "X-Mailgun-Deliver-By: \n", "", NULL, "expected a date" },
	{ "X-Mailgun-Deliver-Within: 1H30M\n", "deliver_within=1h30m", NULL,
	    NULL },
	{ "X-Mailgun-Deliver-Within: 24h\n", "deliver_within=24h", NULL, NULL },
	{ "X-Mailgun-Deliver-Within: 4m\n", "", "5m to 24h", NULL },
	{ "X-Mailgun-Deliver-Within: 25h\n", "", "5m to 24h", NULL },
	{ "X-Mailgun-Deliver-Within: 1h30\n", "", "5m to 24h", NULL },
	{ "X-Mailgun-Delivery-Time-Optimize-Period: 24h\n",
	    "optimize_period=24h", NULL, NULL },
	{ "X-Mailgun-Delivery-Time-Optimize-Period: 73h\n", "", "24h to 72h",
	    NULL },
	{ "X-Mailgun-Time-Zone-Localize: 2:30PM\n", "localize=02:30pm", NULL,
	    NULL },
	{ "X-Mailgun-Time-Zone-Localize: 23:59\n", "localize=23:59", NULL,
	    NULL },
	{ "X-Mailgun-Time-Zone-Localize: 24:00\n", "", "02:30pm", NULL },
	{ "X-Mailgun-Drop-Message: yes\n", "test=yes", NULL, NULL },
	{ "X-Mailgun-Drop-Message: certainly\n", "test=yes", NULL, NULL },
	{ "X-Mailgun-Drop-Message: NO\n", "test=no", NULL, NULL },
	{ "X-Mailgun-Track: htmlonly\n", "track=html", NULL, NULL },
	{ "X-Mailgun-Track-Clicks: HtmlOnly\nX-Mailgun-Track-Opens: true\n",
	    "track_opens=yes; track_clicks=html", NULL, NULL },
	{ "X-Mailgun-Track-Opens: perhaps\n", "",
	    "X-Mailgun-Track-Opens is \"perhaps\" and was left out", NULL },
	{ "X-Mailgun-Track-Opens: yes\nX-Mailgun-Track-Opens: no\n",
	    "track_opens=no", "contradict each other: the last counts", NULL },
	{ "X-Mailgun-Track-Pixel-Location-Top: yes\n", "pixel_top=yes", NULL,
	    NULL },
	{ "X-Mailgun-Sending-Ip: 192.0.2.1\nX-Mailgun-Sending-Ip-Pool: p\n",
	    "sending_ip=192.0.2.1; sending_pool=p", NULL, NULL },
	{ "X-Mailgun-Require-TLS: True\nX-Mailgun-Skip-Verification: False\n",
	    "require_tls=yes; skip_verification=no", NULL, NULL },
	{ "X-Mailgun-Recipient-Variables: {\"a@b\":{\"n\":1}}\n",
	    "recipient_variables={ \"a@b\": { \"n\": 1 } }", NULL, NULL },
	{ "X-Mailgun-Recipient-Variables: {\"a@b\":\n", "", NULL,
	    "expected a JSON object" },
	{ "X-Mailgun-Variables: {\"a\": 1, \"b\": \"c\\r\\nX: d\",\n"
	  " \"e\": {\"f\": [2]}, \"g\": null, \"h\": true}\n"
	  "X-Mailgun-Variables: {\"i\": \"gr\\u00fcn\", \"a\": 2}\n",
	    "a=1 bare; b=c  X: d; e={\"f\":[2]}; h=true bare; i=gr\u00fcn",
	    "\"a\" is \"1\" and \"2\": the first counts", NULL },
	{ "X-Mailgun-Variables: [1]\n", "", "expected a JSON object", NULL },
	{ "X-Mailgun-Variables: {\"a\": 1} x\n", "", "expected a JSON object",
	    NULL },
	{ "X-Mailgun-Variables: {\"a b\": 1, \"\": 2, \"\\u00fc\": 3}\n", "",
	    "printable ASCII", NULL },
	{ "X-Mailgun-Template-Name: t\nX-Mailgun-Template-Version: v 2\n"
	  "X-Mailgun-Template-Variables: {\"a\":\"b\"}\n",
	    "template=t; template_version=v 2; "
	    "template_variables={ \"a\": \"b\" }",
	    NULL, NULL },
	{ "X-Mailgun-Template-Variables: a\n", "", NULL, "JSON object" },
	{ "X-Mailgun-Archive-To: https://example.com/a\n",
	    "archive_to=https://example.com/a", NULL, NULL },
	{ "X-Mailgun-Suppress-Headers: X-Mailgun-Tag\n"
	  "X-Mailgun-Suppress-Headers: all\n",
	    "suppress_headers=X-Mailgun-Tag, all", NULL, NULL },
	{ "X-Mailgun-Native-Send: true\n", "native_send=yes", NULL, NULL },
	{ "X-Mailgun-Rewrite-Sender-Header: false\n", "",
	    "X-Mailgun-Rewrite-Sender-Header was left out: it is not known",
	    NULL },
	{ "X-Mailgun-Sid: abc\nX-Mailgun-Incoming: yes\n", "", NULL, NULL },

	/* Mandrill's */
	{ "X-MC-Tags: a, b ,, _c\n", "tag a; tag b; tag _c", NULL, NULL },
	{ "X-MC-Track: opens, clicks_htmlonly\n",
	    "track_opens=yes; track_clicks=html", NULL, NULL },
	{ "X-MC-Track: clicks_textonly\n", "track_opens=no; track_clicks=text",
	    NULL, NULL },
	{ "X-MC-Track: none\n", "track_opens=no; track_clicks=no", NULL, NULL },
	{ "X-MC-Autotext: on\nX-MC-AutoHtml: n\nX-MC-InlineCSS: yes\n"
	  "X-MC-URLStripQS: 1\n",
	    "auto_text=yes; auto_html=no; inline_css=yes; strip_query=yes",
	    NULL, NULL },
	{ "X-MC-Template: welcome|main\nX-MC-MergeLanguage: Handlebars\n",
	    "template=welcome|main; merge_language=handlebars", NULL, NULL },
	{ "X-MC-MergeLanguage: other\n", "", NULL, "mailchimp or handlebars" },
	{ "X-MC-MergeVars: {\"a\":\"b\"}\n"
	  "X-MC-MergeVars: {\"_rcpt\":\"c@d\",\n \"a\":\"e\"}\n",
	    "merge_vars={ \"a\": \"b\" }\n{ \"_rcpt\": \"c@d\", \"a\": \"e\" }",
	    NULL, NULL },
	{ "X-MC-MergeVars: a\n", "", NULL, "X-MC-MergeVars is \"a\"" },
	{ "X-MC-GoogleAnalytics: a.example, b.example\n"
	  "X-MC-GoogleAnalyticsCampaign: May sale\n",
	    "analytics_domains=a.example, b.example; "
	    "analytics_campaign=May sale",
	    NULL, NULL },
	{ "X-MC-Metadata: {\"u\":\"7\"}\n"
	  "X-MC-Metadata: {\"_rcpt\":\"ONE@example.org\",\"u\":8}\n",
	    "u=7; recipient_metadata={ \"_rcpt\": \"ONE@example.org\", "
	    "\"u\": 8 }",
	    NULL, NULL },
	{ "X-MC-Metadata: {\"_rcpt\":\"x\"}\n", "",
	    "X-MC-Metadata was left out: its _rcpt is \"x\"", NULL },
	{ "X-MC-Metadata: {\"_rcpt\":null,\"u\":8}\n", "", "_rcpt is null",
	    NULL },
	{ "X-MC-Metadata: {\"_rcpt\":{\"a\":1}}\n", "",
	    "_rcpt is {\"a\":1}, and no recipient", NULL },
	{ "X-Postferry-Metadata: {\"_rcpt\":\"x@example.org\"}\n", "",
	    "X-Postferry-Metadata was left out", NULL },
	{ "X-Mailgun-Variables: {\"_rcpt\":\"x\"}\n", "_rcpt=x", NULL, NULL },

	/* numbers that are none in JSON, or not the same any more */
	{ "X-MC-Metadata: {\"a\":NaN,\"b\":-Infinity,\"c\":1e400,\"d\":1.10}\n",
	    "d=1.10 bare", "\"a\" was left out: its number", NULL },
	{ "X-MC-Metadata: {\"a\":[{\"b\":NaN}],\"c\":-9223372036854775807}\n",
	    "c=-9223372036854775807 bare", "\"a\" was left out", NULL },
	{ "X-MC-Metadata: {\"a\":123456789012345678901234567890,\n"
	  " \"b\":-123456789012345678901234567890,\n"
	  " \"c\":9223372036854775808}\n",
	    "c=9223372036854775808 bare", "\"b\" was left out", NULL },
	{ "X-MC-Metadata: {\"_rcpt\":\"one@example.org\",\"a\":NaN}\n", "",
	    "finite", NULL },
	{ "X-MC-MergeVars: {\"a\":NaN}\n", "", NULL, "finite" },
	{ "X-Mailgun-Template-Variables: {\"a\":Infinity}\n", "", NULL,
	    "finite" },
	{ "X-MC-PreserveRecipients: no\n", "preserve_recipients=no", NULL,
	    NULL },
	{ "X-MC-TrackingDomain: t.example\nX-MC-SigningDomain: s.example\n"
	  "X-MC-ReturnPathDomain: r.example\n",
	    "tracking_domain=t.example; signing_domain=s.example; "
	    "return_path_domain=r.example",
	    NULL, NULL },
	{ "X-MC-Subaccount: cust 1\nX-MC-ViewContentLink: false\n"
	  "X-MC-BccAddress: all@example.com\nX-MC-Important: yes\n"
	  "X-MC-IpPool: Main Pool\n",
	    "subaccount=cust 1; view_content=no; bcc_address=all@example.com; "
	    "important=yes; ip_pool=Main Pool",
	    NULL, NULL },
	{ "X-MC-BccAddress: nobody\n", "", "expected an address", NULL },
	{ "X-MC-BccAddress: a@b.example, c@d.example\n", "",
	    "expected an address", NULL },
	{ "X-MC-SendAt: 2011-10-14 12:00:00\n", "send_at=1318593600000", NULL,
	    NULL },
	{ "X-MC-SendAt: 2011-10-14T12:00Z\n", "send_at=1318593600000", NULL,
	    NULL },
	{ "X-MC-SendAt: 2011-13-14 12:00:00\n", "", NULL, "X-MC-SendAt" },
	{ "X-MC-SendAt: 2011-10-14 12:00:00\n"
	  "X-Mailgun-Deliver-By: 14 Oct 2011 12:00:01 +0000\n",
	    NULL, NULL,
	    "X-MC-SendAt and X-Mailgun-Deliver-By contradict each other" },
	{ "X-MC-SendAt: 2011-10-14 12:00:00\n"
	  "X-Mailgun-Deliver-By: 14 Oct 2011 12:00:00 +0000\n",
	    "send_at=1318593600000", NULL, NULL },
	{ "X-MC-Nothing: a\n", "", "X-MC-Nothing was left out", NULL },

	/* ours */
	{ "X-Postferry-Tag: a, b\nX-Postferry-Tag: c\n", "tag a; tag b; tag c",
	    NULL, NULL },
	{ "X-Postferry-Metadata: {\"a\":\"b\"}\n"
	  "X-Postferry-Track-Opens: no\nX-Postferry-Track-Clicks: html\n",
	    "a=b; track_opens=no; track_clicks=html", NULL, NULL },
	{ "X-Postferry-Send-At: 2011-10-14 12:00:00\nX-Postferry-Test: yes\n"
	  "X-Postferry-Require-TLS: yes\nX-Postferry-Important: yes\n"
	  "X-Postferry-Template: t\n"
	  "X-Postferry-Template-Variables: {\"a\":1}\n",
	    "send_at=1318593600000; test=yes; require_tls=yes; template=t; "
	    "template_variables={ \"a\": 1 }; important=yes",
	    NULL, NULL },
	{ "X-Postferry-Route: a\nX-Postferry-Doubt: b\n", "", NULL, NULL },
	{ "X-Postferry-Tagg: a\n", "", "X-Postferry-Tagg was left out", NULL },

	/* Postmark's */
	{ "X-PM-Tag: a, b\nX-PM-TrackOpens: true\nX-PM-TrackLinks: None\n"
	  "X-PM-Metadata-client-id: 7\n",
	    "tag a, b; client-id=7; track_opens=yes; track_clicks=no", NULL,
	    NULL },
	{ "X-PM-TrackLinks: TextOnly\n", "track_clicks=text", NULL, NULL },
	{ "X-PM-TrackLinks: yes\n", "", "HtmlAndText", NULL },
	{ "X-PM-Message-Stream: outbound\n", "", "X-PM-Message-Stream", NULL },

	/* SendGrid's */
	{ "X-SMTPAPI: {\"category\":\"a\",\"unique_args\":{\"b\":\"c\"},\n"
	  " \"filters\":{\"clicktrack\":{\"settings\":{\"enable\":0}},\n"
	  "  \"opentrack\":{\"settings\":{\"enable\":1}}},\n"
	  " \"send_at\":1318593600}\n",
	    "tag a; b=c; track_opens=yes; track_clicks=no; "
	    "send_at=1318593600000",
	    NULL, NULL },
	{ "X-SMTPAPI: {\"category\":[\"a\",1,\"b\"]}\n"
	  "X-SMTPAPI: {\"category\":\"c\"}\n",
	    "tag a; tag b", NULL, NULL },
	{ "X-SMTPAPI: {\"category\":\"a\"\n", "",
	    "X-SMTPAPI is \"{\"category\":\"a\"\" and was left out", NULL },
	{ "X-SMTPAPI: {\"ip_pool\":\"a\",\"asm_group_id\":1}\n", "",
	    "\"ip_pool\" was left out", NULL },
	{ "X-SMTPAPI: {\"filters\":[],\"category\":{},\"unique_args\":1}\n", "",
	    NULL, NULL },
	{ "X-SMTPAPI: {\"to\":[\"One <ONE@example.org>\"],\"sub\":{}}\n", "",
	    NULL, NULL },
	{ "X-SMTPAPI: {\"to\":[\"one@example.org\",\"x@example.org\"]}\n", "",
	    NULL, "recipients (to) who are not in the envelope" },
	{ "X-SMTPAPI: {\"to\":\"x@example.org\"}\n", "", NULL,
	    "give them by RCPT TO" },
	{ "X-SMTPAPI: {\"sub\":{\"-name-\":[\"Bob\"]}}\n", "", NULL,
	    "substitutions" },
	{ "X-SMTPAPI: {\"send_at\":\"soon\"}\n", "", NULL, "seconds since" },

	/* that of Amazon SES */
	{ "X-SES-MESSAGE-TAGS: a=b, c = d\n", "a=b; c=d", NULL, NULL },
	{ "X-SES-MESSAGE-TAGS: a\n", "", "NAME=VALUE", NULL },
	{ "X-SES-CONFIGURATION-SET: set\n", "", "X-SES-CONFIGURATION-SET",
	    NULL },

	/* a name that cannot be one */
	{ "X-MC-BccAddress\x01: eve@example.org\n", "",
	    "X-MC-BccAddress was left out: its name", NULL },
	{ "X-PM-Metadata-k\u00fcnde: 7\n", "",
	    "X-PM-Metadata-knde was left out: its name", NULL },
	{ "X-Other\x01: 7\n", "", NULL, NULL },

	/* encoded, and folded */
	{ "X-MC-Tags: =?utf-8?q?gr=C3=BCn=2Cblau?=,\n rot\n",
	    "tag gr\u00fcn; tag blau; tag rot", NULL, NULL },
	{ "X-Mailgun-Tag: a\x01\x7f\t b\n", NULL, NULL, NULL },
};

static bool
is_said(const char *wanted, const char *text)
{
	return wanted == NULL ? text == NULL
			      : text != NULL && strstr(text, wanted) != NULL;
}

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text = g_strconcat(rows[i].fields, MAIL, NULL);
		struct message *message = sample_message(text);
		struct mail_options *options = options_read(message);
		g_autofree char *read = sample_options_text(options);
		g_autofree char *notes = NULL;

		g_ptr_array_add(options->notes, NULL);
		notes = g_strjoinv("; ", (char **)options->notes->pdata);
		if (rows[i].read != NULL && strcmp(read, rows[i].read) != 0)
			fail_msg("%s is %s", rows[i].fields, read);
		if (!is_said(rows[i].note, *notes != '\0' ? notes : NULL) ||
		    !is_said(rows[i].fault, options->fault))
			fail_msg("%s: notes: %s; fault: %s", rows[i].fields,
			    notes, options->fault);
		for (const char *at = read; *at != '\0'; at++)
			assert_false(g_ascii_iscntrl(*at) && *at != '\n');
		options_free(options);
		message_unref(message);
	}
}

/* 10,000 tags, in one field and in many, and notes that do not grow with
 * them. */
static void
test_many(void **state)
{
	g_autoptr(GString) text = g_string_new("X-MC-Tags: ");

	(void)state;
	for (unsigned i = 0; i < 9500; i++)
		g_string_append_printf(
		    text, "t%u,%s", i, i % 100 == 99 ? "\n " : "");
	g_string_append(text, "end\n");
	for (unsigned i = 0; i < 500; i++)
		g_string_append_printf(text, "X-Mailgun-Tag: u%u\n", i);
	g_string_append(text, MAIL);
	struct message *message = sample_message(text->str);
	struct mail_options *options = options_read(message);
	assert_int_equal(options->tags->len, OPTIONS_TAGS_MAX);
	assert_string_equal(options->tags->pdata[99], "t99");
	assert_int_equal(options->notes->len, 20);
	assert_string_equal(options->notes->pdata[19], "and more of that kind");
	options_free(options);
	message_unref(message);
}

static void
test_deep(void **state)
{
	g_autofree char *open = g_strnfill(20000, '[');
	g_autofree char *text =
	    g_strdup_printf("X-SMTPAPI: {\"a\":%.900s\n %s\n" MAIL, open, open);
	struct message *message = sample_message(text);
	struct mail_options *options = options_read(message);

	(void)state;
	assert_true(options_is_empty(options));
	assert_int_equal(options->notes->len, 1);
	options_free(options);
	message_unref(message);
}

static struct mail_options *
read_text(const char *fields)
{
	g_autofree char *text = g_strconcat(fields, MAIL, NULL);
	struct message *message = sample_message(text);
	struct mail_options *options = options_read(message);

	message_unref(message);
	return options;
}

static const struct {
	const char *first, *second, *both;
} joins[] = {
	{ "", "", "" },
	{ "X-MC-Tags: a\n", "X-MC-Tags: b,A\n", "tag a; tag b" },
	{ "X-MC-Metadata: {\"a\":\"1\"}\n",
	    "X-MC-Metadata: {\"a\":\"2\",\"b\":\"3\"}\n", "a=1; b=3" },
	{ "X-PM-TrackOpens: no\n",
	    "X-PM-TrackOpens: yes\nX-PM-TrackLinks: HtmlOnly\n",
	    "track_opens=no; track_clicks=html" },
	{ "X-Mailgun-Track: no\n", "X-PM-TrackOpens: yes\n", "track=no" },
	{ "", "X-MC-Template: t\n", "template=t" },
};

static void
test_join(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(joins); i++) {
		struct mail_options *first = read_text(joins[i].first);
		struct mail_options *second = read_text(joins[i].second);
		struct mail_options *both = options_join(first, second);
		g_autofree char *text = sample_options_text(both);

		if (strcmp(text, joins[i].both) != 0)
			fail_msg("%s and %s: %s", joins[i].first,
			    joins[i].second, text);
		assert_int_equal(options_is_empty(both), *text == '\0');
		options_free(first);
		options_free(second);
		options_free(both);
	}
}

static int
start_parser(void **state)
{
	(void)state;
	parse_start();
	return 0;
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_deep),
		cmocka_unit_test(test_join),
	};

	return cmocka_run_group_tests(tests, start_parser, NULL);
}
