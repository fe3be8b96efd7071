/* SPDX-License-Identifier: MIT */
#include "lmtp.h"

#include "stand.h"

#define PLENTY (UINT64_C(64) << 20)
#define LMTP   "protocol = lmtp\n"
#define LHLO                                                        \
	"< 220 \n> LHLO c\n< 250-\n< 250-PIPELINING\n< 250-SIZE \n" \
	"< 250-8BITMIME\n< 250-SMTPUTF8\n< 250-DSN\n< 250 ENHANCEDSTATUSCODES\n"
#define TO(who) "> RCPT TO:<" who "@x.y>\n< 250 2.1.5\n"

/* What a listener says by itself. */
static const struct {
	const char *name, *settings, *script;
} talks[] = {
	{ "the banner says it", LMTP, "< 220 " },
	{ "EHLO", LMTP, "< 220 \n> EHLO c\n< 500 5.5.1\n" },
	{ "HELO", LMTP, "< 220 \n> HELO c\n< 500 5.5.1\n" },
	{ "LHLO to SMTP", "", "< 220 \n> LHLO c\n< 500 5.5.1\n" },
	{ "no recipient", LMTP, LHLO MAIL "> DATA\n< 503 5.5.1\n" },
	{ "no recipient that was taken", LMTP,
	    LHLO MAIL "> RCPT TO:<>\n< 501 \n> DATA\n< 503 5.5.1\n" },
	{ "SMTPUTF8: who is refused is owed no answer", LMTP,
	    LHLO "> MAIL FROM:<a@\xc3\xbc.de> SMTPUTF8\n< 250\n" TO(
		"a") "> RCPT TO:<\xc3\xbc@x.y>\n< 553 5.6.7\n"
		     "> RCPT TO:<b@\xc3\xbc.de>\n< 250\n" DATA
		     "> .\n< 250 2.0.0\n< 250 2.0.0\n" QUIT },
	{ "one", LMTP, LHLO MAIL TO("a") DATA "> .\n< 250 2.0.0\n" QUIT },
	{ "three", LMTP,
	    LHLO MAIL TO("a") TO("b") TO("c") DATA
	    "> .\n< 250 2.0.0\n< 250 2.0.0\n< 250 2.0.0\n" QUIT },
	{ "one twice", LMTP,
	    LHLO MAIL TO("a") TO("b") TO("a") DATA
	    "> .\n< 250 2.0.0\n< 250 2.0.0\n< 250 2.0.0\n" QUIT },
	{ "one that was not taken", LMTP,
	    LHLO MAIL TO("a") "> RCPT TO:<>\n< 501 \n" TO("b") DATA
	    "> .\n< 250 2.0.0\n< 250 2.0.0\n" QUIT },
	{ "forgotten by RSET", LMTP,
	    LHLO MAIL TO("a") TO("b") "> RSET\n< 250 2.0.0\n" MAIL TO("c") DATA
	    "> .\n< 250 2.0.0\n" QUIT },
	{ "forgotten by the mail before", LMTP,
	    LHLO MAIL TO("a") TO("b") DATA
	    "> .\n< 250 2.0.0\n< 250 2.0.0\n" MAIL TO("c") DATA
	    "> .\n< 250 2.0.0\n" QUIT },
	{ "refused, to each", LMTP,
	    LHLO MAIL TO("a") TO("b") DATA
	    "> X: y\rBcc: hidden\n> .\n< 550 5.6.0\n< 550 5.6.0\n" QUIT },
	{ "too many, also of one", LMTP "recipients = 2\n",
	    LHLO MAIL TO("a") TO("a") "> RCPT TO:<a@x.y>\n< 452 4.5.3\n" },
};

static void
test_talks(void **state)
{
	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(talks); i++) {
		struct stand *stand = stand_new(talks[i].settings, PLENTY);
		struct client *client = client_new(stand);

		client_play(client, talks[i].name, talks[i].script);
		client_free(client);
		stand_free(stand);
	}
}

/* A mail that is refused at its end: one reply for each, one error in all. */
static void
test_refused(void **state)
{
	struct stand *stand = stand_new(LMTP
	    "line_endings = reject\nerrors_soft = 2\nerrors_hard = 2\n",
	    PLENTY);
	struct client *client = client_new(stand);

	(void)state;
	client_play(client, "hello",
	    LHLO MAIL TO("a") TO("b") TO("c") "> DATA\n< 354 \n");
	client_say(client, "Subject: x\n\r\n.\r\n");
	client_play(client, "each",
	    "< 550 5.5.2\n< 550 5.5.2\n< 550 5.5.2\n> NOOP\n< 250 2.0.0\n");
	client_free(client);
	stand_free(stand);
}

/* An answer for each, by their numbers in the envelope, said by RCPT. */
static void
test_each(void **state)
{
	struct stand *stand = stand_new(LMTP, PLENTY);
	struct client *client = client_new(stand);
	struct submission *submission;
	struct answer *answer;

	(void)state;
	stand->automatic = false;
	client_play(client, "mail",
	    LHLO MAIL TO("a") TO("b") TO("a") TO("c") DATA "> .\n");
	submission = stand_submission(stand);
	assert_true(submission->each);
	assert_string_equal(submission->protocol, "LMTP");
	assert_int_equal(submission->envelope->recipients->len, 3);
	answer = answer_new(
	    submission->return_to.session, 451, "4.4.1", "wait a little");
	answer_set_each(answer, 3, 0,
	    (struct answer_line){ 250, (char *)"2.0.0", (char *)"taken" });
	answer_set_each(answer, 3, 1,
	    (struct answer_line){ 550, (char *)"5.1.1", (char *)"no such" });
	submission->return_to.post(submission->return_to.server, answer);
	submission_free(submission);
	client_play(client, "each",
	    "< 250 2.0.0 taken\n< 550 5.1.1 no such\n< 250 2.0.0 taken\n"
	    "< 451 4.4.1 wait a little\n" QUIT);
	client_free(client);
	stand_free(stand);
}

/* SMTP has one answer, whatever is known of each. */
static void
test_not_each(void **state)
{
	struct stand *stand = stand_new("", PLENTY);
	struct client *client = client_new(stand);
	struct submission *submission;

	(void)state;
	stand->automatic = false;
	client_play(client, "mail", HELLO MAIL TO("a") TO("b") DATA "> .\n");
	submission = stand_submission(stand);
	assert_false(submission->each);
	submission_answer(submission, 250, "2.0.0", "Ok");
	submission_free(submission);
	client_play(client, "one", "< 250 2.0.0 Ok\n" QUIT);
	client_free(client);
	stand_free(stand);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_talks),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_each),
		cmocka_unit_test(test_not_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
