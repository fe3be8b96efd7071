/* SPDX-License-Identifier: MIT */
#include "core/clock.h"
#include "core/config.h"
#include "mail/parse.h"
#include "mail/sample.h"
#include "status/handin.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>

/* The stage behind the hand-in: what it answers, or whether it keeps the mail.
 */
struct stage {
	unsigned code;
	const char *enhanced, *text;
	bool keeps;
	struct submission *kept;
	sem_t came; /* a mail */
	char from[64], listener[16], user[16], peer[32];
	unsigned recipients, mails;
	const char *first; /* of the answer; NULL: none */
	char *key, *digest;
	enum answer_when when;
};

struct stand {
	struct stage stage;
	struct budget *budget;
	struct spool_place place;
	struct config *config;
	struct handin *handin;
};

static const struct setting server[] = {
	{ "server", "state_dir", SETTING_PATH, .help = "" },
	{ "server", "answer", SETTING_CHOICE, "queued",
	    .choices = "queued|delivered", .help = "" },
	{ "server", "max_size", SETTING_SIZE, "100000", .max = 1 << 30,
	    .help = "" },
	{ "server", "recipients", SETTING_NUMBER, "10", .max = 50000,
	    .help = "" },
	{ "listener", "address", SETTING_ENDPOINT, .help = "" },
	{ .section = NULL },
};

/* The config that these variables make; blanks between. */
static struct config *
read_config(const char *variables)
{
	static const struct setting *const tables[] = { server, handin_settings,
		NULL };
	g_auto(GStrv) environment = g_strsplit(variables, " ", -1);
	struct config_source source = { .environment = environment };
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
	struct config *config = config_read(&source, tables, errors);

	if (config == NULL)
		fail_msg("%s", (const char *)errors->pdata[0]);
	return config;
}

static void
on_submission(void *object, struct submission *submission)
{
	struct stage *stage = object;
	const struct envelope *envelope = submission->envelope;
	struct answer *answer;

	stage->mails++;
	stage->recipients = envelope->recipients->len;
	stage->when = submission->when;
	g_strlcpy(stage->from,
	    envelope->sender != NULL ? envelope->sender->text : "",
	    sizeof stage->from);
	g_strlcpy(
	    stage->listener, submission->listener, sizeof stage->listener);
	g_strlcpy(stage->user, submission->user != NULL ? submission->user : "",
	    sizeof stage->user);
	g_strlcpy(stage->peer, submission->peer, sizeof stage->peer);
	g_free(stage->key);
	g_free(stage->digest);
	stage->key = g_strdup(submission->idempotency_key);
	stage->digest = g_strdup(submission->idempotency_digest);
	if (stage->keeps) {
		stage->kept = submission;
		sem_post(&stage->came);
		return;
	}
	answer = answer_new(submission->return_to.session, stage->code,
	    stage->enhanced, stage->text);
	if (stage->first != NULL)
		g_strlcpy(answer->first, stage->first, sizeof answer->first);
	submission->return_to.post(submission->return_to.server, answer);
	submission_free(submission);
}

static const char *const *
name_routes(const struct config *config)
{
	static const char *const names[] = { "default", "bulk", NULL };

	(void)config;
	return names;
}

static void
set_up(struct stand *stand, const char *settings, uint64_t memory)
{
	struct handin_options options = {
		.hostname = "mail.example.com",
		.place = &stand->place,
		.onward = on_submission,
		.routes = name_routes,
		.stage = &stand->stage,
	};

	*stand = (struct stand){ 0 };
	stand->stage.code = 250;
	stand->stage.enhanced = "2.0.0";
	stand->stage.text = "Ok: queued as X";
	sem_init(&stand->stage.came, 0, 0);
	options.budget = stand->budget = stand->place.budget =
	    budget_new(memory);
	options.config = stand->config = read_config(settings);
	stand->handin = handin_new(&options);
}

static void
tear_down(struct stand *stand)
{
	handin_free(stand->handin);
	config_unref(stand->config);
	budget_free(stand->budget);
	sem_destroy(&stand->stage.came);
	g_free(stand->stage.key);
	g_free(stand->stage.digest);
}

static const struct handin_order order = {
	.who = "token shop",
	.user = "shop",
	.peer = "192.0.2.1",
};

static struct composition *
make_composition(struct stand *stand)
{
	struct composition *composition = composition_new();

	composition->from = g_strdup("Some Name <some@example.com>");
	g_ptr_array_add(composition->to, g_strdup("one@example.org"));
	g_ptr_array_add(composition->bcc, g_strdup("two@example.org"));
	composition->text = spool_new(&stand->place);
	assert_true(spool_append(composition->text, "Hi", 2));
	assert_true(spool_seal(composition->text));
	return composition;
}

