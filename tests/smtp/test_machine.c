/* SPDX-License-Identifier: MIT */
/*
 * The session as a state machine: random commands, mails and answers, split at
 * random, beside a small model of RFC 5321.  After each step what was told must
 * be what the model says, and the session must be a fresh one but for what the
 * RFC keeps.  test_machine SEED replays one session and prints it; STEPS=N: so
 * many steps.
 */
#include "rig.h"

#include "core/log.h"
#include "mail/envelope.h"
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define SETTINGS                                                  \
	"errors_hard = 9\nerrors_soft = 9\nerror_delay = 0\n"     \
	"idle_commands = 6\nrecipients = 3\ncommand_size = 512\n" \
	"max_size = 4096\nhops = 5\nline_endings = reject\n"      \
	"greet_pause = 0\nallow = 192.0.2.0/24\n"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define STEPS 40000
#else
#define STEPS 200000
#endif
/* of one client, at most */
#define SESSION_STEPS 60

#define ERRORS_HARD 9
#define IDLE_FREE   6
#define RECIPIENTS  3

enum where {
	FRESH,
	READY,
	SENDER,
	RECIPIENT,
	CONTENT,
	CLOSED
};

#define IN(place) (1U << (place))
#define ANYWHERE  (IN(FRESH) | IN(READY) | IN(SENDER) | IN(RECIPIENT))
#define IN_MAIL   (IN(SENDER) | IN(RECIPIENT))

struct model {
	enum where where;
	bool named, esmtp, trusted;
	bool utf8;           /* of the mail */
	unsigned recipients; /* a bit each */
	unsigned errors, idle;
	GString *told; /* what must be heard: the start of each line */
};

struct act;
typedef void (*act_fn)(struct model *model, const struct act *act);

struct act {
	const char *text; /* with its end; a '%' is a digit of 0 to 4 */
	unsigned where;   /* else 503 */
	bool idle;
	act_fn fn;
	const char *reply; /* of fn */
};

/* ---- the model ---- */

static void
tell(struct model *model, const char *reply)
{
	g_string_append_printf(model->told, "%s\n", reply);
}

static void
count_error(struct model *model)
{
	if (++model->errors < ERRORS_HARD || model->where == CLOSED)
		return;
	tell(model, "421 4.7.0");
	model->where = CLOSED;
}

static void
refuse(struct model *model, const char *reply)
{
	tell(model, reply);
	if (*reply == '5')
		count_error(model);
}

static void
forget(struct model *model)
{
	model->recipients = 0;
	model->utf8 = false;
	if (model->where != CLOSED)
		model->where = model->named ? READY : FRESH;
}

static void
do_say(struct model *model, const struct act *act)
{
	refuse(model, act->reply);
}

static void
do_helo(struct model *model, const struct act *act)
{
	(void)act;
	model->named = true;
	model->esmtp = false;
	forget(model);
	tell(model, "250 ");
}

static void
do_ehlo(struct model *model, const struct act *act)
{
	(void)act;
	model->named = true;
	model->esmtp = true;
	forget(model);
	tell(model, "250-");
	tell(model, "250-PIPELINING");
	tell(model, "250-SIZE 4096");
	tell(model, "250-8BITMIME");
	tell(model, "250-SMTPUTF8");
	tell(model, "250 ENHANCEDSTATUSCODES");
}

static void
do_rset(struct model *model, const struct act *act)
{
	forget(model);
	tell(model, act->reply);
}

static void
do_mail(struct model *model, const struct act *act)
{
	model->where = SENDER;
	tell(model, act->reply);
}

static void
do_mail_utf8(struct model *model, const struct act *act)
{
	model->utf8 = true;
	do_mail(model, act);
}

static void
do_mail_null(struct model *model, const struct act *act)
{
	if (model->trusted)
		do_mail(model, act);
	else
		refuse(model, "553 5.7.1");
}

static void
do_rcpt(struct model *model, const struct act *act)
{
	unsigned bit = 1U << (strpbrk(act->text, "01234")[0] - '0');
	unsigned count = (unsigned)__builtin_popcount(model->recipients);

	if (!model->trusted)
		refuse(model, "554 5.7.1");
	else if (count >= RECIPIENTS)
		refuse(model, "452 4.5.3");
	else if (act->reply[0] != '2')
		refuse(model, act->reply);
	else {
		model->recipients |= bit;
		model->where = RECIPIENT;
		tell(model, act->reply);
	}
}

