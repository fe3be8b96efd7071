/* SPDX-License-Identifier: MIT */
#include "patience.h"

#include "configured.h"
#include <glib.h>

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)

/* The attempt began then. */
#define BEGAN INT64_C(1000000)

/* As the settings have it. */
static const struct patience usual = {
	.asks_ms = { 5 * SECOND, 20 * SECOND, 60 * SECOND, 3 * MINUTE,
	    10 * MINUTE, 30 * MINUTE, 35 * MINUTE },
	.ask_count = 7,
	.wait_ms = 120 * SECOND,
	.error_ms = 20 * SECOND,
	.proof_ms = 30 * MINUTE,
	.once_ms = 35 * MINUTE,
	.same_ms = 5 * MINUTE,
	.move_ms = 15 * MINUTE,
};

#define DELIVERY  DOUBT_PREFER_DELIVERY
#define ONCE      DOUBT_PREFER_ONCE
#define NEVER     DOUBT_NEVER_TWICE
#define ASKABLE   PATIENCE_ASKABLE
#define UPSTREAM  PATIENCE_UPSTREAM
#define MUTE      PATIENCE_MUTE
#define FORBIDDEN true

/* Times are since it began; of asked and absent 0 is never. */
static const struct {
	const char *name;
	enum doubt_policy policy;
	enum patience_kind kind;
	bool forbidden;
	int64_t until_ms;
	unsigned asks;
	int64_t asked_ms, absent_ms, now_ms;
	enum patience_step step;
	int64_t at_ms;
} cases[] = {
	{ "asked for the first time", DELIVERY, ASKABLE, 0, 2 * MINUTE, 0, 0, 0,
	    2 * SECOND, PATIENCE_ASK, 5 * SECOND },
	{ "known late: at once", DELIVERY, ASKABLE, 0, 3 * MINUTE, 0, 0, 0,
	    MINUTE, PATIENCE_ASK, 5 * SECOND },
	{ "asked again", DELIVERY, ASKABLE, 0, 2 * MINUTE, 1, 5 * SECOND,
	    5 * SECOND, 6 * SECOND, PATIENCE_ASK, 20 * SECOND },
	{ "the last ask is at the end of its time", DELIVERY, ASKABLE, 0,
	    2 * MINUTE, 3, MINUTE, MINUTE, 61 * SECOND, PATIENCE_ASK,
	    2 * MINUTE },
	{ "after an error the time is short", DELIVERY, ASKABLE, 0, 21 * SECOND,
	    2, 20 * SECOND, 20 * SECOND, 20 * SECOND, PATIENCE_ASK,
	    21 * SECOND },
	{ "over, and not asked since", DELIVERY, ASKABLE, 0, 2 * MINUTE, 3,
	    MINUTE, MINUTE, 3 * MINUTE, PATIENCE_ASK, 2 * MINUTE },
	{ "over, and it has it not", DELIVERY, ASKABLE, 0, 2 * MINUTE, 3,
	    2 * MINUTE, 2 * MINUTE, 2 * MINUTE, PATIENCE_ANY, 0 },
	{ "over, and it does not answer", DELIVERY, ASKABLE, 0, 2 * MINUTE, 3,
	    2 * MINUTE, 0, 2 * MINUTE, PATIENCE_ANY, 0 },
	{ "as was known before a restart", DELIVERY, ASKABLE, 0, 2 * MINUTE, 3,
	    0, 2 * MINUTE, 9 * MINUTE, PATIENCE_ANY, 0 },
	{ "once: the schedule to its end", ONCE, ASKABLE, 0, 35 * MINUTE, 6,
	    30 * MINUTE, 30 * MINUTE, 31 * MINUTE, PATIENCE_ASK, 35 * MINUTE },
	{ "once: absence is proof", ONCE, ASKABLE, 0, 35 * MINUTE, 7,
	    35 * MINUTE, 35 * MINUTE, 35 * MINUTE, PATIENCE_ANY, 0 },
	{ "once: absent at 30 minutes, unanswered since", ONCE, ASKABLE, 0,
	    35 * MINUTE, 7, 35 * MINUTE, 30 * MINUTE, 35 * MINUTE, PATIENCE_ANY,
	    0 },
	{ "once: absent too early is no proof", ONCE, ASKABLE, 0, 35 * MINUTE,
	    7, 35 * MINUTE, 30 * MINUTE - 1, 35 * MINUTE, PATIENCE_ASK,
	    40 * MINUTE },
	{ "once: it never answered", ONCE, ASKABLE, 0, 35 * MINUTE, 7,
	    50 * MINUTE, 0, 51 * MINUTE, PATIENCE_ASK, 55 * MINUTE },
	{ "once: our key may not ask", ONCE, ASKABLE, FORBIDDEN, 35 * MINUTE, 7,
	    35 * MINUTE, 0, 35 * MINUTE, PATIENCE_HOLD, 0 },
	{ "once: our key may not ask, and might yet", ONCE, ASKABLE, FORBIDDEN,
	    35 * MINUTE, 1, 5 * SECOND, 0, 6 * SECOND, PATIENCE_ASK,
	    20 * SECOND },
	{ "once: nobody can be asked", ONCE, MUTE, 0, 35 * MINUTE, 0, 0, 0, 0,
	    PATIENCE_HOLD, 0 },
	{ "never: asked as well", NEVER, ASKABLE, 0, 35 * MINUTE, 0, 0, 0, 0,
	    PATIENCE_ASK, 5 * SECOND },
	{ "never: proof is none", NEVER, ASKABLE, 0, 35 * MINUTE, 7,
	    35 * MINUTE, 35 * MINUTE, 35 * MINUTE, PATIENCE_HOLD, 0 },
	{ "never: no answer", NEVER, ASKABLE, 0, 35 * MINUTE, 7, 35 * MINUTE, 0,
	    35 * MINUTE, PATIENCE_HOLD, 0 },
	{ "never: nobody can be asked", NEVER, MUTE, 0, 35 * MINUTE, 0, 0, 0, 0,
	    PATIENCE_HOLD, 0 },
	{ "mute: waited out", DELIVERY, MUTE, 0, 2 * MINUTE, 0, 0, 0, MINUTE,
	    PATIENCE_WAIT, 2 * MINUTE },
	{ "mute: over", DELIVERY, MUTE, 0, 2 * MINUTE, 0, 0, 0, 2 * MINUTE,
	    PATIENCE_ANY, 0 },
	{ "upstream: waited out", DELIVERY, UPSTREAM, 0, 5 * MINUTE, 0, 0, 0,
	    MINUTE, PATIENCE_WAIT, 5 * MINUTE },
	{ "upstream: the same first", DELIVERY, UPSTREAM, 0, 5 * MINUTE, 0, 0,
	    0, 5 * MINUTE, PATIENCE_SAME, 0 },
	{ "upstream: the same, for a while", DELIVERY, UPSTREAM, 0, 5 * MINUTE,
	    0, 0, 0, 15 * MINUTE - 1, PATIENCE_SAME, 0 },
	{ "upstream: then another", DELIVERY, UPSTREAM, 0, 5 * MINUTE, 0, 0, 0,
	    15 * MINUTE, PATIENCE_ANY, 0 },
	{ "upstream, delayed by the schedule", DELIVERY, UPSTREAM, 0,
	    16 * MINUTE, 0, 0, 0, 15 * MINUTE, PATIENCE_WAIT, 16 * MINUTE },
	{ "upstream, once: the same, late", ONCE, UPSTREAM, 0, 35 * MINUTE, 0,
	    0, 0, 35 * MINUTE, PATIENCE_SAME, 0 },
	{ "upstream, once: never another", ONCE, UPSTREAM, 0, 35 * MINUTE, 0, 0,
	    0, 99 * MINUTE, PATIENCE_SAME, 0 },
	{ "upstream, never: held", NEVER, UPSTREAM, 0, 35 * MINUTE, 0, 0, 0, 0,
	    PATIENCE_HOLD, 0 },
};

