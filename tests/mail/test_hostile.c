/* SPDX-License-Identifier: MIT */
/*
 * What a stranger may send to hurt us: bombs that GMime alone would not bear,
 * and seeded noise.  All of it must come to a message (or be refused by the
 * limiter), and every message must be sendable: the raw form and each part as
 * long as they were promised.
 */
#include "mail/raw.h"
#include "mail/sample.h"

static uint64_t
drain(struct segments *segments)
{
	struct segment_reader *reader = segment_reader_new(segments);
	static char piece[64 * 1024];
	uint64_t size = 0;
	ssize_t got;

	while ((got = segment_reader_read(reader, piece, sizeof piece)) > 0)
		size += (uint64_t)got;
	assert_int_equal(got, 0);
	segment_reader_free(reader);
	return size;
}

static void
check_parts(const struct message *message)
{
	uint64_t size = spool_size(message->submission->spool);

	for (unsigned i = 0; i < message->parts->len; i++) {
		const struct part *part = g_ptr_array_index(message->parts, i);
		struct segments *segments =
		    segments_new(message->submission->spool);

		assert_true(part->offset <= size);
		assert_true(part->length <= size - part->offset);
		segments_add_part(segments, part,
		    i % 2 == 0 ? SEGMENT_PLAIN : SEGMENT_BASE64);
		assert_int_equal(drain(segments), segments_size(segments));
		segments_unref(segments);
		assert_true(part->name == NULL ||
			    strpbrk(part->name, "/\\\r\n") == NULL);
		assert_null(strpbrk(part->type, " \r\n;"));
		assert_null(strpbrk(part->parameters, "\r\n"));
	}
}

static void
check_text(GBytes *text)
{
	gsize size;
	const char *bytes;

	if (text == NULL)
		return;
	bytes = g_bytes_get_data(text, &size);
	assert_true(size == 0 || g_utf8_validate_len(bytes, size, NULL));
}

static void
check_addresses(const GPtrArray *list)
{
	for (unsigned i = 0; i < list->len; i++) {
		const struct header_address *address =
		    g_ptr_array_index(list, i);

		for (const char *at = address->spec; *at != '\0'; at++)
			assert_true(*at >= ' ' && *at <= '~');
		assert_non_null(strchr(address->spec, '@'));
		assert_true(address->name == NULL ||
			    (g_utf8_validate(address->name, -1, NULL) &&
				strpbrk(address->name, "\r\n") == NULL));
	}
}

static void
check_raw(const struct message *message)
{
	const struct raw_options options = { .hostname = "h", .once = true };
	const struct raw_options json = { .hostname = "h", .json = true };
	struct segments *segments = segments_new(message->submission->spool);

	raw_append(segments, message, &options);
	assert_int_equal(drain(segments), segments_size(segments));
	segments_unref(segments);
	if (!raw_is_utf8(message))
		return;
	segments = segments_new(message->submission->spool);
	raw_append(segments, message, &json);
	assert_int_equal(drain(segments), segments_size(segments));
	segments_unref(segments);
}

/* NULL when the limiter refuses. */
static struct message *
try_mail(const char *bytes, size_t length)
{
	static const struct parse_options options = { .hostname = "h" };
	struct limiter *limiter = limiter_new(&limiter_defaults);
	struct limiter_seen seen;
	struct message *message;

	limiter_feed(limiter, bytes, length);
	if (limiter_end(limiter, &seen) != LIMITER_OK) {
		limiter_free(limiter);
		return NULL;
	}
	limiter_free(limiter);
	message =
	    parse_message(sample_submission(bytes, length), &options, NULL);
	assert_non_null(message);
	check_parts(message);
	check_text(message->text);
	check_text(message->html);
	check_addresses(message->from);
	check_addresses(message->to);
	check_raw(message);
	return message;
}

struct bomb {
	const char *name;
	const char *head, *piece, *tail;
	unsigned pieces;
	uint64_t trait; /* that must be there; 0: any */
};

#define MIXED "From: a@b.c\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"

