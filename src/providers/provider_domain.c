/* SPDX-License-Identifier: MIT */
/*
 * By which of its domains a provider carries a mail.
 */
#include "provider.h"

#include <string.h>

/* True when `below` is a domain within `above`. */
static bool
is_below(const char *below, const char *above)
{
	size_t length = strlen(below), end = strlen(above);

	return length > end && below[length - end - 1] == '.' &&
	       strcmp(below + length - end, above) == 0;
}

/* A whole country is above everybody. */
static bool
is_parent(const char *from_domain)
{
	return strchr(from_domain, '.') != NULL;
}

const char *
provider_domain(const struct provider *provider, const char *from_domain)
{
	const char *above = NULL, *below = NULL;

	if (provider->domains == NULL)
		return from_domain;
	for (char **at = provider->domains; *at != NULL; at++) {
		if (strcmp(*at, from_domain) == 0)
			return *at;
		if (is_below(from_domain, *at) &&
		    (above == NULL || strlen(*at) > strlen(above)))
			above = *at;
		if (below == NULL && is_parent(from_domain) &&
		    is_below(*at, from_domain))
			below = *at;
	}
	return above != NULL ? above : below;
}
