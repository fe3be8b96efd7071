/* SPDX-License-Identifier: MIT */
#include "mail/doubt_policy.h"

#include <glib.h>
#include <string.h>

static const char *const policies[] = {
	[DOUBT_PREFER_DELIVERY] = "prefer_delivery",
	[DOUBT_PREFER_ONCE] = "prefer_once",
	[DOUBT_NEVER_TWICE] = "never_twice",
};

const char *
doubt_policy_text(enum doubt_policy policy)
{
	return policies[policy];
}

bool
doubt_policy_read(const char *text, enum doubt_policy *policy)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(policies); i++)
		if (strcmp(policies[i], text) == 0) {
			*policy = (enum doubt_policy)i;
			return true;
		}
	return false;
}
