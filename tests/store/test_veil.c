/* SPDX-License-Identifier: MIT */
/* What the records do not tell of a mail, and how it is found all the same. */
#include "veil.h"

#include "answer.h"
#include "world.h"

#define ALIAS "hidden-"

static struct veil *
open_veil(const char *directory, bool subjects, bool addresses)
{
	const struct veil_terms terms = { subjects, addresses };
	GError *error = NULL;
	struct veil *veil = veil_open(directory, &terms, &error);

	if (veil == NULL)
		print_error("%s\n", error->message);
	assert_non_null(veil);
	return veil;
}

/* One key for good, and for its owner alone; none without need. */
static void
test_key(void **state)
{
	struct world *world = world_new("");
	g_autofree char *path = world_path(world, "records.key");
	struct veil *veil = open_veil(world->directory, true, false);
	g_autofree char *first = NULL, *second = NULL, *third = NULL;
	struct stat file;

	(void)state;
	assert_null(veil_alias(veil, "one@example.org"));
	veil_free(veil);
	assert_false(world_has_file(world, "records.key"));
	veil = open_veil(world->directory, false, true);
	assert_int_equal(stat(path, &file), 0);
	assert_int_equal(file.st_mode & 0777, 0600);
	first = veil_alias(veil, "one@example.org");
	veil_free(veil);
	veil = open_veil(world->directory, false, false);
	second = veil_alias(veil, "One@Example.ORG");
	veil_free(veil);
	assert_true(g_str_has_prefix(first, ALIAS));
	assert_true(g_str_has_suffix(first, "@example.org"));
	assert_int_equal(
	    strlen(first), strlen(ALIAS) + 16 + strlen("@example.org"));
	assert_int_equal(strcasecmp(first, second), 0);
	unlink(path);
	veil = open_veil(world->directory, false, true);
	third = veil_alias(veil, "one@example.org");
	assert_string_not_equal(first, third);
	veil_free(veil);
	world_free(world);
}

static void
test_bad_key(void **state)
{
	struct world *world = world_new("");
	g_autofree char *path = world_path(world, "records.key");
	const struct veil_terms terms = { 0 };
	g_autoptr(GError) error = NULL;

	(void)state;
	assert_true(g_file_set_contents(path, "short", -1, NULL));
	assert_null(veil_open(world->directory, &terms, &error));
	assert_non_null(
	    strstr(error->message, "records.key: it has 5 bytes, a key of 32"));
	veil_free(NULL);
	world_free(world);
}

/* $: the alias of one@example.org. */
static const struct {
	const char *text, *expected;
} texts[] = {
	{ "no address", "no address" },
	{ "550 <one@example.org>: unknown", "550 <$>: unknown" },
	{ "unknown: one@example.org.", "unknown: $." },
	{ "one@example.org, one@example.org", "$, $" },
	{ "to=one@example.org", "to=$" },
	{ "one@example.org", "$" },
	{ "@example.org one@ @ one @@", "@example.org one@ @ one @@" },
	{ "", "" },
};

static void
test_texts(void **state)
{
	struct world *world = world_new("");
	struct veil *veil = open_veil(world->directory, false, true);
	g_autofree char *alias = veil_alias(veil, "one@example.org");

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autofree char *text = veil_text(veil, texts[i].text);
		g_auto(GStrv) parts = g_strsplit(texts[i].expected, "$", -1);
		g_autofree char *expected = g_strjoinv(alias, parts);

		assert_string_equal(text, expected);
	}
	assert_null(veil_text(veil, NULL));
	veil_free(veil);
	world_free(world);
}

/* ---- through the store ---- */

static struct world *
start(const char *settings)
{
	struct world *world = world_new(settings);

	world->engine = &engine_sqlite;
	world_open(world);
	store_start(world->store);
	return world;
}