static void
do_data(struct model *model, const struct act *act)
{
	(void)act;
	if (model->recipients == 0) {
		refuse(model, "554 5.5.1");
		return;
	}
	model->where = CONTENT;
	tell(model, "354 ");
}

static void
do_close(struct model *model, const struct act *act)
{
	tell(model, act->reply);
	model->where = CLOSED;
}

/* Several commands that may not come together. */
static void
do_break(struct model *model, const struct act *act)
{
	do_close(model, act);
}

#define X16  "xxxxxxxxxxxxxxxx"
#define X128 X16 X16 X16 X16 X16 X16 X16 X16

static const struct act acts[] = {
	{ "HELO c\r\n", ANYWHERE, true, do_helo, NULL },
	{ "EHLO c\r\n", ANYWHERE, true, do_ehlo, NULL },
	{ "ehlo [192.0.2.1]\r\n", ANYWHERE, true, do_ehlo, NULL },
	{ "EHLO\r\n", ANYWHERE, true, do_say, "501 5.5.4" },
	{ "LHLO c\r\n", ANYWHERE, true, do_say, "500 5.5.1" },
	{ "MAIL FROM:<a@x.y>\r\n", IN(READY), false, do_mail, "250 2.1.0" },
	{ "MAIL FROM:<a@x.y> BODY=8BITMIME SIZE=99\r\n", IN(READY), false,
	    do_mail, "250 2.1.0" },
	{ "MAIL FROM:<a@\xc3\xbc.y> SMTPUTF8\r\n", IN(READY), false,
	    do_mail_utf8, "250 2.1.0" },
	{ "MAIL FROM:<\xc3\xbc@x.y> SMTPUTF8\r\n", IN(READY), false, do_say,
	    "553 5.6.7" },
	{ "MAIL FROM:<>\r\n", IN(READY), false, do_mail_null, "250 2.1.0" },
	{ "MAIL FROM:<a@x.y> SIZE=4097\r\n", IN(READY), false, do_say,
	    "552 5.3.4" },
	{ "MAIL FROM:<a@x.y> FOO=1\r\n", IN(READY), false, do_say,
	    "555 5.5.4" },
	{ "MAIL FROM:<a b@x.y>\r\n", IN(READY), false, do_say, "501 5.1.7" },
	{ "MAIL FROM <a@x.y>\r\n", IN(READY), false, do_say, "501 5.5.4" },
	{ "MAIL\r\n", IN(READY), false, do_say, "501 5.5.4" },
	{ "RCPT TO:<b0@x.y>\r\n", IN_MAIL, false, do_rcpt, "250 2.1.5" },
	{ "RCPT TO:<b1@x.y>\r\n", IN_MAIL, false, do_rcpt, "250 2.1.5" },
	{ "RCPT TO:<b2@x.y>\r\n", IN_MAIL, false, do_rcpt, "250 2.1.5" },
	{ "RCPT TO:<b3@x.y>\r\n", IN_MAIL, false, do_rcpt, "250 2.1.5" },
	{ "RCPT TO:<0>\r\n", IN_MAIL, false, do_rcpt, "501 5.1.3" },
	{ "RCPT\r\n", IN_MAIL, false, do_say, "501 5.5.4" },
	{ "DATA\r\n", IN_MAIL, false, do_data, NULL },
	{ "DATA\r\n", IN_MAIL, false, do_data, NULL },
	{ "DATA now\r\n", IN_MAIL, false, do_say, "501 5.5.4" },
	{ "RSET\r\n", ANYWHERE, true, do_rset, "250 2.0.0" },
	{ "RSET all\r\n", ANYWHERE, true, do_say, "501 5.5.4" },
	{ "NOOP\r\n", ANYWHERE, true, do_say, "250 2.0.0" },
	{ "VRFY b0\r\n", ANYWHERE, true, do_say, "252 2.5.2" },
	{ "VRFY\r\n", ANYWHERE, true, do_say, "501 5.5.4" },
	{ "HELP\r\n", ANYWHERE, true, do_say, "214 2.0.0" },
	{ "QUIT\r\n", ANYWHERE, false, do_close, "221 2.0.0" },
	{ "QUIT it\r\n", ANYWHERE, false, do_say, "501 5.5.4" },
	{ "XYZZY\r\n", ANYWHERE, false, do_say, "500 5.5.1" },
	{ "\r\n", ANYWHERE, false, do_say, "500 5.5.2" },
	{ "NO\001OP\r\n", ANYWHERE, false, do_say, "500 5.5.2" },
	{ "NOOP \177\r\n", ANYWHERE, false, do_say, "500 5.5.2" },
	{ "BDAT 3 LAST\r\n", ANYWHERE, false, do_say, "502 5.5.1" },
	{ "EXPN b0\r\n", ANYWHERE, false, do_say, "502 5.5.1" },
	{ "XCLIENT ADDR=192.0.2.1\r\n", ANYWHERE, false, do_say, "502 5.5.1" },
	{ "STARTTLS\r\n", IN(FRESH) | IN(READY), false, do_say, "502 5.5.1" },
	{ "AUTH PLAIN AGEAYg==\r\n", IN(READY), false, do_say, "502 5.5.1" },
	{ "XFORWARD NAME=x\r\n", IN(READY), false, do_say, "502 5.5.1" },
	{ "NOOP " X128 X128 X128 X128 "\r\n", ANYWHERE, false, do_say,
	    "500 5.5.6" },
	{ "GET / HTTP/1.1\r\n", ANYWHERE, false, do_close, "221 2.7.0" },
	{ "Host: x\r\n", ANYWHERE, false, do_close, "221 2.7.0" },
	{ "NOOP\n", ANYWHERE, false, do_close, "500 5.5.2" },
	/* a group may not go on behind these */
	{ "NOOP\r\nNOOP\r\n", ANYWHERE, false, do_break, "554 5.5.0" },
	{ "EHLO c\r\nRSET\r\n", ANYWHERE, false, do_break, "554 5.5.0" },
};

