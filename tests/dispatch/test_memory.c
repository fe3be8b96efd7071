/* SPDX-License-Identifier: MIT */
#include "fixture.h"
#include "memory.h"

#define KEEP_MS 10000
#define OPEN_MS 500

static struct memory *
make_memory(unsigned most)
{
	struct memory_limits limits = { KEEP_MS, most, OPEN_MS };

	return memory_new(&limits);
}

static struct ledger *
make_ledger(const struct message *message, unsigned providers)
{
	struct ledger *ledger = ledger_new(
	    message->submission->envelope->recipients->len, providers);

	for (unsigned i = 0; i < providers; i++)
		ledger_allow(ledger, i, 0);
	return ledger;
}

static struct ledger_recipient *
set(struct ledger *ledger, unsigned i, enum recipient_state state)
{
	struct ledger_recipient *r = &ledger->recipients[i];

	r->state = state;
	r->provider = 1;
	r->status = 451;
	r->tried = 3;
	g_free(r->text);
	r->text = g_strdup("said");
	return r;
}

static void
keep(struct memory *memory, const struct message *message,
    struct ledger *ledger, int64_t now_ms)
{
	memory_keep(memory, message, ledger, now_ms);
	ledger_free(ledger);
}

/* What one recipient came to, and how its resend finds it; of three
 * providers. */
static const struct {
	const char *name;
	enum recipient_state state;
	uint32_t refused_by;
	int64_t doubt_ms;
	bool known;
	enum recipient_state found;
	uint32_t tried;
	int64_t found_doubt_ms;
} cases[] = {
	{ "accepted is skipped", RECIPIENT_ACCEPTED, 0, 0, true,
	    RECIPIENT_ACCEPTED, 0, 0 },
	{ "refused stays", RECIPIENT_REFUSED, 3, 0, true, RECIPIENT_REFUSED, 3,
	    0 },
	{ "doubt goes on, and not back to the same", RECIPIENT_DOUBT, 0, 1700,
	    true, RECIPIENT_DOUBT, 2, 1700 },
	{ "open is a doubt", RECIPIENT_OPEN, 0, 0, true, RECIPIENT_DOUBT, 4,
	    1000 + OPEN_MS },
	{ "waiting is a new round", RECIPIENT_WAITING, 0, 0, false,
	    RECIPIENT_WAITING, 0, 0 },
	{ "who refused the payload is not asked again", RECIPIENT_WAITING, 1, 0,
	    true, RECIPIENT_WAITING, 1, 0 },
	{ "refused by two, in two sendings", RECIPIENT_WAITING, 5, 0, true,
	    RECIPIENT_REFUSED, 5, 0 },
};

static void
test_resend(void **state)
{
	struct message *message = fixture_message(FIXTURE_TEXT, 1);

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct memory *memory = make_memory(10);
		struct ledger *ledger = make_ledger(message, 3);
		struct ledger_recipient *r = set(ledger, 0, cases[i].state);

		r->refused_by = cases[i].refused_by;
		r->doubt.until_ms = cases[i].doubt_ms;
		r->open_by = 2;
		keep(memory, message, ledger, 1000);
		ledger = make_ledger(message, 3);
		r = &ledger->recipients[0];
		assert_int_equal(memory_recall(memory, message, ledger, 1001),
		    cases[i].known);
		if (r->state != cases[i].found || r->tried != cases[i].tried ||
		    r->doubt.until_ms != cases[i].found_doubt_ms)
			fail_msg("%s: %s, tried %x, doubt until %d",
			    cases[i].name, recipient_state_text(r->state),
			    r->tried, (int)r->doubt.until_ms);
		if (cases[i].known) {
			assert_string_equal(r->text, "said");
			/* by which the provider knows it */
			assert_string_equal(
			    r->doubt.mail, message->submission->id);
			assert_int_equal(r->provider,
			    cases[i].state == RECIPIENT_OPEN ? 2 : 1);
		}
		ledger_free(ledger);
		memory_free(memory);
	}
	message_unref(message);
}

