/* SPDX-License-Identifier: MIT */
#include "schema.h"

static const struct member variable_members[] = {
	{ "name", MEMBER_STRING, true, 0, NULL },
	{ "content", MEMBER_STRING, false, 0, NULL },
	{ 0 },
};

static const struct member merge_members[] = {
	{ "rcpt", MEMBER_EMAIL, true, 0, NULL },
	{ "vars", MEMBER_OBJECTS, false, 0, variable_members },
	{ 0 },
};

static const struct member values_members[] = {
	{ "rcpt", MEMBER_EMAIL, true, 0, NULL },
	{ "values", MEMBER_MAP, false, 0, NULL },
	{ 0 },
};

static const struct member to_members[] = {
	{ "email", MEMBER_STRING, true, 0, NULL },
	{ "name", MEMBER_NAME, false, 0, NULL },
	{ "type", MEMBER_TYPE, false, 0, NULL },
	{ 0 },
};

static const struct member attachment_members[] = {
	{ "type", MEMBER_STRING, false, 0, NULL },
	{ "name", MEMBER_STRING, false, 0, NULL },
	{ "content", MEMBER_STRING, true, 0, NULL },
	{ 0 },
};

static const struct member image_members[] = {
	{ "type", MEMBER_IMAGE, true, 0, NULL },
	{ "name", MEMBER_STRING, false, 0, NULL },
	{ "content", MEMBER_STRING, true, 0, NULL },
	{ 0 },
};

static const struct member message_members[] = {
	{ "html", MEMBER_STRING, false, 0, NULL },
	{ "text", MEMBER_STRING, false, 0, NULL },
	{ "subject", MEMBER_STRING, false, 998, NULL },
	{ "from_email", MEMBER_EMAIL, true, 0, NULL },
	{ "from_name", MEMBER_NAME, false, 0, NULL },
	{ "to", MEMBER_OBJECTS, true, 0, to_members },
	{ "headers", MEMBER_HEADERS, false, 0, NULL },
	{ "important", MEMBER_BOOL, false, 0, NULL },
	{ "track_opens", MEMBER_BOOL, false, 0, NULL },
	{ "track_clicks", MEMBER_BOOL, false, 0, NULL },
	{ "auto_text", MEMBER_BOOL, false, 0, NULL },
	{ "auto_html", MEMBER_BOOL, false, 0, NULL },
	{ "inline_css", MEMBER_BOOL, false, 0, NULL },
	{ "url_strip_qs", MEMBER_BOOL, false, 0, NULL },
	{ "preserve_recipients", MEMBER_BOOL, false, 0, NULL },
	{ "view_content_link", MEMBER_BOOL, false, 0, NULL },
	{ "bcc_address", MEMBER_EMAIL, false, 0, NULL },
	{ "tracking_domain", MEMBER_STRING, false, 0, NULL },
	{ "signing_domain", MEMBER_STRING, false, 0, NULL },
	{ "return_path_domain", MEMBER_STRING, false, 0, NULL },
	{ "merge", MEMBER_BOOL, false, 0, NULL },
	{ "merge_language", MEMBER_STRING, false, 0, NULL },
	{ "global_merge_vars", MEMBER_OBJECTS, false, 0, variable_members },
	{ "merge_vars", MEMBER_OBJECTS, false, 0, merge_members },
	{ "tags", MEMBER_TAGS, false, 0, NULL },
	{ "subaccount", MEMBER_STRING, false, 0, NULL },
	{ "google_analytics_domains", MEMBER_STRINGS, false, 0, NULL },
	{ "google_analytics_campaign", MEMBER_STRING, false, 0, NULL },
	{ "metadata", MEMBER_MAP, false, 200, NULL },
	{ "recipient_metadata", MEMBER_OBJECTS, false, 0, values_members },
	{ "attachments", MEMBER_OBJECTS, false, 0, attachment_members },
	{ "images", MEMBER_OBJECTS, false, 0, image_members },
	{ 0 },
};

const struct member schema_send[] = {
	{ "key", MEMBER_STRING, true, 0, NULL },
	{ "message", MEMBER_OBJECT, true, 0, message_members },
	{ "async", MEMBER_BOOL, false, 0, NULL },
	{ "ip_pool", MEMBER_STRING, false, 0, NULL },
	{ "send_at", MEMBER_DATE, false, 0, NULL },
	{ 0 },
};

const struct member schema_raw[] = {
	{ "key", MEMBER_STRING, true, 0, NULL },
	{ "raw_message", MEMBER_STRING, true, 0, NULL },
	{ "from_email", MEMBER_EMAIL, false, 0, NULL },
	{ "from_name", MEMBER_NAME, false, 0, NULL },
	{ "to", MEMBER_EMAILS, false, 0, NULL },
	{ "async", MEMBER_BOOL, false, 0, NULL },
	{ "ip_pool", MEMBER_STRING, false, 0, NULL },
	{ "send_at", MEMBER_DATE, false, 0, NULL },
	{ "return_path_domain", MEMBER_STRING, false, 0, NULL },
	{ 0 },
};
