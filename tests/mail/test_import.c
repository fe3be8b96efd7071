/* SPDX-License-Identifier: MIT */
#include "mail/import.h"
#include "mail/sample.h"

static struct spool_place spools;

static struct spool *
make_spool(const char *text)
{
	struct spool *spool;

	if (spools.budget == NULL)
		spools.budget = budget_new(UINT64_C(1) << 30);
	spool = spool_new(&spools);
	assert_true(spool_append(spool, text, strlen(text)));
	assert_true(spool_seal(spool));
	return spool;
}

static const struct row {
	const char *name;
	const char *mail;
	const char *sender;
	const char *recipients; /* one text; NULL: none is said */
	const char *envelope;   /* "sender: recipient recipient"; NULL: it is
				 * not taken */
	const char *field;      /* then: of the error; NULL: none */
	const char *word;       /* of its text, or of why */
	bool repaired;
} rows[] = {
	{ .name = "as the header has it",
	    .mail = "From: A <a@example.com>\r\nTo: b@example.org,\r\n "
		    "C <c@example.org>\r\nCc: b@EXAMPLE.org\r\nBcc: "
		    "d@example.org\r\n\r\nHi\r\n",
	    .envelope =
		"a@example.com: b@example.org c@example.org d@example.org" },
	{ .name = "as it is said",
	    .mail = "From: a@example.com\r\nTo: b@example.org\r\n\r\nHi\r\n",
	    .sender = "s@example.net",
	    .recipients = "x@example.net, Y <y@example.net>",
	    .envelope = "s@example.net: x@example.net y@example.net" },
	{ .name = "the null sender",
	    .mail = "From: a@example.com\r\nTo: b@example.org\r\n\r\nHi\r\n",
	    .sender = "",
	    .envelope = ": b@example.org" },
	{ .name = "bare LF",
	    .mail = "From: a@example.com\nTo: b@example.org\n\nHi\nyou",
	    .envelope = "a@example.com: b@example.org",
	    .repaired = true },
	{ .name = "a last line without an end",
	    .mail = "From: a@example.com\r\nTo: b@example.org\r\n\r\nHi",
	    .envelope = "a@example.com: b@example.org" },
	{ .name = "nobody to be hidden",
	    .mail = "From: a@example.com\r\nTo: undisclosed-recipients:;\r\n"
		    "Bcc: b@example.org\r\n\r\nHi\r\n",
	    .envelope = "a@example.com: b@example.org" },
	{ .name = "nobody at all",
	    .mail = "From: a@example.com\r\nSubject: Hi\r\n\r\nHi\r\n",
	    .field = "recipients",
	    .word = "none" },
	{ .name = "no From",
	    .mail = "To: a@example.com\r\n\r\nHi\r\n",
	    .field = "From",
	    .word = "none" },
	{ .name = "bad To",
	    .mail = "From: a@example.com\r\nTo: a b c\r\n\r\nHi\r\n",
	    .field = "To",
	    .word = "read" },
	{ .name = "bad recipient",
	    .mail = "From: a@example.com\r\n\r\nHi\r\n",
	    .recipients = "nobody",
	    .field = "recipients[0]",
	    .word = "nobody" },
	{ .name = "many recipients",
	    .mail = "From: a@example.com\r\nTo: a@b.example, b@b.example, "
		    "c@b.example, d@b.example\r\n\r\nHi\r\n",
	    .field = "recipients",
	    .word = "3" },
	{ .name = "another's From",
	    .mail = "From: a@example.com, x@example.org\r\nTo: "
		    "b@b.example\r\n\r\nHi\r\n",
	    .field = "From",
	    .word = "x@example.org" },
	{ .name = "another's sender",
	    .mail = "From: a@example.com\r\nTo: b@b.example\r\n\r\nHi\r\n",
	    .sender = "x@example.org",
	    .field = "sender",
	    .word = "x@example.org" },
	{ .name = "a Bcc below the break",
	    .mail = "From: a@example.com\r\nTo: b@example.org\r\nno "
		    "field\r\nBcc: c@example.org\r\n\r\nHi\r\n",
	    .word = "Bcc" },
	{ .name = "a Bcc behind a lone CR",
	    .mail = "From: a@example.com\r\nSubject: x\rBcc: "
		    "c@example.org\r\nTo: b@example.org\r\n\r\nHi\r\n",
	    .word = "Bcc" },
};

static char *
print_envelope(const struct envelope *envelope)
{
	GString *text = g_string_new(
	    envelope->sender == NULL ? "" : envelope->sender->text);

	g_string_append_c(text, ':');
	for (unsigned i = 0; i < envelope->recipients->len; i++)
		g_string_append_printf(
		    text, " %s", envelope_recipient(envelope, i)->text);
	return g_string_free(text, FALSE);
}

