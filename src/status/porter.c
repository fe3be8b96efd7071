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

/* "http://HOST" or, behind one that speaks TLS, "https://HOST". */
static bool
is_own_origin(const struct porter_head *head)
{
	const char *origin = head->origin;

	return head->host != NULL &&
	       (g_str_has_prefix(origin, "http://") ||
		   g_str_has_prefix(origin, "https://")) &&
	       g_ascii_strcasecmp(strstr(origin, "//") + 2, head->host) == 0;
}

static bool
is_of_others(const struct porter_head *head)
{
	return (head->origin != NULL && !is_own_origin(head)) ||
	       (head->site != NULL && !head->followed &&
		   !is_same_site(head->site));
}

/* The types that a form of any page is sent in, without a question before
 * (Fetch 2.2.2: CORS-safelisted). */
static bool
is_form(const char *type)
{
	static const char *const types[] = {
		"application/x-www-form-urlencoded",
		"multipart/form-data",
		"text/plain",
	};

	for (unsigned i = 0; type != NULL && i < G_N_ELEMENTS(types); i++)
		if (g_ascii_strncasecmp(type, types[i], strlen(types[i])) == 0)
			return true;
	return false;
}

/* The secret of "Bearer SECRET" (RFC 6750 2.1); NULL: none. */
static const char *
read_bearer(const char *authorization)
{
	static const char scheme[] = "Bearer ";

	if (authorization == NULL ||
	    g_ascii_strncasecmp(authorization, scheme, strlen(scheme)) != 0)
		return NULL;
	return authorization + strlen(scheme) +
	       strspn(authorization + strlen(scheme), " ");
}

void
porter_identify(const struct porter *porter, const struct porter_head *head,
    struct request *request)
{
	const char *secret = read_bearer(head->authorization);

	/* one that speaks for others brings them all to this host */
	request->loopback = head->loopback && !head->forwarded;
	if (secret != NULL) {
		request->token = porter->tokens != NULL
				     ? token_set_find(porter->tokens, secret)
				     : NULL;
		request->stale = request->token == NULL;
	} else if (request->loopback && porter->loopback != 0) {
		request->who = "loopback";
		request->scopes = porter->loopback;
	}
	if (request->token != NULL)
		request->scopes = request->token->scopes;
}

bool
porter_admits(const struct porter *porter, const struct porter_head *head,
    const struct request *request, struct status_answer *answer)
{
	if (head->host == NULL && strcmp(head->version, "HTTP/1.0") == 0 &&
	    head->origin == NULL)
		return true;
	if (head->hosts != 1)
		page_refuse(answer, 400, "one Host field is expected, not %u",
		    head->hosts);
	else if (!is_ours(porter, head->host))
		page_refuse(answer, 421,
		    "Host is \"%s\": localhost, an address, hostname or one "
		    "of http_hosts of [server] is expected",
		    head->host);
	else if (is_of_others(head))
		page_refuse(answer, 403,
		    "this is not for the pages of others: ask without Origin, "
		    "and not from another site");
	else if (request->token == NULL && head->origin != NULL &&
		 is_form(head->type))
		page_refuse(answer, 403,
		    "a form of a page is taken with a token only: send it "
		    "without Origin, or with \"Authorization: Bearer TOKEN\"");
	else
		return true;
	return false;
}
