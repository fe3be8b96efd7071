/* SPDX-License-Identifier: MIT */
/* What each control header becomes at each kind of provider, in either form. */
#include "mail/options_fit.h"

#include "mail/sample.h"
#include "mailgun_options.h"
#include "mandrill_options.h"

#define MAIL "From: a@example.com\nTo: one@example.org\n\nText\n"

/* A day before 2011-10-14 12:00:00. */
#define NOW_MS INT64_C(1318507200000)
#define AT     "14 Oct 2011 12:00:00 +0000"
#define AT_MC  "2011-10-14 12:00:00"

/* X50 is 50 characters. */
#define X10 "abcdefghij"
#define X50 X10 X10 X10 X10 X10

/* The number is of characters, of two bytes each. */
#define U4  "\u00fc\u00fc\u00fc\u00fc"
#define U5  U4 "\u00fc"
#define U10 U5 U5

static const struct options_rules smtp_rules = { .type = "smtp" };

/* Fields of a form: "o:tag=a o:tag=b". */
static char *
print_form(const struct mail_options *options)
{
	struct segments *segments = segments_new(NULL);
	struct form form = { segments, "I" };
	size_t size = mailgun_options_write(&form, options);
	struct segment_reader *reader = segment_reader_new(segments);
	g_autoptr(GString) body = g_string_new(NULL);
	GString *out = g_string_new(NULL);
	char piece[512];
	ssize_t taken;

	while ((taken = segment_reader_read(reader, piece, sizeof piece)) > 0)
		g_string_append_len(body, piece, taken);
	g_auto(GStrv) parts = g_strsplit(body->str, "--postferry-I\r\n", -1);
	for (unsigned i = 1; parts[0] != NULL && parts[i] != NULL; i++) {
		g_auto(GStrv) name = g_strsplit(parts[i], "\"", 3);
		const char *value = strstr(parts[i], "\r\n\r\n") + 4;

		g_string_append_printf(out, "%s%s=%.*s", i > 1 ? " " : "",
		    name[1], (int)strlen(value) - 2, value);
		size -= strlen(name[1]) + strlen(value) - 2;
	}
	assert_int_equal(size, 0);
	segment_reader_free(reader);
	segments_unref(segments);
	return g_string_free(out, FALSE);
}

static void
cut_out(GString *text, const char *what)
{
	g_string_replace(text, what, "", 0);
}

/* The members of `message`, then those beside it; what is always there is left
 * out. */
static char *
print_members(const struct mail_options *options, enum delivery_form form)
{
	struct segments *segments = segments_new(NULL);
	struct writer writer = { .segments = segments };
	GString *out = g_string_new(NULL);
	struct segment_reader *reader;
	char piece[512];
	ssize_t taken;

	if (form == DELIVERY_FIELDS)
		mandrill_options_write(&writer, options, "I");
	mandrill_options_write_top(&writer, options, form);
	reader = segment_reader_new(segments);
	while ((taken = segment_reader_read(reader, piece, sizeof piece)) > 0)
		g_string_append_len(out, piece, taken);
	segment_reader_free(reader);
	segments_unref(segments);
	cut_out(out, ",\"metadata\":{\"postferry_id\":\"I\"}");
	cut_out(out, "\"metadata\":{\"postferry_id\":\"I\"},");
	cut_out(out, "\"metadata\":{\"postferry_id\":\"I\"}");
	return g_string_free(out, FALSE);
}

/* Header lines, LF; what is always there is left out. */
static char *
print_lines(const struct mail_options *options)
{
	g_autofree char *lines = mandrill_options_lines(options, "I");
	GString *out = g_string_new(lines);

	g_string_replace(out, "\r\n", "\n", 0);
	cut_out(out, "X-MC-PreserveRecipients: true\n");
	cut_out(out, "X-MC-Metadata: {\"postferry_id\":\"I\"}\n");
	return g_string_free(out, FALSE);
}

static struct delivery *
make_delivery(const char *fields, enum delivery_form form)
{
	static const unsigned all[] = { 0, 1 };
	g_autofree char *text = g_strconcat(fields, MAIL, NULL);
	struct message *message = sample_message(text);
	struct delivery *delivery = delivery_new(message, all, 2);

	message_unref(message);
	delivery->form = form;
	delivery->options = options_read(delivery->message);
	return delivery;
}

