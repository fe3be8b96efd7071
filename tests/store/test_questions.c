/* SPDX-License-Identifier: MIT */
/* What people ask of the queue and do to it. */
#include "stand.h"

/* Three mails, one in each place: 1 waits, 2 is active, 3 is held. */
static void
fill(struct stand *stand)
{
	struct recipient held = {
		.state = RECIPIENT_HELD,
		.text = (char *)"why",
	};
	struct message *message;
	struct journal *journal;
	bool finished;

	message_unref(stand_accept(stand, 2, false));
	message_unref(stand_accept(stand, 2, true));
	message = stand_accept(stand, 2, true);
	journal = journal_new(JOURNAL_LANDED, message);
	journal_add_recipient(journal, 0, &held);
	journal->hold = "poison";
	stand_begin(stand);
	assert_int_equal(
	    stand->engine->enter(stand->self, journal, false, &finished),
	    ENGINE_OK);
	stand_commit(stand);
	journal_free(journal);
	message_unref(message);
}

static const char *const ids[] = {
	NULL,
	"00000000000000000000000001",
	"00000000000000000000000002",
	"00000000000000000000000003",
};

/* One slice. */
static void
act_on(struct stand *stand, struct engine_act *act)
{
	act->now_ms = 50000;
	stand_begin(stand);
	assert_int_equal(stand->engine->act(stand->self, act), ENGINE_OK);
	stand_commit(stand);
}

static void
act(struct stand *stand, struct store_ask *ask, GPtrArray *finished)
{
	struct engine_act act = {
		.ask = ask,
		.most = 10,
		.finished = finished,
	};

	act_on(stand, &act);
	assert_true(act.done);
}

/* Each deed at a mail in each place: what is true of it then. */
static const struct {
	const char *name;
	enum store_question question;
	unsigned mail;        /* 1 waits, 2 is active, 3 is held */
	const char *obstacle; /* NULL: it is done */
	const char *due, *hold, *states, *planned;
} deeds[] = {
	{ "retry waiting", STORE_RETRY, 1, NULL, "50000", "-", "0,0", "1001" },
	{ "retry active", STORE_RETRY, 2, "being sent", "-", "-", "0,0", "-" },
	{ "retry held", STORE_RETRY, 3, "release it", "-", "poison", "5,0",
	    "-" },
	{ "hold waiting", STORE_HOLD, 1, NULL, "-", "held by uid 0", "0,0",
	    "1001" },
	{ "hold active", STORE_HOLD, 2, "being sent", "-", "-", "0,0", "-" },
	{ "hold held", STORE_HOLD, 3, "held already", "-", "poison", "5,0",
	    "-" },
	{ "release waiting", STORE_RELEASE, 1, "not held", "1001", "-", "0,0",
	    "-" },
	{ "release active", STORE_RELEASE, 2, "not held", "-", "-", "0,0",
	    "-" },
	{ "release held", STORE_RELEASE, 3, NULL, "50000", "-", "0,0", "0" },
	{ "drop waiting", STORE_DROP, 1, NULL, "-", "-", "6,6", "-" },
	{ "drop active", STORE_DROP, 2, "being sent", "-", "-", "0,0", "-" },
	{ "drop held", STORE_DROP, 3, NULL, "-", "-", "6,6", "-" },
};

static void
check_deed(struct stand *stand, size_t i)
{
	g_autofree char *place = g_strdup_printf(
	    "SELECT coalesce(due, '-') || '|' || coalesce(hold, '-')"
	    " || '|' || coalesce(planned, '-') FROM mail WHERE number = %u",
	    deeds[i].mail);
	g_autofree char *states = g_strdup_printf(
	    "SELECT group_concat(state) FROM recipient WHERE mail = %u",
	    deeds[i].mail);
	g_autofree char *want = g_strdup_printf(
	    "%s|%s|%s", deeds[i].due, deeds[i].hold, deeds[i].planned);

	stand_expect(stand, place, want);
	stand_expect(stand, states, deeds[i].states);
	stand_expect(stand, "SELECT count(*) FROM act",
	    deeds[i].obstacle == NULL ? "1" : "0");
}

