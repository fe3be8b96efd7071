/* SPDX-License-Identifier: MIT */
#include "mandrill_verdicts.h"

/* Where the rows are known from. */
#define SPEC    "OpenAPI description of the API 1.4"
#define OLD     "error map of the first PHP client"
#define SEEN    "integration tests and logs of users"
#define EDGE    "pages of the gateway in front"
#define REFUSED "RFC 9110 15.5"

#define OTHERS "OpenAPI description of the API 1.4, errors of other calls"

/* The name decides before the status does: API 1.0 says 500 of nearly
 * everything. */
const struct verdict_rule mandrill_verdicts_errors[] = {
	/* the account */
	{ 0, 0, "^Invalid_Key:", VERDICT_ACCOUNT, VERDICT_PLAIN, SPEC },
	{ 0, 0, "^ValidationError:.*must specify a key", VERDICT_ACCOUNT,
	    VERDICT_PLAIN, SEEN },
	/* a mail of another hour, which the mail asked for */
	{ 0, 0, "^(MC_Exception_)?PaymentRequired:.*scheduling",
	    VERDICT_PAYLOAD, VERDICT_PLAIN, SPEC },
	{ 0, 0, "^(MC_Exception_)?PaymentRequired:", VERDICT_ACCOUNT,
	    VERDICT_PLAIN, SPEC },
	{ 0, 0, "^Unknown_Subaccount:", VERDICT_ACCOUNT, VERDICT_PLAIN, SPEC },

	/* the mail, and what it asks for by its header fields */
	{ 0, 0, "^(MC_Exception_)?ValidationError:", VERDICT_PAYLOAD,
	    VERDICT_PLAIN, SEEN },
	{ 0, 0, "^Unknown_Template:", VERDICT_PAYLOAD, VERDICT_PLAIN, OLD },
	{ 0, 0, "^Invalid_(Version|Template|Tag_Name):", VERDICT_PAYLOAD,
	    VERDICT_PLAIN, OTHERS },
	{ 0, 0, "^(Unknown_MetadataField|Metadata_FieldLimit):",
	    VERDICT_PAYLOAD, VERDICT_PLAIN, OTHERS },
	{ 0, 0, "^Unknown_(IP|Pool):", VERDICT_PAYLOAD, VERDICT_PLAIN, OTHERS },
	{ 0, 0,
	    "^(Unknown_(TrackingDomain|Url)|Invalid_Verified_TrackingDomain"
	    "|MC_Exception_InvalidTrackingDomain):",
	    VERDICT_PAYLOAD, VERDICT_PLAIN, OTHERS },

	/* the domain in From */
	{ 0, 0, "^(Unknown_(Sender|Domain)|Invalid_Verified_Domain):",
	    VERDICT_SENDER, VERDICT_PLAIN, OTHERS },

	/* said of no call that sends: it went somewhere else */
	{ 0, 0,
	    "^(Unknown_(Message|Webhook|InboundDomain|InboundRoute|Export)"
	    "|Invalid_Reject):",
	    VERDICT_PAYLOAD, VERDICT_UNKNOWN, OTHERS },
	{ 0, 0,
	    "^(Invalid_(EmptyDefaultPool|DeleteDefaultPool|DeleteNonEmptyPool"
	    "|CustomDNS|CustomDNSPending)|IP_ProvisionLimit"
	    "|NoSendingHistory|PoorReputation):",
	    VERDICT_PAYLOAD, VERDICT_UNKNOWN, OTHERS },

	/* not now */
	{ 0, 0, "^RequestLimitExceeded:", VERDICT_THROTTLE, VERDICT_PLAIN,
	    SPEC },

	/* Mandrill; with "unknown error" a mail has been sent in spite of it */
	{ 0, 0, "^ServiceUnavailable:", VERDICT_OUTAGE, VERDICT_PLAIN, SPEC },
	{ 0, 0, "^GeneralError:", VERDICT_DOUBT, VERDICT_UNLIKELY, SPEC },

	/* a name that nobody knows: the status; of 4xx the others are the
	 * mail's fault; an error that has a name was no breakdown */
	{ 401, 403, NULL, VERDICT_ACCOUNT, VERDICT_UNKNOWN, SPEC },
	{ 429, 0, NULL, VERDICT_THROTTLE, VERDICT_UNKNOWN, SPEC },
	{ 400, 499, NULL, VERDICT_PAYLOAD, VERDICT_UNKNOWN, REFUSED },
	{ 500, 599, NULL, VERDICT_OUTAGE, VERDICT_UNKNOWN, SEEN },
	{ 200, 299, NULL, VERDICT_DOUBT, VERDICT_UNKNOWN,
	    "an error with a status of success" },
	{ 0 },
};

