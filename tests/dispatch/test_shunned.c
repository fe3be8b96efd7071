/* SPDX-License-Identifier: MIT */
/* The suppression list as dispatch looks it up. */
#include "dispatch/suppressions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct stand {
	struct loop *loop;
	struct suppressions *list;
};

static void
begin(struct stand *stand)
{
	stand->loop = loop_new("dispatch", NULL);
	stand->list = suppressions_new(stand->loop);
}

static void
end(struct stand *stand)
{
	loop_stop(stand->loop);
	loop_free(stand->loop);
	suppressions_free(stand->list);
}

static char *
make_address(unsigned number)
{
	return g_strdup_printf("user%u@example.org", number);
}

struct look {
	struct stand *stand;
	const char *address;
	bool found;
	enum suppression_why why;
	unsigned count, version;
};

static void
on_look(void *object)
{
	struct look *look = object;

	if (look->address != NULL)
		look->found = suppressions_have(
		    look->stand->list, look->address, &look->why);
	look->count = suppressions_count(look->stand->list);
	look->version = suppressions_version(look->stand->list);
}

static struct look
look_for(struct stand *stand, const char *address)
{
	struct look look = { .stand = stand, .address = address };

	loop_call(stand->loop, on_look, &look);
	return look;
}

/* Posts the addresses from..to, each step one. */
static void
post(struct stand *stand, unsigned from, unsigned to, unsigned step, bool gone)
{
	struct suppression_news *news = suppression_news_new();

	news->why = SUPPRESSION_COMPLAINT;
	news->gone = gone;
	for (; from < to; from += step)
		g_ptr_array_add(news->addresses, make_address(from));
	suppressions_post(stand->list, news);
}

static void
expect(struct stand *stand, unsigned number, bool found)
{
	g_autofree char *address = make_address(number);

	if (look_for(stand, address).found != found)
		fail_msg("%s", address);
}

static void
test_empty(void **state)
{
	struct stand stand;

	(void)state;
	begin(&stand);
	loop_start(stand.loop);
	assert_false(look_for(&stand, "a@example.org").found);
	assert_int_equal(look_for(&stand, NULL).version, 0);
	end(&stand);
}

/* What is loaded in any order is found, with its reason, in letters of either
 * case. */
static void
test_loaded(void **state)
{
	struct stand stand;
	struct look look;

	(void)state;
	begin(&stand);
	for (unsigned i = 0; i < 1000; i++) {
		g_autofree char *address = make_address(i);

		suppressions_load(stand.list, address,
		    (enum suppression_why)(i % SUPPRESSION_WHYS));
	}
	loop_start(stand.loop);
	for (unsigned i = 0; i < 1000; i++) {
		g_autofree char *address = make_address(i);

		look = look_for(&stand, address);
		assert_true(look.found);
		assert_int_equal(look.why, i % SUPPRESSION_WHYS);
	}
	assert_true(look_for(&stand, "USER7@Example.Org").found);
	expect(&stand, 1000, false);
	assert_int_equal(look_for(&stand, NULL).count, 1000);
	end(&stand);
}

/* One at a time and many at once, some of them again; and gone. */
static void
test_news(void **state)
{
	struct stand stand;
	struct look look;

	(void)state;
	begin(&stand);
	suppressions_load(stand.list, "user5@example.org", SUPPRESSION_BOUNCE);
	loop_start(stand.loop);
	post(&stand, 0, 500, 2, false);
	for (unsigned i = 0; i < 500; i += 7)
		post(&stand, i, i + 1, 1, false);
	for (unsigned i = 0; i < 500; i++)
		expect(&stand, i, i % 2 == 0 || i % 7 == 0 || i == 5);
	post(&stand, 5, 6, 1, false);
	look = look_for(&stand, "user5@example.org");
	assert_int_equal(look.why, SUPPRESSION_BOUNCE);
	look = look_for(&stand, NULL);
	assert_int_equal(look.count, 250 + 36 + 1);
	post(&stand, 0, 500, 3, true);
	for (unsigned i = 0; i < 500; i++)
		expect(&stand, i,
		    (i % 2 == 0 || i % 7 == 0 || i == 5) && i % 3 != 0);
	assert_int_not_equal(look_for(&stand, NULL).version, look.version);
	post(&stand, 0, 500, 1, true);
	assert_int_equal(look_for(&stand, NULL).count, 0);
	end(&stand);
}

/* News that nobody read is not lost memory. */
static void
test_unread(void **state)
{
	struct stand stand;

	(void)state;
	begin(&stand);
	post(&stand, 0, 3, 1, false);
	end(&stand);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_loaded),
		cmocka_unit_test(test_news),
		cmocka_unit_test(test_unread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
