/* SPDX-License-Identifier: MIT */
/* The command line of sendmail, and the mail that it reads. */
#include "sendmail_mail.h"
#include "sendmail_options.h"

#include "mail/parse.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>

#define WORDS 10

static int
read_words(const char *const words[WORDS], struct sendmail_options *options)
{
	char *argv[WORDS + 2] = { (char *)"sendmail" };
	int argc = 1;

	for (; words[argc - 1] != NULL; argc++)
		argv[argc] = (char *)words[argc - 1];
	return sendmail_options_read(argc, argv, options);
}

static char *
join(GPtrArray *texts)
{
	GString *joined = g_string_new(NULL);

	for (unsigned i = 0; i < texts->len; i++)
		g_string_append_printf(joined, "%s%s", i > 0 ? " " : "",
		    (const char *)texts->pdata[i]);
	return g_string_free(joined, FALSE);
}

static void
test_options(void **state)
{
	static const struct {
		const char *words[WORDS];
		enum sendmail_mode mode;
		bool from_header, keep_dot;
		const char *sender; /* NULL: who runs us */
		const char *recipients;
	} rows[] = {
		{ { "a@x" }, 0, false, false, NULL, "a@x" },
		{ { "-t", "-i" }, 0, true, true, NULL, "" },
		{ { "-ti" }, 0, true, true, NULL, "" },
		{ { "-oi", "-t" }, 0, true, true, NULL, "" },
		{ { "-o", "i", "-t" }, 0, true, true, NULL, "" },
		{ { "-oem", "-odb", "-t" }, 0, true, false, NULL, "" },
		{ { "-FCronDaemon", "-i", "-B8BITMIME", "-oem", "root" }, 0,
		    false, true, NULL, "root" },
		{ { "-f", "Ann@X.example", "-bm", "b@y" }, 0, false, false,
		    "Ann@x.example", "b@y" },
		{ { "-fann@x", "--", "b@y" }, 0, false, false, "ann@x", "b@y" },
		{ { "-r", "ann", "b@y" }, 0, false, false, "ann", "b@y" },
		{ { "-f", "", "b@y" }, 0, false, false, "", "b@y" },
		{ { "-f", "<>", "b@y" }, 0, false, false, "", "b@y" },
		{ { "-f", "<a@x>", "b@y" }, 0, false, false, "a@x", "b@y" },
		{ { "-f", "a@x", "-f", "c@x", "b@y" }, 0, false, false, "c@x",
		    "b@y" },
		{ { "b@y, Cee <c@z>", "g: d@z, e@z;" }, 0, false, false, NULL,
		    "b@y c@z d@z e@z" },
		{ { "\"a b\"@x" }, 0, false, false, NULL, "\"a b\"@x" },
		{ { "b@m\xc3\xbc.de" }, 0, false, false, NULL,
		    "b@xn--m-eha.de" },
		/* behind the first recipient there are no options */
		{ { "--", "-t" }, 0, false, false, NULL, "-t" },
		{ { "-O", "DeliveryMode=b", "-L", "tag", "-h", "3", "-p", "x:y",
		      "-Am", "b@y" },
		    0, false, false, NULL, "b@y" },
		{ { "-G", "-U", "-n", "-m", "-v", "b@y" }, 0, false, false,
		    NULL, "b@y" },
		{ { "-bs" }, SENDMAIL_SMTP, false, false, NULL, "" },
		{ { "-bp" }, SENDMAIL_QUEUE, false, false, NULL, "" },
		{ { "-bi" }, SENDMAIL_NOTHING, false, false, NULL, "" },
		{ { "-q" }, SENDMAIL_NOTHING, false, false, NULL, "" },
		{ { "-q30m" }, SENDMAIL_NOTHING, false, false, NULL, "" },
		{ { "--help" }, SENDMAIL_HELP, false, false, NULL, "" },
	};

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct sendmail_options options;
		g_autofree char *recipients = NULL;

		assert_int_equal(read_words(rows[i].words, &options), EX_OK);
		recipients = join(options.recipients);
		assert_int_equal(options.mode, rows[i].mode);
		assert_int_equal(options.from_header, rows[i].from_header);
		assert_int_equal(options.keep_dot, rows[i].keep_dot);
		assert_string_equal(recipients, rows[i].recipients);
		if (rows[i].sender == NULL)
			assert_null(options.sender);
		else
			assert_string_equal(options.sender, rows[i].sender);
		sendmail_options_clear(&options);
	}
}

