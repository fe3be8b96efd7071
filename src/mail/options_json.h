/* SPDX-License-Identifier: MIT */
/*
 * Control headers whose value is JSON, and others of more than one option.  Any
 * thread.
 */
#ifndef MAIL_OPTIONS_JSON_H
#define MAIL_OPTIONS_JSON_H

#include "mail/options.h"

/* Of a word of JSON that is passed on in a header line, in ASCII and with the
 * blanks before it; less than the line has room for behind any name. */
#define OPTIONS_JSON_WORD_MAX 860

/* A control header that is being read. */
struct options_reading {
	struct mail_options *options;
	const struct envelope *envelope;
	const char *field;       /* its name as it stands in the mail */
	const char *dialect;     /* as in struct option_value */
	enum mail_option option; /* of those that are for one */
};

/* Each reads the value of a header; false: it is none. */

/* A flat object: metadata.  One with _rcpt is for that recipient
 * alone, where the option is for such.  */
bool options_json_metadata(
    const struct options_reading *reading, const char *text);

/* An object that is passed on as it is; several of a list make a list. */
bool options_json_object(
    const struct options_reading *reading, const char *text);
bool options_json_item(const struct options_reading *reading, const char *text);

/* SendGrid's X-SMTPAPI. */
bool options_json_smtpapi(
    const struct options_reading *reading, const char *text);

/* One more of metadata; a key that cannot be one, or is there with another
 * value, is noted. */
void options_json_pair(const struct options_reading *reading, const char *key,
    const char *value, bool bare);

/* One more tag; too many, and none at all, are not taken. */
void options_json_tag(const struct options_reading *reading, const char *tag);

#endif
