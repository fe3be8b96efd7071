/* SPDX-License-Identifier: MIT */
/*
 * A composition is a mail in the parts that a program thinks of - from, to,
 * subject, texts, attachments - before there is a byte of it as it travels.
 * Whoever reads one from a request fills it in as it was said there; it is
 * checked once, told of field by field, and becomes a submission like that of
 * any session: a spool with CRLF lines, a header of ASCII, what the limiter
 * saw, an envelope without twins and without Bcc in the header.  Attachments
 * stream from their spools into that of the mail.  One thread at a time, which
 * may wait, with 128 KiB of stack; after parse_start().
 */
#ifndef MAIL_COMPOSITION_H
#define MAIL_COMPOSITION_H

#include "mail/submission.h"

/* Of one mail; more are an error of its field. */
#define COMPOSITION_HEADERS_MAX        100
#define COMPOSITION_ATTACHMENTS_MAX    500
#define COMPOSITION_TAGS_MAX           50
#define COMPOSITION_METADATA_MAX       50
#define COMPOSITION_SUBJECT_MAX        998           /* characters */
#define COMPOSITION_NAME_MAX           255           /* bytes, of a file */
#define COMPOSITION_VALUE_MAX          (16 * 1024)   /* bytes, of a header */
#define COMPOSITION_ADDRESSES_MAX      (1024 * 1024) /* bytes, in one text */
#define COMPOSITION_TAG_MAX            128           /* bytes, UTF-8 */
#define COMPOSITION_METADATA_KEY_MAX   128           /* bytes, ASCII */
#define COMPOSITION_METADATA_VALUE_MAX 500           /* bytes, UTF-8 */

/* Two texts: a header field, or one of the metadata. */
struct composition_pair {
	char *name;
	char *value;
};

struct composition_attachment {
	char *name;          /* of the file, UTF-8; NULL: none */
	char *type;          /* "image/png"; NULL: application/octet-stream */
	char *content_id;    /* with or without <>; NULL: none */
	bool in_line;        /* shown within the html, which names its
			      * content_id; without one: among the text */
	struct spool *bytes; /* decoded; sealed; counted */
};

/* All texts are UTF-8, owned, as they were said; NULL: not said.  The arrays
 * are never NULL and free what they hold. */
struct composition {
	char *from;     /* one mailbox: "Some Name <a@example.com>" */
	char *sender;   /* an address for the envelope; "": the null sender;
			 * NULL: that of from */
	char *reply_to; /* mailboxes with commas between */
	GPtrArray *to, *cc, *bcc; /* char *: a mailbox each, or several with
				   * commas between */
	char *subject;
	struct spool *text, *html; /* sealed; counted; any line ends; NULL */
	GPtrArray *headers;        /* struct composition_pair * */
	GPtrArray *attachments;    /* struct composition_attachment * */

	/* What is asked of postferry and of the provider. */
	GPtrArray *tags;     /* char * */
	GPtrArray *metadata; /* struct composition_pair * */
	char *track_opens;   /* yes, no */
	char *track_clicks;  /* yes, no, htmlonly */
	char *send_at;       /* a date of RFC 3339 or RFC 5322, or seconds
			      * since 1970 */
	char *route;         /* the name of one */
	char *doubt;         /* prefer_delivery, prefer_once, never_twice */
};

/* What is wrong with one field. */
struct composition_error {
	char *field; /* "to[3]", "attachments[0].type", "headers.X-Foo" */
	char *text;  /* one sentence for people */
};

/* Where and under which limits a mail is made; all borrowed. */
struct composition_place {
	const struct spool_place *spools;
	const struct limiter_limits *limits;
	const char *domain; /* added to addresses without one; NULL: such
			     * are an error */
	const char *const *senders; /* who it may be from, as
				     * address_is_among(); NULL: anyone */
	uint64_t mail_bytes;        /* of the mail as it travels, at most */
	unsigned recipients_max;    /* of the envelope */
};

/* How the making of a mail ended. */
enum composition_end {
	COMPOSITION_MADE,
	COMPOSITION_LARGE,   /* over mail_bytes */
	COMPOSITION_REFUSED, /* by the limiter, or too many recipients */
	COMPOSITION_MEMORY,  /* the budget has no room for it now */
	COMPOSITION_FULL,    /* the disk has not */
	COMPOSITION_BROKEN,  /* the disk cannot be read or written */
};

/* Nothing is said yet. */
struct composition *composition_new(void);
/* NULL is fine. */
void composition_free(struct composition *composition);

/* Add one; texts are copied, a spool is taken over. */
void composition_add_header(
    struct composition *composition, const char *name, const char *value);
void composition_add_metadata(
    struct composition *composition, const char *key, const char *value);
/* An empty one, to be filled in; owned by the composition. */
struct composition_attachment *composition_add_attachment(
    struct composition *composition);

/* A name and an address as one mailbox, quoted where it must be; name NULL or
 * "": the address alone.  New string. */
char *composition_mailbox(const char *name, const char *address);

/* Adds an error (struct composition_error *) to those that are there. */
void composition_add_error(GPtrArray *errors, const char *field,
    const char *format, ...) G_GNUC_PRINTF(3, 4);
/* An array that frees its errors. */
GPtrArray *composition_errors_new(void);

/* Adds all that is wrong with the composition; true when nothing is.  Reads
 * the texts for what no mail may hold (NUL, bytes that are no UTF-8). */
bool composition_check(const struct composition *composition,
    const struct composition_place *place, GPtrArray *errors);

/* Digits of composition_digest(). */
#define COMPOSITION_DIGEST_LENGTH 64

/* A SHA-256 of all that is said in it, in hexadecimal: two compositions that
 * are alike have the same, however their requests were written.  False when a
 * spool cannot be read. */
bool composition_digest(const struct composition *composition,
    char digest[static COMPOSITION_DIGEST_LENGTH + 1]);

/* Makes the mail of a composition that passed the check: id, envelope, spool,
 * what the limiter saw and the time are set; who brought it and whom to answer
 * is the caller's to say.  NULL and *end, with *why (new string, for people)
 * when it cannot be made. */
struct submission *composition_submission(const struct composition *composition,
    const struct composition_place *place, enum composition_end *end,
    char **why);

#endif
