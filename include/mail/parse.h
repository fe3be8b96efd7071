/* SPDX-License-Identifier: MIT */
/*
 * Parsing: a submission becomes a message (GMime, iconv).  A work thread;
 * needs at least 2 MiB of stack.  Never refuses: whatever GMime cannot read
 * becomes traits of the message, and the raw road still carries it.  GMime
 * reads the spool in pieces: the mail is neither copied nor mapped as a whole.
 * Where the header ends says the limiter; when GMime sees that otherwise the
 * body is taken as plain text from where the limiter saw it.
 */
#ifndef MAIL_PARSE_H
#define MAIL_PARSE_H

#include "mail/message.h"

struct parse_options {
	const char *hostname; /* for a Message-ID and a From that are made */
	const char *domain;   /* for header addresses without one, where the
			       * listener of the mail names none; NULL: the
			       * hostname */
};

/* Once, in main, before any thread. */
void parse_start(void);

/* Takes the submission over.  NULL (submission not taken) and error when the
 * spool cannot be read: the disk's fault, never the mail's. */
struct message *parse_message(struct submission *submission,
    const struct parse_options *options, GError **error);

/* Takes the submission over, reads nothing of its spool: a message without a
 * field and without a body, opaque, for telling the journal of a mail that
 * cannot or may not be read.  Never to be sent. */
struct message *parse_nothing(
    struct submission *submission, const struct parse_options *options);

#endif