/* Mails, and how the session refuses them itself; NULL: it posts them. */
static const struct {
	const char *text, *reply;
} mails[] = {
	{ "Subject: x\r\n\r\nhello\r\n.\r\n", NULL },
	{ "Subject: x\r\n\r\n..\r\n..x\r\n.\r\n", NULL },
	{ ".\r\n", NULL },
	{ "Subject: x\r\n\r\nRSET\r\nQUIT\r\n.\r\n", NULL },
	{ "Subject: x\r\n\r\n\001\r\n.x\r\n\r\n.\r\n", NULL },
	{ "Subject: x\r\n\r\nbare\n.\r\nend\r\n.\r\n", "550 5.5.2" },
	{ "Subject: x\r\n\r\nlone\rreturn\r\n.\r\n", "550 5.5.2" },
	{ "Received: a\r\nReceived: b\r\nReceived: c\r\nReceived: d\r\n"
	  "Received: e\r\nReceived: f\r\n\r\n.\r\n",
	    "554 5.4.6" },
};

static const struct {
	unsigned code;
	const char *enhanced;
} answers[] = {
	{ 250, "2.0.0" },
	{ 250, "2.0.0" },
	{ 451, "4.3.0" },
	{ 452, "4.3.1" },
	{ 554, "5.6.0" },
	{ 421, "4.3.2" },
};

/* ---- one step ---- */

struct walk {
	struct rig rig;
	struct model model;
	GRand *dice;
	GString *trace;
	unsigned accepted; /* mails */
};

/* In pieces, or whole. */
static void
say(struct walk *walk, const char *text, size_t length)
{
	unsigned piece = g_rand_int_range(walk->dice, 0, 4) > 0
			     ? (unsigned)length
			     : (unsigned)g_rand_int_range(walk->dice, 1, 8);

	for (size_t at = 0; at < length; at += piece)
		rig_say(&walk->rig, text + at, MIN(piece, length - at));
}

