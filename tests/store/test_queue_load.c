/* SPDX-License-Identifier: MIT */
#include "telling.h"

/* ---- what was received is what is loaded ---- */

static const struct {
	const char *name, *sender, *recipient;
} addresses[] = {
	{ "plain", "app@example.com", "one@example.org" },
	{ "null sender", NULL, "one@example.org" },
	{ "quoted", "\"a b\"@example.com", "\"x\\\"y\\\\z\"@example.org" },
	{ "two ats", "\"a@b\"@example.com", "\"@\"@example.org" },
	{ "IDNA", "app@xn--bcher-kva.example", "one@xn--80ak6aa92e.example" },
	{ "underscore", "a_b@host_1.example", "one@a_b.example" },
};

static void
test_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(addresses); i++) {
		struct stand *stand = stand_new();
		struct submission *submission = stand_mail(stand, 1);
		struct envelope *envelope = submission->envelope;
		struct submission *loaded;

		print_message("%s\n", addresses[i].name);
		g_clear_pointer(&envelope->sender, address_free);
		if (addresses[i].sender != NULL)
			envelope->sender = sample_address(addresses[i].sender);
		g_ptr_array_set_size(envelope->recipients, 0);
		envelope_add_recipient(
		    envelope, sample_address(addresses[i].recipient));
		stand_begin(stand);
		assert_int_equal(stand->engine->accept(
				     stand->self, submission, false, false),
		    ENGINE_OK);
		stand_commit(stand);
		loaded = load(stand, submission->id);
		if (envelope->sender == NULL)
			assert_null(loaded->envelope->sender);
		else
			assert_true(address_equal(
			    envelope->sender, loaded->envelope->sender));
		assert_true(address_equal(envelope_recipient(envelope, 0),
		    envelope_recipient(loaded->envelope, 0)));
		submission_free(loaded);
		submission_free(submission);
		stand_free(stand);
	}
}

static void
compare_seen(const struct limiter_seen *have, const struct limiter_seen *want)
{
	assert_int_equal(have->header_end, want->header_end);
	assert_int_equal(have->header_start, want->header_start);
	assert_int_equal(have->long_lines, want->long_lines);
	assert_int_equal(have->folds, want->folds);
	assert_int_equal(have->body_escapes, want->body_escapes);
	assert_int_equal(have->header_broken, want->header_broken);
	assert_int_equal(have->bcc_inside, want->bcc_inside);
	assert_int_equal(have->eightbit_header, want->eightbit_header);
	assert_int_equal(have->eightbit_body, want->eightbit_body);
	assert_int_equal(have->ends_with_newline, want->ends_with_newline);
	assert_int_equal(have->opaque, want->opaque);
	if (want->opaque_why == NULL)
		assert_null(have->opaque_why);
	else
		assert_string_equal(have->opaque_why, want->opaque_why);
}

static void
compare_submission(const struct submission *have, const struct submission *want)
{
	assert_string_equal(have->id, want->id);
	assert_string_equal(have->listener, want->listener);
	assert_string_equal(have->peer, want->peer);
	assert_string_equal(have->helo, want->helo);
	assert_string_equal(have->protocol, want->protocol);
	if (want->user == NULL)
		assert_null(have->user);
	else
		assert_string_equal(have->user, want->user);
	assert_int_equal(have->repaired, want->repaired);
	assert_int_equal(have->received_ms, want->received_ms);
	assert_int_equal(have->report, want->report);
	assert_int_equal(have->envelope->eightbit, want->envelope->eightbit);
	assert_int_equal(
	    have->envelope->size_declared, want->envelope->size_declared);
	assert_int_equal(spool_size(have->spool), spool_size(want->spool));
	assert_memory_equal(spool_memory(have->spool),
	    spool_memory(want->spool), spool_size(want->spool));
	assert_true(have->queued);
	assert_int_equal(have->when, ANSWER_QUEUED);
	assert_null(have->return_to.post);
	compare_seen(&have->seen, &want->seen);
}

