/* SPDX-License-Identifier: MIT */
/* The suppression list in the database: what enters it, what leaves it. */
#include "telling.h"

static void
act(struct stand *stand, enum store_question question, const char *addresses,
    unsigned changed)
{
	g_auto(GStrv) words = g_strsplit(addresses, " ", -1);
	g_autoptr(GPtrArray) entries =
	    g_ptr_array_new_with_free_func(suppression_free);
	struct store_ask ask = { .question = question, .entries = entries };
	struct engine_act act = { .ask = &ask };

	for (char **word = words; *word != NULL; word++) {
		struct suppression *one =
		    suppression_new(g_strdup(*word), SUPPRESSION_HAND);

		one->who = g_strdup("uid 0");
		one->text = g_strdup("told by phone");
		one->at_ms = 5000;
		g_ptr_array_add(entries, one);
	}
	stand_begin(stand);
	assert_int_equal(stand->engine->act(stand->self, &act), ENGINE_OK);
	stand_commit(stand);
	assert_true(act.done);
	assert_true(ask.found);
	assert_int_equal(ask.changed, changed);
}

/* The addresses that a question finds, with spaces between. */
static void
expect_list(struct stand *stand, struct store_ask *ask, const char *expected)
{
	g_autoptr(GString) have = g_string_new(NULL);

	ask->question = STORE_SUPPRESSED;
	assert_int_equal(stand->engine->ask(stand->self, ask), ENGINE_OK);
	for (unsigned i = 0; i < ask->suppressions->len; i++) {
		const struct suppression *one = ask->suppressions->pdata[i];

		g_string_append_printf(
		    have, "%s%s", i > 0 ? " " : "", one->address);
	}
	assert_string_equal(have->str, expected);
}

static void
test_by_hand(void **state)
{
	struct stand *stand = stand_new();
	struct store_ask ask = { .limit = 2 };
	char *next;

	(void)state;
	act(stand, STORE_SUPPRESS, "b@x.org a@x.org c@x.org b@x.org", 3);
	act(stand, STORE_SUPPRESS, "b@x.org d@x.org", 1);
	expect_list(stand, &ask, "a@x.org b@x.org");
	next = g_steal_pointer(&ask.next_address);
	store_ask_clear(&ask);
	ask = (struct store_ask){ .id = next, .limit = 3 };
	expect_list(stand, &ask, "c@x.org d@x.org");
	assert_null(ask.next_address);
	store_ask_clear(&ask);
	g_free(next);
	act(stand, STORE_UNSUPPRESS, "a@x.org z@x.org", 1);
	ask = (struct store_ask){ .address = "a@x.org" };
	expect_list(stand, &ask, "");
	store_ask_clear(&ask);
	ask = (struct store_ask){ .address = "b@x.org" };
	expect_list(stand, &ask, "b@x.org");
	const struct suppression *one = ask.suppressions->pdata[0];
	assert_int_equal(one->why, SUPPRESSION_HAND);
	assert_string_equal(one->who, "uid 0");
	assert_string_equal(one->text, "told by phone");
	assert_int_equal(one->at_ms, 5000);
	assert_null(one->provider);
	store_ask_clear(&ask);
	stand_free(stand);
}

static const struct {
	const char *name;
	enum event_kind kind;
	const char *recipient;
	unsigned suppress;
	const char *row; /* of the list; "": none */
} events[] = {
	{ "a hard bounce", EVENT_BOUNCED_HARD, "A@Example.org", 15,
	    "a@example.org 0 mailgun no such user postferry 8000" },
	{ "a complaint", EVENT_COMPLAINED, "a@example.org", 15,
	    "a@example.org 1 mailgun no such user postferry 8000" },
	{ "an unsubscription", EVENT_UNSUBSCRIBED, "a@example.org", 4,
	    "a@example.org 2 mailgun no such user postferry 8000" },
	{ "one that is not wanted", EVENT_UNSUBSCRIBED, "a@example.org", 3,
	    "" },
	{ "a soft bounce", EVENT_BOUNCED_SOFT, "a@example.org", 15, "" },
	{ "a delivery", EVENT_DELIVERED, "a@example.org", 15, "" },
	{ "no address", EVENT_BOUNCED_HARD, "nobody", 15, "" },
};

static struct engine_hearing
hear(struct stand *stand, size_t i, const char *id)
{
	struct event *event =
	    event_told_new(events[i].kind, "mailgun", events[i].recipient);
	struct engine_hearing hearing = {
		.event = event,
		.now_ms = 8000,
		.suppress = events[i].suppress,
		.sought = true,
	};

	event->event_id = g_strdup(id);
	event->text = g_strdup("no such user");
	stand_begin(stand);
	assert_int_equal(stand->engine->hear(stand->self, &hearing), ENGINE_OK);
	stand_commit(stand);
	event_told_free(event);
	return hearing;
}

/* Also of a mail that nobody knows; who is on the list does not enter it. */
static void
test_events(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(events); i++) {
		struct stand *stand = stand_new();
		bool enters = *events[i].row != '\0';
		struct engine_hearing hearing = hear(stand, i, "e1");

		print_message("%s\n", events[i].name);
		stand_expect(stand,
		    "SELECT address || ' ' || why || ' ' || provider || ' ' ||"
		    " text || ' ' || who || ' ' || at FROM suppression",
		    events[i].row);
		assert_int_equal(hearing.suppressed != NULL, enters);
		if (enters)
			assert_string_equal(
			    hearing.suppressed, "a@example.org");
		g_free(hearing.suppressed);
		hearing = hear(stand, i, "e2");
		assert_null(hearing.suppressed);
		stand_free(stand);
	}
}

/* Who was taken off by hand does not come back by what was heard before. */
static void
test_taken_off(void **state)
{
	struct stand *stand = stand_new();
	struct engine_hearing hearing = hear(stand, 0, "e1");

	(void)state;
	g_free(hearing.suppressed);
	act(stand, STORE_UNSUPPRESS, "a@example.org", 1);
	hearing = hear(stand, 0, "e1");
	assert_true(hearing.again);
	assert_null(hearing.suppressed);
	stand_expect(stand, "SELECT count(*) FROM suppression", "0");
	hearing = hear(stand, 0, "e2");
	assert_non_null(hearing.suppressed);
	g_free(hearing.suppressed);
	stand_free(stand);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_hand),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_taken_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
