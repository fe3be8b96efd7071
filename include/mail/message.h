/* SPDX-License-Identifier: MIT */
/*
 * The message: the normalized mail, plain data read once from the spool by
 * GMime (parse.c).  Immutable and counted; any thread.  No GMime object
 * outlives the parse.  Texts are valid UTF-8 without control characters other
 * than TAB and line ends; contents stay in the spool, a part only says where.
 */
#ifndef MAIL_MESSAGE_H
#define MAIL_MESSAGE_H

#include "mail/header.h"
#include "mail/submission.h"
#include "mail/trace.h"

/* One mailbox of a header field (RFC 5322 3.4), group members included. */
struct header_address {
	char *name; /* display name, UTF-8; NULL: none */
	char *spec; /* local@domain, domain in IDNA form */
};

enum part_encoding {
	PART_IDENTITY, /* 7bit, 8bit, binary, unknown */
	PART_QUOTED_PRINTABLE,
	PART_BASE64,
	PART_UUENCODE,
};

enum part_role {
	PART_ATTACHMENT,
	PART_INLINE, /* referred to by Content-ID from the html */
};

/* A part that is not the text or the html of the mail. */
struct part {
	enum part_role role;
	enum part_encoding encoding;
	char *type;       /* "image/png", lower case */
	char *parameters; /* of Content-Type but name and boundary:
			   * "; charset=utf-8", or "" */
	char *name;       /* file name, UTF-8, no path; NULL: none given */
	char *content_id; /* without <>; NULL: none */
	bool disposed;    /* a Content-Disposition was given */
	uint64_t offset;  /* of the encoded content in the spool */
	uint64_t length;
	uint64_t decoded_size; /* what decoding gives, exactly */
};

/* What is in the mail that some way of sending cannot carry.  The parser sets
 * a trait, a translator says which traits its forms carry, the plan compares.
 * What the parser does not know is TRAIT_UNKNOWN. */
enum trait {
	TRAIT_ALTERNATIVE = 1 << 0,    /* a body beside one text and one html */
	TRAIT_NESTED_MESSAGE = 1 << 1, /* message/rfc822 and other message/ */
	TRAIT_SIGNED = 1 << 2, /* multipart/signed, S/MIME, inline PGP */
	TRAIT_ENCRYPTED = 1 << 3,
	TRAIT_REPORT = 1 << 4,         /* multipart/report */
	TRAIT_DKIM = 1 << 5,           /* DKIM-Signature or ARC-* of others */
	TRAIT_REPEATED_FIELD = 1 << 6, /* a field that fields carry once */
	TRAIT_LONG_FIELD = 1 << 7,     /* a field over 998 octets unfolded */
	TRAIT_EIGHTBIT_FIELD = 1 << 8, /* raw bytes in a field that are no
					* UTF-8 */
	TRAIT_INLINE_NAMED = 1 << 9,   /* inline: name and Content-ID differ */
	TRAIT_INLINE_OTHER = 1 << 10,  /* inline and not image/ */
	TRAIT_INLINE_TWINS = 1 << 11,  /* two inline parts of one Content-ID */
	TRAIT_PART_HEADERS = 1 << 12,  /* Content-Description, -Location, ... */
	TRAIT_MANY_FROM = 1 << 13,     /* more than one From mailbox */
	TRAIT_GROUP = 1 << 14,         /* a group (RFC 5322 3.4) in a field */
	TRAIT_ADDRESS_BROKEN = 1 << 15,   /* an address field GMime could not
					   * read whole */
	TRAIT_NO_TO = 1 << 16,            /* no To and no Cc field */
	TRAIT_NAME_NON_ASCII = 1 << 17,   /* an attachment name beyond ASCII */
	TRAIT_NAME_UNSAFE = 1 << 18,      /* a name with path, quote, control,
					   * a dot at its end */
	TRAIT_NAME_MISSING = 1 << 19,     /* an attachment without a name */
	TRAIT_TEXT_LARGE = 1 << 20,       /* text or html over 1 MiB */
	TRAIT_TEXT_UNDECODABLE = 1 << 21, /* bytes became U+FFFD */
	TRAIT_MALFORMED = 1 << 22,        /* broken multipart, base64, ... */
	TRAIT_OPAQUE = 1 << 23,          /* the limiter: GMime did not see it */
	TRAIT_UNKNOWN = 1 << 24,         /* a structure nobody thought of */
	TRAIT_NO_BODY = 1 << 25,         /* neither text nor html */
	TRAIT_ATTACHMENT_CID = 1 << 26,  /* an attachment with a Content-ID */
	TRAIT_DISPLAY_SPECIAL = 1 << 27, /* a display name beyond ASCII with
					  * specials */
	TRAIT_DISPLAY_NON_ASCII = 1 << 28, /* a display name beyond ASCII */
	TRAIT_AMP = 1 << 29,               /* an alternative for AMP beside
					    * text and html */
	TRAIT_SECOND_FIELD = 1 << 30,      /* a second Date, From, Message-ID or
					    * Sender (RFC 5322 3.6) */
	/* a header line over 998 octets that no blank lets be folded */
	TRAIT_LONG_WORD = UINT64_C(1) << 31,
	/* a line of the body over 998 octets that has to be folded (raw.h) */
	TRAIT_LONG_LINE = UINT64_C(1) << 32,
	/* inline: a Content-ID that cannot be a file name, or ends in .com */
	TRAIT_INLINE_UNSAFE = UINT64_C(1) << 33,
	/* a file name with a charset or in pieces (RFC 2231) */
	TRAIT_NAME_PIECES = UINT64_C(1) << 34,
	TRAIT_NO_SUBJECT = UINT64_C(1) << 35, /* none, or an empty one */
	TRAIT_EMPTY_BODY = UINT64_C(1) << 36, /* an empty text or html */
	/* a TAB, or more than one blank at once, in the subject; a TAB in
	 * another field; where a line is folded one is none */
	TRAIT_BLANKS = UINT64_C(1) << 37,
	TRAIT_EMPTY_FIELD = UINT64_C(1) << 38, /* a field that says nothing */
	/* Authentication-Results of a host before us */
	TRAIT_RESULTS = UINT64_C(1) << 39,
	/* a Date that is not about the time the mail came */
	TRAIT_DATE = UINT64_C(1) << 40,
	/* marks in the text that some API would expand: %recipient.name%,
	 * *|NAME|*, {{name}} */
	TRAIT_MARK_PERCENT = UINT64_C(1) << 41,
	TRAIT_MARK_STARS = UINT64_C(1) << 42,
	TRAIT_MARK_BRACES = UINT64_C(1) << 43,
	TRAIT_EMPTY_PART = UINT64_C(1) << 44, /* a part without content */
	/* one address twice in To and Cc */
	TRAIT_ADDRESS_TWICE = UINT64_C(1) << 45,
	/* an address without a domain in a mail with DKIM, which goes on so */
	TRAIT_UNQUALIFIED = UINT64_C(1) << 46,
};