static void
test_doubt_of_the_only_provider(void **state)
{
	struct message *message = fixture_message(FIXTURE_TEXT, 1);
	struct memory *memory = make_memory(10);
	struct ledger *ledger = make_ledger(message, 2);

	(void)state;
	set(ledger, 0, RECIPIENT_DOUBT)->doubt.until_ms = 1700;
	keep(memory, message, ledger, 1000);
	ledger = ledger_new(1, 2);
	ledger_allow(ledger, 1, 0);
	memory_recall(memory, message, ledger, 1001);
	/* waited out, then sent again by the same: there is no other */
	assert_int_equal(ledger->recipients[0].doubt.until_ms, 1700);
	assert_true(ledger_can_thaw(ledger, 0));
	ledger_thaw(ledger, 0);
	unsigned picked[1];
	assert_int_equal(ledger_pick(ledger, 0, 1, picked), 1);
	ledger_free(ledger);
	memory_free(memory);
	message_unref(message);
}

static const struct {
	const char *what, *text, *sender;
	unsigned known;
} keys[] = {
	{ "the same", FIXTURE_TEXT, "app@example.com", 1 },
	{ "another sender", FIXTURE_TEXT, "web@example.com", 0 },
	{ "the null sender", FIXTURE_TEXT, NULL, 0 },
	{ "another body", FIXTURE_TEXT "more\n", "app@example.com", 0 },
	{ "another Message-ID",
	    "Message-ID: <two@example.com>\nTo: rcpt0@example.org\n\nText\n",
	    "app@example.com", 0 },
};

static struct message *
make_message(const char *text, const char *sender)
{
	struct message *message = fixture_message(text, 2);
	struct envelope *envelope = message->submission->envelope;

	address_free(envelope->sender);
	envelope->sender = sender != NULL ? sample_address(sender) : NULL;
	return message;
}

static void
test_key(void **state)
{
	struct message *message = fixture_message(FIXTURE_TEXT, 1);
	struct memory *memory = make_memory(10);
	struct ledger *ledger = make_ledger(message, 1);

	(void)state;
	set(ledger, 0, RECIPIENT_ACCEPTED);
	keep(memory, message, ledger, 0);
	message_unref(message);
	for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
		message = make_message(keys[i].text, keys[i].sender);
		ledger = make_ledger(message, 1);
		if (memory_recall(memory, message, ledger, 1) != keys[i].known)
			fail_msg("%s", keys[i].what);
		assert_int_equal(
		    ledger->recipients[1].state, RECIPIENT_WAITING);
		ledger_free(ledger);
		message_unref(message);
	}
	memory_free(memory);
}

/* We make another Message-ID each time. */
static void
test_without_message_id(void **state)
{
	static const char text[] = "To: rcpt0@example.org\n\nText\n";
	struct message *first = fixture_message(text, 1);
	struct message *second = fixture_message(text, 1);
	struct memory *memory = make_memory(10);
	struct ledger *ledger = make_ledger(first, 1);

	(void)state;
	assert_string_not_equal(first->message_id, second->message_id);
	set(ledger, 0, RECIPIENT_ACCEPTED);
	keep(memory, first, ledger, 0);
	ledger = make_ledger(second, 1);
	assert_int_equal(memory_recall(memory, second, ledger, 1), 1);
	ledger_free(ledger);
	message_unref(first);
	message_unref(second);
	memory_free(memory);
}

/* Keeps `count` recipients of a message as accepted. */
static void
keep_accepted(
    struct memory *memory, const struct message *message, int64_t now_ms)
{
	struct ledger *ledger = make_ledger(message, 1);

	for (unsigned i = 0; i < ledger->count; i++)
		set(ledger, i, RECIPIENT_ACCEPTED);
	keep(memory, message, ledger, now_ms);
}

static unsigned
count_known(
    struct memory *memory, const struct message *message, int64_t now_ms)
{
	struct ledger *ledger = make_ledger(message, 1);
	unsigned known = memory_recall(memory, message, ledger, now_ms);

	ledger_free(ledger);
	return known;
}

