/* SPDX-License-Identifier: MIT */
#include "mail/limiter.h"

#include "fold.h"
#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* Small limits, so that rows can pass them. */
static const struct limiter_limits small = {
	.header_bytes = 400,
	.header_fields = 6,
	.field_bytes = 200,
	.received = 3,
	.own_received = 1,
	.own_name = "Mx.example.com",
	.parts = 4,
	.depth = 3,
	.content_bytes = 120,
	.colons = 5,
	.comparisons = 20,
};

static enum limiter_verdict
scan(const struct limiter_limits *limits, GBytes *mail, size_t piece,
    struct limiter_seen *seen)
{
	struct limiter *limiter = limiter_new(limits);
	size_t length;
	const char *bytes = g_bytes_get_data(mail, &length);
	enum limiter_verdict verdict;

	for (size_t at = 0; at < length; at += piece) {
		/* A copy of its own: the sanitizer sees a read behind it. */
		size_t now = MIN(piece, length - at);
		g_autofree char *copy = g_memdup2(bytes + at, now);

		limiter_feed(limiter, copy, now);
	}
	verdict = limiter_end(limiter, seen);
	limiter_free(limiter);
	return verdict;
}

static void
assert_same(const struct limiter_seen *a, const struct limiter_seen *b)
{
	assert_int_equal(a->header_end, b->header_end);
	assert_int_equal(a->header_start, b->header_start);
	assert_int_equal(a->long_lines, b->long_lines);
	assert_int_equal(a->folds, b->folds);
	assert_int_equal(a->body_escapes, b->body_escapes);
	assert_int_equal(a->header_broken, b->header_broken);
	assert_int_equal(a->bcc_inside, b->bcc_inside);
	assert_int_equal(a->eightbit_header, b->eightbit_header);
	assert_int_equal(a->eightbit_body, b->eightbit_body);
	assert_int_equal(a->ends_with_newline, b->ends_with_newline);
	assert_ptr_equal(a->opaque_why, b->opaque_why);
}

/* Whole, byte by byte and in other pieces: always the same. */
static enum limiter_verdict
scan_all(const struct limiter_limits *limits, GBytes *mail,
    struct limiter_seen *seen)
{
	enum limiter_verdict verdict =
	    scan(limits, mail, MAX(g_bytes_get_size(mail), 1), seen);

	for (size_t piece = 1; piece < 40; piece++) {
		struct limiter_seen other;

		assert_int_equal(scan(limits, mail, piece, &other), verdict);
		if (verdict == LIMITER_OK)
			assert_same(seen, &other);
	}
	return verdict;
}

/* body stands for the rest of the mail from where header_end must be; start is
 * where header_start must be. */
