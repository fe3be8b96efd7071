/* SPDX-License-Identifier: MIT */
/*
 * The renewal of a session's rules: what a reload makes of a session that is
 * open.  It takes the new ones with its next mail; one under way ends by those
 * that it began with.  What was agreed on when the session began stays as it is
 * until it ends: whether TLS and AUTH are offered or needed, and the protocol;
 * where one of these changes, so do all the others.  On the session's loop.
 */
#ifndef SMTP_RENEWAL_H
#define SMTP_RENEWAL_H

struct rules;
struct session;

/* These are its listener's from now on; counted anew. */
void renewal_offer(struct session *session, struct rules *rules);

/* A mail begins: the rules that were offered hold. */
void renewal_take(struct session *session);

#endif
