/* SPDX-License-Identifier: MIT */
/* What Mandrill's answers mean. */
#ifndef PROVIDERS_MANDRILL_VERDICTS_H
#define PROVIDERS_MANDRILL_VERDICTS_H

#include "mail/outcome.h"

/* Rows for (status, "NAME: message") of an error in JSON. */
extern const struct verdict_rule mandrill_verdicts_errors[];

/* Rows for (status, text) of an answer that is no JSON of theirs. */
extern const struct verdict_rule mandrill_verdicts_pages[];

/* A word said of one recipient. */
struct mandrill_verdicts_word {
	const char *word; /* NULL: the last row, for any other word */
	enum verdict_class class;
	bool suppressed; /* on the account's reject list */
	bool held;       /* accepted, and may never leave */
	const char *source;
};

/* Of `status`, but for "rejected". */
extern const struct mandrill_verdicts_word mandrill_verdicts_states[];
/* Of `reject_reason`, when the status is "rejected". */
extern const struct mandrill_verdicts_word mandrill_verdicts_reasons[];
/* Of `queued_reason`, when the status is "queued". */
extern const struct mandrill_verdicts_word mandrill_verdicts_queues[];

/* The row of a word; the last when no other fits, NULL word included. */
const struct mandrill_verdicts_word *mandrill_verdicts_find(
    const struct mandrill_verdicts_word *words, const char *word);

#endif
