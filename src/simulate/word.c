/* SPDX-License-Identifier: MIT */
#include "word.h"
#include <string.h>

static const struct word rows[] = {
	{ "refuse", FAULT_REFUSE, FAULT_ANY, WORD_NONE, 0,
	    "the listening socket is closed, connections are reset" },
	{ "blackhole", FAULT_BLACKHOLE, FAULT_ANY, WORD_NONE, 0,
	    "accept and never read" },
	{ "reset-connect", FAULT_RESET_CONNECT, FAULT_ANY, WORD_NONE, 0,
	    "accept, then RST" },
	{ "stall", FAULT_STALL, FAULT_ANY, WORD_NONE, 0,
	    "read all, never answer" },
	{ "stall-accepted", FAULT_STALL_ACCEPTED, FAULT_ANY, WORD_NONE, 0,
	    "read all, record it, never answer" },
	{ "stall-mid-body", FAULT_STALL_MID_BODY, FAULT_ANY, WORD_DEFAULT, 50,
	    "read so many % of the body [50], then nothing" },
	{ "stall-answer", FAULT_STALL_ANSWER, FAULT_HTTP, WORD_NONE, 0,
	    "record it, half the answer, then nothing" },
	{ "reset-before-body", FAULT_RESET_BEFORE_BODY, FAULT_ANY, WORD_NONE, 0,
	    "RST when the head (SMTP: DATA) was read" },
	{ "reset-mid-body", FAULT_RESET_MID_BODY, FAULT_ANY, WORD_DEFAULT, 50,
	    "RST when so many % of the body were read [50]" },
	{ "reset-after-body", FAULT_RESET_AFTER_BODY, FAULT_ANY, WORD_NONE, 0,
	    "read all, do not record it, RST" },
	{ "reset-accepted", FAULT_RESET_ACCEPTED, FAULT_ANY, WORD_NONE, 0,
	    "read all, record it, RST" },
	{ "close-after-body", FAULT_CLOSE_AFTER_BODY, FAULT_HTTP, WORD_NONE, 0,
	    "read all, do not record it, close" },
	{ "close-accepted", FAULT_CLOSE_ACCEPTED, FAULT_HTTP, WORD_NONE, 0,
	    "read all, record it, close" },
	{ "close-reused", FAULT_CLOSE_REUSED, FAULT_HTTP, WORD_NONE, 0,
	    "a second request on a connection: record it, close without an "
	    "answer" },
	{ "close-idle", FAULT_CLOSE_IDLE, FAULT_HTTP, WORD_NONE, 0,
	    "answer, then close without having said so" },
	{ "cut-answer", FAULT_CUT_ANSWER, FAULT_HTTP, WORD_NONE, 0,
	    "record it, half the answer, RST" },
	{ "slow", FAULT_SLOW, FAULT_ANY, WORD_NUMBER, 0,
	    "answer after so many ms" },
	{ "drip", FAULT_DRIP, FAULT_ANY, WORD_NUMBER, 0,
	    "answer byte by byte, so many ms apart; ,body: its head at once" },
	{ "status", FAULT_STATUS, FAULT_HTTP, WORD_STATUS, 0,
	    "that status; ,html ,json ,empty ,retry-after=V ,accepted" },
	{ "text", FAULT_TEXT, FAULT_HTTP, WORD_TEXT, 0,
	    "one of the provider's own errors, see below; ,status=N "
	    ",retry-after=V ,accepted" },
	{ "magnificent", FAULT_MAGNIFICENT, FAULT_MAILGUN, WORD_NONE, 0,
	    "200 and the text for a path that does not exist" },
	{ "unauthorized", FAULT_UNAUTHORIZED, FAULT_HTTP, WORD_NONE, 0,
	    "the key is wrong; ,json (Mailgun) ,old (Mandrill: status 500)" },
	{ "throttle", FAULT_THROTTLE, FAULT_HTTP, WORD_DEFAULT, 60,
	    "too many requests, again in so many s [60]; ,date ,seconds "
	    ",reset ,reset-fraction ,retry-after ,retry-date ,plain "
	    ",status=N" },
	{ "partial", FAULT_PARTIAL, FAULT_ANY, WORD_TEXT, 0,
	    "ADDRESS[,ADDRESS]: these are refused; ,reason=NAME (Mandrill)" },
	{ "reject-reason", FAULT_REJECT_REASON, FAULT_MANDRILL, WORD_TEXT, 0,
	    "200, every recipient rejected for it" },
	{ "queued-reason", FAULT_QUEUED_REASON, FAULT_MANDRILL, WORD_TEXT, 0,
	    "200, every recipient queued for it" },
	{ "garbage", FAULT_GARBAGE, FAULT_HTTP, WORD_NONE, 0,
	    "bytes that are no HTTP; ,accepted" },
	{ "empty", FAULT_EMPTY, FAULT_HTTP, WORD_DEFAULT, 200,
	    "that status [200] and no body; ,accepted" },
	{ "huge", FAULT_HUGE, FAULT_HTTP, WORD_DEFAULT, 64,
	    "200 and so many MiB of spaces [64]; ,accepted" },
	{ "odd", FAULT_ODD, FAULT_ANY, WORD_TEXT, 0,
	    "recorded, the right answer in an odd shape, see below" },
	{ "early", FAULT_EARLY, FAULT_HTTP, WORD_STATUS, 0,
	    "that status before the body was read, then close" },
	{ "greeting", FAULT_GREETING, FAULT_SMTP, WORD_CODE, 0,
	    "that code as the greeting, then close" },
	{ "ehlo", FAULT_EHLO, FAULT_SMTP, WORD_CODE, 0,
	    "that code to EHLO and HELO" },
	{ "auth", FAULT_AUTH, FAULT_SMTP, WORD_CODE, 0, "that code to AUTH" },
	{ "mail", FAULT_MAIL, FAULT_SMTP, WORD_CODE, 0, "that code to MAIL" },
	{ "rcpt", FAULT_RCPT, FAULT_SMTP, WORD_CODE, 0,
	    "that code to every RCPT" },
	{ "data", FAULT_DATA, FAULT_SMTP, WORD_CODE, 0, "that code to DATA" },
	{ "dot", FAULT_DOT, FAULT_SMTP, WORD_CODE, 0,
	    "that code to the final dot" },
	{ "close-after-dot", FAULT_CLOSE_AFTER_DOT, FAULT_SMTP, WORD_NONE, 0,
	    "close after the dot, do not record it" },
	{ "close-after-dot-accepted", FAULT_CLOSE_AFTER_DOT_ACCEPTED,
	    FAULT_SMTP, WORD_NONE, 0, "record it, close after the dot" },
	{ "silent-after-dot", FAULT_SILENT_AFTER_DOT, FAULT_SMTP, WORD_NONE, 0,
	    "never answer the dot; ,accepted" },
	{ "starttls-injection", FAULT_STARTTLS_INJECTION, FAULT_SMTP, WORD_NONE,
	    0, "a reply in clear behind the 220 to STARTTLS" },
	{ "no-starttls", FAULT_NO_STARTTLS, FAULT_SMTP, WORD_NONE, 0,
	    "STARTTLS is not offered" },
	{ "no-8bitmime", FAULT_NO_8BITMIME, FAULT_SMTP, WORD_NONE, 0,
	    "8BITMIME is not offered, MAIL refuses it" },
	{ "chunking", FAULT_CHUNKING, FAULT_SMTP, WORD_NONE, 0,
	    "CHUNKING is offered, and BDAT taken" },
	{ "unreachable", FAULT_UNREACHABLE, FAULT_ANY, WORD_NONE, 0,
	    "connections are neither taken nor refused" },
	{ "flap", FAULT_FLAP, FAULT_ANY, WORD_TEXT, 0,
	    "=UP/DOWN: for UP ms well, for DOWN ms as refuse, and again" },
	{ "stall-head", FAULT_STALL_HEAD, FAULT_HTTP, WORD_NONE, 0,
	    "record it, half the head of the answer, then nothing" },
	{ "half-close", FAULT_HALF_CLOSE, FAULT_HTTP, WORD_NONE, 0,
	    "read all, say no more but go on listening; ,accepted" },
	{ "sip", FAULT_SIP, FAULT_HTTP, WORD_NUMBER, 0,
	    "read the body in twenty sips, so many ms apart" },
	{ "redirect", FAULT_REDIRECT, FAULT_HTTP, WORD_TEXT, 0,
	    "=URL, or =self: go there; ,status=N [307]; not recorded" },
	{ "accept", FAULT_ACCEPT, FAULT_ANY, WORD_NUMBER, 0,
	    "the first so many recipients of a mail, the others are refused; "
	    ",reason=NAME (Mandrill); ,too-many: as such, for now (SMTP)" },
	{ "close-at", FAULT_CLOSE_AT, FAULT_SMTP, WORD_TEXT, 0,
	    "=COMMAND, or =greeting: close in place of a reply to it" },
	{ "stall-at", FAULT_STALL_AT, FAULT_SMTP, WORD_TEXT, 0,
	    "=COMMAND, or =greeting: never a reply to it" },
	{ "starttls", FAULT_STARTTLS, FAULT_SMTP, WORD_CODE, 0,
	    "that code to STARTTLS" },
	{ "tls-garbage", FAULT_TLS_GARBAGE, FAULT_SMTP, WORD_NONE, 0,
	    "no TLS behind the 220 to STARTTLS, but bytes" },
	{ "ehlo-lines", FAULT_EHLO_LINES, FAULT_SMTP, WORD_NONE, 0,
	    "a reply to EHLO of 20,000 lines, and no end of it" },
	{ "lookup-lag", FAULT_LOOKUP_LAG, FAULT_HTTP, WORD_NUMBER, 0,
	    "a mail is found so many ms after it was recorded" },
	{ "lookup-never", FAULT_LOOKUP_NEVER, FAULT_HTTP, WORD_NONE, 0,
	    "no mail is ever found" },
	{ "lookup-partial", FAULT_LOOKUP_PARTIAL, FAULT_HTTP, WORD_NUMBER, 0,
	    "of each mail only the first so many recipients are found" },
	{ "lookup-shuffle", FAULT_LOOKUP_SHUFFLE, FAULT_HTTP, WORD_NONE, 0,
	    "what is found comes in the wrong order" },
	{ "lookup-twice", FAULT_LOOKUP_TWICE, FAULT_HTTP, WORD_NONE, 0,
	    "what is found comes twice" },
	{ "lookup-limit", FAULT_LOOKUP_LIMIT, FAULT_MANDRILL, WORD_NUMBER, 0,
	    "so many searches a minute [20]; 0: any" },
	{ "sending-key", FAULT_SENDING_KEY, FAULT_MAILGUN, WORD_NONE, 0,
	    "--key may send and nothing else: 401 to all other calls" },
	{ "wrong-region", FAULT_WRONG_REGION, FAULT_MAILGUN, WORD_NONE, 0,
	    "the domain lives in the other region: 404" },
	{ "domain-state", FAULT_DOMAIN_STATE, FAULT_HTTP, WORD_TEXT, 0,
	    "active, unverified or disabled, as a probe sees it" },
	{ "queue-disabled", FAULT_QUEUE_DISABLED, FAULT_MAILGUN, WORD_NONE, 0,
	    "the domain's sending queue is full, as a probe sees it" },
	{ "backlog", FAULT_BACKLOG, FAULT_MANDRILL, WORD_NUMBER, 0,
	    "so many mails wait for their hour, as a probe sees it" },
};

