/* SPDX-License-Identifier: MIT */
#include "upstream_verdicts.h"

/* Where the rows are known from. */
#define AUTH     "RFC 4954 6"
#define CODES    "RFC 5321 4.2.3"
#define NUMBER   "RFC 5321 4.5.3.1.10"
#define ENHANCED "RFC 3463 3"
#define DOMAIN   "RFC 7372 3"
#define DELAYED  "Postfix smtpd_delay_reject: told at RCPT, meant of us"
#define SEEN     "replies of large hosts"
#define RELAYS   "replies of providers' relays"

/* An enhanced code stands before the text; some put a # before it. */
#define CODE(stages, code) "^(" stages ") #?" code "(?![0-9])"

/* What is full is a mailbox; what is full of our mail is a limit of ours. */
#define MAILBOX "mail ?box|over ?quota|quota exceeded for (user|recipient)"
#define MANY                                                          \
	"(#?[45]\\.5\\.3\\b|.*(too many recipients|recipient limit))" \
	"(?!.*(\\bper\\b|hour|day|minute|rate))"

/* What servers say of us or of the sender when they wait for RCPT to say it
 * stands before what RCPT is about, or a closed relay would bounce every mail;
 * what they say of a mailbox stands before what reads like a limit of ours, or
 * one full mailbox would stop all mail. */
