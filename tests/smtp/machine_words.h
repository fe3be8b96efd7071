/* SPDX-License-Identifier: MIT */
/*
 * What is said at the door by chance: commands, responses of AUTH, mails, and
 * what becomes of these.
 */
#ifndef MACHINE_WORDS_H
#define MACHINE_WORDS_H

#include "machine.h"
#include "sasl.h"

#define X16  "xxxxxxxxxxxxxxxx"
#define X128 X16 X16 X16 X16 X16 X16 X16 X16

/* NUL ann NUL right, NUL ann NUL wrong */
#define ANN_RIGHT "AGFubgByaWdodA=="
#define ANN_WRONG "AGFubgB3cm9uZw=="

static const struct act acts[] = {
	{ "HELO c\r\n", ANYWHERE, true, do_helo, .reply = NULL },
	{ "EHLO c\r\n", ANYWHERE, true, do_ehlo, .reply = NULL },
	{ "ehlo [192.0.2.1]\r\n", ANYWHERE, true, do_ehlo, .reply = NULL },
	{ "EHLO\r\n", ANYWHERE, true, do_say, .reply = "501 5.5.4" },
	{ "LHLO c\r\n", ANYWHERE, true, do_lhlo, .reply = NULL },
	{ "LHLO\r\n", ANYWHERE, true, do_say, .reply = "501 5.5.4" },
	{ "MAIL FROM:<a@x.y>\r\n", IN(READY), false, do_mail,
	    .reply = "250 2.1.0", .late = true },
	{ "MAIL FROM:<a@x.y> BODY=8BITMIME SIZE=99\r\n", IN(READY), false,
	    do_mail, .reply = "250 2.1.0", .late = true },
	{ "MAIL FROM:<a@\xc3\xbc.y> SMTPUTF8\r\n", IN(READY), false,
	    do_mail_utf8, .reply = "250 2.1.0", .late = true },
	{ "MAIL FROM:<\xc3\xbc@x.y> SMTPUTF8\r\n", IN(READY), false, do_say,
	    .reply = "553 5.6.7", .late = true },
	{ "MAIL FROM:<z@x.y>\r\n", IN(READY), false, do_mail_other,
	    .reply = "250 2.1.0", .late = true },
	{ "MAIL FROM:<a@x.y> AUTH=<>\r\n", IN(READY), false, do_mail_auth,
	    .reply = "250 2.1.0", .late = true },
	{ "MAIL FROM:<>\r\n", IN(READY), false, do_mail_null,
	    .reply = "250 2.1.0", .late = true },
	{ "MAIL FROM:<a@x.y> SIZE=4097\r\n", IN(READY), false, do_say,
	    .reply = "552 5.3.4", .late = true },
	{ "MAIL FROM:<a@x.y> FOO=1\r\n", IN(READY), false, do_say,
	    .reply = "555 5.5.4", .late = true },
	{ "MAIL FROM:<a b@x.y>\r\n", IN(READY), false, do_say,
	    .reply = "501 5.1.7", .late = true },
	{ "MAIL FROM <a@x.y>\r\n", IN(READY), false, do_say,
	    .reply = "501 5.5.4", .late = true },
	{ "MAIL\r\n", IN(READY), false, do_say, .reply = "501 5.5.4",
	    .late = true },
	{ "RCPT TO:<b0@x.y>\r\n", IN_MAIL, false, do_rcpt, .reply = "250 2.1.5",
	    .late = true },
	{ "RCPT TO:<b1@x.y>\r\n", IN_MAIL, false, do_rcpt, .reply = "250 2.1.5",
	    .late = true },
	{ "RCPT TO:<b2@x.y>\r\n", IN_MAIL, false, do_rcpt, .reply = "250 2.1.5",
	    .late = true },
	{ "RCPT TO:<b3@x.y>\r\n", IN_MAIL, false, do_rcpt, .reply = "250 2.1.5",
	    .late = true },
	{ "RCPT TO:<0>\r\n", IN_MAIL, false, do_rcpt, .reply = "550 5.1.3",
	    .late = true },
	{ "RCPT\r\n", IN_MAIL, false, do_say, .reply = "501 5.5.4",
	    .late = true },
	{ "DATA\r\n", IN_MAIL, false, do_data, .reply = NULL, .late = true },
	{ "DATA\r\n", IN_MAIL, false, do_data, .reply = NULL, .late = true },
	{ "DATA now\r\n", IN_MAIL, false, do_say, .reply = "501 5.5.4",
	    .late = true },
	{ "RSET\r\n", ANYWHERE, true, do_rset, .reply = "250 2.0.0" },
	{ "RSET all\r\n", ANYWHERE, true, do_say, .reply = "501 5.5.4" },
	{ "NOOP\r\n", ANYWHERE, true, do_say, .reply = "250 2.0.0" },
	{ "VRFY b0\r\n", ANYWHERE, true, do_say, .reply = "252 2.5.2",
	    .late = true },
	{ "VRFY\r\n", ANYWHERE, true, do_say, .reply = "501 5.5.4",
	    .late = true },
	{ "HELP\r\n", ANYWHERE, true, do_say, .reply = "214 2.0.0",
	    .late = true },
	{ "QUIT\r\n", ANYWHERE, false, do_close, .reply = "221 2.0.0" },
	{ "QUIT it\r\n", ANYWHERE, false, do_say, .reply = "501 5.5.4" },
	{ "XYZZY\r\n", ANYWHERE, false, do_say, .reply = "500 5.5.1" },
	{ "\r\n", ANYWHERE, false, do_say, .reply = "500 5.5.2" },
	{ "NO\001OP\r\n", ANYWHERE, false, do_say, .reply = "500 5.5.2" },
	{ "NOOP \177\r\n", ANYWHERE, false, do_say, .reply = "500 5.5.2" },
	{ "BDAT 3 LAST\r\n", ANYWHERE, false, do_say, .reply = "502 5.5.1" },
	{ "EXPN b0\r\n", ANYWHERE, false, do_say, .reply = "502 5.5.1" },
	{ "XCLIENT ADDR=192.0.2.1\r\n", ANYWHERE, false, do_say,
	    .reply = "502 5.5.1" },
	{ "STARTTLS\r\n", BETWEEN, false, do_starttls, .reply = "220 2.0.0" },
	{ "starttls\r\n", BETWEEN, false, do_starttls, .reply = "220 2.0.0" },
	{ "STARTTLS now\r\n", BETWEEN, false, do_say, .reply = "501 5.5.4" },
	{ "AUTH\r\n", IN(READY), false, do_say, .reply = "501 5.5.4",
	    .late = true },
	{ "AUTH PLAIN\r\n", IN(READY), false, do_plain, .reply = NULL,
	    .late = true, .result = ASKS },
	{ "auth plain " ANN_RIGHT "\r\n", IN(READY), false, do_plain,
	    .reply = NULL, .late = true, .result = RIGHT },
	{ "AUTH PLAIN " ANN_WRONG "\r\n", IN(READY), false, do_plain,
	    .reply = NULL, .late = true, .result = WRONG },
	{ "AUTH PLAIN AAA=\r\n", IN(READY), false, do_plain, .reply = NULL,
	    .late = true, .result = NOBODY },
	{ "AUTH PLAIN =\r\n", IN(READY), false, do_plain, .reply = NULL,
	    .late = true, .result = GARBLED },
	{ "AUTH PLAIN AGFubg==\r\n", IN(READY), false, do_plain, .reply = NULL,
	    .late = true, .result = GARBLED },
	{ "AUTH PLAIN *\r\n", IN(READY), false, do_plain, .reply = NULL,
	    .late = true, .result = CANCELLED },
	{ "AUTH LOGIN\r\n", IN(READY), false, do_login, .reply = NULL,
	    .late = true },
	{ "AUTH LOGIN YW5u\r\n", IN(READY), false, do_login, .reply = NULL,
	    .late = true, .result = ASKS, .name = "ann" },
	{ "AUTH LOGIN =\r\n", IN(READY), false, do_login, .reply = NULL,
	    .late = true },
	{ "AUTH CRAM-MD5\r\n", IN(READY), false, do_mechanism,
	    .reply = "504 5.5.4", .late = true },
	{ "XFORWARD NAME=x\r\n", IN(READY), false, do_say, .reply = "502 5.5.1",
	    .late = true },
	{ "NOOP " X128 X128 X128 X128 "\r\n", ANYWHERE, false, do_say,
	    .reply = "500 5.5.6" },
	{ "GET / HTTP/1.1\r\n", ANYWHERE, false, do_close,
	    .reply = "221 2.7.0" },
	{ "Host: x\r\n", ANYWHERE, false, do_close, .reply = "221 2.7.0" },
	{ "NOOP\n", ANYWHERE, false, do_close, .reply = "500 5.5.2" },
	/* a group may not go on behind these */
	{ "NOOP\r\nNOOP\r\n", ANYWHERE, false, do_break, .reply = "554 5.5.0" },
	{ "EHLO c\r\nRSET\r\n", ANYWHERE, false, do_break,
	    .reply = "554 5.5.0" },
	{ "STARTTLS\r\nEHLO c\r\n", ANYWHERE, false, do_break,
	    .reply = "554 5.5.0" },
	{ "AUTH PLAIN\r\n" ANN_RIGHT "\r\n", ANYWHERE, false, do_break,
	    .reply = "554 5.5.0" },
};