/* Each bit of what the limiter saw, by itself and all at once. */
static void
test_loaded_whole(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit <= 6; bit++) {
		struct stand *stand = stand_new();
		struct submission *submission = stand_mail(stand, 2);
		struct limiter_seen *seen = &submission->seen;
		struct submission *loaded;
		unsigned traits = bit < 6 ? 1U << bit : 0x3f;

		seen->header_broken = (traits & 1) != 0;
		seen->bcc_inside = (traits & 2) != 0;
		seen->eightbit_header = (traits & 4) != 0;
		seen->eightbit_body = (traits & 8) != 0;
		seen->ends_with_newline = (traits & 16) != 0;
		seen->opaque = (traits & 32) != 0;
		seen->opaque_why = seen->opaque ? "too deep" : NULL;
		submission->repaired = bit % 2 == 0;
		submission->report = bit % 3 == 0;
		submission->envelope->eightbit = bit % 2 == 1;
		submission->envelope->size_declared = bit;
		stand_begin(stand);
		stand->engine->accept(stand->self, submission, false, false);
		stand_commit(stand);
		loaded = load(stand, submission->id);
		compare_submission(loaded, submission);
		assert_int_equal(loaded->known[1].state, RECIPIENT_WAITING);
		assert_null(loaded->known[1].provider);
		submission_free(loaded);
		submission_free(submission);
		stand_free(stand);
	}
}

/* What the sender wishes to be told, over a restart too. */
static void
test_wishes(void **state)
{
	struct stand *stand = stand_new();
	struct submission *submission = stand_mail(stand, 3), *loaded;
	struct envelope *envelope = submission->envelope;
	struct envelope_wish never = { .notify = ENVELOPE_NOTIFY_NEVER };
	struct envelope_wish all = {
		.notify = ENVELOPE_NOTIFY_SUCCESS | ENVELOPE_NOTIFY_FAILURE |
			  ENVELOPE_NOTIFY_DELAY,
		.original = g_strdup("rfc822;B+1=@x y"),
	};

	(void)state;
	submission->protocol = "ESMTPSA";
	submission->user = g_strdup("app");
	envelope->id = g_strdup("QQ 314=+1");
	envelope->returned = ENVELOPE_RETURN_FULL;
	envelope_wish(envelope, 0, &never);
	envelope_wish(envelope, 2, &all);
	stand_begin(stand);
	stand->engine->accept(stand->self, submission, false, false);
	stand_commit(stand);
	stand_close(stand);
	stand_open(stand);
	loaded = load(stand, submission->id);
	compare_submission(loaded, submission);
	/* it outlives the submission */
	assert_ptr_equal(loaded->protocol, g_intern_string("ESMTPSA"));
	assert_string_equal(loaded->envelope->id, "QQ 314=+1");
	assert_int_equal(loaded->envelope->returned, ENVELOPE_RETURN_FULL);
	for (unsigned i = 0; i < 3; i++) {
		const struct envelope_wish *have =
		    envelope_wish_of(loaded->envelope, i);
		const struct envelope_wish *want =
		    envelope_wish_of(envelope, i);

		assert_int_equal(have->notify, want->notify);
		assert_int_equal(g_strcmp0(have->original, want->original), 0);
	}
	submission_free(loaded);
	submission_free(submission);
	stand_free(stand);
}