static void
test_expiry(void **state)
{
	struct message *message = fixture_message(FIXTURE_TEXT, 3);
	struct memory *memory = make_memory(10);

	(void)state;
	keep_accepted(memory, message, 100);
	assert_int_equal(count_known(memory, message, 100 + KEEP_MS - 1), 3);
	assert_int_equal(count_known(memory, message, 100 + KEEP_MS), 0);
	assert_int_equal(memory_count(memory), 0);
	message_unref(message);
	memory_free(memory);
}

/* A client may send it again for longer than that. */
static void
test_each_sending_renews(void **state)
{
	struct message *mails[2] = { fixture_message(FIXTURE_TEXT, 1),
		fixture_message(FIXTURE_TEXT, 1) };
	struct memory *memory = make_memory(10);
	struct ledger *ledger = make_ledger(mails[1], 1);

	(void)state;
	keep_accepted(memory, mails[0], 100);
	memory_recall(memory, mails[1], ledger, 100 + KEEP_MS - 1);
	keep(memory, mails[1], ledger, 100 + KEEP_MS - 1);
	assert_int_equal(count_known(memory, mails[1], 100 + KEEP_MS), 1);
	assert_int_equal(count_known(memory, mails[1], 99 + 2 * KEEP_MS), 0);
	message_unref(mails[0]);
	message_unref(mails[1]);
	memory_free(memory);
}

/* It is told by the one that came after the doubt, and the first, which waits
 * still, knows nothing of it. */
static void
test_the_first_sending_does_not_unlearn(void **state)
{
	struct message *mails[2] = { fixture_message(FIXTURE_TEXT, 1),
		fixture_message(FIXTURE_TEXT, 1) };
	struct memory *memory = make_memory(10);
	struct ledger *ledger = make_ledger(mails[0], 2);

	(void)state;
	set(ledger, 0, RECIPIENT_DOUBT)->doubts = 1;
	keep(memory, mails[0], ledger, 1000);
	ledger = make_ledger(mails[1], 2);
	memory_recall(memory, mails[1], ledger, 1001);
	set(ledger, 0, RECIPIENT_REFUSED);
	keep(memory, mails[1], ledger, 1002);
	ledger = make_ledger(mails[0], 2);
	keep(memory, mails[0], ledger, 1003);
	ledger = make_ledger(mails[0], 2);
	memory_recall(memory, mails[0], ledger, 1004);
	assert_int_equal(ledger->recipients[0].state, RECIPIENT_REFUSED);
	ledger_free(ledger);
	memory_free(memory);
	message_unref(mails[0]);
	message_unref(mails[1]);
}

static void
test_oldest_is_forgotten(void **state)
{
	struct message *old = fixture_message(FIXTURE_TEXT, 3);
	struct message *new = fixture_message(FIXTURE_TEXT "more\n", 2);
	struct memory *memory = make_memory(4);

	(void)state;
	keep_accepted(memory, old, 0);
	keep_accepted(memory, new, 1);
	assert_int_equal(memory_count(memory), 4);
	assert_int_equal(count_known(memory, new, 2), 2);
	assert_int_equal(count_known(memory, old, 2), 2);
	message_unref(old);
	message_unref(new);
	memory_free(memory);
}

static void
test_nothing_is_kept_without_room(void **state)
{
	struct message *message = fixture_message(FIXTURE_TEXT, 3);
	struct memory *memory = make_memory(0);

	(void)state;
	keep_accepted(memory, message, 0);
	assert_int_equal(memory_count(memory), 0);
	message_unref(message);
	memory_free(memory);
}

/* Marks of two sendings with the same bytes, with a Message-ID or none. */
static const struct {
	const char *name, *text, *first, *second;
	bool known; /* the second is a resend of the first */
	bool told;  /* ...and can be told from another mail */
} marks[] = {
	{ "the same mark", FIXTURE_TEXT, "ip A1", "ip A1", true, true },
	{ "another mark", FIXTURE_TEXT, "ip A1", "ip A2", false, true },
	{ "no mark any more", FIXTURE_TEXT, "ip A1", NULL, false, true },
	{ "a mark for want of a Message-ID", "Subject: x\n\n", "ip A1", "ip A1",
	    true, true },
	{ "neither", "Subject: x\n\n", NULL, NULL, true, false },
};

