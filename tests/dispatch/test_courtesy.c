/* SPDX-License-Identifier: MIT */
#include "courtesy.h"

#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define MOST   2
#define WINDOW INT64_C(60000)

static const struct {
	int64_t now_ms;
	bool made;
} takes[] = {
	{ 5, true },
	{ 6, true },
	{ 7, false },
	{ 60004, false },
	/* a window later, which begins with it */
	{ 60005, true },
	{ 120004, true },
	{ 120004, false },
	{ 120005, true },
	{ 999999, true },
	{ 999999, true },
	{ 999999, false },
};

static void
test_rows(void **state)
{
	static const struct courtesy_limits limits = { MOST, WINDOW };
	struct loop *loop = loop_new("loop", NULL);
	struct courtesy *courtesy = courtesy_new(loop, &limits);

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(takes); i++)
		if (courtesy_take(courtesy, takes[i].now_ms) != takes[i].made)
			fail_msg("take %u", i);
	courtesy_free(courtesy);
	loop_free(loop);
}

/* What stderr gets, until it is put back. */
struct capture {
	int before, pipe[2];
};

static struct capture
begin_capture(void)
{
	struct capture capture = { .before = dup(STDERR_FILENO) };

	assert_int_equal(pipe(capture.pipe), 0);
	assert_true(dup2(capture.pipe[1], STDERR_FILENO) >= 0);
	close(capture.pipe[1]);
	return capture;
}

/* A line; "": the end. */
static char *
read_line(const struct capture *capture)
{
	GString *line = g_string_new(NULL);
	char c;

	while (read(capture->pipe[0], &c, 1) == 1 && c != '\n')
		g_string_append_c(line, c);
	return g_string_free(line, FALSE);
}

static void
end_capture(const struct capture *capture)
{
	assert_true(dup2(capture->before, STDERR_FILENO) >= 0);
	close(capture->before);
}

static void
expect_line(const struct capture *capture, const char *tail)
{
	g_autofree char *line = read_line(capture);

	if (strstr(line, tail) == NULL)
		fail_msg("\"%s\" came, \"%s\" was expected", line, tail);
}

/* Once a window: at its end, or by the first of the next. */
static void
test_told(void **state)
{
	static const struct courtesy_limits limits = { 1, 20 };
	struct loop *loop = loop_new("loop", NULL);
	struct courtesy *courtesy = courtesy_new(loop, &limits);
	struct capture capture = begin_capture();

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		courtesy_take(courtesy, 0);
	for (unsigned i = 0; i < 3; i++)
		courtesy_take(courtesy, 20);
	loop_start(loop);
	expect_line(&capture, "warn reports of success dropped reports=3 ");
	expect_line(&capture, "warn reports of success dropped reports=2 ");
	loop_stop(loop);
	courtesy_take(courtesy, 25);
	courtesy_free(courtesy);
	loop_free(loop);
	end_capture(&capture);
	expect_line(&capture, "warn reports of success dropped reports=1 ");
	expect_line(&capture, "");
	close(capture.pipe[0]);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