#define LINE(text) text "\r\n", sizeof(text) + 1

/* What a client says when it is asked, by where it is. */
static const struct {
	const char *text;
	size_t length;
	enum result plain, first, second;
	const char *name; /* of first */
} responses[] = {
	{ LINE(ANN_RIGHT), RIGHT, ASKS, NOBODY, NULL },
	{ LINE(ANN_WRONG), WRONG, ASKS, NOBODY, NULL },
	{ LINE("YW5uAGFubgByaWdodA=="), RIGHT, ASKS, NOBODY, NULL },
	{ LINE("Ym9iAGFubgByaWdodA=="), NOBODY, ASKS, NOBODY, NULL },
	{ LINE("YW5u"), GARBLED, ASKS, WRONG, "ann" },
	{ LINE("YW5u"), GARBLED, ASKS, WRONG, "ann" },
	{ LINE("cmlnaHQ="), GARBLED, ASKS, RIGHT, "right" },
	{ LINE("cmlnaHQ="), GARBLED, ASKS, RIGHT, "right" },
	{ LINE(""), GARBLED, ASKS, WRONG, NULL },
	{ LINE("="), GARBLED, GARBLED, GARBLED, NULL },
	{ LINE("*"), CANCELLED, CANCELLED, CANCELLED, NULL },
	{ LINE("YW5"), GARBLED, GARBLED, GARBLED, NULL },
	{ LINE("YQA="), GARBLED, ASKS, NOBODY, NULL },
	{ LINE("Y\0W5u"), GARBLED, GARBLED, GARBLED, NULL },
	{ LINE("YW5u\r\nNOOP"), TOGETHER, TOGETHER, TOGETHER, NULL },
	{ "YW5u\n", 5, BARE, BARE, BARE, NULL },
	{ NULL, SASL_LINE_MAX + 1, LONG, LONG, LONG, NULL },
};

