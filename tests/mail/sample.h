/* SPDX-License-Identifier: MIT */
/*
 * Mails for tests: text becomes a sealed spool, watched by the real limiter,
 * and a submission from app.example.com.
 */
#ifndef TESTS_MAIL_SAMPLE_H
#define TESTS_MAIL_SAMPLE_H

#include "mail/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define SAMPLE_ID "01JQZX3V5K8M2N4P6R7S9T0W1Y"

/* LF becomes CRLF, as the DATA decoder's output has it. */
static inline GString *
sample_lines(const char *text)
{
	GString *lines = g_string_new(NULL);

	for (; *text != '\0'; text++) {
		if (*text == '\n')
			g_string_append_c(lines, '\r');
		g_string_append_c(lines, *text);
	}
	return lines;
}

static inline struct address *
sample_address(const char *text)
{
	enum address_fault fault = ADDRESS_OK;
	struct address *address =
	    address_parse(text, strlen(text), NULL, &fault);

	assert_non_null(address);
	return address;
}

static inline void
sample_feed(struct submission *submission, const char *bytes, size_t length)
{
	static struct spool_place place;
	struct limiter *limiter = limiter_new(&limiter_defaults);

	if (place.budget == NULL)
		place.budget = budget_new(UINT64_C(1) << 30);
	submission->spool = spool_new(&place);
	assert_true(spool_append(submission->spool, bytes, length));
	assert_true(spool_seal(submission->spool));
	limiter_feed(limiter, bytes, length);
	limiter_end(limiter, &submission->seen);
	limiter_free(limiter);
}

/* A submission of exactly these bytes. */
static inline struct submission *
sample_submission(const char *bytes, size_t length)
{
	struct submission *submission = g_new0(struct submission, 1);

	g_strlcpy(submission->id, SAMPLE_ID, sizeof submission->id);
	g_strlcpy(submission->peer, "192.0.2.7", sizeof submission->peer);
	submission->helo = g_strdup("app.example.com");
	submission->protocol = "ESMTP";
	submission->received_ms = INT64_C(1795256640000);
	submission->envelope = envelope_new();
	submission->envelope->sender = sample_address("app@example.com");
	envelope_add_recipient(
	    submission->envelope, sample_address("one@example.org"));
	envelope_add_recipient(
	    submission->envelope, sample_address("two@example.org"));
	sample_feed(submission, bytes, length);
	return submission;
}

/* The parsed message of a text whose lines end with LF. */
static inline struct message *
sample_message(const char *text)
{
	static const struct parse_options options = {
		.hostname = "mail.example.com",
	};
	g_autoptr(GString) lines = sample_lines(text);
	GError *error = NULL;
	struct message *message = parse_message(
	    sample_submission(lines->str, lines->len), &options, &error);

	assert_non_null(message);
	return message;
}

#endif
