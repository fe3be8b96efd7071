/* SPDX-License-Identifier: MIT */
#include "dispatch/dispatcher.h"

const struct setting route_settings[] = {
	{ "route", "providers", SETTING_LIST, .required = true,
	    .help =
		"The providers to try, in this order.  A mail's recipient "
		"goes by the first route, in the order of the file, all of "
		"whose conditions (sender_domains, recipient_domains, "
		"listeners, user, header) hold, else by [route default]; one "
		"without conditions is for bounce_route and for mail that "
		"names it in X-Postferry-Route (conditions do not bind such "
		"mail, but `user` and `listeners` do)." },
	{ "route", "sender_domains", SETTING_LIST,
	    .help = "Condition: the domain of From or of the envelope sender "
		    "is one of these; example.com is that domain, "
		    ".example.com are those below it." },
	{ "route", "recipient_domains", SETTING_LIST,
	    .help = "Condition: the recipient's domain is one of these; the "
		    "other recipients of the mail go by other routes." },
	{ "route", "listeners", SETTING_LIST,
	    .help = "Condition: the mail came by one of these listeners; http: "
		    "it was handed in by HTTP." },
	{ "route", "user", SETTING_LIST,
	    .help = "Condition: the mail came from one of these users, who "
		    "logged in by AUTH, or whose token it came with." },
	{ "route", "header", SETTING_STRING,
	    .help = "Condition: the mail has this header field, like X-Class, "
		    "or with this value, like X-Class: otp; compared without "
		    "case, * at the end stands for anything." },

	{ "route", "order", SETTING_CHOICE, "failover",
	    .choices = "failover|weighted",
	    .help = "Whom to ask first: failover = the first provider there "
		    "is, weighted = one drawn by `weights` for each mail; the "
		    "others follow as in `providers`." },
	{ "route", "weights", SETTING_STRING,
	    .help = "Shares of the mail, one number from 0 to 1000 for each of "
		    "the providers, like 3, 1; 0: only when another fails; not "
		    "set: equal." },
	{ "route", "give_up", SETTING_DURATION, .min = 1, .max = 2592000000,
	    .help = "How long mail of this route is tried before it bounces; "
		    "not set: as in [server]." },
	{ "route", "doubt", SETTING_CHOICE, "prefer_delivery",
	    .choices = "prefer_delivery|prefer_once|never_twice",
	    .help = "A provider may have the mail and cannot say: "
		    "prefer_delivery = after a while the next one gets it, "
		    "prefer_once = only when it surely was not delivered, "
		    "never_twice = never, a person decides.  "
		    "X-Postferry-Doubt of a mail counts more." },
	{ "route", "format", SETTING_CHOICE, "auto",
	    .choices = "auto|fields|raw",
	    .help = "How its mail is handed over; auto: as the provider's "
		    "format says." },

	{ "route", "from", SETTING_STRING,
	    .help = "What stands in From of mail that may not leave with its "
		    "own (see rewrite_from), like Shop <shop@example.com>; the "
		    "old From goes to Reply-To." },
	{ "route", "rewrite_from", SETTING_CHOICE, "foreign",
	    .choices = "never|foreign|always",
	    .help = "When `from` takes the place of From: foreign = when its "
		    "domain is in no `domains` of the provider." },
	{ "route", "only_to", SETTING_LIST,
	    .help = "Only these addresses and domains are sent to (staging); "
		    "what is for others goes to redirect_to, or is dropped." },
	{ "route", "redirect_to", SETTING_STRING,
	    .help = "The address that gets the mail in place of its "
		    "recipients (of those not in only_to, if that is set)." },

	{ "route", "tags", SETTING_LIST,
	    .help = "Tags for all of its mail, beside those the mail has; a "
		    "provider that takes fewer gets the mail's own first." },
	{ "route", "metadata", SETTING_LIST,
	    .help = "Metadata for all of its mail, like shop=4, kind=invoice; "
		    "what the mail says of a key counts more." },
	{ "route", "track_opens", SETTING_BOOL,
	    .help = "Whether providers note who opens its mail, unless the "
		    "mail says; not set: as the account has it." },
	{ "route", "track_clicks", SETTING_CHOICE, .choices = "yes|no|html",
	    .help = "The same of links that are followed; html: those of the "
		    "html alone, where the provider can." },
	{ "route", "send_delay", SETTING_DURATION, .min = 1000,
	    .max = 259200000,
	    .help = "The provider sends its mail so long after it came, "
		    "unless the mail names a time; Mandrill does that for "
		    "paying accounts, SMTP servers do not." },
	{ "route", "template", SETTING_STRING,
	    .help = "The template that its mail is sent by, unless the mail "
		    "names one: each provider of the route must have one of "
		    "that name (Mandrill: NAME|BLOCK)." },
	{ .section = NULL },
};
