/* SPDX-License-Identifier: MIT */
/*
 * Mails and providers for the tests of dispatch: parsed messages to any number
 * of recipients, providers with a connection or two and no translator of their
 * own.
 */
#ifndef TESTS_DISPATCH_FIXTURE_H
#define TESTS_DISPATCH_FIXTURE_H

#include "mail/sample.h"
#include "provider.h"

#define FIXTURE_TEXT                              \
	"From: Ann <ann@example.com>\n"           \
	"To: rcpt0@example.org\n"                 \
	"Subject: test\n"                         \
	"Message-ID: <one@example.com>\n"         \
	"Date: Sat, 21 Nov 2026 10:24:00 +0000\n" \
	"\n"                                      \
	"Text\n"

/* A submission of this text (LF) to rcpt0@example.org, rcpt1@..., .... */
static inline struct submission *
fixture_submission(const char *text, unsigned recipients)
{
	g_autoptr(GString) lines = sample_lines(text);
	struct submission *submission =
	    sample_submission(lines->str, lines->len);

	id_make(submission->id);
	g_ptr_array_set_size(submission->envelope->recipients, 0);
	for (unsigned i = 0; i < recipients; i++) {
		g_autofree char *spec =
		    g_strdup_printf("rcpt%u@example.org", i);
		envelope_add_recipient(
		    submission->envelope, sample_address(spec));
	}
	return submission;
}

static inline struct message *
fixture_message(const char *text, unsigned recipients)
{
	static const struct parse_options options = {
		.hostname = "mail.example.com",
	};
	GError *error = NULL;
	struct message *message = parse_message(
	    fixture_submission(text, recipients), &options, &error);

	assert_non_null(message);
	return message;
}

/* A delivery to all of them. */
static inline struct delivery *
fixture_delivery(struct message *message)
{
	unsigned count = message->submission->envelope->recipients->len;
	g_autofree unsigned *all = g_new(unsigned, count);

	for (unsigned i = 0; i < count; i++)
		all[i] = i;
	return delivery_new(message, all, count);
}

#endif
