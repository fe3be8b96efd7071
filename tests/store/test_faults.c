/* SPDX-License-Identifier: MIT */
/*
 * A disk that fails: SQLite's own file functions with one of them failing at
 * the Nth call.  Whatever it is, what was committed is there, what was not is
 * not half there.
 */
#include "stand.h"

#include <errno.h>

enum fault_call {
	FAULT_WRITE,
	FAULT_SYNC,
	/* of queue.db itself: a checkpoint's */
	FAULT_MAIN_WRITE,
	FAULT_MAIN_SYNC,
};

/* What is to fail; the methods that SQLite would have used. */
static struct {
	enum fault_call call;
	int left; /* calls until it does; 0: none */
	bool forever;
	int code, reason;
	bool met;
	sqlite3_vfs vfs, *real_vfs;
	/* of queue.db, which is locked, and of all others */
	sqlite3_io_methods methods[2];
	const sqlite3_io_methods *real;
} fault;

static bool
is_met(const sqlite3_file *file, enum fault_call any, enum fault_call main)
{
	bool meant =
	    fault.call == any ||
	    (fault.call == main && file->pMethods == &fault.methods[1]);

	if (fault.left == 0 || !meant || --fault.left > 0)
		return false;
	if (fault.forever)
		fault.left = 1;
	fault.met = true;
	errno = fault.reason;
	return true;
}

static int
on_write(
    sqlite3_file *file, const void *bytes, int length, sqlite3_int64 offset)
{
	return is_met(file, FAULT_WRITE, FAULT_MAIN_WRITE)
		   ? fault.code
		   : fault.real->xWrite(file, bytes, length, offset);
}

static int
on_sync(sqlite3_file *file, int flags)
{
	return is_met(file, FAULT_SYNC, FAULT_MAIN_SYNC)
		   ? fault.code
		   : fault.real->xSync(file, flags);
}

static int
on_open(
    sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
	int code = fault.real_vfs->xOpen(vfs, name, file, flags, out);
	sqlite3_io_methods *methods;

	if (code != SQLITE_OK)
		return code;
	methods = &fault.methods[(flags & SQLITE_OPEN_MAIN_DB) != 0];
	fault.real = file->pMethods;
	*methods = *fault.real;
	methods->xWrite = on_write;
	methods->xSync = on_sync;
	file->pMethods = methods;
	return code;
}

static int
setup(void **state)
{
	(void)state;
	fault.real_vfs = sqlite3_vfs_find(NULL);
	fault.vfs = *fault.real_vfs;
	fault.vfs.zName = "faulty";
	fault.vfs.xOpen = on_open;
	return sqlite3_vfs_register(&fault.vfs, 1);
}

static const struct {
	const char *name;
	enum fault_call call;
	int code, reason;
	enum engine_result result;
} faults[] = {
	{ "no space", FAULT_WRITE, SQLITE_FULL, ENOSPC, ENGINE_FULL },
	{ "no space, told otherwise", FAULT_WRITE, SQLITE_IOERR_WRITE, ENOSPC,
	    ENGINE_FULL },
	{ "no quota", FAULT_WRITE, SQLITE_IOERR_WRITE, EDQUOT, ENGINE_FULL },
	{ "a bad block", FAULT_WRITE, SQLITE_IOERR_WRITE, EIO, ENGINE_BAD },
	{ "a failed sync", FAULT_SYNC, SQLITE_IOERR_FSYNC, EIO, ENGINE_BAD },
	{ "a sync without space", FAULT_SYNC, SQLITE_IOERR_FSYNC, ENOSPC,
	    ENGINE_BAD },
	{ "a sync without quota", FAULT_SYNC, SQLITE_IOERR_DIR_FSYNC, EDQUOT,
	    ENGINE_BAD },
};

static void
set_fault(size_t row, int calls)
{
	fault.call = faults[row].call;
	fault.code = faults[row].code;
	fault.reason = faults[row].reason;
	fault.left = calls;
	fault.met = false;
}

/* A mail of 60 KB, so that its commit has many writes. */
static enum engine_result
try_accept(struct stand *stand)
{
	struct submission *submission = stand_mail(stand, 3);
	struct spool *spool = spool_new(&stand->place);
	g_autofree char *bytes = g_malloc(60000);
	enum engine_result result;

	memset(bytes, 'x', 60000);
	assert_true(spool_append(spool, bytes, 60000) && spool_seal(spool));
	spool_unref(submission->spool);
	submission->spool = spool;
	result = stand->engine->begin(stand->self);
	if (result == ENGINE_OK)
		result =
		    stand->engine->accept(stand->self, submission, true, false);
	if (result == ENGINE_OK)
		result = stand->engine->commit(stand->self);
	submission_free(submission);
	return result;
}

