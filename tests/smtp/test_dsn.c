/* SPDX-License-Identifier: MIT */
#include "dsn.h"

#include "stand.h"
#include "xtext.h"

#define PLENTY (UINT64_C(64) << 20)

#define T10  "xxxxxxxxxx"
#define T100 T10 T10 T10 T10 T10 T10 T10 T10 T10 T10
#define FROM "> MAIL FROM:<a@x> "
#define TO   MAIL "> RCPT TO:<b@x> "
#define BAD  "\n< 501 5.5.4 Syntax: "

static const struct {
	const char *name, *text, *octets; /* octets NULL: it is no xtext */
} xtexts[] = {
	{ "nothing", "", "" },
	{ "plain", "abc!~", "abc!~" },
	{ "coded", "a+2Bb+3Dc+20", "a+b=c " },
	{ "any octet", "+C3+BC+01", "\xc3\xbc\x01" },
	{ "one after the other", "+2B+2B", "++" },
	{ "NUL", "a+00b", NULL },
	{ "lower case digits", "+2b", NULL },
	{ "no digit", "+G0", NULL },
	{ "one digit", "+2", NULL },
	{ "no digits", "a+", NULL },
	{ "a sign for a digit", "+-1", NULL },
	{ "equals", "a=b", NULL },
	{ "a blank", "a b", NULL },
	{ "a tab", "a\tb", NULL },
	{ "DEL", "a\x7f", NULL },
	{ "eight bits", "\xc3\xbc", NULL },
};

static void
test_xtext(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(xtexts); i++) {
		const char *text = xtexts[i].text;
		g_autofree char *octets = xtext_decode(text, strlen(text));

		if (g_strcmp0(octets, xtexts[i].octets) != 0)
			fail_msg("%s: %s", xtexts[i].name, octets);
	}
}

/* The digits of a "+" are looked for in the text only. */
static void
test_xtext_end(void **state)
{
	(void)state;
	assert_null(xtext_decode("a+2B", 3));
	assert_null(xtext_decode("a+2B", 2));
}

static const struct {
	const char *name, *script;
} rows[] = {
	{ "RET=FULL", FROM "RET=FULL\n< 250\n" },
	{ "RET=HDRS in lower case", FROM "ret=hdrs\n< 250\n" },
	{ "RET of something", FROM "RET=SOME" BAD "RET=FULL or RET=HDRS\n" },
	{ "RET of nothing", FROM "RET=" BAD "RET\n" MAIL },
	{ "RET alone", FROM "RET" BAD "RET\n" },
	{ "RET twice",
	    FROM "RET=FULL RET=FULL\n< 501 5.5.4 Parameter given twice: "
		 "RET\n" MAIL },
	{ "RET at RCPT", TO "RET=FULL\n< 555 5.5.4\n" },
	{ "ENVID", FROM "ENVID=QQ+2B1\n< 250\n" },
	{ "ENVID of 100", FROM "ENVID=" T100 "\n< 250\n" },
	{ "ENVID of 101", FROM "ENVID=" T100 "x" BAD "ENVID\n" MAIL },
	{ "ENVID of nothing", FROM "ENVID=" BAD "ENVID\n" },
	{ "ENVID: no xtext", FROM "ENVID=a+2" BAD "ENVID\n" },
	{ "ENVID: a line end", FROM "ENVID=a+0D+0Ab" BAD "ENVID\n" },
	{ "ENVID: eight bits", FROM "ENVID=+C3+BC" BAD "ENVID\n" },
	{ "ENVID twice", FROM "ENVID=a ENVID=a\n< 501 5.5.4\n" MAIL },
	{ "NOTIFY=NEVER", TO "NOTIFY=NEVER\n< 250\n" },
	{ "NOTIFY of all", TO "notify=success,Failure,DELAY\n< 250\n" },
	{ "NOTIFY of one twice", TO "NOTIFY=DELAY,DELAY\n< 250\n" },
	{ "NOTIFY: NEVER in a list",
	    TO "NOTIFY=NEVER,DELAY" BAD "NOTIFY=NEVER, or a list\n" RCPT },
	{ "NOTIFY: a list with NEVER", TO "NOTIFY=DELAY,NEVER" BAD "NOTIFY\n" },
	{ "NOTIFY: another word", TO "NOTIFY=READ" BAD "NOTIFY\n" },
	{ "NOTIFY of nothing", TO "NOTIFY=" BAD "NOTIFY\n" },
	{ "NOTIFY: comma at the end", TO "NOTIFY=DELAY," BAD "NOTIFY\n" },
	{ "NOTIFY: comma at the start", TO "NOTIFY=,DELAY" BAD "NOTIFY\n" },
	{ "NOTIFY twice", TO "NOTIFY=NEVER NOTIFY=NEVER\n< 501 5.5.4\n" RCPT },
	{ "NOTIFY at MAIL", FROM "NOTIFY=NEVER\n< 555 5.5.4\n" },
	{ "ORCPT", TO "ORCPT=rfc822;B+2Bc@x\n< 250\n" },
	{ "ORCPT of 500", TO "ORCPT=rfc822;" T100 T100 T100 T100 T10 T10 T10 T10
			      T10 T10 T10 T10 T10 "xxx\n< 250\n" },
	{ "ORCPT of 501", TO "ORCPT=rfc822;" T100 T100 T100 T100 T10 T10 T10 T10
			      T10 T10 T10 T10 T10 "xxxx" BAD "ORCPT\n" },
	{ "ORCPT: no type", TO "ORCPT=b@x" BAD "ORCPT\n" RCPT },
	{ "ORCPT: empty type", TO "ORCPT=;b@x" BAD "ORCPT\n" },
	{ "ORCPT: a type that is no atom", TO "ORCPT=a.b;b@x" BAD "ORCPT\n" },
	{ "ORCPT: no address", TO "ORCPT=rfc822;" BAD "ORCPT\n" },
	{ "ORCPT: no xtext", TO "ORCPT=rfc822;b=c" BAD "ORCPT\n" },
	{ "ORCPT: a line end", TO "ORCPT=rfc822;b+0Ac" BAD "ORCPT\n" },
	{ "ORCPT of type utf-8", TO "ORCPT=utf-8;\\x{FC}@x\n< 250\n" },
	{ "ORCPT in UTF-8, without SMTPUTF8",
	    TO "ORCPT=utf-8;\xc3\xbc@x" BAD "ORCPT\n" RCPT },
	{ "ORCPT in UTF-8, of another type",
	    FROM "SMTPUTF8\n< 250\n> RCPT TO:<b@x> ORCPT=rfc822;\xc3\xbc@x" BAD
		 "ORCPT\n" RCPT },
	{ "ORCPT not in UTF-8",
	    FROM "SMTPUTF8\n< 250\n> RCPT TO:<b@x> ORCPT=utf-8;\xfc@x" BAD
		 "ORCPT\n" RCPT },
	{ "ORCPT twice",
	    TO "ORCPT=rfc822;b ORCPT=rfc822;b\n< 501 5.5.4\n" RCPT },
	{ "ORCPT, then a bad address",
	    MAIL "> RCPT TO:<b@x..y> ORCPT=rfc822;b\n< 501 5.1.3\n" RCPT },
};

