/* SPDX-License-Identifier: MIT */
#include "transaction.h"

#include "core/clock.h"
#include "stand.h"

#define PLENTY (UINT64_C(64) << 20)

#define X60  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define FROM "> MAIL FROM:"
#define TO   MAIL "> RCPT TO:"

static const struct {
	const char *name, *settings, *script;
} rows[] = {
	{ "null sender", "", FROM "<>\n< 250 2.1.0\n" },
	{ "SIZE", "", FROM "<a@x> SIZE=100\n< 250\n" },
	{ "SIZE in lower case", "", FROM "<a@x> size=0\n< 250\n" },
	{ "SIZE at the limit", "max_size = 5000",
	    FROM "<a@x> SIZE=5000\n< 250\n" },
	{ "SIZE over the limit", "max_size = 5000",
	    FROM "<a@x> SIZE=5001\n< 552 5.3.4\n" MAIL },
	{ "SIZE beyond numbers", "",
	    FROM "<a@x> SIZE=99999999999999999999\n< 552 5.3.4\n" },
	{ "SIZE of 21 digits", "",
	    FROM "<a@x> SIZE=999999999999999999999\n< 501 5.5.4\n" },
	{ "SIZE negative", "", FROM "<a@x> SIZE=-1\n< 501 5.5.4\n" },
	{ "SIZE without a number", "", FROM "<a@x> SIZE\n< 501 5.5.4\n" },
	{ "SIZE with a word", "", FROM "<a@x> SIZE=big\n< 501 5.5.4\n" },
	{ "BODY", "", FROM "<a@x> BODY=8BITMIME\n< 250\n" },
	{ "BODY=7BIT and SIZE", "", FROM "<a@x> BODY=7bit SIZE=9\n< 250\n" },
	{ "BODY=BINARYMIME", "", FROM "<a@x> BODY=BINARYMIME\n< 501 5.5.4\n" },
	{ "AUTH=", "", FROM "<a@x> AUTH=<>\n< 555 5.5.4\n" },
	{ "SMTPUTF8", "", FROM "<a@x> SMTPUTF8\n< 250\n" },
	{ "SMTPUTF8 in lower case, among others", "",
	    FROM "<> BODY=8BITMIME smtputf8 SIZE=9\n< 250\n" },
	{ "SMTPUTF8 with a value", "",
	    FROM "<a@x> SMTPUTF8=yes\n< 501 5.5.4 Syntax: SMTPUTF8\n" MAIL },
	{ "SMTPUTF8 twice", "",
	    FROM "<a@x> SMTPUTF8 SMTPUTF8\n< 501 5.5.4\n" MAIL },
	{ "SMTPUTF8: IDN sender", "",
	    FROM "<a@m\xc3\xbc.de> SMTPUTF8\n< 250\n" },
	{ "SMTPUTF8: IDN sender, of a domain taken",
	    "sender_domains = M\xc3\xbc.de",
	    FROM "<a@m\xc3\xbc.de> SMTPUTF8\n< 250\n" },
	{ "SMTPUTF8: and not taken", "sender_domains = m\xc3\xbc.de",
	    FROM "<a@mu.de> SMTPUTF8\n< 553 5.7.1\n" },
	{ "SMTPUTF8: a local part", "",
	    FROM "<m\xc3\xbc@x> SMTPUTF8\n< 553 5.6.7 Bad address: the local "
		 "part is not ASCII\n" MAIL },
	{ "SMTPUTF8: a quoted one", "",
	    FROM "<\"m \xc3\xbc\"@x> SMTPUTF8\n< 553 5.6.7\n" },
	{ "SMTPUTF8: no IDNA form", "",
	    FROM "<a@\xe2\x9d\xa4.ws> SMTPUTF8\n< 553 5.6.7 Bad address: the "
		 "domain has no IDNA form\n" },
	{ "SMTPUTF8: no UTF-8", "",
	    FROM "<a@m\xfc.de> SMTPUTF8\n< 553 5.6.7\n" },
	{ "SMTPUTF8: only the recipient is refused", "",
	    FROM "<a@x> SMTPUTF8\n< 250\n> RCPT TO:<m\xc3\xbc@x>\n< 553 5.6.7\n"
		 "> RCPT TO:<b@m\xc3\xbc.de>\n< 250\n"
		 "> RCPT TO:<b@\xe2\x9d\xa4.ws>\n< 553 5.6.7\n"
		 "> RCPT TO:<c@x>\n< 250\n" DATA "> .\n< 250\n" MAIL
		 "> RCPT TO:<b@m\xc3\xbc.de>\n< 553 5.6.7\n" },
	{ "IDN without SMTPUTF8", "",
	    FROM
	    "<a@m\xc3\xbc.de>\n< 553 5.6.7 Bad address: not ASCII, and MAIL "
	    "FROM did not say SMTPUTF8\n" },
	{ "IDN without it, lenient", "lenient_commands = yes",
	    FROM "a@m\xc3\xbc.de\n< 553 5.6.7\n" },
	{ "IDN recipient without SMTPUTF8", "",
	    TO "<b@m\xc3\xbc.de>\n< 553 5.6.7\n" RCPT },
	{ "recipient: SMTPUTF8", "", TO "<b@x> SMTPUTF8\n< 555 5.5.4\n" },
	{ "AUTH= behind RET", "",
	    FROM "<a@x> RET=HDRS AUTH=<>\n< 555 5.5.4\n" MAIL },
	{ "SIZE twice", "",
	    FROM "<a@x> SIZE=1 size=1\n< 501 5.5.4 Parameter given twice: "
		 "SIZE\n" MAIL },
	{ "quoted bracket", "",
	    FROM
	    "<\"a>b\"@x>\n< 501 5.1.7 Bad sender address: angle bracket\n" MAIL
	    "> RCPT TO:<\"a\\>b\"@x>\n< 501 5.1.3\n" RCPT },
	{ "source route", "", FROM "<@y,@z:a@x>\n< 250\n" },
	{ "no brackets", "", FROM "a@x\n< 501 5.5.4\n" },
	{ "a space", "", FROM " <a@x>\n< 501 5.5.4\n" },
	{ "no closing bracket", "", FROM "<a@x\n< 501 5.5.4\n" },
	{ "text behind the bracket", "", FROM "<a@x>SIZE=1\n< 501 5.5.4\n" },
	{ "no brackets, lenient", "lenient_commands = yes",
	    FROM "a@x SIZE=1\n< 250\n> RCPT TO: b@x\n< 250\n" },
	{ "a space, lenient", "lenient_commands = yes",
	    FROM " <a@x>\n< 250\n> RCPT TO: <b@x>\n< 250\n" },
	{ "nothing, lenient", "lenient_commands = yes",
	    FROM "\n< 501 5.5.4\n" },
	{ "sender: syntax", "", FROM "<a b@x>\n< 501 5.1.7\n" MAIL },
	{ "sender: no domain", "", FROM "<root>\n< 501 5.1.7\n" },
	{ "sender: no domain, one to add", "domain = x.y",
	    FROM "<root>\n< 250\n" },
	{ "sender: literal", "", FROM "<a@[192.0.2.1]>\n< 501 5.1.7\n" },
	{ "sender: 65", "", FROM "<" X60 "xxxxx@x>\n< 553 5.1.7\n" },
	{ "sender: non-ASCII", "", FROM "<m\xc3\xbc@x>\n< 553 5.6.7\n" },
	{ "sender: domain taken", "sender_domains = x, y.z",
	    FROM "<a@Y.Z>\n< 250\n" },
	{ "sender: domain not taken", "sender_domains = x, y.z",
	    FROM "<a@z>\n< 553 5.7.1\n" },
	{ "recipient: null", "", TO "<>\n< 501 5.1.3\n" },
	{ "recipient: syntax", "", TO "<a@x..y>\n< 501 5.1.3\n" RCPT },
	{ "recipient: long", "", TO "<" X60 "xxxxx@x>\n< 501 5.1.3\n" },
	{ "recipient: non-ASCII", "", TO "<m\xc3\xbc@x>\n< 553 5.6.7\n" },
	{ "recipient: literal", "", TO "<a@[IPv6:::1]>\n< 501 5.1.3\n" },
	{ "recipient: no domain", "", TO "<Postmaster>\n< 550 5.1.3\n" },
	{ "recipient: an alias, and another that has none",
	    "aliases = root:ops@x.y, web:w@x.y",
	    TO "<Root>\n< 250 2.1.5\n> RCPT TO:<cron>\n< 550 5.1.3\n"
	       "> RCPT TO:<web@x>\n< 250 2.1.5\n" },
	{ "recipient: an alias before the domain",
	    "aliases = root:ops@x.y\ndomain = x.y",
	    TO "<root>\n< 250 2.1.5\n> RCPT TO:<cron>\n< 250 2.1.5\n" },
	{ "recipient: no domain, one to add", "domain = x.y",
	    TO "<Postmaster>\n< 250 2.1.5\n" },
	{ "recipient: SIZE", "", TO "<a@x> SIZE=1\n< 555 5.5.4\n" },
	{ "recipient: one too many", "recipients = 2",
	    MAIL RCPT
	    "> RCPT TO:<c@x>\n< 250\n> RCPT TO:<d@x>\n< 452 4.5.3\n" DATA
	    "> .\n< 250\n" },
	{ "recipient: the same is no more", "recipients = 2",
	    MAIL RCPT RCPT "> RCPT TO:<c@x>\n< 250\n" DATA "> .\n< 250\n" },
	{ "outside: nobody", "allow = 192.0.2.0/24\ngreet_pause = 0",
	    TO "<a@x>\n< 554 5.7.1\n> DATA\n< 554 5.5.1\n" },
	{ "outside: null sender", "allow = 192.0.2.0/24\ngreet_pause = 0",
	    FROM "<>\n< 553 5.7.1\n" },
	{ "outside: a route", "allow = 192.0.2.0/24\ngreet_pause = 0",
	    TO "<@localhost:a@x>\n< 554 5.7.1\n" },
	{ "outside: percent", "allow = 192.0.2.0/24\ngreet_pause = 0",
	    TO "<a%x@localhost>\n< 554 5.7.1\n" },
	{ "outside: quotes", "allow = 192.0.2.0/24\ngreet_pause = 0",
	    TO "<\"a@x\"@localhost>\n< 554 5.7.1\n" },
	{ "outside: own domain",
	    "allow = 192.0.2.0/24\ndomain = x.y\n"
	    "greet_pause = 0",
	    TO "<postmaster>\n< 554 5.7.1\n" },
};

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct stand *stand = stand_new(rows[i].settings, PLENTY);
		struct client *client = client_new(stand);

		client_play(client, rows[i].name, HELLO);
		client_play(client, rows[i].name, rows[i].script);
		client_play(client, rows[i].name, QUIT);
		client_free(client);
		stand_free(stand);
	}
}

