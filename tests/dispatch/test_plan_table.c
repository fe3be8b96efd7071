/* SPDX-License-Identifier: MIT */
/*
 * The tables of what each kind of provider carries, against mails: each row
 * here is a mail, the traits that are found in it, and for the first of them
 * the forms that keep it at Mailgun, Mandrill, and an SMTP server: F(ields),
 * R(aw), B(oth), N(either).
 */
#include "fixture.h"
#include "plan.h"

#define TOP  "From: a@b.example\nTo: rcpt0@example.org\nSubject: s\n"
#define TEXT "\nText\n"
#define MIXED \
	TOP "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=m\n\n"
#define PLAIN "Content-Type: text/plain\n\nText\n"
#define HTML  "Content-Type: text/html\n\n<img src=\"cid:1\">\n"
#define OTHERS \
	"MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=m\n\n"
#define RELATED \
	TOP "MIME-Version: 1.0\nContent-Type: multipart/related; boundary=m\n\n"
#define MORE "--m\n"
#define END  "--m--\n"
#define PDF(disposition)                                       \
	"Content-Type: application/pdf\nContent-Disposition: " \
	"attachment" disposition "\n\nx\n"
#define IMAGE(id, more) \
	"Content-Type: image/png" more "\nContent-ID: <" id ">\n\nx\n"

/* 1,000 letters; 1.1 million of them. */
#define WORD "\x01"
#define MUCH "\x02"

