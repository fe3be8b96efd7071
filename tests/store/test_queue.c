/* SPDX-License-Identifier: MIT */
#include "stand.h"

/* ---- what dispatch would tell ---- */

static struct journal_attempt *
make_attempt(unsigned number, unsigned recipients)
{
	struct journal_attempt *attempt = g_new0(struct journal_attempt, 1);

	attempt->number = number;
	attempt->provider = g_strdup("mailgun");
	attempt->form = DELIVERY_RAW;
	attempt->count = recipients;
	attempt->recipients = g_new(unsigned, recipients);
	for (unsigned i = 0; i < recipients; i++)
		attempt->recipients[i] = i;
	attempt->begun_ms = 5000;
	return attempt;
}

/* What a recipient is in that state. */
static struct recipient
make_recipient(enum recipient_state state)
{
	struct recipient is = { .state = state };

	if (state == RECIPIENT_WAITING)
		return is;
	is.provider = (char *)"mailgun";
	is.status = state == RECIPIENT_OPEN ? 0 : 200;
	is.class =
	    state == RECIPIENT_ACCEPTED ? VERDICT_ACCEPTED : VERDICT_NONE;
	is.until_ms = state == RECIPIENT_DOUBT ? 9000 : 0;
	is.doubts = state == RECIPIENT_DOUBT;
	return is;
}

/* An entry that says this of each recipient. */
static struct journal *
make_entry(enum journal_kind kind, struct message *message,
    const enum recipient_state *states)
{
	struct journal *journal = journal_new(kind, message);

	for (unsigned i = 0; i < message->submission->envelope->recipients->len;
	     i++) {
		struct recipient is = make_recipient(states[i]);

		journal_add_recipient(journal, i, &is);
	}
	return journal;
}

/* Enters it in a transaction of its own, frees it. */
static enum engine_result
enter(struct stand *stand, struct journal *journal, bool *finished)
{
	enum engine_result result;

	stand_begin(stand);
	result = stand->engine->enter(stand->self, journal, false, finished);
	if (result == ENGINE_OK || result == ENGINE_ABSENT)
		stand_commit(stand);
	journal_free(journal);
	return result;
}

static void
begin_attempt(struct stand *stand, struct message *message, unsigned number)
{
	static const enum recipient_state open[] = { RECIPIENT_OPEN,
		RECIPIENT_OPEN };
	struct journal *journal = make_entry(JOURNAL_BEGUN, message, open);
	bool finished;

	journal_add_attempt(
	    journal, make_attempt(number,
			 message->submission->envelope->recipients->len));
	assert_int_equal(enter(stand, journal, &finished), ENGINE_OK);
	assert_false(finished);
}

static enum engine_result
end_attempt(struct stand *stand, struct message *message, unsigned number,
    const enum recipient_state *states)
{
	struct journal *journal = make_entry(JOURNAL_ENDED, message, states);
	struct journal_attempt *attempt = make_attempt(
	    number, message->submission->envelope->recipients->len);
	struct verdict verdict = {
		.class = VERDICT_ACCEPTED, .status = 200, .text = (char *)"Ok"
	};
	bool finished;
	enum engine_result result;

	journal_attempt_end(attempt, 6000, 5120, &verdict);
	journal_add_attempt(journal, attempt);
	result = enter(stand, journal, &finished);
	assert_false(finished);
	return result;
}

static unsigned
load_due(struct stand *stand, bool fresh, int64_t woken_ms)
{
	struct engine_due due = {
		.now_ms = 100000,
		.woken_ms = woken_ms,
		.fresh = fresh,
		.most = 10,
	};
	GPtrArray *ids = g_ptr_array_new_with_free_func(g_free);
	unsigned count;

	assert_int_equal(stand->engine->due(stand->self, &due, ids), ENGINE_OK);
	count = ids->len;
	g_ptr_array_unref(ids);
	return count;
}