static void
test_marks(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(marks); i++) {
		struct message *first = fixture_message(marks[i].text, 1);
		struct message *second = fixture_message(marks[i].text, 1);
		struct memory *memory = make_memory(10);

		print_message("%s\n", marks[i].name);
		first->submission->resend_key = g_strdup(marks[i].first);
		second->submission->resend_key = g_strdup(marks[i].second);
		keep_accepted(memory, first, 0);
		assert_int_equal(
		    count_known(memory, second, 1), marks[i].known);
		assert_int_equal(memory_knows(second), marks[i].told);
		message_unref(first);
		message_unref(second);
		memory_free(memory);
	}
}

static void
test_forget(void **state)
{
	struct message *message = fixture_message(FIXTURE_TEXT, 2);
	struct message *other = fixture_message(FIXTURE_TEXT "more\n", 2);
	struct memory *memory = make_memory(10);
	struct ledger *ledger = make_ledger(message, 1);

	(void)state;
	keep_accepted(memory, message, 0);
	keep_accepted(memory, other, 0);
	memory_forget(memory, message);
	assert_int_equal(count_known(memory, message, 1), 0);
	assert_int_equal(count_known(memory, other, 1), 2);
	ledger_free(ledger);
	message_unref(message);
	message_unref(other);
	memory_free(memory);
}

/* The queue took the mail and nobody heard of it: whoever is final stays so,
 * the others are the queue's, also when it has tried them since. */
static void
test_owned(void **state)
{
	static const enum recipient_state states[] = { RECIPIENT_ACCEPTED,
		RECIPIENT_REFUSED, RECIPIENT_WAITING, RECIPIENT_DOUBT,
		RECIPIENT_OPEN };
	unsigned count = G_N_ELEMENTS(states);
	struct message *first = fixture_message(FIXTURE_TEXT, count);
	struct message *second = fixture_message(FIXTURE_TEXT, count);
	struct memory *memory = make_memory(10);
	struct ledger *ledger = make_ledger(first, 2);
	struct ledger *found = make_ledger(second, 2);

	(void)state;
	g_strlcpy(second->submission->id, "2", sizeof second->submission->id);
	for (unsigned i = 0; i < count; i++)
		set(ledger, i, states[i])->doubt.until_ms = KEEP_MS;
	memory_keep(memory, first, ledger, 0);
	memory_own(memory, first, 1);
	set(ledger, 4, RECIPIENT_WAITING);
	memory_refresh(memory, first, ledger, 2);
	assert_int_equal(memory_recall(memory, second, found, 3), count);
	for (unsigned i = 0; i < count; i++) {
		const struct ledger_recipient *r = &found->recipients[i];

		assert_int_equal(
		    r->state, i < 2 ? states[i] : RECIPIENT_DROPPED);
		if (i >= 2)
			assert_non_null(strstr(r->text, first->submission->id));
	}
	set(ledger, 4, RECIPIENT_REFUSED);
	memory_refresh(memory, first, ledger, 4);
	memory_recall(memory, second, found, 5);
	assert_int_equal(found->recipients[4].state, RECIPIENT_REFUSED);
	ledger_free(ledger);
	ledger_free(found);
	message_unref(first);
	message_unref(second);
	memory_free(memory);
}

/* Without a mark it may be another mail. */
static void
test_not_owned(void **state)
{
	struct message *message =
	    fixture_message("From: a@b.example\n\nx\n", 1);
	struct memory *memory = make_memory(10);

	(void)state;
	memory_own(memory, message, 0);
	assert_int_equal(memory_count(memory), 0);
	message_unref(message);
	memory_free(memory);
}

/* Two sendings of the same mail tell of its recipient one after the other: who
 * knows better is remembered. */