static const struct row {
	const char *mail;
	uint64_t trait, others;
	const char *kept; /* Mailgun, Mandrill, SMTP */
} rows[] = {
	{ MIXED MORE PLAIN MORE "Content-Type: text/calendar; method=REQUEST\n"
				"Content-Disposition: attachment; "
				"filename=a.ics\n\nx\n" END,
	    0, 0, "" },
	{ TOP OTHERS MORE PLAIN MORE
	    "Content-Type: text/calendar; method=REQUEST\n\nx\n" END,
	    TRAIT_ALTERNATIVE, TRAIT_NAME_MISSING | TRAIT_UNKNOWN, "RNR" },
	{ TOP OTHERS MORE "Content-Type: text/enriched\n\nx\n" MORE PLAIN END,
	    TRAIT_ALTERNATIVE, TRAIT_NAME_MISSING | TRAIT_UNKNOWN, "RNR" },
	{ TOP OTHERS MORE PLAIN MORE
	    "Content-Type: text/x-amp-html\n\n<a>\n" MORE
	    "Content-Type: text/html\n\n<b>\n" END,
	    TRAIT_AMP, 0, "BNR" },
	/* where AMP does not stand between the two it is just another */
	{ TOP OTHERS MORE
	    "Content-Type: text/x-amp-html\n\n<a>\n" MORE PLAIN END,
	    TRAIT_ALTERNATIVE, TRAIT_NAME_MISSING | TRAIT_UNKNOWN, "RNR" },
	{ MIXED MORE PLAIN MORE "Content-Type: message/rfc822\n"
				"Content-Disposition: attachment; "
				"filename=a.eml\n\nSubject: x\n\nx\n" END,
	    TRAIT_NESTED_MESSAGE, 0, "RNR" },
	{ TOP "MIME-Version: 1.0\nContent-Type: multipart/signed; boundary=m; "
	      "protocol=\"application/pgp-signature\"\n\n" MORE PLAIN MORE
	      "Content-Type: application/pgp-signature; name=a.asc\n\nx\n" END,
	    TRAIT_SIGNED, 0, "RNR" },
	{ TOP "MIME-Version: 1.0\nContent-Type: application/pkcs7-mime; "
	      "smime-type=enveloped-data; name=smime.p7m\n"
	      "Content-Transfer-Encoding: base64\n\nAAAA\n",
	    TRAIT_ENCRYPTED, TRAIT_NO_BODY, "RNR" },
	{ TOP "MIME-Version: 1.0\nContent-Type: multipart/report; boundary=m; "
	      "report-type=delivery-status\n\n" MORE PLAIN MORE
	      "Content-Type: message/delivery-status\n\nx: y\n" END,
	    TRAIT_REPORT, TRAIT_NESTED_MESSAGE | TRAIT_NAME_MISSING, "RNR" },
	{ "DKIM-Signature: x\n" TOP TEXT, TRAIT_DKIM, 0, "RNR" },
	{ "ARC-Seal: x\n" TOP TEXT, TRAIT_DKIM, 0, "RNR" },
	{ "DKIM-Signature: x\nX-A: \xc3\xbc\n" TOP TEXT, TRAIT_DKIM, 0, "RNN" },
	{ "X-A: 1\nX-A: 2\n" TOP TEXT, TRAIT_REPEATED_FIELD, 0, "RRR" },
	{ "Received: x\nReceived: y\n" TOP TEXT, 0, 0, "" },
	{ "To: else@b.example\n" TOP TEXT, TRAIT_REPEATED_FIELD, 0, "RRR" },
	{ "Date: Sat, 21 Nov 2026 10:24:00 +0000\n"
	  "Date: Sat, 21 Nov 2026 10:25:00 +0000\n" TOP TEXT,
	    TRAIT_SECOND_FIELD, TRAIT_REPEATED_FIELD, "RNN" },
	{ "Message-ID: <a@b>\nMessage-ID: <c@d>\n" TOP TEXT, TRAIT_SECOND_FIELD,
	    TRAIT_REPEATED_FIELD, "RNN" },
	{ "X-A: " WORD "\n y\n" TOP TEXT, TRAIT_LONG_WORD, TRAIT_LONG_FIELD,
	    "NNN" },
	{ "X-A: " WORD "\n y\n" TOP TEXT, TRAIT_LONG_FIELD, TRAIT_LONG_WORD,
	    "RNR" },
	{ TOP "Content-Transfer-Encoding: odd\n\n" WORD "\n", TRAIT_LONG_LINE,
	    TRAIT_MALFORMED, "FFN" },
	{ TOP "\n" WORD "\n", 0, 0, "" },
	{ "X-A: caf\xe9\n" TOP TEXT, TRAIT_EIGHTBIT_FIELD, 0, "RRN" },
	{ "X-A: caf\xe9\nContent-Type: text/plain; charset=iso-8859-1\n" TOP
		TEXT,
	    TRAIT_EIGHTBIT_FIELD, 0, "RRR" },
	{ RELATED MORE HTML MORE IMAGE("1", "; name=a.png") END,
	    TRAIT_INLINE_NAMED, 0, "RRR" },
	{ RELATED MORE HTML MORE "Content-Type: text/css\nContent-ID: <1>\n\n"
				 "x\n" END,
	    TRAIT_INLINE_OTHER, 0, "BRR" },
	{ RELATED MORE HTML MORE IMAGE("1", "") MORE IMAGE("1", "") END,
	    TRAIT_INLINE_TWINS, 0, "RNR" },
	{ RELATED MORE
	    "Content-Type: text/html\n\n<img src='cid:a@b.com'>\n" MORE IMAGE(
		"a@b.com", "") END,
	    TRAIT_INLINE_UNSAFE, 0, "RRR" },
	{ RELATED MORE
	    "Content-Type: text/html\n\n<img src='cid:a/b'>\n" MORE IMAGE(
		"a/b", "") END,
	    TRAIT_INLINE_UNSAFE, 0, "RRR" },
	{ MIXED MORE PLAIN MORE "Content-Description: x\n" PDF("; filename=a")
		END,
	    TRAIT_PART_HEADERS, 0, "RNR" },
	{ "From: a@b.example, c@d.example\nTo: rcpt0@example.org\nSubject: s\n" TEXT,
	    TRAIT_MANY_FROM, 0, "RRR" },
	{ "Reply-To: team: a@b.example;\n" TOP TEXT, TRAIT_GROUP, 0, "RRR" },
	{ "Reply-To: a@b.example, c@d.example\n" TOP TEXT, 0, 0, "" },
	{ "Cc: foo bar@b.example\n" TOP TEXT, TRAIT_ADDRESS_BROKEN, 0, "RRR" },
	{ "Sender: c@b.example, d@b.example\n" TOP TEXT, TRAIT_ADDRESS_BROKEN,
	    0, "RRR" },
	{ "DKIM-Signature: x\nCc: root\n" TOP TEXT, TRAIT_UNQUALIFIED,
	    TRAIT_DKIM, "FBN" },
	{ "Cc: root\n" TOP TEXT, 0, 0, "" },
	{ "Cc: RCPT0@example.org\n" TOP TEXT, TRAIT_ADDRESS_TWICE, 0, "RRR" },
	{ "From: a@b.example\nSubject: s\n" TEXT, TRAIT_NO_TO, 0, "RRR" },
	{ MIXED MORE PLAIN MORE PDF("; filename=\"\xc3\xbc.pdf\"") END,
	    TRAIT_NAME_NON_ASCII, 0, "BRR" },
	{ MIXED MORE PLAIN MORE PDF("; filename=\"a/b.pdf\"") END,
	    TRAIT_NAME_UNSAFE, 0, "RRR" },
	{ MIXED MORE PLAIN MORE PDF("; filename=\"a\\\"b.pdf\"") END,
	    TRAIT_NAME_UNSAFE, 0, "RRR" },
	{ MIXED MORE PLAIN MORE PDF("; filename=\"a.\"") END, TRAIT_NAME_UNSAFE,
	    0, "RRR" },
	{ MIXED MORE PLAIN MORE PDF("") END, TRAIT_NAME_MISSING, 0, "RRR" },
	{ MIXED MORE PLAIN MORE PDF("; filename*0=a;\n filename*1=b.pdf") END,
	    TRAIT_NAME_PIECES, 0, "BFR" },
	{ MIXED MORE PLAIN MORE PDF("; filename*=utf-8''%C3%BC.pdf") END,
	    TRAIT_NAME_PIECES, TRAIT_NAME_NON_ASCII, "BFR" },
	{ TOP "\n" MUCH "\n", TRAIT_TEXT_LARGE,
	    TRAIT_NO_BODY | TRAIT_NAME_MISSING | TRAIT_UNKNOWN, "RRR" },
	{ TOP "\ncaf\xe9\n", TRAIT_TEXT_UNDECODABLE, 0, "RNR" },
	{ MIXED MORE PLAIN, TRAIT_MALFORMED, 0, "RNR" },
	{ TOP "Content-Type: text/plain\nContent-Type: text/html\n" TEXT,
	    TRAIT_OPAQUE, TRAIT_REPEATED_FIELD, "RNR" },
	{ MIXED MORE PLAIN MORE PLAIN END, TRAIT_UNKNOWN, TRAIT_NAME_MISSING,
	    "RNR" },
	{ "Message-ID: none\n" TOP TEXT, TRAIT_UNKNOWN, 0, "RNR" },
	{ MIXED MORE PDF("; filename=a") END, TRAIT_NO_BODY, 0, "RRR" },
	{ MIXED MORE PLAIN MORE "Content-ID: <1>\n" PDF("; filename=a") END,
	    TRAIT_ATTACHMENT_CID, 0, "RRR" },
	{ MIXED MORE PLAIN MORE
	    "Content-Type: application/pdf\nContent-Disposition: attachment; "
	    "filename=a\n\n" END,
	    TRAIT_EMPTY_PART, 0, "RRR" },
	{ "From: =?utf-8?Q?=C3=BC=2C?= <a@b.example>\n"
	  "To: rcpt0@example.org\nSubject: s\n" TEXT,
	    TRAIT_DISPLAY_SPECIAL, TRAIT_DISPLAY_NON_ASCII, "RRR" },
	{ "From: =?utf-8?Q?=C3=BC?= <a@b.example>\n"
	  "To: rcpt0@example.org\nSubject: s\n" TEXT,
	    TRAIT_DISPLAY_NON_ASCII, 0, "BRR" },
	{ "From: a@b.example\nTo: rcpt0@example.org\n" TEXT, TRAIT_NO_SUBJECT,
	    0, "RRR" },
	{ "From: a@b.example\nTo: rcpt0@example.org\nSubject:\n" TEXT,
	    TRAIT_NO_SUBJECT, 0, "RRR" },
	{ TOP "\n", TRAIT_EMPTY_BODY, 0, "RRR" },
	{ TOP OTHERS MORE "Content-Type: text/plain\n\n \n" MORE
			  "Content-Type: text/html\n\n<b>\n" END,
	    TRAIT_EMPTY_BODY, 0, "RRR" },
	{ "From: a@b.example\nTo: rcpt0@example.org\n"
	  "Subject: =?utf-8?Q?=C3=BC?= a  b\n" TEXT,
	    TRAIT_BLANKS, 0, "RNR" },
	{ "From: a@b.example\nTo: rcpt0@example.org\n"
	  "Subject: a\tb\n" TEXT,
	    TRAIT_BLANKS, 0, "RNR" },
	{ "From: a@b.example\nTo: rcpt0@example.org\n"
	  "Subject:   a\n\tb\n c \nX-A: a  b\nX-B: a,\n\tb\n" TEXT,
	    0, 0, "" },
	{ "X-A: a\tb\n" TOP TEXT, TRAIT_BLANKS, 0, "RNR" },
	{ "X-A:\n" TOP TEXT, TRAIT_EMPTY_FIELD, 0, "RNR" },
	{ "Authentication-Results: x; spf=pass\n" TOP TEXT, TRAIT_RESULTS, 0,
	    "RNR" },
	{ "Date: Sat, 1 Jan 2000 00:00:00 +0000\n" TOP TEXT, TRAIT_DATE, 0,
	    "RNR" },
	{ "Date: yesterday\n" TOP TEXT, TRAIT_DATE, 0, "RNR" },
	{ TOP "\nDear %recipient.name%\n", TRAIT_MARK_PERCENT, 0, "NBR" },
	{ TOP "\nDear *|NAME|*\n", TRAIT_MARK_STARS, 0, "BFR" },
	{ TOP "\nDear {{name}}\n", TRAIT_MARK_BRACES, 0, "BFR" },
	{ "From: a@b.example\nTo: rcpt0@example.org\n"
	  "Subject: for {{name}}\n" TEXT,
	    TRAIT_MARK_BRACES, 0, "BFR" },
	{ TOP "\n100 % of a | b { x } %recipient\n%, {{\n}}\n", 0, 0, "" },
};

