/* SPDX-License-Identifier: MIT */
#include "mandrill_options.h"

#include "mandrill_account.h"

#include <json-c/json.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)

/* A header line is folded at the last blank before this. */
#define FOLD_MAX 900

/* {"postferry_id":"26 characters"} stands before the mail's own metadata. */
#define METADATA_MAX 200
#define METADATA_OWN (2 + sizeof(MANDRILL_ACCOUNT_METADATA) - 1 + 3 + 28)

enum shape {
	SHAPE_TEXT,
	SHAPE_FLAG,
	SHAPE_LIST, /* with commas between */
};

/* The member is of `message`; NULL: it is written elsewhere, or has none. */
static const struct {
	enum mail_option option;
	const char *member, *header;
	enum shape shape;
} rows[] = {
	{ OPTION_AUTO_TEXT, "auto_text", "X-MC-Autotext", SHAPE_FLAG },
	{ OPTION_AUTO_HTML, "auto_html", "X-MC-AutoHtml", SHAPE_FLAG },
	{ OPTION_INLINE_CSS, "inline_css", "X-MC-InlineCSS", SHAPE_FLAG },
	{ OPTION_STRIP_QUERY, "url_strip_qs", "X-MC-URLStripQS", SHAPE_FLAG },
	{ OPTION_ANALYTICS_DOMAINS, "google_analytics_domains",
	    "X-MC-GoogleAnalytics", SHAPE_LIST },
	{ OPTION_ANALYTICS_CAMPAIGN, "google_analytics_campaign",
	    "X-MC-GoogleAnalyticsCampaign", SHAPE_TEXT },
	{ OPTION_TRACKING_DOMAIN, "tracking_domain", "X-MC-TrackingDomain",
	    SHAPE_TEXT },
	{ OPTION_SIGNING_DOMAIN, "signing_domain", "X-MC-SigningDomain",
	    SHAPE_TEXT },
	{ OPTION_RETURN_PATH_DOMAIN, "return_path_domain", NULL, SHAPE_TEXT },
	{ OPTION_SUBACCOUNT, "subaccount", "X-MC-Subaccount", SHAPE_TEXT },
	{ OPTION_VIEW_CONTENT, "view_content_link", "X-MC-ViewContentLink",
	    SHAPE_FLAG },
	{ OPTION_BCC_ADDRESS, "bcc_address", "X-MC-BccAddress", SHAPE_TEXT },
	{ OPTION_IMPORTANT, "important", "X-MC-Important", SHAPE_FLAG },
	{ OPTION_TEMPLATE, NULL, "X-MC-Template", SHAPE_TEXT },
	{ OPTION_MERGE_LANGUAGE, NULL, "X-MC-MergeLanguage", SHAPE_TEXT },
};

const struct options_rules mandrill_options_rules = {
	.type = "mandrill",
	.takes =
	    OPTIONS_FIT_BIT(TRACK_OPENS) | OPTIONS_FIT_BIT(TRACK_CLICKS) |
	    OPTIONS_FIT_BIT(SEND_AT) | OPTIONS_FIT_BIT(TEMPLATE) |
	    OPTIONS_FIT_BIT(TEMPLATE_VARIABLES) | OPTIONS_FIT_BIT(MERGE_VARS) |
	    OPTIONS_FIT_BIT(MERGE_LANGUAGE) |
	    OPTIONS_FIT_BIT(RECIPIENT_METADATA) |
	    OPTIONS_FIT_BIT(PRESERVE_RECIPIENTS) | OPTIONS_FIT_BIT(AUTO_TEXT) |
	    OPTIONS_FIT_BIT(AUTO_HTML) | OPTIONS_FIT_BIT(INLINE_CSS) |
	    OPTIONS_FIT_BIT(STRIP_QUERY) | OPTIONS_FIT_BIT(ANALYTICS_DOMAINS) |
	    OPTIONS_FIT_BIT(ANALYTICS_CAMPAIGN) |
	    OPTIONS_FIT_BIT(TRACKING_DOMAIN) | OPTIONS_FIT_BIT(SIGNING_DOMAIN) |
	    OPTIONS_FIT_BIT(RETURN_PATH_DOMAIN) | OPTIONS_FIT_BIT(SUBACCOUNT) |
	    OPTIONS_FIT_BIT(VIEW_CONTENT) | OPTIONS_FIT_BIT(BCC_ADDRESS) |
	    OPTIONS_FIT_BIT(IMPORTANT) | OPTIONS_FIT_BIT(IP_POOL),
	.ahead_ms = 365 * DAY_MS,
	.tags = OPTIONS_TAGS_MAX,
	.tag_bytes = 50,
	.metadata_bytes = METADATA_MAX - METADATA_OWN,
	.reserved = MANDRILL_ACCOUNT_METADATA,
	.plain_keys = true,
	.plain_tags = true,
	.header_tags = true,
	.header_track = true,
	.flag_clicks = true,
};