/* Words that hit requests, for calls of another purpose: "lookup-status". */
struct prefix {
	const char *text;
	int moment;
};

static const struct prefix prefixes[] = {
	{ "lookup-", FAULT_AT_LOOKUP },
	{ "probe-", FAULT_AT_PROBE },
};

static int
find_moments(enum fault_word word)
{
	switch (word) {
	case FAULT_BLACKHOLE:
		return FAULT_AT_CONNECT | FAULT_AT_REQUEST | FAULT_AT_LOOKUP |
		       FAULT_AT_PROBE;
	case FAULT_CLOSE_REUSED:
		return FAULT_AT_REUSE;
	case FAULT_REFUSE:
	case FAULT_UNREACHABLE:
	case FAULT_FLAP:
		return 0;
	case FAULT_RESET_CONNECT:
	case FAULT_STARTTLS_INJECTION:
	case FAULT_GREETING:
	case FAULT_EHLO:
	case FAULT_AUTH:
	case FAULT_NO_STARTTLS:
	case FAULT_NO_8BITMIME:
	case FAULT_CHUNKING:
	case FAULT_CLOSE_AT:
	case FAULT_STALL_AT:
	case FAULT_STARTTLS:
	case FAULT_TLS_GARBAGE:
	case FAULT_EHLO_LINES:
		return FAULT_AT_CONNECT;
	default:
		return word >= FAULT_LOOKUP_LAG ? FAULT_STANDING
						: FAULT_AT_REQUEST;
	}
}

