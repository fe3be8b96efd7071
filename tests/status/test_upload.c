/* SPDX-License-Identifier: MIT */
#include "upload.h"

#include "mail/spool.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define MEGABYTE (UINT64_C(1) << 20)

struct fixture {
	struct budget *budget;
	struct spool_place place;
	struct upload upload;
};

static int
set_up(void **state)
{
	struct fixture *fixture = g_new0(struct fixture, 1);

	fixture->budget = budget_new(4 * MEGABYTE);
	fixture->place.budget = fixture->budget;
	*state = fixture;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *fixture = *state;

	upload_close(&fixture->upload);
	budget_free(fixture->budget);
	g_free(fixture);
	return 0;
}

static bool
take(struct upload *upload, uint64_t bytes)
{
	static const char block[1 << 16] = { 'x' };
	bool more = true;

	for (; bytes > 0 && more; bytes -= MIN(bytes, sizeof block))
		more = upload_take(upload, block, MIN(bytes, sizeof block));
	return more;
}

static void
check_end(struct upload *upload, unsigned code, uint64_t size)
{
	struct status_answer answer = { 0 };
	struct spool *body = NULL;
	bool good = upload_finish(upload, &body, &answer);

	assert_int_equal(good, code == 0);
	assert_int_equal(answer.code, code);
	assert_int_equal(body != NULL ? spool_size(body) : 0, size);
	status_answer_clear(&answer);
}

static void
test_body(void **state)
{
	struct fixture *fixture = *state;

	upload_open(&fixture->upload, &fixture->place, MEGABYTE);
	assert_true(upload_announce(&fixture->upload, MEGABYTE));
	assert_true(take(&fixture->upload, MEGABYTE));
	check_end(&fixture->upload, 0, MEGABYTE);
}

static void
test_nothing(void **state)
{
	struct fixture *fixture = *state;

	upload_open(&fixture->upload, &fixture->place, MEGABYTE);
	assert_true(upload_announce(&fixture->upload, 0));
	check_end(&fixture->upload, 0, 0);
}

/* One byte too many, announced or not; it is heard to the end. */
static void
test_too_large(void **state)
{
	struct fixture *fixture = *state;

	upload_open(&fixture->upload, &fixture->place, MEGABYTE);
	assert_true(upload_announce(&fixture->upload, MEGABYTE + 1));
	assert_int_equal(fixture->upload.refusal.code, 413);
	assert_true(take(&fixture->upload, MEGABYTE + 1));
	check_end(&fixture->upload, 413, 0);
}

static void
test_too_large_unannounced(void **state)
{
	struct fixture *fixture = *state;

	upload_open(&fixture->upload, &fixture->place, MEGABYTE);
	assert_true(take(&fixture->upload, 3 * MEGABYTE));
	check_end(&fixture->upload, 413, 0);
}

/* Not listened to for ever. */
static void
test_far_too_large(void **state)
{
	struct fixture *fixture = *state;

	upload_open(&fixture->upload, &fixture->place, MEGABYTE);
	assert_false(upload_announce(&fixture->upload, 100 * MEGABYTE));
	assert_false(take(&fixture->upload, 100 * MEGABYTE));
}

static void
test_refused(void **state)
{
	struct fixture *fixture = *state;
	struct status_answer refusal = { .code = 401 };

	upload_refuse(&fixture->upload, &refusal);
	assert_int_equal(refusal.code, 0);
	assert_true(upload_announce(&fixture->upload, MEGABYTE));
	assert_true(take(&fixture->upload, MEGABYTE));
	check_end(&fixture->upload, 401, 0);
}

/* A memfd counts; what does not fit is asked for again. */
static void
test_no_room(void **state)
{
	struct fixture *fixture = *state;

	upload_open(&fixture->upload, &fixture->place, 16 * MEGABYTE);
	assert_true(take(&fixture->upload, 8 * MEGABYTE));
	assert_int_equal(fixture->upload.refusal.retry_after, 30);
	check_end(&fixture->upload, 503, 0);
	assert_int_equal(budget_taken(fixture->budget), 0);
}

#define UPLOAD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		UPLOAD(test_body),
		UPLOAD(test_nothing),
		UPLOAD(test_too_large),
		UPLOAD(test_too_large_unannounced),
		UPLOAD(test_far_too_large),
		UPLOAD(test_refused),
		UPLOAD(test_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