static struct submission *
load(struct stand *stand, const char *id)
{
	struct submission *submission = NULL;

	stand_begin(stand);
	assert_int_equal(
	    stand->engine->load(stand->self, id, &submission), ENGINE_OK);
	stand_commit(stand);
	return submission;
}

/* ---- the road of a mail ---- */

static void
test_finished(void **state)
{
	static const enum recipient_state accepted[] = { RECIPIENT_ACCEPTED,
		RECIPIENT_ACCEPTED };
	struct stand *stand = stand_new();
	struct message *message = stand_accept(stand, 2, true);
	const char *id = message->submission->id;
	GPtrArray *ids = g_ptr_array_new_with_free_func(g_free);
	bool finished, in_file;

	(void)state;
	begin_attempt(stand, message, 1);
	assert_int_equal(end_attempt(stand, message, 1, accepted), ENGINE_OK);
	assert_int_equal(
	    enter(stand, make_entry(JOURNAL_LANDED, message, accepted),
		&finished),
	    ENGINE_OK);
	assert_true(finished);
	assert_int_equal(stand->engine->finished(stand->self, ids), ENGINE_OK);
	assert_int_equal(ids->len, 1);
	assert_string_equal(g_ptr_array_index(ids, 0), id);
	stand_begin(stand);
	assert_int_equal(
	    stand->engine->remove(stand->self, id, &in_file), ENGINE_OK);
	assert_false(in_file);
	stand_commit(stand);
	stand_expect(stand, "SELECT count(*) FROM recipient", "0");
	stand_expect(stand, "SELECT count(*) FROM attempt", "0");
	stand_expect(stand, "SELECT count(*) FROM body", "0");
	stand_expect(
	    stand, "SELECT accepted || ' ' || settled FROM total", "2 2");
	g_ptr_array_unref(ids);
	message_unref(message);
	stand_free(stand);
}

/* Where a landing leaves a mail of two recipients. */
static const struct {
	const char *name;
	enum recipient_state states[2];
	int64_t due_ms;
	bool wakes;
	const char *hold;
	const char *place; /* due, woken, hold; remaining */
	bool finished;
} landings[] = {
	{ "all accepted", { RECIPIENT_ACCEPTED, RECIPIENT_ACCEPTED }, 0, false,
	    NULL, "- - - 0", true },
	{ "accepted and refused", { RECIPIENT_ACCEPTED, RECIPIENT_REFUSED }, 0,
	    false, NULL, "- - - 0", true },
	{ "all wait", { RECIPIENT_WAITING, RECIPIENT_WAITING }, 7000, false,
	    NULL, "7000 - - 2", false },
	{ "one waits for a provider", { RECIPIENT_ACCEPTED, RECIPIENT_WAITING },
	    7000, true, NULL, "7000 woken - 1", false },
	{ "a doubt is waited out", { RECIPIENT_DOUBT, RECIPIENT_ACCEPTED },
	    9000, false, NULL, "9000 - - 1", false },
	{ "held", { RECIPIENT_WAITING, RECIPIENT_WAITING }, 0, false, "poison",
	    "- - poison 2", false },
	{ "held, not due", { RECIPIENT_WAITING, RECIPIENT_WAITING }, 7000, true,
	    "poison", "- - poison 2", false },
	{ "a held recipient alone", { RECIPIENT_HELD, RECIPIENT_ACCEPTED }, 0,
	    false, NULL,
	    "- - a recipient is held: show the mail, then release or drop it"
	    " 1",
	    false },
	{ "a held recipient waits with another",
	    { RECIPIENT_HELD, RECIPIENT_WAITING }, 7000, false, NULL,
	    "7000 - - 2", false },
	{ "nothing left to hold", { RECIPIENT_REFUSED, RECIPIENT_ACCEPTED }, 0,
	    false, "poison", "- - - 0", true },
};

