/* SPDX-License-Identifier: MIT */
/*
 * A range of the spool that leaves in another encoding than it came in.
 */
#ifndef MAIL_SEGMENT_RANGE_H
#define MAIL_SEGMENT_RANGE_H

#include "encode.h"
#include "mail/segment.h"

struct segment_range {
	uint64_t offset, length;
	enum part_encoding encoding; /* it has now */
	enum encode_form form;       /* it gets */
	uint64_t size, json_size;    /* that it gives, exactly */
};

/* Sets size and json_size: finds them by doing what is to be done.  Reads the
 * spool; when that fails they are too small, and so is what leaves. */
void segment_range_measure(
    const struct spool *spool, struct segment_range *range);

/* Adds a range PLAIN, or JSON: then escaped besides. */
void segments_add_range(struct segments *segments,
    const struct segment_range *range, enum segment_form form);

#endif
