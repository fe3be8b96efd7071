/* SPDX-License-Identifier: MIT */
#include "dispatch/prepare.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/seat.h"
#include "mail/parse.h"
#include "schedule.h"
#include "state.h"

#include <errno.h>

/* Deaths after which a mail is read with care, and not at all. */
#define DEATHS_CARE 2
#define DEATHS_STOP 3

/* A disk that cannot be read just now is asked again. */
#define AGAIN_MS 60000

static const char with_care[] = "it was being read when the process died twice";
static const char deadly[] =
    "it was being read when the process died three times";
static const char damaged[] = "its bytes on disk are not those that were kept";
static const char unreadable[] =
    "mail unreadable: the disk did not read it until it was too old";

struct prepare {
	struct prepare_options options;
	struct seat *dispatcher;
	struct parse_options parse;
	int64_t started_ms;
};

struct job {
	struct letter letter;
	struct prepare *prepare;
	struct submission *submission;
};

/* A mail whose deaths are forgotten once a person has to decide about it. */
struct pardon {
	struct busy *busy;
	uint64_t digest;
};

struct prepare *
prepare_new(const struct prepare_options *options)
{
	struct prepare *prepare = g_new0(struct prepare, 1);

	prepare->options = *options;
	prepare->dispatcher = seat_new(options->dispatcher, dispatcher_hold);
	prepare->parse.hostname = options->hostname;
	prepare->started_ms = clock_monotonic_ms();
	return prepare;
}

void
prepare_free(struct prepare *prepare)
{
	if (prepare == NULL)
		return;
	seat_free(prepare->dispatcher);
	g_free(prepare);
}

void
prepare_switch(struct prepare *prepare, struct dispatcher *dispatcher)
{
	seat_put(prepare->dispatcher, dispatcher);
}

static struct journal *
make_landed(const struct prepare *prepare, struct submission *submission)
{
	struct message *message = parse_nothing(submission, &prepare->parse);
	struct journal *journal = journal_new(JOURNAL_LANDED, message);

	journal->rounds = submission->rounds;
	journal->warned = submission->warned;
	message_unref(message);
	return journal;
}

static void
hold_recipient(struct journal *journal, unsigned number, const char *why)
{
	const struct submission *submission = journal->message->submission;
	struct recipient held = { .state = RECIPIENT_WAITING };

	if (submission->known != NULL)
		recipient_copy(&held, &submission->known[number]);
	if (!recipient_is_final(held.state)) {
		held.state = RECIPIENT_HELD;
		held.until_ms = 0;
		g_free(held.text);
		held.text = g_strdup(why);
		journal_add_recipient(journal, number, &held);
	}
	recipient_clear(&held);
}

/* Takes the submission over: a person has to look. */
static struct journal *
make_held(const struct prepare *prepare, struct submission *submission,
    const char *why)
{
	struct journal *journal = make_landed(prepare, submission);
	unsigned count = submission->envelope->recipients->len;

	log_error(
	    "mail held", log_str("mail", submission->id), log_str("why", why));
	for (unsigned i = 0; i < count; i++)
		hold_recipient(journal, i, why);
	journal->hold = why;
	return journal;
}

static void
on_held(void *object, bool recorded)
{
	struct pardon *pardon = object;

	if (recorded)
		busy_leave(pardon->busy, BUSY_SLOTS, pardon->digest);
	g_free(pardon);
}

/* It is not read a fourth time.  When a person releases it, it starts anew. */
static void
stop_deadly(const struct prepare *prepare, struct submission *submission)
{
	struct pardon *pardon;
	struct journal *journal;

	if (!submission->queued) {
		log_error("mail refused", log_str("mail", submission->id),
		    log_str("why", deadly));
		submission_answer(submission, 554, "5.6.0",
		    "The mail cannot be read: it ended the program that read "
		    "it, three times");
		submission_free(submission);
		return;
	}
	pardon = g_new0(struct pardon, 1);
	pardon->busy = prepare->options.busy;
	pardon->digest = spool_digest(submission->spool);
	journal = make_held(prepare, submission, deadly);
	journal->recorded = on_held;
	journal->object = pardon;
	prepare->options.journal(prepare->options.store, journal);
}

