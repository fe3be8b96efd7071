/* SPDX-License-Identifier: MIT */
#include "mail/sample.h"

#include "parse_tree.h"
#include "single.h"

#define BASE "From: a@b.example\nTo: c@d.example\n"
#define TYPE BASE "MIME-Version: 1.0\nContent-Type: "
#define CODE BASE "Content-Transfer-Encoding: "

/* Read alike with GMime and without. */
static const char *const plain[] = {
	BASE "\nhello\n",
	BASE "\n\n\n",
	BASE "\nno end of line",
	BASE "\n--boundary\n\nContent-Type: text/html\n\n--boundary--\n",
	BASE "\nFrom the first word\n.\n\r-----END PGP MESSAGE-----\n",
	BASE "\n\x01 caf\xe9 \xc3\xa9\n",
	"From someone Sat Jan  3 01:05:34 1996\n" BASE "\nmbox\n",
	BASE "Subject: =?utf-8?q?caf=C3=A9?= =?broken?= =?x?Q?=ff?=\n\nx\n",
	BASE "Subject: folded\n into\n\tthree \nDate: no date\n\nx\n",
	BASE "Message-ID: none\nReferences: <a@b> c (d\n\nx\n",
	BASE "To: again@b.example, \"x, <y@\nCc: ;:,\nSender:\n\nx\n",
	BASE "Received: x\nReceived: y\nDate: Sat, 1 Jan 2000 00:00:00 +0000\n"
	     "Date: Sat, 1 Jan 2000 00:00:00 +0000\nDKIM-Signature: a=b;\n"
	     " c=d\nX-1.2_3: x\nList-Id: <a>\nReturn-Path: <>\n\nx\n",
	BASE "MIME-Version: 17 (odd)\n\nx\n",
	TYPE "text/plain\n\nx\n",
	TYPE "Text/HTML\n\n<p>x\n",
	TYPE "text/plain; charset=utf-8\n\nx\n",
	TYPE "text/plain;charset=\"ISO-8859-1\"\n\ncaf\xe9\n",
	TYPE "text/html ;\n\tCHARSET=us-ascii \n\nx\n",
	TYPE "text/plain; charset=x\nContent-Transfer-Encoding: 8BIT\n\nx\n",
	TYPE "text/plain; charset=none\n\nx\n",
	CODE "7bit\n\nx\n",
	CODE "8bit\n\n\xe9\n",
	CODE "Binary\n\n\xe9\n",
	CODE "Base64\n\naGk=\n",
	CODE "quoted-printable\nContent-Type: text/html\n\na=\nb=20\n",
	CODE "\n  base64\n\naGk=\n",
};

/* For GMime to read. */
static const char *const intricate[] = {
	"",
	"\n\nx\n",
	"hello\n",
	BASE,
	BASE "\n",
	BASE "no field\n\nx\n",
	" leading\n" BASE "\nx\n",
	BASE "Subject : x\n\nx\n",
	BASE "Sub(ject: x\n\nx\n",
	BASE "Subject: caf\xe9\n\nx\n",
	BASE "Subject: caf\xc3\xa9\n\nx\n",
	BASE "Subject: \x01\n\nx\n",
	BASE "Subject: a\rb\n\nx\n",
	BASE "Subject: a\n \n\nx\n",
	BASE "\n-----BEGIN PGP MESSAGE-----\n\nx\n"
	     "-----END PGP MESSAGE-----\n",
	BASE "\nx\n-----BEGIN PGP SIGNED MESSAGE-----\n\nx\n",
	TYPE "multipart/mixed; boundary=m\n\n--m\n\nx\n--m--\n",
	TYPE "message/rfc822\n\nSubject: in\n\ninner\n",
	TYPE "text/csv\n\nx\n",
	TYPE "text/plainer\n\nx\n",
	TYPE "text\n\nx\n",
	TYPE "\n\nx\n",
	TYPE "text/plain x\n\nx\n",
	TYPE "text/plain (comment)\n\nx\n",
	TYPE "text/plain;\n\nx\n",
	TYPE "text/plain; charset\n\nx\n",
	TYPE "text/plain; charset=\n\nx\n",
	TYPE "text/plain; charset=\"\"\n\nx\n",
	TYPE "text/plain; charset=\"utf-8\n\nx\n",
	TYPE "text/plain; charset=\"utf-8\"x\n\nx\n",
	TYPE "text/plain; charset=utf-8 x\n\nx\n",
	TYPE "text/plain; charset=a; charset=b\n\nx\n",
	TYPE "text/plain; charset*=utf-8''utf-8\n\nx\n",
	TYPE "text/plain; charset*0=utf-; charset*1=8\n\nx\n",
	TYPE "text/plain; charset=\"=?utf-8?q?x?=\"\n\nx\n",
	TYPE "text/plain; format=flowed\n\nx\n",
	TYPE "text/plain; name=a.txt\n\nx\n",
	TYPE "text/plain; charset=utf-8; name=a.txt\n\nx\n",
	CODE "rot13\n\nx\n",
	CODE "x-uuencode\n\nx\n",
	CODE "base64 x\n\nx\n",
	CODE "\n\nx\n",
	BASE "Content-Disposition: attachment\n\nx\n",
	BASE "Content-ID: <a>\n\nx\n",
	BASE "Content-Description: x\n\nx\n",
};