/* Number of traits, 56 at most (the rest are losses of a delivery, plan.h);
 * trait i is 1 << i, from 31 on UINT64_C(1) << i. */
#define TRAIT_COUNT 47
#define TRAIT_ALL   ((UINT64_C(1) << TRAIT_COUNT) - 1)

struct message {
	gatomicrefcount count;
	struct submission *submission; /* owned */
	struct header *header;         /* the raw fields */
	uint64_t traits;               /* enum trait */

	/* header addresses; struct header_address *, never NULL */
	GPtrArray *from, *to, *cc, *bcc, *reply_to;
	struct header_address *sender; /* Sender:; NULL: none */

	char *subject;    /* decoded; NULL: no such field */
	char *message_id; /* with <>; made when missing, never NULL */
	char *date;       /* RFC 5322; made when missing, never NULL */
	bool had_message_id, had_date, had_from;
	char trace_id[TRACE_ID_LENGTH + 1]; /* "": it belongs to none */
	char *domain; /* what addresses without one get, IDNA form; NULL: none
		       * that could be an address's */

	/* UTF-8, line ends LF; NULL: no such body.  amp: one for AMP, between
	 * text and html (text/x-amp-html) */
	GBytes *text, *html, *amp;
	GPtrArray *parts; /* struct part *, in order */
};

struct message *message_ref(struct message *message);
void message_unref(struct message *message);

struct header_address *header_address_new(const char *name, const char *spec);
void header_address_free(struct header_address *address);
void part_free(struct part *part);

/* The trait's name in words ("a nested message"), for logs and explain. */
const char *trait_text(uint64_t trait);

/* True when the decoded value of this field is carried by its own member
 * (From, To, Subject, Date, MIME-Version, Content-* but Content-Language,
 * ...), is removed always (Bcc, Resent-Bcc, Return-Path, Content-Length), or
 * speaks of bytes that fields do not carry (Received, DKIM-Signature, ARC-*):
 * not for extra headers. */
bool message_field_is_own(const char *name);

/* True of a control header: an order to a mail service (X-Mailgun-Tag,
 * X-SMTPAPI), or to us.  These are read into options (options.h), removed
 * always, and are own fields, too. */
bool message_field_is_control(const char *name);

/* The value of a field for an API: RFC 2047 decoded to UTF-8, unfolded, control
 * characters removed.  New string. */
char *message_field_text(const struct header_field *field);

#endif