static int64_t
find_time(int64_t since_ms)
{
	return since_ms != 0 ? BEGAN + since_ms : 0;
}

static void
test_next(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		const struct patience_doubt doubt = {
			.policy = cases[i].policy,
			.kind = cases[i].kind,
			.forbidden = cases[i].forbidden,
			.others = true,
			.left = 2,
			.since_ms = BEGAN,
			.until_ms = BEGAN + cases[i].until_ms,
			.asks = cases[i].asks,
			.asked_ms = find_time(cases[i].asked_ms),
			.absent_ms = find_time(cases[i].absent_ms),
		};
		struct patience_next next =
		    patience_next(&usual, &doubt, BEGAN + cases[i].now_ms);
		if (next.step != cases[i].step ||
		    next.at_ms != find_time(cases[i].at_ms))
			fail_msg("%s: %d at %d s", cases[i].name, next.step,
			    (int)((next.at_ms - BEGAN) / SECOND));
	}
}

/* It ended two seconds after it began. */
static const struct {
	enum doubt_policy policy;
	enum patience_kind kind;
	bool unlikely;
	int64_t until_ms;
} ends[] = {
	{ DELIVERY, ASKABLE, false, 122 * SECOND },
	{ DELIVERY, ASKABLE, true, 22 * SECOND },
	{ DELIVERY, MUTE, true, 22 * SECOND },
	{ DELIVERY, UPSTREAM, false, 5 * MINUTE },
	{ ONCE, ASKABLE, true, 35 * MINUTE },
	{ ONCE, UPSTREAM, false, 35 * MINUTE },
	{ NEVER, ASKABLE, false, 35 * MINUTE },
};

