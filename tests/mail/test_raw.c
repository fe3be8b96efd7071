/* SPDX-License-Identifier: MIT */
#include "mail/raw.h"
#include "mail/sample.h"

#define RECEIVED                                                     \
	"Received: from app.example.com ([192.0.2.7])\r\n"           \
	"\tby mail.example.com (postferry) with ESMTP id " SAMPLE_ID \
	";\r\n\tSat, 21 Nov 2026 10:24:00 +0000\r\n"
#define MADE_ID   "Message-ID: <" SAMPLE_ID "@mail.example.com>\r\n"
#define MADE_DATE "Date: Sat, 21 Nov 2026 10:24:00 +0000\r\n"
#define WHOLE     "From: a@b.example\nDate: x\nMessage-ID: <1@b>\n"
#define WHOLE_OUT "From: a@b.example\r\nDate: x\r\nMessage-ID: <1@b>\r\n"

#define LATIN  "Content-Type: text/plain; charset=iso-8859-1\n"
#define NESTED "Content-Type: message/rfc822\n\n"
#define SIGNED                                               \
	WHOLE "Content-Type: multipart/signed; boundary=s\n" \
	      "\n--s\n\n"

static char *
read_raw(const struct message *message, const struct raw_options *options)
{
	struct segments *segments = segments_new(message->submission->spool);
	struct segment_reader *reader;
	size_t size;
	char *text;

	raw_append(segments, message, options);
	size = (size_t)segments_size(segments);
	text = g_malloc(size + 1);
	reader = segment_reader_new(segments);
	assert_int_equal(segment_reader_read(reader, text, size + 1), size);
	text[size] = '\0';
	segment_reader_free(reader);
	segments_unref(segments);
	return text;
}

static const char *const omitted[] = { "X-Secret", "X-MC-", NULL };
static const char *const omitted_from[] = { "From", NULL };

struct row {
	const char *mail;
	struct raw_options options;
	const char *raw; /* behind RECEIVED */
};

