/* SPDX-License-Identifier: MIT */
#include "core/busy.h"

#include <glib/gstdio.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct place {
	char *directory;
	char *path;
};

static int
make_place(void **state)
{
	struct place *place = g_new0(struct place, 1);

	place->directory = g_dir_make_tmp("busy-XXXXXX", NULL);
	assert_non_null(place->directory);
	place->path = g_build_filename(place->directory, "busy", NULL);
	*state = place;
	return 0;
}

static int
remove_place(void **state)
{
	struct place *place = *state;

	g_unlink(place->path);
	g_rmdir(place->path);
	assert_int_equal(g_rmdir(place->directory), 0);
	g_free(place->path);
	g_free(place->directory);
	g_free(place);
	return 0;
}

static struct busy *
open_busy(const struct place *place)
{
	g_autoptr(GError) error = NULL;
	struct busy *busy = busy_open(place->path, &error);

	assert_non_null(busy);
	assert_null(error);
	return busy;
}

/* Another process opens the file, enters `count` digests from `first` on, ends
 * `leaves` of them and is killed. */
static void
die_with(
    const struct place *place, uint64_t first, unsigned count, unsigned leaves)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		struct busy *busy = busy_open(place->path, NULL);
		unsigned slots[BUSY_SLOTS] = { 0 };

		for (unsigned i = 0; i < count; i++)
			slots[i] = busy_enter(busy, first + i);
		for (unsigned i = 0; i < leaves; i++)
			busy_leave(busy, slots[i], first + i);
		kill(getpid(), SIGKILL);
		_exit(1);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static unsigned
count_deaths(const struct place *place, uint64_t digest)
{
	struct busy *busy = open_busy(place);
	unsigned deaths = busy_deaths(busy, digest);

	busy_close(busy);
	return deaths;
}

static void
test_killed(void **state)
{
	const struct place *place = *state;

	assert_int_equal(count_deaths(place, 10), 0);
	die_with(place, 10, 3, 1);
	assert_int_equal(count_deaths(place, 10), 0); /* it had left */
	assert_int_equal(count_deaths(place, 11), 1);
	assert_int_equal(count_deaths(place, 12), 1);
	assert_int_equal(count_deaths(place, 13), 0);
	die_with(place, 11, 1, 0);
	assert_int_equal(count_deaths(place, 11), 2);
	assert_int_equal(count_deaths(place, 12), 1); /* was not tried */
	die_with(place, 11, 2, 1);
	assert_int_equal(count_deaths(place, 11), 0); /* ended well */
	assert_int_equal(count_deaths(place, 12), 2);
}

/* Without a start in between, the child's own start finds what is there. */
static void
test_killed_at_once(void **state)
{
	const struct place *place = *state;

	die_with(place, 7, 1, 0);
	die_with(place, 7, 1, 0);
	die_with(place, 7, 1, 0);
	assert_int_equal(count_deaths(place, 7), 3);
	assert_int_equal(count_deaths(place, 7), 3);
}

static void
test_digest_of_nothing(void **state)
{
	const struct place *place = *state;

	die_with(place, 0, 1, 0);
	assert_int_equal(count_deaths(place, 0), 1);
	die_with(place, 0, 1, 1);
	assert_int_equal(count_deaths(place, 0), 0);
}

/* The same bytes in two slots are one death, and one that ends clears it. */
static void
test_twins(void **state)
{
	const struct place *place = *state;
	struct busy *busy = open_busy(place);

	busy_enter(busy, 5);
	busy_enter(busy, 5);
	busy_close(busy);
	busy = open_busy(place);
	assert_int_equal(busy_deaths(busy, 5), 1);
	busy_leave(busy, busy_enter(busy, 5), 5);
	assert_int_equal(busy_deaths(busy, 5), 0);
	busy_close(busy);
}

/* What went well with care only is still suspected. */
static void
test_spared(void **state)
{
	const struct place *place = *state;

	die_with(place, 8, 1, 0);
	struct busy *busy = open_busy(place);
	busy_spare(busy, busy_enter(busy, 8));
	busy_spare(busy, BUSY_SLOTS);
	assert_int_equal(busy_deaths(busy, 8), 1);
	busy_close(busy);
	assert_int_equal(count_deaths(place, 8), 1);
}

/* More pieces of work than slots: the further ones are not noted. */
static void
test_slots(void **state)
{
	const struct place *place = *state;
	struct busy *busy = open_busy(place);

	for (unsigned i = 0; i < BUSY_SLOTS; i++)
		assert_int_equal(busy_enter(busy, 100 + i), i);
	assert_int_equal(busy_enter(busy, 99), BUSY_SLOTS);
	busy_leave(busy, BUSY_SLOTS, 99);
	busy_leave(busy, 3, 103);
	assert_int_equal(busy_enter(busy, 98), 3);
	busy_close(busy);
	busy = open_busy(place);
	assert_int_equal(busy_deaths(busy, 98), 1);
	assert_int_equal(busy_deaths(busy, 99), 0);
	assert_int_equal(busy_deaths(busy, 103), 0);
	assert_int_equal(busy_deaths(busy, 100 + BUSY_SLOTS - 1), 1);
	busy_close(busy);
}