static void
test_landings(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(landings); i++) {
		struct stand *stand = stand_new();
		struct message *message = stand_accept(stand, 2, true);
		struct journal *journal =
		    make_entry(JOURNAL_LANDED, message, landings[i].states);
		bool finished;

		print_message("%s\n", landings[i].name);
		journal->due_ms = landings[i].due_ms;
		journal->wakes = landings[i].wakes;
		journal->hold = landings[i].hold;
		journal->rounds = 3;
		journal->warned = true;
		assert_int_equal(enter(stand, journal, &finished), ENGINE_OK);
		assert_int_equal(finished, landings[i].finished);
		stand_expect(stand,
		    "SELECT coalesce(due, '-') || ' ' ||"
		    " iif(landed IS NULL, '-', 'woken') || ' ' ||"
		    " coalesce(hold, '-') || ' ' || remaining FROM mail",
		    landings[i].place);
		stand_expect(stand, "SELECT rounds || warned FROM mail", "31");
		message_unref(message);
		stand_free(stand);
	}
}

/* A mail that should go on but was given no time is due at once. */
static void
test_landed_without_time(void **state)
{
	static const enum recipient_state waiting[] = { RECIPIENT_WAITING };
	struct stand *stand = stand_new();
	struct message *message = stand_accept(stand, 1, true);
	bool finished;

	(void)state;
	assert_int_equal(
	    enter(
		stand, make_entry(JOURNAL_LANDED, message, waiting), &finished),
	    ENGINE_OK);
	assert_false(finished);
	stand_expect(stand, "SELECT due > 1600000000000 FROM mail", "1");
	message_unref(message);
	stand_free(stand);
}

/* A recipient that is final stays what it is, whatever an entry says. */
static void
test_final_stays(void **state)
{
	static const enum recipient_state final[] = { RECIPIENT_ACCEPTED,
		RECIPIENT_REFUSED };
	static const enum recipient_state again[] = { RECIPIENT_WAITING,
		RECIPIENT_ACCEPTED };
	struct stand *stand = stand_new();
	struct message *message = stand_accept(stand, 2, true);
	bool finished;

	(void)state;
	for (int round = 0; round < 2; round++)
		assert_int_equal(enter(stand,
				     make_entry(JOURNAL_LANDED, message,
					 round == 0 ? final : again),
				     &finished),
		    ENGINE_OK);
	assert_true(finished);
	stand_expect(stand, "SELECT group_concat(state) FROM recipient", "2,3");
	message_unref(message);
	stand_free(stand);
}

/* Entries about mails that dispatch does not have change nothing. */
static void
test_absent(void **state)
{
	static const enum recipient_state waiting[] = { RECIPIENT_WAITING };
	static const enum journal_kind kinds[] = { JOURNAL_BEGUN, JOURNAL_ENDED,
		JOURNAL_LANDED };
	struct stand *stand = stand_new();
	struct message *other = stand_accept(stand, 1, false);
	struct message *message = stand_accept(stand, 1, true);
	struct submission *submission;
	bool finished, in_file;

	(void)state;
	assert_int_equal(
	    end_attempt(stand, message, 1, waiting), ENGINE_ABSENT);
	g_strlcpy(message->submission->id, "00000000000000000000000099",
	    sizeof message->submission->id);
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		struct message *about[] = { message, other };

		for (size_t j = 0; j < G_N_ELEMENTS(about); j++) {
			struct journal *journal =
			    make_entry(kinds[i], about[j], waiting);

			journal_add_attempt(journal, make_attempt(1, 1));
			assert_int_equal(
			    enter(stand, journal, &finished), ENGINE_ABSENT);
		}
	}
	stand_begin(stand);
	assert_int_equal(
	    stand->engine->load(stand->self, "nobody", &submission),
	    ENGINE_ABSENT);
	assert_int_equal(stand->engine->remove(stand->self, "nobody", &in_file),
	    ENGINE_ABSENT);
	stand_commit(stand);
	stand_expect(stand, "SELECT count(*) FROM attempt", "0");
	stand_expect(stand, "SELECT active || waiting FROM total", "11");
	message_unref(message);
	message_unref(other);
	stand_free(stand);
}