static void
test_rows(void **state)
{
	struct stand *stand = stand_new("errors_hard = 1000", PLENTY);

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct client *client = client_new(stand);

		client_play(client, rows[i].name, HELLO);
		client_play(client, rows[i].name, rows[i].script);
		client_play(client, rows[i].name, QUIT);
		client_free(client);
	}
	stand_free(stand);
}

static void
check_wish(const struct submission *submission, unsigned i, unsigned notify,
    const char *original)
{
	const struct envelope_wish *wish =
	    envelope_wish_of(submission->envelope, i);

	assert_int_equal(wish->notify, notify);
	if (original == NULL)
		assert_null(wish->original);
	else
		assert_string_equal(wish->original, original);
}

/* What is said of one mail is not said of the next. */
static void
test_submission(void **state)
{
	struct stand *stand = stand_new("", PLENTY);
	struct client *client = client_new(stand);
	struct submission *submission;

	(void)state;
	stand->automatic = false;
	client_play(client, "wishes",
	    HELLO FROM
	    "RET=FULL ENVID=Q+2B1 SMTPUTF8\n< 250\n"
	    "> RCPT TO:<b@x> NOTIFY=NEVER ORCPT=rfc822;B+3D@x\n< 250\n"
	    "> RCPT TO:<c@x>\n< 250\n"
	    "> RCPT TO:<d@x> NOTIFY=SUCCESS,DELAY\n< 250\n"
	    "> RCPT TO:<e@x> ORCPT=UTF-8;m\xc3\xbc@x\n< 250\n" DATA "> .\n");
	submission = stand_submission(stand);
	assert_int_equal(submission->envelope->returned, ENVELOPE_RETURN_FULL);
	assert_string_equal(submission->envelope->id, "Q+1");
	check_wish(submission, 0, ENVELOPE_NOTIFY_NEVER, "rfc822;B=@x");
	check_wish(submission, 1, ENVELOPE_NOTIFY_UNSAID, NULL);
	check_wish(submission, 2,
	    ENVELOPE_NOTIFY_SUCCESS | ENVELOPE_NOTIFY_DELAY, NULL);
	check_wish(submission, 3, ENVELOPE_NOTIFY_UNSAID, "UTF-8;m\\x{FC}@x");
	submission_answer(submission, 250, "2.0.0", "Ok");
	submission_free(submission);
	client_play(client, "no wishes", "< 250\n" MAIL RCPT DATA "> .\n");
	submission = stand_submission(stand);
	assert_int_equal(
	    submission->envelope->returned, ENVELOPE_RETURN_UNSAID);
	assert_null(submission->envelope->id);
	check_wish(submission, 0, ENVELOPE_NOTIFY_UNSAID, NULL);
	submission_answer(submission, 250, "2.0.0", "Ok");
	submission_free(submission);
	client_play(client, "end", "< 250\n" QUIT);
	client_free(client);
	stand_free(stand);
}

