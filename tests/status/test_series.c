/* SPDX-License-Identifier: MIT */
#include "sampler.h"
#include "series.h"

#include "fake_store.h"
#include "mail/standing.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <json-c/json_pointer.h>

#define WALL INT64_C(1795256640123) /* 2026-11-21T10:24:00.123Z */

/* Two providers, of which the second may be absent, and a queue. */
struct world {
	struct series *series;
	struct provider_standing mailgun, mandrill;
	struct store_counts counts;
	GPtrArray *providers;
	int64_t now_ms;
};

static int
set_up(void **state)
{
	struct world *world = g_new0(struct world, 1);

	world->series = series_new();
	world->mailgun.name = world->mailgun.type = (char *)"mailgun";
	world->mandrill.name = world->mandrill.type = (char *)"mandrill";
	world->mailgun.state = world->mandrill.state = "open";
	world->mailgun.limit = 32;
	world->providers = g_ptr_array_new();
	world->now_ms = 5000;
	g_ptr_array_add(world->providers, &world->mailgun);
	*state = world;
	return 0;
}

static int
tear_down(void **state)
{
	struct world *world = *state;

	series_free(world->series);
	g_ptr_array_unref(world->providers);
	g_free(world);
	return 0;
}

static void
look(struct world *world, int64_t after_ms)
{
	world->now_ms += after_ms;
	series_add(
	    world->series, &(struct series_look){ .now_ms = world->now_ms,
			       .wall_ms = WALL,
			       .providers = world->providers,
			       .counts = &world->counts });
}

/* What the series holds there, as JSON text; NULL: nothing, or null. */
static void
assert_holds(const struct world *world, const char *pointer, const char *text)
{
	struct json_object *object = series_json(world->series), *found = NULL;

	if (text == NULL)
		assert_int_not_equal(
		    json_pointer_get(object, pointer, &found), 0);
	else {
		assert_int_equal(json_pointer_get(object, pointer, &found), 0);
		assert_string_equal(json_object_to_json_string_ext(
					found, JSON_C_TO_STRING_PLAIN),
		    text);
	}
	json_object_put(object);
}

static void
test_points(void **state)
{
	struct world *world = *state;

	world->mailgun.work.attempts[VERDICT_ACCEPTED] = 100;
	world->counts.totals.accepted = 1000;
	look(world, 0);
	assert_int_equal(series_number(world->series), 0);
	assert_holds(world, "/providers/0/state", "[]");
	assert_holds(world, "/queue/waiting", "[]");
	world->mailgun.work.attempts[VERDICT_ACCEPTED] = 107;
	world->mailgun.requests = 3;
	world->counts.waiting = 4;
	world->counts.held = 2;
	world->counts.totals.accepted = 1009;
	look(world, SERIES_STEP_MS);
	world->mailgun.work.attempts[VERDICT_OUTAGE] = 2;
	world->mailgun.state = "paused";
	world->counts.totals.settled = 5;
	look(world, SERIES_STEP_MS);
	assert_int_equal(series_number(world->series), 2);
	assert_holds(world, "/number", "2");
	assert_holds(world, "/at", "\"2026-11-21T10:24:00.123Z\"");
	assert_holds(world, "/providers/0/name", "\"mailgun\"");
	assert_holds(world, "/providers/0/attempts",
	    "{\"accepted\":[7,0],\"outage\":[0,2]}");
	assert_holds(world, "/providers/0/state", "[\"open\",\"paused\"]");
	assert_holds(world, "/providers/0/requests", "[3,3]");
	assert_holds(world, "/providers/0/limit", "[32,32]");
	assert_holds(world, "/providers/0/p50_us", "[null,null]");
	assert_holds(world, "/queue/waiting", "[4,4]");
	assert_holds(world, "/queue/held", "[2,2]");
	assert_holds(world, "/queue/accepted", "[9,0]");
	assert_holds(world, "/queue/settled", "[0,5]");
}

/* Durations that came since the last look, and the shares of them. */
static const struct {
	const char *name;
	struct {
		unsigned count;
		int64_t us;
	} durations[3];
	const char *p50, *p95;
} shares[] = {
	{ "none", { { 0 } }, "[null]", "[null]" },
	{ "one is in the midst of its bucket", { { 1, 80000 } }, "[75000]",
	    "[97500]" },
	{ "the first bucket begins at nothing", { { 10, 1 } }, "[500]",
	    "[950]" },
	{ "half and half", { { 50, 4000 }, { 50, 400000 } }, "[5000]",
	    "[475000]" },
	{ "one in a hundred is none of 95", { { 99, 2000 }, { 1, 9000000 } },
	    "[1757]", "[2439]" },
	{ "longer than any bound", { { 3, 99000000 } }, "[30000000]",
	    "[30000000]" },
};

static void
test_shares(void **state)
{
	for (size_t i = 0; i < G_N_ELEMENTS(shares); i++) {
		struct world *world;

		set_up(state);
		world = *state;
		metrics_spread_add(&world->mailgun.work.requests, 77);
		look(world, 0);
		for (size_t d = 0; d < 3; d++)
			for (unsigned n = 0; n < shares[i].durations[d].count;
			     n++)
				metrics_spread_add(
				    &world->mailgun.work.requests,
				    shares[i].durations[d].us);
		look(world, SERIES_STEP_MS);
		assert_holds(world, "/providers/0/p50_us", shares[i].p50);
		assert_holds(world, "/providers/0/p95_us", shares[i].p95);
		tear_down(state);
	}
}

