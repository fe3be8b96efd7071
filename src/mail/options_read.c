/* SPDX-License-Identifier: MIT */
#include "mail/options.h"
#include "options_json.h"
#include "options_value.h"

#include <string.h>

typedef bool (*read_fn)(
    const struct options_reading *reading, const char *text);

/* A control header that is understood; a name that ends with - is a prefix. */
struct control {
	const char *name;
	const char *dialect; /* of which type of provider; NULL: of none here */
	enum mail_option option;
	char *(*make)(const char *text); /* its one value; NULL: see read */
	read_fn read;
	const char *expected; /* what the value is to be, for people */
};

#define FLAG "yes or no"
#define DATE \
	"a date like Fri, 14 Oct 2026 12:00:00 +0000 or 2026-10-14 12:00:00"
#define WORD   "a word without blanks"
#define TEXT   "a text of 1 to 256 bytes"
#define OBJECT "a JSON object whose numbers are finite and within 64 bits"
#define SHORT_WORDS                                          \
	OBJECT ", without a word of more than " G_STRINGIFY( \
	    OPTIONS_JSON_WORD_MAX) " bytes in ASCII"
#define CLICKS   "yes, no or htmlonly"
#define SELECTOR "DOMAIN, SELECTOR"

static bool
read_tag(const struct options_reading *reading, const char *text)
{
	options_json_tag(reading, text);
	return *text != '\0';
}

static bool
read_tags(const struct options_reading *reading, const char *text)
{
	g_auto(GStrv) words = g_strsplit(text, ",", -1);

	for (unsigned i = 0; words[i] != NULL; i++)
		options_json_tag(reading, words[i]);
	return true;
}

/* "k=v, k2=v2" */
static bool
read_message_tags(const struct options_reading *reading, const char *text)
{
	g_auto(GStrv) words = g_strsplit(text, ",", -1);
	bool good = true;

	for (unsigned i = 0; words[i] != NULL; i++) {
		char *equals = strchr(words[i], '=');

		if (equals == NULL) {
			good &= *g_strstrip(words[i]) == '\0';
			continue;
		}
		*equals = '\0';
		options_json_pair(reading, g_strstrip(words[i]),
		    g_strstrip(equals + 1), false);
	}
	return good;
}

/* X-PM-Metadata-KEY: its value */
static bool
read_named_metadata(const struct options_reading *reading, const char *text)
{
	options_json_pair(
	    reading, reading->field + strlen("X-PM-Metadata-"), text, false);
	return true;
}

static void
set_value(const struct options_reading *reading, enum mail_option option,
    const char *text)
{
	const struct option_value value = { (char *)text,
		(char *)reading->field, reading->dialect };

	options_set(reading->options, option, &value);
}

/* What is not named is off, and any other word names nothing. */
static bool
read_track(const struct options_reading *reading, const char *text)
{
	static const struct {
		const char *word, *value;
	} rows[] = {
		{ "clicks", "yes" },
		{ "clicks_all", "yes" },
		{ "clicks_htmlonly", "html" },
		{ "clicks_textonly", "text" },
	};
	g_auto(GStrv) words = g_strsplit(text, ",", -1);
	const char *opens = "no", *clicks = "no";

	for (unsigned i = 0; words[i] != NULL; i++) {
		const char *word = g_strstrip(words[i]);

		if (g_ascii_strcasecmp(word, "opens") == 0)
			opens = "yes";
		for (unsigned k = 0; k < G_N_ELEMENTS(rows); k++)
			if (g_ascii_strcasecmp(word, rows[k].word) == 0)
				clicks = rows[k].value;
	}
	set_value(reading, OPTION_TRACK_OPENS, opens);
	set_value(reading, OPTION_TRACK_CLICKS, clicks);
	return true;
}

static bool
read_suppressed(const struct options_reading *reading, const char *text)
{
	const char *before =
	    reading->options->values[OPTION_SUPPRESS_HEADERS].text;
	g_autofree char *both =
	    before != NULL ? g_strconcat(before, ", ", text, NULL) : NULL;

	if (*text == '\0')
		return false;
	set_value(reading, OPTION_SUPPRESS_HEADERS, both != NULL ? both : text);
	return true;
}

