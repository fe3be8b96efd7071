/* SPDX-License-Identifier: MIT */
/* Lists of mails: what is looked for, in pages, in both databases at once. */
#include "world.h"

#include "answer.h"
#include "listing.h"

#define HOUR_MS INT64_C(3600000)
#define NOON_MS INT64_C(1795262400000)

/* The mails there are, by time; small letters are finished. */
static const struct row {
	char letter;
	const char *sender, *recipient, *provider, *listener, *subject, *tags;
	int64_t hours; /* after noon */
} rows[] = {
	{ 'a', "app@example.com", "one@example.org", "mailgun", "main",
	    "Your invoice", "bill", -72 },
	{ 'B', "app@example.com", "two@example.org", "mandrill", "main",
	    "Your order", "shop\nbill", -1 },
	{ 'c', "", "one@example.org", "mandrill", "main", "Undelivered", NULL,
	    0 },
	{ 'D', "Shop@example.com", "Two@Example.org", "mailgun", "other",
	    "Grüße aus Köln", "shop", 1 },
	{ 'e', "shop@example.com", "one@example.org", "mailgun", "other",
	    "INVOICE 17%", "shop", 2 },
	{ 'F', "", "one@example.org", "mailgun", "main", NULL, NULL, 73 },
};

static void
print_id(const struct row *row, char id[static ID_LENGTH + 1])
{
	id_print_time(NOON_MS + row->hours * HOUR_MS, id);
	g_snprintf(id + ID_TIME_LENGTH, ID_LENGTH + 1 - ID_TIME_LENGTH,
	    "%015d%c", 0, g_ascii_toupper(row->letter));
}

static struct message *
make_message(struct world *world, const struct row *row)
{
	g_autofree char *text =
	    g_strdup_printf("From: app@example.com\n%s%s\n\nx\n",
		row->subject == NULL ? "X: " : "Subject: ",
		row->subject == NULL ? "y" : row->subject);
	struct message *message = sample_message(text);
	struct submission *submission = message->submission;
	struct envelope *envelope = submission->envelope;

	(void)world;
	print_id(row, submission->id);
	submission->received_ms = NOON_MS + row->hours * HOUR_MS;
	submission->listener = row->listener;
	address_free(envelope->sender);
	envelope->sender =
	    *row->sender == '\0' ? NULL : sample_address(row->sender);
	g_ptr_array_set_size(envelope->recipients, 1);
	address_free(g_ptr_array_index(envelope->recipients, 0));
	envelope->recipients->pdata[0] = sample_address(row->recipient);
	return message;
}

static void
put(struct world *world, const struct row *row)
{
	bool finished = g_ascii_islower(row->letter);
	struct message *message = make_message(world, row);
	struct recipient is = {
		.state = finished ? RECIPIENT_ACCEPTED : RECIPIENT_WAITING,
		.provider = (char *)row->provider,
	};
	struct journal *journal =
	    journal_new(finished ? JOURNAL_PASSED : JOURNAL_TAKEN, message);

	journal_add_recipient(journal, 0, &is);
	journal->tags = g_strdup(row->tags);
	store_journal_post(world->store, journal);
	message_unref(message);
}

static struct world *
start(void)
{
	struct world *world = world_new("");

	world->engine = &engine_sqlite;
	world_open(world);
	store_start(world->store);
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		put(world, &rows[i]);
	world_settle_all(world);
	return world;
}

