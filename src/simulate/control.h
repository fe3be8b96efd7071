/* SPDX-License-Identifier: MIT */
/*
 * The control door of a simulator: JSON over HTTP, for tests and people.
 *
 *	GET /mails[?after=N][&limit=K][&wait=MS][&count=K]
 *	    summaries of the mails after N; waits until there are K of them
 *	    (1), at most so long
 *	GET /mails/N            all of one mail
 *	GET /mails/N/raw        its bytes
 *	GET /mails/N/files/K    the bytes of its file K, from 0
 *	DELETE /mails           forgets them; numbers go on
 *	GET /state              accepted, requests (sends, lookups, probes),
 *	    connections, violations; busy: sends under way, most_busy: the
 *	    most there were at once since DELETE /most
 *	GET /violations         what should not have been
 *	PUT /fault              body: faults, see fault.h; DELETE /fault
 *	PUT /webhook            body: "URL KEY", or "URL KEY SIGNED-URL": events
 *	    are posted there from now on; DELETE /webhook
 */
#ifndef SIMULATE_CONTROL_H
#define SIMULATE_CONTROL_H

#include "door.h"
#include "house.h"

struct control;

/* Whose control door it is. */
struct control_owner {
	/* Puts faults into force; takes them over, NULL: none. */
	void (*set_faults)(void *object, struct faults *faults);
	/* Events are told there from now on; NULL: nowhere.  False: that is no
	 * URL, or there are no events. */
	bool (*set_webhook)(
	    void *object, const struct simulator_webhook *webhook);
	/* Connections open now. */
	unsigned (*count_open)(void *object);
};

/* The acceptor becomes the control's.  The house outlives it. */
struct control *control_new(
    struct acceptor *acceptor, struct event_base *base, struct house *house);

/* Before the loop runs. */
void control_serve(
    struct control *control, const struct control_owner *owner, void *object);

/* NULL is fine. */
void control_free(struct control *control);

const char *control_address(const struct control *control);

#endif