/* ---- a mail whose client waited for a provider ---- */

static void
test_taken(void **state)
{
	static const enum recipient_state states[] = { RECIPIENT_ACCEPTED,
		RECIPIENT_OPEN, RECIPIENT_DOUBT };
	static const enum recipient_state ended[] = { RECIPIENT_ACCEPTED,
		RECIPIENT_ACCEPTED, RECIPIENT_DOUBT };
	struct stand *stand = stand_new();
	struct message *message = stand_accept(stand, 3, true);
	struct journal *journal;
	struct journal_attempt *first = make_attempt(1, 1);
	struct journal_attempt *second = make_attempt(2, 2);
	struct verdict verdict = { .class = VERDICT_ACCEPTED };
	bool finished, in_file;

	(void)state;
	stand_begin(stand);
	stand->engine->remove(stand->self, message->submission->id, &in_file);
	stand_commit(stand);
	stand_expect(stand, "SELECT accepted FROM total", "0");
	journal = make_entry(JOURNAL_TAKEN, message, states);
	journal_attempt_end(first, 6000, 1, &verdict);
	second->recipients[0] = 1;
	second->count = 1;
	journal_add_attempt(journal, first);
	journal_add_attempt(journal, second);
	journal->rounds = 1;
	assert_int_equal(enter(stand, journal, &finished), ENGINE_OK);
	assert_false(finished);
	stand_expect(
	    stand, "SELECT remaining || attempts || rounds FROM mail", "221");
	stand_expect(stand,
	    "SELECT accepted || settled || doubts || active FROM total",
	    "3111");
	assert_int_equal(end_attempt(stand, message, 2, ended), ENGINE_OK);
	stand_expect(stand, "SELECT remaining FROM mail", "1");
	message_unref(message);
	stand_free(stand);
}

/* ---- kills ---- */

static void
test_killed_open(void **state)
{
	struct stand *stand = stand_new();
	struct message *message = stand_accept(stand, 2, true);
	struct message *other = stand_accept(stand, 1, true);
	struct submission *submission;
	struct stand *killed;

	(void)state;
	begin_attempt(stand, message, 1);
	killed = stand_killed(stand);
	stand_open(killed);
	stand_check(killed);
	stand_expect(killed,
	    "SELECT group_concat(state || class || text) FROM recipient"
	    " WHERE mail = 1",
	    "48the process ended before an answer,"
	    "48the process ended before an answer");
	stand_expect(killed,
	    "SELECT count(*) FROM recipient, attempt"
	    " WHERE recipient.mail = 1 AND until - ended = 120000"
	    " AND attempt.class = 8",
	    "2");
	stand_expect(killed, "SELECT waiting || doubts FROM total", "22");
	submission = load(killed, message->submission->id);
	assert_int_equal(submission->attempts, 1);
	assert_int_equal(submission->known[1].state, RECIPIENT_DOUBT);
	assert_string_equal(submission->known[1].provider, "mailgun");
	submission_free(submission);
	stand_free(killed);
	message_unref(message);
	message_unref(other);
	stand_free(stand);
}

/* The commands find what the daemon would. */
static void
test_killed_offline(void **state)
{
	struct stand *stand = stand_new();
	struct message *message = stand_accept(stand, 2, true);
	struct message *other = stand_accept(stand, 1, true);
	struct stand *killed;
	struct engine_options options = { .offline = true };

	(void)state;
	begin_attempt(stand, message, 1);
	killed = stand_killed(stand);
	options.directory = killed->directory;
	options.place = &killed->place;
	killed->self = killed->engine->open(&options, NULL);
	assert_non_null(killed->self);
	stand_expect(
	    killed, "SELECT group_concat(due IS NULL) FROM mail", "0,0");
	stand_expect(
	    killed, "SELECT group_concat(state) FROM recipient", "4,4,0");
	stand_free(killed);
	message_unref(message);
	message_unref(other);
	stand_free(stand);
}

