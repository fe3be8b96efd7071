/* SPDX-License-Identifier: MIT */
#include "dispatch/prepare.h"

#include "core/log.h"
#include "mail/parse.h"
#include "state.h"

struct prepare {
	struct pool *work;
	struct dispatcher *dispatcher;
	struct parse_options options;
};

struct job {
	struct letter letter;
	struct prepare *prepare;
	struct submission *submission;
};

struct prepare *
prepare_new(
    struct pool *work, struct dispatcher *dispatcher, const char *hostname)
{
	struct prepare *prepare = g_new0(struct prepare, 1);

	prepare->work = work;
	prepare->dispatcher = dispatcher;
	prepare->options.hostname = hostname;
	return prepare;
}

void
prepare_free(struct prepare *prepare)
{
	g_free(prepare);
}

/* The spool cannot be read: our disk's fault, so the client keeps the mail. */
static void
give_back(struct submission *submission, const GError *error)
{
	log_error("mail unreadable", log_str("mail", submission->id),
	    log_str("why", error->message));
	submission_answer(submission, 451, "4.3.0",
	    "Local error in reading the mail back; try again later");
	submission_free(submission);
}

static void
on_submission(void *owner, struct letter *letter)
{
	struct job *job = LETTER_OF(letter, struct job, letter);
	struct dispatcher *dispatcher = job->prepare->dispatcher;
	struct submission *submission = job->submission;
	g_autoptr(GError) error = NULL;

	(void)owner;
	struct message *message =
	    parse_message(submission, &job->prepare->options, &error);
	g_free(job);
	if (message == NULL) {
		give_back(submission, error);
		return;
	}
	dispatcher_post(
	    dispatcher, flight_new(message, dispatcher_route(dispatcher)));
}

void
prepare_post(void *object, struct submission *submission)
{
	struct prepare *prepare = object;
	struct job *job = g_new0(struct job, 1);

	job->prepare = prepare;
	job->submission = submission;
	pool_post(prepare->work, &job->letter, on_submission);
}