static const struct row rows[] = {
	{ WHOLE "\nbody\n", {}, WHOLE_OUT "\r\nbody\r\n" },
	{ WHOLE "Bcc: c@d\nBCC: c@d\n x\nresent-bcc: e\nReturn-Path: <x>\n"
		"Content-Length: 3\nTo: x\n\n",
	    {}, WHOLE_OUT "To: x@mail.example.com\r\n\r\n" },
	{ "To: x\n\nb\n", {},
	    "To: x@mail.example.com\r\n" MADE_DATE
	    "From: <app@example.com>\r\n" MADE_ID "\r\nb\r\n" },
	{ "From:\nDate: \nMessage-ID:\n\n", {},
	    MADE_DATE "From: <app@example.com>\r\n" MADE_ID "\r\n" },
	{ "Date: x\nMessage-ID: <1@b>\n\n", { .omit = omitted_from },
	    "Date: x\r\nMessage-ID: <1@b>\r\n\r\n" },
	{ WHOLE "X-MC-Tags: a\nX-Secret: b\nX-Secrets: c\n\n",
	    { .omit = omitted }, WHOLE_OUT "X-Secrets: c\r\n\r\n" },
	{ WHOLE "\n", { .add = "X-Add: 1\r\n" },
	    "X-Add: 1\r\n" WHOLE_OUT "\r\n" },
	/* fields become ASCII, and no more, be it signed or not */
	{ WHOLE "Subject: \xc3\xbc\nTo: <a@b\xc3\xbc.example>\n\n\xc3\xbc\n",
	    { .ascii = true },
	    WHOLE_OUT "Subject: =?utf-8?B?w7w=?=\r\n"
		      "To: <a@xn--b-eha.example>\r\n\r\n\xc3\xbc\r\n" },
	{ WHOLE "DKIM-Signature: x\nSubject: \xc3\xbc\n\n\xc3\xbc\n",
	    { .ascii = true },
	    WHOLE_OUT "DKIM-Signature: x\r\nSubject: =?utf-8?B?w7w=?=\r\n"
		      "\r\n\xc3\xbc\r\n" },
	{ WHOLE LATIN "Subject: \xfc\n\n\xfc\n", { .ascii = true },
	    WHOLE_OUT "Content-Type: text/plain; charset=iso-8859-1\r\n"
		      "Subject: =?utf-8?B?w7w=?=\r\n\r\n\xfc\r\n" },
	{ WHOLE "Subject: \xfc\n\n", { .ascii = true },
	    WHOLE_OUT "Subject: \xfc\r\n\r\n" },
	{ WHOLE "Content-Type: multipart/mixed; boundary=m\n\n--m\n"
		"Content-Type: text/plain; name=\xc3\xbc\n\n\xc3\xbc\n--m--\n",
	    { .ascii = true },
	    WHOLE_OUT "Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n"
		      "Content-Type: text/plain;\r\n name*=utf-8''%C3%BC\r\n"
		      "\r\n\xc3\xbc\r\n--m--\r\n" },
	{ WHOLE "TO: 1\nto: 2\nFrom: 3\nX: 4\nX: 5\n\n", { .once = true },
	    WHOLE_OUT "TO: 1@mail.example.com, "
		      "2@mail.example.com\r\nX: 4\r\nX: 5\r\n\r\n" },
	{ WHOLE "Cc:\nCc: a@b,\n c@d\ncc:\nCC: e@f\nReply-To: g@h\n\n",
	    { .once = true },
	    WHOLE_OUT "Cc:\r\nCc: a@b, c@d, e@f\r\nReply-To: g@h\r\n\r\n" },
	{ "From:\nFrom: a@b.example\nDate: x\nMessage-ID: <1@b>\n\n",
	    { .once = true }, WHOLE_OUT "\r\n" },
	{ "From : a@b.example\nDate\t: x\nMessage-ID \t:\n <1@b>\nX :y\n\n",
	    { .once = true },
	    "From: a@b.example\r\nDate: x\r\nMessage-ID:\r\n <1@b>\r\n"
	    "X:y\r\n\r\n" },
	/* another From, below the others, however many there were */
	{ WHOLE "FROM: 2\nSender: s@b.example\nTo: x\n\n",
	    { .from = "Me <c@d.example>" },
	    "Date: x\r\nMessage-ID: <1@b>\r\nSender: s@b.example\r\n"
	    "To: x@mail.example.com\r\nFrom: Me <c@d.example>\r\n\r\n" },
	{ WHOLE "Reply-To:\nSender: a@b.example\n\n",
	    { .from = "c@d.example",
		.reply_to = "a@b.example",
		.no_sender = true },
	    "Date: x\r\nMessage-ID: <1@b>\r\nFrom: c@d.example\r\n"
	    "Reply-To: a@b.example\r\n\r\n" },
	{ "To: x\nDate: x\nMessage-ID: <1@b>\n\n",
	    { .from = "c@d.example", .once = true },
	    "To: x@mail.example.com\r\nDate: x\r\nMessage-ID: <1@b>\r\n"
	    "From: c@d.example\r\n\r\n" },
	/* cron writes no domain; what is signed stays as it is written */
	{ "From: root (Cron Daemon)\nTo: root,\n bob@b.example\nDate: x\n"
	  "Message-ID: <1@b>\n\n",
	    {},
	    "From: root@mail.example.com (Cron Daemon)\r\n"
	    "To: root@mail.example.com, bob@b.example\r\nDate: x\r\n"
	    "Message-ID: <1@b>\r\n\r\n" },
	{ WHOLE "Sender: \xc3\xbc <root>\n\n", { .ascii = true },
	    WHOLE_OUT "Sender: =?utf-8?B?w7w=?= <root@mail.example.com>\r\n"
		      "\r\n" },
	{ WHOLE "DKIM-Signature: x\nTo: root\n\n", {},
	    WHOLE_OUT "DKIM-Signature: x\r\nTo: root\r\n\r\n" },
	{ "From : a@b.example\nDate : x\nMessage-ID : <1@b>\n\n", {},
	    "From : a@b.example\r\nDate : x\r\nMessage-ID : <1@b>\r\n"
	    "\r\n" },
	{ WHOLE "X-\xe9 : y\n z\nBcc : c@d\n\n", { .once = true },
	    WHOLE_OUT "X-\xe9 : y\r\n z\r\n\r\n" },
	{ WHOLE "X-MC-BccAddress\x01: e@f\nX-PM-Metadata-k\xc3\xbcn: 7\n y\n"
		"X-SMTPAPI\x7f: {}\nX-\xe9: z\n\n",
	    {}, WHOLE_OUT "X-\xe9: z\r\n\r\n" },
	{ WHOLE "no header line\nrest\n", {},
	    WHOLE_OUT "\r\nno header line\r\nrest\r\n" },
	{ WHOLE "Subject: cut", {}, WHOLE_OUT "Subject: cut\r\n\r\n" },
	{ WHOLE "\nno newline", {}, WHOLE_OUT "\r\nno newline\r\n" },
	{ "From x@y Mon\n" WHOLE "\n", {}, WHOLE_OUT "\r\n" },
	{ WHOLE "Subject: a\n\tb\n\n", {},
	    WHOLE_OUT "Subject: a\r\n\tb\r\n\r\n" },
	{ "", {}, MADE_DATE "From: <app@example.com>\r\n" MADE_ID "\r\n" },
};

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct message *message = sample_message(rows[i].mail);
		struct raw_options options = rows[i].options;
		g_autofree char *raw = NULL;

		options.hostname = "mail.example.com";
		raw = read_raw(message, &options);
		assert_true(g_str_has_prefix(raw, RECEIVED));
		assert_string_equal(raw + strlen(RECEIVED), rows[i].raw);
		message_unref(message);
	}
}