/* What was not committed was never there. */
static void
test_killed_uncommitted(void **state)
{
	struct stand *stand = stand_new();
	struct message *message = stand_accept(stand, 1, true);
	struct submission *second = stand_mail(stand, 1);
	struct stand *killed;

	(void)state;
	stand_begin(stand);
	assert_int_equal(
	    stand->engine->accept(stand->self, second, true, false), ENGINE_OK);
	killed = stand_killed(stand);
	stand_open(killed);
	stand_expect(killed, "SELECT count(*) FROM mail", "1");
	stand_free(killed);
	stand->engine->rollback(stand->self);
	stand_expect(stand, "SELECT count(*) FROM mail", "1");
	submission_free(second);
	message_unref(message);
	stand_free(stand);
}

/* ---- what is due ---- */

static void
test_due(void **state)
{
	static const enum recipient_state waiting[] = { RECIPIENT_WAITING };
	struct stand *stand = stand_new();
	struct message *fresh = stand_accept(stand, 1, false);
	struct message *tried = stand_accept(stand, 1, true);
	struct journal *journal = make_entry(JOURNAL_LANDED, tried, waiting);
	int64_t next;
	bool finished;

	(void)state;
	journal->due_ms = 200000;
	journal->rounds = 1;
	journal->wakes = true;
	assert_int_equal(enter(stand, journal, &finished), ENGINE_OK);
	assert_int_equal(load_due(stand, true, 0), 1);
	assert_int_equal(load_due(stand, false, 0), 0);
	/* landed at the time of the clock */
	assert_int_equal(load_due(stand, false, 1000), 0);
	assert_int_equal(load_due(stand, false, INT64_MAX), 1);
	assert_int_equal(load_due(stand, true, INT64_MAX), 1);
	assert_int_equal(stand->engine->next(stand->self, &next), ENGINE_OK);
	assert_int_equal(next, 1001);
	submission_free(load(stand, fresh->submission->id));
	stand->engine->next(stand->self, &next);
	assert_int_equal(next, 200000);
	submission_free(load(stand, tried->submission->id));
	stand->engine->next(stand->self, &next);
	assert_int_equal(next, 0);
	assert_int_equal(load_due(stand, false, INT64_MAX), 0);
	message_unref(fresh);
	message_unref(tried);
	stand_free(stand);
}

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
	assert_int_equal(have->esmtp, want->esmtp);
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
	loaded = load(stand, message->submission->id);
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

/* ---- a clock that was set back ---- */

/* It is 5000 now, and nothing waits longer than 1000.  Of a mail tried or not:
 * when it is due, when it landed and until when its recipient waits, before
 * and after. */
static const struct {
	const char *name, *before, *after; /* due|landed|until */
	bool tried;
} waits[] = {
	{ "in time", "5500|4000|5400", "5500|4000|5400", true },
	{ "at the most", "6000|5000|6000", "6000|5000|6000", true },
	{ "beyond", "90000|80000|90000", "6000|4000|6000", true },
	{ "beyond, fresh", "90000|-|0", "6000|-|0", false },
	{ "landed alone", "5500|80000|0", "5500|4000|0", true },
	{ "past", "100|50|60", "100|50|60", true },
	{ "some of it past", "90000|50|60", "6000|50|60", true },
};

static void
set_wait(struct stand *stand, size_t i)
{
	g_auto(GStrv) parts = g_strsplit(waits[i].before, "|", 3);
	g_autofree char *mail = g_strdup_printf(
	    "UPDATE mail SET due = %s, landed = nullif('%s', '-'), rounds = %d",
	    parts[0], parts[1], waits[i].tried);
	g_autofree char *recipient =
	    g_strdup_printf("UPDATE recipient SET until = %s", parts[2]);

	stand_run(stand, mail);
	stand_run(stand, recipient);
}