static const struct {
	const char *name, *header, *body;
	uint64_t start;
	bool broken, eightbit_header, eightbit_body, newline;
} shapes[] = {
	{ "usual", "Subject: x\r\nTo: a@b\r\n\r\n", "text\r\n", 0, false, false,
	    false, true },
	{ "empty body", "Subject: x\r\n\r\n", "", 0, false, false, false,
	    true },
	{ "no header", "\r\n", "text\r\n", 0, false, false, false, true },
	{ "empty mail", "", "", 0, true, false, false, true },
	{ "header only", "Subject: x\r\n", "", 0, true, false, false, true },
	{ "header only, last line open", "Subject: x", "", 0, true, false,
	    false, false },
	{ "folded", "Subject: x\r\n y\r\n\tz\r\n\r\n", "\r\n", 0, false, false,
	    false, true },
	{ "a blank continuation", "Subject: x\r\n \r\nTo: y\r\n\r\n", "", 0,
	    false, false, false, true },
	{ "blank before the colon", "Subject : x\r\n\r\n", "", 0, false, false,
	    false, true },
	{ "empty field", "X:\r\n\r\n", "", 0, false, false, false, true },
	{ "breaks off in text", "Subject: x\r\n", "Hello world\r\n", 0, true,
	    false, false, true },
	{ "breaks off in a word", "Subject: x\r\n", "Hello\r\n\r\nX: y\r\n", 0,
	    true, false, false, true },
	{ "breaks off in quotes", "Subject: x\r\n", "\"\\\"\t\\\r\n", 0, true,
	    false, false, true },
	{ "breaks off in 8 bit", "Subject: x\r\n", "M\xc3\xbc x: y\r\n", 0,
	    true, false, true, true },
	{ "8 bit in a name", "M\xc3\xbc: x\r\n\r\n", "text\r\n", 0, false, true,
	    false, true },
	{ "a control character in a name", "X\x01: x\r\n\x02\t: y\r\n\r\n", "",
	    0, false, false, false, true },
	{ "breaks off at a colon", "Subject: x\r\n", ": y\r\n", 0, true, false,
	    false, true },
	{ "breaks off at the end", "Subject: x\r\n", "Hello", 0, true, false,
	    false, false },
	{ "breaks off at once", "", "Hello world\r\n", 0, true, false, false,
	    true },
	{ "begins with a blank", "", " x: y\r\nTo: a\r\n\r\n", 0, true, false,
	    false, true },
	{ "mbox line", "From a@b Mon Jan  1\r\nSubject: x\r\n\r\n", "t\r\n", 21,
	    false, false, false, true },
	{ "mbox line, then a blank", "From x\r\n", " y: z\r\n", 8, true, false,
	    false, true },
	{ "mbox line only", "From x\r\n", "", 8, true, false, false, true },
	{ "mbox line in the middle", "Subject: x\r\n", "From x\r\n", 0, true,
	    false, false, true },
	{ "From field, a blank", "From : a@b\r\n\r\n", "", 0, false, false,
	    false, true },
	{ "From field, more blanks", "From  \t : a@b\r\n\r\n", "", 0, false,
	    false, false, true },
	{ "mbox line, two blanks", "From  a: b\r\nX: y\r\n\r\n", "t\r\n", 12,
	    false, false, false, true },
	{ "mbox line of blanks", "From  \r\nX: y\r\n\r\n", "t\r\n", 8, false,
	    false, false, true },
	{ "mbox line cut", "From ", "", 5, true, false, false, true },
	{ "From field", "From: a@b\r\n\r\n", "", 0, false, false, false, true },
	{ "From, nothing more", "", "From", 0, true, false, false, false },
	{ "Fro", "", "Fro\r\n", 0, true, false, false, true },
	{ "8 bit in the header", "Subject: \xc3\xbc\r\n\r\n", "x\r\n", 0, false,
	    true, false, true },
	{ "8 bit in the body", "Subject: x\r\n\r\n", "\x80\r\n", 0, false,
	    false, true, true },
	{ "last line open", "Subject: x\r\n\r\n", "text", 0, false, false,
	    false, false },
};

static void
test_shapes(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(shapes); i++) {
		g_autofree char *text =
		    g_strconcat(shapes[i].header, shapes[i].body, NULL);
		g_autoptr(GBytes) mail = g_bytes_new(text, strlen(text));
		struct limiter_seen seen;

		assert_int_equal(
		    scan_all(&limiter_defaults, mail, &seen), LIMITER_OK);
		if (seen.header_end != strlen(shapes[i].header) ||
		    seen.header_start != shapes[i].start ||
		    seen.header_broken != shapes[i].broken)
			fail_msg(
			    "%s: %zu", shapes[i].name, (size_t)seen.header_end);
		assert_int_equal(
		    seen.eightbit_header, shapes[i].eightbit_header);
		assert_int_equal(seen.eightbit_body, shapes[i].eightbit_body);
		assert_int_equal(seen.ends_with_newline, shapes[i].newline);
		assert_false(seen.opaque);
	}
}

/* What folding and escaping really do to these bytes. */
static void
check_counts(
    const unsigned char *body, size_t length, const struct limiter_seen *seen)
{
	g_autofree unsigned char *out = g_malloc(6 * length + 1000);
	uint32_t column = 0;

	assert_int_equal(
	    fold_json(body, length, out), length + seen->body_escapes);
	assert_int_equal(fold_bytes(&column, body, length, out),
	    length + FOLD_BYTES * seen->folds);
}

static const char prologue[] = "X: y\r\n\r\n";