static const struct {
	const char *name, *settings, *mail, *reply;
} mails[] = {
	{ "usual", "", "S: x\r\n\r\nt\r\n", "250 2.0.0" },
	{ "empty", "", "", "250 2.0.0" },
	{ "only a header", "", "S: x\r\n", "250 2.0.0" },
	{ "no header", "", "text\r\n", "250 2.0.0" },
	{ "bare LF is mended", "", "S: x\r\n\r\na\nb\r\n", "250 2.0.0" },
	{ "bare LF is refused", "line_endings = reject", "S: x\r\n\r\na\nb\r\n",
	    "550 5.5.2" },
	{ "lone CR is refused", "line_endings = reject", "S: x\r\n\r\na\rb\r\n",
	    "550 5.5.2" },
	{ "smuggling is no end", "line_endings = reject",
	    "S: x\r\n\r\na\n.\nMAIL FROM:<e@x>\r\n", "550 5.5.2" },
	{ "hops", "hops = 5",
	    "Received: a\r\nReceived: a\r\nReceived: a\r\nReceived: a\r\n"
	    "Received: a\r\nReceived: a\r\n\r\n",
	    "554 5.4.6" },
	{ "fields", "header_fields = 10",
	    "A:1\r\nA:2\r\nA:3\r\nA:4\r\nA:5\r\nA:6\r\nA:7\r\nA:8\r\nA:9\r\n"
	    "A:10\r\nA:11\r\n\r\n",
	    "550 5.6.0" },
	{ "complex mail is opaque", "address_colons = 2",
	    "To: a:b:c:d:e\r\n\r\n", "250 2.0.0" },
};

