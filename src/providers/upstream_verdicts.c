/* SPDX-License-Identifier: MIT */
#include "upstream_verdicts.h"

/* Where the rows are known from. */
#define AUTH    "RFC 4954 4.6"
#define CODES   "RFC 5321 4.2.3"
#define DELAYED "Postfix smtpd_delay_reject: told at RCPT, meant of us"
#define LIMITS  "RFC 5321 4.5.3.1.10, replies of large hosts"

/* What servers say of us or of the sender when they wait for RCPT to say it
 * stands before what RCPT is about, or a closed relay would bounce every mail.
 */
const struct verdict_rule upstream_verdicts[] = {
	/* user and password */
	{ 530, 0, NULL, VERDICT_ACCOUNT, VERDICT_PLAIN, AUTH },
	{ 534, 535, NULL, VERDICT_ACCOUNT, VERDICT_PLAIN, AUTH },
	{ 538, 0, NULL, VERDICT_ACCOUNT, VERDICT_PLAIN, AUTH },
	{ 0, 0, "^AUTH ", VERDICT_ACCOUNT, VERDICT_PLAIN, AUTH },
	{ 503, 0, "authenticat|\\bauth\\b", VERDICT_ACCOUNT, VERDICT_PLAIN,
	    DELAYED },

	/* not now */
	{ 400, 499,
	    "too many|too much|too fast|\\brate\\b|\\blimit|slow down|throttl",
	    VERDICT_THROTTLE, VERDICT_PLAIN, LIMITS },
	{ 400, 499, NULL, VERDICT_OUTAGE, VERDICT_PLAIN, CODES },

	/* the host, or us to it */
	{ 0, 0, "^CONNECT ", VERDICT_OUTAGE, VERDICT_PLAIN, CODES },
	{ 500, 599,
	    "^(MAIL|RCPT) .*(relay(ing)? (access )?(is )?(denied|not)"
	    "|(not|un)\\w* (permitted |allowed |able )?to relay"
	    "|relaying|authentication (is )?required|must authenticate"
	    "|not authenticated|client host .*(reject|block|deni)"
	    "|blocked using|black ?list|block ?list)",
	    VERDICT_ACCOUNT, VERDICT_PLAIN, DELAYED },

	/* the sender */
	{ 553, 0, "^MAIL ", VERDICT_SENDER, VERDICT_PLAIN, CODES },
	{ 500, 599, "^MAIL .*(\\b5\\.(1\\.[78]|7\\.[0-9]+)\\b|sender|from)",
	    VERDICT_SENDER, VERDICT_PLAIN, "RFC 3463 3.2, 3.8" },
	{ 500, 599,
	    "^RCPT .*(\\b5\\.1\\.[78]\\b|sender address|sender .*reject)",
	    VERDICT_SENDER, VERDICT_PLAIN, DELAYED },

	/* the recipient, the mail */
	{ 500, 599, "^RCPT ", VERDICT_RECIPIENT, VERDICT_PLAIN, CODES },
	{ 500, 599, "^(MAIL|DATA) ", VERDICT_PAYLOAD, VERDICT_PLAIN, CODES },
	{ 0 },
};
