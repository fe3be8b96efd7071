/* SPDX-License-Identifier: MIT */
/*
 * The session as a state machine: random commands, responses of AUTH,
 * handshakes, mails and answers, split at random, at listeners of several
 * kinds, beside a small model (machine.h).  After each step what was told must
 * be what the model says, and the session must be a fresh one but for what the
 * RFCs keep.  The authority is the test's own.  test_machine SEED replays one
 * session and prints it; STEPS=N: so many steps.
 */
#include "machine_words.h"
#include "rig.h"
#include "secure.h"

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
	"greet_pause = 0\n"
#define TLS   "tls_certificate = %s\ntls = "
#define USERS "auth = users\n[server]\nusers = /dev/null\n"

static const struct machine_kind kinds[] = {
	{ .settings = SETTINGS },
	{ .settings = SETTINGS "protocol = lmtp\n", .lmtp = true },
	{ .settings = SETTINGS "auth = any\n", .any = true },
	{ .settings = SETTINGS TLS "offered\n" USERS,
	    .users = true,
	    .offered = true },
	{ .settings = SETTINGS TLS "required\n" USERS,
	    .users = true,
	    .required = true },
	{ .settings = SETTINGS TLS "implicit\n" USERS,
	    .users = true,
	    .tls = true },
	{ .settings = SETTINGS "auth = any\nprotocol = lmtp\n" TLS "offered\n",
	    .lmtp = true,
	    .any = true,
	    .offered = true },
};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define STEPS 40000
#else
#define STEPS 200000
#endif
/* of one client, at most */
#define SESSION_STEPS 60

/* ---- one step ---- */

struct walk {
	struct rig rigs[G_N_ELEMENTS(kinds)];
	struct rig *rig; /* of this client */
	char *folder;    /* of a certificate */
	struct model model;
	GRand *dice;
	GString *trace;
	unsigned accepted; /* mails */
	unsigned handshakes, logins;
};

/* What was asked of the authority; NULL: nothing. */
static struct authority_ask *asked;

void
authority_ask_post(struct authority *authority, struct authority_ask *ask)
{
	(void)authority;
	assert_null(asked);
	asked = ask;
}

void
authority_ask_free(struct authority_ask *ask)
{
	if (ask == NULL)
		return;
	g_free(ask->name);
	g_free(ask->password);
	g_free(ask);
}

/* In pieces, or whole. */
static void
say(struct walk *walk, const char *text, size_t length)
{
	unsigned piece = g_rand_int_range(walk->dice, 0, 4) > 0
			     ? (unsigned)length
			     : (unsigned)g_rand_int_range(walk->dice, 1, 8);

	for (size_t at = 0; at < length; at += piece)
		rig_say(walk->rig, text + at, MIN(piece, length - at));
}

/* True when it leads somewhere. */
static bool
is_lively(const struct model *model, const struct act *act)
{
	bool may = (act->where & IN(model->where)) != 0 &&
		   !(act->late && model->kind->required && !model->secure);

	if (act->fn == do_starttls)
		return may && has_starttls(model);
	if (act->fn == do_plain || act->fn == do_login)
		return may && has_auth(model) && !model->user && !model->anyone;
	return may && act->fn != do_close && act->fn != do_break &&
	       act->fn != do_say && act->fn != do_rset &&
	       act->fn != do_mechanism && !(model->named && act->idle);
}

/* What leads somewhere comes more often than what does not. */
static const struct act *
pick_act(struct walk *walk)
{
	const struct act *act = NULL;

	for (int i = 0; i < 8; i++) {
		act = &acts[g_rand_int_range(
		    walk->dice, 0, (int)G_N_ELEMENTS(acts))];
		if (is_lively(&walk->model, act))
			break;
	}
	return act;
}