static void
test_until(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
		const struct patience_doubt doubt = {
			.policy = ends[i].policy,
			.kind = ends[i].kind,
			.left = 2,
			.since_ms = BEGAN,
			.begun_ms = BEGAN,
		};
		assert_int_equal(patience_until(&usual, &doubt,
				     ends[i].unlikely, BEGAN + 2 * SECOND),
		    BEGAN + ends[i].until_ms);
	}
}

/* An upstream that loses each answer: when the next copy goes, after one that
 * began then and took two seconds, and whose it is. */
static const struct {
	enum doubt_policy policy;
	bool others;
	unsigned left;
	int64_t begun_ms, until_ms;
	enum patience_step step;
} resends[] = {
	/* alone: ever fewer */
	{ DELIVERY, false, 2, 0, 5 * MINUTE, PATIENCE_SAME },
	{ DELIVERY, false, 1, 5 * MINUTE, 15 * MINUTE, PATIENCE_SAME },
	{ DELIVERY, false, 9, 15 * MINUTE, 35 * MINUTE, PATIENCE_SAME },
	{ DELIVERY, false, 9, 35 * MINUTE, 75 * MINUTE, PATIENCE_SAME },
	/* another one gets it in time, whatever the same one does */
	{ DELIVERY, true, 2, 0, 5 * MINUTE, PATIENCE_SAME },
	{ DELIVERY, true, 9, 5 * MINUTE, 15 * MINUTE, PATIENCE_ANY },
	{ DELIVERY, true, 9, 9 * MINUTE, 15 * MINUTE, PATIENCE_ANY },
	/* late already: when the attempt has ended */
	{ DELIVERY, true, 9, 20 * MINUTE, 20 * MINUTE + 2 * SECOND,
	    PATIENCE_ANY },
	/* the last one is for it */
	{ DELIVERY, true, 1, 0, 15 * MINUTE, PATIENCE_ANY },
	/* never another */
	{ ONCE, true, 2, 0, 35 * MINUTE, PATIENCE_SAME },
	{ ONCE, true, 1, 35 * MINUTE, 105 * MINUTE, PATIENCE_SAME },
	{ NEVER, true, 2, 0, 35 * MINUTE, PATIENCE_HOLD },
};

static void
test_resends(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(resends); i++) {
		struct patience_doubt doubt = {
			.policy = resends[i].policy,
			.kind = UPSTREAM,
			.others = resends[i].others,
			.left = resends[i].left,
			.since_ms = BEGAN,
			.begun_ms = BEGAN + resends[i].begun_ms,
		};
		struct patience_next next;

		doubt.until_ms = patience_until(
		    &usual, &doubt, false, doubt.begun_ms + 2 * SECOND);
		next = patience_next(&usual, &doubt, doubt.until_ms);
		if (doubt.until_ms != BEGAN + resends[i].until_ms ||
		    next.step != resends[i].step)
			fail_msg("row %zu: %d at %d s", i, next.step,
			    (int)((doubt.until_ms - BEGAN) / SECOND));
		next = patience_next(&usual, &doubt, doubt.until_ms - 1);
		assert_int_equal(next.step,
		    resends[i].policy == NEVER ? PATIENCE_HOLD : PATIENCE_WAIT);
	}
}