/* After each reply, whatever it is, the next mail begins afresh. */
static void
test_mails(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(mails); i++) {
		struct stand *stand = stand_new(mails[i].settings, PLENTY);
		struct client *client = client_new(stand);

		client_play(client, mails[i].name, HELLO MAIL RCPT DATA);
		client_say(client, mails[i].mail);
		client_say(client, ".\r\n");
		client_expect(client, mails[i].name, mails[i].reply);
		client_play(client, mails[i].name,
		    "> DATA\n< 503\n" MAIL RCPT DATA "> .\n< 250\n" QUIT);
		client_free(client);
		stand_free(stand);
	}
}

static void
test_nul(void **state)
{
	struct stand *stand = stand_new("", PLENTY);
	struct client *client = client_new(stand);

	(void)state;
	client_play(client, "NUL", HELLO MAIL RCPT DATA);
	client_write(client, "S: x\r\n\r\na\0b\r\n.\r\n", 16);
	client_expect(client, "NUL", "550 5.6.0");
	client_play(client, "NUL", MAIL QUIT);
	client_free(client);
	stand_free(stand);
}

static void
check_spool(const struct spool *spool, const char *text)
{
	g_autofree char *bytes = g_malloc0(spool_size(spool) + 1);

	assert_int_equal(
	    spool_read(spool, 0, bytes, spool_size(spool)), strlen(text));
	assert_string_equal(bytes, text);
}