static void
test_received(void **state)
{
	struct message *message = sample_message(WHOLE "\n");
	struct submission *submission = message->submission;
	const struct raw_options options = { .hostname = "mail.example.com" };
	g_autofree char *raw = NULL;

	(void)state;
	g_free(submission->helo);
	submission->helo = g_strdup("evil) (\"\\\r\nBcc: x\x01 <caf\xc3\xa9>");
	g_strlcpy(submission->peer, "2001:db8::1", sizeof submission->peer);
	submission->protocol = "SMTP";
	raw = read_raw(message, &options);
	assert_true(g_str_has_prefix(raw,
	    "Received: from evilBcc:xcaf ([IPv6:2001:db8::1])\r\n"
	    "\tby mail.example.com (postferry) with SMTP id "));
	g_free(raw);
	g_strlcpy(submission->peer, "unix", sizeof submission->peer);
	raw = read_raw(message, &options);
	assert_true(g_str_has_prefix(
	    raw, "Received: from evilBcc:xcaf (Unix socket)\r\n\tby "));
	g_strlcpy(submission->peer, "192.0.2.1", sizeof submission->peer);
	g_free(raw);
	submission->helo[0] = '\0';
	raw = read_raw(message, &options);
	assert_true(g_str_has_prefix(raw, "Received: from unknown (["));
	g_free(submission->helo);
	submission->helo = g_strnfill(5000, 'x');
	g_free(raw);
	raw = read_raw(message, &options);
	assert_int_equal(strcspn(raw, "("), strlen("Received: from ") + 201);
	submission->report = true;
	g_free(raw);
	raw = read_raw(message, &options);
	assert_true(g_str_has_prefix(
	    raw, "Received: by mail.example.com (postferry) id "));
	message_unref(message);
}

/* Lines stay within 998 octets and nothing but line ends is added. */
static void
check_folded(const char *field, const char *joined)
{
	g_autofree char *mail = g_strconcat(WHOLE, field, "\n\nbody\n", NULL);
	struct message *message = sample_message(mail);
	const struct raw_options options = { .hostname = "h" };
	g_autofree char *raw = read_raw(message, &options);
	g_auto(GStrv) lines = g_strsplit(raw, "\r\n", -1);
	g_auto(GStrv) parts = NULL;
	g_autofree char *unfolded = NULL;

	for (char **line = lines; *line != NULL; line++)
		assert_true(strlen(*line) <= 998);
	parts = g_strsplit(raw, "\r\n ", -1);
	unfolded = g_strjoinv(" ", parts);
	assert_non_null(strstr(unfolded, joined));
	assert_true(g_str_has_suffix(raw, "\r\n\r\nbody\r\n"));
	message_unref(message);
}