/* All that is known of a recipient comes back. */
static void
test_known(void **state)
{
	static char *const refused[] = { (char *)"mailgun", (char *)"mandrill",
		NULL };
	struct recipient is = {
		.state = RECIPIENT_WAITING,
		.class = VERDICT_PAYLOAD,
		.status = 422,
		.suppressed = true,
		.provider = (char *)"mandrill",
		.id = (char *)"<id@provider>",
		.text = (char *)"not \xff taken \xc3\xbc",
		.refused_by = (char **)refused,
	};
	struct stand *stand = stand_new();
	struct message *message = stand_accept(stand, 1, true);
	struct journal *journal = journal_new(JOURNAL_LANDED, message);
	struct submission *loaded;
	bool finished;

	(void)state;
	journal_add_recipient(journal, 0, &is);
	journal->due_ms = 1;
	assert_int_equal(enter(stand, journal, &finished), ENGINE_OK);
	stand_run(stand, "UPDATE mail SET attempts = 2");
	stand_run(stand,
	    "INSERT INTO attempt (mail, number, provider, form, recipients,"
	    " begun, ended) VALUES (1, 1, 'mailgun', 0, '[0]', 5, 6),"
	    " (1, 2, 'mandrill', 0, '[0]', 7, 8)");
	loaded = load(stand, message->submission->id);
	assert_int_equal(loaded->attempts, 2);
	assert_int_equal(loaded->asked_ms, 7);
	assert_int_equal(loaded->known->class, VERDICT_PAYLOAD);
	assert_int_equal(loaded->known->status, 422);
	assert_true(loaded->known->suppressed);
	assert_string_equal(loaded->known->provider, "mandrill");
	assert_string_equal(loaded->known->id, "<id@provider>");
	assert_string_equal(
	    loaded->known->text, "not \xef\xbf\xbd taken \xc3\xbc");
	assert_int_equal(g_strv_length(loaded->known->refused_by), 2);
	assert_string_equal(loaded->known->refused_by[1], "mandrill");
	submission_free(loaded);
	message_unref(message);
	stand_free(stand);
}

static struct journal_attempt *
make_sent(unsigned number, const char *provider, unsigned recipient,
    const char *message_id)
{
	struct journal_attempt *attempt = make_attempt(number, 1);

	g_free(attempt->provider);
	attempt->provider = g_strdup(provider);
	attempt->recipients[0] = recipient;
	attempt->message_id = g_strdup(message_id);
	attempt->from_domain = g_strdup("sent.example");
	attempt->redirect =
	    recipient == 1 ? g_strdup("qa@redirect.example") : NULL;
	return attempt;
}

static void
begin_sent(struct stand *stand, struct message *message,
    struct journal_attempt *attempt)
{
	struct journal *journal = journal_new(JOURNAL_BEGUN, message);
	struct recipient is = make_recipient(RECIPIENT_OPEN);
	bool finished;

	is.provider = attempt->provider;
	is.doubts = 1;
	journal_add_recipient(journal, attempt->recipients[0], &is);
	journal_add_attempt(journal, attempt);
	assert_int_equal(enter(stand, journal, &finished), ENGINE_OK);
}

static void
expect_sent(const struct recipient *is, const char *message_id,
    const char *from_domain, const char *redirect)
{
	const struct recipient_sent *sent = &is->sent;

	if (g_strcmp0(sent->message_id, message_id) != 0 ||
	    g_strcmp0(sent->from_domain, from_domain) != 0 ||
	    g_strcmp0(sent->redirect, redirect) != 0)
		fail_msg("%s %s %s", sent->message_id, sent->from_domain,
		    sent->redirect);
}

/* What left before a kill is known of who is in doubt: of the last attempt for
 * him at the provider in doubt. */
static void
test_sent(void **state)
{
	struct stand *stand = stand_new(), *next;
	struct message *message = stand_accept(stand, 3, true);
	struct submission *loaded;

	(void)state;
	begin_sent(stand, message, make_sent(1, "mailgun", 0, "<1@old>"));
	stand_run(stand, "UPDATE attempt SET ended = 6000");
	stand_run(stand, "UPDATE recipient SET state = 0");
	stand_run(stand, "UPDATE total SET doubts = 0");
	begin_sent(stand, message, make_sent(2, "mailgun", 0, "<2@old>"));
	begin_sent(stand, message, make_sent(3, "mandrill", 1, "<3@old>"));
	next = stand_killed(stand);
	stand_open(next);
	loaded = load(next, message->submission->id);
	assert_int_equal(loaded->known[0].state, RECIPIENT_DOUBT);
	expect_sent(&loaded->known[0], "<2@old>", "sent.example", NULL);
	expect_sent(&loaded->known[1], "<3@old>", "sent.example",
	    "qa@redirect.example");
	expect_sent(&loaded->known[2], NULL, NULL, NULL);
	submission_free(loaded);
	message_unref(message);
	stand_free(next);
	stand_free(stand);
}