static void
free_delivery(struct delivery *delivery)
{
	options_free((struct mail_options *)delivery->options);
	delivery_free(delivery);
}

static struct mail_options *
fit(const char *fields, const struct options_rules *rules,
    enum delivery_form form)
{
	struct delivery *delivery = make_delivery(fields, form);
	struct mail_options *left = options_fit(delivery, rules, NOW_MS);

	free_delivery(delivery);
	return left;
}

static char *
tell_notes(const struct mail_options *options)
{
	g_ptr_array_add(options->notes, NULL);
	return g_strjoinv("; ", (char **)options->notes->pdata);
}

static void
check(
    const char *fields, const char *where, const char *wanted, const char *text)
{
	if (strcmp(text, wanted) != 0)
		fail_msg("%s at %s: %s", fields, where, text);
}

/* ---- what becomes of each ---- */

static const struct {
	const char *fields;
	const char *form;    /* Mailgun, fields and raw */
	const char *members; /* Mandrill, fields */
	const char *lines;   /* raw; members beside it come first */
} rows[] = {
	{ "", "", "", "" },
	{ "X-Mailgun-Tag: a b\nX-MC-Tags: c,d\n", "o:tag=a b o:tag=c o:tag=d",
	    "\"tags\":[\"a b\",\"c\",\"d\"]", "X-MC-Tags: a b,c,d\n" },
	{ "X-PM-Tag: gr\u00fcn, x\n", "o:tag=grun, x",
	    "\"tags\":[\"gr\u00fcn, x\"]", "X-MC-Tags: grun  x\n" },
	{ "X-MC-Tags: __a," X50 "1\n", "o:tag=__a o:tag=" X50 "1",
	    "\"tags\":[\"a\",\"" X50 "\"]", "X-MC-Tags: a," X50 "\n" },
	{ "X-MC-Tags: a,b,c,d\n", "o:tag=a o:tag=b o:tag=c",
	    "\"tags\":[\"a\",\"b\",\"c\",\"d\"]", "X-MC-Tags: a,b,c,d\n" },
	{ "X-Mailgun-Track-Opens: yes\nX-Mailgun-Track-Clicks: htmlonly\n",
	    "o:tracking-opens=yes o:tracking-clicks=htmlonly",
	    "\"track_opens\":true,\"track_clicks\":true",
	    "X-MC-Track: opens,clicks_htmlonly\n" },
	{ "X-MC-Track: opens,clicks_textonly\n",
	    "o:tracking-opens=yes o:tracking-clicks=yes",
	    "\"track_opens\":true,\"track_clicks\":true",
	    "X-MC-Track: opens,clicks_textonly\n" },
	{ "X-MC-Track: none\n", "o:tracking-opens=no o:tracking-clicks=no",
	    "\"track_opens\":false,\"track_clicks\":false",
	    "X-MC-Track: none\n" },
	{ "X-PM-TrackLinks: HtmlAndText\n", "o:tracking-clicks=yes",
	    "\"track_clicks\":true", "X-MC-Track: clicks\n" },
	{ "X-Mailgun-Track: no\n", "o:tracking=no",
	    "\"track_opens\":false,\"track_clicks\":false",
	    "X-MC-Track: none\n" },
	{ "X-Mailgun-Track: htmlonly\nX-Mailgun-Track-Opens: no\n",
	    "o:tracking=htmlonly o:tracking-opens=no",
	    "\"track_opens\":false,\"track_clicks\":true",
	    "X-MC-Track: clicks_htmlonly\n" },
	{ "X-Mailgun-Variables: {\"a\":\"b\\\"\",\"n\":1}\n", "v:a=b\" v:n=1",
	    "\"metadata\":{\"postferry_id\":\"I\",\"a\":\"b\\\"\",\"n\":1}",
	    "X-MC-Metadata: {\"postferry_id\":\"I\",\"a\":\"b\\\"\",\"n\":1}\n" },
	{ "X-PM-Metadata-_a-b: \xc3\xbc\xf0\x9f\x98\x80\n",
	    "v:_a-b=\xc3\xbc\xf0\x9f\x98\x80",
	    "\"metadata\":{\"postferry_id\":\"I\","
	    "\"a_b\":\"\xc3\xbc\xf0\x9f\x98\x80\"}",
	    "X-MC-Metadata: {\"postferry_id\":\"I\","
	    "\"a_b\":\"\\u00fc\\ud83d\\ude00\"}\n" },
	{ "X-MC-Metadata: {\"postferry_id\":\"x\"}\n", "v:postferry_id=x", "",
	    "" },
	{ "X-MC-Metadata: {\"_rcpt\":\"one@example.org\",\"a\":1}\n", "",
	    "\"recipient_metadata\":[{\"rcpt\":\"one@example.org\","
	    "\"values\":{\"a\":1}}]",
	    "X-MC-Metadata: { \"_rcpt\": \"one@example.org\", \"a\": 1 }\n" },
	{ "X-Mailgun-Deliver-By: " AT "\n",
	    "o:deliverytime=Fri, 14 Oct 2011 12:00:00 +0000",
	    "\"send_at\":\"" AT_MC "\"", "\"send_at\":\"" AT_MC "\"" },
	{ "X-MC-SendAt: " AT_MC "\n",
	    "o:deliverytime=Fri, 14 Oct 2011 12:00:00 +0000",
	    "\"send_at\":\"" AT_MC "\"", "\"send_at\":\"" AT_MC "\"" },
	{ "X-MC-SendAt: 2011-10-13 11:59:59\n", "", "", "" },
	{ "X-Mailgun-Drop-Message: yes\nX-Mailgun-Dkim: no\n"
	  "X-Mailgun-Native-Send: no\nX-Mailgun-Require-TLS: true\n",
	    "o:testmode=yes o:require-tls=yes o:dkim=no", "", "" },
	{ "X-Mailgun-Secondary-DKIM: a.example,s\n"
	  "X-Mailgun-Secondary-DKIM-Public: b.example,s\n"
	  "X-Mailgun-Deliver-Within: 1h\n"
	  "X-Mailgun-Delivery-Time-Optimize-Period: 24h\n"
	  "X-Mailgun-Time-Zone-Localize: 14:30\n"
	  "X-Mailgun-Track-Pixel-Location-Top: yes\n"
	  "X-Mailgun-Sending-Ip: 192.0.2.1\nX-Mailgun-Sending-Ip-Pool: p\n"
	  "X-Mailgun-Skip-Verification: yes\n"
	  "X-Mailgun-Archive-To: https://a.example/\n"
	  "X-Mailgun-Suppress-Headers: all\nX-Mailgun-Native-Send: yes\n",
	    "o:secondary-dkim=a.example/s o:secondary-dkim-public=b.example/s "
	    "o:deliver-within=1h o:deliverytime-optimize-period=24h "
	    "o:time-zone-localize=14:30 o:tracking-pixel-location-top=yes "
	    "o:sending-ip=192.0.2.1 o:sending-ip-pool=p "
	    "o:skip-verification=yes o:archive-to=https://a.example/ "
	    "o:suppress-headers=all o:native-send=yes",
	    "", "" },
	{ "X-Mailgun-Template-Name: t\nX-Mailgun-Template-Version: v\n"
	  "X-Mailgun-Template-Variables: {\"a\":1}\n",
	    "template=t t:version=v t:variables={ \"a\": 1 }", "", "" },
	{ "X-Mailgun-Recipient-Variables: {\"one@example.org\":{}}\n",
	    "recipient-variables={ \"one@example.org\": { } }", "", "" },
	{ "X-Postferry-Template: t\n"
	  "X-Postferry-Template-Variables: {\"a\":\"\\u00fc\"}\n",
	    "template=t t:variables={ \"a\": \"\u00fc\" }", "",
	    "X-MC-Template: t\nX-MC-MergeVars: { \"a\": \"\\u00fc\" }\n" },
	{ "X-MC-Template: t|b\nX-MC-MergeLanguage: handlebars\n"
	  "X-MC-MergeVars: {\"a\":1}\n",
	    "", "",
	    "X-MC-Template: t|b\nX-MC-MergeLanguage: handlebars\n"
	    "X-MC-MergeVars: { \"a\": 1 }\n" },
	{ "X-MC-Autotext: y\nX-MC-AutoHtml: n\nX-MC-InlineCSS: y\n"
	  "X-MC-URLStripQS: y\nX-MC-GoogleAnalytics: a.example,b.example\n"
	  "X-MC-GoogleAnalyticsCampaign: c\nX-MC-Important: y\n",
	    "",
	    "\"auto_text\":true,\"auto_html\":false,\"inline_css\":true,"
	    "\"url_strip_qs\":true,"
	    "\"google_analytics_domains\":[\"a.example\",\"b.example\"],"
	    "\"google_analytics_campaign\":\"c\",\"important\":true",
	    "X-MC-Autotext: true\nX-MC-AutoHtml: false\n"
	    "X-MC-InlineCSS: true\nX-MC-URLStripQS: true\n"
	    "X-MC-GoogleAnalytics: a.example,b.example\n"
	    "X-MC-GoogleAnalyticsCampaign: c\nX-MC-Important: true\n" },
	{ "X-MC-TrackingDomain: t.example\nX-MC-SigningDomain: s.example\n"
	  "X-MC-ReturnPathDomain: r.example\nX-MC-Subaccount: c\n"
	  "X-MC-ViewContentLink: no\nX-MC-IpPool: Main\n",
	    "",
	    "\"tracking_domain\":\"t.example\","
	    "\"signing_domain\":\"s.example\","
	    "\"return_path_domain\":\"r.example\",\"subaccount\":\"c\","
	    "\"view_content_link\":false,\"ip_pool\":\"Main\"",
	    "\"ip_pool\":\"Main\",\"return_path_domain\":\"r.example\""
	    "X-MC-TrackingDomain: t.example\nX-MC-SigningDomain: s.example\n"
	    "X-MC-Subaccount: c\nX-MC-ViewContentLink: false\n" },
	{ "X-MC-BccAddress: all@example.com\n", "",
	    "\"bcc_address\":\"all@example.com\"",
	    "X-MC-BccAddress: all@example.com\n" },
	{ "X-MC-PreserveRecipients: no\n", "", "",
	    "X-MC-PreserveRecipients: false\n" },
	/* nobody may end a line */
	{ "X-Mailgun-Variables: {\"a\":\"b\\r\\nBcc: c@d\"}\n",
	    "v:a=b  Bcc: c@d",
	    "\"metadata\":{\"postferry_id\":\"I\",\"a\":\"b  Bcc: c@d\"}",
	    "X-MC-Metadata: {\"postferry_id\":\"I\",\"a\":\"b  Bcc: c@d\"}\n" },
};

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		const char *fields = rows[i].fields;
		struct mail_options *mailgun =
		    fit(fields, &mailgun_options_rules, DELIVERY_FIELDS);
		struct mail_options *members =
		    fit(fields, &mandrill_options_rules, DELIVERY_FIELDS);
		struct mail_options *raw =
		    fit(fields, &mandrill_options_rules, DELIVERY_RAW);
		struct mail_options *none =
		    fit(fields, &smtp_rules, DELIVERY_RAW);
		g_autofree char *form = print_form(mailgun);
		g_autofree char *json = print_members(members, DELIVERY_FIELDS);
		g_autofree char *beside = print_members(raw, DELIVERY_RAW);
		g_autofree char *below = print_lines(raw);
		g_autofree char *lines = g_strconcat(beside, below, NULL);

		check(fields, "mailgun", rows[i].form, form);
		check(fields, "mandrill", rows[i].members, json);
		check(fields, "mandrill raw", rows[i].lines, lines);
		assert_true(options_is_empty(none));
		options_free(mailgun);
		options_free(members);
		options_free(raw);
		options_free(none);
	}
}

