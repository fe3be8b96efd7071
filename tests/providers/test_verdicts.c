/* SPDX-License-Identifier: MIT */
/* Each row of each table is met by an answer below, and none is met by an
 * answer that is meant for another. */
#include "mail/outcome.h"
#include "mailgun_verdicts.h"
#include "mandrill_verdicts.h"
#include "upstream_verdicts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct answer {
	unsigned status;
	const char *text;
	enum verdict_class class; /* NONE: no row fits */
	enum verdict_mark mark;
};

struct rules {
	const struct verdict_rule *rules;
	const struct answer *answers;
	size_t count;
};

#define D "Domain mg.example.com is not allowed to send"

/* The texts are those that were seen or documented, as far as one is known. */
static const struct answer mailgun_answers[] = {
	{ 200, "Mailgun Magnificent API", VERDICT_ACCOUNT, VERDICT_PLAIN },
	{ 200, "", VERDICT_DOUBT, VERDICT_PLAIN },
	{ 204, "", VERDICT_DOUBT, VERDICT_PLAIN },
	{ 301, "", VERDICT_ACCOUNT, VERDICT_PLAIN },
	{ 307, "", VERDICT_ACCOUNT, VERDICT_PLAIN },
	{ 400,
	    "to parameter is not a valid address. please check documentation",
	    VERDICT_RECIPIENT, VERDICT_PLAIN },
	{ 400, "'cc' parameter is not a valid address", VERDICT_RECIPIENT,
	    VERDICT_PLAIN },
	{ 400, "\"bcc\" parameter is not a valid address", VERDICT_RECIPIENT,
	    VERDICT_PLAIN },
	{ 400, "to parameter is not a valid address: quota@example.org",
	    VERDICT_RECIPIENT, VERDICT_PLAIN },
	{ 400, "cannot parse to address", VERDICT_RECIPIENT, VERDICT_PLAIN },
	{ 400, "from parameter is not a valid address", VERDICT_PAYLOAD,
	    VERDICT_PLAIN },
	{ 400, "'from' parameter is not a valid address", VERDICT_PAYLOAD,
	    VERDICT_PLAIN },
	{ 400, "cannot parse from address", VERDICT_PAYLOAD, VERDICT_PLAIN },
	{ 400, "Header name must be pure ASCII: X-Daily Limit", VERDICT_PAYLOAD,
	    VERDICT_PLAIN },
	{ 400, "tomorrow is not an RFC-2822 compliant date", VERDICT_PAYLOAD,
	    VERDICT_PLAIN },
	{ 400, "invalid delivery time format", VERDICT_PAYLOAD, VERDICT_PLAIN },
	{ 400, "o:time-zone-localize is not valid", VERDICT_PAYLOAD,
	    VERDICT_PLAIN },
	{ 413, "request size exceeds 52.4MiB limit", VERDICT_PAYLOAD,
	    VERDICT_PLAIN },
	{ 413, "size limit exceeded", VERDICT_PAYLOAD, VERDICT_PLAIN },
	{ 420,
	    D
	    ": recipient limit exceeded, try again after Sun, 23 Mar 2025 10:01:34 UTC",
	    VERDICT_THROTTLE, VERDICT_PLAIN },
	{ 420, "", VERDICT_THROTTLE, VERDICT_PLAIN },
	{ 429,
	    D
	    ": account-requests-per-sec limit exceeded, try again after 120 seconds",
	    VERDICT_THROTTLE, VERDICT_PLAIN },
	{ 429, "", VERDICT_THROTTLE, VERDICT_PLAIN },
	{ 400, D ": bytes limit exceeded, try again after x", VERDICT_THROTTLE,
	    VERDICT_PLAIN },
	{ 403, "try again after a while", VERDICT_THROTTLE, VERDICT_PLAIN },
	{ 400, D ": You are sending too fast. Your account is on probation",
	    VERDICT_THROTTLE, VERDICT_PLAIN },
	{ 400,
	    "Your account is on probation and domains are limited to 100 messages / hour.",
	    VERDICT_THROTTLE, VERDICT_PLAIN },
	{ 403, "Account will be enabled in 341 seconds", VERDICT_THROTTLE,
	    VERDICT_PLAIN },
	{ 400, "You have exceeded your plan", VERDICT_THROTTLE, VERDICT_PLAIN },
	{ 403, "Daily limit reached", VERDICT_THROTTLE, VERDICT_PLAIN },
	{ 403, "quota", VERDICT_THROTTLE, VERDICT_PLAIN },
	{ 403, "You have too many messages in queue", VERDICT_THROTTLE,
	    VERDICT_PLAIN },
	{ 400, "Too many recipients, max is 1000", VERDICT_PAYLOAD,
	    VERDICT_PLAIN },
	{ 403, D " large batches yet", VERDICT_ACCOUNT, VERDICT_PLAIN },
	{ 400, D ": Sandbox subdomains are for test purposes only.",
	    VERDICT_ACCOUNT, VERDICT_PLAIN },
	{ 400, D ": Free accounts are for test purposes only.", VERDICT_ACCOUNT,
	    VERDICT_PLAIN },
	{ 400, D ": The domain is unverified and requires DNS configuration.",
	    VERDICT_ACCOUNT, VERDICT_PLAIN },
	{ 400, D ": Please activate your Mailgun account.", VERDICT_ACCOUNT,
	    VERDICT_PLAIN },
	{ 400,
	    "Domain quota.example.com is not allowed to send: The domain is unverified",
	    VERDICT_ACCOUNT, VERDICT_PLAIN },
	{ 400, "x is not a valid secondary dkim domain name", VERDICT_ACCOUNT,
	    VERDICT_PLAIN },
	{ 401, "Forbidden", VERDICT_ACCOUNT, VERDICT_PLAIN },
	{ 402, "", VERDICT_ACCOUNT, VERDICT_PLAIN },
	{ 403, "", VERDICT_ACCOUNT, VERDICT_PLAIN },
	{ 403, "Rejected: IP 192.0.2.1 can't be used to send the message",
	    VERDICT_ACCOUNT, VERDICT_PLAIN },
	{ 404, "Domain not found: mg.example.com", VERDICT_ACCOUNT,
	    VERDICT_PLAIN },
	{ 405, "", VERDICT_ACCOUNT, VERDICT_PLAIN },
	{ 407, "", VERDICT_ACCOUNT, VERDICT_PLAIN },
	{ 400, "unable to parse request: unexpected EOF", VERDICT_OUTAGE,
	    VERDICT_PLAIN },
	{ 408, "", VERDICT_DOUBT, VERDICT_UNLIKELY },
	{ 400, "to parameter is missing", VERDICT_PAYLOAD, VERDICT_PLAIN },
	{ 400, "from parameter is missing", VERDICT_PAYLOAD, VERDICT_PLAIN },
	{ 400, "message parameter is missing", VERDICT_PAYLOAD, VERDICT_PLAIN },
	{ 400, "'message' parameter is not a file", VERDICT_PAYLOAD,
	    VERDICT_PLAIN },
	{ 400, "Need at least one of 'text' or 'html' parameters specified",
	    VERDICT_PAYLOAD, VERDICT_PLAIN },
	{ 400,
	    "Need at least one of 'text', 'html', 'amp-html' or 'template' parameters specified",
	    VERDICT_PAYLOAD, VERDICT_PLAIN },
	{ 400, "Only one parameters 'html' or 'template' is allowed",
	    VERDICT_PAYLOAD, VERDICT_PLAIN },
	{ 400,
	    "Send options (parameters starting with o:, h:, or v:) are limited to 16 kB total",
	    VERDICT_PAYLOAD, VERDICT_PLAIN },
	{ 400, "'recipient-variables' parameter is not a valid JSON",
	    VERDICT_PAYLOAD, VERDICT_PLAIN },
	{ 400,
	    "Invalid request content type. Expecting 'multipart/form-data' but got text/plain",
	    VERDICT_PAYLOAD, VERDICT_PLAIN },
	{ 400, "malformed multipart/form-data request", VERDICT_PAYLOAD,
	    VERDICT_PLAIN },
	{ 400, "unable to parse request: invalid URL escape", VERDICT_PAYLOAD,
	    VERDICT_PLAIN },
	{ 400, "Something new", VERDICT_PAYLOAD, VERDICT_UNKNOWN },
	{ 400, "", VERDICT_PAYLOAD, VERDICT_UNKNOWN },
	{ 415, "", VERDICT_PAYLOAD, VERDICT_PLAIN },
	{ 422, "", VERDICT_PAYLOAD, VERDICT_PLAIN },
	{ 500, "Internal Server Error", VERDICT_DOUBT, VERDICT_UNLIKELY },
	{ 502, "", VERDICT_DOUBT, VERDICT_UNLIKELY },
	{ 503, "", VERDICT_OUTAGE, VERDICT_PLAIN },
	{ 504, "", VERDICT_DOUBT, VERDICT_UNLIKELY },
	{ 520, "", VERDICT_DOUBT, VERDICT_UNLIKELY },
	{ 527, "", VERDICT_DOUBT, VERDICT_UNLIKELY },
	{ 528, "", VERDICT_NONE, VERDICT_PLAIN },
	{ 418, "", VERDICT_NONE, VERDICT_PLAIN },
};

