/* SPDX-License-Identifier: MIT */
/*
 * Mail options are what a mail asks of the service that carries it beside
 * being carried: tags, tracking, a time to be sent at.  They are said in
 * control headers of any dialect (X-Mailgun-, X-MC-, X-PM-, X-SMTPAPI, X-SES-,
 * X-Postferry-) or by the settings of a route, and read once; what becomes of
 * them at one kind of provider is another matter (options_fit.h).  Immutable
 * once made; any thread.
 */
#ifndef MAIL_OPTIONS_H
#define MAIL_OPTIONS_H

#include "mail/message.h"

/* Options with one value; flags are "yes" or "no". */
enum mail_option {
	OPTION_TRACK, /* opens and clicks: yes, no, html */
	OPTION_TRACK_OPENS,
	OPTION_TRACK_CLICKS, /* yes, no, html, text */
	OPTION_SEND_AT,      /* milliseconds since 1970 */
	OPTION_TEST,         /* taken, and delivered to nobody */
	OPTION_REQUIRE_TLS,
	OPTION_TEMPLATE, /* a name; of Mandrill's NAME|BLOCK */
	OPTION_TEMPLATE_VERSION,
	OPTION_TEMPLATE_VARIABLES,  /* a JSON object */
	OPTION_RECIPIENT_VARIABLES, /* {"ADDRESS":{...}} */
	OPTION_MERGE_VARS,          /* JSON objects, one a line */
	OPTION_MERGE_LANGUAGE,
	OPTION_RECIPIENT_METADATA, /* JSON objects with _rcpt, one a line */
	OPTION_PRESERVE_RECIPIENTS,
	/* Mailgun's */
	OPTION_DKIM,
	OPTION_SECONDARY_DKIM, /* DOMAIN/SELECTOR */
	OPTION_SECONDARY_DKIM_PUBLIC,
	OPTION_DELIVER_WITHIN,  /* 1h30m */
	OPTION_OPTIMIZE_PERIOD, /* 24h to 72h */
	OPTION_LOCALIZE,        /* 14:30, 02:30pm */
	OPTION_PIXEL_TOP,
	OPTION_SENDING_IP,
	OPTION_SENDING_POOL,
	OPTION_SKIP_VERIFICATION,
	OPTION_ARCHIVE_TO,
	OPTION_SUPPRESS_HEADERS, /* names with commas between */
	OPTION_NATIVE_SEND,
	/* Mandrill's */
	OPTION_AUTO_TEXT,
	OPTION_AUTO_HTML,
	OPTION_INLINE_CSS,
	OPTION_STRIP_QUERY,
	OPTION_ANALYTICS_DOMAINS, /* with commas between */
	OPTION_ANALYTICS_CAMPAIGN,
	OPTION_TRACKING_DOMAIN,
	OPTION_SIGNING_DOMAIN,
	OPTION_RETURN_PATH_DOMAIN,
	OPTION_SUBACCOUNT,
	OPTION_VIEW_CONTENT,
	OPTION_BCC_ADDRESS,
	OPTION_IMPORTANT,
	OPTION_IP_POOL,
	OPTION_COUNT
};

/* More tags than this are not taken from one mail. */
#define OPTIONS_TAGS_MAX 100

struct option_value {
	char *text;  /* UTF-8, one line but for lists; NULL: not asked for */
	char *field; /* who says so: "X-MC-Track", "track_opens" */
	const char *dialect; /* the type of provider whose header it was, a
			      * literal ("mailgun"); NULL: of none */
};

struct option_pair {
	char *key;   /* printable ASCII */
	char *value; /* UTF-8, one line */
	bool bare;   /* a JSON number or truth value, not a string */
};

struct mail_options {
	GPtrArray *tags;     /* char *, UTF-8, no two alike; never NULL */
	GPtrArray *metadata; /* struct option_pair *, no two of a key */
	struct option_value values[OPTION_COUNT];
	GPtrArray *notes; /* char *, for people: what was not taken, and why */
	char *fault;      /* for people: one that cannot be left out makes no
			   * sense, so the mail is refused; NULL: none */
};

struct mail_options *options_new(void);
void options_free(struct mail_options *options);

/* Reads the control headers of the message; what stands there twice counts as
 * it stood last, tags and metadata add up. */
struct mail_options *options_read(const struct message *message);

/* Both together in one; where they contradict the first counts.  Notes and
 * fault are the first's. */
struct mail_options *options_join(
    const struct mail_options *first, const struct mail_options *second);

/* True when nothing is asked for. */
bool options_is_empty(const struct mail_options *options);

/* Asks for one; the value is copied, its text may be NULL: not asked for any
 * more. */
void options_set(struct mail_options *options, enum mail_option option,
    const struct option_value *value);

/* Add one, unless there is one like it (of this key). */
void options_add_tag(struct mail_options *options, const char *tag);
void options_add_metadata(
    struct mail_options *options, const struct option_pair *pair);

/* Adds to the notes; there are never more than a few. */
void options_note(struct mail_options *options, const char *format, ...)
    G_GNUC_PRINTF(2, 3);

/* The first fault is told. */
void options_set_fault(struct mail_options *options, const char *format, ...)
    G_GNUC_PRINTF(2, 3);

/* True when the mail would be another without it, so that it is rather not sent
 * than sent without: a test, a template, a time to be sent at.  Not when it is
 * one that says no. */
bool options_binds(const struct mail_options *options, enum mail_option option);

/* True of such options, whatever they say. */
bool options_may_bind(enum mail_option option);

/* The first that can be honoured in raw mail only, borrowed; NULL: none. */
const struct option_value *options_find_raw(const struct mail_options *options);

#endif