/* Of bytes that lie in memory. */
static bool
has_good_ends(const struct submission *submission)
{
	const unsigned char *bytes = spool_memory(submission->spool);
	uint64_t size = spool_size(submission->spool);

	for (uint64_t i = 0; i < size; i++)
		if ((bytes[i] == '\n') != (i > 0 && bytes[i - 1] == '\r'))
			return false;
	return size > 1 && bytes[size - 1] == '\n';
}

static void
check_taken(const struct row *row, const struct submission *submission)
{
	g_autofree char *envelope = print_envelope(submission->envelope);

	if (row->envelope == NULL || strcmp(envelope, row->envelope) != 0)
		fail_msg("%s: %s", row->name, envelope);
	if (submission->repaired != row->repaired || !has_good_ends(submission))
		fail_msg("%s: line ends", row->name);
}

static void
check_refused(const struct row *row, const GPtrArray *errors, const char *why)
{
	const struct composition_error *error =
	    errors->len > 0 ? errors->pdata[0] : NULL;

	if (row->envelope != NULL ||
	    g_strcmp0(error != NULL ? error->field : NULL, row->field) != 0 ||
	    strstr(error != NULL ? error->text : why, row->word) == NULL)
		fail_msg(
		    "%s: %s", row->name, error != NULL ? error->text : why);
}

static void
check_row(const struct row *row)
{
	static const char *const senders[] = { "@example.com", "@example.net",
		NULL };
	struct spool *mail = make_spool(row->mail);
	g_autoptr(GPtrArray) recipients =
	    g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) errors = composition_errors_new();
	g_autofree char *why = NULL;
	struct import import = { mail, row->sender, recipients };
	struct composition_place place = {
		.spools = &spools,
		.limits = &limiter_defaults,
		.senders = senders,
		.mail_bytes = 10000,
		.recipients_max = 3,
	};
	enum composition_end end;
	struct submission *submission;

	if (row->recipients != NULL)
		g_ptr_array_add(recipients, g_strdup(row->recipients));
	submission = import_submission(&import, &place, errors, &end, &why);
	assert_int_equal(end == COMPOSITION_MADE, submission != NULL);
	if (submission != NULL)
		check_taken(row, submission);
	else
		check_refused(row, errors, why);
	submission_free(submission);
	spool_unref(mail);
}

static void
test_import(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		check_row(&rows[i]);
}

/* However the mail was cut when it came. */
static void
test_long(void **state)
{
	g_autoptr(GString) text = g_string_new("From: a@example.com\r\nTo: "
					       "b@example.org\r\n\r\n");
	g_autoptr(GPtrArray) errors = composition_errors_new();
	g_autofree char *why = NULL;
	struct composition_place place = {
		.spools = &spools,
		.limits = &limiter_defaults,
		.mail_bytes = 250000,
		.recipients_max = 3,
	};
	struct import import = { 0 };
	struct submission *submission;
	struct spool *mail;
	enum composition_end end;
	gsize head = text->len;

	(void)state;
	/* a CR LF lies across each edge of a piece */
	for (unsigned i = 0; i < 100000; i++)
		g_string_append(text, "\r\n");
	g_string_insert_c(text, (gssize)head, 'x');
	import.mail = mail = make_spool(text->str);
	submission = import_submission(&import, &place, errors, &end, &why);
	assert_non_null(submission);
	assert_int_equal(spool_size(submission->spool), text->len);
	assert_false(submission->repaired);
	submission_free(submission);
	place.mail_bytes = 200000;
	assert_null(import_submission(&import, &place, errors, &end, &why));
	assert_int_equal(end, COMPOSITION_LARGE);
	spool_unref(mail);
}

static void
test_digest(void **state)
{
	struct spool *mail = make_spool("From: a@example.com\r\n\r\n");
	g_autoptr(GPtrArray) recipients =
	    g_ptr_array_new_with_free_func(g_free);
	struct import import = { mail, NULL, recipients };
	char first[COMPOSITION_DIGEST_LENGTH + 1];
	char other[COMPOSITION_DIGEST_LENGTH + 1];

	(void)state;
	assert_true(import_digest(&import, first));
	import.recipients = NULL;
	assert_true(import_digest(&import, other));
	assert_string_equal(first, other);
	import.sender = "";
	assert_true(import_digest(&import, other));
	assert_string_not_equal(first, other);
	spool_unref(mail);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_import),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_digest),
	};

	parse_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