static const struct answer mandrill_errors[] = {
	{ 500, "Invalid_Key: Invalid API key", VERDICT_ACCOUNT, VERDICT_PLAIN },
	{ 401, "Invalid_Key: ", VERDICT_ACCOUNT, VERDICT_PLAIN },
	{ 500, "ValidationError: You must specify a key value", VERDICT_ACCOUNT,
	    VERDICT_PLAIN },
	{ 422, "ValidationError: Validation error: {\"email\":\"x\"}",
	    VERDICT_PAYLOAD, VERDICT_PLAIN },
	{ 400, "MC_Exception_ValidationError: x", VERDICT_PAYLOAD,
	    VERDICT_PLAIN },
	{ 402,
	    "PaymentRequired: Email scheduling is only available for accounts "
	    "with a positive balance.",
	    VERDICT_PAYLOAD, VERDICT_PLAIN },
	{ 402, "PaymentRequired: x", VERDICT_ACCOUNT, VERDICT_PLAIN },
	{ 500, "MC_Exception_PaymentRequired: x", VERDICT_ACCOUNT,
	    VERDICT_PLAIN },
	{ 404, "Unknown_Subaccount: x", VERDICT_ACCOUNT, VERDICT_PLAIN },
	{ 500, "Unknown_Subaccount: x", VERDICT_ACCOUNT, VERDICT_PLAIN },
	{ 404, "Unknown_Template: x", VERDICT_PAYLOAD, VERDICT_PLAIN },
	{ 500, "Unknown_Template: x", VERDICT_PAYLOAD, VERDICT_PLAIN },
	{ 404, "Invalid_Version: x", VERDICT_PAYLOAD, VERDICT_PLAIN },
	{ 404, "Invalid_Template: x", VERDICT_PAYLOAD, VERDICT_PLAIN },
	{ 404, "Invalid_Tag_Name: x", VERDICT_PAYLOAD, VERDICT_PLAIN },
	{ 404, "Unknown_MetadataField: x", VERDICT_PAYLOAD, VERDICT_PLAIN },
	{ 404, "Metadata_FieldLimit: x", VERDICT_PAYLOAD, VERDICT_PLAIN },
	{ 404, "Unknown_IP: x", VERDICT_PAYLOAD, VERDICT_PLAIN },
	{ 404, "Unknown_Pool: x", VERDICT_PAYLOAD, VERDICT_PLAIN },
	{ 404, "Unknown_TrackingDomain: x", VERDICT_PAYLOAD, VERDICT_PLAIN },
	{ 404, "Unknown_Url: x", VERDICT_PAYLOAD, VERDICT_PLAIN },
	{ 404, "Invalid_Verified_TrackingDomain: x", VERDICT_PAYLOAD,
	    VERDICT_PLAIN },
	{ 404, "MC_Exception_InvalidTrackingDomain: x", VERDICT_PAYLOAD,
	    VERDICT_PLAIN },
	{ 500, "Unknown_Sender: x", VERDICT_SENDER, VERDICT_PLAIN },
	{ 500, "Unknown_Domain: x", VERDICT_SENDER, VERDICT_PLAIN },
	{ 500, "Invalid_Verified_Domain: x", VERDICT_SENDER, VERDICT_PLAIN },
	{ 500, "Unknown_Message: x", VERDICT_PAYLOAD, VERDICT_UNKNOWN },
	{ 500, "Unknown_Webhook: x", VERDICT_PAYLOAD, VERDICT_UNKNOWN },
	{ 500, "Unknown_InboundDomain: x", VERDICT_PAYLOAD, VERDICT_UNKNOWN },
	{ 500, "Unknown_InboundRoute: x", VERDICT_PAYLOAD, VERDICT_UNKNOWN },
	{ 500, "Unknown_Export: x", VERDICT_PAYLOAD, VERDICT_UNKNOWN },
	{ 500, "Invalid_Reject: x", VERDICT_PAYLOAD, VERDICT_UNKNOWN },
	{ 500, "Invalid_EmptyDefaultPool: x", VERDICT_PAYLOAD,
	    VERDICT_UNKNOWN },
	{ 500, "Invalid_DeleteDefaultPool: x", VERDICT_PAYLOAD,
	    VERDICT_UNKNOWN },
	{ 500, "Invalid_DeleteNonEmptyPool: x", VERDICT_PAYLOAD,
	    VERDICT_UNKNOWN },
	{ 500, "Invalid_CustomDNS: x", VERDICT_PAYLOAD, VERDICT_UNKNOWN },
	{ 500, "Invalid_CustomDNSPending: x", VERDICT_PAYLOAD,
	    VERDICT_UNKNOWN },
	{ 500, "IP_ProvisionLimit: x", VERDICT_PAYLOAD, VERDICT_UNKNOWN },
	{ 500, "NoSendingHistory: x", VERDICT_PAYLOAD, VERDICT_UNKNOWN },
	{ 500, "PoorReputation: x", VERDICT_PAYLOAD, VERDICT_UNKNOWN },
	{ 429, "RequestLimitExceeded: x", VERDICT_THROTTLE, VERDICT_PLAIN },
	{ 500, "RequestLimitExceeded: x", VERDICT_THROTTLE, VERDICT_PLAIN },
	{ 503, "ServiceUnavailable: x", VERDICT_OUTAGE, VERDICT_PLAIN },
	{ 500, "ServiceUnavailable: x", VERDICT_OUTAGE, VERDICT_PLAIN },
	{ 500, "GeneralError: x", VERDICT_DOUBT, VERDICT_UNLIKELY },
	{ 200, "GeneralError: x", VERDICT_DOUBT, VERDICT_UNLIKELY },
	{ 401, "New: Invalid_Key:", VERDICT_ACCOUNT, VERDICT_UNKNOWN },
	{ 403, "New: x", VERDICT_ACCOUNT, VERDICT_UNKNOWN },
	{ 429, "New: x", VERDICT_THROTTLE, VERDICT_UNKNOWN },
	{ 422, "New: x", VERDICT_PAYLOAD, VERDICT_UNKNOWN },
	{ 404, "New: x", VERDICT_PAYLOAD, VERDICT_UNKNOWN },
	{ 500, "New: x", VERDICT_OUTAGE, VERDICT_UNKNOWN },
	{ 200, "New: x", VERDICT_DOUBT, VERDICT_UNKNOWN },
	{ 302, "New: x", VERDICT_NONE, VERDICT_PLAIN },
};

