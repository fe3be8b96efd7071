/* SPDX-License-Identifier: MIT */
/*
 * What becomes of a mail's options (options.h) at one kind of provider: what it
 * has no word for is left out, or keeps the mail from it; tags and metadata are
 * cut to what it takes.  A provider says what that is by plain data.  Any
 * thread.
 */
#ifndef MAIL_OPTIONS_FIT_H
#define MAIL_OPTIONS_FIT_H

#include "mail/delivery.h"
#include "mail/options.h"

#define OPTIONS_FIT_BIT(name) (UINT64_C(1) << OPTION_##name)

/* What one kind of provider takes. */
struct options_rules {
	const char *type;   /* of the provider, a literal */
	uint64_t takes;     /* options it has a word for: bits 1 << option */
	int64_t ahead_ms;   /* how far ahead a time to be sent at may be, in
			     * every plan of it */
	unsigned tags;      /* at most; 0: it has none */
	unsigned tag_bytes; /* of one, which is cut between characters */
	unsigned metadata_bytes; /* of all keys and values with what a JSON
				  * object needs around them; 0: none */
	const char *reserved;    /* a key that is ours there; NULL: none */
	bool ascii_tags;         /* tags have to be ASCII */
	bool plain_keys;         /* keys of letters, digits and _, not first */
	bool plain_tags;         /* no tag begins with _ */
	bool header_tags;  /* RAW: tags stand in one header, commas between */
	bool header_track; /* RAW: what is not said of tracking is off */
	bool flag_clicks;  /* clicks: yes or no, in FIELDS at least */
	bool copy_once;    /* the copy of OPTION_BCC_ADDRESS is one of the
			    * request, not of each recipient's mail */
	bool whole;        /* does not break signatures by itself, so tracking
			    * must not */
};

/* The option that the provider cannot honour and that may not be left out: the
 * delivery is not to go by it.  now_ms is the wall clock: a time to be sent at
 * that is past asks for nothing.  Borrowed; NULL: there is none. */
const struct option_value *options_fit_bar(const struct delivery *delivery,
    const struct options_rules *rules, int64_t now_ms);

/* Why such an option is none for that provider, one phrase for people: "takes a
 * time up to 3 days ahead, not that of X-MC-SendAt".  New string. */
char *options_fit_why(const struct option_value *bar,
    const struct delivery *delivery, const struct options_rules *rules);

/* What is left of the delivery's options at that provider, in its form, with a
 * note on all that was left out or cut.  Of times to be sent at only those to
 * come.  New, never NULL. */
struct mail_options *options_fit(const struct delivery *delivery,
    const struct options_rules *rules, int64_t now_ms);

#endif