#define QUEUED    "POSTFERRY_SERVER_STATE_DIR=/tmp"
#define DELIVERED QUEUED " POSTFERRY_SERVER_HTTP_ANSWER=delivered"

static const struct answer_row {
	const char *name, *settings;
	unsigned code;
	const char *enhanced, *text;
	unsigned status;
	bool again; /* Retry-After */
} answers[] = {
	{ "queued", QUEUED, 250, "2.0.0", "Ok: queued as X", 202, false },
	{ "delivered", DELIVERED, 250, "2.0.0", "Ok: X accepted by m", 200,
	    false },
	{ "delivered in part", DELIVERED, 250, "2.0.0", "Ok: queued as X", 202,
	    false },
	{ "no queue", "", 250, "2.0.0", "Ok: X accepted by m", 200, false },
	{ "disk full", QUEUED, 452, "4.3.1", "no room", 507, true },
	{ "disk bad", QUEUED, 451, "4.3.0", "later", 503, true },
	{ "all providers down", DELIVERED, 451, "4.4.1", "later", 503, true },
	{ "refused", DELIVERED, 550, "5.1.1", "no such user", 422, false },
	{ "refused as a whole", DELIVERED, 554, "5.6.0", "bad", 422, false },
};

static void
check_answer(const struct answer_row *row)
{
	struct stand stand;
	struct composition *composition;
	struct handin_answer answer;

	set_up(&stand, row->settings, 1 << 30);
	stand.stage.code = row->code;
	stand.stage.enhanced = row->enhanced;
	stand.stage.text = row->text;
	composition = make_composition(&stand);
	handin_compose(stand.handin, composition, &order, &answer);
	if (answer.code != row->status || strcmp(answer.text, row->text) != 0 ||
	    (answer.retry_after > 0) != row->again ||
	    (strlen(answer.id) == ID_LENGTH) != (row->status < 300))
		fail_msg("%s: %u %s", row->name, answer.code, answer.text);
	assert_string_equal(stand.stage.from, "some@example.com");
	assert_string_equal(stand.stage.listener, "http");
	assert_string_equal(stand.stage.user, "shop");
	assert_string_equal(stand.stage.peer, "192.0.2.1");
	assert_int_equal(stand.stage.recipients, 2);
	assert_int_equal(stand.stage.when, strcmp(row->settings, QUEUED) == 0
					       ? ANSWER_QUEUED
					       : ANSWER_DELIVERED);
	handin_answer_clear(&answer);
	composition_free(composition);
	tear_down(&stand);
}

static void
test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(answers); i++)
		check_answer(&answers[i]);
}

/* What never gets onward. */
static void
expect_refusal(
    struct stand *stand, struct composition *composition, unsigned code)
{
	struct handin_answer answer;

	handin_compose(stand->handin, composition, &order, &answer);
	if (answer.code != code)
		fail_msg("%u, not %u: %s", answer.code, code, answer.text);
	assert_int_equal(stand->stage.mails, 0);
	assert_true((answer.errors != NULL) == (code == 400));
	handin_answer_clear(&answer);
	composition_free(composition);
}

static void
test_refusals(void **state)
{
	struct stand stand;
	struct composition *composition;
	g_autofree char *large = g_strnfill(200000, 'x');

	(void)state;
	set_up(&stand, QUEUED, 1 << 30);
	composition = make_composition(&stand);
	g_clear_pointer(&composition->from, g_free);
	expect_refusal(&stand, composition, 400);
	composition = make_composition(&stand);
	composition->route = g_strdup("unheard-of");
	expect_refusal(&stand, composition, 422);
	composition = make_composition(&stand);
	composition_add_header(composition, "X-Postferry-Doubt", "never");
	expect_refusal(&stand, composition, 422);
	composition = make_composition(&stand);
	composition->html = spool_new(&stand.place);
	assert_true(spool_append(composition->html, large, strlen(large)));
	assert_true(spool_seal(composition->html));
	expect_refusal(&stand, composition, 413);
	tear_down(&stand);

	set_up(&stand, DELIVERED, 1000000);
	composition = make_composition(&stand);
	assert_true(budget_take(stand.budget, 950000));
	expect_refusal(&stand, composition, 503);
	budget_give(stand.budget, 950000);
	tear_down(&stand);
}

