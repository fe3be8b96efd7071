/* SPDX-License-Identifier: MIT */
/*
 * A submission is one mail as handed in: envelope, spool, what the limiter saw,
 * who brought it, and the return address for the answer.  Owned by whoever it
 * was last posted to.
 */
#ifndef MAIL_SUBMISSION_H
#define MAIL_SUBMISSION_H

#include "core/mailbox.h"
#include "core/network.h"
#include "mail/envelope.h"
#include "mail/id.h"
#include "mail/limiter.h"
#include "mail/recipient.h"
#include "mail/spool.h"

struct config;

/* Called once, on any thread: the answer was said to the client, or (`said`
 * false) nobody may be there to have read it. */
typedef void (*answer_told_fn)(void *object, bool said);

/* What one recipient's sender is told (RFC 2033 4.2). */
struct answer_line {
	unsigned code;
	char *enhanced;
	char *text;
};

/* What the client is told after the end of data (RFC 5321 4.2.1). */
struct answer {
	struct letter letter;
	uint64_t session; /* from the return address */
	unsigned code;    /* 250, 451, 550, ... */
	char *enhanced;   /* "2.0.0" (RFC 3463) */
	char *text;       /* one line, printable, without code or class */
	struct answer_line *each;  /* one per recipient of the envelope, in its
				    * order; code 0: as above; NULL: all are
				    * told the same */
	unsigned count;            /* of them */
	char first[ID_LENGTH + 1]; /* the mail that has its idempotency key
				    * already: 250, it is that one; else it
				    * is another; "": none has */
	answer_told_fn told;       /* NULL: nobody wants to know */
	void *object;
};

/* When the client gets its 250. */
enum answer_when {
	ANSWER_QUEUED,    /* once the mail is on disk and synced */
	ANSWER_DELIVERED, /* once a provider has it */
};

/* Takes the answer over; any thread. */
typedef void (*answer_fn)(void *server, struct answer *answer);

struct return_address {
	answer_fn post;   /* NULL: nobody waits for an answer */
	void *server;     /* borrowed: outlives the submission */
	uint64_t session; /* sessions are named by id, never by pointer */
};

struct submission {
	struct letter letter;
	char id[ID_LENGTH + 1];
	struct envelope *envelope;
	struct spool *spool; /* sealed */
	struct limiter_seen seen;
	const char *listener;           /* its name; interned or a literal */
	char peer[NETWORK_PEER_LENGTH]; /* address of the client */
	char *helo;                     /* as given, printable */
	const char *protocol;  /* "SMTP", "ESMTPSA", "LMTP", ... (RFC 3848): a
				* literal or interned */
	char *user;            /* authenticated as; NULL: nobody */
	char *resend_key;      /* what a client's own resend has in common with
				* this mail; NULL: not known, or of no matter */
	char *idempotency_key; /* with which one mail is accepted, once; with
				* who said it; NULL: none.  Of fresh mail */
	char *idempotency_digest; /* of what was said; NULL: no key */
	bool each;             /* one answer per recipient is wanted (LMTP) */
	bool repaired;         /* line ends were mended */
	int64_t received_ms;   /* wall clock, at the end of data */
	int64_t received_us;   /* monotonic: the same; 0: not since the start */
	int64_t deadline_ms;   /* monotonic: answered by then */
	struct config *config; /* counted */
	struct return_address return_to;
	enum answer_when when;

	/* What the store knows of a mail of the queue. */
	bool queued;             /* it is the queue's: nobody waits, it is never
				  * lost */
	bool report;             /* we made it: a bounce or a warning */
	bool warned;             /* the sender has been told of a delay */
	unsigned rounds;         /* times it went through dispatch in vain */
	int64_t due_ms;          /* wall clock: when it was to come; later than
				  * now: it was woken for a provider, or wanted
				  * before; 0: it is fresh, or was held */
	bool wanted;             /* a person wanted it tried now */
	unsigned attempts;       /* the number of its last attempt; 0: none */
	int64_t asked_ms;        /* wall clock: that began; 0: there was none */
	struct recipient *known; /* one per recipient of the envelope, or NULL:
				  * nothing is known of any */
};

/* The listener of mail that is handed in by HTTP; no section has its name. */
#define SUBMISSION_HTTP "http"

/* Where a stage hands submissions on. */
typedef void (*submission_fn)(void *stage, struct submission *submission);

void submission_free(struct submission *submission);

/* Answers the submission by its return address, which it must have; text is
 * copied, its control
 * characters and non-ASCII bytes replaced, cut to one reply line. */
void submission_answer(const struct submission *submission, unsigned code,
    const char *enhanced, const char *text);

struct answer *answer_new(
    uint64_t session, unsigned code, const char *enhanced, const char *text);

/* Tells recipient number i of `count` something of its own; texts are copied
 * and cleaned as above. */
void answer_set_each(
    struct answer *answer, unsigned count, unsigned i, struct answer_line line);

/* It was said to a client that is there. */
void answer_said(struct answer *answer);

/* One that was not said is told as such. */
void answer_free(struct answer *answer);

#endif