/* ---- what is said of it ---- */

static const struct {
	const char *fields;
	const struct options_rules *rules;
	enum delivery_form form;
	const char *notes; /* part of them; "": there is none */
} noted[] = {
	{ "X-MC-Tags: a,b,c,dd\n", &mailgun_options_rules, DELIVERY_FIELDS,
	    "tag \"dd\" left out: type mailgun takes 3" },
	{ "X-MC-Tags: _a\n", &mandrill_options_rules, DELIVERY_FIELDS,
	    "tag \"_a\" became \"a\"" },
	{ "X-MC-Tags: _\n", &mandrill_options_rules, DELIVERY_FIELDS,
	    "tag \"_\" left out" },
	{ "X-Mailgun-Tag: gr\u00fcn\n", &mailgun_options_rules, DELIVERY_FIELDS,
	    "became \"grun\": at most 128 bytes of ASCII" },
	{ "X-Mailgun-Tag: " U10 U10 U10 "\n", &mandrill_options_rules,
	    DELIVERY_FIELDS, "became \"" U10 U10 U5 "\": at most 50 bytes" },
	{ "X-Mailgun-Tag: a" U10 U10 U5 "\n", &mandrill_options_rules,
	    DELIVERY_FIELDS, "became \"a" U10 U10 U4 "\"" },
	{ "X-Mailgun-Tag: " U10 U10 U5 "\n", &mandrill_options_rules,
	    DELIVERY_FIELDS, "" },
	{ "X-Mailgun-Tag: a,b\n", &mandrill_options_rules, DELIVERY_FIELDS,
	    "" },
	{ "X-Mailgun-Tag: a,b\n", &mandrill_options_rules, DELIVERY_RAW,
	    "became \"a b\"" },
	{ "X-MC-Metadata: {\"a\":\"" X50 X50 "\",\"b\":\"" X50 "\"}\n",
	    &mandrill_options_rules, DELIVERY_FIELDS,
	    "metadata \"b\" left out: 57 bytes more, and 155" },
	{ "X-MC-Metadata: {\"a\":\"" X50 X50 "\",\"b\":\"" X50 "\"}\n",
	    &mailgun_options_rules, DELIVERY_FIELDS, "" },
	{ "X-Mailgun-Variables: {\"a-b\":1,\"a_b\":2}\n",
	    &mandrill_options_rules, DELIVERY_FIELDS,
	    "metadata \"a-b\" became \"a_b\": keys have letters, digits and _ "
	    "only; metadata \"a_b\" left out: another has that key" },
	{ "X-MC-Metadata: {\"postferry_id\":\"x\"}\n", &mandrill_options_rules,
	    DELIVERY_RAW, "\"postferry_id\" left out" },
	{ "X-MC-Subaccount: c\nX-MC-ViewContentLink: no\n",
	    &mailgun_options_rules, DELIVERY_RAW,
	    "X-MC-Subaccount left out: type mailgun has nothing like it; "
	    "X-MC-ViewContentLink left out" },
	{ "X-MC-BccAddress: ONE@example.org\n", &mailgun_options_rules,
	    DELIVERY_RAW, "X-MC-BccAddress left out: it is a recipient" },
	{ "X-MC-BccAddress: one@example.org\n", &mandrill_options_rules,
	    DELIVERY_RAW, "" },
	{ "X-MC-BccAddress: all@example.org\n", &mailgun_options_rules,
	    DELIVERY_RAW, "" },
	{ "X-MC-PreserveRecipients: yes\n", &mailgun_options_rules,
	    DELIVERY_RAW, "" },
	{ "X-Mailgun-Sending-Ip-Pool: p\n", &mandrill_options_rules,
	    DELIVERY_FIELDS, "X-Mailgun-Sending-Ip-Pool left out" },
	{ "X-MC-Track: opens,clicks_textonly\n", &mailgun_options_rules,
	    DELIVERY_RAW, "X-MC-Track: clicks are tracked in text and html" },
	{ "X-Mailgun-Track-Clicks: htmlonly\n", &mandrill_options_rules,
	    DELIVERY_FIELDS, "clicks are tracked in text and html alike" },
	{ "X-Mailgun-Track-Clicks: yes\n", &mandrill_options_rules,
	    DELIVERY_RAW, "what nothing is said of, opens, is not tracked" },
	{ "X-Mailgun-Track-Clicks: yes\n", &mandrill_options_rules,
	    DELIVERY_FIELDS, "" },
	{ "X-MC-Tags: a\nX-MC-Metadata: {\"a\":1}\nX-Mailgun-Track: yes\n",
	    &smtp_rules, DELIVERY_RAW,
	    "tags left out: type smtp has none; metadata left out: type smtp "
	    "has none; X-Mailgun-Track left out" },
	{ "Content-Type: multipart/signed; boundary=b\nX-MC-Track: opens\n",
	    &mailgun_options_rules, DELIVERY_RAW,
	    "X-MC-Track left out: it would break the signature" },
};