static void
test_folded_header(void **state)
{
	g_autofree char *solid = g_strnfill(2500, 'x');
	g_autoptr(GString) words = g_string_new("References:");
	g_autofree char *long_field = g_strconcat("X: ", solid, NULL);
	g_autoptr(GString) accents = g_string_new("X: ");
	g_autofree char *name = g_strnfill(990, 'n');
	g_autofree char *named = g_strconcat(name, ": value here", NULL);
	g_autofree char *mail = NULL;
	struct message *message;

	(void)state;
	while (words->len < 5000)
		g_string_append(words, " <abc@example.com>");
	check_folded(words->str, words->str);
	check_folded(named, ": value");
	named[0] = '\xe9';
	check_folded(named, ": value");
	/* no blank to fold at: one is put in after 998 and 997 octets */
	g_string_truncate(accents, 0);
	g_string_append_len(accents, long_field, 998);
	g_string_append_c(accents, ' ');
	check_folded(long_field, accents->str);
	/* never within a character */
	g_string_assign(accents, "X: ");
	while (accents->len < 3000)
		g_string_append(accents, "\xe2\x82\xac");
	mail = g_strconcat(WHOLE, accents->str, "\n\n", NULL);
	message = sample_message(mail);
	const struct raw_options options = { .hostname = "h" };
	g_autofree char *raw = read_raw(message, &options);
	assert_true(g_utf8_validate(raw, -1, NULL));
	assert_null(strstr(raw, "\xe2\x82\r"));
	for (char *at = strstr(raw, "\r\n \xe2"); at != NULL;
	     at = strstr(at + 1, "\r\n "))
		assert_int_equal((unsigned char)at[3], 0xe2);
	message_unref(message);
}

/* A name that is too long for a line is folded. */
static void
test_long_from(void **state)
{
	struct message *message = sample_message(WHOLE "\nbody \n");
	g_autoptr(GString) from = g_string_new(NULL);
	struct raw_options options = { .hostname = "h" };
	g_autofree char *raw = NULL;
	g_auto(GStrv) lines = NULL;

	(void)state;
	while (from->len < 2500)
		g_string_append(from, "=?utf-8?B?w4Q=?= ");
	g_string_append(from, "<c@d.example>");
	options.from = from->str;
	raw = read_raw(message, &options);
	lines = g_strsplit(raw, "\r\n", -1);
	for (char **line = lines; *line != NULL; line++)
		assert_true(strlen(*line) <= 998);
	assert_non_null(strstr(raw, "\r\nFrom: =?utf-8?B?w4Q=?= =?"));
	assert_true(g_str_has_suffix(raw, " <c@d.example>\r\n\r\nbody \r\n"));
	message_unref(message);
}

static void
test_json(void **state)
{
	struct message *message =
	    sample_message(WHOLE "Subject: \"q\"\n\ta\\b\n");
	const struct raw_options options = { .hostname = "mail.example.com",
		.json = true };
	g_autofree char *raw = read_raw(message, &options);

	(void)state;
	assert_null(strpbrk(raw, "\r\n\t"));
	assert_non_null(strstr(raw, "\\r\\nSubject: \\\"q\\\"\\r\\n\\ta\\\\b"));
	message_unref(message);
}

