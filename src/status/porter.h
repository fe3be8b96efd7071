/* SPDX-License-Identifier: MIT */
/*
 * The porter of the HTTP door: whom it lets in, and which requests it takes to
 * be meant for it.  A browser on this host can be made to ask us by any page it
 * shows (DNS rebinding): it then names the page's host, not ours.  Pure; any
 * thread.
 */
#ifndef STATUS_PORTER_H
#define STATUS_PORTER_H

#include "status.h"

struct porter {
	const GArray *allow;      /* struct network: who may connect */
	const char *const *hosts; /* names of ours beside localhost and all
				   * addresses; NULL-terminated; NULL: none */
	struct token_set *tokens; /* borrowed; NULL: none */
	unsigned loopback; /* enum scope: of who comes from this host without a
			    * token */
};

/* Of a request; NULL: it has no such field. */
struct porter_head {
	const char *version;       /* "HTTP/1.1" */
	unsigned hosts;            /* how many fields Host */
	const char *host;          /* Host, the first */
	const char *origin;        /* Origin */
	const char *site;          /* Sec-Fetch-Site */
	bool followed;             /* a person goes there by a link: the
				    * answer is seen by nobody else, and to
				    * GET is to do nothing */
	const char *type;          /* Content-Type */
	const char *authorization; /* Authorization */
	bool loopback;             /* the peer is this host... */
	bool forwarded;            /* ...and speaks for another */
};

/* Who asks, by the token shown or by where he is: fills in who, scopes, token
 * (counted), stale and loopback of the request. */
void porter_identify(const struct porter *porter,
    const struct porter_head *head, struct request *request);

/* True when the request of somebody identified may be answered; else the
 * answer, empty before, says why not: 400 without the one Host that HTTP/1.1
 * demands (RFC 9112 3.2), 421 with that of another (RFC 9110 7.4), 403 for
 * another page's, or for a body that any page can make a browser send when
 * nothing but the place speaks for it. */
bool porter_admits(const struct porter *porter, const struct porter_head *head,
    const struct request *request, struct status_answer *answer);

#endif