static void
test_notes(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(noted); i++) {
		struct mail_options *left =
		    fit(noted[i].fields, noted[i].rules, noted[i].form);
		g_autofree char *notes = tell_notes(left);

		if (*noted[i].notes == '\0'
			? *notes != '\0'
			: strstr(notes, noted[i].notes) == NULL)
			fail_msg("%s at %s: %s", noted[i].fields,
			    noted[i].rules->type, notes);
		options_free(left);
	}
}

/* One copy of a mail that goes in two requests. */
static void
test_copy(void **state)
{
	(void)state;
	for (unsigned first = 0; first < 2; first++) {
		struct delivery *delivery = make_delivery(
		    "X-MC-BccAddress: all@example.org\n", DELIVERY_RAW);
		delivery->recipients[0] = first;
		delivery->count = 1;
		struct mail_options *left =
		    options_fit(delivery, &mailgun_options_rules, NOW_MS);
		g_autofree char *notes = tell_notes(left);

		assert_int_equal(
		    left->values[OPTION_BCC_ADDRESS].text != NULL, first == 0);
		assert_int_equal(
		    strstr(notes, "with the first recipient") != NULL,
		    first != 0);
		options_free(left);
		free_delivery(delivery);
	}
}

/* ---- what keeps a mail from a provider ---- */

