/* SPDX-License-Identifier: MIT */
#include "reply.h"

#include <string.h>

static const struct reply replies[REPLY_NAMES] = {
	[REPLY_NONE] = { 451, "4.3.0", "no reply" },
	[REPLY_OK] = { 250, "2.0.0", "Ok" },
	[REPLY_SENDER_OK] = { 250, "2.1.0", "Ok" },
	[REPLY_RECIPIENT_OK] = { 250, "2.1.5", "Ok" },
	[REPLY_START_MAIL] = { 354, NULL, "End data with <CR><LF>.<CR><LF>" },
	[REPLY_BYE] = { 221, "2.0.0", "Bye" },
	[REPLY_NO_HTTP] = { 221, "2.7.0", "This is SMTP, not HTTP" },
	[REPLY_VRFY] = { 252, "2.5.2",
	    "Cannot VRFY user, but will accept message" },
	[REPLY_HELP] = { 214, "2.0.0", "See RFC 5321" },
	[REPLY_STOPPING] = { 421, "4.3.2", "Shutting down, try again later" },
	[REPLY_CROWDED] = { 421, "4.3.2",
	    "Too many connections, try again later" },
	[REPLY_PEER_CROWDED] = { 421, "4.7.0",
	    "Too many connections from your address" },
	[REPLY_PEER_OFTEN] = { 421, "4.7.1",
	    "Your address connects too often, try again in a minute" },
	[REPLY_NO_MEMORY] = { 421, "4.3.2",
	    "Out of memory for mail, try again later" },
	[REPLY_TIMEOUT] = { 421, "4.4.2", "Timeout, closing" },
	[REPLY_ERRORS] = { 421, "4.7.0", "Too many errors" },
	[REPLY_LINE_ENDLESS] = { 421, "4.7.0", "Line without an end" },
	[REPLY_SESSION_MAILS] = { 421, "4.7.0",
	    "This session has had its share, connect again" },
	[REPLY_SESSION_TIME] = { 421, "4.7.0",
	    "This session has had its time, connect again" },
	[REPLY_OVERLOAD] = { 452, "4.3.2",
	    "Short of memory for mail, try again later" },
	[REPLY_PEER_MAILS] = { 450, "4.7.1",
	    "Too many mails from your address, try again in a minute" },
	[REPLY_DISK_FULL] = { 452, "4.3.1",
	    "Insufficient system storage, try again later" },
	[REPLY_DISK_BAD] = { 451, "4.3.0",
	    "The queue cannot be written, try again later" },
	[REPLY_RECIPIENTS] = { 452, "4.5.3", "Too many recipients" },
	[REPLY_SPOOL_FULL] = { 452, "4.3.1", "Disk full, try again later" },
	[REPLY_SPOOL_MEMORY] = { 452, "4.3.2",
	    "Out of memory for this mail, try again later" },
	[REPLY_SPOOL_ERROR] = { 451, "4.3.0",
	    "Cannot keep this mail, try again later" },
	[REPLY_START_TLS] = { 220, "2.0.0", "Ready to start TLS" },
	[REPLY_TLS_LATER] = { 454, "4.7.0",
	    "TLS not available due to temporary reason" },
	[REPLY_TLS_FIRST] = { 530, "5.7.0",
	    "Must issue a STARTTLS command first" },
	[REPLY_TLS_ALREADY] = { 554, "5.5.1", "TLS already active" },
	[REPLY_AUTH_OK] = { 235, "2.7.0", "Authentication successful" },
	[REPLY_AUTH_LATER] = { 454, "4.7.0",
	    "Temporary authentication failure" },
	[REPLY_AUTH_WRONG] = { 535, "5.7.8",
	    "Authentication credentials invalid" },
	[REPLY_AUTH_OFTEN] = { 421, "4.7.0",
	    "Too many failed logins, try again later" },
	[REPLY_AUTH_NEEDS_TLS] = { 538, "5.7.11", "Encryption required" },
	[REPLY_AUTH_SYNTAX] = { 501, "5.5.2", "Cannot decode the response" },
	[REPLY_AUTH_CANCELLED] = { 501, "5.7.0", "Authentication cancelled" },
	[REPLY_AUTH_MECHANISM] = { 504, "5.5.4",
	    "Unrecognized authentication type" },
	[REPLY_AUTH_ALREADY] = { 503, "5.5.1", "Already authenticated" },
	[REPLY_SENDER_LOGIN] = { 553, "5.7.1",
	    "This user may not send as that address" },
	[REPLY_AUTHOR_LOGIN] = { 550, "5.7.1",
	    "This user may not send as who stands in From" },
	[REPLY_AUTHOR_SYNTAX] = { 550, "5.7.1",
	    "This user may not send with a From that cannot be read" },
	[REPLY_UNKNOWN] = { 500, "5.5.1", "Unknown command" },
	[REPLY_SYNTAX] = { 500, "5.5.2", "Syntax error" },
	[REPLY_BARE_LF] = { 500, "5.5.2", "Line ends in bare LF, not CR LF" },
	[REPLY_LINE_LONG] = { 500, "5.5.6", "Line too long" },
	[REPLY_TLS_EARLY] = { 500, "5.5.2",
	    "TLS was spoken to a listener without `tls = implicit`" },
	[REPLY_ARGUMENT] = { 501, "5.5.4", "Syntax" },
	[REPLY_TWICE] = { 501, "5.5.4", "Parameter given twice" },
	[REPLY_NOT_IMPLEMENTED] = { 502, "5.5.1", "Command not implemented" },
	[REPLY_SEQUENCE] = { 503, "5.5.1", "Bad sequence of commands" },
	[REPLY_PARAMETER] = { 555, "5.5.4", "Parameter not supported" },
	[REPLY_SYNCHRONISATION] = { 554, "5.5.0",
	    "SMTP protocol synchronization: talk only when it is your turn" },
	[REPLY_NO_RECIPIENTS] = { 554, "5.5.1", "No valid recipients" },
	[REPLY_RELAY] = { 554, "5.7.1", "Relay access denied" },
	[REPLY_LOGIN_FIRST] = { 530, "5.7.0", "Authentication required" },
	[REPLY_NULL_SENDER] = { 553, "5.7.1", "Null sender not allowed" },
	[REPLY_SENDER_DOMAIN] = { 553, "5.7.1", "Sender domain not allowed" },
	[REPLY_SENDER_SYNTAX] = { 501, "5.1.7", "Bad sender address" },
	[REPLY_SENDER_LONG] = { 553, "5.1.7", "Bad sender address" },
	[REPLY_RECIPIENT_SYNTAX] = { 501, "5.1.3", "Bad recipient address" },
	[REPLY_RECIPIENT_UNQUALIFIED] = { 550, "5.1.3",
	    "Recipient address has no domain; `domain` or `aliases` would "
	    "give it one" },
	[REPLY_NON_ASCII] = { 553, "5.6.7", "Bad address" },
	[REPLY_SIZE] = { 552, "5.3.4", "Message too large" },
	[REPLY_LINE_ENDINGS] = { 550, "5.5.2", "bare CR or LF received" },
	[REPLY_CONTENT] = { 550, "5.6.0", "Message refused" },
	[REPLY_ORDERS] = { 554, "5.6.0", "Message refused" },
	[REPLY_HEADER_SIZE] = { 550, "5.6.0", "Message refused" },
	[REPLY_HEADER_FIELDS] = { 550, "5.6.0", "Message refused" },
	[REPLY_FIELD_SIZE] = { 550, "5.6.0", "Message refused" },
	[REPLY_HOPS] = { 554, "5.4.6", "Message refused" },
};

const struct reply *
reply_find(enum reply_name name)
{
	g_assert(name < REPLY_NAMES);
	return &replies[name];
}

void
reply_append(GString *out, enum reply_name name, const char *detail)
{
	const struct reply *reply = reply_find(name);
	size_t start = out->len;

	for (unsigned unit = 100; unit > 0; unit /= 10)
		g_string_append_c(out, (char)('0' + reply->code / unit % 10));
	g_string_append_c(out, ' ');
	if (reply->enhanced != NULL) {
		g_string_append(out, reply->enhanced);
		g_string_append_c(out, ' ');
	}
	g_string_append(out, reply->text);
	if (detail != NULL) {
		g_string_append(out, ": ");
		g_string_append(out, detail);
	}
	if (out->len - start > REPLY_LINE_MAX - strlen("\r\n"))
		g_string_truncate(out, start + REPLY_LINE_MAX - strlen("\r\n"));
	g_string_append(out, "\r\n");
}
