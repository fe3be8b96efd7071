/* SPDX-License-Identifier: MIT */
/*
 * What one recipient of a mail has come to, as dispatch finds it out and the
 * store keeps it: plain data, providers by their names, times by the wall
 * clock, so that it means the same after a restart with other settings.
 */
#ifndef MAIL_RECIPIENT_H
#define MAIL_RECIPIENT_H

#include "mail/outcome.h"

/* The numbers are kept on disk: never change one. */
enum recipient_state {
	RECIPIENT_WAITING = 0,  /* to be sent */
	RECIPIENT_OPEN = 1,     /* an attempt is under way */
	RECIPIENT_ACCEPTED = 2, /* a provider has it: never sent again */
	RECIPIENT_REFUSED = 3,  /* nobody will take it: the sender is told */
	RECIPIENT_DOUBT = 4,    /* a provider may have it: frozen until then */
	RECIPIENT_HELD = 5,     /* a person has to say what becomes of it */
	RECIPIENT_DROPPED = 6,  /* never sent, nobody is told: a person said so,
				 * its route's only_to does, it is a warning
				 * that is too late, or in the queue since the
				 * client sent the mail the first time */
};

/* So begins the text of one that was given up: then how long it was tried,
 * "; ", and what was last. */
#define RECIPIENT_GAVE_UP "gave up after "

/* How the mail of an attempt left. */
struct recipient_sent {
	char *message_id;  /* with <>; NULL: none of this is known */
	char *from_domain; /* "" for none */
	char *redirect;    /* where it went to instead; NULL: to its own
			    * address */
};

struct recipient {
	enum recipient_state state;
	enum verdict_class class; /* of the last verdict */
	unsigned status;   /* of HTTP or SMTP, as that one said; 0: none */
	bool suppressed;   /* on that provider's suppression list */
	char *provider;    /* that gave the last verdict; OPEN: that is
			    * asked; NULL: none yet */
	char *id;          /* ACCEPTED: the provider's id; NULL: none */
	char *text;        /* what it said, clean; HELD: why; or NULL */
	char **refused_by; /* names of the providers that refused the
			    * payload; NULL: none */
	int64_t until_ms;  /* DOUBT: wall clock, waited out then */
	int64_t since_ms;  /* DOUBT: wall clock, the attempt in doubt began;
			    * 0: not known */
	unsigned asks;     /* DOUBT: the times of the schedule of asks that are
			    * behind us: its provider was asked then, or
			    * could not be */
	int64_t absent_ms; /* DOUBT: wall clock, when that last said it had it
			    * not; 0: never */
	bool told;         /* ACCEPTED: its sender, who asked for it, was told,
			    * or a provider tells it; else nothing is owed to
			    * who did not ask */
	unsigned doubts;   /* attempts that ended in doubt; OPEN: with the one
			    * that is under way, which a crash leaves so */
	struct recipient_sent sent; /* DOUBT: in the attempt in doubt, as the
				     * store finds it among the attempts when
				     * it hands the mail out; not kept here */
};

/* A copy with texts of its own into out, which holds nothing yet. */
void recipient_copy(struct recipient *out, const struct recipient *from);

/* Frees the texts and forgets all: WAITING, nothing known. */
void recipient_clear(struct recipient *recipient);

/* True when nothing is left to be done: ACCEPTED, REFUSED, DROPPED. */
bool recipient_is_final(enum recipient_state state);

/* The state in one word ("waiting"). */
const char *recipient_state_text(enum recipient_state state);

#endif