static const struct {
	const char *fields;
	bool mailgun, mandrill, smtp; /* is kept from it */
} bars[] = {
	{ "", false, false, false },
	{ "X-MC-Tags: a\nX-MC-Subaccount: b\nX-Mailgun-Dkim: no\n", false,
	    false, false },
	{ "X-Mailgun-Drop-Message: yes\n", false, true, true },
	{ "X-Postferry-Test: yes\n", false, true, true },
	{ "X-Mailgun-Drop-Message: no\n", false, false, false },
	{ "X-Mailgun-Require-TLS: yes\n", false, true, true },
	{ "X-Mailgun-Template-Name: t\n", false, true, true },
	{ "X-Mailgun-Template-Version: t\n", false, true, true },
	{ "X-Mailgun-Template-Variables: {}\n", false, true, true },
	{ "X-Mailgun-Recipient-Variables: {}\n", false, true, true },
	{ "X-MC-Template: t\n", true, false, true },
	{ "X-MC-MergeVars: {}\n", true, false, true },
	{ "X-MC-MergeLanguage: mailchimp\n", true, false, true },
	{ "X-Postferry-Template: t\n", false, false, true },
	{ "X-MC-SendAt: 2011-10-14 12:00:00\n", false, false, true },
	{ "X-MC-SendAt: 2011-10-17 12:00:00\n", true, false, true },
	{ "X-MC-SendAt: 2012-10-17 12:00:00\n", true, false, true },
	{ "X-MC-SendAt: 2011-10-13 12:00:00\n", false, false, false },
	{ "X-Mailgun-Deliver-By: 17 Oct 2011 12:00:00 +0000\n", false, false,
	    true },
	{ "X-Mailgun-Deliver-By: 17 Oct 2012 12:00:00 +0000\n", false, true,
	    true },
	{ "X-Postferry-Send-At: 17 Oct 2011 12:00:00 +0000\n", true, false,
	    true },
	{ "X-Postferry-Send-At: 17 Oct 2012 12:00:00 +0000\n", true, true,
	    true },
	{ "X-MC-PreserveRecipients: no\n", false, false, false },
	{ "X-MC-PreserveRecipients: no\nCc: two@example.org\n", true, false,
	    true },
	{ "X-MC-PreserveRecipients: yes\nCc: two@example.org\n", false, false,
	    false },
};