static const struct answer mandrill_pages[] = {
	{ 200, "<html>", VERDICT_DOUBT, VERDICT_PLAIN },
	{ 302, "", VERDICT_ACCOUNT, VERDICT_PLAIN },
	{ 401, "", VERDICT_ACCOUNT, VERDICT_PLAIN },
	{ 402, "", VERDICT_ACCOUNT, VERDICT_PLAIN },
	{ 403, "", VERDICT_ACCOUNT, VERDICT_PLAIN },
	{ 404, "", VERDICT_ACCOUNT, VERDICT_PLAIN },
	{ 405, "", VERDICT_ACCOUNT, VERDICT_PLAIN },
	{ 407, "", VERDICT_ACCOUNT, VERDICT_PLAIN },
	{ 408, "", VERDICT_DOUBT, VERDICT_UNLIKELY },
	{ 413, "", VERDICT_PAYLOAD, VERDICT_PLAIN },
	{ 420, "", VERDICT_THROTTLE, VERDICT_PLAIN },
	{ 429, "", VERDICT_THROTTLE, VERDICT_PLAIN },
	{ 400, "", VERDICT_PAYLOAD, VERDICT_PLAIN },
	{ 422, "", VERDICT_PAYLOAD, VERDICT_PLAIN },
	{ 500, "", VERDICT_DOUBT, VERDICT_UNLIKELY },
	{ 502, "", VERDICT_DOUBT, VERDICT_UNLIKELY },
	{ 503, "", VERDICT_OUTAGE, VERDICT_PLAIN },
	{ 504, "", VERDICT_DOUBT, VERDICT_UNLIKELY },
	{ 524, "", VERDICT_DOUBT, VERDICT_UNLIKELY },
	{ 418, "", VERDICT_NONE, VERDICT_PLAIN },
};

