/* SPDX-License-Identifier: MIT */
#include "mail/parts.h"

#include "sample.h"

static struct spool_place place;

static struct spool *
make_spool(const char *text)
{
	GString *lines = sample_lines(text);
	struct spool *spool = spool_new(&place);

	assert_true(spool_append(spool, lines->str, lines->len));
	assert_true(spool_seal(spool));
	g_string_free(lines, TRUE);
	return spool;
}

static void
print_word(GString *out, const char *key, const char *word)
{
	if (word != NULL)
		g_string_append_printf(out, " %s=%s", key, word);
}

/* "[content]", line ends as LF. */
static void
print_content(
    GString *out, const struct spool *spool, const struct parts_one *one)
{
	struct spool *content = parts_decode(spool, one, &place);
	g_autofree char *bytes = g_malloc0(spool_size(content) + 1);

	assert_int_equal(spool_size(content), one->decoded_size);
	assert_int_equal(
	    spool_read(content, 0, bytes, (size_t)spool_size(content)),
	    one->decoded_size);
	g_string_append_printf(out, " [%s]", bytes);
	g_string_replace(out, "\r\n", "|", 0);
	spool_unref(content);
}

/* A line for each part, a dash for each level. */
static char *
print_parts(const char *text)
{
	struct spool *spool = make_spool(text);
	struct parts *parts = parts_read(spool);
	GString *out = g_string_new(NULL);

	assert_non_null(parts);
	print_word(out, "opaque", parts->opaque);
	for (unsigned i = 0; i < parts->list->len; i++) {
		const struct parts_one *one =
		    &g_array_index(parts->list, struct parts_one, i);

		for (unsigned level = 0; level < one->level; level++)
			g_string_append_c(out, '-');
		g_string_append(out, one->type);
		print_word(out, "charset", one->charset);
		print_word(out, "name", one->name);
		print_word(out, "cid", one->content_id);
		print_word(out, "as", one->disposition);
		if (!one->multipart)
			print_content(out, spool, one);
		g_string_append_c(out, '\n');
	}
	parts_free(parts);
	spool_unref(spool);
	return g_string_free(out, FALSE);
}

#define MIXED "Content-Type: multipart/mixed; boundary=b\n\n"

