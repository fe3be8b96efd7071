/* SPDX-License-Identifier: MIT */
#include "mail/spool.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define MEGABYTE (1024 * 1024)

/* Bytes that tell their own offset. */
static GBytes *
make_bytes(size_t length)
{
	unsigned char *bytes = g_malloc(length + 1);

	for (size_t i = 0; i < length; i++)
		bytes[i] = (unsigned char)((i * 2654435761u) >> 13);
	return g_bytes_new_take(bytes, length);
}

static struct spool *
fill(const struct spool_place *place, GBytes *bytes, size_t piece)
{
	struct spool *spool = spool_new(place);
	size_t length;
	const unsigned char *from = g_bytes_get_data(bytes, &length);

	for (size_t at = 0; at < length; at += piece)
		assert_true(
		    spool_append(spool, from + at, MIN(piece, length - at)));
	assert_true(spool_seal(spool));
	return spool;
}

static void
compare(const struct spool *spool, GBytes *bytes)
{
	size_t length;
	const unsigned char *want = g_bytes_get_data(bytes, &length);
	static const uint64_t steps[] = { 1, 7, 4096, 65536, 100000 };
	unsigned char have[5000];

	for (uint64_t at = 0, i = 0; at < length; at += steps[i++ % 5]) {
		ssize_t got = spool_read(spool, at, have, sizeof have);

		assert_true(got > 0);
		assert_memory_equal(have, want + at, (size_t)got);
	}
	assert_int_equal(spool_read(spool, length, have, 1), 0);
	assert_int_equal(spool_read(spool, UINT64_MAX, have, 1), 0);
}

static const struct {
	const char *name;
	size_t length, piece;
	bool memory;
} rows[] = {
	{ "empty", 0, 1, true },
	{ "one byte", 1, 1, true },
	{ "byte by byte", 20000, 1, true },
	{ "to the brim", SPOOL_MEMORY_MAX, 5000, true },
	{ "to the brim at once", SPOOL_MEMORY_MAX, SPOOL_MEMORY_MAX, true },
	{ "one over", SPOOL_MEMORY_MAX + 1, 5000, false },
	{ "one over at once", SPOOL_MEMORY_MAX + 1, MEGABYTE, false },
	{ "odd pieces", 3 * MEGABYTE + 17, 12345, false },
	{ "whole writes", 2 * SPOOL_MEMORY_MAX, SPOOL_MEMORY_MAX, false },
};

static void
check_rows(const char *directory)
{
	struct budget *budget = budget_new(64 * MEGABYTE);
	struct spool_place place = { directory, budget };

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GBytes) bytes = make_bytes(rows[i].length);
		struct spool *spool = fill(&place, bytes, rows[i].piece);
		struct spool *other = fill(&place, bytes, 997);

		if ((spool_memory(spool) != NULL) != rows[i].memory ||
		    (spool_fd(spool) >= 0) == rows[i].memory)
			fail_msg("%s", rows[i].name);
		assert_int_equal(spool_size(spool), rows[i].length);
		compare(spool, bytes);
		if (rows[i].memory)
			assert_memory_equal(spool_memory(spool),
			    g_bytes_get_data(bytes, NULL), rows[i].length);
		assert_int_equal(spool_digest(spool), spool_digest(other));
		spool_unref(other);
		if (rows[i].memory || directory == NULL)
			assert_true(budget_taken(budget) >= rows[i].length);
		else
			assert_int_equal(budget_taken(budget), 0);
		spool_unref(spool_ref(spool));
		spool_unref(spool);
		assert_int_equal(budget_taken(budget), 0);
	}
	budget_free(budget);
}

static void
test_memfd(void **state)
{
	(void)state;
	check_rows(NULL);
}

static void
test_directory(void **state)
{
	g_autofree char *directory = g_dir_make_tmp("spool-XXXXXX", NULL);

	(void)state;
	check_rows(directory);
	/* Empty: the files had no name. */
	assert_int_equal(rmdir(directory), 0);
}

static void
test_budget(void **state)
{
	struct budget *budget = budget_new(100000);
	struct spool_place place = { NULL, budget };
	struct spool *spool = spool_new(&place);
	g_autoptr(GBytes) bytes = make_bytes(60000);

	(void)state;
	assert_true(spool_append(spool, g_bytes_get_data(bytes, NULL), 60000));
	errno = 0;
	assert_false(spool_append(spool, g_bytes_get_data(bytes, NULL), 60000));
	assert_int_equal(errno, ENOMEM);
	spool_unref(spool);
	assert_int_equal(budget_taken(budget), 0);
	budget_free(budget);
}

static void
test_budget_at_seal(void **state)
{
	struct budget *budget = budget_new(SPOOL_MEMORY_MAX * 2 + 1000);
	struct spool_place place = { NULL, budget };
	struct spool *spool = spool_new(&place);
	g_autoptr(GBytes) bytes = make_bytes(SPOOL_MEMORY_MAX + 2000);

	(void)state;
	assert_true(spool_append(
	    spool, g_bytes_get_data(bytes, NULL), SPOOL_MEMORY_MAX + 2000));
	assert_false(spool_seal(spool));
	assert_int_equal(errno, ENOMEM);
	spool_unref(spool);
	budget_free(budget);
}

static void
test_no_directory(void **state)
{
	struct budget *budget = budget_new(MEGABYTE);
	struct spool_place place = { "/nonexistent/spool", budget };
	struct spool *spool = spool_new(&place);
	g_autoptr(GBytes) bytes = make_bytes(SPOOL_MEMORY_MAX + 1);

	(void)state;
	assert_false(spool_append(
	    spool, g_bytes_get_data(bytes, NULL), SPOOL_MEMORY_MAX + 1));
	assert_int_equal(errno, ENOENT);
	spool_unref(spool);
	assert_int_equal(budget_taken(budget), 0);
	budget_free(budget);
}

static const char *const digested[] = { "", "a", "b", "ab", "ba", "abcdefgh",
	"abcdefg", "abcdefghi", "bbcdefgh", "abcdefgha", "abcdefgh\n" };

static void
test_digest(void **state)
{
	struct budget *budget = budget_new(MEGABYTE);
	struct spool_place place = { NULL, budget };
	uint64_t digests[G_N_ELEMENTS(digested)];

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(digested); i++) {
		struct spool *spool = spool_new(&place);

		assert_true(
		    spool_append(spool, digested[i], strlen(digested[i])));
		assert_true(spool_seal(spool));
		digests[i] = spool_digest(spool);
		spool_unref(spool);
		for (size_t j = 0; j < i; j++)
			assert_int_not_equal(digests[i], digests[j]);
	}
	budget_free(budget);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memfd),
		cmocka_unit_test(test_directory),
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_budget_at_seal),
		cmocka_unit_test(test_no_directory),
		cmocka_unit_test(test_digest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
