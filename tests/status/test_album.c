/* SPDX-License-Identifier: MIT */
#include "status.h"

#include "fake_store.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* A mail of so many bytes with that number for an id. */
static void
add(struct album *album, const struct spool_place *place, unsigned number,
    size_t length)
{
	g_autofree char *bytes = g_strnfill(length, 'a');
	struct submission mail = { .spool = make_spool(place, bytes, length) };

	g_snprintf(mail.id, sizeof mail.id, "%026u", number);
	album_add(album, &mail);
	spool_unref(mail.spool);
}

/* Its bytes; -1: it is not there. */
static int64_t
measure(struct album *album, unsigned number)
{
	char id[ID_LENGTH + 1];
	struct spool *spool;
	int64_t size = -1;

	g_snprintf(id, sizeof id, "%026u", number);
	spool = album_find(album, id);
	if (spool != NULL) {
		size = (int64_t)spool_size(spool);
		spool_unref(spool);
	}
	return size;
}

static void
test_oldest_go(void **state)
{
	struct budget *budget = budget_new(1 << 20);
	const struct spool_place place = { .budget = budget };
	struct album *album = album_new(1000, budget);

	(void)state;
	add(album, &place, 1, 400);
	add(album, &place, 2, 600);
	assert_int_equal(measure(album, 1), 400);
	/* known already */
	add(album, &place, 1, 900);
	assert_int_equal(measure(album, 1), 400);
	add(album, &place, 3, 1);
	assert_int_equal(measure(album, 1), -1);
	assert_int_equal(measure(album, 2), 600);
	assert_int_equal(measure(album, 3), 1);
	/* larger than all of it */
	add(album, &place, 4, 1001);
	assert_int_equal(measure(album, 3), -1);
	assert_int_equal(measure(album, 4), -1);
	album_free(album);
	assert_int_equal(budget_taken(budget), 0);
	budget_free(budget);
}

static void
test_many(void **state)
{
	struct budget *budget = budget_new(16 << 20);
	const struct spool_place place = { .budget = budget };
	struct album *album = album_new(16 << 20, budget);

	(void)state;
	for (unsigned i = 0; i < 1001; i++)
		add(album, &place, i, 1);
	assert_int_equal(measure(album, 0), -1);
	assert_int_equal(measure(album, 1), 1);
	/* a quarter of the budget */
	add(album, &place, 1001, (4 << 20) - 1);
	assert_int_equal(measure(album, 1000), 1);
	assert_int_equal(measure(album, 999), -1);
	album_free(album);
	budget_free(budget);
}

static void
test_none(void **state)
{
	struct budget *budget = budget_new(1 << 20);
	struct album *album = album_new(0, budget);

	(void)state;
	assert_null(album);
	add(album, &(struct spool_place){ .budget = budget }, 1, 1);
	assert_int_equal(measure(album, 1), -1);
	album_free(album);
	budget_free(budget);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_oldest_go),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