static const struct bomb bombs[] = {
	{ "groups", "To: ", "g:", "\r\n\r\nx", 1000, 0 },
	{ "groups past the limit", "To: ", "g:", "\r\n\r\nx", 30000,
	    TRAIT_OPAQUE },
	{ "empty parts", MIXED, "--b\r\n\r\n", "--b--\r\n", 990, 0 },
	{ "empty parts past the limit", MIXED, "--b\r\n", "--b--\r\n", 200000,
	    TRAIT_OPAQUE },
	{ "fields", "", "X: y\r\n", "\r\nx", 1000, TRAIT_REPEATED_FIELD },
	{ "boundary lines", MIXED, "--\r\n", "--b--\r\n", 250000, 0 },
	{ "parameters", "Content-Type: text/plain", "; a=b", "\r\n\r\nx", 1500,
	    0 },
	{ "parameters past the limit", "Content-Type: text/plain", "; a=b",
	    "\r\n\r\nx", 12000, TRAIT_OPAQUE },
	{ "RFC 2231 pieces", "Content-Type: text/plain; a*0=b", "; a*1*=b",
	    "\r\n\r\nx", 900, 0 },
	{ "addresses", "To: ", "a@b,", "\r\n\r\nx", 16000, 0 },
	{ "one address line", "To: ", "a", "@b.example\r\n\r\nx", 60000, 0 },
	{ "comments open", "To: ", "(", "\r\n\r\nx", 60000, 0 },
	{ "angles", "From: ", "<", "\r\n\r\nx", 60000, 0 },
	{ "quotes", "From: ", "\"", "\r\n\r\nx", 60000, 0 },
	{ "routes", "To: <", "@a,", ":b@c>\r\n\r\nx", 20000, 0 },
	{ "encoded words", "Subject: ", "=?utf-8?q?a?=", "\r\n\r\nx", 4500,
	    TRAIT_LONG_FIELD },
	{ "encoded names", "From: ", "=?x?q?=E9?= ", "<a@b.c>\r\n\r\nx", 4500,
	    0 },
	{ "name that encodes for ever",
	    "Content-Type: text/plain; "
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaa*=utf-8''",
	    "%E4%BD%A0", "\r\n\r\nx", 300, 0 },
	{ "file names",
	    MIXED "--b\r\nContent-Disposition: attachment; filename=\"", "../",
	    "\"\r\n\r\nx\r\n--b--\r\n", 1000, TRAIT_NAME_UNSAFE },
	{ "inline references", "Content-Type: text/html\r\n\r\n", "cid:a ",
	    "\r\n", 150000, 0 },
	{ "nested messages", MIXED,
	    "--b\r\nContent-Type: message/rfc822\r\n"
	    "\r\nA: b\r\n\r\nx\r\n",
	    "--b--\r\n", 300, TRAIT_NESTED_MESSAGE },
	{ "messages in messages", "", "Content-Type: message/rfc822\r\n\r\n",
	    "x", 15, TRAIT_NESTED_MESSAGE },
	{ "padding", "Content-Transfer-Encoding: base64\r\n\r\n", "=", "\r\n",
	    100000, 0 },
	{ "soft breaks", "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
	    "= ", "\r\n", 100000, 0 },
	{ "one long line", "\r\n", "a\"\\", "", 700000, 0 },
};

static void
test_bombs(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(bombs); i++) {
		const struct bomb *bomb = &bombs[i];
		g_autoptr(GString) mail = g_string_new(bomb->head);
		struct message *message;

		for (unsigned k = 0; k < bomb->pieces; k++)
			g_string_append(mail, bomb->piece);
		g_string_append(mail, bomb->tail);
		message = try_mail(mail->str, mail->len);
		if (message == NULL)
			print_error("%s is refused\n", bomb->name);
		assert_non_null(message);
		if ((message->traits & bomb->trait) != bomb->trait)
			print_error("%s lacks its trait\n", bomb->name);
		assert_int_equal(message->traits & bomb->trait, bomb->trait);
		assert_true(message->parts->len <= 1000);
		message_unref(message);
	}
}

/* Multiparts within one another: what the limiter lets through is read. */
static void
test_depth(void **state)
{
	(void)state;
	for (int depth = 1; depth < 40; depth++) {
		g_autoptr(GString) mail = g_string_new("From: a@b.c\r\n");
		struct message *message;

		for (int i = 0; i < depth; i++)
			g_string_append_printf(mail,
			    "Content-Type: multipart/mixed; boundary=b%d\r\n"
			    "\r\n--b%d\r\n",
			    i, i);
		g_string_append(mail, "\r\ntext\r\n");
		for (int i = depth; i-- > 0;)
			g_string_append_printf(mail, "--b%d--\r\n", i);
		message = try_mail(mail->str, mail->len);
		assert_non_null(message);
		assert_int_equal(message->traits & TRAIT_OPAQUE,
		    depth > 20 ? TRAIT_OPAQUE : 0);
		assert_int_equal(message->text != NULL, depth <= 20);
		message_unref(message);
	}
}