#define SUCCESS ENVELOPE_NOTIFY_SUCCESS
#define FAILURE ENVELOPE_NOTIFY_FAILURE
#define DELAY   ENVELOPE_NOTIFY_DELAY

/* Two RCPT of one address. */
static const struct {
	const char *name, *first, *second;
	unsigned notify;
	const char *original;
} pairs[] = {
	{ "nothing said", "", "", ENVELOPE_NOTIFY_UNSAID, NULL },
	{ "the same", "NOTIFY=NEVER", "NOTIFY=NEVER", ENVELOPE_NOTIFY_NEVER,
	    NULL },
	{ "never, then more", "NOTIFY=NEVER", "NOTIFY=SUCCESS", SUCCESS, NULL },
	{ "more, then never", "NOTIFY=DELAY", "NOTIFY=NEVER", DELAY, NULL },
	{ "two lists", "NOTIFY=SUCCESS", "NOTIFY=FAILURE", SUCCESS | FAILURE,
	    NULL },
	{ "never, then nothing said", "NOTIFY=NEVER", "", FAILURE | DELAY,
	    NULL },
	{ "nothing said, then success", "", "NOTIFY=SUCCESS",
	    SUCCESS | FAILURE | DELAY, NULL },
	{ "the first ORCPT is kept", "ORCPT=rfc822;one", "",
	    ENVELOPE_NOTIFY_UNSAID, "rfc822;one" },
	{ "the second ORCPT is taken", "", "ORCPT=rfc822;two",
	    ENVELOPE_NOTIFY_UNSAID, "rfc822;two" },
	{ "the last ORCPT counts", "ORCPT=rfc822;one", "ORCPT=rfc822;two",
	    ENVELOPE_NOTIFY_UNSAID, "rfc822;two" },
	{ "ORCPT, then NOTIFY", "ORCPT=rfc822;one", "NOTIFY=NEVER",
	    FAILURE | DELAY, "rfc822;one" },
};

static void
test_pairs(void **state)
{
	struct stand *stand = stand_new("", PLENTY);
	struct client *client = client_new(stand);

	(void)state;
	stand->automatic = false;
	client_play(client, "pairs", HELLO);
	for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++) {
		g_autofree char *script = g_strdup_printf(MAIL
		    "> RCPT TO:<b@x> %s\n< 250\n"
		    "> RCPT TO:<b@X> %s\n< 250\n" DATA "> .\n",
		    pairs[i].first, pairs[i].second);
		struct submission *submission;

		client_play(client, pairs[i].name, script);
		submission = stand_submission(stand);
		assert_int_equal(submission->envelope->recipients->len, 1);
		check_wish(submission, 0, pairs[i].notify, pairs[i].original);
		submission_answer(submission, 250, "2.0.0", "Ok");
		submission_free(submission);
		client_play(client, pairs[i].name, "< 250\n");
	}
	client_free(client);
	stand_free(stand);
}

/* Where there is no queue no report can be sent. */
static void
test_without_queue(void **state)
{
	struct stand *stand = stand_new_without("answer = delivered", PLENTY);
	struct client *client = client_new(stand);

	(void)state;
	client_play(client, "EHLO",
	    "< 220\n> EHLO c\n< 250-\n< 250-PIPELINING\n< 250-SIZE\n"
	    "< 250-8BITMIME\n< 250-SMTPUTF8\n< 250 ENHANCEDSTATUSCODES\n");
	client_play(client, "none", FROM "RET=FULL\n< 555 5.5.4\n");
	client_play(client, "none", TO "NOTIFY=NEVER\n< 555 5.5.4\n" QUIT);
	client_free(client);
	stand_free(stand);
	stand = stand_new("", PLENTY);
	client = client_new(stand);
	client_play(client, "EHLO",
	    "< 220\n> EHLO c\n< 250-\n< 250-PIPELINING\n< 250-SIZE\n"
	    "< 250-8BITMIME\n< 250-SMTPUTF8\n< 250-DSN\n< 250 ENHANCEDSTATUSCODES\n" QUIT);
	client_free(client);
	stand_free(stand);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_xtext),
		cmocka_unit_test(test_xtext_end),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_submission),
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_without_queue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