static bool
is_yes(const struct mail_options *options, enum mail_option option)
{
	return g_strcmp0(options->values[option].text, "no") != 0;
}

static void
write_flag(struct writer *writer, const char *name,
    const struct mail_options *options, enum mail_option option)
{
	if (options->values[option].text == NULL)
		return;
	writer_name(writer, name);
	writer_bool(writer, is_yes(options, option));
}

/* ---- members ---- */

static void
write_list(struct writer *writer, const char *name, const char *text)
{
	g_auto(GStrv) words = g_strsplit(text, ",", -1);

	writer_name(writer, name);
	writer_open(writer, '[');
	for (unsigned i = 0; words[i] != NULL; i++)
		writer_text(writer, g_strstrip(words[i]));
	writer_close(writer, ']');
}

static void
write_rows(struct writer *writer, const struct mail_options *options)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		const char *text = options->values[rows[i].option].text;

		if (text == NULL || rows[i].member == NULL)
			continue;
		if (rows[i].shape == SHAPE_FLAG)
			write_flag(
			    writer, rows[i].member, options, rows[i].option);
		else if (rows[i].shape == SHAPE_LIST)
			write_list(writer, rows[i].member, text);
		else
			writer_member(writer, rows[i].member, text);
	}
}

static void
write_tags(struct writer *writer, const GPtrArray *tags)
{
	if (tags->len == 0)
		return;
	writer_name(writer, "tags");
	writer_open(writer, '[');
	for (unsigned i = 0; i < tags->len; i++)
		writer_text(writer, tags->pdata[i]);
	writer_close(writer, ']');
}

static void
write_metadata(
    struct writer *writer, const struct mail_options *options, const char *id)
{
	writer_name(writer, "metadata");
	writer_open(writer, '{');
	writer_member(writer, MANDRILL_ACCOUNT_METADATA, id);
	for (unsigned i = 0; i < options->metadata->len; i++) {
		const struct option_pair *pair = options->metadata->pdata[i];

		writer_name(writer, pair->key);
		if (pair->bare)
			writer_literal(writer, pair->value);
		else
			writer_text(writer, pair->value);
	}
	writer_close(writer, '}');
}

