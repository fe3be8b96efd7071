/* SPDX-License-Identifier: MIT */
#include "porter.h"

#include "page.h"
#include <arpa/inet.h>
#include <string.h>

/* The host of "name:port", "[address]:port", or either without a port. */
static char *
read_host(const char *text)
{
	const char *end;

	if (*text == '[') {
		end = strchr(text, ']');
		return end != NULL
			   ? g_strndup(text + 1, (gsize)(end - text - 1))
			   : g_strdup("");
	}
	end = strchrnul(text, ':');
	if (end > text && end[-1] == '.')
		end--;
	return g_strndup(text, (gsize)(end - text));
}

static bool
is_address(const char *host)
{
	struct in6_addr bytes;

	return inet_pton(AF_INET, host, &bytes) == 1 ||
	       inet_pton(AF_INET6, host, &bytes) == 1;
}

/* No name that can be rebound leads to an address that is written out. */
static bool
is_ours(const struct porter *porter, const char *text)
{
	g_autofree char *host = read_host(text);
	const char *const *name = porter->hosts;

	if (is_address(host) || g_ascii_strcasecmp(host, "localhost") == 0)
		return true;
	for (; name != NULL && *name != NULL; name++)
		if (g_ascii_strcasecmp(host, *name) == 0)
			return true;
	return false;
}

/* What a person typed, and our own pages. */
static bool
is_same_site(const char *site)
{
	return strcmp(site, "none") == 0 || strcmp(site, "same-origin") == 0;
}

bool
porter_admits(const struct porter *porter, const struct porter_head *head,
    struct status_answer *answer)
{
	if (head->host == NULL && strcmp(head->version, "HTTP/1.0") == 0)
		return true;
	if (head->host == NULL)
		page_refuse(answer, 400, "a Host field is expected");
	else if (!is_ours(porter, head->host))
		page_refuse(answer, 421,
		    "Host is \"%s\": localhost, an address, hostname or one "
		    "of http_hosts of [server] is expected",
		    head->host);
	else if (head->origin != NULL ||
		 (head->site != NULL && !is_same_site(head->site)))
		page_refuse(answer, 403,
		    "this is not for the pages of others: ask without Origin, "
		    "and not from another site");
	else
		return true;
	return false;
}
