/* SPDX-License-Identifier: MIT */
/*
 * A body that is sent is a list of segments: bytes, or a range of the spool
 * seen through a decoder and an encoder.  Every length is known beforehand, so
 * the whole length is, and nothing is read until it is sent.  A list is built
 * by one thread, then immutable; a reader is one pass over it.
 */
#ifndef MAIL_SEGMENT_H
#define MAIL_SEGMENT_H

#include "mail/message.h"

struct segments;
struct segment_reader;

/* How a range leaves. */
enum segment_form {
	SEGMENT_PLAIN,  /* as the decoder gives it */
	SEGMENT_BASE64, /* one line without breaks, padded: for JSON */
	SEGMENT_FOLDED, /* lines over 998 octets broken with CRLF SP */
	SEGMENT_JSON,   /* folded, then escaped for the inside of a JSON string;
			 * bytes that are no UTF-8 must not occur */
};

/* The list counts a reference of the spool; spool may be NULL when only bytes
 * are added. */
struct segments *segments_new(struct spool *spool);
struct segments *segments_ref(struct segments *segments);
void segments_unref(struct segments *segments);

/* Adds bytes; copied, adjacent ones joined. */
void segments_add(struct segments *segments, const void *bytes, size_t length);
void segments_add_text(struct segments *segments, const char *text);
void segments_printf(struct segments *segments, const char *format, ...)
    G_GNUC_PRINTF(2, 3);

/* Adds bytes without a copy; counted. */
void segments_add_bytes(struct segments *segments, GBytes *bytes);

/* Adds text as the inside of a JSON string; invalid UTF-8 becomes U+FFFD. */
void segments_add_json(
    struct segments *segments, const void *text, size_t length);

/* Adds a part's content decoded, then in `form` (PLAIN or BASE64). */
void segments_add_part(
    struct segments *segments, const struct part *part, enum segment_form form);

/* Adds the mail's body (from seen->header_end to the end of the spool) PLAIN,
 * FOLDED or JSON; the lengths come from what the limiter counted.  A CRLF is
 * added to a last line without one. */
void segments_add_body(struct segments *segments,
    const struct limiter_seen *seen, enum segment_form form);

/* Bytes in all. */
uint64_t segments_size(const struct segments *segments);

/* Bytes the list itself holds in memory: what the budget is charged. */
uint64_t segments_memory(const struct segments *segments);

struct segment_reader *segment_reader_new(struct segments *segments);
void segment_reader_free(struct segment_reader *reader);

/* The next bytes, at most length.  0 at the end; -1 with errno when the spool
 * cannot be read or gives another length than was said (EIO): the request must
 * then be broken off before its end. */
ssize_t segment_reader_read(
    struct segment_reader *reader, void *bytes, size_t length);

/* Bytes given out so far. */
uint64_t segment_reader_given(const struct segment_reader *reader);

#endif