/* The call at which it fails; false: there were not so many. */
static bool
check_fault(size_t row, int calls)
{
	struct stand *stand = stand_new();
	enum engine_result result;
	struct stand *killed;
	bool met;

	assert_int_equal(try_accept(stand), ENGINE_OK);
	set_fault(row, calls);
	result = try_accept(stand);
	met = fault.met;
	fault.left = 0;
	if (result != (met ? faults[row].result : ENGINE_OK))
		print_error(
		    "call %d: %s\n", calls, stand->engine->error(stand->self));
	assert_int_equal(result, met ? faults[row].result : ENGINE_OK);
	if (result == ENGINE_FULL) {
		stand_check(stand);
		stand_expect(stand, "SELECT accepted FROM total", "3");
		assert_int_equal(try_accept(stand), ENGINE_OK);
		stand_check(stand);
		stand_expect(stand, "SELECT accepted FROM total", "6");
	} else if (met) {
		assert_int_equal(try_accept(stand), ENGINE_BAD);
		assert_non_null(
		    strstr(stand->engine->error(stand->self), "queue.db"));
		/* What is on disk now, and nobody wrote to it since. */
		killed = stand_killed(stand);
		stand_open(killed);
		stand_free(killed);
		stand_close(stand);
		stand_open(stand);
	}
	stand_free(stand);
	return met;
}

static void
test_faults(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(faults); i++) {
		int calls = 1;

		while (check_fault(i, calls))
			calls++;
		print_message("%s: %d calls\n", faults[i].name, calls - 1);
		assert_true(calls > (faults[i].call == FAULT_WRITE ? 10 : 1));
	}
}

/* As long as the disk is full nothing comes in, and what is there is told. */
static void
test_full_for_long(void **state)
{
	struct stand *stand = stand_new();

	(void)state;
	assert_int_equal(try_accept(stand), ENGINE_OK);
	set_fault(0, 1);
	fault.forever = true;
	for (int i = 0; i < 3; i++) {
		struct store_ask ask = { .question = STORE_COUNTS };

		assert_int_equal(try_accept(stand), ENGINE_FULL);
		assert_int_equal(
		    stand->engine->ask(stand->self, &ask), ENGINE_OK);
		assert_int_equal(ask.counts.totals.accepted, 3);
		assert_int_equal(ask.counts.totals.waiting, 3);
	}
	fault.forever = false;
	fault.left = 0;
	assert_int_equal(try_accept(stand), ENGINE_OK);
	stand_free(stand);
}

/* Some hundred mails: more than a checkpoint's worth. */
static enum engine_result
fill_wal(struct stand *stand)
{
	enum engine_result result = ENGINE_OK;

	for (int i = 0; i < 300 && result == ENGINE_OK; i++)
		result = try_accept(stand);
	return result;
}

/* What fails while nobody waits for it, when the WAL is brought into the file.
 * A sync is as final as any; a lack of space is none, the WAL has it all. */
static const struct {
	const char *name;
	enum fault_call call;
	int code, reason;
	enum engine_result result;
} checkpoints[] = {
	{ "no space", FAULT_MAIN_WRITE, SQLITE_FULL, ENOSPC, ENGINE_OK },
	{ "no quota", FAULT_MAIN_WRITE, SQLITE_IOERR_WRITE, EDQUOT, ENGINE_OK },
	{ "a bad block", FAULT_MAIN_WRITE, SQLITE_IOERR_WRITE, EIO,
	    ENGINE_BAD },
	{ "a failed sync", FAULT_MAIN_SYNC, SQLITE_IOERR_FSYNC, EIO,
	    ENGINE_BAD },
	{ "a sync without space", FAULT_MAIN_SYNC, SQLITE_IOERR_FSYNC, ENOSPC,
	    ENGINE_BAD },
};

static void
test_checkpoints(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(checkpoints); i++) {
		struct stand *stand = stand_new();
		enum engine_result result = checkpoints[i].result;

		print_message("%s\n", checkpoints[i].name);
		fault.call = checkpoints[i].call;
		fault.code = checkpoints[i].code;
		fault.reason = checkpoints[i].reason;
		fault.met = false;
		fault.left = 1;
		assert_int_equal(fill_wal(stand), result);
		assert_true(fault.met);
		assert_int_equal(try_accept(stand), result);
		fault.left = 0;
		stand_close(stand);
		stand_open(stand);
		assert_int_equal(try_accept(stand), ENGINE_OK);
		stand_free(stand);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_full_for_long),
		cmocka_unit_test(test_checkpoints),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
