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
};

/* Of a request; NULL: it has no such field. */
struct porter_head {
	const char *version; /* "HTTP/1.1" */
	const char *host;    /* Host */
	const char *origin;  /* Origin */
	const char *site;    /* Sec-Fetch-Site */
};

/* True when the request may be answered; else the answer, empty before, says
 * why not: 400 without the Host that HTTP/1.1 demands (RFC 9112 3.2), 421 with
 * that of another (RFC 9110 7.4), 403 for another page's. */
bool porter_admits(const struct porter *porter, const struct porter_head *head,
    struct status_answer *answer);

#endif