#define MAILGUN(name, option, make, expected)                              \
	{                                                                  \
		"X-Mailgun-" name, "mailgun", OPTION_##option, make, NULL, \
		    expected                                               \
	}
#define MANDRILL(name, option, make, expected)                         \
	{                                                              \
		"X-MC-" name, "mandrill", OPTION_##option, make, NULL, \
		    expected                                           \
	}
#define OURS(name, option, make, expected)                              \
	{                                                               \
		"X-Postferry-" name, NULL, OPTION_##option, make, NULL, \
		    expected                                            \
	}

static const struct control controls[] = {
	{ "X-Mailgun-Tag", "mailgun", 0, NULL, read_tag, "a tag" },
	{ "X-Mailgun-Variables", "mailgun", 0, NULL, options_json_metadata,
	    OBJECT },
	{ "X-Mailgun-Recipient-Variables", "mailgun",
	    OPTION_RECIPIENT_VARIABLES, NULL, options_json_object, OBJECT },
	{ "X-Mailgun-Template-Variables", "mailgun", OPTION_TEMPLATE_VARIABLES,
	    NULL, options_json_object, OBJECT },
	{ "X-Mailgun-Suppress-Headers", "mailgun", OPTION_SUPPRESS_HEADERS,
	    NULL, read_suppressed, "the name of a header, or all" },
	MAILGUN("Dkim", DKIM, options_value_flag, FLAG),
	MAILGUN(
	    "Secondary-DKIM", SECONDARY_DKIM, options_value_selector, SELECTOR),
	MAILGUN("Secondary-DKIM-Public", SECONDARY_DKIM_PUBLIC,
	    options_value_selector, SELECTOR),
	MAILGUN("Deliver-By", SEND_AT, options_value_date, DATE),
	MAILGUN("Deliver-Within", DELIVER_WITHIN, options_value_within,
	    "5m to 24h, like 1h30m"),
	MAILGUN("Delivery-Time-Optimize-Period", OPTIMIZE_PERIOD,
	    options_value_period, "24h to 72h"),
	MAILGUN("Time-Zone-Localize", LOCALIZE, options_value_clock,
	    "a time like 14:30 or 02:30pm"),
	MAILGUN("Drop-Message", TEST, options_value_caution, FLAG),
	MAILGUN("Track", TRACK, options_value_clicks, CLICKS),
	MAILGUN("Track-Clicks", TRACK_CLICKS, options_value_clicks, CLICKS),
	MAILGUN("Track-Opens", TRACK_OPENS, options_value_flag, FLAG),
	MAILGUN(
	    "Track-Pixel-Location-Top", PIXEL_TOP, options_value_flag, FLAG),
	MAILGUN("Sending-Ip", SENDING_IP, options_value_word, WORD),
	MAILGUN("Sending-Ip-Pool", SENDING_POOL, options_value_word, WORD),
	MAILGUN("Require-TLS", REQUIRE_TLS, options_value_caution, FLAG),
	MAILGUN(
	    "Skip-Verification", SKIP_VERIFICATION, options_value_flag, FLAG),
	MAILGUN("Template-Name", TEMPLATE, options_value_text, TEXT),
	MAILGUN("Template-Version", TEMPLATE_VERSION, options_value_text, TEXT),
	MAILGUN("Archive-To", ARCHIVE_TO, options_value_word, WORD),
	MAILGUN("Native-Send", NATIVE_SEND, options_value_flag, FLAG),

	{ "X-MC-Tags", "mandrill", 0, NULL, read_tags, "tags" },
	{ "X-MC-Metadata", "mandrill", OPTION_RECIPIENT_METADATA, NULL,
	    options_json_metadata, SHORT_WORDS },
	{ "X-MC-Track", "mandrill", 0, NULL, read_track, "" },
	{ "X-MC-MergeVars", "mandrill", OPTION_MERGE_VARS, NULL,
	    options_json_item, SHORT_WORDS },
	MANDRILL("Autotext", AUTO_TEXT, options_value_flag, FLAG),
	MANDRILL("AutoHtml", AUTO_HTML, options_value_flag, FLAG),
	MANDRILL("Template", TEMPLATE, options_value_text, TEXT),
	MANDRILL("MergeLanguage", MERGE_LANGUAGE, options_value_language,
	    "mailchimp or handlebars"),
	MANDRILL(
	    "GoogleAnalytics", ANALYTICS_DOMAINS, options_value_text, TEXT),
	MANDRILL("GoogleAnalyticsCampaign", ANALYTICS_CAMPAIGN,
	    options_value_text, TEXT),
	MANDRILL("URLStripQS", STRIP_QUERY, options_value_flag, FLAG),
	MANDRILL("PreserveRecipients", PRESERVE_RECIPIENTS, options_value_flag,
	    FLAG),
	MANDRILL("InlineCSS", INLINE_CSS, options_value_flag, FLAG),
	MANDRILL("TrackingDomain", TRACKING_DOMAIN, options_value_word, WORD),
	MANDRILL("SigningDomain", SIGNING_DOMAIN, options_value_word, WORD),
	MANDRILL(
	    "ReturnPathDomain", RETURN_PATH_DOMAIN, options_value_word, WORD),
	MANDRILL("Subaccount", SUBACCOUNT, options_value_text, TEXT),
	MANDRILL("ViewContentLink", VIEW_CONTENT, options_value_flag, FLAG),
	MANDRILL(
	    "BccAddress", BCC_ADDRESS, options_value_address, "an address"),
	MANDRILL("Important", IMPORTANT, options_value_flag, FLAG),
	MANDRILL("IpPool", IP_POOL, options_value_text, TEXT),
	MANDRILL("SendAt", SEND_AT, options_value_date, DATE),

	{ "X-Postferry-Tag", NULL, 0, NULL, read_tags, "tags" },
	{ "X-Postferry-Metadata", NULL, OPTION_RECIPIENT_METADATA, NULL,
	    options_json_metadata, SHORT_WORDS },
	{ "X-Postferry-Template-Variables", NULL, OPTION_TEMPLATE_VARIABLES,
	    NULL, options_json_object, SHORT_WORDS },
	OURS("Track-Opens", TRACK_OPENS, options_value_flag, FLAG),
	OURS("Track-Clicks", TRACK_CLICKS, options_value_clicks, CLICKS),
	OURS("Send-At", SEND_AT, options_value_date, DATE),
	OURS("Template", TEMPLATE, options_value_text, TEXT),
	OURS("Test", TEST, options_value_caution, FLAG),
	OURS("Require-TLS", REQUIRE_TLS, options_value_caution, FLAG),
	OURS("Important", IMPORTANT, options_value_flag, FLAG),

	{ "X-PM-Tag", NULL, 0, NULL, read_tag, "a tag" },
	{ "X-PM-TrackOpens", NULL, OPTION_TRACK_OPENS, options_value_flag, NULL,
	    FLAG },
	{ "X-PM-TrackLinks", NULL, OPTION_TRACK_CLICKS, options_value_links,
	    NULL, "None, HtmlAndText, HtmlOnly or TextOnly" },
	{ "X-PM-Metadata-", NULL, 0, NULL, read_named_metadata, "" },
	{ "X-SMTPAPI", NULL, 0, NULL, options_json_smtpapi, OBJECT },
	{ "X-SES-MESSAGE-TAGS", NULL, 0, NULL, read_message_tags,
	    "NAME=VALUE, NAME=VALUE" },
};