static void
test_every_byte_escaped(void **state)
{
	(void)state;
	for (unsigned byte = 1; byte < 256; byte++) {
		g_autoptr(GByteArray) text = g_byte_array_new();
		unsigned char line[] = { 'a', (unsigned char)byte, 'b', '\r',
			'\n' };
		struct limiter_seen seen;

		g_byte_array_append(text, (const unsigned char *)prologue,
		    (guint)strlen(prologue));
		g_byte_array_append(text, line, sizeof line);
		g_autoptr(GBytes) mail = g_bytes_new(text->data, text->len);
		assert_int_equal(
		    scan_all(&limiter_defaults, mail, &seen), LIMITER_OK);
		check_counts(line, sizeof line, &seen);
		assert_int_equal(seen.eightbit_body, byte > 0x7f);
	}
}

static const struct {
	const char *name;
	size_t length;
	unsigned folds;
} lines[] = {
	{ "998", 998, 0 },
	{ "999", 999, 1 },
	{ "998 + 997", 1995, 1 },
	{ "998 + 997 + 1", 1996, 2 },
	{ "998 + 2 x 997", 2992, 2 },
	{ "998 + 2 x 997 + 1", 2993, 3 },
	{ "70,000", 70000, 70 },
};

static void
test_folds(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
		g_autofree char *line = g_strnfill(lines[i].length, 'x');
		/* One such line within, one at the end that is open. */
		g_autofree char *text =
		    g_strconcat(prologue, line, "\r\nshort\r\n", line, NULL);
		g_autoptr(GBytes) mail = g_bytes_new(text, strlen(text));
		struct limiter_seen seen;

		assert_int_equal(
		    scan_all(&limiter_defaults, mail, &seen), LIMITER_OK);
		if (seen.folds != 2 * lines[i].folds)
			fail_msg("%s: %u", lines[i].name, (unsigned)seen.folds);
		assert_int_equal(seen.long_lines, lines[i].folds > 0 ? 2 : 0);
		check_counts((unsigned char *)text + strlen(prologue),
		    strlen(text) - strlen(prologue), &seen);
	}
}

#define LONG_200                                                                 \
	"0123456789012345678901234567890123456789012345678901234567890123456789" \
	"0123456789012345678901234567890123456789012345678901234567890123456789" \
	"012345678901234567890123456789012345678901234567890123456789"

static const struct {
	const char *name, *mail;
	enum limiter_verdict verdict;
} refused[] = {
	{ "six fields", "A: 1\nB: 2\nC: 3\nD: 4\nE: 5\nF: 6\n\n", LIMITER_OK },
	{ "seven fields", "A: 1\nB: 2\nC: 3\nD: 4\nE: 5\nF: 6\nG: 7\n\n",
	    LIMITER_HEADER_FIELDS },
	{ "a field too long", "A: " LONG_200 "\n\n", LIMITER_FIELD_BYTES },
	{ "a folded field too long",
	    "A: 1\n 23456789012345678901234567890123456789012345678901234567890"
	    "\n 23456789012345678901234567890123456789012345678901234567890123"
	    "\n 23456789012345678901234567890123456789012345678901234567890123"
	    "\n 23456789012345678901234567890123456789012345678901234567890123"
	    "\n\n",
	    LIMITER_FIELD_BYTES },
	{ "the same in the body", "A: 1\n\nA: " LONG_200 "\n", LIMITER_OK },
	{ "three Received", "Received: a\nRECEIVED: b\nreceived : c\n\n",
	    LIMITER_OK },
	{ "four Received",
	    "Received: a\nReceived: b\nReceived: c\nReceived: d"
	    "\n\n",
	    LIMITER_HOPS },
	{ "Received in the body",
	    "Received: a\nReceived: b\nReceived: c\n\nReceived: d\n",
	    LIMITER_OK },
	{ "ours once",
	    "Received: from a by mx.example.com (postferry) with SMTP;\n"
	    " by mx.example.com (postferry)\n\n",
	    LIMITER_OK },
	{ "ours twice",
	    "Received: from a by MX.example.com (postferry) with SMTP\n"
	    "Received: by mx.example.com (postferry)\n\n",
	    LIMITER_CIRCLE },
	{ "ours, folded",
	    "Received: from a\n\tby\n  mx.example.com  (postferry)\n"
	    "received : from by by mx.example.com\n\t(postferry)\n\n",
	    LIMITER_CIRCLE },
	{ "another's, another program's, and not by us",
	    "Received: from a by smtp.example.com (postferry)\n"
	    "Received: from mx.example.com (postferry) by b\n"
	    "Received: from a by mx.example.com (Postfix)\n\n",
	    LIMITER_OK },
	{ "nearly ours",
	    "Received: from a by mx.example.com. (postferry)\n"
	    "Received: from a by mx.example.comm (postferry)\n"
	    "Received: from a by xmx.example.com (postferry)\n\n",
	    LIMITER_OK },
	{ "in pieces of two fields",
	    "Received: from a by mx.example.com\nX: (postferry)\n"
	    "Received: by mx.example.com (postferry)\n\n",
	    LIMITER_OK },
	{ "in other fields",
	    "X: by mx.example.com (postferry)\nY: by mx.example.com "
	    "(postferry)\nZ: by mx.example.com (postferry)\n\n",
	    LIMITER_OK },
	{ "ours in the body",
	    "Received: by mx.example.com (postferry)\n\nReceived: by "
	    "mx.example.com (postferry)\n",
	    LIMITER_OK },
	{ "not quite Received",
	    "X-Received: a\nReceived-SPF: b\nReceived: c\nReceive: d\n\n",
	    LIMITER_OK },
};

