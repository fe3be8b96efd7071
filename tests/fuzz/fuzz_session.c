/* SPDX-License-Identifier: MIT */
/*
 * A whole session: commands, mails, XFORWARD, LMTP, whatever comes.  The first
 * byte chooses the listener and how the input is split.  Whatever is said, the
 * session does not get stuck, replies are lines, and a mail that it posts has
 * CR LF at every line's end and a recipient.
 */
#include "fuzz.h"

#include "../smtp/rig.h"
#include "core/log.h"

#define MAIL "EHLO c\r\nMAIL FROM:<a@x.y>\r\nRCPT TO:<b@x.y>\r\nDATA\r\n"

const char *const fuzz_samples[] = {
	"a" MAIL "Subject: x\r\n\r\nhello\r\n.\r\nQUIT\r\n",
	"b" MAIL "a\n.\nb\r\n.\r\nRSET\r\n",
	"cLHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<b@x.y>\r\nRCPT TO:<c@x.y>\r\n"
	"DATA\r\n.\r\n",
	"dEHLO c\r\nXFORWARD NAME=a ADDR=192.0.2.1 IDENT=4Bx+20y\r\n"
	"XFORWARD HELO=[UNAVAILABLE] PROTO=ESMTP\r\nMAIL FROM:<a@x.y>\r\n",
	"aEHLO c\r\nMAIL FROM:<a@x.y> SIZE=10 BODY=8BITMIME RET=HDRS "
	"ENVID=a+3Db\r\nRCPT TO:<b@x.y> NOTIFY=SUCCESS,DELAY "
	"ORCPT=rfc822;b+40x.y\r\nNOOP\r\n",
	"eEHLO c\r\nAUTH PLAIN AGEAYg==\r\nAUTH LOGIN\r\nYQ==\r\nYg==\r\n",
	"aHELO c\r\nVRFY x\r\nEXPN x\r\nHELP\r\nBDAT 1\r\nSTARTTLS\r\n",
	NULL,
};

const char *const fuzz_words[] = { MAIL, "\r\n.\r\n", "\r\n", "\n", "\r",
	"EHLO c\r\n", "MAIL FROM:<", "RCPT TO:<", "DATA\r\n", "RSET\r\n",
	"QUIT\r\n", "AUTH LOGIN\r\n", "XFORWARD ", "IDENT=", "+",
	" SIZE=", " NOTIFY=", " ORCPT=", " ENVID=", " RET=", ">", "NOOP\r\n",
	"\xff", NULL };

static const char *const listeners[] = {
	"line_endings = fix",
	"line_endings = reject",
	"protocol = lmtp",
	"xforward = 127.0.0.1",
	"auth = any",
	"lenient_commands = yes\ndomain = d.example",
};

static struct rig rigs[G_N_ELEMENTS(listeners)];

static void
check_mail(const struct submission *submission)
{
	uint64_t size = spool_size(submission->spool);
	g_autofree char *bytes = g_malloc(size + 1);

	g_assert(submission->envelope->recipients->len > 0);
	g_assert(
	    spool_read(submission->spool, 0, bytes, size) == (ssize_t)size);
	for (uint64_t i = 0; i < size; i++) {
		g_assert(bytes[i] != '\0');
		if (bytes[i] == '\n')
			g_assert(i > 0 && bytes[i - 1] == '\r');
		if (bytes[i] == '\r')
			g_assert(i + 1 < size && bytes[i + 1] == '\n');
	}
}

static void
check_replies(const GString *heard)
{
	for (size_t i = 0; i < heard->len; i++) {
		g_assert(heard->str[i] != '\0');
		if (heard->str[i] == '\n')
			g_assert(i > 0 && heard->str[i - 1] == '\r');
	}
}

static struct rig *
choose(uint8_t byte)
{
	unsigned number = byte % G_N_ELEMENTS(rigs);
	struct rig *rig = &rigs[number];

	if (rig->config == NULL) {
		rig_open(rig, listeners[number]);
		rig->peer.may_forward = number == 3;
	}
	return rig;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct rig *rig;
	size_t piece, at = 1;

	static bool opened;

	if (!opened)
		log_open(&(struct log_options){ .level = LOG_LEVEL_ERROR });
	opened = true;
	if (length == 0)
		return 0;
	rig = choose(bytes[0]);
	piece = bytes[0] < 128 ? length : (size_t)bytes[0] - 127;
	rig_connect(rig);
	while (at < length && rig->dialogue != NULL) {
		rig_say(rig, bytes + at, MIN(piece, length - at));
		at += piece;
		if (rig->submission == NULL)
			continue;
		check_mail(rig->submission);
		rig_answer(rig, answer_new(1, bytes[0] % 3 == 0 ? 451 : 250,
				    "2.0.0", "said the rig"));
	}
	check_replies(rig->heard);
	rig_disconnect(rig);
	return 0;
}