static void
test_import(void **state)
{
	struct stand stand;
	struct spool *mail;
	struct import import = { 0 };
	struct handin_answer answer;
	const char *const bytes = "From: a@example.com\nTo: b@example.org\n"
				  "X-Postferry-Route: bulk\n\nHi\n";

	(void)state;
	set_up(&stand, QUEUED, 1 << 30);
	mail = spool_new(&stand.place);
	assert_true(spool_append(mail, bytes, strlen(bytes)));
	assert_true(spool_seal(mail));
	import.mail = mail;
	handin_import(stand.handin, &import, &order, &answer);
	assert_int_equal(answer.code, 202);
	assert_string_equal(stand.stage.from, "a@example.com");
	handin_answer_clear(&answer);
	spool_unref(mail);
	tear_down(&stand);
}

/* Each who has a minute of its own, and what is too much is not looked at. */
static void
test_rate(void **state)
{
	static const struct handin_order other = { .who = "token mill" };
	struct stand stand;
	struct composition *composition;
	struct handin_answer answer;

	(void)state;
	set_up(&stand, QUEUED " POSTFERRY_SERVER_HTTP_RATE=2", 1 << 30);
	composition = make_composition(&stand);
	for (unsigned i = 0; i < 3; i++) {
		handin_compose(stand.handin, composition, &order, &answer);
		assert_int_equal(answer.code, i < 2 ? 202 : 429);
		assert_true((answer.retry_after > 0) == (i == 2));
		handin_answer_clear(&answer);
	}
	handin_compose(stand.handin, composition, &other, &answer);
	assert_int_equal(answer.code, 202);
	handin_answer_clear(&answer);
	assert_int_equal(stand.stage.mails, 3);
	composition_free(composition);
	tear_down(&stand);
}

/* ---- keys ---- */

#define FIRST "01JQZX3V5K8M2N4P6R7S9T0W1Y"

/* Hands in one with that subject and key. */
static struct handin_answer
hand_in(
    struct stand *stand, const char *subject, const char *who, const char *key)
{
	struct handin_order keyed = { .who = who, .key = key };
	struct composition *composition = make_composition(stand);
	struct handin_answer answer;

	composition->subject = g_strdup(subject);
	handin_compose(stand->handin, composition, &keyed, &answer);
	composition_free(composition);
	return answer;
}

/* What the queue is told: who and key make one key, and alike is what says the
 * same.  It waits for the queue, whatever else does. */
static void
test_key(void **state)
{
	struct stand stand;
	struct handin_answer answer;
	g_autofree char *key = NULL, *digest = NULL;

	(void)state;
	set_up(&stand, DELIVERED, 1 << 30);
	answer = hand_in(&stand, "Hi", "token a", "one");
	assert_int_equal(answer.code, 202);
	assert_int_equal(stand.stage.when, ANSWER_QUEUED);
	handin_answer_clear(&answer);
	key = g_strdup(stand.stage.key);
	digest = g_strdup(stand.stage.digest);
	answer = hand_in(&stand, "Hi", "token a", "one");
	handin_answer_clear(&answer);
	assert_string_equal(stand.stage.key, key);
	assert_string_equal(stand.stage.digest, digest);
	answer = hand_in(&stand, "Ho", "token b", "one");
	handin_answer_clear(&answer);
	assert_string_not_equal(stand.stage.key, key);
	assert_string_not_equal(stand.stage.digest, digest);
	answer = hand_in(&stand, "Hi", "token b", NULL);
	handin_answer_clear(&answer);
	assert_null(stand.stage.key);
	assert_int_equal(stand.stage.when, ANSWER_DELIVERED);
	tear_down(&stand);
}

static void
test_key_answers(void **state)
{
	struct stand stand;
	struct handin_answer answer;

	(void)state;
	set_up(&stand, QUEUED, 1 << 30);
	stand.stage.first = FIRST;
	answer = hand_in(&stand, "Hi", "token a", "one");
	assert_int_equal(answer.code, 202);
	assert_true(answer.replayed);
	assert_string_equal(answer.id, FIRST);
	handin_answer_clear(&answer);
	stand.stage.code = 554;
	answer = hand_in(&stand, "Hi", "token a", "one");
	assert_int_equal(answer.code, 409);
	assert_false(answer.replayed);
	assert_string_equal(answer.id, FIRST);
	assert_non_null(strstr(answer.text, FIRST));
	handin_answer_clear(&answer);
	tear_down(&stand);
}

static void
test_bad_keys(void **state)
{
	g_autofree char *long_key = g_strnfill(HANDIN_KEY_MAX + 1, 'x');
	const char *const keys[] = { "", "\xc3\xa4", "a\nb", long_key };
	struct stand stand;
	struct handin_answer answer;

	(void)state;
	set_up(&stand, QUEUED, 1 << 30);
	for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
		answer = hand_in(&stand, "Hi", "token a", keys[i]);
		assert_int_equal(answer.code, 400);
		assert_int_equal(answer.errors->len, 1);
		handin_answer_clear(&answer);
	}
	tear_down(&stand);
	set_up(&stand, "", 1 << 30);
	answer = hand_in(&stand, "Hi", "token a", "one");
	assert_int_equal(answer.code, 400);
	handin_answer_clear(&answer);
	assert_int_equal(stand.stage.mails, 0);
	tear_down(&stand);
}

