/* SPDX-License-Identifier: MIT */
#include "space.h"

#include "ballast.h"
#include "store/medium.h"
#include "world.h"
#include <errno.h>
#include <linux/magic.h>
#include <sys/stat.h>

static off_t
size_of(const struct world *world, const char *name)
{
	g_autofree char *path = world_path(world, name);
	struct stat is;

	return stat(path, &is) == 0 ? is.st_size : -1;
}

static void
test_ballast(void **state)
{
	struct world *world = world_new("");
	const char *directory = world->directory;
	struct stat is;
	g_autofree char *path = world_path(world, "ballast");

	(void)state;
	assert_false(ballast_drop(directory));
	assert_true(ballast_make(directory, 100000));
	assert_int_equal(stat(path, &is), 0);
	assert_true(is.st_blocks * 512 >= 100000);    /* it takes room */
	assert_true(ballast_make(directory, 200000)); /* one of before */
	assert_int_equal(size_of(world, "ballast"), 200000);
	assert_true(ballast_make(directory, 4096));
	assert_int_equal(size_of(world, "ballast"), 4096);
	assert_true(ballast_drop(directory));
	assert_int_equal(size_of(world, "ballast"), -1);
	errno = 0;
	assert_false(ballast_make(directory, INT64_C(1) << 60));
	assert_int_equal(errno, ENOSPC);
	assert_int_equal(size_of(world, "ballast"), -1);
	assert_false(ballast_make("/nonexistent", 1));
	world_free(world);
}

static void
test_made_at_the_start(void **state)
{
	struct world *world = world_start("BALLAST=64k");

	(void)state;
	assert_int_equal(size_of(world, "ballast"), 65536);
	assert_int_equal(disk_state(world->disk), DISK_WELL);
	world_close(world);
	assert_int_equal(size_of(world, "ballast"), 65536);
	world_free(world);
}

/* Without room for it nothing is accepted, but all goes on by itself. */
static void
test_no_room_at_the_start(void **state)
{
	struct world *world = world_new("BALLAST=1024g");

	(void)state;
	world_open(world);
	store_start(world->store);
	world_settle(world);
	g_free(fake_take(&world->fake));
	assert_int_equal(disk_state(world->disk), DISK_FULL);
	world_accept(world, 'A');
	world_enter(world, JOURNAL_ENDED, 'B');
	fake_await(&world->fake, "recorded B");
	fake_expect(&world->fake, "452 A begin ended B commit recorded B");
	/* the test makes room */
	world_stop_clock(world);
	world->store->space.ballast_bytes = 4096;
	world_tick(world);
	while (disk_state(world->disk) != DISK_WELL)
		world_settle(world);
	world_accept(world, 'C');
	fake_await(&world->fake, "onward C");
	world_free(world);
}

/* Full, well, full again: each time the ballast goes and comes. */
static void
test_there_and_back(void **state)
{
	struct world *world = world_start("BALLAST=4k");

	(void)state;
	world_stop_clock(world);
	for (unsigned i = 0; i < 3; i++) {
		fake_fail(&world->fake, "accept", ENGINE_FULL, 1);
		world_accept(world, 'A');
		fake_await(&world->fake, "452 A");
		world_accept(world, 'B');
		fake_await(&world->fake, "452 B");
		assert_int_equal(size_of(world, "ballast"), -1);
		world_tick(world);
		while (disk_state(world->disk) != DISK_WELL)
			world_settle(world);
		world_stop_clock(world);
		assert_int_equal(size_of(world, "ballast"), 4096);
		world_accept(world, 'C');
		fake_await(&world->fake, "onward C");
		g_free(fake_take(&world->fake));
	}
	world_free(world);
}

struct ballast {
	struct store *store;
	uint64_t bytes;
};

static void
on_set_ballast(void *object)
{
	const struct ballast *ballast = object;

	ballast->store->space.ballast_bytes = ballast->bytes;
}

/* What there must be room for, before all is well again. */
static void
set_ballast(struct world *world, uint64_t bytes)
{
	struct ballast ballast = { world->store, bytes };

	loop_call(world->store->loop, on_set_ballast, &ballast);
}

static void
become(struct world *world, enum disk_state state)
{
	world_tick(world);
	while (disk_state(world->disk) != state)
		world_settle(world);
	world_stop_clock(world);
}

