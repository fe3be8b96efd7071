/* SPDX-License-Identifier: MIT */
#include "framing.h"

#include "page.h"
#include <string.h>

enum field {
	FIELD_LENGTH,
	FIELD_CODING,
};

static const char *const once[FRAMING_FIELDS] = {
	[FIELD_LENGTH] = "Content-Length",
	[FIELD_CODING] = "Transfer-Encoding",
	"Content-Type",
	"Authorization",
	"Origin",
	"Sec-Fetch-Site",
};

/* RFC 9110 5.6.2. */
static bool
is_token(const char *name)
{
	for (const char *at = name; *at != '\0'; at++)
		if (!g_ascii_isalnum(*at) &&
		    strchr("!#$%&'*+-.^_`|~", *at) == NULL)
			return false;
	return *name != '\0';
}

void
framing_read(struct framing *framing, const char *name, const char *value)
{
	framing->strange = framing->strange || !is_token(name);
	for (unsigned i = 0; i < FRAMING_FIELDS; i++) {
		if (g_ascii_strcasecmp(name, once[i]) != 0)
			continue;
		framing->seen[i]++;
		if (i == FIELD_CODING)
			framing->chunked =
			    value != NULL &&
			    g_ascii_strcasecmp(value, "chunked") == 0;
	}
}

static bool
refuse(struct status_answer *answer, const char *why, const char *what)
{
	page_refuse(answer, 400, "%s%s", why, what);
	answer->last = true;
	return false;
}

bool
framing_is_clear(const struct framing *framing, struct status_answer *answer)
{
	if (framing->strange)
		return refuse(answer,
		    "a field of the head has a name that is none: letters, "
		    "digits and - are expected, and no blank before the colon",
		    "");
	for (unsigned i = 0; i < FRAMING_FIELDS; i++)
		if (framing->seen[i] > 1)
			return refuse(answer,
			    "a field that is expected once stands there more "
			    "often: ",
			    once[i]);
	if (framing->seen[FIELD_CODING] == 0)
		return true;
	if (framing->seen[FIELD_LENGTH] > 0)
		return refuse(answer,
		    "Content-Length and Transfer-Encoding contradict each "
		    "other: one of them is expected",
		    "");
	return framing->chunked ||
	       refuse(answer,
		   "Transfer-Encoding: chunked is expected, or Content-Length",
		   "");
}
