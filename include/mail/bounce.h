/* SPDX-License-Identifier: MIT */
/*
 * A bounce tells the sender of a mail what became of it: a delivery status
 * notification (RFC 3464) in a multipart/report (RFC 6522), made with GMime
 * from scratch, never from the parsed mail.  A warning is the same for mail
 * that is delayed.
 */
#ifndef MAIL_BOUNCE_H
#define MAIL_BOUNCE_H

#include "mail/message.h"
#include "mail/recipient.h"

/* So begins the note of one in the story of the mail it is about; its id
 * follows. */
#define BOUNCE_NOTE         "bounce "
#define BOUNCE_NOTE_WARNING "warning of a delay "
#define BOUNCE_NOTE_SUCCESS "report of success "

/* A larger mail is not given back as a whole (RET=FULL), but its header: a
 * report is made in memory, in a few copies, and goes out by providers that
 * take no mail of any size. */
#define BOUNCE_FULL_MAX (1u << 20)

enum bounce_action {
	BOUNCE_FAILED,  /* Action: failed, of RFC 3464 2.3.3 */
	BOUNCE_DELAYED, /* Action: delayed */
	BOUNCE_RELAYED, /* Action: relayed: providers that have it do not say
			 * more of it to its sender */
};

struct bounce_options {
	const char *hostname;    /* ours: Reporting-MTA */
	const char *from;        /* MAILER-DAEMON@... */
	const char *const *smtp; /* names of the providers that speak SMTP,
				  * NULL-terminated; NULL: none does */
	enum bounce_action action;
	int64_t now_ms;   /* wall clock */
	int64_t last_ms;  /* of the last attempt; 0: there was none */
	int64_t until_ms; /* DELAYED: tried until then */
	const struct spool_place *place;
};

/* Why no bounce may be made for this mail (smtp-security: null senders, mail
 * that is a report or automatic itself, senders outside `domains`): a literal;
 * NULL: one may.  domains is NULL-terminated, IDNA forms;
 * ".example.com" are those below it. */
const char *bounce_obstacle(
    const struct message *message, const char *const *domains);

/* The report about the recipients (numbers in the envelope, what each is), as
 * a fresh submission: null sender, one recipient of whom nobody is told, sealed
 * spool, id of its own, `report` set.  A failure gives back the whole mail when
 * its sender wants that, it is not too large and can be given back as it is;
 * else the header.  NULL and errno when its spool cannot be made.  A work
 * thread. */
struct submission *bounce_make(const struct message *message,
    const GArray *recipients /* struct journal_recipient */,
    const struct bounce_options *options);

/* Wall clock: a warning of ours that comes later warns of nothing: the mail it
 * is about is no longer tried (its Expires field, RFC 4021); 0: no such mail.
 */
int64_t bounce_expires_ms(const struct message *message);

/* The status of RFC 3463 for a recipient: 5.1.1, 5.6.0, 4.4.7, ...; of one that
 * is accepted 2.1.9 (RFC 3886 2.3.3). */
const char *bounce_status(const struct recipient *recipient);

#endif
