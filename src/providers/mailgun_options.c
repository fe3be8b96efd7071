/* SPDX-License-Identifier: MIT */
#include "mailgun_options.h"

#include "core/clock.h"
#include <string.h>

#define DAY_MS INT64_C(86400000)

enum shape {
	SHAPE_AS_IS,
	SHAPE_ON, /* yes, or not there */
	SHAPE_HTML,
	SHAPE_DATE,
};

static const struct {
	enum mail_option option;
	const char *name;
	enum shape shape;
} rows[] = {
	{ OPTION_TRACK, "o:tracking", SHAPE_HTML },
	{ OPTION_TRACK_OPENS, "o:tracking-opens", SHAPE_AS_IS },
	{ OPTION_TRACK_CLICKS, "o:tracking-clicks", SHAPE_HTML },
	{ OPTION_SEND_AT, "o:deliverytime", SHAPE_DATE },
	{ OPTION_TEST, "o:testmode", SHAPE_ON },
	{ OPTION_REQUIRE_TLS, "o:require-tls", SHAPE_AS_IS },
	{ OPTION_TEMPLATE, "template", SHAPE_AS_IS },
	{ OPTION_TEMPLATE_VERSION, "t:version", SHAPE_AS_IS },
	{ OPTION_TEMPLATE_VARIABLES, "t:variables", SHAPE_AS_IS },
	{ OPTION_RECIPIENT_VARIABLES, "recipient-variables", SHAPE_AS_IS },
	{ OPTION_DKIM, "o:dkim", SHAPE_AS_IS },
	{ OPTION_SECONDARY_DKIM, "o:secondary-dkim", SHAPE_AS_IS },
	{ OPTION_SECONDARY_DKIM_PUBLIC, "o:secondary-dkim-public",
	    SHAPE_AS_IS },
	{ OPTION_DELIVER_WITHIN, "o:deliver-within", SHAPE_AS_IS },
	{ OPTION_OPTIMIZE_PERIOD, "o:deliverytime-optimize-period",
	    SHAPE_AS_IS },
	{ OPTION_LOCALIZE, "o:time-zone-localize", SHAPE_AS_IS },
	{ OPTION_PIXEL_TOP, "o:tracking-pixel-location-top", SHAPE_AS_IS },
	{ OPTION_SENDING_IP, "o:sending-ip", SHAPE_AS_IS },
	{ OPTION_SENDING_POOL, "o:sending-ip-pool", SHAPE_AS_IS },
	{ OPTION_SKIP_VERIFICATION, "o:skip-verification", SHAPE_AS_IS },
	{ OPTION_ARCHIVE_TO, "o:archive-to", SHAPE_AS_IS },
	{ OPTION_SUPPRESS_HEADERS, "o:suppress-headers", SHAPE_AS_IS },
	{ OPTION_NATIVE_SEND, "o:native-send", SHAPE_ON },
};

/* Three days is what every plan of it has; of metadata its events show so
 * much. */
const struct options_rules mailgun_options_rules = {
	.type = "mailgun",
	.takes =
	    OPTIONS_FIT_BIT(TRACK) | OPTIONS_FIT_BIT(TRACK_OPENS) |
	    OPTIONS_FIT_BIT(TRACK_CLICKS) | OPTIONS_FIT_BIT(SEND_AT) |
	    OPTIONS_FIT_BIT(TEST) | OPTIONS_FIT_BIT(REQUIRE_TLS) |
	    OPTIONS_FIT_BIT(TEMPLATE) | OPTIONS_FIT_BIT(TEMPLATE_VERSION) |
	    OPTIONS_FIT_BIT(TEMPLATE_VARIABLES) |
	    OPTIONS_FIT_BIT(RECIPIENT_VARIABLES) | OPTIONS_FIT_BIT(DKIM) |
	    OPTIONS_FIT_BIT(SECONDARY_DKIM) |
	    OPTIONS_FIT_BIT(SECONDARY_DKIM_PUBLIC) |
	    OPTIONS_FIT_BIT(DELIVER_WITHIN) | OPTIONS_FIT_BIT(OPTIMIZE_PERIOD) |
	    OPTIONS_FIT_BIT(LOCALIZE) | OPTIONS_FIT_BIT(PIXEL_TOP) |
	    OPTIONS_FIT_BIT(SENDING_IP) | OPTIONS_FIT_BIT(SENDING_POOL) |
	    OPTIONS_FIT_BIT(SKIP_VERIFICATION) | OPTIONS_FIT_BIT(ARCHIVE_TO) |
	    OPTIONS_FIT_BIT(SUPPRESS_HEADERS) | OPTIONS_FIT_BIT(NATIVE_SEND) |
	    OPTIONS_FIT_BIT(BCC_ADDRESS),
	.ahead_ms = 3 * DAY_MS,
	.tags = 3,
	.tag_bytes = 128,
	.copy_once = true,
	.metadata_bytes = 4096,
	.ascii_tags = true,
	.whole = true,
};

static size_t
add(struct form *form, const char *name, const char *value)
{
	form_add(form, name, value);
	return strlen(name) + strlen(value);
}

static size_t
add_value(struct form *form, unsigned row, const char *text)
{
	char date[CLOCK_RFC5322_LENGTH];

	switch (rows[row].shape) {
	case SHAPE_AS_IS:
		break;
	case SHAPE_ON:
		if (strcmp(text, "yes") != 0)
			return 0;
		break;
	case SHAPE_HTML:
		if (strcmp(text, "html") == 0)
			text = "htmlonly";
		break;
	case SHAPE_DATE:
		clock_rfc5322(g_ascii_strtoll(text, NULL, 10), date);
		text = date;
		break;
	}
	return add(form, rows[row].name, text);
}

size_t
mailgun_options_write(struct form *form, const struct mail_options *options)
{
	size_t size = 0;

	for (unsigned i = 0; i < options->tags->len; i++)
		size += add(form, "o:tag", options->tags->pdata[i]);
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		const char *text = options->values[rows[i].option].text;

		if (text != NULL)
			size += add_value(form, i, text);
	}
	for (unsigned i = 0; i < options->metadata->len; i++) {
		const struct option_pair *pair = options->metadata->pdata[i];
		g_autofree char *name = g_strconcat("v:", pair->key, NULL);

		size += add(form, name, pair->value);
	}
	return size;
}
