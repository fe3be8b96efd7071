/* SPDX-License-Identifier: MIT */
#include "charset.h"
#include "mail/sample.h"
#include "words.h"

#define UE "=?utf-8?B?w7w=?=" /* ü */
#define JU "=?utf-8?B?SsO8?=" /* Jü */

/* NULL: it cannot be said in ASCII. */
static const struct {
	const char *field, *charset, *out;
} rows[] = {
	{ "Subject: \xc3\xbc", NULL, "Subject: " UE },
	{ "Subject:\xc3\xbc", NULL, "Subject: " UE },
	{ "X-Any: a \xc3\xbc b", NULL, "X-Any: a " UE " b" },
	/* blanks between two words beyond ASCII stay */
	{ "Subject: \xc3\xbc  x \xc3\xbc y", NULL,
	    "Subject: =?utf-8?B?w7wgIHggw7w=?= y" },
	/* and those beside an encoded word, which a reader would drop */
	{ "Subject: =?x?Q?a?=  \xc3\xbc =?x?Q?b?=", NULL,
	    "Subject: =?x?Q?a?= =?utf-8?B?ICDDvCA=?= =?x?Q?b?=" },
	{ "Subject: \xc3\xbc =?x?Q?a?= \xc3\xbc", NULL,
	    "Subject: =?utf-8?B?w7wg?= =?x?Q?a?= =?utf-8?B?IMO8?=" },
	/* other charsets: the named one, or none */
	{ "Subject: \xfc", "iso-8859-1", "Subject: " UE },
	{ "Subject: \xf0\xf2\xe9", "koi8-r", "Subject: =?utf-8?B?0J/QoNCY?=" },
	{ "Subject: \xb0\xa1", "gb2312", "Subject: =?utf-8?B?5ZWK?=" },
	{ "Subject: \xfc", NULL, NULL },
	{ "Subject: \xfc", "utf-8", NULL },
	{ "Subject: \xfc", "us-ascii", NULL },
	{ "Subject: \xfc", "no-such", NULL },
	{ "Subject: \xfc", "utf-16", NULL },
	{ "Subject: x\x25\xfc", "ibm037", NULL },
	/* names */
	{ "From: J\xc3\xbc <a@b.example>", NULL, "From: " JU " <a@b.example>" },
	{ "From: J\xc3\xbc<a@b.example>", NULL, "From: " JU " <a@b.example>" },
	{ "To: \"J\xc3\xbc\" <a@b.example>", NULL, "To: " JU " <a@b.example>" },
	{ "To: \"J\xc3\xbc \\\"X\\\" K.\" <a@b.example>", NULL,
	    "To: =?utf-8?B?SsO8ICJYIiBLLg==?= <a@b.example>" },
	{ "Cc: x@y.example, A J\xc3\xbc B <a@b.example>,\"c, d\" <e@f.example>",
	    NULL,
	    "Cc: x@y.example, A " JU
	    " B <a@b.example>,\"c, d\" <e@f.example>" },
	{ "Cc: g: \xc3\xbc <a@b.example>;,\xc3\xbc <c@d.example>", NULL,
	    "Cc: g: " UE " <a@b.example>;, " UE " <c@d.example>" },
	{ "Reply-To: a@b.example (J\xc3\xbc (1))", NULL, NULL },
	{ "Reply-To: a@b.example (J\xc3\xbc \\) x)", NULL,
	    "Reply-To: a@b.example (=?utf-8?B?SsO8ICkgeA==?=)" },
	{ "To: \"a@b.example \xc3\xbc\" <a@b.example>", NULL,
	    "To: =?utf-8?B?YUBiLmV4YW1wbGUgw7w=?= <a@b.example>" },
	/* domains */
	{ "To: a@b\xc3\xbc.example", NULL, "To: a@xn--b-eha.example" },
	{ "From: J\xc3\xbc <a@B\xc3\xbc.example>, c@d.example", NULL,
	    "From: " JU " <a@xn--b-eha.example>, c@d.example" },
	{ "To: \"a b\"@b\xc3\xbc.example", NULL,
	    "To: \"a b\"@xn--b-eha.example" },
	{ "Cc: <a@b\xfc.example>", "iso-8859-1", "Cc: <a@xn--b-eha.example>" },
	{ "To: <j\xc3\xbc@b\xc3\xbc.example>", NULL, NULL },
	{ "To: <a@b\xc3\xbc..example>", NULL, NULL },
	{ "List-Id: J\xc3\xbc <b\xc3\xbc.example>", NULL, NULL },
	/* no place for a word */
	{ "To: <j\xc3\xbc@b.example>", NULL, NULL },
	{ "To: j\xc3\xbc@b.example", NULL, NULL },
	{ "To: \"j\xc3\xbc\"@b.example", NULL, NULL },
	{ "To: \"J\xc3\xbc", NULL, NULL },
	{ "Message-ID: <\xc3\xbc@b>", NULL, NULL },
	{ "References: <\xc3\xbc@b>", NULL, NULL },
	{ "List-Unsubscribe: <\xc3\xbc>", NULL, NULL },
	{ "X-\xc3\xbc: \xc3\xbc", NULL, NULL },
	/* parameters */
	{ "Content-Type: a/b; name=\"\xc3\xbc x.y\"; c=d", NULL,
	    "Content-Type: a/b;\r\n name*=utf-8''%C3%BC%20x.y;\r\n c=d" },
	{ "Content-Disposition: attachment;filename=\xc3\xbc", NULL,
	    "Content-Disposition: attachment;\r\n filename*=utf-8''%C3%BC" },
	{ "Content-Type: a/\xc3\xbc", NULL, NULL },
	{ "Content-Type: a/b; name=\"\xc3\xbc", NULL, NULL },
	{ "Content-Type: a/b; name*=x''\xc3\xbc", NULL, NULL },
};

