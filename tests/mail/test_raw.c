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
	    {}, WHOLE_OUT "To: x\r\n\r\n" },
	{ "To: x\n\nb\n", {},
	    "To: x\r\n" MADE_DATE "From: <app@example.com>\r\n" MADE_ID
	    "\r\nb\r\n" },
	{ "From:\nDate: \nMessage-ID:\n\n", {},
	    MADE_DATE "From: <app@example.com>\r\n" MADE_ID "\r\n" },
	{ "Date: x\nMessage-ID: <1@b>\n\n", { .omit = omitted_from },
	    "Date: x\r\nMessage-ID: <1@b>\r\n\r\n" },
	{ WHOLE "X-MC-Tags: a\nX-Secret: b\nX-Secrets: c\n\n",
	    { .omit = omitted }, WHOLE_OUT "X-Secrets: c\r\n\r\n" },
	{ WHOLE "\n", { .add = "X-Add: 1\r\n" },
	    "X-Add: 1\r\n" WHOLE_OUT "\r\n" },
	{ WHOLE "TO: 1\nto: 2\nFrom: 3\nX: 4\nX: 5\n\n", { .once = true },
	    WHOLE_OUT "TO: 1, 2\r\nX: 4\r\nX: 5\r\n\r\n" },
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
	    "Date: x\r\nMessage-ID: <1@b>\r\nSender: s@b.example\r\nTo: x\r\n"
	    "From: Me <c@d.example>\r\n\r\n" },
	{ WHOLE "Reply-To:\nSender: a@b.example\n\n",
	    { .from = "c@d.example",
		.reply_to = "a@b.example",
		.no_sender = true },
	    "Date: x\r\nMessage-ID: <1@b>\r\nFrom: c@d.example\r\n"
	    "Reply-To: a@b.example\r\n\r\n" },
	{ "To: x\nDate: x\nMessage-ID: <1@b>\n\n",
	    { .from = "c@d.example", .once = true },
	    "To: x\r\nDate: x\r\nMessage-ID: <1@b>\r\nFrom: c@d.example\r\n"
	    "\r\n" },
	{ "From : a@b.example\nDate : x\nMessage-ID : <1@b>\n\n", {},
	    "From : a@b.example\r\nDate : x\r\nMessage-ID : <1@b>\r\n"
	    "\r\n" },
	{ WHOLE "X-\xe9 : y\n z\nBcc : c@d\n\n", { .once = true },
	    WHOLE_OUT "X-\xe9 : y\r\n z\r\n\r\n" },
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
		{ WHOLE "\ncaf\xe9\n", false },
		{ WHOLE "\ncaf\xc3", false },
		{ WHOLE "Subject: caf\xc3\xa9\n\n", true },
		{ WHOLE "Subject: caf\xe9\n\n", false },
		{ WHOLE "Bcc: caf\xe9 <a@b>\n\n", true },
		{ WHOLE "Bcc: caf\xe9 <a@b>\nX: \xe9\n\n", false },
		{ WHOLE "X\xe9: y\n\n", false },
		{ split, false },
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
	};

	parse_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