/* What is asked, and the letters of what is found, the oldest first. */
static const struct {
	const char *name;
	int place;
	struct store_filter filter;
	const char *found;
} lists[] = {
	{ "all", STORE_ANYWHERE, { 0 }, "aBcDeF" },
	{ "of the queue", STORE_UNFINISHED, { 0 }, "BDF" },
	{ "finished", STORE_FINISHED, { 0 }, "ace" },
	{ "active", STORE_ACTIVE, { 0 }, "BDF" },
	{ "held", STORE_HELD, { 0 }, "" },
	{ "a sender", STORE_ANYWHERE, { .sender = "shop@EXAMPLE.com" }, "De" },
	{ "the null sender", STORE_ANYWHERE, { .sender = "" }, "cF" },
	{ "a recipient", STORE_ANYWHERE, { .recipient = "two@example.ORG" },
	    "BD" },
	{ "a finished one's recipient", STORE_FINISHED,
	    { .recipient = "ONE@example.org" }, "ace" },
	{ "part of an address", STORE_ANYWHERE, { .recipient = "example.org" },
	    "" },
	{ "both", STORE_ANYWHERE,
	    { .sender = "", .recipient = "one@example.org" }, "cF" },
	{ "a provider", STORE_ANYWHERE, { .provider = "mandrill" }, "Bc" },
	{ "a listener", STORE_ANYWHERE, { .listener = "other" }, "De" },
	{ "a tag", STORE_ANYWHERE, { .tag = "bill" }, "aB" },
	{ "a tag in other letters", STORE_ANYWHERE, { .tag = "Bill" }, "" },
	{ "part of a tag", STORE_ANYWHERE, { .tag = "bil" }, "" },
	{ "a subject", STORE_ANYWHERE, { .subject = "invoice" }, "ae" },
	{ "with a sign", STORE_ANYWHERE, { .subject = "17%" }, "e" },
	{ "a sign", STORE_ANYWHERE, { .subject = "_" }, "" },
	{ "other letters than ASCII", STORE_ANYWHERE, { .subject = "GRÜSSE" },
	    "D" },
	{ "the same, in pieces", STORE_ANYWHERE, { .subject = "ko\314\210ln" },
	    "D" },
	{ "all that have one", STORE_ANYWHERE, { .subject = "" }, "aBcDe" },
	{ "since", STORE_ANYWHERE, { .since_ms = NOON_MS }, "cDeF" },
	{ "until", STORE_ANYWHERE, { .until_ms = NOON_MS }, "aB" },
	{ "between", STORE_ANYWHERE,
	    { .since_ms = NOON_MS - HOUR_MS, .until_ms = NOON_MS + 1 }, "Bc" },
	{ "many things", STORE_ANYWHERE,
	    { .tag = "shop",
		.provider = "mailgun",
		.subject = "i",
		.since_ms = NOON_MS,
		.recipient = "one@example.org" },
	    "e" },
};

static char
letter_of(const struct store_mail *mail)
{
	char letter = mail->id[ID_LENGTH - 1];

	return mail->place == STORE_FINISHED ? g_ascii_tolower(letter) : letter;
}

/* In pages of so many. */
static char *
walk(struct world *world, size_t list, unsigned limit, bool newest)
{
	GString *found = g_string_new(NULL);
	char after[ID_LENGTH + 1] = "";
	struct store_ask ask;

	do {
		ask = (struct store_ask){ .question = STORE_LIST,
			.place = lists[list].place,
			.filter = lists[list].filter,
			.id = *after != '\0' ? after : NULL,
			.limit = limit,
			.newest = newest };
		store_answer(world->store, &ask);
		assert_true(ask.found);
		assert_null(ask.obstacle);
		assert_true(ask.mails->len <= limit);
		for (unsigned i = 0; i < ask.mails->len; i++) {
			struct store_mail *mail = ask.mails->pdata[i];

			g_string_append_c(found, letter_of(mail));
			assert_int_equal(mail->recipients->len, 1);
		}
		g_strlcpy(after, ask.next, sizeof after);
		store_ask_clear(&ask);
	} while (*after != '\0');
	if (newest)
		g_strreverse(found->str);
	return g_string_free(found, FALSE);
}

static void
test_lists(void **state)
{
	struct world *world = start();

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
		for (unsigned limit = 1; limit <= 10; limit += 3)
			for (int newest = 0; newest < 2; newest++) {
				g_autofree char *found =
				    walk(world, i, limit, newest);

				if (strcmp(found, lists[i].found) != 0)
					print_error("%s, %u a page\n",
					    lists[i].name, limit);
				assert_string_equal(found, lists[i].found);
			}
	world_free(world);
}

/* Mails that finish one by one while a list of all is read again and again:
 * each time all of them are there, once. */
#define MOVING 26u

static void *
drop_all(void *object)
{
	struct world *world = object;

	for (unsigned i = 0; i < MOVING; i++) {
		char id[ID_LENGTH + 1];
		struct store_ask ask = { .question = STORE_DROP,
			.id = id,
			.place = STORE_UNFINISHED,
			.who = "uid 0" };

		fake_id((char)('A' + i), id);
		store_answer(world->store, &ask);
		g_assert_cmpuint(ask.changed, ==, 1);
		store_ask_clear(&ask);
	}
	return NULL;
}