/* ---- the wait ---- */

static void *
run_waiting(void *object)
{
	struct stand *stand = object;
	struct composition *composition = make_composition(stand);
	struct handin_answer *answer = g_new0(struct handin_answer, 1);

	handin_compose(stand->handin, composition, &order, answer);
	composition_free(composition);
	return answer;
}

static void
wait_for_mail(struct stand *stand)
{
	while (sem_wait(&stand->stage.came) != 0)
		assert_int_equal(errno, EINTR);
}

static void
answer_kept(struct stand *stand)
{
	submission_answer(stand->stage.kept, 250, "2.0.0", "Ok: queued as X");
	submission_free(stand->stage.kept);
}

static void
on_stopped(void *count)
{
	++*(unsigned *)count;
}

static void
expect_code(pthread_t thread, unsigned code)
{
	void *result;
	struct handin_answer *answer;

	assert_int_equal(pthread_join(thread, &result), 0);
	answer = result;
	assert_int_equal(answer->code, code);
	handin_answer_clear(answer);
	g_free(answer);
}

/* Who waits when it stops is answered; it has stopped then, and takes no more.
 */
static void
test_stop(void **state)
{
	struct stand stand;
	pthread_t thread;
	unsigned stopped = 0;

	(void)state;
	set_up(&stand, QUEUED, 1 << 30);
	stand.stage.keeps = true;
	assert_int_equal(pthread_create(&thread, NULL, run_waiting, &stand), 0);
	wait_for_mail(&stand);
	handin_stop(stand.handin, on_stopped, &stopped);
	assert_int_equal(stopped, 0);
	answer_kept(&stand);
	assert_int_equal(stopped, 1);
	expect_code(thread, 202);
	assert_int_equal(pthread_create(&thread, NULL, run_waiting, &stand), 0);
	expect_code(thread, 503);
	assert_int_equal(stand.stage.mails, 1);
	tear_down(&stand);

	stopped = 0;
	set_up(&stand, QUEUED, 1 << 30);
	handin_stop(stand.handin, on_stopped, &stopped);
	assert_int_equal(stopped, 1);
	tear_down(&stand);
}

/* One that comes after its time is nobody's. */
static void
test_late(void **state)
{
	struct stand stand;
	pthread_t thread;
	struct submission *first;

	(void)state;
	set_up(&stand, QUEUED " POSTFERRY_SERVER_HTTP_DEADLINE=1ms", 1 << 30);
	stand.stage.keeps = true;
	assert_int_equal(pthread_create(&thread, NULL, run_waiting, &stand), 0);
	wait_for_mail(&stand);
	first = stand.stage.kept;
	expect_code(thread, 503);
	submission_answer(first, 250, "2.0.0", "Ok: queued as X");
	submission_free(first);
	tear_down(&stand);
}

/* A config that comes while mail is handed in. */
static void
test_renew(void **state)
{
	struct stand stand;
	pthread_t thread;
	struct config *config =
	    read_config(QUEUED " POSTFERRY_SERVER_MAX_SIZE=1024");

	(void)state;
	set_up(&stand, QUEUED, 1 << 30);
	stand.stage.keeps = true;
	assert_int_equal(pthread_create(&thread, NULL, run_waiting, &stand), 0);
	wait_for_mail(&stand);
	assert_int_equal(handin_size_most(stand.handin), 100000);
	handin_renew(stand.handin, config, "other.example.com");
	config_unref(config);
	assert_int_equal(handin_size_most(stand.handin), 1024);
	answer_kept(&stand);
	expect_code(thread, 202);
	tear_down(&stand);
}

static void
test_settings(void **state)
{
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
	struct config *config =
	    read_config("POSTFERRY_SERVER_HTTP_ANSWER=queued");

	(void)state;
	assert_false(handin_check(config, errors));
	assert_non_null(strstr(errors->pdata[0], "state_dir"));
	config_unref(config);
	config = read_config("");
	assert_true(handin_check(config, errors));
	config_unref(config);
	config = read_config("POSTFERRY_LISTENER_HTTP_ADDRESS=127.0.0.1:0");
	assert_false(handin_check(config, errors));
	assert_non_null(strstr(errors->pdata[1], "[listener http]"));
	config_unref(config);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_import),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_key),
		cmocka_unit_test(test_key_answers),
		cmocka_unit_test(test_bad_keys),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_renew),
		cmocka_unit_test(test_settings),
	};

	parse_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