static void
test_refused_options(void **state)
{
	static const struct {
		const char *words[WORDS];
		int exit_code;
	} rows[] = {
		{ { "-Q" }, EX_USAGE },
		{ { "-f" }, EX_USAGE },
		{ { "-bd" }, EX_USAGE },
		{ { "-bv", "a@x" }, EX_USAGE },
		{ { "-F", "a\nb" }, EX_USAGE },
		{ { "-N", "a b" }, EX_USAGE },
		{ { "-V", "" }, EX_USAGE },
		{ { "-f", "a@x, b@x" }, EX_USAGE },
		{ { "-f", "a@x>\r\nDATA" }, EX_DATAERR },
		{ { "-f", "a@" }, EX_DATAERR },
		{ { "a@x\n" }, EX_DATAERR },
		{ { "a@@x" }, EX_NOUSER },
		{ { "\xc3\xbc@x" }, EX_NOUSER },
		{ { "a@x", "b c" }, EX_NOUSER },
		{ { "" }, EX_NOUSER },
	};

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct sendmail_options options;

		assert_int_equal(
		    read_words(rows[i].words, &options), rows[i].exit_code);
		sendmail_options_clear(&options);
	}
}

static void
test_names(void **state)
{
	static const struct {
		const char *name;
		enum sendmail_mode mode;
	} rows[] = {
		{ "sendmail", SENDMAIL_SEND },
		{ "mailq", SENDMAIL_QUEUE },
		{ "newaliases", SENDMAIL_NOTHING },
	};

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		char *argv[] = { (char *)rows[i].name, NULL };
		struct sendmail_options options;

		assert_int_equal(
		    sendmail_options_read(1, argv, &options), EX_OK);
		assert_int_equal(options.mode, rows[i].mode);
		sendmail_options_clear(&options);
	}
}

/* What the program wrote, in one pipe: it is less than a pipe holds. */
static int
read_text(const char *text, struct sendmail_options *options,
    struct sendmail_mail *mail)
{
	int ends[2], exit_code;
	size_t length = strlen(text);

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], text, length), length);
	close(ends[1]);
	exit_code = sendmail_mail_read(ends[0], options, "joe", mail);
	close(ends[0]);
	return exit_code;
}

/* The mail without the Date that was made. */
static char *
show(const struct sendmail_mail *mail)
{
	char text[4096] = "";
	g_autoptr(GRegex) date =
	    g_regex_new("Date: \\w{3}, \\d\\d .{20,30}\r\n", 0, 0, NULL);
	ssize_t got = pread(mail->fd, text, sizeof text - 1, 0);

	assert_int_equal(got, mail->length);
	return g_regex_replace_literal(date, text, got, 0, "", 0, NULL);
}

#define FROM "From: joe@x\r\n"