/* The other one's turn is waited for, when the same one has had its own. */
static void
test_the_last_is_for_another(void **state)
{
	const struct patience_doubt doubt = {
		.policy = DELIVERY,
		.kind = UPSTREAM,
		.others = true,
		.left = 1,
		.since_ms = BEGAN,
		.until_ms = BEGAN + 5 * MINUTE,
	};
	struct patience_next next =
	    patience_next(&usual, &doubt, BEGAN + 6 * MINUTE);

	(void)state;
	assert_int_equal(next.step, PATIENCE_WAIT);
	assert_int_equal(next.at_ms, BEGAN + 15 * MINUTE);
}

/* Nothing of the schedule is asked twice in a row to make up for lost time. */
static void
test_asks(void **state)
{
	static const struct {
		unsigned asks;
		int64_t now_ms;
		unsigned then;
	} rows[] = { { 0, 5 * SECOND, 1 }, { 0, 19 * SECOND, 1 },
		{ 0, 61 * SECOND, 3 }, { 3, 2 * MINUTE, 4 },
		{ 2, 99 * MINUTE, 7 }, { 7, 99 * MINUTE, 8 } };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct patience_doubt doubt = {
			.since_ms = BEGAN,
			.asks = rows[i].asks,
		};
		assert_int_equal(
		    patience_asked(&usual, &doubt, BEGAN + rows[i].now_ms),
		    rows[i].then);
	}
	assert_int_equal(patience_ask_at(&usual, BEGAN, 7), 0);
	assert_int_equal(
	    patience_ask_at(&usual, BEGAN, 6), BEGAN + 35 * MINUTE);
}

static void
test_settings(void **state)
{
	struct config *config = configured_read("[server]\n");
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
	struct patience patience;

	(void)state;
	patience_read(&patience, config);
	assert_true(patience_check(config, errors));
	assert_memory_equal(&patience, &usual, sizeof usual);
	config_unref(config);
	config = configured_read("[server]\ndoubt_asks = 9s, 1s\n"
				 "doubt_proof = 2m\ndoubt_once = 1m\n"
				 "doubt_wait_smtp = 20m\n");
	patience_read(&patience, config);
	assert_int_equal(patience.asks_ms[0], 1000); /* put in order */
	assert_false(patience_check(config, errors));
	assert_int_equal(errors->len, 2);
	assert_non_null(strstr(errors->pdata[0],
	    ":3: [server] doubt_proof is longer than doubt_once (120 s, 60 s): "
	    "allowed is at most as long; change one of them"));
	assert_non_null(strstr(errors->pdata[1], "doubt_wait_smtp is longer"));
	config_unref(config);
}

/* Each policy at each kind of provider, in other words where it is other. */
static void
test_tell(void **state)
{
	static const struct {
		enum patience_kind kind;
		enum doubt_policy policy;
		const char *word;
	} rows[] = {
		{ ASKABLE, DELIVERY, "the next provider gets it" },
		{ ASKABLE, ONCE, "only if it says late" },
		{ ASKABLE, NEVER, "in time the mail is held" },
		{ UPSTREAM, DELIVERY, "another provider later" },
		{ UPSTREAM, ONCE, "it alone" },
		{ UPSTREAM, NEVER, "cannot be asked: the mail is held" },
		{ MUTE, DELIVERY, "has been waited out" },
		{ MUTE, ONCE, "cannot be asked: the mail is held" },
		{ MUTE, NEVER, "cannot be asked: the mail is held" },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct patience_doubt doubt = { .kind = rows[i].kind,
			.policy = rows[i].policy };
		assert_non_null(strstr(patience_tell(&doubt), rows[i].word));
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_next),
		cmocka_unit_test(test_until),
		cmocka_unit_test(test_resends),
		cmocka_unit_test(test_the_last_is_for_another),
		cmocka_unit_test(test_asks),
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
