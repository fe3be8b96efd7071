/* SPDX-License-Identifier: MIT */
/*
 * An inquiry asks a provider about one mail in doubt: whether it has it, for
 * whom.  Plain data; the dispatch thread.
 */
#ifndef MAIL_INQUIRY_H
#define MAIL_INQUIRY_H

#include "mail/address.h"
#include "mail/id.h"
#include "mail/outcome.h"

struct inquiry_recipient {
	char *address;
	bool found;   /* the provider has the mail for this one */
	char *id;     /* what it calls it; NULL: not said */
	char *other;  /* so it calls another delivery of the mail, by which it
		       * is not found; NULL: none is known */
	bool refused; /* found, but it did not deliver it, nor will: as the
		       * three below say, which mean nothing else */
	enum verdict_class class;
	bool suppressed; /* as in struct verdict */
	char *text;      /* why, for people; NULL: not refused */
};

struct inquiry {
	char id[ID_LENGTH + 1]; /* ours, of the mail */
	char *message_id;       /* with <> */
	char *from_domain;      /* as it left; "" for none */
	int64_t begun_ms;       /* wall clock: the attempt in doubt began */
	struct inquiry_recipient *recipients;
	unsigned count;
};

/* What came of asking. */
struct inquiry_reply {
	bool answered;            /* whoever is not found is not there, now */
	enum verdict_class class; /* not answered: ACCOUNT (this key may not
				   * ask), THROTTLE or OUTAGE */
	int64_t retry_ms;         /* THROTTLE: as in struct outcome */
	char *text;               /* not answered: why, for people */
};

/* No recipient yet; texts are copied. */
struct inquiry *inquiry_new(
    const char *id, const char *message_id, const char *from_domain);
void inquiry_free(struct inquiry *inquiry);

/* Adds a recipient who is in doubt; the address is copied. */
void inquiry_add(struct inquiry *inquiry, const char *address);

/* The id is that of another delivery to this recipient: under it nothing is
 * found, nor was. */
void inquiry_except(struct inquiry *inquiry, unsigned number, const char *id);

/* The provider has it for that address (compared without case; NULL: for all):
 * found, with that id, which is copied.  False when nobody has that address, or
 * it is the id of another delivery. */
bool inquiry_find(struct inquiry *inquiry, const char *address, const char *id);

/* The same, but what it says of it is that verdict, which is copied: refused,
 * unless it has delivered it as well. */
bool inquiry_refuse(struct inquiry *inquiry, const char *address,
    const struct verdict *verdict);

void inquiry_reply_clear(struct inquiry_reply *reply);

#endif