static GBytes *
with_crlf(const char *text)
{
	GString *out = g_string_new(NULL);

	for (; *text != '\0'; text++) {
		if (*text == '\n')
			g_string_append_c(out, '\r');
		g_string_append_c(out, *text);
	}
	return g_string_free_to_bytes(out);
}

static void
test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
		g_autoptr(GBytes) mail = with_crlf(refused[i].mail);
		struct limiter_seen seen;
		enum limiter_verdict verdict = scan_all(&small, mail, &seen);

		if (verdict != refused[i].verdict)
			fail_msg("%s: %d", refused[i].name, verdict);
		assert_true(strlen(limiter_text(verdict)) > 0);
	}
}

#define TOP "From: a@b\nTo: c@d\n"
#define HID "Bcc: s@h\n"

static const struct {
	const char *name, *mail;
	enum limiter_verdict verdict;
} hidden[] = {
	{ "a plain one", TOP HID "\nx\n", LIMITER_OK },
	{ "8 bit above", TOP "X-\xe9: y\n" HID "\nx\n", LIMITER_OK },
	{ "a control character above", TOP "X\x01: y\n" HID "\nx\n",
	    LIMITER_OK },
	{ "no colon", TOP "oops no colon\n" HID "\nx\n", LIMITER_BCC },
	{ "no name", TOP ": x\n" HID "\nx\n", LIMITER_BCC },
	{ "quoted From", TOP ">From x\n" HID "\nx\n", LIMITER_BCC },
	{ "fields between", TOP "oops\nX: y\n z\n" HID "\nx\n", LIMITER_BCC },
	{ "resent", TOP "oops\nRESENT-bcc\t : s@h\n\nx\n", LIMITER_BCC },
	{ "indented", " bCC: s@h\n" TOP "\nx\n", LIMITER_BCC },
	{ "indented below", "oops\n\tBcc: s@h\n" TOP "\nx\n", LIMITER_BCC },
	{ "colon on the next line", TOP "Bcc\n : s@h\n\nx\n", LIMITER_BCC },
	{ "the same after a blank", TOP "Bcc \n : s@h\n\nx\n", LIMITER_BCC },
	{ "a comment before the colon", TOP "Bcc (x): s@h\n\nx\n",
	    LIMITER_BCC },
	{ "8 bit in the name", TOP "Bcc\xa0: s@h\n\nx\n", LIMITER_BCC },
	{ "8 bit before the name", TOP "\xef\xbb\xbf" HID "\nx\n",
	    LIMITER_BCC },
	{ "a control character in it", TOP "Bcc\x0b: s@h\n\nx\n", LIMITER_BCC },
	{ "odd and folded", TOP "Bcc\x7f:\n s@h\n\nx\n", LIMITER_BCC },
	{ "at the end", TOP "oops\nBcc: s@h", LIMITER_BCC },
	{ "in the body", TOP "oops\n\n" HID, LIMITER_OK },
	{ "in a sound body", TOP "\n" HID, LIMITER_OK },
	{ "another name", TOP "oops\nX-Bcc: a\nBccs: a\nBcc-X: a\n\nx\n",
	    LIMITER_OK },
	{ "another odd name", TOP "X-Bcc\xa0: a\nBcc-\xe9: a\n\nx\n",
	    LIMITER_OK },
	{ "words", TOP "Bcc me\nthe Bcc: of it\nAbcc\n\nx\n", LIMITER_OK },
	{ "a folded value", TOP "Subject:\n Bcc: x\n\nx\n", LIMITER_OK },
};