/* What services put into the mails they carry says nothing to others. */
static const char *const foreign[] = { "X-Mailgun-Sid", "X-Mailgun-Incoming",
	"X-Mailgun-Sflag", "X-Mailgun-Sscore", "X-Mailgun-Spf",
	"X-Mailgun-Dkim-Check-Result", "X-Postferry-Route", "X-Postferry-Doubt",
	NULL };

/* Whoever asks for something by one of these is to know that nobody heard. */
static const char *const dialects[] = { "X-Mailgun-", "X-MC-", "X-Postferry-",
	"X-PM-", "X-SES-", "X-MSYS-API", "X-Mailin-", "X-Mailjet-", "X-MJ-",
	"X-MailerSend-", NULL };

static bool
has_name(const char *pattern, const char *name)
{
	size_t length = strlen(pattern);

	if (pattern[length - 1] == '-')
		return g_ascii_strncasecmp(pattern, name, length) == 0;
	return g_ascii_strcasecmp(pattern, name) == 0;
}

static bool
is_named(const char *const *patterns, const char *name)
{
	for (; *patterns != NULL; patterns++)
		if (has_name(*patterns, name))
			return true;
	return false;
}

static const struct control *
find_control(const char *name)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(controls); i++)
		if (has_name(controls[i].name, name))
			return &controls[i];
	return NULL;
}