/* What leads somewhere comes more often than what does not. */
static const struct act *
pick_act(struct walk *walk)
{
	const struct act *act = NULL;
	bool dull = true;

	for (int i = 0; i < 6 && dull; i++) {
		act = &acts[g_rand_int_range(
		    walk->dice, 0, (int)G_N_ELEMENTS(acts))];
		dull = (act->where & IN(walk->model.where)) == 0 ||
		       act->fn == do_close || act->fn == do_break ||
		       act->fn == do_say || act->fn == do_rset ||
		       (walk->model.named && act->idle);
	}
	return act;
}

static void
step_command(struct walk *walk)
{
	const struct act *act = pick_act(walk);
	struct model *model = &walk->model;

	g_string_append_printf(walk->trace, "> %s", act->text);
	if ((act->where & IN(model->where)) == 0)
		refuse(model, "503 5.5.1");
	else
		act->fn(model, act);
	if (act->idle && model->where != CLOSED && ++model->idle > IDLE_FREE)
		count_error(model);
	/* Groups come in one piece, or they are none. */
	if (act->fn == do_break)
		rig_say(&walk->rig, act->text, strlen(act->text));
	else
		say(walk, act->text, strlen(act->text));
}

static void
answer(struct walk *walk)
{
	struct model *model = &walk->model;
	unsigned i = (unsigned)g_rand_int_range(
	    walk->dice, 0, (int)G_N_ELEMENTS(answers));
	g_autofree char *reply =
	    g_strdup_printf("%u %s", answers[i].code, answers[i].enhanced);

	assert_non_null(walk->rig.submission);
	assert_string_equal(
	    walk->rig.submission->protocol, model->utf8    ? "UTF8SMTP"
					    : model->esmtp ? "ESMTP"
							   : "SMTP");
	assert_int_equal(walk->rig.submission->envelope->recipients->len,
	    __builtin_popcount(model->recipients));
	g_string_append_printf(walk->trace, "= %s\n", reply);
	forget(model);
	tell(model, reply);
	if (answers[i].code == 250) {
		model->errors = model->idle = 0;
		walk->accepted++;
	}
	if (answers[i].code == 421)
		model->where = CLOSED;
	rig_answer(&walk->rig, answers[i].code, answers[i].enhanced);
}

static void
step_mail(struct walk *walk)
{
	unsigned i = (unsigned)g_rand_int_range(
	    walk->dice, 0, (int)G_N_ELEMENTS(mails) + 2);
	struct model *model = &walk->model;
	const char *refused = "552 5.3.4";
	g_autofree char *large = g_strnfill(5000, 'x');
	const char *text = large;
	size_t length = 5000;

	if (i < G_N_ELEMENTS(mails)) {
		refused = mails[i].reply;
		text = mails[i].text;
		length = strlen(text);
	} else if (i == G_N_ELEMENTS(mails)) {
		refused = "550 5.6.0";
		text = "Subject: x\r\n\r\n\0\r\n.\r\n";
		length = strlen("Subject: x\r\n\r\n") + 6;
	}
	g_string_append_printf(walk->trace, "> mail %u\n", i);
	if (refused != NULL) {
		forget(model);
		refuse(model, refused);
	}
	say(walk, text, length);
	if (text == large)
		say(walk, "\r\n.\r\n", 5);
	if (refused == NULL)
		answer(walk);
}

/* Each line heard begins as it must, and there is no other. */
static void
check_told(struct walk *walk)
{
	g_auto(GStrv) heard = g_strsplit(walk->rig.heard->str, "\r\n", -1);
	g_auto(GStrv) told = g_strsplit(walk->model.told->str, "\n", -1);
	unsigned lines = g_strv_length(told);
	bool same = g_strv_length(heard) == lines;

	for (unsigned i = 0; same && i < lines; i++)
		same = g_str_has_prefix(heard[i], told[i]);
	g_string_append_printf(walk->trace, "< %s", walk->rig.heard->str);
	if (!same)
		fail_msg("told\n%sand not\n%s", walk->rig.heard->str,
		    walk->model.told->str);
	g_string_truncate(walk->rig.heard, 0);
	g_string_truncate(walk->model.told, 0);
}