static void
test_deeds(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(deeds); i++) {
		struct stand *stand = stand_new();
		GPtrArray *finished = g_ptr_array_new_with_free_func(g_free);
		struct store_ask ask = {
			.question = deeds[i].question,
			.id = ids[deeds[i].mail],
			.who = "uid 0",
		};
		bool dropped;

		print_message("%s\n", deeds[i].name);
		fill(stand);
		act(stand, &ask, finished);
		assert_true(ask.found);
		assert_int_equal(
		    ask.changed, deeds[i].obstacle == NULL ? 1 : 0);
		if (deeds[i].obstacle == NULL)
			assert_null(ask.obstacle);
		else
			assert_non_null(
			    strstr(ask.obstacle, deeds[i].obstacle));
		check_deed(stand, i);
		dropped = deeds[i].question == STORE_DROP &&
			  deeds[i].obstacle == NULL;
		assert_int_equal(finished->len, dropped ? 1 : 0);
		store_ask_clear(&ask);
		g_ptr_array_unref(finished);
		stand_free(stand);
	}
}

/* One held, the other in doubt. */
static void
fill_doubt(struct stand *stand)
{
	const struct recipient held = { .state = RECIPIENT_HELD };
	const struct recipient doubt = { .state = RECIPIENT_DOUBT,
		.provider = (char *)"one",
		.until_ms = 99000,
		.doubts = 1 };
	struct message *message = stand_accept(stand, 2, true);
	struct journal *journal = journal_new(JOURNAL_LANDED, message);
	bool finished;

	journal_add_recipient(journal, 0, &held);
	journal_add_recipient(journal, 1, &doubt);
	journal->hold = "held by uid 0";
	stand_begin(stand);
	assert_int_equal(
	    stand->engine->enter(stand->self, journal, false, &finished),
	    ENGINE_OK);
	stand_commit(stand);
	journal_free(journal);
	message_unref(message);
}

/* Who is in doubt goes again when a person releases that mail, not with all. */
static void
test_release_doubt(void **state)
{
	(void)state;
	for (int all = 0; all < 2; all++) {
		struct stand *stand = stand_new();
		struct store_ask ask = { .question = STORE_RELEASE,
			.id = all ? NULL : ids[1],
			.place = -1,
			.who = "uid 0" };

		fill_doubt(stand);
		act(stand, &ask, NULL);
		assert_int_equal(ask.changed, 1);
		stand_expect(stand,
		    "SELECT group_concat(state) || '|' || sum(doubts)"
		    " FROM recipient",
		    all ? "0,4|1" : "0,0|1");
		store_ask_clear(&ask);
		stand_free(stand);
	}
}

static void
test_deed_absent(void **state)
{
	struct stand *stand = stand_new();
	struct store_ask ask = { .question = STORE_DROP, .id = "nobody" };

	(void)state;
	act(stand, &ask, NULL);
	assert_false(ask.found);
	assert_int_equal(ask.changed, 0);
	stand_free(stand);
}

/* Seven waiting and three held mails, in slices of four. */
static const struct {
	const char *name;
	enum store_question question;
	int place;
	unsigned changed; /* in all */
} bulks[] = {
	{ "retry what waits", STORE_RETRY, STORE_WAITING, 7 },
	{ "retry all", STORE_RETRY, -1, 7 },
	{ "retry what is held", STORE_RETRY, STORE_HELD, 0 },
	{ "hold all", STORE_HOLD, -1, 7 },
	{ "release all", STORE_RELEASE, -1, 3 },
	{ "release what is held", STORE_RELEASE, STORE_HELD, 3 },
	{ "drop what is held", STORE_DROP, STORE_HELD, 3 },
	{ "drop all", STORE_DROP, -1, 10 },
	{ "drop what is active", STORE_DROP, STORE_ACTIVE, 0 },
	{ "drop what is finished", STORE_DROP, STORE_FINISHED, 0 },
};

static void
fill_many(struct stand *stand)
{
	GPtrArray *finished = g_ptr_array_new_with_free_func(g_free);
	struct store_ask hold = {
		.question = STORE_HOLD,
		.place = -1,
		.who = "uid 0",
	};

	for (int i = 0; i < 3; i++)
		message_unref(stand_accept(stand, 1, false));
	act(stand, &hold, finished);
	assert_int_equal(hold.changed, 3);
	for (int i = 0; i < 7; i++)
		message_unref(stand_accept(stand, 1, false));
	/* due later than now; four of them were tried before */
	stand_run(stand, "UPDATE mail SET due = 60000, rounds = number % 2"
			 " WHERE due IS NOT NULL");
	g_ptr_array_unref(finished);
}

