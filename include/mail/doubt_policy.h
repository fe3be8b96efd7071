/* SPDX-License-Identifier: MIT */
/*
 * What becomes of a doubt: a setting of a route, or a word in the mail.
 */
#ifndef MAIL_DOUBT_POLICY_H
#define MAIL_DOUBT_POLICY_H

#include <stdbool.h>

/* What becomes of a recipient in doubt whom the provider does not confirm. */
enum doubt_policy {
	DOUBT_PREFER_DELIVERY, /* after a while the next provider is asked: a
				* possible duplicate, counted */
	DOUBT_PREFER_ONCE,     /* only when absence is as good as proof */
	DOUBT_NEVER_TWICE,     /* never: a person decides */
};

/* "prefer_delivery", ...; and back: false for any other text. */
/* So begins the note of a doubt in the story of its mail; the provider's name
 * follows. */
#define DOUBT_NOTE "in doubt at "

const char *doubt_policy_text(enum doubt_policy policy);
bool doubt_policy_read(const char *text, enum doubt_policy *policy);

#endif