static void
test_clamp(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(waits); i++) {
		struct stand *stand = stand_new();
		bool more = true;

		print_message("%s\n", waits[i].name);
		message_unref(stand_accept(stand, 1, false));
		set_wait(stand, i);
		stand_begin(stand);
		assert_int_equal(
		    stand->engine->clamp(stand->self, 5000, 1000, &more),
		    ENGINE_OK);
		stand_commit(stand);
		assert_false(more);
		stand_expect(stand,
		    "SELECT due || '|' || coalesce(landed, '-') || '|' || until"
		    " FROM mail JOIN recipient ON mail = mail.number",
		    waits[i].after);
		stand_free(stand);
	}
}

/* Active and held mails do not wait for a time; many come in slices. */
static void
test_clamp_many(void **state)
{
	struct stand *stand = stand_new();
	unsigned rounds = 0;
	bool more = true;

	(void)state;
	message_unref(stand_accept(stand, 1, true));
	stand_run(stand,
	    "WITH RECURSIVE n (i) AS (SELECT 11 UNION ALL"
	    " SELECT i + 1 FROM n WHERE i < 2510)"
	    " INSERT INTO mail (number, id, received, peer, esmtp, repaired,"
	    " eightbit, declared, size, digest, header_end, header_start,"
	    " long_lines, folds, body_escapes, traits, in_file, report,"
	    " remaining, due, landed) SELECT i, printf('%026d', i), 1, '', 0,"
	    " 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 60000 + i, 60000"
	    " FROM n");
	for (; more; rounds++) {
		stand_begin(stand);
		assert_int_equal(stand->engine->clamp(
				     stand->self, 5000 + rounds, 1000, &more),
		    ENGINE_OK);
		assert_int_equal(stand->engine->commit(stand->self), ENGINE_OK);
	}
	assert_int_equal(rounds, 3);
	stand_expect(stand,
	    "SELECT max(due) || '|' || max(landed) || '|' || count(due)"
	    " FROM mail",
	    "6002|4002|2500");
	stand_run(stand, "DELETE FROM mail WHERE number > 10");
	message_unref(stand_accept(stand, 1, true));
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

/* ---- the invariants can fail ---- */

static const char *const breaks[] = {
	"DELETE FROM mail",
	"UPDATE recipient SET state = 9 WHERE number = 1",
	"UPDATE recipient SET state = 0",
	"UPDATE recipient SET state = 2, provider = NULL WHERE number = 0",
	"UPDATE recipient SET state = 4, until = 0 WHERE number = 0",
	"UPDATE recipient SET number = 5 WHERE number = 1",
	"UPDATE recipient SET address = 'one@example.org'",
	"DELETE FROM recipient",
	"UPDATE mail SET remaining = 1",
	"UPDATE mail SET due = 5",
	"UPDATE mail SET hold = 'why'",
	"UPDATE mail SET hold = ''",
	"UPDATE mail SET landed = 5",
	"UPDATE attempt SET ended = 5",
	"UPDATE attempt SET recipients = '[0]'",
	"UPDATE attempt SET recipients = '[0,1,2]'",
	"UPDATE attempt SET recipients = '[]'",
	"UPDATE attempt SET number = 2",
	"UPDATE attempt SET class = 3",
	"DELETE FROM body",
	"UPDATE body SET bytes = x'00'",
	"UPDATE mail SET in_file = 1",
	"UPDATE total SET accepted = 7",
	"UPDATE total SET remaining = 1, accepted = 1",
	"UPDATE total SET doubts = 1",
	"UPDATE total SET waiting = 1",
	"UPDATE total SET bytes = 1",
	"DELETE FROM total",
};

static void
test_invariants(void **state)
{
	struct stand *stand = stand_new();
	struct message *message = stand_accept(stand, 2, true);

	(void)state;
	begin_attempt(stand, message, 1);
	for (size_t i = 0; i < G_N_ELEMENTS(breaks); i++) {
		g_autofree char *broken = NULL;

		stand_check(stand);
		stand_run(stand, "PRAGMA foreign_keys = OFF");
		stand_run(stand, "SAVEPOINT before");
		stand_run(stand, breaks[i]);
		broken = stand_broken(stand);
		if (broken == NULL)
			fail_msg("nothing is broken by: %s", breaks[i]);
		stand_run(stand, "ROLLBACK TO before");
		stand_run(stand, "RELEASE before");
	}
	message_unref(message);
	stand_free(stand);
}

/* ---- the file shrinks when the queue has ---- */

static int64_t
count_pages(const struct stand *stand)
{
	g_autofree char *pages = stand_ask(stand, "PRAGMA page_count");

	return g_ascii_strtoll(pages, NULL, 10);
}

/* Mails of 60 KB, some 30 MB. */
static void
fill(struct stand *stand)
{
	g_autofree char *bytes = g_strnfill(60000, 'x');

	stand_begin(stand);
	for (int i = 0; i < 500; i++) {
		struct submission *submission = stand_mail(stand, 1);

		spool_unref(submission->spool);
		submission->spool = spool_new(&stand->place);
		assert_true(spool_append(submission->spool, bytes, 60000) &&
			    spool_seal(submission->spool));
		assert_int_equal(stand->engine->accept(
				     stand->self, submission, false, false),
		    ENGINE_OK);
		submission_free(submission);
	}
	stand_commit(stand);
}

static void
test_shrinks(void **state)
{
	struct stand *stand = stand_new();
	int64_t before;
	bool in_file;

	(void)state;
	fill(stand);
	before = count_pages(stand);
	assert_true(before > 7500);
	stand_begin(stand);
	for (unsigned i = 1; i <= 500; i++) {
		g_autofree char *id = g_strdup_printf("%026u", i);

		assert_int_equal(
		    stand->engine->remove(stand->self, id, &in_file),
		    ENGINE_OK);
	}
	stand_commit(stand);
	assert_in_range(count_pages(stand), before - 260, before - 256);
	for (int i = 0; i < 30; i++) {
		stand_begin(stand);
		stand_commit(stand);
	}
	/* some is kept for the next mails */
	assert_in_range(count_pages(stand), 4096 - 256, 4096 + 100);
	stand_free(stand);
}

/* ---- no question reads the whole queue ---- */

static void
test_scans(void **state)
{
	struct stand *stand = stand_new();
	struct message *message = stand_accept(stand, 2, true);
	struct message *other = stand_accept(stand, 1, false);
	sqlite3_stmt *statement = NULL;
	int64_t next;
	bool in_file;

	(void)state;
	begin_attempt(stand, message, 1);
	load_due(stand, true, 5);
	load_due(stand, false, 5);
	stand->engine->next(stand->self, &next);
	stand->engine->has(stand->self, "x");
	stand_begin(stand);
	stand->engine->remove(stand->self, other->submission->id, &in_file);
	stand_commit(stand);
	while ((statement = sqlite3_next_stmt(
		    stand_handle(stand), statement)) != NULL) {
		const char *sql = sqlite3_sql(statement);

		if (sqlite3_stmt_status(
			statement, SQLITE_STMTSTATUS_FULLSCAN_STEP, 0) > 0 ||
		    sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_SORT, 0) >
			0)
			fail_msg("reads all rows: %s", sql);
	}
	message_unref(message);
	message_unref(other);
	stand_free(stand);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_finished),
		cmocka_unit_test(test_landings),
		cmocka_unit_test(test_landed_without_time),
		cmocka_unit_test(test_final_stays),
		cmocka_unit_test(test_absent),
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_killed_open),
		cmocka_unit_test(test_killed_offline),
		cmocka_unit_test(test_killed_uncommitted),
		cmocka_unit_test(test_due),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_loaded_whole),
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_clamp),
		cmocka_unit_test(test_clamp_many),
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_body_later),
		cmocka_unit_test(test_damages),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_invariants),
		cmocka_unit_test(test_shrinks),
		cmocka_unit_test(test_scans),
	};

	parse_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