static void
test_utf8(void **state)
{
	g_autofree char *xs = g_strnfill(997, 'x');
	g_autofree char *split =
	    g_strconcat(WHOLE "\n", xs, "\xc3\xa9", "\n", NULL);
	g_autofree char *whole =
	    g_strconcat(WHOLE "\n", xs + 1, "\xc3\xa9", "\n", NULL);
	g_autofree char *many = g_strnfill(20000, 'x');
	const struct {
		const char *mail;
		bool utf8;
	} cases[] = {
		{ WHOLE "\nplain\n", true },
		{ WHOLE "\ncaf\xc3\xa9\n", true },
		{ WHOLE "\ncaf\xe9\n", true },
		{ WHOLE "\ncaf\xc3", true },
		{ SIGNED "caf\xc3\xa9\n--s--\n", true },
		{ SIGNED "caf\xe9\n--s--\n", false },
		{ WHOLE NESTED "\ncaf\xe9\n", true },
		{ WHOLE NESTED "Subject: caf\xe9\n\n", false },
		{ WHOLE "Content-Transfer-Encoding: odd\n\ncaf\xe9\n", false },
		{ WHOLE "Subject: caf\xc3\xa9\n\n", true },
		{ WHOLE "Subject: caf\xe9\n\n", false },
		{ WHOLE "Subject: caf\xe9\n" LATIN "\n", true },
		{ WHOLE "To: caf\xe9@b.example\n" LATIN "\n", false },
		{ WHOLE "Bcc: caf\xe9 <a@b>\n\n", true },
		{ WHOLE "Bcc: caf\xe9 <a@b>\nX: \xe9\n\n", false },
		{ WHOLE "X\xe9: y\n\n", false },
		{ split, true },
		{ whole, true },
		{ many, true },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct message *message = sample_message(cases[i].mail);

		assert_int_equal(raw_is_utf8(message), cases[i].utf8);
		message_unref(message);
	}
	/* characters across the edges of the chunks that are read */
	for (int i = 0; i < 3; i++) {
		g_autoptr(GString) text = g_string_new(WHOLE "\n");
		struct message *message;

		g_string_append_len(text, "abc", i);
		while (text->len < 30000)
			g_string_append(text, "\xe2\x82\xac\n");
		message = sample_message(text->str);
		assert_true(raw_is_utf8(message));
		message_unref(message);
	}
}

/* A JSON string without its escapes. */
static char *
unescape(const char *json)
{
	GString *text = g_string_new(NULL);

	for (; *json != '\0'; json++) {
		static const char letters[] = "\"\"\\\\r\rn\nt\tb\bf\f";
		const char *letter;

		if (*json != '\\') {
			g_string_append_c(text, *json);
			continue;
		}
		json++;
		if (*json == 'u') {
			char digits[5] = { json[1], json[2], json[3], json[4] };

			g_string_append_c(text, (char)strtol(digits, NULL, 16));
			json += 4;
			continue;
		}
		letter = letters;
		while (*letter != *json)
			letter += 2;
		g_string_append_c(text, letter[1]);
	}
	return g_string_free(text, FALSE);
}

#define QUOTED "Content-Transfer-Encoding: quoted-printable\r\n"
#define BASE64 "Content-Transfer-Encoding: base64\r\n"
#define UTF8   "Content-Type: text/plain; charset=utf-8\r\n"
#define MIME   "MIME-Version: 1.0\r\n"
#define MIXED                 \
	"MIME-Version: 1.0\n" \
	"Content-Type: multipart/mixed; boundary=\"a b\"\n"
#define MIXED_OUT                                                   \
	WHOLE_OUT "MIME-Version: 1.0\r\n"                           \
		  "Content-Type: multipart/mixed; boundary=\"a b\"" \
		  "\r\n"
#define DKIM "DKIM-Signature: v=1; a=x; d=b.example\n"

/* What must be 7-bit is encoded, part by part, and nothing else changes.
 * `seven` is behind RECEIVED, NULL: as the mail; json: the same unless it is
 * given. */
