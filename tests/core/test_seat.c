/* SPDX-License-Identifier: MIT */
#include "core/seat.h"

#include "core/pool.h"
#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define TURNS 20000

struct one {
	_Atomic int holds;
};

struct taker {
	struct letter letter;
	struct seat *seat;
	_Atomic bool *over;
	bool wrong;
};

static void
hold(void *object)
{
	struct one *one = object;

	atomic_fetch_add(&one->holds, 1);
}

static void
on_take(void *owner, struct letter *letter)
{
	struct taker *taker = LETTER_OF(letter, struct taker, letter);

	(void)owner;
	while (!atomic_load(taker->over)) {
		struct one *one = seat_take(taker->seat);

		taker->wrong |= atomic_load(&one->holds) < 1;
		atomic_fetch_sub(&one->holds, 1);
	}
}

/* Once it is replaced nobody begins to hold it. */
static void
test_replaced(void **state)
{
	const struct pool_options options = {
		.name = "takers", .threads = 3, .stack_bytes = 1 << 18
	};
	struct one *ones = g_new0(struct one, 2);
	struct seat *seat = seat_new(&ones[0], hold);
	struct pool *pool = pool_new(&options);
	_Atomic bool over = false;
	struct taker takers[3] = { 0 };

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(takers); i++) {
		takers[i].seat = seat;
		takers[i].over = &over;
		pool_post(pool, &takers[i].letter, on_take);
	}
	for (unsigned i = 1; i <= TURNS; i++) {
		struct one *before = &ones[(i - 1) % 2];

		seat_put(seat, &ones[i % 2]);
		while (atomic_load(&before->holds) > 0)
			g_thread_yield();
		assert_int_equal(atomic_load(&before->holds), 0);
	}
	atomic_store(&over, true);
	pool_free(pool);
	for (unsigned i = 0; i < G_N_ELEMENTS(takers); i++)
		assert_false(takers[i].wrong);
	seat_free(seat);
	g_free(ones);
}

static void
test_taken(void **state)
{
	struct one one = { 0 }, other = { 0 };
	struct seat *seat = seat_new(&one, hold);

	(void)state;
	assert_ptr_equal(seat_take(seat), &one);
	seat_put(seat, &other);
	assert_ptr_equal(seat_take(seat), &other);
	assert_ptr_equal(seat_take(seat), &other);
	assert_int_equal(one.holds, 1);
	assert_int_equal(other.holds, 2);
	seat_free(seat);
	seat_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