static void
test_bulks(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(bulks); i++) {
		struct stand *stand = stand_new();
		GPtrArray *finished = g_ptr_array_new_with_free_func(g_free);
		struct store_ask ask = {
			.question = bulks[i].question,
			.place = bulks[i].place,
			.who = "uid 0",
		};
		struct engine_act slice = {
			.ask = &ask,
			.most = 4,
			.finished = finished,
		};
		unsigned changed = 0, rounds = 0;

		print_message("%s\n", bulks[i].name);
		fill_many(stand);
		do {
			act_on(stand, &slice);
			changed += ask.changed;
			assert_true(ask.changed <= 4 && ++rounds < 5);
		} while (!slice.done);
		assert_int_equal(changed, bulks[i].changed);
		assert_int_equal(finished->len,
		    bulks[i].question == STORE_DROP ? changed : 0);
		store_ask_clear(&ask);
		g_ptr_array_unref(finished);
		stand_free(stand);
	}
}

/* Each takes what the other has done: both end all the same, and no mail is
 * met twice by one of them, nor one that came later. */
static void
test_bulks_beside_each_other(void **state)
{
	static const enum store_question questions[] = { STORE_HOLD,
		STORE_RELEASE, STORE_RETRY };
	struct stand *stand = stand_new();
	struct store_ask asks[3];
	struct engine_act acts[3];
	unsigned changed[3] = { 0 }, rounds = 0;

	(void)state;
	fill_many(stand);
	for (unsigned i = 0; i < 3; i++) {
		asks[i] = (struct store_ask){
			.question = questions[i], .place = -1, .who = "uid 0"
		};
		acts[i] = (struct engine_act){ .ask = &asks[i], .most = 2 };
	}
	while (!acts[0].done || !acts[1].done || !acts[2].done) {
		for (unsigned i = 0; i < 3; i++) {
			if (acts[i].done)
				continue;
			act_on(stand, &acts[i]);
			changed[i] += asks[i].changed;
		}
		/* each is as if it had been tried in vain, and one more comes
		 */
		stand_run(stand, "UPDATE mail SET due = 70000"
				 " WHERE due IS NOT NULL");
		message_unref(stand_accept(stand, 1, false));
		assert_true(++rounds < 20);
	}
	for (unsigned i = 0; i < 3; i++) {
		assert_true(changed[i] > 2 && changed[i] <= 10);
		assert_int_equal(acts[i].bound, 10);
		store_ask_clear(&asks[i]);
	}
	stand_expect(stand,
	    "SELECT count(*) FROM (SELECT mail, what, count(*) AS times"
	    " FROM act WHERE at = 50000 GROUP BY mail, what) WHERE times > 2",
	    "0");
	stand_free(stand);
}

/* Few are meant of very many. */
static void
test_bulk_of_many(void **state)
{
	struct stand *stand = stand_new();
	struct store_ask ask = {
		.question = STORE_RELEASE,
		.place = -1,
		.who = "uid 0",
	};
	struct engine_act slice = { .ask = &ask, .most = 200 };
	unsigned rounds = 0, changed = 0;

	(void)state;
	fill_many(stand);
	/* far apart, as if there were more between */
	stand_run(stand,
	    "WITH RECURSIVE n (i) AS (SELECT 11 UNION ALL"
	    " SELECT i + 1 FROM n WHERE i < 12010)"
	    " INSERT INTO mail (number, id, received, peer, repaired,"
	    " eightbit, declared, size, digest, header_end, header_start,"
	    " long_lines, folds, body_escapes, traits, in_file, report,"
	    " remaining, due) SELECT i, printf('%026d', i), 1, '', 0, 0, 0,"
	    " 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 60000 FROM n");
	while (!slice.done) {
		slice.now_ms = 50000;
		stand_begin(stand);
		assert_int_equal(
		    stand->engine->act(stand->self, &slice), ENGINE_OK);
		assert_int_equal(stand->engine->commit(stand->self), ENGINE_OK);
		changed += ask.changed;
		rounds++;
	}
	assert_int_equal(changed, 3);
	assert_int_equal(rounds, 3);
	stand_run(stand, "DELETE FROM mail WHERE number > 10");
	stand_free(stand);
}

/* ---- questions ---- */