static void
test_mail(void **state)
{
	static const struct {
		const char *words[WORDS];
		const char *text, *wanted, *recipients;
	} rows[] = {
		{ { "a@x" }, "From: joe@x\n\nhi\n", FROM "\r\nhi\r\n", "a@x" },
		{ { "a@x" }, "From: joe@x\r\n\r\nhi\r\nho\n",
		    FROM "\r\nhi\r\nho\r\n", "a@x" },
		{ { "a@x" }, "From: joe@x\n\nhi", FROM "\r\nhi\r\n", "a@x" },
		{ { "a@x" }, "From: joe@x\n\nhi\r", FROM "\r\nhi\r\n", "a@x" },
		{ { "a@x" }, "From: joe@x\n\na\n.\nb\n", FROM "\r\na\r\n",
		    "a@x" },
		{ { "a@x" }, "From: joe@x\n\na\r\n.\r\nb\n", FROM "\r\na\r\n",
		    "a@x" },
		{ { "-i", "a@x" }, "From: joe@x\n\na\n.\nb\n",
		    FROM "\r\na\r\n.\r\nb\r\n", "a@x" },
		{ { "a@x" }, "From: joe@x\n\n..\n.b\n", FROM "\r\n..\r\n.b\r\n",
		    "a@x" },
		{ { "-F", "J \"J\"", "a@x" }, "hi\n",
		    "From: \"J \\\"J\\\"\" <joe>\r\n\r\nhi\r\n", "a@x" },
		{ { "-F", "J", "-f", "b@y", "a@x" }, "Subject: s\n\nhi\n",
		    "From: \"J\" <b@y>\r\nSubject: s\r\n\r\nhi\r\n", "a@x" },
		/* the daemon makes the author of a bounce */
		{ { "-f", "", "a@x" }, "Subject: s\n\nhi\n",
		    "Subject: s\r\n\r\nhi\r\n", "a@x" },
		/* a header that ends without an empty line */
		{ { "a@x" }, "From: joe@x\nhi there\n", FROM "\r\nhi there\r\n",
		    "a@x" },
		{ { "a@x" }, "From: joe@x\n", FROM "\r\n", "a@x" },
		{ { "-F", "J", "a@x" }, "", "From: \"J\" <joe>\r\n\r\n",
		    "a@x" },
		/* Bcc is taken out of what names the recipients only */
		{ { "a@x" }, "From: joe@x\nBcc: b@x\n\n",
		    FROM "Bcc: b@x\r\n\r\n", "a@x" },
		{ { "-t" }, "From: joe@x\nBcc: b@x,\n c@x\nTo: d@x\n\n",
		    FROM "To: d@x\r\n\r\n", "b@x c@x d@x" },
		{ { "-t", "a@x" }, "From: joe@x\nbcc:b@x\n\n", FROM "\r\n",
		    "a@x b@x" },
		{ { "-t" },
		    "From: joe@x\nTo: d@x\nResent-To: e@x\n"
		    "Resent-Bcc: f@x\nBcc: g@x\n\n",
		    FROM "To: d@x\r\nResent-To: e@x\r\n\r\n", "e@x f@x" },
		{ { "-t" }, "From: joe@x\nTo: root (R), \"A, B\" <b@x>\n\n",
		    FROM "To: root (R), \"A, B\" <b@x>\r\n\r\n", "root b@x" },
		{ { "-t" }, "From: joe@x\nTo: root, Bob <b@x>, joe\n\n",
		    FROM "To: root, Bob <b@x>, joe\r\n\r\n", "root b@x joe" },
		/* below the header nobody is named */
		{ { "-t" }, "From: joe@x\nTo: d@x\n\nCc: e@x\n",
		    FROM "To: d@x\r\n\r\nCc: e@x\r\n", "d@x" },
	};

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct sendmail_options options;
		struct sendmail_mail mail;
		g_autofree char *shown = NULL, *recipients = NULL;

		read_words(rows[i].words, &options);
		assert_int_equal(
		    read_text(rows[i].text, &options, &mail), EX_OK);
		shown = show(&mail);
		recipients = join(options.recipients);
		assert_string_equal(shown, rows[i].wanted);
		assert_string_equal(recipients, rows[i].recipients);
		sendmail_mail_clear(&mail);
		sendmail_options_clear(&options);
	}
}

static void
test_refused_mail(void **state)
{
	static const struct {
		const char *text;
		int exit_code;
	} rows[] = {
		{ "To: a@@x\n\n", EX_NOUSER },
		{ "To: a@x; b@x\n\n", EX_NOUSER },
		{ "To: a@x\nB\x01"
		  "cc: b@x\n\n",
		    EX_DATAERR },
	};

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		static const char *const words[WORDS] = { "-t" };
		struct sendmail_options options;
		struct sendmail_mail mail;

		read_words(words, &options);
		assert_int_equal(read_text(rows[i].text, &options, &mail),
		    rows[i].exit_code);
		sendmail_mail_clear(&mail);
		sendmail_options_clear(&options);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_refused_options),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_mail),
		cmocka_unit_test(test_refused_mail),
	};

	parse_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