static const struct {
	const char *name, *mail, *seven, *json;
} recoded[] = {
	{ "plain", WHOLE "\ncaf\xc3\xa9 \"\\\n",
	    WHOLE_OUT MIME UTF8 QUOTED "\r\ncaf=C3=A9 \"\\\r\n", NULL },
	{ "no end of line", WHOLE LATIN "\n\xe9 \nb =\n\xe9 ",
	    WHOLE_OUT
	    "Content-Type: text/plain; charset=iso-8859-1\r\n" MIME QUOTED
	    "\r\n=E9=20\r\nb =3D\r\n=E9=20\r\n",
	    NULL },
	{ "unknown", WHOLE "MIME-Version: 1.0\n\ncaf\xe9\n",
	    WHOLE_OUT MIME
	    "Content-Type: text/plain; charset=unknown-8bit\r\n" QUOTED
	    "\r\ncaf=E9\r\n",
	    NULL },
	{ "file",
	    WHOLE "Content-Type: application/x\n"
		  "content-transfer-encoding: 8BIT\nX: y\n\n\xff\xfe\n",
	    WHOLE_OUT "Content-Type: application/x\r\nX: y\r\n" MIME BASE64
		      "\r\n//4NCg==\r\n",
	    NULL },
	{ "parts",
	    WHOLE MIXED
	    "\nover\xc3\xa9\n--a b\nX: y\nContent-Transfer-Encoding: 8bit\n"
	    "X: z\n\n\xc3\xa9\n\n--a b  \n\nplain\n--a b\n\n--a b\n"
	    "Content-Type: image/x\n\n\xff\xee\n--a b--\nend\xc3\xa9\n",
	    MIXED_OUT "\r\nover\xc3\xa9\r\n--a b\r\nX: y\r\n" QUOTED
		      "X: z\r\n" UTF8
		      "\r\n=C3=A9\r\n\r\n--a b  \r\n\r\nplain\r\n"
		      "--a b\r\n\r\n--a b\r\nContent-Type: image/x\r\n" BASE64
		      "\r\n/+4=\r\n\r\n--a b--\r\nend\xc3\xa9\r\n",
	    NULL },
	{ "encoded already",
	    WHOLE MIXED "\n--a b\nContent-Transfer-Encoding: base64\n\n"
			"aGk=\xff\n--a b\nContent-Transfer-Encoding: "
			"Quoted-Printable\n\n=E9 \xe9=3D\n--a b--\n",
	    MIXED_OUT "\r\n--a b\r\n" BASE64
		      "Content-Type: text/plain; charset=unknown-8bit\r\n"
		      "\r\naGk=\r\n\r\n--a b\r\n" QUOTED
		      "Content-Type: text/plain; charset=unknown-8bit\r\n"
		      "\r\n=E9 =E9=3D\r\n--a b--\r\n",
	    NULL },
	{ "signed", SIGNED "caf\xc3\xa9\n--s\n\nx\n--s--\n", NULL, NULL },
	{ "signed within",
	    WHOLE MIXED
	    "\n--a b\nContent-Type: multipart/signed; boundary=s\n\n--s\n\n"
	    "\xc3\xa9\n--s\n\nx\n--s--\n--a b\n\n\xc3\xa9\n--a b--\n",
	    MIXED_OUT
	    "\r\n--a b\r\nContent-Type: multipart/signed; boundary=s\r\n\r\n"
	    "--s\r\n\r\n\xc3\xa9\r\n--s\r\n\r\nx\r\n--s--\r\n--a b\r\n" QUOTED
		UTF8 "\r\n=C3=A9\r\n--a b--\r\n",
	    NULL },
	{ "signed as a whole", WHOLE DKIM "Subject: \xc3\xa9\n\n\xc3\xa9\n",
	    NULL,
	    WHOLE_OUT "DKIM-Signature: v=1; a=x; d=b.example\r\nSubject: "
		      "=?utf-8?B?w6k=?=\r\n" MIME UTF8 QUOTED
		      "\r\n=C3=A9\r\n" },
	{ "nested",
	    WHOLE MIXED
	    "\n--a b\nContent-Type: message/rfc822\n\nSubject: \xc3\xa9\n\n"
	    "\xc3\xa9\n--a b--\n",
	    MIXED_OUT "\r\n--a b\r\nContent-Type: message/rfc822\r\n\r\n"
		      "Subject: \xc3\xa9\r\n" QUOTED UTF8
		      "\r\n=C3=A9\r\n--a b--\r\n",
	    MIXED_OUT "\r\n--a b\r\nContent-Type: message/rfc822\r\n\r\n"
		      "Subject: \xc3\xa9\r\n\r\n\xc3\xa9\r\n--a b--\r\n" },
	{ "nested, other bytes", WHOLE NESTED LATIN "\n\xe9\n",
	    WHOLE_OUT "Content-Type: message/rfc822\r\n\r\n"
		      "Content-Type: text/plain; charset=iso-8859-1\r\n" QUOTED
		      "\r\n=E9\r\n",
	    NULL },
	{ "nested and signed", WHOLE NESTED DKIM LATIN "\n\xc3\xa9\n", NULL,
	    NULL },
	{ "digest",
	    WHOLE "Content-Type: multipart/digest; boundary=d\n"
		  "\n--d\n\nSubject: x\n\n\xe9\n--d--\n",
	    WHOLE_OUT "Content-Type: multipart/digest; boundary=d\r\n"
		      "\r\n--d\r\n\r\nSubject: x\r\n" QUOTED
		      "Content-Type: text/plain; charset=unknown-8bit\r\n"
		      "\r\n=E9\r\n--d--\r\n",
	    NULL },
	{ "an odd encoding",
	    WHOLE "Content-Transfer-Encoding: odd\n\n\xc3\xa9\n", NULL, NULL },
	{ "a report",
	    WHOLE MIXED "\n--a b\nContent-Type: "
			"message/delivery-status\n\n\xc3\xa9\n--a b--\n",
	    NULL, NULL },
	{ "header of a part",
	    WHOLE MIXED "\n--a b\nContent-Type: image/x; name=\"\xc3\xa9.x\"\n"
			"Content-Description: \xc3\xa9\n\nx\n--a b--\n",
	    MIXED_OUT "\r\n--a b\r\nContent-Type: image/x;\r\n "
		      "name*=utf-8''%C3%A9.x\r\nContent-Description: "
		      "=?utf-8?B?w6k=?=\r\n\r\nx\r\n--a b--\r\n",
	    NULL },
	{ "not closed", WHOLE MIXED "\n--a b\n\n\xc3\xa9\n",
	    MIXED_OUT "\r\n--a b\r\n" QUOTED UTF8 "\r\n=C3=A9\r\n", NULL },
	{ "broken header of a part",
	    WHOLE MIXED "\n--a b\nX: y\nno field \xc3\xa9\n--a b--\n", NULL,
	    NULL },
};

