/* SPDX-License-Identifier: MIT */
#include "mailgun_verdicts.h"

/* Where the rows are known from. */
#define SPEC      "OpenAPI description of the API, 2026-05"
#define GUIDE     "API guide, table of errors"
#define GUIDE_429 "API guide, rate limits"
#define SEEN      "logs of users"
#define GATEWAY   "RFC 9110 15.6, pages of the gateway in front"
#define CLIENT    "notes of client libraries"

#define PATH "another's base_url"

/* A word of its own, not a piece of a domain or an address. */
#define WORD(word) "(?<![\\w.@-])" word "(?![\\w.@-])"

/* The order is part of the data.  First what repeats words of the mail, which
 * could read like anything.  Throttling comes as 400, 403, 420 and 429 with the
 * same "is not allowed to send" as what is wrong with the account, so its words
 * come before that; what is left of the 400s is about the mail. */
const struct verdict_rule mailgun_verdicts[] = {
	/* not an answer of the API at all: a wrong path or domain */
	{ 200, 299, "mailgun magnificent api", VERDICT_ACCOUNT, VERDICT_PLAIN,
	    CLIENT },
	{ 200, 299, NULL, VERDICT_DOUBT, VERDICT_PLAIN, SPEC },
	{ 300, 399, NULL, VERDICT_ACCOUNT, VERDICT_PLAIN,
	    "RFC 9110 15.4: nothing is taken; " PATH },

	/* the mail, in words of the mail */
	{ 400, 0, MAILGUN_VERDICTS_ADDRESS, VERDICT_RECIPIENT, VERDICT_PLAIN,
	    SPEC },
	{ 400, 0, "\\bfrom\\b\\W* parameter is not a valid address",
	    VERDICT_PAYLOAD, VERDICT_PLAIN, SPEC },
	{ 400, 0, "cannot parse from address", VERDICT_PAYLOAD, VERDICT_PLAIN,
	    SEEN },
	{ 400, 0, "header name must be pure ascii", VERDICT_PAYLOAD,
	    VERDICT_PLAIN, GUIDE },
	{ 400, 0,
	    "rfc-?2822 compliant date|invalid delivery time"
	    "|o:time-zone-localize",
	    VERDICT_PAYLOAD, VERDICT_PLAIN, GUIDE },
	{ 413, 0, NULL, VERDICT_PAYLOAD, VERDICT_PLAIN, GUIDE },

	/* not now */
	{ 420, 0, NULL, VERDICT_THROTTLE, VERDICT_PLAIN, SEEN },
	{ 429, 0, NULL, VERDICT_THROTTLE, VERDICT_PLAIN, SPEC },
	{ 400, 499, "limit exceeded|try again after", VERDICT_THROTTLE,
	    VERDICT_PLAIN, GUIDE_429 },
	{ 400, 499, "too fast", VERDICT_THROTTLE, VERDICT_PLAIN, SEEN },
	{ 400, 499, "on probation|will be enabled in", VERDICT_THROTTLE,
	    VERDICT_PLAIN, SEEN },
	{ 400, 499, "exceeded your|daily limit|" WORD("quota"),
	    VERDICT_THROTTLE, VERDICT_PLAIN, CLIENT },
	{ 400, 499, "too many messages in queue", VERDICT_THROTTLE,
	    VERDICT_PLAIN, SPEC },

	/* more recipients than this account may have in one call */
	{ 400, 0, "too many recipients", VERDICT_PAYLOAD, VERDICT_PLAIN,
	    GUIDE },
	{ 403, 0, "large batches", VERDICT_ACCOUNT, VERDICT_PLAIN, GUIDE },

	/* the account, its key, its domain */
	{ 400, 0, "is not allowed to send", VERDICT_ACCOUNT, VERDICT_PLAIN,
	    GUIDE },
	{ 400, 0, "not a valid secondary dkim domain", VERDICT_ACCOUNT,
	    VERDICT_PLAIN, GUIDE },
	{ 401, 0, NULL, VERDICT_ACCOUNT, VERDICT_PLAIN, SPEC },
	{ 402, 0, NULL, VERDICT_ACCOUNT, VERDICT_PLAIN, SPEC },
	{ 403, 0, NULL, VERDICT_ACCOUNT, VERDICT_PLAIN, GUIDE },
	{ 404, 0, NULL, VERDICT_ACCOUNT, VERDICT_PLAIN, SPEC },
	{ 405, 0, NULL, VERDICT_ACCOUNT, VERDICT_PLAIN,
	    "RFC 9110 15.5.6: " PATH },
	{ 407, 0, NULL, VERDICT_ACCOUNT, VERDICT_PLAIN,
	    "RFC 9110 15.5.8: the proxy wants a password" },

	/* the upload did not get there whole */
	{ 400, 0, "unexpected eof", VERDICT_OUTAGE, VERDICT_PLAIN, GUIDE },
	{ 408, 0, NULL, VERDICT_DOUBT, VERDICT_UNLIKELY, "RFC 9110 15.5.9" },

	/* the mail */
	{ 400, 0, "parameter is (missing|not a file)", VERDICT_PAYLOAD,
	    VERDICT_PLAIN, GUIDE },
	{ 400, 0, "need at least one of|only one parameter", VERDICT_PAYLOAD,
	    VERDICT_PLAIN, GUIDE },
	{ 400, 0, "are limited to 16 ?kb", VERDICT_PAYLOAD, VERDICT_PLAIN,
	    GUIDE },
	{ 400, 0, "recipient-variables\\W* parameter", VERDICT_PAYLOAD,
	    VERDICT_PLAIN, GUIDE },
	{ 400, 0,
	    "invalid request content type|malformed multipart"
	    "|invalid url escape",
	    VERDICT_PAYLOAD, VERDICT_PLAIN, GUIDE },
	{ 400, 0, NULL, VERDICT_PAYLOAD, VERDICT_UNKNOWN, "RFC 9110 15.5.1" },
	{ 415, 0, NULL, VERDICT_PAYLOAD, VERDICT_PLAIN, "RFC 9110 15.5.16" },
	{ 422, 0, NULL, VERDICT_PAYLOAD, VERDICT_PLAIN, "RFC 9110 15.5.21" },

	/* Mailgun; a 5xx after the upload has been seen with the mail sent */
	{ 500, 0, NULL, VERDICT_DOUBT, VERDICT_UNLIKELY, SPEC },
	{ 502, 0, NULL, VERDICT_DOUBT, VERDICT_UNLIKELY, GATEWAY },
	{ 503, 0, NULL, VERDICT_OUTAGE, VERDICT_PLAIN, GATEWAY },
	{ 504, 0, NULL, VERDICT_DOUBT, VERDICT_UNLIKELY, GATEWAY },
	{ 520, 527, NULL, VERDICT_DOUBT, VERDICT_UNLIKELY, "pages of a CDN" },
	{ 0 },
};
