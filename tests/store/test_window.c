/* SPDX-License-Identifier: MIT */
#include "window.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <glib.h>

/* A window of 10 mails and 1000 bytes. */
static const struct {
	const char *name;
	unsigned fresh, tried; /* mails in it */
	uint64_t bytes;        /* of each */
	bool fresh_waits, tried_waits;
	bool fits_fresh, fits_tried;
} rows[] = {
	{ "empty", 0, 0, 1, false, false, true, true },
	{ "empty, both wait", 0, 0, 1, true, true, true, true },
	{ "one place", 9, 0, 1, false, false, true, true },
	{ "no place", 10, 0, 1, false, false, false, false },
	{ "no place, mixed", 4, 6, 1, false, false, false, false },
	{ "over", 12, 0, 1, false, false, false, false },
	{ "fresh below its share", 6, 0, 1, false, true, true, true },
	{ "fresh at its share", 7, 0, 1, false, true, false, true },
	{ "no tried waits", 7, 0, 1, true, false, true, true },
	{ "tried at its share", 0, 7, 1, true, false, true, false },
	{ "tried over it from before", 0, 9, 1, true, true, true, false },
	{ "both wait, both below", 6, 3, 1, true, true, true, true },
	{ "both wait, fresh at it", 7, 2, 1, true, true, false, true },
	{ "one byte is left", 3, 0, 333, false, false, true, true },
	{ "no byte is left", 5, 0, 200, false, false, false, false },
	{ "share of bytes", 7, 0, 100, false, true, false, true },
	{ "share of bytes, by few", 1, 0, 700, false, true, false, true },
};

static void
enter(struct window *window, enum window_kind kind, unsigned count,
    uint64_t bytes)
{
	for (unsigned i = 0; i < count; i++) {
		g_autofree char *id = g_strdup_printf("%d-%u", kind, i);

		window_enter(window, id, kind, bytes);
		window_enter(window, id, kind, bytes); /* it is in */
		assert_true(window_has(window, id));
	}
}

static void
leave(struct window *window, enum window_kind kind, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		g_autofree char *id = g_strdup_printf("%d-%u", kind, i);

		window_leave(window, id);
		window_leave(window, id); /* it is out */
		assert_false(window_has(window, id));
	}
}

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct window *window = window_new(10, 1000);
		unsigned taken = rows[i].fresh + rows[i].tried;

		enter(window, WINDOW_FRESH, rows[i].fresh, rows[i].bytes);
		enter(window, WINDOW_TRIED, rows[i].tried, rows[i].bytes);
		window_wait(window, WINDOW_FRESH, rows[i].fresh_waits);
		window_wait(window, WINDOW_TRIED, rows[i].tried_waits);
		if (window_fits(window, WINDOW_FRESH) != rows[i].fits_fresh ||
		    window_fits(window, WINDOW_TRIED) != rows[i].fits_tried)
			fail_msg("%s", rows[i].name);
		assert_int_equal(
		    window_room(window), taken < 10 ? 10 - taken : 0);
		leave(window, WINDOW_FRESH, rows[i].fresh);
		leave(window, WINDOW_TRIED, rows[i].tried);
		assert_int_equal(window_room(window), 10);
		assert_true(window_fits(window, WINDOW_FRESH));
		assert_true(window_fits(window, WINDOW_TRIED));
		window_free(window);
	}
	window_free(NULL);
}

/* However small it is, neither kind is shut out for ever. */
static void
test_smallest(void **state)
{
	struct window *window = window_new(1, 1);

	(void)state;
	window_wait(window, WINDOW_FRESH, true);
	window_wait(window, WINDOW_TRIED, true);
	assert_true(window_fits(window, WINDOW_FRESH));
	assert_true(window_fits(window, WINDOW_TRIED));
	window_enter(window, "a", WINDOW_FRESH, UINT64_MAX / 4);
	assert_false(window_fits(window, WINDOW_FRESH));
	assert_false(window_fits(window, WINDOW_TRIED));
	window_leave(window, "a");
	assert_true(window_fits(window, WINDOW_TRIED));
	window_free(window);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_smallest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