/* ---- bodies that are lost ---- */

static const struct {
	const char *name, *damage, *hold;
} bodies[] = {
	{ "gone", "DELETE FROM body", "No such file or directory" },
	{ "another",
	    "UPDATE body SET bytes = CAST(replace(bytes, 'Hello', 'Olleh') AS BLOB)",
	    "not the bytes" },
	{ "shorter", "UPDATE body SET bytes = x'00'", "not the bytes" },
	{ "no file", "UPDATE mail SET in_file = 1", "No such file" },
};

static void
test_bodies(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(bodies); i++) {
		struct stand *stand = stand_new();
		struct message *message = stand_accept(stand, 1, false);
		struct submission *loaded = NULL;
		g_autofree char *hold = NULL;

		print_message("%s\n", bodies[i].name);
		stand_run(stand, bodies[i].damage);
		stand_begin(stand);
		assert_int_equal(stand->engine->load(stand->self,
				     message->submission->id, &loaded),
		    ENGINE_OK);
		assert_int_equal(stand->engine->commit(stand->self), ENGINE_OK);
		assert_null(loaded);
		hold = stand_ask(stand, "SELECT hold FROM mail");
		assert_non_null(strstr(hold, bodies[i].hold));
		assert_non_null(
		    strstr(stand->engine->error(stand->self), bodies[i].hold));
		message_unref(message);
		stand_close(stand);
		stand_free(stand);
	}
}

/* What is where its file was: held with the reason, until it is mended. */
static const struct {
	const char *name, *command, *hold;
} files[] = {
	{ "nothing", "true", "No such file" },
	{ "a symbolic link", "ln -s /dev/zero %s", "a symbolic link" },
	{ "a fifo", "mkfifo %s", "not the bytes" },
	{ "a directory", "mkdir %s", "not the bytes" },
	{ "another file", "echo > %s", "not the bytes" },
	{ "a file for bodies", "rmdir bodies && touch bodies",
	    "Not a directory" },
};

static void
run_in(const char *directory, const char *command, const char *name)
{
	g_autoptr(GString) line = g_string_new(command);
	g_autofree char *whole = NULL;

	g_string_replace(line, "%s", name, 0);
	whole = g_strdup_printf("cd %s && %s", directory, line->str);
	assert_int_equal(system(whole), 0);
}

static void
check_file(struct stand *stand, size_t i)
{
	struct message *message = stand_accept(stand, 1, false);
	g_autofree char *name =
	    g_strdup_printf("bodies/%s", message->submission->id);
	g_autofree char *hold = NULL;
	const char *error;

	run_in(stand->directory, "mkdir bodies", "");
	run_in(stand->directory, files[i].command, name);
	stand_run(stand, "UPDATE mail SET in_file = 1");
	stand_run(stand, "DELETE FROM body");
	assert_null(load(stand, message->submission->id));
	error = stand->engine->error(stand->self);
	assert_non_null(strstr(error, "is held"));
	assert_non_null(strstr(error, files[i].hold));
	hold = stand_ask(stand, "SELECT hold FROM mail");
	assert_non_null(strstr(hold, files[i].hold));
	message_unref(message);
}

static void
test_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
		struct stand *stand = stand_new();

		print_message("%s\n", files[i].name);
		check_file(stand, i);
		run_in(stand->directory, "rm -r bodies", "");
		stand_free(stand);
	}
}

/* A body that cannot be read for want of memory is no lost body. */
static void
test_body_later(void **state)
{
	struct stand *stand = stand_new();
	struct message *message = stand_accept(stand, 1, false);
	struct submission *loaded = NULL;
	struct budget *budget = stand->place.budget;

	(void)state;
	stand->place.budget = budget_new(1);
	loaded = load(stand, message->submission->id);
	assert_null(loaded);
	stand_expect(stand,
	    "SELECT hold IS NULL AND due > 1600000000000 FROM mail", "1");
	assert_non_null(
	    strstr(stand->engine->error(stand->self), "tried again later"));
	budget_free(stand->place.budget);
	stand->place.budget = budget;
	loaded = load(stand, message->submission->id);
	assert_non_null(loaded);
	submission_free(loaded);
	message_unref(message);
	stand_free(stand);
}

