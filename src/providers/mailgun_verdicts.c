/* SPDX-License-Identifier: MIT */
#include "mailgun_verdicts.h"

/* Where the rows are known from. */
#define SPEC      "OpenAPI description of the API, 2026-05"
#define GUIDE     "API guide, table of errors"
#define GUIDE_429 "API guide, rate limits"
#define SEEN      "logs of users"
#define GATEWAY   "RFC 9110 15.6, pages of the gateway in front"
#define CLIENT    "notes of client libraries"

/* The order is part of the data: throttling comes as 400, 420 and 429 with the
 * same texts as what is wrong with the account, so its words are looked for
 * first; what is left of the 400s is about the mail. */
const struct verdict_rule mailgun_verdicts[] = {
	/* not an answer of the API at all: a wrong path or domain */
	{ 200, 299, "mailgun magnificent api", VERDICT_ACCOUNT, VERDICT_PLAIN,
	    CLIENT },
	{ 200, 299, NULL, VERDICT_DOUBT, VERDICT_PLAIN, SPEC },
	{ 300, 399, NULL, VERDICT_ACCOUNT, VERDICT_PLAIN,
	    "RFC 9110 15.4: nothing is taken; the base_url is another's" },

	/* not now */
	{ 420, 0, NULL, VERDICT_THROTTLE, VERDICT_PLAIN, SEEN },
	{ 429, 0, NULL, VERDICT_THROTTLE, VERDICT_PLAIN, SPEC },
	{ 400, 499,
	    "limit exceeded|try again after|too fast|exceeded your"
	    "|daily limit|quota",
	    VERDICT_THROTTLE, VERDICT_PLAIN, GUIDE_429 },

	/* more recipients than this account may have in one call */
	{ 400, 0, "too many recipients, max is", VERDICT_PAYLOAD, VERDICT_PLAIN,
	    GUIDE },
	{ 403, 0, "large batches", VERDICT_ACCOUNT, VERDICT_PLAIN, GUIDE },

	/* the account, its key, its domain */
	{ 400, 0, "is not allowed to send", VERDICT_ACCOUNT, VERDICT_PLAIN,
	    GUIDE },
	{ 400, 0, "not a valid secondary dkim domain", VERDICT_ACCOUNT,
	    VERDICT_PLAIN, GUIDE },
	{ 401, 404, NULL, VERDICT_ACCOUNT, VERDICT_PLAIN, GUIDE },
	{ 405, 0, NULL, VERDICT_ACCOUNT, VERDICT_PLAIN,
	    "RFC 9110 15.5.6: the base_url is another's" },
	{ 407, 0, NULL, VERDICT_ACCOUNT, VERDICT_PLAIN,
	    "RFC 9110 15.5.8: the proxy wants a password" },

	/* the upload did not get there whole */
	{ 400, 0, "unexpected eof", VERDICT_OUTAGE, VERDICT_PLAIN, GUIDE },
	{ 408, 0, NULL, VERDICT_DOUBT, VERDICT_UNLIKELY, "RFC 9110 15.5.9" },

	/* the mail */
	{ 400, 0, MAILGUN_VERDICTS_ADDRESS, VERDICT_RECIPIENT, VERDICT_PLAIN,
	    SPEC },
	{ 400, 0, NULL, VERDICT_PAYLOAD, VERDICT_PLAIN, GUIDE },
	{ 413, 0, NULL, VERDICT_PAYLOAD, VERDICT_PLAIN, GUIDE },
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