/* From app@example.com to one@example.org. */
static void
pass(struct world *world, char letter)
{
	struct journal *journal =
	    world_journal(world, JOURNAL_PASSED, letter, 100);
	struct recipient is = { .state = RECIPIENT_REFUSED,
		.provider = (char *)"one",
		.text = (char *)"550 <one@example.org> is nobody" };

	journal_add_recipient(journal, 0, &is);
	store_journal_post(world->store, journal);
}

static unsigned
count(struct world *world, const struct store_filter *filter)
{
	struct store_ask ask = { .question = STORE_LIST,
		.place = STORE_ANYWHERE,
		.filter = *filter };
	unsigned found;

	store_answer(world->store, &ask);
	found = ask.mails->len;
	store_ask_clear(&ask);
	return found;
}

static bool
holds(struct world *world, const char *what)
{
	static const char *const names[] = { "records.db", "records.db-wal" };
	bool held = false;

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path = world_path(world, names[i]);
		g_autofree char *bytes = NULL;
		gsize length = 0;

		if (g_file_get_contents(path, &bytes, &length, NULL))
			held |=
			    memmem(bytes, length, what, strlen(what)) != NULL;
	}
	return held;
}

static void
test_addresses(void **state)
{
	struct world *world = start("RECORDS_ADDRESSES=hash");
	struct store_ask ask = { .question = STORE_LIST,
		.place = STORE_FINISHED };

	(void)state;
	pass(world, 'A');
	store_answer(world->store, &ask);
	assert_int_equal(ask.mails->len, 1);
	const struct store_mail *mail = ask.mails->pdata[0];
	const struct store_recipient *one = mail->recipients->pdata[0];
	assert_true(g_str_has_prefix(mail->sender, ALIAS));
	assert_true(g_str_has_suffix(mail->sender, "@example.com"));
	assert_null(mail->from);
	assert_string_equal(mail->subject, "x");
	assert_true(g_str_has_prefix(one->address, ALIAS));
	assert_non_null(strstr(one->is.text, one->address));
	/* by its name, by what is shown, by either of two */
	assert_int_equal(
	    count(world,
		&(struct store_filter){ .recipient = "ONE@example.org" }),
	    1);
	assert_int_equal(
	    count(world, &(struct store_filter){ .recipient = one->address }),
	    1);
	assert_int_equal(
	    count(world, &(struct store_filter){ .sender = "App@example.com" }),
	    1);
	assert_int_equal(
	    count(world, &(struct store_filter){ .sender = "app@example.com",
			     .recipient = "one@example.org" }),
	    1);
	assert_int_equal(
	    count(world,
		&(struct store_filter){ .recipient = "two@example.org" }),
	    0);
	store_ask_clear(&ask);
	assert_false(holds(world, "one@example.org"));
	assert_false(holds(world, "app@example.com"));
	world_free(world);
}

/* What was recorded before, or after, is found with it. */
static void
test_changed(void **state)
{
	static const char *const settings[] = { "RECORDS_ADDRESSES=keep",
		"RECORDS_ADDRESSES=hash", "RECORDS_ADDRESSES=keep" };
	const struct store_filter filters[] = {
		{ .recipient = "one@example.org" },
		{ .sender = "app@example.com" },
	};
	struct world *world = start("");

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(settings); i++) {
		world_close(world);
		config_unref(world->config);
		world->config = world_config(settings[i]);
		world_open(world);
		pass(world, (char)('A' + i));
		for (size_t f = 0; f < G_N_ELEMENTS(filters); f++)
			assert_int_equal(count(world, &filters[f]), i + 1);
	}
	assert_true(holds(world, "one@example.org"));
	world_free(world);
}

static void
test_subjects(void **state)
{
	struct world *world = start("RECORDS_SUBJECTS=drop");

	(void)state;
	pass(world, 'A');
	assert_int_equal(
	    count(world, &(struct store_filter){ .subject = "x" }), 0);
	assert_int_equal(
	    count(world, &(struct store_filter){ .sender = "app@example.com" }),
	    1);
	world_free(world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_key),
		cmocka_unit_test(test_bad_key),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_changed),
		cmocka_unit_test(test_subjects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