static const char *const types[] = { "mailgun", "mandrill", "smtp" };

static const struct translator_limits *
find_limits(const char *type)
{
	for (unsigned i = 0; registry[i] != NULL; i++)
		if (strcmp(registry[i]->type, type) == 0)
			return &registry[i]->limits;
	fail_msg("no provider of type %s", type);
	return NULL;
}

static struct message *
read_mail(const struct row *row)
{
	g_autofree char *word = g_strnfill(1000, 'x');
	g_autoptr(GString) text = g_string_new(row->mail);
	g_autoptr(GString) much = g_string_new(NULL);

	for (unsigned i = 0; i < 40000; i++)
		g_string_append(much, "line of the large text body\n");
	g_string_replace(text, WORD, word, 0);
	g_string_replace(text, MUCH, much->str, 0);
	return fixture_message(text->str, 1);
}

static char
find_kept(const struct delivery *delivery,
    const struct translator_limits *limits, uint64_t trait)
{
	bool fields = !(plan_losses(delivery, limits, DELIVERY_FIELDS) & trait);
	bool raw = !(plan_losses(delivery, limits, DELIVERY_RAW) & trait);

	return fields ? (raw ? 'B' : 'F') : (raw ? 'R' : 'N');
}

/* What the forms lose, and what is chosen of them. */
static void
check_row(const struct row *row, const struct message *message,
    const struct delivery *delivery)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(types); i++) {
		const struct translator_limits *limits = find_limits(types[i]);
		char kept = find_kept(delivery, limits, row->trait);

		if (kept != row->kept[i])
			fail_msg("%s\n%s keeps it %c, expected %c", row->mail,
			    types[i], kept, row->kept[i]);
		if (message->traits == row->trait && limits->fields &&
		    kept != 'N')
			assert_true(*plan_loss_why(row->trait, limits) != '\0');
	}
}

