/* SPDX-License-Identifier: MIT */
/*
 * The spool as a stream for GMime, which reads it in pieces: neither copied nor
 * mapped.
 */
#ifndef MAIL_PARSE_STREAM_H
#define MAIL_PARSE_STREAM_H

#include "mail/spool.h"

struct _GMimeStream; /* GMime's own name */

/* From offset to the end; offsets are those of the spool, which must outlive
 * it. */
struct _GMimeStream *parse_stream_new(
    const struct spool *spool, uint64_t offset);

#endif