/* What a submission holds, and that the answer is told as it is. */
static void
test_submission(void **state)
{
	struct stand *stand =
	    stand_new("domain = d.example\ndeadline = 30s", PLENTY);
	struct client *client = client_new(stand);
	int64_t now = clock_wall_ms();
	struct submission *submission;

	(void)state;
	stand->automatic = false;
	client_play(client, "submission",
	    HELLO "> MAIL FROM:<Ann@X.y> SIZE=40 BODY=8BITMIME\n< 250\n"
		  "> RCPT TO:<b@x>\n< 250\n> RCPT TO:<root>\n< 250\n"
		  "> RCPT TO:<b@X>\n< 250\n" DATA
		  "> Subject: x\n> \n> ..dot\n> end\n> .\n");
	submission = stand_submission(stand);
	assert_int_equal(strlen(submission->id), ID_LENGTH);
	assert_string_equal(submission->envelope->sender->text, "Ann@x.y");
	assert_int_equal(submission->envelope->recipients->len, 2);
	assert_string_equal(
	    envelope_recipient(submission->envelope, 0)->text, "b@x");
	assert_string_equal(envelope_recipient(submission->envelope, 1)->text,
	    "root@d.example");
	assert_int_equal(submission->envelope->size_declared, 40);
	assert_true(submission->envelope->eightbit);
	assert_string_equal(submission->listener, "l");
	assert_string_equal(submission->peer, "127.0.0.1");
	assert_string_equal(submission->helo, "c");
	assert_string_equal(submission->protocol, "ESMTP");
	assert_false(submission->repaired);
	assert_in_range(submission->received_ms, now, clock_wall_ms());
	assert_in_range(submission->deadline_ms, clock_monotonic_ms() + 1,
	    clock_monotonic_ms() + 30000);
	assert_ptr_equal(submission->config, stand->config);
	assert_int_equal(submission->seen.header_end, 14);
	check_spool(submission->spool, "Subject: x\r\n\r\n.dot\r\nend\r\n");
	submission_answer(submission, 550, "5.1.1", "no such\nuser");
	submission_free(submission);
	client_expect(client, "answer", "550 5.1.1 no such user");
	client_play(client, "after", MAIL QUIT);
	client_free(client);
	stand_free(stand);
}