/* Two that differ: the last counts, unless it matters which. */
static void
settle(const struct options_reading *reading, const char *text)
{
	const struct option_value *before =
	    &reading->options->values[reading->option];

	if (before->text == NULL || strcmp(before->text, text) == 0)
		return;
	if (options_binds(reading->options, reading->option))
		options_set_fault(reading->options,
		    "its header fields %s and %s contradict each other; send "
		    "it with one",
		    before->field, reading->field);
	else
		options_note(reading->options,
		    "%s and %s contradict each other: the last counts",
		    before->field, reading->field);
}

static bool
read_one(const struct options_reading *reading, const struct control *control,
    const char *text)
{
	g_autofree char *value = NULL;

	if (control->read != NULL)
		return control->read(reading, text);
	value = control->make(text);
	if (value == NULL)
		return false;
	settle(reading, value);
	set_value(reading, control->option, value);
	return true;
}

static void
add_trouble(const struct options_reading *reading,
    const struct control *control, const char *text)
{
	/* were it left out the mail would be another */
	if (options_may_bind(control->option))
		options_set_fault(reading->options,
		    "its header field %s is \"%.100s\"; expected %s",
		    reading->field, text, control->expected);
	else
		options_note(reading->options,
		    "%s is \"%.100s\" and was left out; expected %s",
		    reading->field, text, control->expected);
}

static void
read_field(struct mail_options *options, const struct message *message,
    const struct header_field *field)
{
	const struct control *control = find_control(field->name);
	struct options_reading reading = { .options = options,
		.envelope = message->submission->envelope,
		.field = field->name };
	g_autofree char *text = NULL;

	if (control == NULL) {
		if (is_named(dialects, field->name) &&
		    !is_named(foreign, field->name))
			options_note(options,
			    "%s was left out: it is not known here",
			    field->name);
		return;
	}
	text = g_strstrip(message_field_text(field));
	reading.dialect = control->dialect;
	reading.option = control->option;
	if (!read_one(&reading, control, text))
		add_trouble(&reading, control, text);
}

/* It is left out of the mail like any other. */
static void
note_malformed(struct mail_options *options, const struct header_field *field)
{
	g_autofree char *name = header_guess_name(field);

	if (message_field_is_control(name))
		options_note(options,
		    "%.100s was left out: its name has bytes that are no "
		    "printable ASCII",
		    name);
}

struct mail_options *
options_read(const struct message *message)
{
	struct mail_options *options = options_new();
	bool smtpapi = false;

	for (unsigned i = 0; i < message->header->fields->len; i++) {
		const struct header_field *field = &g_array_index(
		    message->header->fields, struct header_field, i);
		bool sendgrid =
		    g_ascii_strcasecmp(field->name, "X-SMTPAPI") == 0;

		/* SendGrid reads the first one only */
		if (field->name[0] == '\0')
			note_malformed(options, field);
		else if (!(sendgrid && smtpapi))
			read_field(options, message, field);
		smtpapi |= sendgrid;
	}
	return options;
}
