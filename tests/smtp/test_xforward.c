/* SPDX-License-Identifier: MIT */
#include "xforward.h"

#include "stand.h"

#define PLENTY  (UINT64_C(64) << 20)
#define FORWARD "xforward = 127.0.0.1\n"
#define LONG                                                               \
	"0123456789012345678901234567890123456789012345678901234567890123" \
	"0123456789012345678901234567890123456789012345678901234567890123" \
	"0123456789012345678901234567890123456789012345678901234567890123" \
	"012345678901234567890123456789012345678901234567890123456789012"
#define HELLO_FORWARD                                               \
	"< 220 \n> EHLO c\n< 250-\n< 250-PIPELINING\n< 250-SIZE \n" \
	"< 250-8BITMIME\n< 250-SMTPUTF8\n< 250-DSN\n"               \
	"< 250-XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE\n"   \
	"< 250 ENHANCEDSTATUSCODES\n"
#define GOOD(line) "> XFORWARD " line "\n< 250 2.0.0\n"
#define BAD(line)  "> XFORWARD " line "\n< 501 5.5.4\n"

static const struct {
	const char *name, *settings, *script;
	const char *key; /* of the mail then; NULL: none */
} rows[] = {
	{ "not listed", "", HELLO "> XFORWARD IDENT=4ABC\n< 502 5.5.1\n",
	    NULL },
	{ "before EHLO", FORWARD,
	    "< 220 \n> XFORWARD IDENT=4ABC\n< 503 5.5.1\n"
	    "> EHLO c\n< 250-\n< 250-\n< 250-\n< 250-\n< 250-\n< 250-\n< 250-\n"
	    "< 250 \n",
	    NULL },
	{ "IDENT", FORWARD, HELLO_FORWARD GOOD("IDENT=4ABC"),
	    "ident 127.0.0.1 4ABC" },
	{ "all, as Postfix does", FORWARD,
	    HELLO_FORWARD GOOD("NAME=c.example ADDR=192.0.2.1 PORT=4711")
		GOOD("PROTO=ESMTP HELO=c IDENT=4ABC SOURCE=REMOTE"),
	    "ident 127.0.0.1 4ABC" },
	{ "in lower case", FORWARD, HELLO_FORWARD GOOD("ident=4ABC"),
	    "ident 127.0.0.1 4ABC" },
	{ "xtext", FORWARD, HELLO_FORWARD GOOD("IDENT=4+2BB+20C"),
	    "ident 127.0.0.1 4+B C" },
	{ "the last one counts", FORWARD,
	    HELLO_FORWARD GOOD("IDENT=1 IDENT=2") GOOD("IDENT=3"),
	    "ident 127.0.0.1 3" },
	{ "unavailable", FORWARD,
	    HELLO_FORWARD GOOD("IDENT=4ABC") GOOD("IDENT=[UNAVAILABLE]"),
	    NULL },
	{ "unavailable for now", FORWARD,
	    HELLO_FORWARD GOOD("IDENT=[tempunavail] NAME=[TEMPUNAVAIL]"),
	    NULL },
	{ "empty", FORWARD, HELLO_FORWARD GOOD("IDENT="), NULL },
	{ "of 255", FORWARD, HELLO_FORWARD GOOD("IDENT=" LONG),
	    "ident 127.0.0.1 " LONG },
	{ "of 256", FORWARD, HELLO_FORWARD BAD("HELO=" LONG "x"), NULL },
	{ "wrong in the middle", FORWARD, HELLO_FORWARD BAD("IDENT=4ABC HELO"),
	    NULL },
	{ "wrong after one that is right", FORWARD,
	    HELLO_FORWARD GOOD("IDENT=1") BAD("IDENT=2 LOGIN=x"),
	    "ident 127.0.0.1 1" },
	{ "no argument", FORWARD, HELLO_FORWARD "> XFORWARD\n< 501 5.5.4\n",
	    NULL },
	{ "no value", FORWARD, HELLO_FORWARD BAD("IDENT"), NULL },
	{ "no name", FORWARD, HELLO_FORWARD BAD("=4ABC"), NULL },
	{ "of another name", FORWARD, HELLO_FORWARD BAD("LOGIN=x"), NULL },
	{ "no xtext", FORWARD, HELLO_FORWARD BAD("IDENT=4+zz"), NULL },
	{ "a line break", FORWARD, HELLO_FORWARD BAD("IDENT=4+0D+0AX"), NULL },
	{ "DEL", FORWARD, HELLO_FORWARD BAD("IDENT=+7F"), NULL },
	{ "NUL", FORWARD, HELLO_FORWARD BAD("IDENT=+00"), NULL },
	{ "not ASCII", FORWARD, HELLO_FORWARD GOOD("IDENT=+C3+A4"),
	    "ident 127.0.0.1 ??" },
	{ "forgotten by RSET", FORWARD,
	    HELLO_FORWARD GOOD("IDENT=4ABC") "> RSET\n< 250 2.0.0\n", NULL },
	{ "forgotten by EHLO", FORWARD,
	    HELLO_FORWARD GOOD("IDENT=4ABC") "> HELO c\n< 250 \n", NULL },
	{ "a mail refused before it began", FORWARD,
	    HELLO_FORWARD GOOD("IDENT=4ABC") "> MAIL FROM:<a\n< 501 \n",
	    "ident 127.0.0.1 4ABC" },
	{ "resends are mails", FORWARD "resends = take\n",
	    HELLO_FORWARD GOOD("IDENT=4ABC"), NULL },
};