static const char seed_mail[] =
    "From: =?utf-8?Q?J=C3=BCrgen?= <a@b.example>\r\n"
    "To: team: c@d.example, \"E, F\" <e@f.example>;\r\n"
    "Subject: =?iso-8859-1?B?6Q==?= x\r\n"
    "Content-Type: multipart/mixed; boundary=\"m\"\r\n\r\n--m\r\n"
    "Content-Type: multipart/alternative; boundary=a\r\n\r\n--a\r\n"
    "Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n"
    "\x1b$B$\"\x1b(B\r\n--a\r\n"
    "Content-Type: text/html; charset=gb2312\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    "<img src=3D\"cid:1\">=C4=E3=\r\n\r\n--a--\r\n--m\r\n"
    "Content-Type: image/png; name*0=\"a\"; name*1=b\r\n"
    "Content-ID: <1>\r\nContent-Disposition: inline; "
    "filename*=utf-8''%E4%BD%A0.png\r\n"
    "Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--m\r\n"
    "Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nx\r\n--m\r\n"
    "Content-Transfer-Encoding: x-uuencode\r\n\r\n"
    "begin 644 x\r\n%:&5L;&\\\r\n`\r\nend\r\n--m--\r\n";

/* Takes, doubles, moves and changes bytes; line ends stay what the decoder
 * gives. */
static GString *
mutate(GRand *random)
{
	static const char *const words[] = { "\r\n", "--", "--m", "--a--", ": ",
		";", "=", "\"", "<", ">", "(", "=?utf-8?q?",
		"?=", "Content-Type: ", "boundary=", "\r\n\r\n",
		"message/rfc822", "\xff", "\xc3", "*0*=", "," };
	GString *mail = g_string_new_len(seed_mail, sizeof seed_mail - 1);
	int count = g_rand_int_range(random, 1, 12);

	for (int i = 0; i < count && mail->len > 10; i++) {
		gssize at = g_rand_int_range(random, 0, (int)mail->len - 5);
		int what = g_rand_int_range(random, 0, 4);

		if (what == 0)
			g_string_erase(mail, at,
			    g_rand_int_range(random, 1,
				(int)MIN(200, (gssize)mail->len - at)));
		else if (what == 1)
			g_string_insert(mail, at,
			    words[g_rand_int_range(
				random, 0, G_N_ELEMENTS(words))]);
		else if (what == 2)
			mail->str[at] = (char)g_rand_int_range(random, 1, 256);
		else
			g_string_insert_len(mail, at, seed_mail + at % 600,
			    g_rand_int_range(random, 1, 100));
	}
	return mail;
}

/* Lone CR and LF never reach the spool: as the decoder would mend them. */
static GString *
mend_lines(const GString *from)
{
	GString *mail = g_string_new(NULL);

	for (gsize i = 0; i < from->len; i++) {
		bool pair = from->str[i] == '\r' && from->str[i + 1] == '\n';

		if (pair || from->str[i] == '\n')
			g_string_append(mail, "\r\n");
		else if (from->str[i] == '\r' || from->str[i] == '\0')
			g_string_append_c(mail, ' ');
		else
			g_string_append_c(mail, from->str[i]);
		i += pair ? 1 : 0;
	}
	return mail;
}

static void
test_mutations(void **state)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(17);
	unsigned read = 0;

	(void)state;
	for (int i = 0; i < 4000; i++) {
		g_autoptr(GString) changed = mutate(random);
		g_autoptr(GString) mail = mend_lines(changed);
		struct message *message = try_mail(mail->str, mail->len);

		if (message != NULL && !(message->traits & TRAIT_OPAQUE))
			read++;
		message_unref(message);
	}
	/* most of them get as far as GMime */
	assert_true(read > 3000);
}

static void
test_noise(void **state)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(23);

	(void)state;
	for (int i = 0; i < 2000; i++) {
		g_autoptr(GString) noise = g_string_new(NULL);
		g_autoptr(GString) mail = NULL;
		int length = g_rand_int_range(random, 0, 600);

		for (int k = 0; k < length; k++)
			g_string_append_c(noise,
			    (char)(i % 2 == 0 ? g_rand_int_range(random, 1, 256)
					      : "aA:;<>@\"()=?\r\n -,"
						    [g_rand_int_range(
							random, 0, 17)]));
		mail = mend_lines(noise);
		message_unref(try_mail(mail->str, mail->len));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bombs),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_mutations),
		cmocka_unit_test(test_noise),
	};

	parse_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