static const struct {
	const char *name;
	bool same_mail; /* both of one sending */
	enum recipient_state states[2];
	int64_t doubts_ms[2];
	unsigned left; /* entries */
	enum recipient_state found;
	int64_t doubt_ms;
} tellings[] = {
	{ "the open attempt is accepted", true,
	    { RECIPIENT_OPEN, RECIPIENT_ACCEPTED }, { 0, 0 }, 1,
	    RECIPIENT_ACCEPTED, 0 },
	{ "the open attempt was not taken", true,
	    { RECIPIENT_OPEN, RECIPIENT_WAITING }, { 0, 0 }, 0,
	    RECIPIENT_WAITING, 0 },
	{ "the open attempt is a doubt", true,
	    { RECIPIENT_OPEN, RECIPIENT_DOUBT }, { 0, 5000 }, 1,
	    RECIPIENT_DOUBT, 5000 },
	{ "accepted is never unlearnt", false,
	    { RECIPIENT_ACCEPTED, RECIPIENT_WAITING }, { 0, 0 }, 1,
	    RECIPIENT_ACCEPTED, 0 },
	{ "not by a doubt either", false,
	    { RECIPIENT_ACCEPTED, RECIPIENT_DOUBT }, { 0, 5000 }, 1,
	    RECIPIENT_ACCEPTED, 0 },
	{ "refused is not unlearnt by who did not get there", false,
	    { RECIPIENT_REFUSED, RECIPIENT_WAITING }, { 0, 0 }, 1,
	    RECIPIENT_REFUSED, 0 },
	{ "the other's doubt is not over", false,
	    { RECIPIENT_DOUBT, RECIPIENT_WAITING }, { 5000, 0 }, 1,
	    RECIPIENT_DOUBT, 5000 },
	{ "the other's doubt is over", false,
	    { RECIPIENT_DOUBT, RECIPIENT_WAITING }, { 1000, 0 }, 0,
	    RECIPIENT_WAITING, 0 },
	{ "the longer doubt counts", false,
	    { RECIPIENT_DOUBT, RECIPIENT_DOUBT }, { 5000, 4000 }, 1,
	    RECIPIENT_DOUBT, 5000 },
	{ "also when it comes second", false,
	    { RECIPIENT_DOUBT, RECIPIENT_DOUBT }, { 4000, 5000 }, 1,
	    RECIPIENT_DOUBT, 5000 },
	{ "accepted at last", false, { RECIPIENT_DOUBT, RECIPIENT_ACCEPTED },
	    { 5000, 0 }, 1, RECIPIENT_ACCEPTED, 0 },
};

/* The resend that is told to wait does not take over what the first sending
 * alone can settle. */
static void
test_the_first_sending_settles_its_doubt(void **state)
{
	struct message *mails[2] = { fixture_message(FIXTURE_TEXT, 1),
		fixture_message(FIXTURE_TEXT, 1) };
	struct memory *memory = make_memory(10);
	struct ledger *ledger = make_ledger(mails[0], 2);

	(void)state;
	set(ledger, 0, RECIPIENT_OPEN);
	keep(memory, mails[0], ledger, 1000);
	ledger = make_ledger(mails[1], 2);
	memory_recall(memory, mails[1], ledger, 1001);
	keep(memory, mails[1], ledger, 1002);
	ledger = make_ledger(mails[0], 2);
	set(ledger, 0, RECIPIENT_WAITING)->refused_by = 1;
	keep(memory, mails[0], ledger, 1003);
	ledger = make_ledger(mails[1], 2);
	memory_recall(memory, mails[1], ledger, 1004);
	assert_int_equal(ledger->recipients[0].state, RECIPIENT_WAITING);
	assert_int_equal(ledger->recipients[0].tried, 1);
	ledger_free(ledger);
	memory_free(memory);
	message_unref(mails[0]);
	message_unref(mails[1]);
}

static void
test_tellings(void **state)
{
	struct message *mails[2] = { fixture_message(FIXTURE_TEXT, 1),
		fixture_message(FIXTURE_TEXT, 1) };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(tellings); i++) {
		struct memory *memory = make_memory(10);
		struct ledger *ledger;

		for (unsigned n = 0; n < 2; n++) {
			ledger = make_ledger(mails[0], 2);
			set(ledger, 0, tellings[i].states[n])->doubt.until_ms =
			    tellings[i].doubts_ms[n];
			keep(memory, mails[tellings[i].same_mail ? 0 : n],
			    ledger, 1000);
		}
		ledger = make_ledger(mails[0], 2);
		memory_recall(memory, mails[0], ledger, 1000);
		if (memory_count(memory) != tellings[i].left ||
		    ledger->recipients[0].state != tellings[i].found ||
		    ledger->recipients[0].doubt.until_ms !=
			tellings[i].doubt_ms)
			fail_msg("%s: %s", tellings[i].name,
			    recipient_state_text(ledger->recipients[0].state));
		ledger_free(ledger);
		memory_free(memory);
	}
	message_unref(mails[0]);
	message_unref(mails[1]);
}