static bool
walk_moving(struct world *world, bool newest)
{
	char after[ID_LENGTH + 1] = "";
	unsigned found = 0, finished = 0;
	struct store_ask ask;

	do {
		ask = (struct store_ask){ .question = STORE_LIST,
			.place = STORE_ANYWHERE,
			.id = *after != '\0' ? after : NULL,
			.limit = 3,
			.newest = newest };
		store_answer(world->store, &ask);
		for (unsigned i = 0; i < ask.mails->len; i++) {
			struct store_mail *mail = ask.mails->pdata[i];
			unsigned nth = newest ? MOVING - 1 - found : found;

			assert_int_equal(
			    mail->id[ID_LENGTH - 1], 'A' + (int)nth);
			finished += mail->place == STORE_FINISHED;
			found++;
		}
		g_strlcpy(after, ask.next, sizeof after);
		store_ask_clear(&ask);
	} while (*after != '\0');
	assert_int_equal(found, MOVING);
	return finished == MOVING;
}

static void
test_moving(void **state)
{
	struct world *world = world_new("");
	pthread_t thread;

	(void)state;
	world->engine = &engine_sqlite;
	world_open(world);
	store_start(world->store);
	for (unsigned i = 0; i < MOVING; i++)
		world_accept(world, (char)('A' + i));
	for (unsigned i = 0; i < MOVING; i++) {
		g_autofree char *heard = g_strdup_printf("onward %c", 'A' + i);

		fake_await(&world->fake, heard);
		world_enter(world, JOURNAL_LANDED, (char)('A' + i));
	}
	fake_await(&world->fake, "recorded Z");
	assert_int_equal(pthread_create(&thread, NULL, drop_all, world), 0);
	for (bool newest = false; !walk_moving(world, newest); newest = !newest)
		;
	assert_int_equal(pthread_join(thread, NULL), 0);
	world_free(world);
}

/* Two parts of a list as they come together: letters of ids, the queue's and
 * the records', and behind a stroke how far each has looked when there is more.
 */
static const struct {
	const char *name, *queued, *finished, *joined;
	unsigned limit;
	bool newest;
} joins[] = {
	{ "both whole", "BD", "AC", "ABCD", 9, false },
	{ "from the last on", "DB", "CA", "DCBA", 9, true },
	{ "one is empty", "", "AC", "AC", 9, false },
	{ "neither has one", "", "", "", 9, false },
	{ "more than a page", "BD", "AC", "ABC/C", 3, false },
	{ "a page", "BD", "AC", "ABCD", 4, false },
	{ "a page, and more of one", "BD/D", "AC", "ABCD/D", 4, false },
	{ "one looked through a part", "BF", "A/C", "AB/C", 9, false },
	{ "the other did", "BF/G", "AH", "ABF/G", 9, false },
	{ "both did", "B/D", "AE/F", "AB/D", 9, false },
	{ "both, from the last on", "FB/B", "GA/A", "GFB/B", 9, true },
	{ "nothing was found so far", "/D", "EF", "/D", 9, false },
	{ "in both", "ABC", "BD", "AbCD", 9, false },
	{ "in both, from the last on", "CBA", "DB", "DCbA", 9, true },
};

static GPtrArray *
make_part(const char *letters, enum store_place place, char next[ID_LENGTH + 1])
{
	GPtrArray *mails = store_mails_new();

	for (; *letters != '\0' && *letters != '/'; letters++) {
		struct store_mail *mail = store_mail_new();

		fake_id(*letters, mail->id);
		mail->place = place;
		g_ptr_array_add(mails, mail);
	}
	*next = '\0';
	if (*letters == '/')
		fake_id(letters[1], next);
	return mails;
}

/* Of those in both the records' is a small letter. */
static char *
print_joined(const struct store_ask *ask, const char *queued)
{
	GString *out = g_string_new(NULL);

	for (unsigned i = 0; i < ask->mails->len; i++) {
		const struct store_mail *mail = ask->mails->pdata[i];
		char letter = mail->id[ID_LENGTH - 1];
		bool twice = mail->place == STORE_FINISHED &&
			     strchr(queued, letter) != NULL;

		g_string_append_c(
		    out, twice ? g_ascii_tolower(letter) : letter);
	}
	if (*ask->next != '\0')
		g_string_append_printf(out, "/%c", ask->next[ID_LENGTH - 1]);
	return g_string_free(out, FALSE);
}

static void
test_joins(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(joins); i++) {
		struct store_ask ask = { .limit = joins[i].limit,
			.newest = joins[i].newest };
		struct listing_part part;
		g_autofree char *joined = NULL;

		print_message("%s\n", joins[i].name);
		part.mails =
		    make_part(joins[i].queued, STORE_WAITING, part.next);
		ask.mails =
		    make_part(joins[i].finished, STORE_FINISHED, ask.next);
		listing_join(&part, &ask);
		joined = print_joined(&ask, joins[i].queued);
		assert_string_equal(joined, joins[i].joined);
		store_ask_clear(&ask);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_moving),
		cmocka_unit_test(test_joins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