static const struct answer upstream_answers[] = {
	{ 530, "MAIL 5.7.0 Authentication required", VERDICT_ACCOUNT,
	    VERDICT_PLAIN },
	{ 530, "MAIL Must issue a STARTTLS command first", VERDICT_ACCOUNT,
	    VERDICT_PLAIN },
	{ 530, "RCPT 5.7.57 Client was not authenticated", VERDICT_ACCOUNT,
	    VERDICT_PLAIN },
	{ 432, "CONNECT 4.7.12 A password transition is needed",
	    VERDICT_ACCOUNT, VERDICT_PLAIN },
	{ 534, "AUTH 5.7.9 Mechanism too weak", VERDICT_ACCOUNT,
	    VERDICT_PLAIN },
	{ 535, "AUTH 5.7.8 Invalid", VERDICT_ACCOUNT, VERDICT_PLAIN },
	{ 538, "AUTH Encryption required", VERDICT_ACCOUNT, VERDICT_PLAIN },
	{ 550, "AUTH 5.7.1 no", VERDICT_ACCOUNT, VERDICT_PLAIN },
	{ 0, "AUTH ", VERDICT_ACCOUNT, VERDICT_PLAIN },
	{ 503, "MAIL 5.5.1 Authenticate first", VERDICT_ACCOUNT,
	    VERDICT_PLAIN },
	{ 452, "RCPT 4.5.3 Too many recipients", VERDICT_THROTTLE,
	    VERDICT_SURPLUS },
	{ 450, "RCPT Too many recipients in this mail", VERDICT_THROTTLE,
	    VERDICT_SURPLUS },
	{ 452, "RCPT ", VERDICT_THROTTLE, VERDICT_SURPLUS },
	{ 552, "RCPT Too many recipients", VERDICT_THROTTLE, VERDICT_SURPLUS },
	{ 550, "RCPT 5.5.3 Too many", VERDICT_THROTTLE, VERDICT_SURPLUS },
	{ 550, "RCPT #5.5.3 Too many", VERDICT_THROTTLE, VERDICT_SURPLUS },
	{ 452, "RCPT 4.5.3 Too many recipients this hour", VERDICT_THROTTLE,
	    VERDICT_PLAIN },
	{ 450, "RCPT too many recipients per day", VERDICT_THROTTLE,
	    VERDICT_PLAIN },
	{ 450,
	    "RCPT 4.2.1 The user is receiving mail at a rate that prevents it",
	    VERDICT_OUTAGE, VERDICT_SINGLE },
	{ 452, "RCPT 4.2.2 The mailbox is over its quota", VERDICT_OUTAGE,
	    VERDICT_SINGLE },
	{ 452, "DATA 4.2.2 Mailbox full", VERDICT_OUTAGE, VERDICT_SINGLE },
	{ 450, "RCPT 4.1.1 Unverified address", VERDICT_OUTAGE,
	    VERDICT_SINGLE },
	{ 450, "RCPT 4.4.3 Domain lookup timed out", VERDICT_OUTAGE,
	    VERDICT_SINGLE },
	{ 451, "RCPT Greylisted, come back in 300 seconds", VERDICT_OUTAGE,
	    VERDICT_SINGLE },
	{ 451, "DATA grey-listed", VERDICT_OUTAGE, VERDICT_SINGLE },
	{ 450, "RCPT user is overquota", VERDICT_OUTAGE, VERDICT_SINGLE },
	{ 421, "CONNECT 4.7.0 Too many connections", VERDICT_THROTTLE,
	    VERDICT_PLAIN },
	{ 450, "RCPT 4.7.1 rate limit exceeded", VERDICT_THROTTLE,
	    VERDICT_PLAIN },
	{ 451, "MAIL 4.7.1 slow down", VERDICT_THROTTLE, VERDICT_PLAIN },
	{ 421, "CONNECT Too many errors", VERDICT_THROTTLE, VERDICT_PLAIN },
	{ 454, "MAIL Throttling failure: Daily message quota exceeded",
	    VERDICT_THROTTLE, VERDICT_PLAIN },
	{ 421, "DATA 4.7.28 Unusual mail", VERDICT_THROTTLE, VERDICT_PLAIN },
	{ 450, "MAIL 4.5.3 Later", VERDICT_THROTTLE, VERDICT_PLAIN },
	{ 451, "MAIL Maximum credits", VERDICT_THROTTLE, VERDICT_PLAIN },
	{ 421, "MAIL 4.7.0 Try again later", VERDICT_THROTTLE, VERDICT_PLAIN },
	{ 421, "RCPT 4.7.1 Not now", VERDICT_THROTTLE, VERDICT_PLAIN },
	{ 421, "CONNECT Service not available", VERDICT_OUTAGE, VERDICT_PLAIN },
	{ 454, "CONNECT 4.7.0 TLS not available", VERDICT_OUTAGE,
	    VERDICT_PLAIN },
	{ 454, "CONNECT 4.7.0 Temporary authentication failure", VERDICT_OUTAGE,
	    VERDICT_PLAIN },
	{ 450, "RCPT 4.7.1 Client host rejected: cannot find your hostname",
	    VERDICT_OUTAGE, VERDICT_PLAIN },
	{ 450, "RCPT 4.7.1 <mail>: Helo command rejected", VERDICT_OUTAGE,
	    VERDICT_PLAIN },
	{ 450, "RCPT cannot operate on it", VERDICT_OUTAGE, VERDICT_SINGLE },
	{ 450, "RCPT Requested action not taken", VERDICT_OUTAGE,
	    VERDICT_SINGLE },
	{ 451, "RCPT 4.7.1 Come back in 5 minutes", VERDICT_OUTAGE,
	    VERDICT_SINGLE },
	{ 452, "RCPT 4.3.1 Insufficient system storage", VERDICT_OUTAGE,
	    VERDICT_PLAIN },
	{ 452, "RCPT Out of disk space", VERDICT_OUTAGE, VERDICT_PLAIN },
	{ 452, "DATA 4.3.1 Insufficient system storage", VERDICT_OUTAGE,
	    VERDICT_PLAIN },
	{ 451, "DATA 4.3.0 Error", VERDICT_OUTAGE, VERDICT_PLAIN },
	{ 451, "RCPT 4.3.0 Error", VERDICT_OUTAGE, VERDICT_PLAIN },
	{ 421, "DATA 4.4.2 timeout", VERDICT_OUTAGE, VERDICT_PLAIN },
	{ 554, "RCPT 5.7.1 <b@x>: Relay access denied", VERDICT_ACCOUNT,
	    VERDICT_PLAIN },
	{ 550, "RCPT 5.7.1 Unable to relay for b@x", VERDICT_ACCOUNT,
	    VERDICT_PLAIN },
	{ 550, "RCPT Relaying denied", VERDICT_ACCOUNT, VERDICT_PLAIN },
	{ 550, "RCPT relay not permitted", VERDICT_ACCOUNT, VERDICT_PLAIN },
	{ 550,
	    "RCPT 5.7.1 Client does not have permissions; authentication required",
	    VERDICT_ACCOUNT, VERDICT_PLAIN },
	{ 554, "RCPT 5.7.1 Client host [192.0.2.1] blocked using zen",
	    VERDICT_ACCOUNT, VERDICT_PLAIN },
	{ 554, "CONNECT 5.7.1 Client host [192.0.2.1] blocked using zen",
	    VERDICT_ACCOUNT, VERDICT_PLAIN },
	{ 550, "MAIL 5.7.1 192.0.2.1 is on a blacklist", VERDICT_ACCOUNT,
	    VERDICT_PLAIN },
	{ 550, "DATA 5.7.25 No PTR record", VERDICT_ACCOUNT, VERDICT_PLAIN },
	{ 550, "DATA 5.7.57 Client was not authenticated", VERDICT_ACCOUNT,
	    VERDICT_PLAIN },
	{ 550, "MAIL Your account has been suspended", VERDICT_ACCOUNT,
	    VERDICT_PLAIN },
	{ 550, "DATA Maximum credits exceeded", VERDICT_ACCOUNT,
	    VERDICT_PLAIN },
	{ 550, "RCPT 5.1.1 <b@x>: Recipient address rejected: unknown",
	    VERDICT_RECIPIENT, VERDICT_PLAIN },
	{ 550, "RCPT 5.1.1 <too.fast@x>: the daily limit of the dead",
	    VERDICT_RECIPIENT, VERDICT_PLAIN },
	{ 550, "DATA 5.1.1 No such user", VERDICT_RECIPIENT, VERDICT_PLAIN },
	{ 556, "RCPT 5.1.10 Null MX", VERDICT_RECIPIENT, VERDICT_PLAIN },
	{ 552, "RCPT 5.2.2 Over quota", VERDICT_RECIPIENT, VERDICT_PLAIN },
	{ 552, "DATA 5.2.2 The sending limit of this mailbox",
	    VERDICT_RECIPIENT, VERDICT_PLAIN },
	{ 550, "RCPT mailbox unavailable", VERDICT_RECIPIENT, VERDICT_PLAIN },
	{ 550, "DATA Mailbox is full", VERDICT_RECIPIENT, VERDICT_PLAIN },
	{ 550, "RCPT Account is disabled", VERDICT_RECIPIENT, VERDICT_PLAIN },
	{ 552, "MAIL 5.3.4 Message too long", VERDICT_PAYLOAD, VERDICT_PLAIN },
	{ 552, "DATA 5.3.4 Too big", VERDICT_PAYLOAD, VERDICT_PLAIN },
	{ 552, "MAIL Message size exceeds fixed limit", VERDICT_PAYLOAD,
	    VERDICT_PLAIN },
	{ 552, "DATA Message size limit reached: too large", VERDICT_PAYLOAD,
	    VERDICT_PLAIN },
	{ 554,
	    "MAIL Your account is on probation and domains are limited to 100 messages / hour. Account will be enabled in 341 seconds",
	    VERDICT_THROTTLE, VERDICT_PLAIN },
	{ 550, "DATA You are sending too fast", VERDICT_THROTTLE,
	    VERDICT_PLAIN },
	{ 550, "DATA 5.4.5 Limit reached", VERDICT_THROTTLE, VERDICT_PLAIN },
	{ 550, "DATA 5.4.5 Daily user sending limit exceeded", VERDICT_THROTTLE,
	    VERDICT_PLAIN },
	{ 550, "RCPT Domain x has exceeded the max emails per hour (25/25)",
	    VERDICT_THROTTLE, VERDICT_PLAIN },
	{ 554, "MAIL 5.7.1 hourly quota exceeded", VERDICT_THROTTLE,
	    VERDICT_PLAIN },
	{ 550, "MAIL Too many messages", VERDICT_THROTTLE, VERDICT_PLAIN },
	{ 554, "DATA sending limit", VERDICT_THROTTLE, VERDICT_PLAIN },
	{ 550, "CONNECT rate limited: rate limit", VERDICT_THROTTLE,
	    VERDICT_PLAIN },
	{ 554, "CONNECT No SMTP service here", VERDICT_OUTAGE, VERDICT_PLAIN },
	{ 521, "CONNECT does not accept mail", VERDICT_OUTAGE, VERDICT_PLAIN },
	{ 502, "CONNECT what?", VERDICT_OUTAGE, VERDICT_PLAIN },
	{ 553, "MAIL 5.7.1 Sender address rejected", VERDICT_SENDER,
	    VERDICT_PLAIN },
	{ 553, "MAIL ", VERDICT_SENDER, VERDICT_PLAIN },
	{ 550, "MAIL 5.1.8 Domain does not exist", VERDICT_SENDER,
	    VERDICT_PLAIN },
	{ 501, "MAIL 5.1.7 Bad syntax", VERDICT_SENDER, VERDICT_PLAIN },
	{ 550, "MAIL 5.7.1 no", VERDICT_SENDER, VERDICT_PLAIN },
	{ 550, "MAIL Sender unknown", VERDICT_SENDER, VERDICT_PLAIN },
	{ 550, "RCPT 5.1.8 <a@x>: rejected", VERDICT_SENDER, VERDICT_PLAIN },
	{ 553, "RCPT 5.7.1 <a@x>: Sender address rejected: not owned",
	    VERDICT_SENDER, VERDICT_PLAIN },
	{ 550,
	    "DATA 5.7.26 Unauthenticated mail from x is not accepted due to DMARC policy",
	    VERDICT_SENDER, VERDICT_PLAIN },
	{ 554, "DATA 5.7.60 Client does not have permissions to send as",
	    VERDICT_SENDER, VERDICT_PLAIN },
	{ 554, "DATA Message rejected: Email address is not verified.",
	    VERDICT_SENDER, VERDICT_PLAIN },
	{ 550,
	    "DATA The from address does not match a verified Sender Identity",
	    VERDICT_SENDER, VERDICT_PLAIN },
	{ 550, "RCPT 5.7.1 No", VERDICT_RECIPIENT, VERDICT_PLAIN },
	{ 551, "RCPT User not local", VERDICT_RECIPIENT, VERDICT_PLAIN },
	{ 553, "RCPT Name not allowed", VERDICT_RECIPIENT, VERDICT_PLAIN },
	{ 501, "RCPT 5.5.4 Bad syntax", VERDICT_RECIPIENT, VERDICT_PLAIN },
	{ 554, "DATA 5.7.1 Spam", VERDICT_PAYLOAD, VERDICT_PLAIN },
	{ 554, "DATA 5.7.1 contains a URL on a black list", VERDICT_PAYLOAD,
	    VERDICT_PLAIN },
	{ 555, "MAIL 5.5.4 Parameters not recognized", VERDICT_PAYLOAD,
	    VERDICT_PLAIN },
	{ 554, "DATA ", VERDICT_PAYLOAD, VERDICT_PLAIN },
	{ 550, "DATA 5.6.0 no", VERDICT_PAYLOAD, VERDICT_PLAIN },
	{ 421, "MAIL Domain x is not allowed to send: Please activate",
	    VERDICT_ACCOUNT, VERDICT_PLAIN },
	{ 550, "DATA Domain x is not allowed to send: Please activate",
	    VERDICT_ACCOUNT, VERDICT_PLAIN },
	{ 550,
	    "DATA Domain x is not allowed to send: recipient limit exceeded, try again after x",
	    VERDICT_THROTTLE, VERDICT_PLAIN },
	{ 250, "DATA Ok", VERDICT_NONE, VERDICT_PLAIN },
	{ 354, "DATA Go ahead", VERDICT_NONE, VERDICT_PLAIN },
	{ 999, "RCPT what", VERDICT_NONE, VERDICT_PLAIN },
};