/* A resend waits for a doubt; meanwhile the first sending's attempt ended. */
static const struct {
	enum recipient_state waits, told;
	int64_t told_doubt_ms;
	enum recipient_state found;
	int64_t found_doubt_ms;
} reviews[] = {
	{ RECIPIENT_DOUBT, RECIPIENT_ACCEPTED, 0, RECIPIENT_ACCEPTED, 0 },
	{ RECIPIENT_DOUBT, RECIPIENT_REFUSED, 0, RECIPIENT_REFUSED, 0 },
	{ RECIPIENT_DOUBT, RECIPIENT_DROPPED, 0, RECIPIENT_DROPPED, 0 },
	{ RECIPIENT_DOUBT, RECIPIENT_WAITING, 0, RECIPIENT_DOUBT, 2000 },
	{ RECIPIENT_DOUBT, RECIPIENT_DOUBT, 3000, RECIPIENT_DOUBT, 3000 },
	{ RECIPIENT_DOUBT, RECIPIENT_DOUBT, 1500, RECIPIENT_DOUBT, 2000 },
	{ RECIPIENT_WAITING, RECIPIENT_DOUBT, 3000, RECIPIENT_WAITING, 0 },
	{ RECIPIENT_OPEN, RECIPIENT_ACCEPTED, 0, RECIPIENT_OPEN, 0 },
};

static void
test_review(void **state)
{
	struct message *message = fixture_message(FIXTURE_TEXT, 1);
	char *id = message->submission->id;

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(reviews); i++) {
		struct memory *memory = make_memory(10);
		struct ledger *ledger = make_ledger(message, 2);
		struct ledger_recipient *r;

		g_strlcpy(id, "first", ID_LENGTH + 1);
		set(ledger, 0, reviews[i].told)->doubt.until_ms =
		    reviews[i].told_doubt_ms;
		keep(memory, message, ledger, 1000);
		ledger = make_ledger(message, 2);
		r = set(ledger, 0, reviews[i].waits);
		r->doubt.until_ms = r->state == RECIPIENT_DOUBT ? 2000 : 0;
		/* what it told itself is no news */
		memory_review(memory, message, ledger, 1001);
		assert_int_equal(r->state, reviews[i].waits);
		g_strlcpy(id, "resend", ID_LENGTH + 1);
		memory_review(memory, message, ledger, 1001);
		if (r->state != reviews[i].found ||
		    r->doubt.until_ms != reviews[i].found_doubt_ms)
			fail_msg(
			    "row %zu: %s", i, recipient_state_text(r->state));
		ledger_free(ledger);
		memory_free(memory);
	}
	message_unref(message);
}

/* How often it was in doubt is not forgotten by who waits, nor by a sending
 * that knows less of it. */
static const struct {
	const char *name;
	enum recipient_state states[2];
	unsigned doubts[2];
	int64_t until_ms[2];
	unsigned left; /* entries */
	enum recipient_state found;
	unsigned found_doubts;
} counts[] = {
	{ "waited out, and not taken then",
	    { RECIPIENT_DOUBT, RECIPIENT_WAITING }, { 1, 1 }, { 900, 0 }, 1,
	    RECIPIENT_WAITING, 1 },
	{ "another sending was never in doubt",
	    { RECIPIENT_DOUBT, RECIPIENT_WAITING }, { 2, 0 }, { 900, 0 }, 1,
	    RECIPIENT_DOUBT, 2 },
	{ "another one is in doubt longer, less often",
	    { RECIPIENT_DOUBT, RECIPIENT_DOUBT }, { 3, 1 }, { 5000, 6000 }, 1,
	    RECIPIENT_DOUBT, 3 },
	{ "never in doubt", { RECIPIENT_WAITING, RECIPIENT_WAITING }, { 0, 0 },
	    { 0, 0 }, 0, RECIPIENT_WAITING, 0 },
};