/* {"_rcpt":"a@b","k":"v"} is {"rcpt":"a@b","values":{"k":"v"}} here. */
static void
write_person(struct writer *writer, struct json_object *json)
{
	struct json_object *person = NULL;

	writer_open(writer, '{');
	json_object_object_get_ex(json, "_rcpt", &person);
	writer_member(writer, "rcpt", json_object_get_string(person));
	json_object_object_del(json, "_rcpt");
	writer_name(writer, "values");
	writer_literal(writer,
	    json_object_to_json_string_ext(
		json, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	writer_close(writer, '}');
}

static void
write_people(struct writer *writer, const char *text)
{
	g_auto(GStrv) lines = NULL;

	if (text == NULL)
		return;
	lines = g_strsplit(text, "\n", -1);
	writer_name(writer, "recipient_metadata");
	writer_open(writer, '[');
	for (unsigned i = 0; lines[i] != NULL; i++) {
		struct json_object *json = json_tokener_parse(lines[i]);

		write_person(writer, json);
		json_object_put(json);
	}
	writer_close(writer, ']');
}

void
mandrill_options_write(
    struct writer *writer, const struct mail_options *options, const char *id)
{
	write_tags(writer, options->tags);
	write_flag(writer, "track_opens", options, OPTION_TRACK_OPENS);
	write_flag(writer, "track_clicks", options, OPTION_TRACK_CLICKS);
	write_rows(writer, options);
	write_metadata(writer, options, id);
	write_people(writer, options->values[OPTION_RECIPIENT_METADATA].text);
}

void
mandrill_options_write_people(
    struct writer *writer, const struct mail_options *options)
{
	writer_name(writer, "preserve_recipients");
	writer_bool(writer, is_yes(options, OPTION_PRESERVE_RECIPIENTS));
}

static void
write_send_at(struct writer *writer, const char *text)
{
	g_autoptr(GDateTime) time = NULL;
	g_autofree char *date = NULL;

	if (text == NULL)
		return;
	time = g_date_time_new_from_unix_utc(
	    g_ascii_strtoll(text, NULL, 10) / 1000);
	date = g_date_time_format(time, "%Y-%m-%d %H:%M:%S");
	writer_member(writer, "send_at", date);
}

void
mandrill_options_write_top(struct writer *writer,
    const struct mail_options *options, enum delivery_form form)
{
	writer_member(writer, "ip_pool", options->values[OPTION_IP_POOL].text);
	write_send_at(writer, options->values[OPTION_SEND_AT].text);
	if (form == DELIVERY_RAW)
		writer_member(writer, "return_path_domain",
		    options->values[OPTION_RETURN_PATH_DOMAIN].text);
}

/* ---- headers ---- */

/* JSON of ASCII alone. */
static void
append_ascii_json(GString *out, const char *json)
{
	for (; *json != '\0'; json = g_utf8_next_char(json)) {
		gunichar letter = g_utf8_get_char(json);

		if (letter <= '~')
			g_string_append_c(out, (char)letter);
		else if (letter <= 0xffff)
			g_string_append_printf(out, "\\u%04x", letter);
		else
			g_string_append_printf(out, "\\u%04x\\u%04x",
			    0xd800 + ((letter - 0x10000) >> 10),
			    0xdc00 + ((letter - 0x10000) & 0x3ff));
	}
}

/* Before the first blank of several, which stay.  The words are shorter than a
 * line (options_json.h). */
static size_t
find_fold(const char *text, size_t room)
{
	size_t at = room;

	if (strlen(text) <= room)
		return strlen(text);
	while (at > 0 && (text[at] != ' ' || text[at - 1] == ' '))
		at--;
	return at > 0 ? at : room;
}

static void
append_line(GString *lines, const char *name, const char *value)
{
	size_t room = FOLD_MAX - strlen(name) - 2;

	g_string_append_printf(lines, "%s: ", name);
	for (;;) {
		size_t take = find_fold(value, room);

		g_string_append_len(lines, value, (gssize)take);
		g_string_append(lines, "\r\n");
		value += take;
		if (*value == '\0')
			return;
		room = FOLD_MAX;
		if (*value != ' ')
			g_string_append_c(lines, ' ');
	}
}

static void
append_json_lines(GString *lines, const char *name, const char *text)
{
	g_auto(GStrv) objects = NULL;

	if (text == NULL)
		return;
	objects = g_strsplit(text, "\n", -1);
	for (unsigned i = 0; objects[i] != NULL; i++) {
		g_autoptr(GString) ascii = g_string_new(NULL);

		append_ascii_json(ascii, objects[i]);
		append_line(lines, name, ascii->str);
	}
}

static void
append_quoted(GString *json, const char *text)
{
	g_string_append_c(json, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			g_string_append_c(json, '\\');
		g_string_append_c(json, *text);
	}
	g_string_append_c(json, '"');
}

static void
append_metadata(
    GString *lines, const struct mail_options *options, const char *id)
{
	g_autoptr(GString) json = g_string_new("{");

	append_quoted(json, MANDRILL_ACCOUNT_METADATA);
	g_string_append_c(json, ':');
	append_quoted(json, id);
	for (unsigned i = 0; i < options->metadata->len; i++) {
		const struct option_pair *pair = options->metadata->pdata[i];

		g_string_append_c(json, ',');
		append_quoted(json, pair->key);
		g_string_append_c(json, ':');
		if (pair->bare)
			g_string_append(json, pair->value);
		else
			append_quoted(json, pair->value);
	}
	g_string_append_c(json, '}');
	append_json_lines(lines, "X-MC-Metadata", json->str);
}

/* Blanks behind the commas only where the line has to be folded. */
static void
append_tags(GString *lines, const GPtrArray *tags)
{
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	g_autofree char *list = NULL;

	if (tags->len == 0)
		return;
	for (unsigned i = 0; i < tags->len; i++)
		g_ptr_array_add(words, tags->pdata[i]);
	g_ptr_array_add(words, NULL);
	list = g_strjoinv(",", (char **)words->pdata);
	if (strlen(list) > FOLD_MAX / 2) {
		g_free(list);
		list = g_strjoinv(", ", (char **)words->pdata);
	}
	append_line(lines, "X-MC-Tags", list);
}

/* What is not named is off; "none" names nothing. */
static void
append_track(GString *lines, const struct mail_options *options)
{
	static const struct {
		const char *value, *word;
	} words[] = {
		{ "yes", "clicks" },
		{ "html", "clicks_htmlonly" },
		{ "text", "clicks_textonly" },
	};
	const char *opens = options->values[OPTION_TRACK_OPENS].text;
	const char *clicks = options->values[OPTION_TRACK_CLICKS].text;
	const char *word = NULL;

	if (opens == NULL && clicks == NULL)
		return;
	for (unsigned i = 0; i < G_N_ELEMENTS(words); i++)
		if (g_strcmp0(clicks, words[i].value) == 0)
			word = words[i].word;
	bool open = g_strcmp0(opens, "yes") == 0;
	g_string_append_printf(lines, "X-MC-Track: %s%s%s\r\n",
	    open ? "opens" : "", open && word != NULL ? "," : "",
	    word != NULL ? word
	    : open       ? ""
			 : "none");
}

static void
append_rows(GString *lines, const struct mail_options *options)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		const char *text = options->values[rows[i].option].text;
		g_autofree char *ascii = NULL;

		if (text == NULL || rows[i].header == NULL)
			continue;
		ascii = g_str_to_ascii(text, "C");
		if (rows[i].shape == SHAPE_FLAG)
			append_line(lines, rows[i].header,
			    is_yes(options, rows[i].option) ? "true" : "false");
		else
			append_line(lines, rows[i].header, ascii);
	}
}

char *
mandrill_options_lines(const struct mail_options *options, const char *id)
{
	GString *lines = g_string_new(NULL);

	append_line(lines, "X-MC-PreserveRecipients",
	    is_yes(options, OPTION_PRESERVE_RECIPIENTS) ? "true" : "false");
	append_metadata(lines, options, id);
	append_json_lines(lines, "X-MC-Metadata",
	    options->values[OPTION_RECIPIENT_METADATA].text);
	append_tags(lines, options->tags);
	append_track(lines, options);
	append_rows(lines, options);
	append_json_lines(lines, "X-MC-MergeVars",
	    options->values[OPTION_TEMPLATE_VARIABLES].text);
	append_json_lines(
	    lines, "X-MC-MergeVars", options->values[OPTION_MERGE_VARS].text);
	return g_string_free(lines, FALSE);
}