static char *
encode(const char *field, const char *charset)
{
	g_autofree char *mail = g_strconcat(field, "\n\n", NULL);
	struct message *message = sample_message(mail);
	g_autoptr(GString) out = g_string_new(NULL);
	char *text = NULL;

	if (words_encode(out,
		&g_array_index(message->header->fields, struct header_field, 0),
		charset)) {
		assert_true(g_str_has_suffix(out->str, "\r\n"));
		text = g_strndup(out->str, out->len - 2);
	}
	message_unref(message);
	return text;
}

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *out = encode(rows[i].field, rows[i].charset);

		if (g_strcmp0(out, rows[i].out) != 0)
			fail_msg("%s:\nhave %s\nwant %s", rows[i].field,
			    out != NULL ? out : "none",
			    rows[i].out != NULL ? rows[i].out : "none");
	}
}

/* Read again it is what it was, and no line is long. */
static void
test_long(void **state)
{
	g_autoptr(GString) field = g_string_new("Subject:");
	g_autofree char *out = NULL;
	g_autofree char *read = NULL;
	g_auto(GStrv) lines = NULL;
	g_autoptr(GString) joined = g_string_new(NULL);

	(void)state;
	for (int i = 0; field->len < 3000; i++)
		g_string_append(field, i % 40 < 20 ? " some words of ASCII"
				       : i % 3 == 0
					   ? " \xe2\x82\xac\xe2\x82\xac"
					   : " caf\xc3\xa9s");
	out = encode(field->str, NULL);
	assert_non_null(out);
	lines = g_strsplit(out, "\r\n", -1);
	for (char **line = lines; *line != NULL; line++) {
		assert_true(strlen(*line) <= 78);
		g_string_append(joined, *line);
	}
	read = charset_words(joined->str);
	assert_string_equal(read, field->str);
}

static void
check_lines(const char *field)
{
	g_auto(GStrv) lines = g_strsplit(field, "\r\n", -1);

	for (char **line = lines; *line != NULL; line++)
		assert_true(strlen(*line) <= 998);
}

/* A word that no line has room for is encoded, ASCII or not: it is the same
 * when read. */
static void
test_endless_word(void **state)
{
	g_autofree char *endless = g_strnfill(3000, 'w');
	g_autofree char *field =
	    g_strconcat("Subject: \xc3\xbc ", endless, " end", NULL);
	g_autofree char *out = encode(field, NULL);
	g_autofree char *read = NULL;
	g_auto(GStrv) lines = NULL;
	g_autofree char *joined = NULL;

	(void)state;
	assert_non_null(out);
	check_lines(out);
	lines = g_strsplit(out, "\r\n", -1);
	joined = g_strjoinv("", lines);
	read = charset_words(joined);
	assert_string_equal(read, field);
}

/* An address cannot be encoded: it is folded, as it is in a field of ASCII. */
static void
test_endless_address(void **state)
{
	g_autofree char *endless = g_strnfill(3000, 'w');
	g_autofree char *field = g_strconcat(
	    "To: J\xc3\xbc <", endless, "@b.example>, c@d.example", NULL);
	g_autofree char *out = encode(field, NULL);

	(void)state;
	assert_non_null(out);
	check_lines(out);
	assert_true(g_str_has_suffix(out, "@b.example>,\r\n c@d.example"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_endless_word),
		cmocka_unit_test(test_endless_address),
	};

	parse_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
