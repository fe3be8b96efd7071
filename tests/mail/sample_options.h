/* SPDX-License-Identifier: MIT */
/*
 * Mail options as text: "tag a; k=v; n=1 bare; track_opens=yes".
 */
#ifndef TESTS_MAIL_SAMPLE_OPTIONS_H
#define TESTS_MAIL_SAMPLE_OPTIONS_H

#include "mail/options.h"

static const char *const sample_option_names[OPTION_COUNT] = {
	"track",
	"track_opens",
	"track_clicks",
	"send_at",
	"test",
	"require_tls",
	"template",
	"template_version",
	"template_variables",
	"recipient_variables",
	"merge_vars",
	"merge_language",
	"recipient_metadata",
	"preserve_recipients",
	"dkim",
	"secondary_dkim",
	"secondary_dkim_public",
	"deliver_within",
	"optimize_period",
	"localize",
	"pixel_top",
	"sending_ip",
	"sending_pool",
	"skip_verification",
	"archive_to",
	"suppress_headers",
	"native_send",
	"auto_text",
	"auto_html",
	"inline_css",
	"strip_query",
	"analytics_domains",
	"analytics_campaign",
	"tracking_domain",
	"signing_domain",
	"return_path_domain",
	"subaccount",
	"view_content",
	"bcc_address",
	"important",
	"ip_pool",
};

/* New string. */
static inline char *
sample_options_text(const struct mail_options *options)
{
	GString *out = g_string_new(NULL);

	for (unsigned i = 0; i < options->tags->len; i++)
		g_string_append_printf(
		    out, "; tag %s", (char *)options->tags->pdata[i]);
	for (unsigned i = 0; i < options->metadata->len; i++) {
		const struct option_pair *pair = options->metadata->pdata[i];

		g_string_append_printf(out, "; %s=%s%s", pair->key, pair->value,
		    pair->bare ? " bare" : "");
	}
	for (unsigned i = 0; i < OPTION_COUNT; i++)
		if (options->values[i].text != NULL)
			g_string_append_printf(out, "; %s=%s",
			    sample_option_names[i], options->values[i].text);
	if (out->len > 0)
		g_string_erase(out, 0, 2);
	return g_string_free(out, FALSE);
}

#endif
