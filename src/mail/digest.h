/* SPDX-License-Identifier: MIT */
/*
 * A digest of many things said, in order: a SHA-256 in which no two lists of
 * texts and spools come to the same, however they are cut.  One thread.
 */
#ifndef MAIL_DIGEST_H
#define MAIL_DIGEST_H

#include "mail/spool.h"

/* Hexadecimal digits of it. */
#define DIGEST_LENGTH 64

struct digest;

struct digest *digest_new(void);

/* NULL is another than "". */
void digest_text(struct digest *digest, const char *text);

void digest_number(struct digest *digest, uint64_t number);

/* char *; NULL is an empty one. */
void digest_texts(struct digest *digest, const GPtrArray *texts);

/* The bytes of a sealed one; NULL is another than an empty one. */
void digest_spool(struct digest *digest, const struct spool *spool);

/* Writes and frees it; false: a spool could not be read. */
bool digest_end(struct digest *digest, char out[static DIGEST_LENGTH + 1]);

#endif
