/* SPDX-License-Identifier: MIT */
/*
 * The values of control headers, each made the same whatever dialect it was
 * written in.  Any thread.
 */
#ifndef MAIL_OPTIONS_VALUE_H
#define MAIL_OPTIONS_VALUE_H

#include <glib.h>
#include <stdbool.h>

/* Each returns the value as struct option_value has it, new, or NULL when the
 * text is none. */

/* yes, true, on, y, 1 and their opposites: "yes" or "no". */
char *options_value_flag(const char *text);

/* The same, but whatever does not say no says yes: better a mail that is not
 * delivered than a test that is. */
char *options_value_caution(const char *text);

/* A flag, or htmlonly: "html". */
char *options_value_clicks(const char *text);

/* Postmark's None, HtmlAndText, HtmlOnly, TextOnly. */
char *options_value_links(const char *text);

/* An RFC 5322 date, "2026-01-31 13:00:00" in UTC (T and Z may be in it), or
 * seconds since 1970: milliseconds since 1970. */
char *options_value_date(const char *text);

/* "1h30m", 5m to 24h. */
char *options_value_within(const char *text);

/* "24h" to "72h". */
char *options_value_period(const char *text);

/* "14:30" or "02:30pm". */
char *options_value_clock(const char *text);

/* "domain,selector": with a slash. */
char *options_value_selector(const char *text);

/* A word without blanks. */
char *options_value_word(const char *text);

/* Anything but nothing, up to 256 bytes. */
char *options_value_text(const char *text);

/* mailchimp or handlebars. */
char *options_value_language(const char *text);

/* An address, its domain in ASCII. */
char *options_value_address(const char *text);

#endif