static void
test_bars(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(bars); i++) {
		struct delivery *delivery =
		    make_delivery(bars[i].fields, DELIVERY_RAW);
		bool mailgun = options_fit_bar(delivery, &mailgun_options_rules,
				   NOW_MS) != NULL;
		bool mandrill = options_fit_bar(delivery,
				    &mandrill_options_rules, NOW_MS) != NULL;
		bool smtp =
		    options_fit_bar(delivery, &smtp_rules, NOW_MS) != NULL;

		if (mailgun != bars[i].mailgun ||
		    mandrill != bars[i].mandrill || smtp != bars[i].smtp)
			fail_msg("%s: %d %d %d", bars[i].fields, mailgun,
			    mandrill, smtp);
		free_delivery(delivery);
	}
}

/* A phrase for people. */
static void
test_why(void **state)
{
	struct delivery *delivery =
	    make_delivery("X-MC-SendAt: 2099-01-01 00:00:00\n", DELIVERY_RAW);
	const struct option_value *bar =
	    options_fit_bar(delivery, &mailgun_options_rules, NOW_MS);
	g_autofree char *late = NULL, *none = NULL;

	(void)state;
	assert_non_null(bar);
	late = options_fit_why(bar, delivery, &mailgun_options_rules);
	assert_string_equal(
	    late, "takes a time up to 3 days ahead, not that of X-MC-SendAt");
	none = options_fit_why(bar, delivery, &smtp_rules);
	assert_string_equal(none,
	    "cannot do what X-MC-SendAt asks for, which is for a provider "
	    "with type = mandrill");
	free_delivery(delivery);
}