static void
test_counts(void **state)
{
	struct message *mails[2] = { fixture_message(FIXTURE_TEXT, 1),
		fixture_message(FIXTURE_TEXT, 1) };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(counts); i++) {
		struct memory *memory = make_memory(10);
		struct ledger *ledger;

		for (unsigned n = 0; n < 2; n++) {
			struct ledger_recipient *r;
			ledger = make_ledger(mails[n], 2);
			r = set(ledger, 0, counts[i].states[n]);
			r->doubts = counts[i].doubts[n];
			r->doubt.until_ms = counts[i].until_ms[n];
			keep(memory, mails[n], ledger, 1000);
		}
		ledger = make_ledger(mails[0], 2);
		memory_recall(memory, mails[0], ledger, 1000);
		if (memory_count(memory) != counts[i].left ||
		    ledger->recipients[0].state != counts[i].found ||
		    ledger->recipients[0].doubts != counts[i].found_doubts)
			fail_msg("%s: %s, %u doubts", counts[i].name,
			    recipient_state_text(ledger->recipients[0].state),
			    ledger->recipients[0].doubts);
		ledger_free(ledger);
		memory_free(memory);
	}
	message_unref(mails[0]);
	message_unref(mails[1]);
}

static int
start_parser(void **state)
{
	(void)state;
	parse_start();
	return 0;
}

/* The settings were read anew: providers have other numbers, or are none. */
static void
test_shared(void **state)
{
	const struct memory_limits limits = { KEEP_MS, 10, OPEN_MS };
	struct message *message = fixture_message(FIXTURE_TEXT, 1);
	struct memory *first = make_memory(10), *second, *third;
	struct ledger *ledger = make_ledger(message, 3);
	struct ledger_recipient *r = set(ledger, 0, RECIPIENT_DOUBT);

	(void)state;
	memory_name(first, (const char *const[]){ "a", "b", "c", NULL });
	r->doubt.until_ms = 1700;
	r->refused_by = 1 << 2;
	keep(first, message, ledger, 1000);
	second = memory_share(first, &limits);
	memory_name(second, (const char *const[]){ "d", "c", "b", NULL });
	third = memory_share(second, &limits);
	memory_name(third, (const char *const[]){ "a", NULL });
	memory_free(first);

	ledger = make_ledger(message, 3);
	assert_int_equal(memory_recall(second, message, ledger, 1001), 1);
	assert_int_equal(ledger->recipients[0].provider, 2);
	assert_int_equal(ledger->recipients[0].refused_by, 1 << 1);
	ledger_free(ledger);
	ledger = make_ledger(message, 1);
	assert_int_equal(memory_recall(third, message, ledger, 1001), 1);
	assert_int_equal(ledger->recipients[0].state, RECIPIENT_DOUBT);
	assert_int_equal(ledger->recipients[0].provider, LEDGER_NOBODY);
	assert_int_equal(ledger->recipients[0].refused_by, 0);
	ledger_free(ledger);
	memory_free(second);
	assert_int_equal(memory_count(third), 1);
	memory_free(third);
	message_unref(message);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resend),
		cmocka_unit_test(test_doubt_of_the_only_provider),
		cmocka_unit_test(test_key),
		cmocka_unit_test(test_without_message_id),
		cmocka_unit_test(test_expiry),
		cmocka_unit_test(test_each_sending_renews),
		cmocka_unit_test(test_the_first_sending_does_not_unlearn),
		cmocka_unit_test(test_oldest_is_forgotten),
		cmocka_unit_test(test_nothing_is_kept_without_room),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_forget),
		cmocka_unit_test(test_owned),
		cmocka_unit_test(test_not_owned),
		cmocka_unit_test(test_tellings),
		cmocka_unit_test(test_the_first_sending_settles_its_doubt),
		cmocka_unit_test(test_review),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_shared),
	};

	return cmocka_run_group_tests(tests, start_parser, NULL);
}