/* Its age does not count when we have been off the whole time. */
static bool
is_too_old(const struct prepare *prepare, const struct submission *submission)
{
	int64_t give_up = prepare->options.give_up_ms;
	int64_t up = clock_monotonic_ms() - prepare->started_ms;

	return clock_wall_ms() - submission->received_ms >= give_up &&
	       up >= MIN(give_up, SCHEDULE_GRACE_MS);
}

/* The spool cannot be read: our disk's fault, so the client keeps the mail, or
 * the queue does. */
static void
give_back(const struct prepare *prepare, struct submission *submission,
    const char *why)
{
	log_error("mail unreadable", log_str("mail", submission->id),
	    log_str("why", why));
	if (submission->queued && is_too_old(prepare, submission)) {
		prepare->options.journal(prepare->options.store,
		    make_held(prepare, submission, unreadable));
		return;
	}
	if (submission->queued) {
		struct journal *journal = make_landed(prepare, submission);

		journal->due_ms = clock_wall_ms() + AGAIN_MS;
		prepare->options.journal(prepare->options.store, journal);
		return;
	}
	submission_answer(submission, 451, "4.3.0",
	    "Local error in reading the mail back; try again later");
	submission_free(submission);
}

/* Bytes in a file that was not made for this round may have changed since. */
static bool
was_loaded(const struct submission *submission)
{
	return submission->queued && submission->known != NULL &&
	       spool_fd(submission->spool) >= 0;
}

static void
stop_damaged(
    const struct prepare *prepare, struct submission *submission, int wrong)
{
	if (wrong == EBADMSG)
		prepare->options.journal(prepare->options.store,
		    make_held(prepare, submission, damaged));
	else
		give_back(prepare, submission, g_strerror(wrong));
}

/* Reads the mail and plans its ways; the submission is taken over. */
static void
read_mail(const struct prepare *prepare, struct submission *submission)
{
	struct dispatcher *dispatcher;
	g_autoptr(GError) error = NULL;
	struct message *message =
	    parse_message(submission, &prepare->parse, &error);

	if (message == NULL) {
		give_back(prepare, submission, error->message);
		return;
	}
	dispatcher = seat_take(prepare->dispatcher);
	dispatcher_post(
	    dispatcher, flight_new(message, dispatcher_route(dispatcher)));
	dispatcher_let_go(dispatcher);
}

/* The same, noted as what may be the end of us. */
static void
read_noted(
    const struct prepare *prepare, struct submission *submission, bool careful)
{
	struct busy *busy = prepare->options.busy;
	uint64_t digest = spool_digest(submission->spool);
	unsigned slot = busy_enter(busy, digest);

	if (careful) {
		log_warn("mail read with care", log_str("mail", submission->id),
		    log_str("why", with_care));
		submission->seen.opaque = true;
		submission->seen.opaque_why = with_care;
	}
	read_mail(prepare, submission);
	if (careful)
		busy_spare(busy, slot);
	else
		busy_leave(busy, slot, digest);
}

static void
prepare_mail(const struct prepare *prepare, struct submission *submission)
{
	struct busy *busy = prepare->options.busy;
	unsigned deaths =
	    busy == NULL ? 0
			 : busy_deaths(busy, spool_digest(submission->spool));

	if (deaths >= DEATHS_STOP)
		stop_deadly(prepare, submission);
	else if (was_loaded(submission) && !spool_check(submission->spool))
		stop_damaged(prepare, submission, errno);
	else if (busy == NULL)
		read_mail(prepare, submission);
	else
		read_noted(prepare, submission, deaths >= DEATHS_CARE);
}

static void
on_submission(void *owner, struct letter *letter)
{
	struct job *job = LETTER_OF(letter, struct job, letter);
	struct submission *submission = job->submission;
	const struct prepare *prepare = job->prepare;

	(void)owner;
	g_free(job);
	prepare_mail(prepare, submission);
}

void
prepare_post(void *object, struct submission *submission)
{
	struct prepare *prepare = object;
	struct job *job = g_new0(struct job, 1);

	job->prepare = prepare;
	job->submission = submission;
	pool_post(prepare->options.work, &job->letter, on_submission);
}
