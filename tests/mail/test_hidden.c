/* SPDX-License-Identifier: MIT */
/*
 * Seeded header blocks with Bcc in every spelling, sound and broken: a mail is
 * refused, or none of what leaves names whom Bcc names.  HIDDEN_ROUNDS in the
 * environment makes it longer.
 */
#include "mail/raw.h"
#include "mail/sample.h"

#define SECRET "secret@hidden.example"

static const char *const harmless[] = { "From: a@b.example", "From : a@b",
	"To: c@d.example", "Subject: x\r\n y", "Message-ID: <1@b>", "Date: x",
	"X-\xe9: y", "X\x01: y", "\x7f\t: y",
	"M\xc3\xbc:", "Content-Type: text/html",
	"Content-Type: text/plain; charset=latin1",
	"Content-Type: multipart/mixed; boundary=b",
	"Content-Type\xa0: text/html", "Received: x", "X:\r\n \r\n\t", "--b",
	"--b\r\nContent-Type: text/html", "--b--" };

static const char *const breaking[] = { "oops no colon", ": x", ">From x",
	"From x", "From  x: y", "\xe9", "M\xc3\xbc x: y", "\x01", "Bcc me" };

static const char *const names[] = { "Bcc", "bCC", "BCC", "Resent-Bcc",
	"resent-bcc" };

static const char *const colons[] = { ":", " : ", "\t:", ":\r\n ",
	": x@y,\r\n\t", "\r\n :", " \r\n\t: ", ": \"a\r\n b\" ", " (x): " };

#define PICK(random, from) \
	((from)[g_rand_int_range(random, 0, (int)G_N_ELEMENTS(from))])

/* Bytes that are seen by nobody, or as a blank. */
static void
append_odd(GString *mail, GRand *random)
{
	static const unsigned char odd[] = { 1, 8, 0x0b, 0x0c, 0x1f, 0x7f, 0x80,
		0xa0, 0xc3, 0xff };

	if (g_rand_int_range(random, 0, 6) == 0)
		g_string_append_c(mail, (char)PICK(random, odd));
}

static void
append_bcc(GString *mail, GRand *random)
{
	const char *name = PICK(random, names);

	append_odd(mail, random);
	for (; *name != '\0'; name++) {
		g_string_append_c(mail, *name);
		if (g_rand_int_range(random, 0, 8) == 0)
			append_odd(mail, random);
	}
	append_odd(mail, random);
	g_string_append(mail, PICK(random, colons));
	g_string_append(mail, SECRET);
}

static GString *
make_mail(GRand *random)
{
	GString *mail = g_string_new(NULL);
	int lines = g_rand_int_range(random, 1, 8);

	/* behind a field it would be that field's */
	if (g_rand_int_range(random, 0, 10) == 0)
		g_string_append(mail, " Bcc: " SECRET "\r\n");
	for (int i = 0; i < lines; i++) {
		int what = g_rand_int_range(random, 0, 8);

		if (what == 0)
			g_string_append(mail, PICK(random, breaking));
		else if (what < 4)
			append_bcc(mail, random);
		else
			g_string_append(mail, PICK(random, harmless));
		g_string_append(mail, "\r\n");
	}
	if (g_rand_boolean(random))
		g_string_append(mail, "\r\n--b\r\n\r\nbody\r\n--b--\r\n");
	return mail;
}

static bool
holds_secret(const char *bytes, size_t length)
{
	return g_strstr_len(bytes, (gssize)length, SECRET) != NULL;
}

static void
check_bytes(GBytes *text)
{
	gsize length;
	const char *bytes;

	if (text == NULL)
		return;
	bytes = g_bytes_get_data(text, &length);
	assert_false(length > 0 && holds_secret(bytes, length));
}

static void
check_raw(const struct message *message, bool once)
{
	const struct raw_options options = { .hostname = "h", .once = once };
	struct segments *segments = segments_new(message->submission->spool);
	struct segment_reader *reader;
	char text[8192];
	ssize_t got;

	raw_append(segments, message, &options);
	reader = segment_reader_new(segments);
	got = segment_reader_read(reader, text, sizeof text);
	assert_int_equal(got, segments_size(segments));
	assert_false(holds_secret(text, (size_t)got));
	segment_reader_free(reader);
	segments_unref(segments);
}

static void
check_parts(const struct message *message, const char *bytes)
{
	for (unsigned i = 0; i < message->parts->len; i++) {
		const struct part *part = g_ptr_array_index(message->parts, i);

		assert_false(
		    holds_secret(bytes + part->offset, (size_t)part->length));
	}
}

/* Fields go to the APIs under their names. */
static void
check_fields(const struct message *message)
{
	const GArray *fields = message->header->fields;

	for (unsigned i = 0; i < fields->len; i++) {
		const struct header_field *field =
		    &g_array_index(fields, struct header_field, i);

		if (!message_field_is_own(field->name))
			assert_null(strstr(field->body, SECRET));
	}
}

static bool
is_taken(const GString *mail)
{
	struct limiter *limiter = limiter_new(&limiter_defaults);
	struct limiter_seen seen;
	enum limiter_verdict verdict;

	limiter_feed(limiter, mail->str, mail->len);
	verdict = limiter_end(limiter, &seen);
	limiter_free(limiter);
	assert_true(verdict == LIMITER_OK || verdict == LIMITER_BCC);
	return verdict == LIMITER_OK;
}

static void
check_mail(const GString *mail)
{
	static const struct parse_options options = { .hostname = "h" };
	struct message *message = parse_message(
	    sample_submission(mail->str, mail->len), &options, NULL);

	assert_non_null(message);
	check_bytes(message->text);
	check_bytes(message->html);
	check_parts(message, mail->str);
	check_fields(message);
	check_raw(message, false);
	check_raw(message, true);
	message_unref(message);
}

static void
test_hidden(void **state)
{
	const char *wish = g_getenv("HIDDEN_ROUNDS");
	gint64 rounds = wish == NULL ? 5000 : g_ascii_strtoll(wish, NULL, 10);
	g_autoptr(GRand) random = g_rand_new_with_seed(41);
	gint64 taken = 0;

	(void)state;
	for (gint64 i = 0; i < rounds; i++) {
		g_autoptr(GString) mail = make_mail(random);

		if (!is_taken(mail))
			continue;
		check_mail(mail);
		taken++;
	}
	/* both ends of the scale are looked at */
	assert_true(taken > rounds / 10 && taken < rounds * 9 / 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hidden),
	};

	parse_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
