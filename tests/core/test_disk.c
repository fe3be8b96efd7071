/* SPDX-License-Identifier: MIT */
#include "core/disk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cmocka.h>
#include <glib.h>

#define ABSENT "/nonexistent/queue"
/* A file system without a size, that counts no inodes. */
#define EMPTY "/proc"

static const struct {
	const char *name;
	const char *directory;
	uint64_t min_free;
	enum disk_state state;
	uint64_t bytes;
	bool allowed;
} rows[] = {
	{ "room for one", ".", 1, DISK_WELL, 1, true },
	{ "low", ".", 1, DISK_LOW, 1, false },
	{ "full", ".", 1, DISK_FULL, 1, false },
	{ "bad", ".", 1, DISK_BAD, 1, false },
	{ "a mail larger than any disk", ".", 1, DISK_WELL, UINT64_MAX, false },
	{ "min_free larger than any disk", ".", UINT64_MAX, DISK_WELL, 0,
	    false },
	{ "both", ".", UINT64_MAX, DISK_WELL, UINT64_MAX, false },
	{ "no directory", ABSENT, 1, DISK_WELL, 0, false },
	{ "no directory, no min_free", ABSENT, 0, DISK_WELL, 0, false },
	{ "nothing for nothing", EMPTY, 0, DISK_WELL, 0, true },
	{ "nothing for one byte", EMPTY, 0, DISK_WELL, 1, false },
	{ "nothing beside min_free", EMPTY, 1, DISK_WELL, 0, false },
};

static void
test_allows(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct disk *disk =
		    disk_new(rows[i].directory, rows[i].min_free);

		assert_int_equal(disk_state(disk), DISK_WELL);
		disk_set(disk, rows[i].state);
		assert_int_equal(disk_state(disk), rows[i].state);
		disk_look(disk); /* looks, says nothing of the state */
		assert_int_equal(disk_state(disk), rows[i].state);
		if (disk_allows(disk, rows[i].bytes) != rows[i].allowed)
			fail_msg("%s", rows[i].name);
		disk_free(disk);
	}
}

/* A queue of at most 10 mails and 1000 bytes, and a mail. */
static const struct {
	const char *name;
	uint64_t max_mails, max_bytes, mails, bytes, size;
	enum disk_shortage shortage;
} queues[] = {
	{ "empty", 10, 1000, 0, 0, 0, DISK_ROOM },
	{ "one below", 10, 1000, 9, 999, 1, DISK_ROOM },
	{ "as many", 10, 1000, 10, 0, 0, DISK_TOO_MANY_MAILS },
	{ "more", 10, 1000, 11, 0, 0, DISK_TOO_MANY_MAILS },
	{ "as much", 10, 1000, 9, 1000, 0, DISK_TOO_MUCH_MAIL },
	{ "more bytes", 10, 1000, 9, 1001, 0, DISK_TOO_MUCH_MAIL },
	{ "with the mail", 10, 1000, 9, 900, 100, DISK_ROOM },
	{ "too much with the mail", 10, 1000, 9, 900, 101, DISK_TOO_MUCH_MAIL },
	{ "no sum wraps", 0, UINT64_MAX, 0, UINT64_MAX - 1, 2,
	    DISK_TOO_MUCH_MAIL },
	{ "no limits", 0, 0, 1000000000, 1000000000, 0, DISK_ROOM },
};

static void
test_queues(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(queues); i++) {
		struct disk *disk = disk_new(".", 1);

		disk_limit(disk,
		    &(struct disk_limits){ .max_mails = queues[i].max_mails,
			.max_bytes = queues[i].max_bytes });
		disk_fill(disk, queues[i].mails, queues[i].bytes);
		assert_int_equal(disk_mails(disk), queues[i].mails);
		assert_int_equal(disk_mail_bytes(disk), queues[i].bytes);
		assert_int_equal(
		    disk_limits(disk)->max_mails, queues[i].max_mails);
		if (disk_shortage(disk, queues[i].size) != queues[i].shortage ||
		    disk_allows(disk, queues[i].size) !=
			(queues[i].shortage == DISK_ROOM))
			fail_msg("%s: %d", queues[i].name,
			    disk_shortage(disk, queues[i].size));
		disk_free(disk);
	}
}

/* More than all of them cannot be free, and what counts none has enough. */
static void
test_inodes(void **state)
{
	static const struct {
		const char *directory;
		unsigned percent;
		enum disk_shortage shortage;
	} inodes[] = { { ".", 0, DISK_ROOM }, { ".", 1, DISK_ROOM },
		{ ".", 102, DISK_SHORT_OF_INODES }, { EMPTY, 102, DISK_ROOM } };
	struct statvfs here;

	(void)state;
	assert_int_equal(statvfs(".", &here), 0);
	for (size_t i = 0; i < G_N_ELEMENTS(inodes); i++) {
		struct disk *disk = disk_new(
		    inodes[i].directory, *inodes[i].directory == '.' ? 1 : 0);
		bool counts = here.f_files > 0 || inodes[i].percent < 102;

		disk_limit(disk,
		    &(struct disk_limits){ .min_inodes = inodes[i].percent });
		assert_int_equal(disk_shortage(disk, 0),
		    counts ? inodes[i].shortage : DISK_ROOM);
		disk_free(disk);
	}
}

static void
test_sizes(void **state)
{
	struct disk *disk = disk_new(".", 0);
	struct disk *set = disk_new(".", 12345);
	struct disk *absent = disk_new(ABSENT, 0);

	(void)state;
	assert_true(disk_total_bytes(disk) > 0);
	assert_true(disk_free_bytes(disk) <= disk_total_bytes(disk));
	assert_int_equal(disk_min_free_bytes(disk),
	    MIN(disk_total_bytes(disk) / 10, 200000000));
	assert_int_equal(disk_min_free_bytes(set), 12345);
	assert_int_equal(disk_total_bytes(absent), 0);
	assert_int_equal(disk_free_bytes(absent), 0);
	disk_free(absent);
	disk_free(set);
	disk_free(disk);
	disk_free(NULL);
}

/* A look is what is told until the next. */
static void
test_look(void **state)
{
	g_autofree char *directory = g_dir_make_tmp("disk-XXXXXX", NULL);
	struct disk *disk = disk_new(directory, 1);

	(void)state;
	assert_true(disk_allows(disk, 0));
	assert_int_equal(rmdir(directory), 0);
	assert_true(disk_allows(disk, 0));
	disk_look(disk);
	assert_false(disk_allows(disk, 0));
	disk_free(disk);
}

static void
test_texts(void **state)
{
	(void)state;
	assert_string_equal(disk_state_text(DISK_WELL), "well");
	assert_string_equal(disk_state_text(DISK_LOW), "low");
	assert_string_equal(disk_state_text(DISK_FULL), "full");
	assert_string_equal(disk_state_text(DISK_BAD), "bad");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_allows),
		cmocka_unit_test(test_queues),
		cmocka_unit_test(test_inodes),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_look),
		cmocka_unit_test(test_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
