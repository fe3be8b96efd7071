/* SPDX-License-Identifier: MIT */
/*
 * The header of a mail that is composed: its fields as bytes, in ASCII and
 * folded.  Pure; any thread.
 */
#ifndef MAIL_COMPOSITION_HEAD_H
#define MAIL_COMPOSITION_HEAD_H

#include "composition_address.h"

/* What the head is made of, beside the composition; borrowed. */
struct composition_head {
	const struct composition *composition;
	const GPtrArray *from, *reply_to, *to, *cc; /* struct mailbox * */
	const char *id;                             /* of the mail */
	int64_t now_ms; /* wall clock, for the Date */
};

/* Appends one field whose value is one line of UTF-8.  False, and nothing
 * appended: a word in it cannot be written in ASCII where it stands, or in a
 * line of 998 octets. */
bool composition_head_put(GString *out, const char *name, const char *value);

/* Why a program may not set this field by `headers` (for people); NULL: it
 * may. */
const char *composition_head_obstacle(const char *name);

/* One of the metadata as the value of its field: a JSON object in ASCII.  New
 * string. */
char *composition_head_metadata(const struct composition_pair *pair);

/* Appends all fields but those of Content; false: one of `headers` cannot be
 * written, which the check would have told. */
bool composition_head_write(GString *out, const struct composition_head *head);

#endif