/* Every header line of raw mail has its end, and room. */
static void
test_lines(void **state)
{
	g_autoptr(GString) fields = g_string_new("X-MC-Tags: ");

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		g_string_append_printf(fields, "%s%u,\n ", X10 X10 X10, i);
	g_string_append(fields, "\nX-MC-MergeVars: {\"a\":\"");
	for (unsigned i = 0; i < 300; i++)
		g_string_append(fields, X10 "\n ");
	g_string_append(fields, "\"}\n");
	struct mail_options *left =
	    fit(fields->str, &mandrill_options_rules, DELIVERY_RAW);
	g_autofree char *text = mandrill_options_lines(left, "I");
	g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1);
	unsigned count = g_strv_length(lines);

	assert_int_equal(left->tags->len, 100);
	assert_true(count > 8);
	assert_string_equal(lines[count - 1], "");
	for (unsigned i = 0; i + 1 < count; i++) {
		assert_true(strlen(lines[i]) <= 998);
		assert_true(
		    *lines[i] == ' ' || g_str_has_prefix(lines[i], "X-MC-"));
		assert_null(strpbrk(lines[i], "\r\n"));
	}
	options_free(left);
}

/* What the lines say once they are unfolded; the words are as long as they may
 * be, of one, two, three and four bytes a character, the last a blank more. */
static void
test_folds(void **state)
{
	static const struct {
		const char *letter;
		unsigned count;
		const char *ascii;
	} words[] = {
		{ "a", 850, "a" },
		{ "\u00fc", 142, "\\u00fc" },
		{ "\u6771", 142, "\\u6771" },
		{ "\U0001f600", 71, "\\ud83d\\ude00" },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
		g_autoptr(GString) fields =
		    g_string_new("X-MC-MergeVars: {\"a\":\"");
		g_autoptr(GString) wanted =
		    g_string_new("X-MC-MergeVars: { \"a\": \"");

		for (unsigned k = 0; k < 3 * words[i].count; k++) {
			bool blank = k > 0 && k % words[i].count == 0;

			g_string_append_printf(fields, "%s%s",
			    blank ? "\n  " : "", words[i].letter);
			g_string_append_printf(
			    wanted, "%s%s", blank ? "  " : "", words[i].ascii);
		}
		g_string_append(fields, "\"}\n");
		g_string_append(wanted, "\" }\n");
		struct mail_options *left =
		    fit(fields->str, &mandrill_options_rules, DELIVERY_RAW);
		g_autofree char *lines = print_lines(left);
		g_autoptr(GString) text = g_string_new(lines);
		g_string_replace(text, "\n ", " ", 0);
		assert_string_equal(text->str, wanted->str);
		assert_null(strstr(lines, "\n \n"));
		options_free(left);
	}
}

/* One character more, and it is not taken at Mandrill's; Mailgun's go as a
 * form. */
static void
test_long_words(void **state)
{
	static const char *const letters[] = { "a", "\u00fc", "\U0001f600" };
	static const unsigned counts[] = { 860, 143, 72 };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(letters); i++) {
		g_autoptr(GString) word = g_string_new(NULL);

		for (unsigned k = 0; k < counts[i]; k++)
			g_string_append(word, letters[i]);
		g_autofree char *fields = g_strdup_printf(
		    "X-MC-MergeVars: {\"a\":\"%s\"}\n", word->str);
		struct delivery *delivery = make_delivery(fields, DELIVERY_RAW);
		assert_non_null(strstr(delivery->options->fault,
		    "without a word of more than 860 bytes in ASCII"));
		free_delivery(delivery);
		g_autofree char *form = g_strdup_printf(
		    "X-Mailgun-Template-Variables: {\"a\":\"%s\"}\n",
		    word->str);
		delivery = make_delivery(form, DELIVERY_RAW);
		assert_null(delivery->options->fault);
		free_delivery(delivery);
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
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_bars),
		cmocka_unit_test(test_why),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_folds),
		cmocka_unit_test(test_long_words),
	};

	return cmocka_run_group_tests(tests, start_parser, NULL);
}