/* ---- values that nobody wrote ---- */

static const struct {
	const char *name, *damage, *error;
} damages[] = {
	{ "state", "UPDATE recipient SET state = 9",
	    "table recipient, row 1: state is 9, expected 0 to 6" },
	{ "negative", "UPDATE recipient SET state = -1",
	    "state is -1, expected 0 to 6" },
	{ "status", "UPDATE recipient SET status = 70000",
	    "status is 70000, expected 0 to 999" },
	{ "class", "UPDATE recipient SET class = 9",
	    "class is 9, expected 0 to 8" },
	{ "text", "UPDATE recipient SET text = CAST(x'61ff' AS TEXT)",
	    "expected text in UTF-8" },
	{ "address", "UPDATE recipient SET address = 'nobody'",
	    "has the address nobody" },
	{ "sender", "UPDATE mail SET sender = ''", "has the address" },
	{ "gap", "UPDATE recipient SET number = 7 WHERE number = 1",
	    "number is 7, expected 1 to 1" },
	{ "twice", "UPDATE recipient SET address = '0@example.org'",
	    "0@example.org twice" },
	{ "nobody", "DELETE FROM recipient", "has no recipients" },
	{ "bool", "UPDATE mail SET report = 2",
	    "report is 2, expected 0 to 1" },
	{ "traits", "UPDATE mail SET traits = 64", "expected 0 to 63" },
	{ "rounds", "UPDATE mail SET rounds = -5", "rounds is -5" },
	{ "size", "UPDATE mail SET size = -1", "size is -1" },
};

static void
test_damages(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(damages); i++) {
		struct stand *stand = stand_new();
		struct message *message = stand_accept(stand, 2, false);
		struct submission *loaded = NULL;
		struct store_ask ask = { .question = STORE_COUNTS };

		print_message("%s\n", damages[i].name);
		stand_run(stand, damages[i].damage);
		stand_begin(stand);
		assert_int_equal(stand->engine->load(stand->self,
				     message->submission->id, &loaded),
		    ENGINE_BAD);
		assert_null(loaded);
		if (strstr(stand->engine->error(stand->self),
			damages[i].error) == NULL)
			fail_msg("%s", stand->engine->error(stand->self));
		/* From then on nothing is done any more. */
		assert_int_equal(stand->engine->begin(stand->self), ENGINE_BAD);
		assert_int_equal(
		    stand->engine->ask(stand->self, &ask), ENGINE_BAD);
		assert_true(stand->engine->has(stand->self, "any"));
		message_unref(message);
		stand_close(stand);
		stand_free(stand);
	}
}

static const struct {
	const char *name, *recipients;
} lists[] = {
	{ "empty", "[]" },
	{ "open", "[0" },
	{ "none", "" },
	{ "words", "[a]" },
	{ "negative", "[-1]" },
	{ "descending", "[1,0]" },
	{ "twice", "[0,0]" },
	{ "tail", "[0]x" },
	{ "comma", "[0,]" },
	{ "huge", "[99999999999999999999]" },
};

static void
test_lists(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
		struct stand *stand = stand_new();
		struct message *message = stand_accept(stand, 2, true);
		struct store_ask ask = {
			.question = STORE_MAIL,
			.id = message->submission->id,
		};
		g_autofree char *damage =
		    g_strdup_printf("UPDATE attempt SET recipients = '%s'",
			lists[i].recipients);

		print_message("%s\n", lists[i].name);
		begin_attempt(stand, message, 1);
		stand_run(stand, damage);
		assert_int_equal(
		    stand->engine->ask(stand->self, &ask), ENGINE_BAD);
		store_ask_clear(&ask);
		message_unref(message);
		stand_close(stand);
		stand_free(stand);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_loaded_whole),
		cmocka_unit_test(test_wishes),
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_sent),
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_body_later),
		cmocka_unit_test(test_damages),
		cmocka_unit_test(test_lists),
	};

	parse_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