static unsigned
count_rules(const struct verdict_rule *rules)
{
	unsigned count = 0;

	while (rules[count].class != VERDICT_NONE)
		count++;
	return count;
}

static void
check_answer(const struct verdict_table *table, const struct rules *rules,
    const struct answer *answer, bool *met)
{
	const struct verdict_rule *rule =
	    verdict_find(table, answer->status, answer->text);
	enum verdict_class class = rule != NULL ? rule->class : VERDICT_NONE;

	if (class != answer->class)
		fail_msg("%u %s is %s, not %s", answer->status, answer->text,
		    verdict_class_text(class),
		    verdict_class_text(answer->class));
	if (rule == NULL)
		return;
	if (rule->mark != answer->mark)
		fail_msg("%u %s is marked %u, not %u", answer->status,
		    answer->text, rule->mark, answer->mark);
	met[rule - rules->rules] = true;
}

static void
test_rules(void **state)
{
	const struct rules *rules = *state;
	struct verdict_table *table = verdict_table_new(rules->rules);
	unsigned count = count_rules(rules->rules);
	g_autofree bool *met = g_new0(bool, count);

	for (size_t i = 0; i < rules->count; i++)
		check_answer(table, rules, &rules->answers[i], met);
	for (unsigned i = 0; i < count; i++) {
		assert_non_null(rules->rules[i].source);
		if (!met[i])
			fail_msg("no answer meets row %u (%u %s)", i,
			    rules->rules[i].status,
			    rules->rules[i].pattern != NULL
				? rules->rules[i].pattern
				: "any text");
	}
	verdict_table_free(table);
}