/* What the RFC does not keep is as it was at the start. */
static void
check_session(const struct walk *walk)
{
	static const enum session_state states[] = { SESSION_FRESH,
		SESSION_READY, SESSION_SENDER, SESSION_RECIPIENT, SESSION_DATA,
		SESSION_CLOSING };
	static const struct session_mail none;
	const struct model *model = &walk->model;
	const struct session *session;
	bool mail = model->where == SENDER || model->where == RECIPIENT ||
		    model->where == CONTENT;

	assert_non_null(walk->rig.dialogue);
	session = dialogue_session(walk->rig.dialogue);
	assert_int_equal(session->state, states[model->where]);
	if (!mail)
		assert_memory_equal(&session->mail, &none, sizeof(none));
	assert_int_equal(mail, session->mail.envelope != NULL);
	if (model->where != CONTENT) {
		assert_null(session->mail.spool);
		assert_null(session->mail.limiter);
		assert_int_equal(session->times.progress_ms, 0);
	}
	assert_int_equal(session->times.discard_ms, 0);
	assert_null(session->forwarded);
	assert_null(session->identity.user);
	if (model->where == CLOSED)
		return;
	assert_int_equal(session->skipped, 0);
	assert_int_equal(model->named, session->identity.helo != NULL);
	assert_int_equal(model->esmtp, session->identity.esmtp);
	assert_int_equal(model->errors, session->counts.errors);
	assert_int_equal(model->idle, session->counts.idle);
}

static void
connect_again(struct walk *walk)
{
	rig_disconnect(&walk->rig);
	g_string_truncate(walk->trace, 0);
	g_string_truncate(walk->model.told, 0);
	walk->model.trusted = g_rand_int_range(walk->dice, 0, 8) > 0;
	walk->model.where = FRESH;
	walk->model.named = walk->model.esmtp = false;
	walk->model.recipients = walk->model.errors = walk->model.idle = 0;
	walk->rig.peer.allowed = walk->model.trusted;
	rig_connect(&walk->rig);
	rig_run(&walk->rig);
	tell(&walk->model, "220 ");
	check_told(walk);
}

/* One client, whose steps follow from the seed; returns how many there were. */
static unsigned
walk_session(struct walk *walk, uint32_t seed)
{
	unsigned steps = 0;

	g_rand_set_seed(walk->dice, seed);
	connect_again(walk);
	for (; steps < SESSION_STEPS && walk->model.where != CLOSED; steps++) {
		if (walk->model.where == CONTENT)
			step_mail(walk);
		else
			step_command(walk);
		check_told(walk);
		check_session(walk);
	}
	return steps;
}

static struct walk walk;

static int
set_up(void **state)
{
	(void)state;
	rig_open(&walk.rig, SETTINGS);
	walk.dice = g_rand_new();
	walk.trace = g_string_new(NULL);
	walk.model.told = g_string_new(NULL);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	rig_close(&walk.rig);
	g_rand_free(walk.dice);
	g_string_free(walk.trace, TRUE);
	g_string_free(walk.model.told, TRUE);
	return 0;
}

static uint32_t seed;

static void
test_one(void **state)
{
	(void)state;
	walk_session(&walk, seed);
	print_message("%s", walk.trace->str);
}

static void
test_machine(void **state)
{
	const char *wanted = g_getenv("STEPS");
	uint64_t most =
	    wanted != NULL ? g_ascii_strtoull(wanted, NULL, 10) : STEPS;
	uint64_t steps = 0;

	(void)state;
	for (seed = 1; steps < most; seed++)
		steps += walk_session(&walk, seed);
	print_message("%" PRIu64 " steps, %" PRIu32 " clients, %u mails\n",
	    steps, seed - 1, walk.accepted);
	assert_true(walk.accepted > most / 500);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest one[] = { cmocka_unit_test(test_one) };
	const struct CMUnitTest all[] = { cmocka_unit_test(test_machine) };
	int failed;

	log_open(&(struct log_options){ .level = LOG_LEVEL_ERROR });
	if (argc > 1) {
		seed = (uint32_t)g_ascii_strtoull(argv[1], NULL, 10);
		return cmocka_run_group_tests(one, set_up, tear_down);
	}
	failed = cmocka_run_group_tests(all, set_up, tear_down);
	if (failed > 0)
		fprintf(stderr, "test_machine %" PRIu32 " replays it\n", seed);
	return failed;
}
