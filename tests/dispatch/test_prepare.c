/* SPDX-License-Identifier: MIT */
/*
 * Prepare between real workers and a dispatcher and a store that the test
 * plays.
 */
#include "core/clock.h"
#include "dispatch/prepare.h"
#include "fixture.h"
#include "flight.h"
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

#define HOLD_TWICE  "it was being read when the process died twice"
#define HOLD_THRICE "it was being read when the process died three times"
#define HOLD_OLD \
	"mail unreadable: the disk did not read it until it was too old"
#define HOLD_BYTES "its bytes on disk are not those that were kept"

/* What became of the one mail; read once the workers have ended. */
static struct {
	struct message *message; /* the dispatcher's */
	struct journal *journal;
	struct answer *answer;
	int holds;
} got;

/* The dispatcher */

const struct route_map *
dispatcher_route(const struct dispatcher *dispatcher)
{
	(void)dispatcher;
	return NULL;
}

struct flight *
flight_new(struct message *message, const struct route_map *map)
{
	assert_null(map);
	got.message = message;
	return NULL;
}

void
dispatcher_post(struct dispatcher *dispatcher, struct flight *flight)
{
	(void)dispatcher;
	assert_null(flight);
}

void
dispatcher_hold(void *dispatcher)
{
	(void)dispatcher;
	got.holds++;
}

void
dispatcher_let_go(struct dispatcher *dispatcher)
{
	(void)dispatcher;
	got.holds--;
}

static void
keep_journal(void *store, struct journal *journal)
{
	assert_ptr_equal(store, &got);
	got.journal = journal;
}

static void
keep_answer(void *server, struct answer *answer)
{
	(void)server;
	got.answer = answer;
}

static void
clear_got(void)
{
	g_clear_pointer(&got.message, message_unref);
	g_clear_pointer(&got.journal, journal_free);
	g_clear_pointer(&got.answer, answer_free);
}

/* The disk */

enum body {
	BODY_MEMORY,     /* whole */
	BODY_FILE,       /* whole, in a file */
	BODY_CHANGED,    /* another byte in the file */
	BODY_SHORT,      /* the file was cut */
	BODY_UNREADABLE, /* the disk does not read it */
};

static struct {
	char *directory, *busy, *file;
	struct spool_place place;
} disk;

static int
make_disk(void **state)
{
	(void)state;
	disk.directory = g_dir_make_tmp("prepare-XXXXXX", NULL);
	assert_non_null(disk.directory);
	disk.busy = g_build_filename(disk.directory, "busy", NULL);
	disk.file = g_build_filename(disk.directory, "body", NULL);
	disk.place.budget = budget_new(1 << 24);
	return 0;
}

static int
remove_disk(void **state)
{
	(void)state;
	g_unlink(disk.busy);
	g_unlink(disk.file);
	assert_int_equal(g_rmdir(disk.directory), 0);
	g_free(disk.busy);
	g_free(disk.file);
	g_free(disk.directory);
	budget_free(disk.place.budget);
	return 0;
}