static void
test_missed(void **state)
{
	struct world *world = *state;

	look(world, 0);
	look(world, SERIES_STEP_MS + 400);
	look(world, SERIES_STEP_MS - 800);
	assert_int_equal(series_number(world->series), 2);
	look(world, 3 * SERIES_STEP_MS);
	assert_int_equal(series_number(world->series), 5);
	assert_holds(world, "/providers/0/state",
	    "[\"open\",\"open\",null,null,\"open\"]");
	assert_holds(world, "/queue/active", "[0,0,null,null,0]");
	/* a clock that stands still or goes back */
	look(world, 0);
	look(world, -SERIES_STEP_MS);
	assert_int_equal(series_number(world->series), 7);
	/* a day */
	look(world, INT64_C(86400000));
	assert_int_equal(series_number(world->series), 7 + SERIES_POINTS + 1);
	assert_holds(world, "/providers/0/requests/358", NULL);
	assert_holds(world, "/providers/0/requests/359", "0");
}

static void
test_ring(void **state)
{
	struct world *world = *state;

	look(world, 0);
	for (unsigned i = 1; i <= SERIES_POINTS + 40; i++) {
		world->counts.waiting = i;
		look(world, SERIES_STEP_MS);
	}
	assert_holds(world, "/queue/waiting/0", "41");
	assert_holds(world, "/queue/waiting/359", "400");
	assert_holds(world, "/queue/waiting/360", NULL);
}

/* A reload brings a provider, takes one, or begins its counts anew. */
static void
test_reload(void **state)
{
	struct world *world = *state;

	world->mailgun.work.attempts[VERDICT_ACCEPTED] = 50;
	look(world, 0);
	look(world, SERIES_STEP_MS);
	world->mandrill.work.attempts[VERDICT_ACCEPTED] = 3;
	g_ptr_array_add(world->providers, &world->mandrill);
	look(world, SERIES_STEP_MS);
	assert_holds(world, "/providers/1/name", "\"mandrill\"");
	assert_holds(world, "/providers/1/state", "[null,\"open\"]");
	assert_holds(world, "/providers/1/attempts/accepted", "[null,3]");
	world->mailgun.work.attempts[VERDICT_ACCEPTED] = 4;
	look(world, SERIES_STEP_MS);
	assert_holds(world, "/providers/0/attempts/accepted", "[0,0,4]");
	g_ptr_array_remove_index(world->providers, 0);
	look(world, SERIES_STEP_MS);
	assert_holds(world, "/providers/0/name", "\"mandrill\"");
	assert_holds(world, "/providers/1", NULL);
}

static void
test_no_queue(void **state)
{
	struct world *world = *state;
	const struct series_look blind = { .now_ms = 1,
		.providers = world->providers };

	series_add(world->series, &blind);
	series_add(world->series, &blind);
	assert_holds(world, "/queue", "null");
	assert_holds(world, "/providers/0/state", "[\"open\"]");
	/* one that answers late: its totals are of no point yet */
	world->counts.totals.accepted = 9;
	look(world, 0);
	assert_holds(world, "/queue/accepted", "[null,null]");
	look(world, SERIES_STEP_MS);
	assert_holds(world, "/queue/accepted", "[null,null,0]");
}

static void
on_providers(void *object, GPtrArray *out)
{
	struct provider_standing *standing =
	    g_new0(struct provider_standing, 1);

	standing->name = g_strdup("mailgun");
	standing->type = g_strdup("mailgun");
	standing->state = "open";
	g_ptr_array_add(out, standing);
	++*(unsigned *)object;
}

static void
test_sampler(void **state)
{
	struct store store = { 0 };
	unsigned looks = 0;
	const struct status_options options = {
		.store = &store, .providers = on_providers, .object = &looks
	};
	struct sampler *sampler = sampler_start(&options);
	struct json_object *object = sampler_json(sampler);

	(void)state;
	assert_non_null(object);
	json_object_put(object);
	assert_int_equal(sampler_number(sampler), 0);
	sampler_stop(sampler);
	assert_int_equal(looks, 1);
	assert_int_equal(store.asked, 1);
	assert_int_equal(store.question, STORE_COUNTS);
	sampler_stop(NULL);
}

static const char *
find_etag(void *object, const char *name)
{
	return g_ascii_strcasecmp(name, "If-None-Match") == 0 ? object : NULL;
}

static struct status_answer
ask(struct status *status, char *etag)
{
	const struct request request = { .method = "GET",
		.target = "/v1/series",
		.who = "loopback",
		.scopes = SCOPE_READ,
		.field = find_etag,
		.object = etag };
	struct status_answer answer;

	status_request(status, &request, &answer);
	return answer;
}

/* As long as there is no further point the page is known. */
static void
test_page(void **state)
{
	unsigned looks = 0;
	const struct status_options options = {
		.providers = on_providers, .object = &looks, .started_ms = 1
	};
	struct status *status = status_new(&options);
	struct status_answer answer = ask(status, NULL), again;

	(void)state;
	assert_int_equal(answer.code, 503);
	status_answer_clear(&answer);
	assert_true(status_start(status, NULL));
	answer = ask(status, NULL);
	assert_int_equal(answer.code, 200);
	assert_true(g_str_has_prefix(answer.body->str, "{\"number\":0,"));
	again = ask(status, answer.etag);
	assert_int_equal(again.code, 304);
	assert_null(again.body);
	status_answer_clear(&again);
	status_answer_clear(&answer);
	status_free(status);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_points, set_up, tear_down),
		cmocka_unit_test(test_shares),
		cmocka_unit_test_setup_teardown(test_missed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_ring, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_reload, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_no_queue, set_up, tear_down),
		cmocka_unit_test(test_sampler),
		cmocka_unit_test(test_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