static const struct {
	const char *name;
	int place;
	unsigned after; /* which mail; 0: none */
	unsigned limit;
	const char *ids; /* their last digits */
	const char *recipient, *next;
} lists[] = {
	{ "all", -1, 0, 0, "123", NULL, NULL },
	{ "waiting", STORE_WAITING, 0, 0, "1", NULL, NULL },
	{ "active", STORE_ACTIVE, 0, 0, "2", NULL, NULL },
	{ "held", STORE_HELD, 0, 0, "3", NULL, NULL },
	{ "finished", STORE_FINISHED, 0, 0, "", NULL, NULL },
	{ "one", -1, 0, 1, "1", NULL, NULL },
	{ "the next two", -1, 1, 2, "23", NULL, NULL },
	{ "after the last", -1, 3, 2, "", NULL, NULL },
	{ "held after the first", STORE_HELD, 1, 2, "3", NULL, NULL },
	{ "of a recipient", -1, 0, 0, "13", "0@EXAMPLE.org", "" },
	{ "of a recipient, a page", -1, 0, 1, "1", "0@example.org", "1" },
	{ "of a recipient, the next page", -1, 1, 1, "3", "0@example.org",
	    "3" },
	{ "of a recipient, behind the last", -1, 3, 1, "", "0@example.org",
	    "" },
	{ "of one who has none", -1, 0, 0, "", "z@example.org", "" },
	{ "the next page", -1, 0, 2, "12", NULL, "2" },
};

static void
test_lists(void **state)
{
	struct stand *stand = stand_new();

	(void)state;
	fill(stand);
	stand_run(stand, "UPDATE recipient SET address = 'z2@example.org'"
			 " WHERE mail = 2 AND number = 0");
	for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
		struct store_ask ask = {
			.question = STORE_LIST,
			.place = lists[i].place,
			.id = ids[lists[i].after],
			.limit = lists[i].limit,
			.filter.recipient = lists[i].recipient,
		};
		g_autoptr(GString) have = g_string_new(NULL);

		print_message("%s\n", lists[i].name);
		assert_int_equal(
		    stand->engine->ask(stand->self, &ask), ENGINE_OK);
		assert_true(ask.found);
		for (unsigned m = 0; m < ask.mails->len; m++) {
			const struct store_mail *mail =
			    g_ptr_array_index(ask.mails, m);

			g_string_append_c(have, mail->id[ID_LENGTH - 1]);
			assert_int_equal(mail->recipients->len, 2);
			assert_int_equal(mail->attempts->len, 0);
		}
		assert_string_equal(have->str, lists[i].ids);
		if (lists[i].next != NULL)
			assert_true(
			    g_str_has_suffix(ask.next, lists[i].next) &&
			    (*ask.next == '\0') == (*lists[i].next == '\0'));
		store_ask_clear(&ask);
	}
	stand_free(stand);
}

static void
check_mail(const struct store_mail *mail)
{
	const struct store_recipient *recipient =
	    g_ptr_array_index(mail->recipients, 0);
	const struct store_act *done;

	assert_string_equal(mail->id, ids[3]);
	assert_int_equal(mail->place, STORE_HELD);
	assert_string_equal(mail->hold, "poison");
	assert_int_equal(mail->due_ms, 0);
	assert_int_equal(mail->received_ms, 1003);
	assert_string_equal(mail->listener, "main");
	assert_string_equal(mail->peer, "192.0.2.7");
	assert_string_equal(mail->helo, "app.example.com");
	assert_string_equal(mail->sender, "app@example.com");
	assert_false(mail->report);
	assert_string_equal(recipient->address, "0@example.org");
	assert_int_equal(recipient->is.state, RECIPIENT_HELD);
	assert_string_equal(recipient->is.text, "why");
	assert_int_equal(mail->acts->len, 1);
	done = g_ptr_array_index(mail->acts, 0);
	assert_int_equal(done->at_ms, 7);
	assert_string_equal(done->what, "hold");
	assert_string_equal(done->who, "uid 1000");
}

static void
test_mail(void **state)
{
	struct stand *stand = stand_new();
	struct store_ask ask = { .question = STORE_MAIL, .id = ids[3] };
	const struct store_mail *mail;
	const struct journal_attempt *attempt;

	(void)state;
	fill(stand);
	stand_run(stand, "INSERT INTO act (mail, at, what, who)"
			 " VALUES (3, 7, 'hold', 'uid 1000')");
	stand_run(stand, "UPDATE mail SET attempts = 2 WHERE number = 3");
	stand_run(stand,
	    "INSERT INTO attempt VALUES"
	    " (3, 2, 'mandrill', 0, '[1]', 8, 9, 10, 6, 429, 'slow',"
	    " '<a@host>', 'c.example', 'a@b.example'),"
	    " (3, 1, 'mailgun', 1, '[0,1]', 5, 6, 7, 8, 0, NULL, NULL, NULL, NULL)");
	assert_int_equal(stand->engine->ask(stand->self, &ask), ENGINE_OK);
	assert_true(ask.found);
	assert_int_equal(ask.mails->len, 1);
	mail = g_ptr_array_index(ask.mails, 0);
	check_mail(mail);
	assert_int_equal(mail->attempts->len, 2);
	attempt = g_ptr_array_index(mail->attempts, 0);
	assert_int_equal(attempt->number, 1);
	assert_int_equal(attempt->count, 2);
	assert_int_equal(attempt->class, VERDICT_DOUBT);
	assert_null(attempt->redirect);
	attempt = g_ptr_array_index(mail->attempts, 1);
	assert_string_equal(attempt->provider, "mandrill");
	assert_int_equal(attempt->form, DELIVERY_FIELDS);
	assert_int_equal(attempt->recipients[0], 1);
	assert_int_equal(attempt->begun_ms, 8);
	assert_int_equal(attempt->ended_ms, 9);
	assert_int_equal(attempt->sent_bytes, 10);
	assert_int_equal(attempt->status, 429);
	assert_string_equal(attempt->text, "slow");
	assert_string_equal(attempt->message_id, "<a@host>");
	assert_string_equal(attempt->from_domain, "c.example");
	assert_string_equal(attempt->redirect, "a@b.example");
	store_ask_clear(&ask);
	ask.id = "nobody";
	assert_int_equal(stand->engine->ask(stand->self, &ask), ENGINE_OK);
	assert_false(ask.found);
	store_ask_clear(&ask);
	stand_free(stand);
}