/* Of an address in UTF-8 the rest of the program sees none. */
static void
test_utf8(void **state)
{
	struct stand *stand = stand_new("", PLENTY);
	struct client *client = client_new(stand);
	struct submission *submission;

	(void)state;
	stand->automatic = false;
	client_play(client, "SMTPUTF8",
	    HELLO "> MAIL FROM:<Ann@M\xc3\xbcnchen.de> SMTPUTF8\n< 250\n"
		  "> RCPT TO:<b@mu\xcc\x88nchen.de>\n< 250\n"
		  "> RCPT TO:<b@xn--mnchen-3ya.de>\n< 250\n" DATA
		  "> Subject: \xc3\xbc\n> \n> .\n");
	submission = stand_submission(stand);
	assert_string_equal(
	    submission->envelope->sender->text, "Ann@xn--mnchen-3ya.de");
	assert_int_equal(submission->envelope->recipients->len, 1);
	assert_string_equal(envelope_recipient(submission->envelope, 0)->text,
	    "b@xn--mnchen-3ya.de");
	assert_string_equal(submission->protocol, "UTF8SMTP");
	assert_true(submission->seen.eightbit_header);
	submission_answer(submission, 250, "2.0.0", "ok");
	submission_free(submission);
	client_play(
	    client, "answer", "< 250 2.0.0 ok\n" MAIL RCPT DATA "> .\n");
	submission = stand_submission(stand);
	assert_string_equal(submission->protocol, "ESMTP");
	submission_answer(submission, 250, "2.0.0", "ok");
	submission_free(submission);
	client_play(client, "after", "< 250 2.0.0 ok\n" QUIT);
	client_free(client);
	stand_free(stand);
}

static void
test_repaired(void **state)
{
	struct stand *stand = stand_new("", PLENTY);
	struct client *client = client_new(stand);
	struct submission *submission;

	(void)state;
	stand->automatic = false;
	client_play(client, "HELO", "< 220\n> HELO c\n< 250\n" MAIL RCPT DATA);
	client_say(client, "a\rb\nc\r\n.\r\n");
	submission = stand_submission(stand);
	assert_true(submission->repaired);
	assert_string_equal(submission->protocol, "SMTP");
	check_spool(submission->spool, "a b\r\nc\r\n");
	submission_answer(submission, 250, "2.0.0", "ok");
	submission_free(submission);
	client_play(client, "answer", "< 250 2.0.0 ok\n" QUIT);
	client_free(client);
	stand_free(stand);
}

static void
send_lines(struct client *client, size_t bytes)
{
	static const char line[] =
	    "0123456789012345678901234567890123456789012345678901234567890\r\n";

	for (size_t sent = 0; sent < bytes; sent += strlen(line))
		client_say(client, line);
}

static const struct {
	const char *name;
	size_t bytes;
	const char *reply, *after;
} sizes[] = {
	{ "under the limit", 90000, "250 2.0.0", MAIL QUIT },
	{ "over the limit", 110000, "552 5.3.4", MAIL QUIT },
	{ "far over the limit", 300000, "552 5.3.4", ".\n" },
};

