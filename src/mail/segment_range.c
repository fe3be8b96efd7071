/* SPDX-License-Identifier: MIT */
#include "segment_range.h"

#include "decode.h"
#include "fold.h"

#define CHUNK 4096

struct measure {
	struct decode decode;
	struct encode encode;
	unsigned char in[CHUNK];
	unsigned char plain[CHUNK + 2 * DECODE_SLACK];
	unsigned char
	    out[ENCODE_ROOM(CHUNK + 2 * DECODE_SLACK) + ENCODE_ROOM(0)];
};

static void
count_bytes(
    struct segment_range *range, const unsigned char *bytes, size_t length)
{
	range->size += length;
	range->json_size += fold_json_size(bytes, length);
}

void
segment_range_measure(const struct spool *spool, struct segment_range *range)
{
	g_autofree struct measure *measure = g_new(struct measure, 1);
	uint64_t at = 0;
	size_t length;
	ssize_t taken;

	decode_start(&measure->decode, range->encoding);
	encode_start(&measure->encode, range->form);
	for (; at < range->length; at += (uint64_t)taken) {
		taken = spool_read(spool, range->offset + at, measure->in,
		    (size_t)MIN(CHUNK, range->length - at));
		if (taken <= 0)
			break;
		length = decode_bytes(&measure->decode, measure->in,
		    (size_t)taken, measure->plain);
		length = encode_bytes(
		    &measure->encode, measure->plain, length, measure->out);
		count_bytes(range, measure->out, length);
	}
	length = decode_end(&measure->decode, measure->plain);
	length = encode_bytes(
	    &measure->encode, measure->plain, length, measure->out);
	length += encode_end(&measure->encode, measure->out + length);
	count_bytes(range, measure->out, length);
}