static void
print_node(GString *out, const struct node *node)
{
	g_string_printf(out,
	    "%d %s%s charset %s start %s disposition %s name %s id %s "
	    "encoding %d at %d+%d fields %d parameters %d traits %jx parts %u",
	    (int)node->kind, node->type, node->parameters, node->charset,
	    node->start, node->disposition, node->name, node->content_id,
	    (int)node->encoding, (int)node->offset, (int)node->length,
	    node->more_fields, node->more_parameters, (uintmax_t)node->traits,
	    node->children->len);
}

/* False: it is left to GMime.  Else GMime says the same and warns of nothing.
 */
static bool
check_alike(const char *text)
{
	struct message *message = sample_message(text);
	uint64_t traits = message->traits;
	g_autoptr(GString) mine = g_string_new(NULL);
	g_autoptr(GString) its = g_string_new(NULL);
	struct node *alone, *by_gmime;

	alone = (traits & TRAIT_OPAQUE) != 0 ? NULL : single_read(message);
	if (alone != NULL) {
		by_gmime = parse_tree_read(message);
		print_node(mine, alone);
		print_node(its, by_gmime);
		if (strcmp(mine->str, its->str) != 0 ||
		    message->traits != traits)
			print_error("of %s\n", text);
		assert_string_equal(mine->str, its->str);
		assert_int_equal(message->traits, traits);
		node_free(alone);
		node_free(by_gmime);
	}
	message_unref(message);
	return mine->len > 0;
}

static void
test_plain(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(plain); i++)
		if (!check_alike(plain[i]))
			fail_msg("not read: %s", plain[i]);
}

static void
test_intricate(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(intricate); i++)
		if (check_alike(intricate[i]))
			fail_msg("read: %s", intricate[i]);
}

/* Puts bytes that mean something where they may not be meant. */
static char *
mutate(GRand *random, const char *text)
{
	static const char *const words[] = { "\n", "\n ", ";", "=", "\"", " ",
		"(", ")", "=?", "?=", "Content-Type: ", "Content-", ":", "\t",
		"charset=", "text/html", "*", "%", "\xff", "\\", ",", "\x01" };
	GString *mail = g_string_new(text);
	int count = g_rand_int_range(random, 1, 4);

	for (int i = 0; i < count && mail->len > 1; i++) {
		gssize at = g_rand_int_range(random, 0, (int)mail->len - 1);

		if (g_rand_boolean(random))
			g_string_erase(mail, at,
			    g_rand_int_range(random, 1,
				(int)MIN(8, (gssize)mail->len - at) + 1));
		else
			g_string_insert(mail, at,
			    words[g_rand_int_range(
				random, 0, G_N_ELEMENTS(words))]);
	}
	return g_string_free(mail, FALSE);
}

static void
test_mutations(void **state)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(29);
	unsigned read = 0;

	(void)state;
	for (int i = 0; i < 6000; i++) {
		g_autofree char *mail =
		    mutate(random, plain[i % (int)G_N_ELEMENTS(plain)]);

		read += check_alike(mail);
	}
	assert_true(read > 1000 && read < 5000);
}

static int
start(void **state)
{
	(void)state;
	parse_start();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_intricate),
		cmocka_unit_test(test_mutations),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