static void
test_rows(void **state)
{
	uint64_t seen = 0;

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct row *row = &rows[i];
		struct message *message = read_mail(row);
		struct delivery *delivery = fixture_delivery(message);
		uint64_t wanted = row->trait | row->others;
		g_autofree char *found = plan_losses_text(message->traits);

		if (message->traits != wanted)
			fail_msg("%s\nhas: %s", row->mail, found);
		if (row->trait != 0)
			check_row(row, message, delivery);
		seen |= row->trait;
		delivery_free(delivery);
		message_unref(message);
	}
	g_autofree char *missing = plan_losses_text(TRAIT_ALL & ~seen);
	assert_string_equal(missing, "");
}

/* A field of the mail where a provider has one of its own. */
static void
test_reserved(void **state)
{
	static const struct {
		const char *field;
		bool lost[G_N_ELEMENTS(types)];
	} fields[] = {
		{ "Feedback-ID: x\n", { false, true, false } },
		{ "X-Report-Abuse: x\n", { false, true, false } },
		{ "Original-Recipient: x\n", { false, false, true } },
		{ "X-Else: x\n", { false, false, false } },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
		g_autofree char *mail =
		    g_strconcat(fields[i].field, TOP TEXT, NULL);
		struct message *message = fixture_message(mail, 1);
		struct delivery *delivery = fixture_delivery(message);

		for (unsigned k = 0; k < G_N_ELEMENTS(types); k++)
			assert_int_equal(
			    plan_losses(delivery, find_limits(types[k]),
				DELIVERY_RAW) != 0,
			    fields[i].lost[k]);
		delivery_free(delivery);
		message_unref(message);
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
		cmocka_unit_test(test_reserved),
	};

	return cmocka_run_group_tests(tests, start_parser, NULL);
}