/* What the authority says, when it is asked. */
static void
draw_verdict(struct walk *walk)
{
	static const enum authority_word words[] = { AUTHORITY_RIGHT,
		AUTHORITY_RIGHT, AUTHORITY_RIGHT, AUTHORITY_RIGHT,
		AUTHORITY_RIGHT, AUTHORITY_RIGHT, AUTHORITY_LATER,
		AUTHORITY_TOO_OFT };

	walk->model.asked = false;
	walk->model.ties = g_rand_int_range(walk->dice, 0, 2) > 0;
	walk->model.word =
	    words[g_rand_int_range(walk->dice, 0, (int)G_N_ELEMENTS(words))];
}

static void
judge(struct walk *walk)
{
	static char *own[] = { (char *)"a@x.y", NULL };
	const struct model *model = &walk->model;
	struct authority_verdict verdict = { .word = model->word };

	assert_int_equal(model->asked, asked != NULL);
	if (asked == NULL)
		return;
	assert_string_equal(asked->name, model->name);
	assert_int_equal(strcmp(asked->password, "right") == 0 &&
			     strcmp(asked->name, "ann") == 0,
	    model->right);
	if (model->word == AUTHORITY_RIGHT && model->ties)
		verdict.senders = own;
	walk->logins += model->word == AUTHORITY_RIGHT;
	dialogue_judge(walk->rig->dialogue, &verdict);
	g_clear_pointer(&asked, authority_ask_free);
	rig_run(walk->rig);
}

static void
step_command(struct walk *walk)
{
	const struct act *act = pick_act(walk);
	struct model *model = &walk->model;

	draw_verdict(walk);
	g_string_append_printf(walk->trace, "> %s", act->text);
	if (act->late && model->kind->required && !model->secure)
		refuse(model, "530 5.7.0");
	else if ((act->where & IN(model->where)) == 0)
		refuse(model, "503 5.5.1");
	else
		act->fn(model, act);
	if (act->idle && model->where != CLOSED && ++model->idle > IDLE_FREE)
		count_error(model);
	/* Groups come in one piece, or they are none. */
	if (act->fn == do_break)
		rig_say(walk->rig, act->text, strlen(act->text));
	else
		say(walk, act->text, strlen(act->text));
	judge(walk);
}

static void
step_shake(struct walk *walk)
{
	g_string_append(walk->trace, "> handshake\n");
	assert_true(rig_shake(walk->rig));
	walk->handshakes++;
	shake(&walk->model);
}

/* What a response is, said where the exchange is. */
static enum result
find_result(const struct model *model, unsigned i)
{
	enum result result = responses[i].second;

	if (!model->login)
		return responses[i].plain;
	if (!model->second)
		return responses[i].first;
	if (model->name == NULL && (result == RIGHT || result == WRONG))
		return NOBODY;
	return result == RIGHT && strcmp(model->name, "ann") != 0 ? WRONG
								  : result;
}

static void
step_exchange(struct walk *walk)
{
	unsigned i = (unsigned)g_rand_int_range(
	    walk->dice, 0, (int)G_N_ELEMENTS(responses));
	struct model *model = &walk->model;
	enum result result = find_result(model, i);
	g_autofree char *large = g_strnfill(SASL_LINE_MAX + 1, 'x');
	const char *text = responses[i].text;

	draw_verdict(walk);
	g_string_append_printf(walk->trace, "> response %u\n", i);
	if (text == NULL) {
		memcpy(large + SASL_LINE_MAX - 1, "\r\n", 2);
		text = large;
	}
	if (model->login && !model->second && result == ASKS) {
		model->second = true;
		model->name = responses[i].name;
	}
	take_result(model, result);
	if (result == TOGETHER)
		rig_say(walk->rig, text, responses[i].length);
	else
		say(walk, text, responses[i].length);
	judge(walk);
}

static const char *
find_protocol(const struct model *model)
{
	static char text[16];

	g_snprintf(text, sizeof(text), "%s%s%s%s", model->utf8 ? "UTF8" : "",
	    model->kind->lmtp              ? "LMTP"
	    : model->esmtp && !model->utf8 ? "ESMTP"
					   : "SMTP",
	    model->secure && (model->esmtp || model->utf8) ? "S" : "",
	    model->user && (model->esmtp || model->utf8) ? "A" : "");
	return text;
}