static void
test_hidden(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(hidden); i++) {
		g_autoptr(GBytes) mail = with_crlf(hidden[i].mail);
		struct limiter_seen seen;
		enum limiter_verdict verdict =
		    scan_all(&limiter_defaults, mail, &seen);

		if (verdict != hidden[i].verdict)
			fail_msg("%s: %d", hidden[i].name, verdict);
	}
}

static const struct {
	const char *mail;
	bool inside;
} insides[] = {
	{ TOP "Bcc: s@h\n\nx Bcc: y\n", false },
	{ TOP "X: a Bcc: s@h\n\n", true },
	{ TOP "X: a bcc\t: s@h\n\n", true },
	{ TOP "X: a Resent-Bcc: s@h Cc: x\n\n", true },
	{ TOP "X: a\n Bcc: s@h\n\n", true },
	{ TOP "oops Bcc: s@h\n\n", true },
	{ TOP "X: a X-Bcc: b Bcc c: d aBcc: e\n\n", false },
};

static void
test_inside(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(insides); i++) {
		g_autoptr(GBytes) mail = with_crlf(insides[i].mail);
		struct limiter_seen seen;

		assert_int_equal(
		    scan_all(&limiter_defaults, mail, &seen), LIMITER_OK);
		if (seen.bcc_inside != insides[i].inside)
			fail_msg("%s", insides[i].mail);
	}
}

static void
test_header_bytes(void **state)
{
	g_autofree char *value = g_strnfill(100, 'v');
	g_autoptr(GString) text = g_string_new(NULL);
	struct limiter_seen seen;

	(void)state;
	for (int i = 0; i < 3; i++)
		g_string_append_printf(text, "X: %s\r\n", value);
	g_autoptr(GBytes) good = g_bytes_new(text->str, text->len);
	assert_int_equal(scan_all(&small, good, &seen), LIMITER_OK);
	g_string_append_printf(text, "X: %s\r\n", value);
	g_autoptr(GBytes) bad = g_bytes_new(text->str, text->len);
	assert_int_equal(scan_all(&small, bad, &seen), LIMITER_HEADER_BYTES);
}

static const char *const nul_places[] = { "|", "Fr|", "From |\r\n", "X|: y",
	"X: |\r\n", "X: y\r\n\r\n|", "X: y\r\n\r\ntext\r\n|\r\n",
	"X: y\r\n|\r\n" };

static void
test_nul(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(nul_places); i++) {
		g_autofree char *text = g_strdup(nul_places[i]);
		size_t length = strlen(text);
		struct limiter_seen seen;

		*strchr(text, '|') = '\0';
		g_autoptr(GBytes) mail = g_bytes_new(text, length);
		if (scan_all(&small, mail, &seen) != LIMITER_NUL)
			fail_msg("%s", nul_places[i]);
	}
}

#define MULTI "Content-Type: multipart/mixed; boundary=b\n"