/* How it is written. */
static const char *const forms[] = {
	[WORD_NONE] = "",
	[WORD_NUMBER] = "=N",
	[WORD_DEFAULT] = "[=N]",
	[WORD_TEXT] = "=TEXT",
	[WORD_CODE] = "=CODE",
	[WORD_STATUS] = "=STATUS",
};

char *
word_page(int kinds)
{
	GString *page = g_string_new(NULL);

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *form =
		    g_strconcat(rows[i].name, forms[rows[i].argument], NULL);

		if ((rows[i].kinds & kinds) != 0)
			g_string_append_printf(
			    page, "  %-25s %s\n", form, rows[i].help);
	}
	return g_string_free(page, FALSE);
}

static const struct word *
find_row(const char *name, int kind, GError **error)
{
	g_autoptr(GString) known = g_string_new(NULL);

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		if ((rows[i].kinds & kind) == 0)
			continue;
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
		g_string_append_printf(known, " %s", rows[i].name);
	}
	g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
	    "fault \"%s\" is not known here; known are:%s", name, known->str);
	return NULL;
}

/* "lookup-status" is the word status for another kind of call. */
static const struct word *
find_prefixed(const char *name, int kind, int *moments)
{
	for (size_t i = 0; i < G_N_ELEMENTS(prefixes); i++) {
		const char *rest = name + strlen(prefixes[i].text);

		if ((kind & FAULT_HTTP) == 0 ||
		    !g_str_has_prefix(name, prefixes[i].text))
			continue;
		const struct word *row = find_row(rest, kind, NULL);
		if (row == NULL || find_moments(row->word) != FAULT_AT_REQUEST)
			return NULL;
		*moments = prefixes[i].moment;
		return row;
	}
	return NULL;
}

const struct word *
word_find(const char *name, int kind, int *moments, GError **error)
{
	g_autoptr(GError) unknown = NULL;
	const struct word *row = find_row(name, kind, &unknown);

	if (row != NULL) {
		*moments = find_moments(row->word);
		return row;
	}
	row = find_prefixed(name, kind, moments);
	if (row == NULL)
		g_propagate_error(error, g_steal_pointer(&unknown));
	return row;
}