static void
check_recoded(const char *name, const char *mail, const char *expected,
    const struct raw_options *options)
{
	struct message *message = sample_message(mail);
	g_autofree char *raw = read_raw(message, options);
	g_autofree char *text = options->json ? unescape(raw) : g_strdup(raw);
	g_autoptr(GString) lines = sample_lines(mail);
	const char *behind = text + strlen(RECEIVED);

	if (!g_str_has_suffix(lines->str, "\n"))
		g_string_append(lines, "\r\n");
	if (expected == NULL)
		expected = lines->str;
	if (strcmp(behind, expected) != 0) {
		g_autofree char *have = g_strescape(behind, NULL);
		g_autofree char *want = g_strescape(expected, NULL);

		fail_msg("%s%s:\nhave %s\nwant %s", name,
		    options->json ? ", json" : "", have, want);
	}
	if (options->json)
		assert_true(g_utf8_validate(raw, -1, NULL));
	message_unref(message);
}

static void
test_recoded(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(recoded); i++) {
		struct raw_options options = { .hostname = "mail.example.com" };

		/* 8-bit bytes may pass: nothing changes */
		check_recoded(recoded[i].name, recoded[i].mail, NULL, &options);
		options.seven = true;
		check_recoded(recoded[i].name, recoded[i].mail,
		    recoded[i].seven, &options);
		options.seven = false;
		options.json = true;
		check_recoded(recoded[i].name, recoded[i].mail,
		    recoded[i].json != NULL ? recoded[i].json
					    : recoded[i].seven,
		    &options);
	}
}