const struct verdict_rule upstream_verdicts[] = {
	/* user and password */
	{ 432, 0, NULL, VERDICT_ACCOUNT, VERDICT_PLAIN, AUTH },
	{ 530, 0, NULL, VERDICT_ACCOUNT, VERDICT_PLAIN, AUTH },
	{ 534, 535, NULL, VERDICT_ACCOUNT, VERDICT_PLAIN, AUTH },
	{ 538, 0, NULL, VERDICT_ACCOUNT, VERDICT_PLAIN, AUTH },
	{ 0, 0, "^AUTH ", VERDICT_ACCOUNT, VERDICT_PLAIN, AUTH },
	{ 503, 0, "authenticat|\\bauth\\b", VERDICT_ACCOUNT, VERDICT_PLAIN,
	    DELAYED },

	/* more recipients than it takes in one mail */
	{ 400, 499, "^RCPT " MANY, VERDICT_THROTTLE, VERDICT_SURPLUS, NUMBER },
	{ 500, 599, "^RCPT " MANY, VERDICT_THROTTLE, VERDICT_SURPLUS, NUMBER },

	/* one mailbox: full, busy, or its server puts strangers off */
	{ 400, 499, CODE("RCPT|DATA", "4\\.[12]\\.[0-9]+"), VERDICT_OUTAGE,
	    VERDICT_SINGLE, ENHANCED },
	{ 400, 499, CODE("RCPT", "4\\.4\\.[0-9]+"), VERDICT_OUTAGE,
	    VERDICT_SINGLE, ENHANCED },
	{ 400, 499, "^(RCPT|DATA) .*(" MAILBOX "|gr[ae]y ?-?list)",
	    VERDICT_OUTAGE, VERDICT_SINGLE, SEEN },

	/* not now */
	{ 400, 499,
	    "too many|too much|too fast|too quickly|\\brate\\b|\\blimit"
	    "|slow down|throttl|\\bquota|\\bcredits?\\b",
	    VERDICT_THROTTLE, VERDICT_PLAIN, SEEN },
	{ 400, 499, CODE("[A-Z]+", "4\\.(7\\.28|5\\.3)"), VERDICT_THROTTLE,
	    VERDICT_PLAIN, SEEN },
	{ 421, 0, CODE("[A-Z]+", "4\\.7\\.[0-9]+"), VERDICT_THROTTLE,
	    VERDICT_PLAIN, SEEN },
	{ 452, 0, "^RCPT (?!#?4\\.3\\.1|.*(stor|space|memory))",
	    VERDICT_THROTTLE, VERDICT_SURPLUS, NUMBER },

	{ 400, 499, "domain \\S+ is not allowed to send", VERDICT_ACCOUNT,
	    VERDICT_PLAIN, RELAYS },

	/* one recipient, in no words or in words of policy */
	{ 400, 499, "client host|\\bhelo\\b|hostname", VERDICT_OUTAGE,
	    VERDICT_PLAIN, DELAYED },
	{ 450, 0, "^RCPT ", VERDICT_OUTAGE, VERDICT_SINGLE, CODES },
	{ 451, 0, CODE("RCPT", "4\\.7\\.1"), VERDICT_OUTAGE, VERDICT_SINGLE,
	    SEEN },
	{ 400, 499, NULL, VERDICT_OUTAGE, VERDICT_PLAIN, CODES },

	/* the host, or us to it */
	{ 500, 599,
	    "^(CONNECT|MAIL|RCPT) .*(relay(ing)? (access )?(is )?(denied|not)"
	    "|(not|un)\\w* (permitted |allowed |able )?to relay"
	    "|relaying|authentication (is )?required|must authenticate"
	    "|not authenticated|client host .*(reject|block|deni)"
	    "|blocked using|black ?list|block ?list)",
	    VERDICT_ACCOUNT, VERDICT_PLAIN, DELAYED },
	{ 500, 599, CODE("[A-Z]+", "5\\.7\\.(25|57)"), VERDICT_ACCOUNT,
	    VERDICT_PLAIN, DOMAIN },
	{ 500, 599,
	    "^(CONNECT|MAIL|DATA) .*(account (is |has been )?(suspended"
	    "|disabled|blocked)|credits exceeded)",
	    VERDICT_ACCOUNT, VERDICT_PLAIN, RELAYS },

	/* one mailbox again, and one size */
	{ 500, 599, CODE("RCPT|DATA", "5\\.1\\.[0-69]"), VERDICT_RECIPIENT,
	    VERDICT_PLAIN, ENHANCED },
	{ 500, 599, CODE("RCPT|DATA", "5\\.2\\.[0-9]+"), VERDICT_RECIPIENT,
	    VERDICT_PLAIN, ENHANCED },
	{ 500, 599, "^(RCPT|DATA) .*(" MAILBOX ")", VERDICT_RECIPIENT,
	    VERDICT_PLAIN, SEEN },
	{ 500, 599, CODE("MAIL|DATA", "5\\.3\\.4"), VERDICT_PAYLOAD,
	    VERDICT_PLAIN, ENHANCED },
	{ 500, 599, "^(MAIL|DATA) .*(\\bsize\\b|too (big|large))",
	    VERDICT_PAYLOAD, VERDICT_PLAIN, SEEN },

	/* a limit of ours that is told like a refusal */
	{ 500, 599,
	    "on probation|will be enabled in|too fast"
	    "|limit exceeded, try again",
	    VERDICT_THROTTLE, VERDICT_PLAIN, RELAYS },
	{ 500, 599, CODE("[A-Z]+", "5\\.4\\.5"), VERDICT_THROTTLE,
	    VERDICT_PLAIN, RELAYS },
	{ 500, 599,
	    "(hour|dai|send)\\w* (\\w+ )?(limit|quota)|\\bper (hour|day)\\b"
	    "|(rate|message|sending) ?limit|throttl"
	    "|too many (message|mail|e-mail|connection)",
	    VERDICT_THROTTLE, VERDICT_PLAIN, RELAYS },

	{ 500, 599, "domain \\S+ is not allowed to send", VERDICT_ACCOUNT,
	    VERDICT_PLAIN, RELAYS },

	/* the host */
	{ 0, 0, "^CONNECT ", VERDICT_OUTAGE, VERDICT_PLAIN, CODES },

	/* the sender */
	{ 553, 0, "^MAIL ", VERDICT_SENDER, VERDICT_PLAIN, CODES },
	{ 500, 599, CODE("MAIL", "5\\.(1\\.[78]|7\\.[0-9]+)"), VERDICT_SENDER,
	    VERDICT_PLAIN, ENHANCED },
	{ 500, 599, "^MAIL .*(sender|from)", VERDICT_SENDER, VERDICT_PLAIN,
	    SEEN },
	{ 500, 599, CODE("RCPT|DATA", "5\\.1\\.[78]"), VERDICT_SENDER,
	    VERDICT_PLAIN, DELAYED },
	{ 500, 599, "^(RCPT|DATA) .*(sender address|sender .*reject)",
	    VERDICT_SENDER, VERDICT_PLAIN, DELAYED },
	{ 500, 599, CODE("RCPT|DATA", "5\\.7\\.(2[0-46]|60)"), VERDICT_SENDER,
	    VERDICT_PLAIN, DOMAIN },
	{ 500, 599,
	    "^DATA .*(not (a )?verified|verified sender|as this sender)",
	    VERDICT_SENDER, VERDICT_PLAIN, RELAYS },

	/* the recipient, the mail */
	{ 500, 599, "^RCPT ", VERDICT_RECIPIENT, VERDICT_PLAIN, CODES },
	{ 500, 599, "^(MAIL|DATA) ", VERDICT_PAYLOAD, VERDICT_PLAIN, CODES },
	{ 0 },
};