static const struct {
	const char *name, *mail;
	const char *why; /* part of the reason; NULL: not opaque */
} opaque[] = {
	{ "two parts", MULTI "\n--b\n\nx\n--b\n\ny\n--b--\n", NULL },
	{ "four parts", MULTI "\n--b\n\n--b\n\n--b\n\n--b\n\n--b--\n", NULL },
	{ "five parts", MULTI "\n--b\n\n--b\n\n--b\n\n--b\n\n--b\n", "parts" },
	{ "five parts behind the end",
	    MULTI "\n--b\n\n--b\n\n--b--\n--b\n\n--b\n\n--b\n", "parts" },
	{ "padded boundaries count",
	    MULTI "\n--b\n\n--b \n\n--b\t\n\n--b  \n\n--b \t \n", "parts" },
	{ "longer lines do not",
	    MULTI "\n--b\n\n--bb\n\n--bc\n\n--b d\n\n--b\n", NULL },
	{ "no boundary, no parts",
	    "Content-Type: multipart/mixed\n\n--b\n--b\n--b\n--b\n--b\n",
	    NULL },
	{ "text is not split",
	    "Content-Type: text/plain; boundary=b\n\n--b\n--b\n--b\n--b\n--b\n",
	    NULL },
	{ "quoted boundary",
	    "Content-Type: MULTIPART/mixed; BOUNDARY = \"b c\\\"\"\n\n--b c\"\n"
	    "\n--b c\"\n\n--b c\"\n\n--b c\"\n\n--b c\"\n",
	    "parts" },
	{ "folded type",
	    "Content-Type:\n multipart/mixed;\n\tboundary=\n b\n\n--b\n\n--b\n"
	    "\n--b\n\n--b\n\n--b\n",
	    "parts" },
	{ "a header that breaks off at the boundary",
	    MULTI "--b\n\n--b\n\n--b\n\n--b\n\n--b\n", "parts" },
	{ "RFC 2231 boundary",
	    "Content-Type: multipart/mixed; boundary*0=b\n\n", "not plain" },
	{ "two boundaries",
	    "Content-Type: multipart/mixed; boundary=a; boundary=b\n\n",
	    "not plain" },
	{ "a boundary in a value before",
	    "Content-Type: multipart/mixed; x=\"boundary=a\"; boundary=b\n\n",
	    "not plain" },
	{ "the word in the boundary",
	    "Content-Type: multipart/mixed; boundary=\"=boundary_1\"\n\n",
	    NULL },
	{ "open quotes", "Content-Type: multipart/mixed; boundary=\"b\n\n",
	    "not plain" },
	{ "empty", "Content-Type: multipart/mixed; boundary=\"\"\n\n",
	    "not plain" },
	{ "a comment", "Content-Type: multipart/mixed; boundary=b(c)\n\n",
	    "not plain" },
	{ "two types", MULTI "Content-Type: text/plain\n\n", "more than one" },
	{ "a type hidden by a comment",
	    "Content-Type: (;) multipart/mixed; boundary=b\n\n--b\n\n--b\n\n"
	    "--b\n\n--b\n\n--b\n",
	    "parts" },
	{ "depth 3",
	    MULTI "\n--b\nContent-Type: multipart/x; boundary=c\n\n--c\n"
		  "Content-Type: multipart/x; boundary=d\n\n--d\n\n--d--\n",
	    NULL },
	{ "depth 4",
	    MULTI "\n--b\nContent-Type: multipart/x; boundary=c\n\n--c\n"
		  "Content-Type: multipart/x; boundary=d\n\n--d\n"
		  "Content-Type: multipart/x; boundary=e\n\n",
	    "deep" },
	{ "side by side is not deep",
	    MULTI "\n--b\nContent-Type: multipart/x; boundary=c\n\n--c--\n--b\n"
		  "Content-Type: multipart/x; boundary=d\n\n--d--\n--b\n"
		  "Content-Type: multipart/x; boundary=e\n\n--e--\n",
	    NULL },
	{ "messages are deep",
	    MULTI "\n--b\nContent-Type: message/rfc822\n\n"
		  "Content-Type: message/rfc822\n\n"
		  "Content-Type: message/rfc822\n\n",
	    "deep" },
	{ "messages of a digest",
	    "Content-Type: multipart/digest; boundary=b\n\n--b\n\n"
	    "To: a:b:c:d:e:f:g:h\n\n",
	    "colons" },
	{ "five colons", "To: a:b:c:d:e:f@x\n\n", NULL },
	{ "six colons", "Resent-Cc: g:g:g:\n g:g:g:;\n\n", "colons" },
	{ "colons in another field", "Subject: a:b:c:d:e:f:g\n\n", NULL },
	{ "colons of two fields", "To: a:b:c:\nCc: a:b:c:\n\n", NULL },
	{ "colons in an inner message",
	    "Content-Type: message/rfc822\n\nTo: a:b:c:d:e:f:g:\n\n",
	    "colons" },
	{ "colons in a body", "To: a\n\nTo: a:b:c:d:e:f:g:\n\n", NULL },
	{ "a long Content field",
	    "Content-Type: text/plain; name=0123456789012345678901234567890123"
	    "4567890123456789012345678901234567890123456789012345678901234567"
	    "890\n\n",
	    "Content" },
	{ "a long Content field in a part",
	    MULTI "\n--b\nContent-Disposition: x; name=01234567890123456789012"
		  "34567890123456789012345678901234567890123456789012345678901"
		  "23456789012345678901234567890\n\n",
	    "Content" },
	{ "fields of a part", MULTI "\n--b\nA:\nB:\nC:\nD:\nE:\nF:\nG:\n\n",
	    "header of a part" },
	{ "a long field of a part", MULTI "\n--b\nA: " LONG_200 "\n\n",
	    "header of a part" },
	{ "20 lines with dashes",
	    MULTI "\n--\n--\n--\n--\n--\n--\n--\n--\n--\n--\n--\n--\n--\n--\n"
		  "--\n--\n--\n--\n--\n--\n",
	    NULL },
	{ "21 lines with dashes",
	    MULTI "\n--\n--\n--\n--\n--\n--\n--\n--\n--\n--\n--\n--\n--\n--\n"
		  "--\n--\n--\n--\n--\n--\n--\n",
	    "begin with --" },
	{ "dashes in a part's header", MULTI "\n--b\n-X: y\n--\n--b\n\n",
	    NULL },
};