const struct verdict_rule mandrill_verdicts_pages[] = {
	{ 200, 299, NULL, VERDICT_DOUBT, VERDICT_PLAIN, SPEC },
	{ 300, 399, NULL, VERDICT_ACCOUNT, VERDICT_PLAIN,
	    "RFC 9110 15.4: nothing is taken; the base_url is another's" },
	{ 401, 405, NULL, VERDICT_ACCOUNT, VERDICT_PLAIN, EDGE },
	{ 407, 0, NULL, VERDICT_ACCOUNT, VERDICT_PLAIN,
	    "RFC 9110 15.5.8: the proxy wants a password" },
	{ 408, 0, NULL, VERDICT_DOUBT, VERDICT_UNLIKELY, "RFC 9110 15.5.9" },
	{ 413, 0, NULL, VERDICT_PAYLOAD, VERDICT_PLAIN, EDGE },
	{ 420, 0, NULL, VERDICT_THROTTLE, VERDICT_PLAIN, EDGE },
	{ 429, 0, NULL, VERDICT_THROTTLE, VERDICT_PLAIN, EDGE },
	{ 400, 0, NULL, VERDICT_PAYLOAD, VERDICT_PLAIN, REFUSED },
	{ 422, 0, NULL, VERDICT_PAYLOAD, VERDICT_PLAIN, REFUSED },
	{ 500, 0, NULL, VERDICT_DOUBT, VERDICT_UNLIKELY, EDGE },
	{ 502, 0, NULL, VERDICT_DOUBT, VERDICT_UNLIKELY, EDGE },
	{ 503, 0, NULL, VERDICT_OUTAGE, VERDICT_PLAIN, EDGE },
	{ 504, 0, NULL, VERDICT_DOUBT, VERDICT_UNLIKELY, EDGE },
	{ 520, 527, NULL, VERDICT_DOUBT, VERDICT_UNLIKELY, "pages of a CDN" },
	{ 0 },
};

const struct mandrill_verdicts_word mandrill_verdicts_states[] = {
	{ "sent", VERDICT_ACCEPTED, false, false, SPEC },
	{ "queued", VERDICT_ACCEPTED, false, false, SPEC },
	{ "scheduled", VERDICT_ACCEPTED, false, false, SPEC },
	{ "invalid", VERDICT_RECIPIENT, false, false, SPEC },
	{ NULL, VERDICT_DOUBT, false, false, "no word that is known" },
};

/* A recipient on the reject list is not tried elsewhere: that would get round
 * what he or his host asked for. */
const struct mandrill_verdicts_word mandrill_verdicts_reasons[] = {
	{ "hard-bounce", VERDICT_RECIPIENT, true, false, SPEC },
	{ "soft-bounce", VERDICT_RECIPIENT, true, false, SPEC },
	{ "spam", VERDICT_RECIPIENT, true, false, SPEC },
	{ "unsub", VERDICT_RECIPIENT, true, false, SPEC },
	{ "custom", VERDICT_RECIPIENT, true, false, SPEC },
	{ "invalid", VERDICT_RECIPIENT, false, false, SPEC },
	{ "invalid-sender", VERDICT_SENDER, false, false, SPEC },
	{ "unsigned", VERDICT_SENDER, false, false, SPEC },
	{ "test-mode-limit", VERDICT_ACCOUNT, false, false, SPEC },
	{ "recipient-domain-mismatch", VERDICT_ACCOUNT, false, false, SEEN },
	/* a rule of the account against this mail */
	{ "rule", VERDICT_PAYLOAD, false, false, SPEC },
	/* not sent, whatever the reason is */
	{ NULL, VERDICT_PAYLOAD, false, false, "no word that is known" },
};

const struct mandrill_verdicts_word mandrill_verdicts_queues[] = {
	{ "attachments", VERDICT_ACCEPTED, false, false, SPEC },
	{ "multiple-recipients", VERDICT_ACCEPTED, false, false, SPEC },
	/* later, by itself */
	{ "hourly-quota-exhausted", VERDICT_ACCEPTED, false, false, SPEC },
	{ "sending-backlogged", VERDICT_ACCEPTED, false, false, SPEC },
	/* when somebody pays or is forgiven; sent elsewhere it would leave
	 * twice */
	{ "monthly-limit-reached", VERDICT_ACCEPTED, false, true, SPEC },
	{ "free-trial-sends-exhausted", VERDICT_ACCEPTED, false, true, SPEC },
	{ "sending-paused", VERDICT_ACCEPTED, false, true, SPEC },
	{ "sending-suspended", VERDICT_ACCEPTED, false, true, SPEC },
	{ "account-suspended", VERDICT_ACCEPTED, false, true, SPEC },
	{ NULL, VERDICT_ACCEPTED, false, false, "no word that is known" },
};

const struct mandrill_verdicts_word *
mandrill_verdicts_find(
    const struct mandrill_verdicts_word *words, const char *word)
{
	while (words->word != NULL &&
	       (word == NULL || g_ascii_strcasecmp(words->word, word) != 0))
		words++;
	return words;
}