static const struct {
	const struct mandrill_verdicts_word *words;
	const char *word;
	enum verdict_class class;
	bool suppressed, held;
} words[] = {
#define S mandrill_verdicts_states
	{ S, "sent", VERDICT_ACCEPTED, false, false },
	{ S, "SENT", VERDICT_ACCEPTED, false, false },
	{ S, "queued", VERDICT_ACCEPTED, false, false },
	{ S, "scheduled", VERDICT_ACCEPTED, false, false },
	{ S, "invalid", VERDICT_RECIPIENT, false, false },
	{ S, "else", VERDICT_DOUBT, false, false },
	{ S, NULL, VERDICT_DOUBT, false, false },
#define R mandrill_verdicts_reasons
	{ R, "hard-bounce", VERDICT_RECIPIENT, true, false },
	{ R, "soft-bounce", VERDICT_RECIPIENT, true, false },
	{ R, "spam", VERDICT_RECIPIENT, true, false },
	{ R, "unsub", VERDICT_RECIPIENT, true, false },
	{ R, "custom", VERDICT_RECIPIENT, true, false },
	{ R, "invalid", VERDICT_RECIPIENT, false, false },
	{ R, "invalid-sender", VERDICT_SENDER, false, false },
	{ R, "unsigned", VERDICT_SENDER, false, false },
	{ R, "test-mode-limit", VERDICT_ACCOUNT, false, false },
	{ R, "recipient-domain-mismatch", VERDICT_ACCOUNT, false, false },
	{ R, "rule", VERDICT_PAYLOAD, false, false },
	{ R, "else", VERDICT_PAYLOAD, false, false },
	{ R, NULL, VERDICT_PAYLOAD, false, false },
#define Q mandrill_verdicts_queues
	{ Q, "attachments", VERDICT_ACCEPTED, false, false },
	{ Q, "multiple-recipients", VERDICT_ACCEPTED, false, false },
	{ Q, "hourly-quota-exhausted", VERDICT_ACCEPTED, false, false },
	{ Q, "sending-backlogged", VERDICT_ACCEPTED, false, false },
	{ Q, "monthly-limit-reached", VERDICT_ACCEPTED, false, true },
	{ Q, "free-trial-sends-exhausted", VERDICT_ACCEPTED, false, true },
	{ Q, "sending-paused", VERDICT_ACCEPTED, false, true },
	{ Q, "sending-suspended", VERDICT_ACCEPTED, false, true },
	{ Q, "account-suspended", VERDICT_ACCEPTED, false, true },
	{ Q, "else", VERDICT_ACCEPTED, false, false },
	{ Q, NULL, VERDICT_ACCEPTED, false, false },
};

static void
test_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
		const struct mandrill_verdicts_word *word =
		    mandrill_verdicts_find(words[i].words, words[i].word);

		assert_int_equal(word->class, words[i].class);
		assert_int_equal(word->suppressed, words[i].suppressed);
		assert_int_equal(word->held, words[i].held);
	}
}

#define RULES(rules, answers)                         \
	{                                             \
		rules, answers, G_N_ELEMENTS(answers) \
	}

int
main(void)
{
	static const struct rules mailgun =
	    RULES(mailgun_verdicts, mailgun_answers);
	static const struct rules errors =
	    RULES(mandrill_verdicts_errors, mandrill_errors);
	static const struct rules pages =
	    RULES(mandrill_verdicts_pages, mandrill_pages);
	static const struct rules upstream =
	    RULES(upstream_verdicts, upstream_answers);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(test_rules, (void *)&mailgun),
		cmocka_unit_test_prestate(test_rules, (void *)&errors),
		cmocka_unit_test_prestate(test_rules, (void *)&pages),
		cmocka_unit_test_prestate(test_rules, (void *)&upstream),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