/* Number i of the answers is told. */
static void
tell_answer(struct walk *walk, unsigned i)
{
	struct model *model = &walk->model;
	g_autofree char *reply =
	    g_strdup_printf("%u %s", answers[i].code, answers[i].enhanced);

	g_string_append_printf(walk->trace, "= %s\n", reply);
	tell(model, reply);
	if (answers[i].code == 250)
		model->errors = model->idle = 0;
}

static unsigned
draw_answer(struct walk *walk)
{
	return (unsigned)g_rand_int_range(
	    walk->dice, 0, (int)G_N_ELEMENTS(answers));
}

/* One recipient gets its own. */
static void
answer_each(struct walk *walk, struct answer *answer, unsigned other)
{
	const struct model *model = &walk->model;
	unsigned count = (unsigned)strlen(model->recipients);
	unsigned own = draw_answer(walk);
	unsigned one = (unsigned)g_rand_int_range(walk->dice, 0, (int)count);
	struct answer_line line = { answers[own].code,
		(char *)answers[own].enhanced, (char *)"its own" };

	answer_set_each(answer, count, one, line);
	for (unsigned i = 0; i < model->owed; i++)
		tell_answer(walk, model->owed_to[i] == one ? own : other);
}

static void
answer(struct walk *walk)
{
	struct model *model = &walk->model;
	unsigned i = draw_answer(walk);
	const struct submission *submission = walk->rig->submission;
	struct answer *answer =
	    answer_new(1, answers[i].code, answers[i].enhanced, "said the rig");

	assert_non_null(submission);
	assert_string_equal(submission->protocol, find_protocol(model));
	assert_int_equal(
	    submission->envelope->recipients->len, strlen(model->recipients));
	if (model->kind->lmtp)
		answer_each(walk, answer, i);
	else
		tell_answer(walk, i);
	forget(model);
	walk->accepted += answers[i].code == 250;
	if (answers[i].code == 421)
		model->where = CLOSED;
	rig_answer(walk->rig, answer);
}

/* LMTP: to each; it is one error, however often it is said. */
static void
refuse_mail(struct model *model, const char *reply)
{
	unsigned owed = model->owed;

	forget(model);
	refuse(model, reply);
	for (unsigned i = 1; i < owed && model->where != CLOSED; i++)
		tell(model, reply);
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
		refused = model->tied && mails[i].tied != NULL ? mails[i].tied
							       : mails[i].reply;
		text = mails[i].text;
		/* a tied user's bounce has a From */
		if (refused == NULL && model->tied && model->nobody &&
		    !g_str_has_prefix(text, "From:"))
			refused = "550 5.7.1";
		length = strlen(text);
	} else if (i == G_N_ELEMENTS(mails)) {
		refused = "550 5.6.0";
		text = "Subject: x\r\n\r\n\0\r\n.\r\n";
		length = strlen("Subject: x\r\n\r\n") + 6;
	}
	g_string_append_printf(walk->trace, "> mail %u\n", i);
	if (refused != NULL)
		refuse_mail(model, refused);
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
	g_auto(GStrv) heard = g_strsplit(walk->rig->heard->str, "\r\n", -1);
	g_auto(GStrv) told = g_strsplit(walk->model.told->str, "\n", -1);
	unsigned lines = g_strv_length(told);
	bool same = g_strv_length(heard) == lines;

	for (unsigned i = 0; same && i < lines; i++)
		same = g_str_has_prefix(heard[i], told[i]);
	g_string_append_printf(walk->trace, "< %s", walk->rig->heard->str);
	if (!same)
		fail_msg("told\n%sand not\n%s", walk->rig->heard->str,
		    walk->model.told->str);
	g_string_truncate(walk->rig->heard, 0);
	g_string_truncate(walk->model.told, 0);
}

