/* SPDX-License-Identifier: MIT */
/* Pages of mails asked for again: what the client has, and whether the store is
 * asked at all. */
#include "status.h"

#include "core/clock.h"
#include "fake_store.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

struct world {
	struct store store;
	struct store_mail mail;
	struct status_options options;
	struct status *status;
	const char *etags, *since; /* of the next request */
};

static void
make_world(struct world *world)
{
	*world = (struct world){
		.mail = { .id = FAKE_ID,
		    .place = STORE_HELD,
		    .received_ms = 1000,
		    .sender = (char *)"a@example.com",
		    .subject = (char *)"Hello",
		    .recipients = g_ptr_array_new(),
		    .attempts = g_ptr_array_new(),
		    .acts = g_ptr_array_new(),
		    .events = g_ptr_array_new() },
	};
	world->store.mail = &world->mail;
	world->store.version = 7;
	world->options = (struct status_options){ .store = &world->store };
	world->status = status_new(&world->options);
}

static void
free_world(struct world *world)
{
	status_free(world->status);
	g_ptr_array_unref(world->mail.recipients);
	g_ptr_array_unref(world->mail.attempts);
	g_ptr_array_unref(world->mail.acts);
	g_ptr_array_unref(world->mail.events);
}

static const char *
on_field(void *object, const char *name)
{
	const struct world *world = object;

	if (g_ascii_strcasecmp(name, "If-None-Match") == 0)
		return world->etags;
	if (g_ascii_strcasecmp(name, "If-Modified-Since") == 0)
		return world->since;
	return NULL;
}

static struct status_answer
look(struct world *world, const char *target)
{
	const struct request request = { .method = "GET",
		.target = target,
		.who = "uid 7",
		.scopes = SCOPE_ALL,
		.field = on_field,
		.object = world };
	struct status_answer answer;

	world->store.asked = 0;
	status_request(world->status, &request, &answer);
	return answer;
}

/* Expects that answer, after so many questions. */
static struct status_answer
ask(struct world *world, const char *target, unsigned code, unsigned asked)
{
	struct status_answer answer = look(world, target);

	assert_int_equal(answer.code, code);
	assert_int_equal(world->store.asked, asked);
	assert_true((answer.body != NULL) == (code != 304));
	return answer;
}

static const char *const pages[] = {
	"/v1/messages",
	"/v1/messages?order=newest&limit=50&include=",
	"/v1/messages/" FAKE_ID,
	"/v1/messages/" FAKE_ID "?fields=id,state",
};

/* The same as long as it is the same, at the price of no question as long as
 * nothing at all has changed. */
static void
test_unchanged(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(pages); i++) {
		struct world world;
		struct status_answer first, other, again;

		print_message("%s\n", pages[i]);
		make_world(&world);
		first = ask(&world, pages[i], 200, 1);
		assert_string_equal(first.cache_control, "private, no-cache");
		world.etags = first.etag;
		for (unsigned round = 0; round < 3; round++) {
			again = ask(&world, pages[i], 304, 0);
			assert_string_equal(again.etag, first.etag);
			status_answer_clear(&again);
		}
		/* another mail has changed: asked once */
		world.store.version++;
		again = ask(&world, pages[i], 304, 1);
		status_answer_clear(&again);
		again = ask(&world, pages[i], 304, 0);
		status_answer_clear(&again);
		/* this one has */
		world.store.version++;
		world.mail.place = STORE_WAITING;
		other = ask(&world, pages[i], 200, 1);
		assert_string_not_equal(other.etag, first.etag);
		status_answer_clear(&other);
		/* who has none is answered in full */
		world.etags = NULL;
		again = ask(&world, pages[i], 200, 1);
		status_answer_clear(&again);
		status_answer_clear(&first);
		free_world(&world);
	}
}

/* A tag stands for what it stood for before a restart. */
static void
test_restart(void **state)
{
	struct world world;
	struct status_answer first, again;

	(void)state;
	make_world(&world);
	first = ask(&world, pages[0], 200, 1);
	status_free(world.status);
	world.status = status_new(&world.options);
	world.store.version = 99;
	world.etags = first.etag;
	again = ask(&world, pages[0], 304, 1);
	status_answer_clear(&again);
	status_answer_clear(&first);
	free_world(&world);
}

/* Many pages are asked for, more than are remembered. */
static void
test_many(void **state)
{
	struct world world;
	struct status_answer first, again;

	(void)state;
	make_world(&world);
	first = ask(&world, pages[0], 200, 1);
	for (unsigned i = 1; i <= 200; i++) {
		g_autofree char *target =
		    g_strdup_printf("%s?limit=%u", pages[0], i);

		again = ask(&world, target, 200, 1);
		status_answer_clear(&again);
	}
	world.etags = first.etag;
	again = ask(&world, pages[0], 304, 1);
	status_answer_clear(&again);
	again = ask(&world, pages[0], 304, 0);
	status_answer_clear(&again);
	status_answer_clear(&first);
	free_world(&world);
}

/* What comes of a request, alone. */
static unsigned
find_code(struct world *world)
{
	struct status_answer answer = look(world, pages[0]);
	unsigned code = answer.code;

	status_answer_clear(&answer);
	return code;
}

/* When the page is old enough; 0: the clock was set back, so that it is not. */
static int64_t
await_date(struct world *world)
{
	int64_t date_ms = 0;

	for (unsigned i = 0; i < 100 && date_ms == 0; i++) {
		struct status_answer answer = look(world, pages[0]);

		date_ms = answer.modified_ms;
		status_answer_clear(&answer);
		if (date_ms == 0)
			g_usleep(50000);
	}
	return date_ms;
}

/* The codes of a request with that date: of the page it is of, with a tag that
 * is another's, and of the page that came after. */
static void
ask_since(struct world *world, int64_t date_ms, unsigned codes[3])
{
	time_t seconds = (time_t)(date_ms / 1000);
	char date[64];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &tm);
	world->since = date;
	codes[0] = find_code(world);
	world->etags = "\"another\"";
	codes[1] = find_code(world);
	world->etags = NULL;
	world->store.version++;
	world->mail.place = STORE_WAITING;
	codes[2] = find_code(world);
}

/* A date is said when it is older than a second, and never of two pages.  Tried
 * again when the clock was set meanwhile. */
static void
test_dates(void **state)
{
	unsigned codes[3] = { 0 };
	bool set = true;

	(void)state;
	for (unsigned i = 0; i < 5 && set; i++) {
		struct world world;
		int64_t ahead_ms = clock_wall_ms() - clock_monotonic_ms();
		int64_t date_ms;

		make_world(&world);
		date_ms = await_date(&world);
		if (date_ms != 0)
			ask_since(&world, date_ms, codes);
		set = date_ms == 0 ||
		      ABS(clock_wall_ms() - clock_monotonic_ms() - ahead_ms) >
			  500;
		free_world(&world);
	}
	if (set)
		skip();
	assert_int_equal(codes[0], 304);
	assert_int_equal(codes[1], 200);
	assert_int_equal(codes[2], 200);
}

/* What is refused, and what failed, is not remembered. */
static void
test_failed(void **state)
{
	struct world world;
	struct status_answer answer;

	(void)state;
	make_world(&world);
	world.etags = "*";
	world.store.obstacle = "the disk is gone";
	answer = ask(&world, pages[0], 503, 1);
	assert_null(answer.etag);
	status_answer_clear(&answer);
	world.store.obstacle = NULL;
	answer = ask(&world, pages[0], 304, 1);
	status_answer_clear(&answer);
	free_world(&world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unchanged),
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_failed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