static void
test_body(void **state)
{
	struct stand *stand = stand_new();
	struct store_ask ask = { .question = STORE_BODY, .id = ids[1] };

	(void)state;
	fill(stand);
	assert_int_equal(stand->engine->ask(stand->self, &ask), ENGINE_OK);
	assert_true(ask.found);
	assert_memory_equal(spool_memory(ask.spool), "From: app", 9);
	store_ask_clear(&ask);
	stand_run(stand, "UPDATE mail SET in_file = 1 WHERE number = 1");
	assert_int_equal(stand->engine->ask(stand->self, &ask), ENGINE_OK);
	assert_true(ask.found);
	assert_null(ask.spool);
	assert_non_null(strstr(ask.obstacle, ids[1]));
	store_ask_clear(&ask);
	stand_run(stand, "UPDATE mail SET in_file = 0 WHERE number = 1");
	ask.id = "nobody";
	assert_int_equal(stand->engine->ask(stand->self, &ask), ENGINE_OK);
	assert_false(ask.found);
	stand_free(stand);
}

static void
test_counts(void **state)
{
	struct stand *stand = stand_new();
	struct store_ask ask = { .question = STORE_COUNTS };
	const struct store_counts *counts = &ask.counts;

	(void)state;
	assert_int_equal(stand->engine->ask(stand->self, &ask), ENGINE_OK);
	assert_int_equal(counts->oldest_ms, 0);
	fill(stand);
	assert_int_equal(stand->engine->ask(stand->self, &ask), ENGINE_OK);
	assert_int_equal(counts->waiting, 1);
	assert_int_equal(counts->active, 1);
	assert_int_equal(counts->held, 1);
	assert_int_equal(counts->doubts, 0);
	assert_int_equal(counts->oldest_ms, 1001);
	assert_int_equal(counts->totals.accepted, 6);
	assert_int_equal(counts->totals.waiting, 6);
	assert_int_equal(counts->totals.settled, 0);
	assert_true(counts->bytes > 3 * 40);
	stand_free(stand);
}

/* Only a file that is referred to is there. */
static void
test_has(void **state)
{
	struct stand *stand = stand_new();

	(void)state;
	fill(stand);
	assert_false(stand->engine->has(stand->self, ids[1]));
	assert_false(stand->engine->has(stand->self, "nobody"));
	stand_run(stand, "UPDATE mail SET in_file = 1 WHERE number = 1");
	assert_true(stand->engine->has(stand->self, ids[1]));
	stand_run(stand, "UPDATE mail SET in_file = 0 WHERE number = 1");
	stand_free(stand);
}

static void
test_place_text(void **state)
{
	(void)state;
	assert_string_equal(store_place_text(STORE_WAITING), "waiting");
	assert_string_equal(store_place_text(STORE_ACTIVE), "active");
	assert_string_equal(store_place_text(STORE_HELD), "held");
	assert_string_equal(store_place_text(STORE_FINISHED), "finished");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_deeds),
		cmocka_unit_test(test_release_doubt),
		cmocka_unit_test(test_deed_absent),
		cmocka_unit_test(test_bulks),
		cmocka_unit_test(test_bulks_beside_each_other),
		cmocka_unit_test(test_bulk_of_many),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_mail),
		cmocka_unit_test(test_body),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_has),
		cmocka_unit_test(test_place_text),
	};

	parse_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