static void
check_login(const struct model *model, const struct session *session)
{
	if (model->where != SHAKE)
		assert_int_equal(
		    model->secure, channel_tls(session->channel) != NULL);
	assert_int_equal(model->user, session->identity.user != NULL);
	assert_int_equal(model->anyone, session->identity.anyone);
	assert_int_equal(model->tied, session->identity.senders != NULL);
	assert_false(session->identity.certified);
	assert_int_equal(model->failures, session->login.failures);
	assert_int_equal(model->where == EXCHANGE, session->login.sasl != NULL);
}

/* What the RFCs do not keep is as it was at the start. */
static void
check_session(const struct walk *walk)
{
	static const enum session_state states[] = { SESSION_FRESH,
		SESSION_READY, SESSION_SENDER, SESSION_RECIPIENT, SESSION_DATA,
		SESSION_SASL, SESSION_HANDSHAKE, SESSION_CLOSING };
	static const struct session_mail none;
	const struct model *model = &walk->model;
	const struct session *session;
	bool mail = model->where == SENDER || model->where == RECIPIENT ||
		    model->where == CONTENT;

	assert_non_null(walk->rig->dialogue);
	session = dialogue_session(walk->rig->dialogue);
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
	if (model->where == CLOSED)
		return;
	assert_int_equal(session->skipped, 0);
	assert_int_equal(model->named, session->identity.helo != NULL);
	assert_int_equal(model->esmtp, session->identity.esmtp);
	assert_int_equal(model->errors, session->counts.errors);
	assert_int_equal(model->idle, session->counts.idle);
	check_login(model, session);
}

/* Handshakes take long: the first kinds, without, come more often. */
static unsigned
draw_kind(struct walk *walk)
{
	int count = (int)G_N_ELEMENTS(kinds);
	int number = g_rand_int_range(walk->dice, 0, 2 * count);

	return (unsigned)(number < count ? number : number % 3);
}

static void
connect_again(struct walk *walk)
{
	struct model *model = &walk->model;
	unsigned kind = draw_kind(walk);

	rig_disconnect(walk->rig);
	walk->rig = &walk->rigs[kind];
	g_string_truncate(walk->trace, 0);
	g_string_truncate(model->told, 0);
	*model = (struct model){
		.kind = &kinds[kind],
		.told = model->told,
		.trusted = g_rand_int_range(walk->dice, 0, 8) > 0,
	};
	walk->rig->peer.allowed = model->trusted;
	rig_connect(walk->rig);
	rig_run(walk->rig);
	if (kinds[kind].tls)
		step_shake(walk);
	tell(model, "220 ");
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
		else if (walk->model.where == EXCHANGE)
			step_exchange(walk);
		else if (walk->model.where == SHAKE)
			step_shake(walk);
		else
			step_command(walk);
		check_told(walk);
		check_session(walk);
	}
	return steps;
}

static struct walk walk;

static void
open_kind(struct walk *of, unsigned i)
{
	g_autofree char *path = secure_path(of->folder, "own.pem");
	g_autoptr(GString) settings = g_string_new(kinds[i].settings);

	g_string_replace(settings, "%s", path, 1);
	rig_open(&of->rigs[i], settings->str);
}

static int
set_up(void **state)
{
	(void)state;
	walk.folder = secure_folder();
	secure_write(walk.folder, &(struct wanted){ .file = "own.pem" });
	for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++)
		open_kind(&walk, i);
	walk.rig = &walk.rigs[0];
	walk.dice = g_rand_new();
	walk.trace = g_string_new(NULL);
	walk.model.told = g_string_new(NULL);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++)
		rig_close(&walk.rigs[i]);
	secure_remove(walk.folder);
	g_free(walk.folder);
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
	print_message("%" PRIu64 " steps, %" PRIu32
		      " clients, %u mails, %u handshakes, %u logins\n",
	    steps, seed - 1, walk.accepted, walk.handshakes, walk.logins);
	assert_true(walk.accepted > most / 500);
	assert_true(walk.handshakes > most / 500);
	assert_true(walk.logins > most / 2000);
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