/* A little room: what is there is sent, nothing is accepted. */
static void
test_low(void **state)
{
	struct world *world = world_start("BALLAST=4k INLINE_MAX=1000");

	(void)state;
	world_stop_clock(world);
	set_ballast(world, UINT64_C(1) << 60);
	fake_fail(&world->fake, "accept", ENGINE_FULL, 1);
	world_accept(world, 'A');
	fake_await(&world->fake, "452 A");
	fake_add(&world->fake, &(struct fake_mail){ .letter = 'T' });
	store_wake_post(world->store, UINT_MAX);
	world_enter(world, JOURNAL_BEGUN, 'B');
	world_settle(world);
	fake_expect(&world->fake, "begin accept:full 452 A");
	become(world, DISK_LOW);
	fake_await(&world->fake, "onward T");
	fake_expect(
	    &world->fake, "begin begun B load T commit recorded B onward T");
	assert_int_equal(size_of(world, "ballast"), -1);
	world_accept(world, 'C');
	store_accept_post(world->store, world_submission(world, 'D', 2000));
	world_enter(world, JOURNAL_ENDED, 'B');
	fake_await(&world->fake, "recorded B");
	fake_expect(
	    &world->fake, "452 C 452 D begin ended B commit recorded B");
	/* full again, low again, well again */
	fake_fail(&world->fake, "landed", ENGINE_FULL, 1);
	world_enter(world, JOURNAL_LANDED, 'B');
	fake_await(&world->fake, "recorded B");
	assert_int_equal(disk_state(world->disk), DISK_FULL);
	become(world, DISK_LOW);
	set_ballast(world, 4096);
	become(world, DISK_WELL);
	assert_int_equal(size_of(world, "ballast"), 4096);
	world_accept(world, 'E');
	fake_await(&world->fake, "onward E");
	world_free(world);
}

/* What the queue holds is known to those who take mail: from the start, with
 * each transaction, and each second. */
static void
test_fill(void **state)
{
	struct world *world = world_new("");

	(void)state;
	disk_limit(world->disk,
	    &(struct disk_limits){ .max_mails = 10, .max_bytes = 1000 });
	world->fake.held = 10;
	world_open(world);
	assert_int_equal(disk_shortage(world->disk, 0), DISK_TOO_MANY_MAILS);
	store_start(world->store);
	world_settle(world);
	world_stop_clock(world);
	world->fake.held = 9;
	/* who began before is taken */
	world_accept(world, 'A');
	fake_await(&world->fake, "onward A");
	assert_true(disk_allows(world->disk, 0));
	world->fake.held_bytes = 1000;
	world_tick(world);
	while (disk_allows(world->disk, 0))
		world_settle(world);
	assert_int_equal(disk_shortage(world->disk, 0), DISK_TOO_MUCH_MAIL);
	assert_int_equal(disk_state(world->disk), DISK_WELL);
	world_free(world);
}

/* Giving room back that fails for good is like any other write. */
static void
test_spare_fails(void **state)
{
	struct world *world = world_start("BALLAST=4k");

	(void)state;
	world_stop_clock(world);
	fake_fail(&world->fake, "accept", ENGINE_FULL, 1);
	world_accept(world, 'A');
	fake_await(&world->fake, "452 A");
	fake_fail(&world->fake, "spare", ENGINE_BAD, 1);
	become(world, DISK_BAD);
	world_settle(world);
	fake_expect(&world->fake, "begin accept:full 452 A spare:bad failed");
	world_free(world);
}

/* Bad is for ever, said once, whatever comes after. */
static void
test_bad_stays(void **state)
{
	struct world *world = world_start("BALLAST=4k");

	(void)state;
	world_stop_clock(world);
	fake_fail(&world->fake, "commit", ENGINE_BAD, 1);
	world_accept(world, 'A');
	fake_await(&world->fake, "451 A");
	world_tick(world);
	world_settle(world);
	world_accept(world, 'B');
	world_enter(world, JOURNAL_BEGUN, 'C');
	store_wake_post(world->store, 1);
	world_settle(world);
	fake_expect(&world->fake,
	    "begin accept A commit:bad failed 451 A 451 B unrecorded C");
	assert_int_equal(disk_state(world->disk), DISK_BAD);
	world_close(world);
	fake_expect(&world->fake, "close");
	world_free(world);
}

static const struct {
	long type;
	const char *word; /* in what is said; NULL: nothing is */
} media[] = {
	{ TMPFS_MAGIC, "memory" },
	{ RAMFS_MAGIC, "memory" },
	{ OVERLAYFS_SUPER_MAGIC, "container" },
	{ NFS_SUPER_MAGIC, "another machine" },
	{ 0x65735546, "a program" },
	{ EXT4_SUPER_MAGIC, NULL },
	{ XFS_SUPER_MAGIC, NULL },
	{ BTRFS_SUPER_MAGIC, NULL },
};

static void
test_media(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(media); i++) {
		const char *doubt = medium_doubt(media[i].type);

		assert_int_equal(doubt != NULL, media[i].word != NULL);
		if (doubt != NULL)
			assert_non_null(strstr(doubt, media[i].word));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ballast),
		cmocka_unit_test(test_made_at_the_start),
		cmocka_unit_test(test_no_room_at_the_start),
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_low),
		cmocka_unit_test(test_fill),
		cmocka_unit_test(test_spare_fails),
		cmocka_unit_test(test_bad_stays),
		cmocka_unit_test(test_media),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