/* The suspect seen longest ago is forgotten first. */
static void
test_suspects(void **state)
{
	const struct place *place = *state;

	die_with(place, 1, 1, 0);
	die_with(place, 2, 1, 0);
	die_with(place, 1, 1, 0); /* seen again */
	die_with(place, 100, BUSY_SUSPECTS - 1, 0);
	struct busy *busy = open_busy(place);
	assert_int_equal(busy_deaths(busy, 1), 2);
	assert_int_equal(busy_deaths(busy, 2), 0);
	for (unsigned i = 0; i < BUSY_SUSPECTS - 1; i++)
		assert_int_equal(busy_deaths(busy, 100 + i), 1);
	busy_close(busy);
}

/* What is not ours is made anew, and serves from then on. */
static void
test_foreign(void **state)
{
	static const size_t sizes[] = { 0, 1, 8, 100, 4096, 1 << 20 };
	const struct place *place = *state;
	struct stat status;

	die_with(place, 9, 1, 0);
	assert_int_equal(stat(place->path, &status), 0);
	assert_int_equal(status.st_mode & 0077, 0);
	for (size_t i = 0; i <= G_N_ELEMENTS(sizes); i++) {
		size_t size =
		    i < G_N_ELEMENTS(sizes) ? sizes[i] : (size_t)status.st_size;
		g_autofree char *junk = g_strnfill(size, '\x5a');

		assert_true(
		    g_file_set_contents(place->path, junk, (gssize)size, NULL));
		assert_int_equal(count_deaths(place, 9), 0);
		assert_int_equal(
		    count_deaths(place, UINT64_C(0x5a5a5a5a5a5a5a5a)), 0);
		die_with(place, 9, 1, 0);
		assert_int_equal(count_deaths(place, 9), 1);
	}
}

static void
test_refused(void **state)
{
	const struct place *place = *state;
	g_autoptr(GError) error = NULL;
	g_autoptr(GError) other = NULL;

	assert_int_equal(g_mkdir(place->path, 0700), 0);
	assert_null(busy_open(place->path, &error));
	assert_non_null(strstr(error->message, place->path));
	assert_int_equal(g_rmdir(place->path), 0);
	assert_int_equal(mkfifo(place->path, 0600), 0);
	assert_null(busy_open(place->path, &other));
	assert_non_null(strstr(other->message, "a regular file"));
}

static void
test_memory(void **state)
{
	struct busy *busy = busy_open(NULL, NULL);

	(void)state;
	assert_int_equal(busy_enter(busy, 1), 0);
	assert_int_equal(busy_deaths(busy, 1), 0);
	busy_leave(busy, 0, 1);
	busy_close(busy);
	busy_close(NULL);
}

#define THREADS 8
#define ROUNDS  2000

struct crowd {
	struct busy *busy;
	atomic_uint number;
	atomic_uint holders[BUSY_SLOTS];
	atomic_uint wrong;
};

static void *
run_crowd(void *object)
{
	struct crowd *crowd = object;
	uint64_t digest = 1 + atomic_fetch_add(&crowd->number, 1);

	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned slot = busy_enter(crowd->busy, digest);

		if (slot >= BUSY_SLOTS ||
		    atomic_fetch_add(&crowd->holders[slot], 1) != 0) {
			crowd->wrong++;
			continue;
		}
		crowd->holders[slot]--;
		busy_leave(crowd->busy, slot, digest);
	}
	return NULL;
}

/* No slot has two holders, and all are free in the end. */
static void
test_crowd(void **state)
{
	const struct place *place = *state;
	struct crowd crowd = { .busy = open_busy(place) };
	pthread_t threads[THREADS];

	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, run_crowd, &crowd), 0);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(crowd.wrong, 0);
	assert_int_equal(busy_enter(crowd.busy, 1), 0);
	busy_leave(crowd.busy, 0, 1);
	busy_close(crowd.busy);
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(count_deaths(place, 1 + i), 0);
}

#define PLACED(test) \
	cmocka_unit_test_setup_teardown(test, make_place, remove_place)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		PLACED(test_killed),
		PLACED(test_killed_at_once),
		PLACED(test_digest_of_nothing),
		PLACED(test_twins),
		PLACED(test_spared),
		PLACED(test_slots),
		PLACED(test_suspects),
		PLACED(test_foreign),
		PLACED(test_refused),
		PLACED(test_crowd),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