static void
test_sizes(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		struct stand *stand = stand_new("max_size = 100000", PLENTY);
		struct client *client = client_new(stand);

		client_play(client, sizes[i].name, HELLO MAIL RCPT DATA);
		client_say(client, "S: x\r\n\r\n");
		send_lines(client, sizes[i].bytes);
		client_say(client, ".\r\n");
		client_expect(client, sizes[i].name, sizes[i].reply);
		client_play(client, sizes[i].name, sizes[i].after);
		client_free(client);
		stand_free(stand);
	}
}

/* A mail of many reads, to a file and back. */
static void
test_large(void **state)
{
	struct stand *stand = stand_new("", PLENTY);
	struct client *client = client_new(stand);
	struct submission *submission;

	(void)state;
	stand->automatic = false;
	client_play(client, "large", HELLO MAIL RCPT DATA);
	client_say(client, "S: x\r\n\r\n");
	send_lines(client, 3000000);
	client_say(client, ".\r\nQUIT\r\n");
	submission = stand_submission(stand);
	assert_true(spool_size(submission->spool) >= 3000000);
	assert_true(spool_fd(submission->spool) >= 0);
	submission_answer(submission, 250, "2.0.0", "ok");
	submission_free(submission);
	client_play(client, "large", "< 250\n< 221\n.\n");
	client_free(client);
	stand_free(stand);
}

/* The memory budget: soft at MAIL, hard while the mail comes. */
static void
test_memory(void **state)
{
	struct stand *stand = stand_new("", 200000);
	struct client *client = client_new(stand);

	(void)state;
	client_play(client, "said before",
	    HELLO "> MAIL FROM:<a@x> SIZE=200001\n< 452 4.3.2\n"
		  "> MAIL FROM:<a@x> SIZE=200000\n< 250\n> RSET\n< 250\n");
	client_play(client, "memory", MAIL RCPT DATA);
	send_lines(client, 300000);
	client_say(client, ".\r\n");
	client_expect(client, "does not fit", "452 4.3.2");
	assert_int_equal(budget_taken(stand->budget), 0);
	assert_true(budget_take(stand->budget, 190000));
	client_play(client, "dry", "> MAIL FROM:<a@x>\n< 452 4.3.2\n");
	budget_give(stand->budget, 190000);
	client_play(client, "free again", MAIL QUIT);
	client_free(client);
	stand_free(stand);
}

static const struct {
	const char *name, *settings;
	enum disk_state state;
	const char *script;
} disks[] = {
	{ "well", "", DISK_WELL, "> MAIL FROM:<a@x>\n< 250\n" },
	{ "full", "", DISK_FULL, "> MAIL FROM:<a@x>\n< 452 4.3.1\n" },
	{ "bad", "", DISK_BAD, "> MAIL FROM:<a@x>\n< 451 4.3.0\n" },
	{ "full, size said", "", DISK_FULL,
	    "> MAIL FROM:<a@x> SIZE=1\n< 452 4.3.1\n" },
	{ "no queue to fill", "answer = delivered", DISK_FULL,
	    "> MAIL FROM:<a@x>\n< 250\n" },
};

/* A disk that takes no mail is told of before the mail comes, and when it is
 * well again the session goes on. */
static void
test_disk(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(disks); i++) {
		struct stand *stand = stand_new(disks[i].settings, PLENTY);
		struct client *client = client_new(stand);

		client_play(client, disks[i].name, HELLO);
		disk_set(stand->disk, disks[i].state);
		client_play(client, disks[i].name, disks[i].script);
		disk_set(stand->disk, DISK_WELL);
		client_play(client, disks[i].name,
		    "> RSET\n< 250\n" MAIL RCPT DATA "> .\n< 250\n" QUIT);
		client_free(client);
		stand_free(stand);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_mails),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_submission),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_repaired),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