/* Mails, and how the session refuses them itself; NULL: it posts them. */
static const struct {
	const char *text, *reply;
	const char *tied; /* the same for who is tied to a@x.y */
} mails[] = {
	{ "Subject: x\r\n\r\nhello\r\n.\r\n", NULL, NULL },
	{ "Subject: x\r\n\r\n..\r\n..x\r\n.\r\n", NULL, NULL },
	{ ".\r\n", NULL, NULL },
	{ "Subject: x\r\n\r\nRSET\r\nQUIT\r\n.\r\n", NULL, NULL },
	{ "Subject: x\r\n\r\n\001\r\n.x\r\n\r\n.\r\n", NULL, NULL },
	{ "Subject: x\r\n\r\nbare\n.\r\nend\r\n.\r\n", "550 5.5.2", NULL },
	{ "Subject: x\r\n\r\nlone\rreturn\r\n.\r\n", "550 5.5.2", NULL },
	{ "Received: a\r\nReceived: b\r\nReceived: c\r\nReceived: d\r\n"
	  "Received: e\r\nReceived: f\r\n\r\n.\r\n",
	    "554 5.4.6", NULL },
	{ "From: z@x.y\r\n\r\nhello\r\n.\r\n", NULL, "550 5.7.1" },
	{ "From: A <a@x.y>\r\n\r\nhello\r\n.\r\n", NULL, NULL },
};

static const struct {
	unsigned code;
	const char *enhanced;
} answers[] = {
	{ 250, "2.0.0" },
	{ 250, "2.0.0" },
	{ 451, "4.3.0" },
	{ 452, "4.3.1" },
	{ 554, "5.6.0" },
	{ 421, "4.3.2" },
};

#endif