/* The key of the mail that is sent next. */
static char *
pass_mail(struct stand *stand, struct client *client, const char *name)
{
	char *key;

	client_play(client, name, MAIL RCPT DATA "> .\n");
	struct submission *submission = stand_submission(stand);
	key = g_strdup(submission->resend_key);
	submission_answer(submission, 250, "2.0.0", "Ok");
	submission_free(submission);
	client_play(client, name, "< 250 2.0.0 Ok\n");
	return key;
}

static void
test_rows(void **state)
{
	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct stand *stand = stand_new(rows[i].settings, PLENTY);
		struct client *client = client_new(stand);

		stand->automatic = false;
		client_play(client, rows[i].name, rows[i].script);
		g_autofree char *key = pass_mail(stand, client, rows[i].name);
		if (g_strcmp0(key, rows[i].key) != 0)
			fail_msg("%s: %s", rows[i].name, key ? key : "none");
		client_free(client);
		stand_free(stand);
	}
}

/* It holds for one mail, and is not said within one. */
static void
test_one_mail(void **state)
{
	struct stand *stand = stand_new(FORWARD, PLENTY);
	struct client *client = client_new(stand);

	(void)state;
	stand->automatic = false;
	client_play(client, "first", HELLO_FORWARD GOOD("IDENT=4ABC"));
	g_autofree char *first = pass_mail(stand, client, "first");
	assert_string_equal(first, "ident 127.0.0.1 4ABC");
	assert_null(pass_mail(stand, client, "second"));
	client_play(client, "within",
	    MAIL "> XFORWARD IDENT=4\n< 503 5.5.1\n" RCPT
		 "> XFORWARD IDENT=4\n< 503 5.5.1\n" QUIT);
	client_free(client);
	stand_free(stand);
}

/* In one piece with what follows. */
static void
test_pipelined(void **state)
{
	struct stand *stand = stand_new(FORWARD, PLENTY);
	struct client *client = client_new(stand);

	(void)state;
	stand->automatic = false;
	client_play(client, "hello", HELLO_FORWARD);
	client_say(client, "XFORWARD NAME=x\r\nXFORWARD IDENT=9\r\n"
			   "MAIL FROM:<a@x.y>\r\nRCPT TO:<b@x.y>\r\nDATA\r\n");
	client_play(client, "group",
	    "< 250 2.0.0\n< 250 2.0.0\n< 250 2.1.0\n< 250 2.1.5\n< 354 \n"
	    "> .\n");
	struct submission *submission = stand_submission(stand);
	assert_string_equal(submission->resend_key, "ident 127.0.0.1 9");
	submission_answer(submission, 250, "2.0.0", "Ok");
	submission_free(submission);
	client_free(client);
	stand_free(stand);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_one_mail),
		cmocka_unit_test(test_pipelined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