static void
test_opaque(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(opaque); i++) {
		g_autoptr(GBytes) mail = with_crlf(opaque[i].mail);
		struct limiter_seen seen;

		assert_int_equal(scan_all(&small, mail, &seen), LIMITER_OK);
		if (seen.opaque != (opaque[i].why != NULL) ||
		    (seen.opaque &&
			strstr(seen.opaque_why, opaque[i].why) == NULL))
			fail_msg("%s: %s", opaque[i].name, seen.opaque_why);
	}
}

/* The bombs that GMime falls to, with the limits as shipped. */
static void
test_bombs(void **state)
{
	static const struct {
		const char *start, *again;
		unsigned times;
		const char *why;
	} bombs[] = {
		{ "To: ", "g:", 1100, "colons" },
		{ "Content-Type: multipart/mixed; boundary=b\r\n\r\n",
		    "--b\r\n\r\n", 1001, "parts" },
		{ "Content-Type: message/rfc822\r\n\r\n",
		    "Content-Type: message/rfc822\r\n\r\n", 20, "deep" },
		{ "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n",
		    "X: y\r\n", 1001, "header of a part" },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(bombs); i++) {
		g_autoptr(GString) text = g_string_new(bombs[i].start);
		struct limiter_seen seen;

		for (unsigned n = 1; n < bombs[i].times; n++)
			g_string_append(text, bombs[i].again);
		g_autoptr(GBytes) good = g_bytes_new(text->str, text->len);
		assert_int_equal(
		    scan(&limiter_defaults, good, 4096, &seen), LIMITER_OK);
		if (i > 0)
			assert_false(seen.opaque);
		g_string_append(text, bombs[i].again);
		g_autoptr(GBytes) bad = g_bytes_new(text->str, text->len);
		assert_int_equal(
		    scan(&limiter_defaults, bad, 4096, &seen), LIMITER_OK);
		assert_true(seen.opaque);
		assert_non_null(strstr(seen.opaque_why, bombs[i].why));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_every_byte_escaped),
		cmocka_unit_test(test_folds),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_hidden),
		cmocka_unit_test(test_inside),
		cmocka_unit_test(test_header_bytes),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_opaque),
		cmocka_unit_test(test_bombs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