/* A line over 998 octets: where it stands says what becomes of it. */
static const struct {
	const char *name, *before, *after;
	const char *encoding; /* it gets in all forms; NULL: as before */
	bool whole;           /* the line is in the raw form as it was */
	bool lost;            /* TRAIT_LONG_LINE */
} lines[] = {
	{ "text", WHOLE "\n", "", "quoted-printable", false, false },
	{ "html", WHOLE "Content-Type: text/html\n\n", "", "quoted-printable",
	    false, false },
	{ "file", WHOLE "Content-Type: a/b\n\n", "", "base64", false, false },
	{ "part", WHOLE MIXED "\n--a b\n\n", "--a b--\n", "quoted-printable",
	    false, false },
	{ "quoted", WHOLE "Content-Transfer-Encoding: quoted-printable\n\n=3D",
	    "", "quoted-printable", false, false },
	{ "base64", WHOLE "Content-Transfer-Encoding: base64\n\n", "", NULL,
	    false, false },
	{ "odd", WHOLE "Content-Transfer-Encoding: odd\n\n", "", NULL, false,
	    true },
	{ "preamble", WHOLE MIXED "\n", "--a b\n\nx\n--a b--\n", NULL, false,
	    false },
	{ "header of a part", WHOLE MIXED "\n--a b\nX-Long: ", "\nx\n--a b--\n",
	    NULL, false, true },
	{ "nested", WHOLE NESTED "\n", "", "quoted-printable", false, false },
	{ "signed", SIGNED, "--s\n\nx\n--s--\n", NULL, true, false },
	{ "signed and nested", WHOLE NESTED DKIM "\n", "", NULL, true, false },
	{ "signed as a whole", WHOLE DKIM "\n", "", NULL, true, false },
	{ "signed header", WHOLE DKIM "X-Long: ", "\n", NULL, true, false },
};

static void
check_long_lines(size_t length)
{
	g_autofree char *line = g_strnfill(length, 'x');

	for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
		const struct raw_options options = { .hostname = "h" };
		g_autofree char *mail = g_strconcat(
		    lines[i].before, line, "\n", lines[i].after, NULL);
		g_autofree char *named =
		    g_strdup_printf("Content-Transfer-Encoding: %s\r\n",
			lines[i].encoding != NULL ? lines[i].encoding : "");
		struct message *message = sample_message(mail);
		g_autofree char *raw = read_raw(message, &options);
		g_auto(GStrv) parts = g_strsplit(raw, "\r\n", -1);
		bool lost = (message->traits & TRAIT_LONG_LINE) != 0;
		bool whole = strstr(raw, line) != NULL;
		bool encoded = strstr(raw, named) != NULL;

		if (lost != lines[i].lost || whole != lines[i].whole ||
		    encoded != (lines[i].encoding != NULL))
			fail_msg(
			    "%s: %d%d%d", lines[i].name, lost, whole, encoded);
		for (char **part = parts; !whole && *part != NULL; part++)
			assert_true(strlen(*part) <= 998);
		message_unref(message);
	}
}

/* In memory, and where the spool is a file. */
static void
test_long_lines(void **state)
{
	(void)state;
	check_long_lines(2000);
	check_long_lines(SPOOL_MEMORY_MAX + 1);
}

/* Text of so many lines becomes what is shorter, unless it is short. */
static const struct {
	const char *line;
	unsigned count;
	bool base64;
} dense[] = {
	{ "\xc3\xbc\xc3\xbc\xc3\xbc", 200, true },
	{ "\xc3\xbc\xc3\xbc\xc3\xbc", 100, false },
	{ "\xc3\xbc plain text", 200, false },
	{ "\xff\xfe\xfd", 300, true },
};

static void
test_dense(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(dense); i++) {
		const struct raw_options options = { .hostname = "h",
			.seven = true };
		g_autoptr(GString) mail = g_string_new(WHOLE "\n");
		g_autoptr(GString) text = g_string_new(NULL);

		for (unsigned k = 0; k < dense[i].count; k++) {
			g_string_append_printf(mail, "%s\n", dense[i].line);
			g_string_append_printf(text, "%s\r\n", dense[i].line);
		}
		struct message *message = sample_message(mail->str);
		g_autofree char *raw = read_raw(message, &options);
		const char *body = strstr(raw, "\r\n\r\n") + 4;

		assert_int_equal(strstr(raw, BASE64) != NULL, dense[i].base64);
		assert_int_equal(strstr(raw, QUOTED) == NULL, dense[i].base64);
		if (dense[i].base64) {
			gsize length;
			g_autofree guchar *decoded =
			    g_base64_decode(body, &length);

			assert_int_equal(length, text->len);
			assert_memory_equal(decoded, text->str, length);
		}
		message_unref(message);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_received),
		cmocka_unit_test(test_folded_header),
		cmocka_unit_test(test_long_from),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_recoded),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_dense),
	};

	parse_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