static void
spoil_body(struct spool *spool, enum body body)
{
	int fd = open(disk.file, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	if (body == BODY_CHANGED)
		assert_int_equal(pwrite(fd, "!", 1, 3), 1);
	if (body == BODY_SHORT)
		assert_int_equal(ftruncate(fd, 5), 0);
	if (body == BODY_UNREADABLE)
		assert_int_equal(
		    dup3(fd, spool_fd(spool), O_CLOEXEC), spool_fd(spool));
	close(fd);
}

/* The mail's bytes come from a file, as after a restart. */
static void
load_body(struct submission *submission, enum body body)
{
	struct spool *spool = submission->spool;

	assert_true(
	    g_file_set_contents(disk.file, (const char *)spool_memory(spool),
		(gssize)spool_size(spool), NULL));
	submission->spool = spool_open(
	    &disk.place, disk.file, spool_size(spool), spool_digest(spool));
	assert_non_null(submission->spool);
	spool_unref(spool);
	spoil_body(submission->spool, body);
}

enum want {
	WANT_FLIGHT,
	WANT_OPAQUE, /* a flight whose mail GMime did not see */
	WANT_HELD,
	WANT_LATER, /* landed, due in a minute */
	WANT_ANSWER,
};

static const struct row {
	const char *name;
	unsigned deaths;
	bool queued, loaded;
	enum body body;
	enum want want;
	const char *hold;
	unsigned code, left; /* left: deaths known afterwards */
	bool old;            /* give_up is over */
} rows[] = {
	{ "fresh", 0, true, false, BODY_MEMORY, WANT_FLIGHT, NULL, 0, 0,
	    false },
	{ "of a client", 0, false, false, BODY_MEMORY, WANT_FLIGHT, NULL, 0, 0,
	    false },
	{ "loaded", 0, true, true, BODY_MEMORY, WANT_FLIGHT, NULL, 0, 0,
	    false },
	{ "loaded from a file", 0, true, true, BODY_FILE, WANT_FLIGHT, NULL, 0,
	    0, false },
	{ "died once", 1, true, true, BODY_MEMORY, WANT_FLIGHT, NULL, 0, 0,
	    false },
	{ "died twice", 2, true, true, BODY_MEMORY, WANT_OPAQUE, HOLD_TWICE, 0,
	    2, false },
	{ "died twice, of a client", 2, false, false, BODY_MEMORY, WANT_OPAQUE,
	    HOLD_TWICE, 0, 2, false },
	{ "died three times", 3, true, true, BODY_MEMORY, WANT_HELD,
	    HOLD_THRICE, 0, 0, false },
	{ "died four times, never loaded", 4, true, false, BODY_MEMORY,
	    WANT_HELD, HOLD_THRICE, 0, 0, false },
	{ "died three times, of a client", 3, false, false, BODY_MEMORY,
	    WANT_ANSWER, NULL, 554, 3, false },
	{ "another byte", 0, true, true, BODY_CHANGED, WANT_HELD, HOLD_BYTES, 0,
	    0, false },
	{ "cut", 0, true, true, BODY_SHORT, WANT_HELD, HOLD_BYTES, 0, 0,
	    false },
	{ "another byte, died twice", 2, true, true, BODY_CHANGED, WANT_HELD,
	    HOLD_BYTES, 0, 2, false },
	{ "unreadable, loaded", 0, true, true, BODY_UNREADABLE, WANT_LATER,
	    NULL, 0, 0, false },
	{ "unreadable, fresh", 0, true, false, BODY_UNREADABLE, WANT_LATER,
	    NULL, 0, 0, false },
	{ "unreadable, loaded, old", 0, true, true, BODY_UNREADABLE, WANT_HELD,
	    HOLD_OLD, 0, 0, true },
	{ "unreadable, fresh, old", 0, true, false, BODY_UNREADABLE, WANT_HELD,
	    HOLD_OLD, 0, 0, true },
	{ "old", 0, true, true, BODY_FILE, WANT_FLIGHT, NULL, 0, 0, true },
	{ "unreadable, of a client, old", 0, false, false, BODY_UNREADABLE,
	    WANT_ANSWER, NULL, 451, 0, true },
	{ "unreadable, of a client", 0, false, false, BODY_UNREADABLE,
	    WANT_ANSWER, NULL, 451, 0, false },
};

/* The digest of the mail is in a slot when the process ends, so often. */
static struct busy *
open_busy(const struct submission *submission, unsigned deaths)
{
	struct busy *busy = busy_open(disk.busy, NULL);

	assert_non_null(busy);
	for (; deaths > 0; deaths--) {
		busy_enter(busy, spool_digest(submission->spool));
		busy_close(busy);
		busy = busy_open(disk.busy, NULL);
	}
	return busy;
}

static struct submission *
make_submission(const struct row *row)
{
	struct submission *submission = fixture_submission(FIXTURE_TEXT, 3);

	submission->queued = row->queued;
	submission->rounds = 4;
	submission->warned = true;
	if (!row->queued)
		submission->return_to.post = keep_answer;
	if (row->loaded) {
		submission->known = g_new0(struct recipient, 3);
		submission->known[0].state = RECIPIENT_ACCEPTED;
		submission->known[0].id = g_strdup("<1@mg>");
		submission->known[1].state = RECIPIENT_DOUBT;
		submission->known[1].until_ms = 5;
		submission->known[1].provider = g_strdup("mailgun");
		submission->known[1].text = g_strdup("timed out");
	}
	if (row->body != BODY_MEMORY)
		load_body(submission, row->body);
	return submission;
}

static void
prepare_one(struct submission *submission, struct busy *busy, bool old)
{
	const struct pool_options pool = {
		.name = "work", .threads = 1, .stack_bytes = 2 << 20
	};
	struct prepare_options options = {
		.work = pool_new(&pool),
		.hostname = "mail.example.com",
		.give_up_ms = old ? 0 : INT64_C(3600000),
		.busy = busy,
		.journal = keep_journal,
		.store = &got,
	};
	struct prepare *prepare = prepare_new(&options);

	prepare_post(prepare, submission);
	pool_free(options.work);
	prepare_free(prepare);
	assert_int_equal(got.holds, 0);
}

static void
check_flight(const struct row *row)
{
	bool opaque = row->want == WANT_OPAQUE;
	const struct limiter_seen *seen = &got.message->submission->seen;

	assert_null(got.journal);
	assert_null(got.answer);
	assert_string_equal(got.message->subject, "test");
	assert_int_equal((got.message->traits & TRAIT_OPAQUE) != 0, opaque);
	assert_int_equal(got.message->text == NULL, opaque);
	if (opaque)
		assert_string_equal(seen->opaque_why, row->hold);
}

static const struct journal_recipient *
get_recipient(unsigned i)
{
	return &g_array_index(
	    got.journal->recipients, struct journal_recipient, i);
}

/* Those who are not final, and nobody else. */
static void
check_held(const struct row *row)
{
	unsigned first = row->loaded ? 1 : 0;

	assert_string_equal(got.journal->hold, row->hold);
	assert_int_equal(got.journal->due_ms, 0);
	assert_int_equal(got.journal->recipients->len, 3 - first);
	for (unsigned i = 0; i < 3 - first; i++) {
		assert_int_equal(get_recipient(i)->number, first + i);
		assert_int_equal(get_recipient(i)->is.state, RECIPIENT_HELD);
		assert_int_equal(get_recipient(i)->is.until_ms, 0);
		assert_string_equal(get_recipient(i)->is.text, row->hold);
	}
	if (row->loaded)
		assert_string_equal(get_recipient(0)->is.provider, "mailgun");
}

static void
check_landed(const struct row *row)
{
	const struct message *message = got.journal->message;
	int64_t now = clock_wall_ms();

	assert_null(got.message);
	assert_null(got.answer);
	assert_int_equal(got.journal->kind, JOURNAL_LANDED);
	assert_int_equal(got.journal->rounds, 4);
	assert_true(got.journal->warned);
	assert_false(got.journal->wakes);
	assert_null(got.journal->report);
	assert_int_equal(got.journal->attempts->len, 0);
	assert_int_equal(strlen(message->submission->id), ID_LENGTH);
	assert_non_null(message->message_id);
	assert_null(message->text);
	if (row->want == WANT_HELD) {
		check_held(row);
		return;
	}
	assert_null(got.journal->hold);
	assert_int_equal(got.journal->recipients->len, 0);
	assert_true(got.journal->due_ms > now);
	assert_true(got.journal->due_ms <= now + 60000);
}

static void
check_row(const struct row *row)
{
	struct submission *submission = make_submission(row);
	uint64_t digest = spool_digest(submission->spool);
	struct busy *busy = open_busy(submission, row->deaths);

	prepare_one(submission, busy, row->old);
	if (row->want == WANT_FLIGHT || row->want == WANT_OPAQUE) {
		check_flight(row);
	} else if (row->want == WANT_ANSWER) {
		assert_null(got.journal);
		assert_null(got.message);
		assert_int_equal(got.answer->code, row->code);
	} else {
		check_landed(row);
	}
	if (got.journal != NULL && got.journal->recorded != NULL)
		got.journal->recorded(got.journal->object, true);
	assert_int_equal(busy_deaths(busy, digest), row->left);
	/* no slot is left taken */
	assert_int_equal(busy_enter(busy, 1), 0);
	busy_leave(busy, 0, 1);
	busy_close(busy);
	g_unlink(disk.busy);
	clear_got();
}

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		print_message("%s\n", rows[i].name);
		check_row(&rows[i]);
	}
}

/* A hold that is not on disk: the mail stays what it is. */
static void
test_unrecorded(void **state)
{
	const struct row row = { .deaths = 3, .queued = true };
	struct submission *submission = make_submission(&row);
	uint64_t digest = spool_digest(submission->spool);
	struct busy *busy = open_busy(submission, 3);

	(void)state;
	prepare_one(submission, busy, false);
	got.journal->recorded(got.journal->object, false);
	assert_int_equal(busy_deaths(busy, digest), 3);
	busy_close(busy);
	clear_got();
}

/* Nobody keeps notes: all is as it always was. */
static void
test_without_busy(void **state)
{
	const struct row row = { .want = WANT_FLIGHT };

	(void)state;
	prepare_one(make_submission(&row), NULL, false);
	check_flight(&row);
	clear_got();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_unrecorded),
		cmocka_unit_test(test_without_busy),
	};

	parse_start();
	return cmocka_run_group_tests(tests, make_disk, remove_disk);
}