static const struct {
	const char *name, *mail, *parts;
} rows[] = {
	{ "no mail at all", "", "text/plain []\n" },
	{ "no body", "Subject: a\n", "text/plain []\n" },
	{ "one text", "Subject: a\n\nHello.\n", "text/plain [Hello.|]\n" },
	{ "one that says all of itself",
	    "Content-Type: TEXT/HTML; charset=\"iso-8859-1\"\n"
	    "Content-Transfer-Encoding: quoted-printable\n\n=3Cp=3E=\n\n",
	    "text/html charset=iso-8859-1 [<p>|]\n" },
	{ "text and a file",
	    MIXED "prologue\n--b\n\nHello.\n--b\n"
		  "Content-Type: application/pdf; name=\"other\"\n"
		  "Content-Disposition: Attachment; filename=\"a b.pdf\"\n"
		  "Content-Transfer-Encoding: BASE64\n\nQUJD\nREVG\n"
		  "--b--\nepilogue\n",
	    "multipart/mixed\n-text/plain [Hello.]\n"
	    "-application/pdf name=a b.pdf as=attachment [ABCDEF]\n" },
	{ "nested",
	    MIXED "--b\nContent-Type: multipart/related; boundary=\"c d\"\n\n"
		  "--c d\nContent-Type: multipart/alternative; boundary=e\n\n"
		  "--e\n\n1\n\n--e\nContent-Type: text/html\n\n2\n--e--\n"
		  "--c d\nContent-Type: image/png\nContent-ID: <x@y>\n"
		  "Content-Disposition: inline\n\n3\n--c d--\n"
		  "--b\n\n4\n--b--\n",
	    "multipart/mixed\n-multipart/related\n--multipart/alternative\n"
	    "---text/plain [1|]\n---text/html [2]\n"
	    "--image/png cid=x@y as=inline [3]\n-text/plain [4]\n" },
	{ "an inner boundary that is missing ends with the outer",
	    MIXED "--b\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\n1\n"
		  "--b\n\n2\n--b--\n",
	    "multipart/mixed\n-multipart/mixed\n--text/plain [1]\n"
	    "-text/plain [2]\n" },
	{ "a mail that breaks off",
	    MIXED "--b\n\n1\n--b\nContent-Type: text/html\n",
	    "multipart/mixed\n-text/plain [1]\n-text/html []\n" },
	{ "parts without content", MIXED "--b\n\n--b\n\n\n--b\n--b--\n",
	    "multipart/mixed\n-text/plain []\n-text/plain []\n"
	    "-text/plain []\n" },
	{ "a header that is none", MIXED "--b\nno field\nagain\n--b--\n",
	    "multipart/mixed\n-text/plain [no field|again]\n" },
	{ "what only looks like a boundary",
	    MIXED "--b\n\n--bb\n --b\n--b x\n--b \t\n\n2\n--b--\n",
	    "multipart/mixed\n-text/plain [--bb| --b|--b x]\n"
	    "-text/plain [2]\n" },
	{ "a message within is one part",
	    MIXED "--b\nContent-Type: message/rfc822\n\n"
		  "Content-Type: multipart/mixed; boundary=c\n\n--c\n\n1\n"
		  "--c--\n--b--\n",
	    "multipart/mixed\n-message/rfc822 [Content-Type: "
	    "multipart/mixed; boundary=c||--c||1|--c--]\n" },
	{ "a digest",
	    "Content-Type: multipart/digest; boundary=b\n\n--b\n\n"
	    "Subject: a\n\n1\n--b--\n",
	    "multipart/digest\n-message/rfc822 [Subject: a||1]\n" },
	{ "a multipart without boundary is one part",
	    "Content-Type: multipart/mixed\n\n--b\n\n1\n",
	    "multipart/mixed [--b||1|]\n" },
	{ "names that are paths, in pieces, or nothing",
	    MIXED "--b\nContent-Disposition: attachment; "
		  "filename=\"C:\\\\d\\\\e.txt\"\n\n"
		  "--b\nContent-Disposition: attachment; filename=\"../..\"\n"
		  "Content-Type: text/csv; name*=utf-8''%c3%a4.csv\n\n"
		  "--b\nContent-Disposition: attachment; filename=\"/\"\n\n"
		  "--b--\n",
	    "multipart/mixed\n-text/plain name=e.txt as=attachment []\n"
	    "-text/csv name=\xc3\xa4.csv as=attachment []\n"
	    "-text/plain as=attachment []\n" },
	{ "types that are none",
	    MIXED "--b\nContent-Type: text\n\n--b\n"
		  "Content-Type: a/b<script>\n\n--b\nContent-ID: <>\n"
		  "Content-Type: text/\n\n--b--\n",
	    "multipart/mixed\n-application/octet-stream []\n"
	    "-application/octet-stream []\n-application/octet-stream []\n" },
	{ "base64 that is damaged",
	    "Content-Transfer-Encoding: base64\n\nQUJD*\nRE\n",
	    "text/plain [ABCD]\n" },
};

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *parts = print_parts(rows[i].mail);

		if (strcmp(parts, rows[i].parts) != 0)
			fail_msg("%s:\n%s\nexpected:\n%s", rows[i].name, parts,
			    rows[i].parts);
	}
}

/* What GMime is not shown is not looked into here either. */
static void
test_opaque(void **state)
{
	GString *mail = g_string_new(MIXED);
	g_autofree char *parts = NULL;

	(void)state;
	for (unsigned i = 0; i < 1002; i++)
		g_string_append(mail, "--b\n\n");
	parts = print_parts(mail->str);
	assert_true(g_str_has_prefix(
	    parts, " opaque=too many partsmessage/rfc822 [Content-Type"));
	g_string_free(mail, TRUE);
}

/* A part that no buffer holds. */
static void
test_large(void **state)
{
	GString *mail =
	    g_string_new(MIXED "--b\nContent-Transfer-Encoding: base64\n\n");
	struct parts *parts;
	struct spool *spool, *content;
	char bytes[4];

	(void)state;
	for (unsigned i = 0; i < 100000; i++)
		g_string_append(mail, "QUJDREVG\n");
	g_string_append(mail, "--b--\n");
	spool = make_spool(mail->str);
	parts = parts_read(spool);
	assert_int_equal(parts->list->len, 2);
	content = parts_decode(
	    spool, &g_array_index(parts->list, struct parts_one, 1), &place);
	assert_int_equal(spool_size(content), 600000);
	assert_int_equal(spool_read(content, 599997, bytes, 4), 3);
	assert_memory_equal(bytes, "DEF", 3);
	spool_unref(content);
	parts_free(parts);
	spool_unref(spool);
	g_string_free(mail, TRUE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_opaque),
		cmocka_unit_test(test_large),
	};
	int failed;

	place.budget = budget_new(UINT64_C(1) << 30);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	budget_free(place.budget);
	return failed;
}
