/* SPDX-License-Identifier: MIT */
#include "mail/spool.h"

#include <errno.h>
#include <fcntl.h>
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
	assert_int_equal(spool_read(spool, 0, have, 0), 0);
	assert_int_equal(spool_faults(spool), 0);
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

/* Where the spool is, and how much of it is kept in a file. */
static const struct {
	const char *name;
	bool memfd;
	size_t length;
} kept[] = {
	{ "a file without a name", false, SPOOL_MEMORY_MAX + 1 },
	{ "a large one", false, 3 * MEGABYTE + 17 },
	{ "a memfd is copied", true, SPOOL_MEMORY_MAX + 1 },
	{ "a large one is copied", true, MEGABYTE + 1 },
	{ "memory is copied", false, 1000 },
	{ "no bytes", false, 0 },
};

static void
check_opened(const struct spool_place *place, const char *path,
    const struct spool *as, GBytes *bytes)
{
	uint64_t size = spool_size(as), digest = spool_digest(as);
	struct spool *spool = spool_open(place, path, size, digest);

	assert_non_null(spool);
	assert_int_equal(spool_size(spool), size);
	assert_int_equal(spool_digest(spool), digest);
	assert_null(spool_memory(spool));
	compare(spool, bytes);
	assert_true(spool_check(spool));
	spool_unref(spool);
	errno = 0;
	assert_null(spool_open(place, path, size + 1, digest));
	assert_int_equal(errno, EBADMSG);
	spool = spool_open(place, path, size, digest + 1);
	errno = 0;
	assert_false(spool_check(spool));
	assert_int_equal(errno, EBADMSG);
	spool_unref(spool);
}

static void
test_keep(void **state)
{
	g_autofree char *directory = g_dir_make_tmp("spool-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(directory, "kept", NULL);
	struct budget *budget = budget_new(64 * MEGABYTE);

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(kept); i++) {
		struct spool_place place = { directory, budget };
		struct spool_place from = place;
		g_autoptr(GBytes) bytes = make_bytes(kept[i].length);

		if (kept[i].memfd)
			from.directory = NULL;
		struct spool *spool = fill(&from, bytes, 5000);
		if (!spool_keep(spool, path))
			fail_msg("%s: %s", kept[i].name, g_strerror(errno));
		assert_true(spool_keep(spool, path)); /* again: replaced */
		check_opened(&place, path, spool, bytes);
		spool_unref(spool); /* the name outlives it */
		assert_int_equal(unlink(path), 0);
		assert_int_equal(budget_taken(budget), 0);
	}
	assert_int_equal(rmdir(directory), 0); /* no .new is left */
	budget_free(budget);
}

static void
test_keep_fails(void **state)
{
	g_autofree char *directory = g_dir_make_tmp("spool-XXXXXX", NULL);
	struct budget *budget = budget_new(64 * MEGABYTE);
	struct spool_place places[] = { { directory, budget },
		{ NULL, budget } };
	g_autoptr(GBytes) bytes = make_bytes(SPOOL_MEMORY_MAX + 1);

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
		struct spool *spool = fill(&places[i], bytes, 5000);

		errno = 0;
		assert_false(spool_keep(spool, "/nonexistent/bodies/x"));
		assert_int_equal(errno, ENOENT);
		errno = 0;
		assert_false(spool_keep(spool, "/proc/x"));
		assert_int_not_equal(errno, 0);
		compare(spool, bytes); /* no harm done to it */
		spool_unref(spool);
	}
	assert_int_equal(rmdir(directory), 0);
	budget_free(budget);
}

/* What the disk may have done to a file since it was kept. */
static const struct {
	const char *name;
	off_t cut;  /* to so many bytes; -1: not */
	off_t flip; /* one bit at */
} damages[] = {
	{ "first bit", -1, 0 },
	{ "last bit", -1, SPOOL_MEMORY_MAX },
	{ "cut by one", SPOOL_MEMORY_MAX, -1 },
	{ "empty", 0, -1 },
};

static void
damage(const char *path, size_t i)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	unsigned char byte;

	if (damages[i].cut >= 0)
		assert_int_equal(ftruncate(fd, damages[i].cut), 0);
	if (damages[i].flip >= 0) {
		assert_int_equal(pread(fd, &byte, 1, damages[i].flip), 1);
		byte ^= 1;
		assert_int_equal(pwrite(fd, &byte, 1, damages[i].flip), 1);
	}
	close(fd);
}

static void
test_damage(void **state)
{
	g_autofree char *directory = g_dir_make_tmp("spool-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(directory, "kept", NULL);
	struct budget *budget = budget_new(64 * MEGABYTE);
	struct spool_place place = { directory, budget };
	g_autoptr(GBytes) bytes = make_bytes(SPOOL_MEMORY_MAX + 1);

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(damages); i++) {
		struct spool *spool = fill(&place, bytes, 5000);

		assert_true(spool_keep(spool, path));
		assert_true(spool_check(spool));
		damage(path, i);
		errno = 0;
		if (spool_check(spool))
			fail_msg("%s", damages[i].name);
		assert_int_equal(errno, EBADMSG);
		spool_unref(spool);
		unlink(path);
	}
	errno = 0;
	assert_null(spool_open(&place, path, 1, 1));
	assert_int_equal(errno, ENOENT);
	assert_int_equal(rmdir(directory), 0);
	budget_free(budget);
}

/* What is no file; none of it may make anyone wait. */
static void
test_open_no_file(void **state)
{
	g_autofree char *directory = g_dir_make_tmp("spool-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(directory, "kept", NULL);
	struct budget *budget = budget_new(MEGABYTE);
	struct spool_place place = { directory, budget };

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_null(spool_open(&place, path, 0, 0));
	assert_int_equal(errno, EBADMSG);
	unlink(path);
	assert_int_equal(symlink("/dev/zero", path), 0);
	assert_null(spool_open(&place, path, 0, 0));
	assert_int_equal(errno, ELOOP);
	unlink(path);
	assert_null(spool_open(&place, "/dev/null", 0, 0));
	assert_int_equal(errno, EBADMSG);
	assert_null(spool_open(&place, directory, 4096, 0));
	assert_int_equal(errno, EBADMSG);
	assert_int_equal(rmdir(directory), 0);
	budget_free(budget);
}

static void
test_check_in_memory(void **state)
{
	struct budget *budget = budget_new(MEGABYTE);
	struct spool_place place = { NULL, budget };
	g_autoptr(GBytes) bytes = make_bytes(1000);
	struct spool *spool = fill(&place, bytes, 7);

	(void)state;
	assert_true(spool_check(spool));
	spool_unref(spool);
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
		cmocka_unit_test(test_keep),
		cmocka_unit_test(test_keep_fails),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_open_no_file),
		cmocka_unit_test(test_check_in_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
