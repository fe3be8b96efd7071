/* SPDX-License-Identifier: MIT */
/*
 * Two machines over the same bytes: the skeleton (what a MIME parser would
 * build) takes them line by line, the counts take whole runs.  A run of a body
 * costs one table look-up a byte and one memchr a line.
 */
#include "mail/limiter.h"

#include "block.h"
#include "fold.h"
#include "hop.h"
#include "skeleton.h"
#include "suspect.h"
#include <glib.h>
#include <string.h>

/* What is counted of each byte, three sums in one word; a run of WEIGH_MAX
 * bytes cannot overflow any of them. */
#define WEIGH_MAX     8192
#define ESCAPES(n)    ((uint64_t)(n))
#define EIGHTBIT      (UINT64_C(1) << 32)
#define NUL           (UINT64_C(1) << 48)
#define ESCAPES_OF(w) ((w)&0xffffffff)
#define HAS_EIGHT(w)  (((w) >> 32 & 0xffff) != 0)
#define HAS_NUL(w)    ((w) >> 48 != 0)

/* Must agree with fold_json(): RFC 8259 7. */
static const uint64_t weights[256] = {
	[0] = NUL | ESCAPES(5),
	[0x01 ... 0x07] = ESCAPES(5),
	['\b' ... '\n'] = ESCAPES(1),
	[0x0b] = ESCAPES(5),
	['\f' ... '\r'] = ESCAPES(1),
	[0x0e ... 0x1f] = ESCAPES(5),
	['"'] = ESCAPES(1),
	['\\'] = ESCAPES(1),
	[0x7f] = ESCAPES(5),
	[0x80 ... 0xff] = EIGHTBIT,
};

enum limiter_place {
	LIMITER_FIRST,  /* the first line: perhaps mbox's "From " */
	LIMITER_MBOX,   /* in that line */
	LIMITER_HEADER, /* in the top header block */
	LIMITER_BODY,   /* behind it */
};

/* What was weighed of a line that may yet belong to header or body. */
struct tally {
	uint64_t octets; /* without CR and LF */
	uint64_t escapes;
	bool eightbit;
};

struct limiter {
	const struct limiter_limits *limits;
	enum limiter_verdict verdict;
	enum limiter_place place;
	uint64_t offset;     /* of the next byte */
	uint64_t line_start; /* offset of the header line under way */
	uint64_t octets;     /* of the body line under way, without CR and LF */
	bool line_ended;     /* the last byte was LF, or there was none */
	bool below;          /* below a broken header, before an empty line */
	uint64_t mbox;       /* bytes of "From " and blanks behind it seen */
	uint32_t head_length;
	struct tally line; /* the header line under way */
	struct suspect suspect;
	struct hop hop;
	struct limiter_seen seen;

	/* its first bytes, when it comes in pieces */
	unsigned char head[SKELETON_LINE_MAX];
	struct block block; /* the top header */
	struct skeleton skeleton;
};

const struct limiter_limits limiter_defaults = {
	.header_bytes = 256 * 1024,
	.header_fields = 1000,
	.field_bytes = 64 * 1024,
	.received = 50,
	.own_received = 2,
	.parts = 1000,
	.depth = 20,
	.content_bytes = 8 * 1024,
	.colons = 1024,
	.comparisons = 5000000,
};

static const char mbox_from[] = "From ";
#define MBOX_FROM_LENGTH (sizeof mbox_from - 1)

struct limiter *
limiter_new(const struct limiter_limits *limits)
{
	/* Not cleared as a whole: the skeleton's arrays are large. */
	struct limiter *limiter = g_new(struct limiter, 1);

	memset(limiter, 0, offsetof(struct limiter, head));
	limiter->limits = limits;
	limiter->line_ended = true;
	hop_start(&limiter->hop, limits->own_name);
	block_start(&limiter->block);
	skeleton_start(
	    &limiter->skeleton, &(struct skeleton_limits){
				    .header_bytes = limits->header_bytes,
				    .header_fields = limits->header_fields,
				    .field_bytes = limits->field_bytes,
				    .content_bytes = limits->content_bytes,
				    .colons = limits->colons,
				    .parts = limits->parts,
				    .depth = limits->depth,
				    .comparisons = limits->comparisons,
				});
	return limiter;
}

void
limiter_free(struct limiter *limiter)
{
	g_free(limiter);
}

/* Octets of a piece of a line without its CR and LF. */
static size_t
count_octets(const unsigned char *bytes, size_t length)
{
	if (length > 0 && bytes[length - 1] == '\n')
		length--;
	if (length > 0 && bytes[length - 1] == '\r')
		length--;
	return length;
}

/* Eight bytes that weigh nothing: printable ASCII but for quote and backslash.
 * Most of a mail is such, and told from the rest faster than weighed. */
static bool
is_light(const unsigned char *bytes)
{
	static const uint64_t ones = 0x0101010101010101;
	uint64_t eight;

	memcpy(&eight, bytes, 8);
	return (((eight - ones * ' ') | (eight + ones) | eight |
		    ((eight ^ ones * '"') - ones) |
		    ((eight ^ ones * '\\') - ones)) &
		   ones * 0x80) == 0;
}

static uint64_t
sum_weights(const unsigned char *bytes, size_t length)
{
	uint64_t sum = 0;
	size_t i = 0;

	for (; i + 8 <= length; i += 8) {
		if (is_light(bytes + i))
			continue;
		for (size_t k = i; k < i + 8; k++)
			sum += weights[bytes[k]];
	}
	for (; i < length; i++)
		sum += weights[bytes[i]];
	return sum;
}

static void
weigh(struct limiter *limiter, struct tally *tally, const unsigned char *bytes,
    size_t length)
{
	while (length > 0) {
		size_t run = MIN(length, (size_t)WEIGH_MAX);
		uint64_t sum = sum_weights(bytes, run);

		if (HAS_NUL(sum))
			limiter->verdict = LIMITER_NUL;
		tally->escapes += ESCAPES_OF(sum);
		tally->eightbit = tally->eightbit || HAS_EIGHT(sum);
		bytes += run;
		length -= run;
	}
}

/* One body line is complete: a fold after 998 octets, then after each 997. */
static void
end_body_line(struct limiter *limiter)
{
	uint64_t octets = limiter->octets;

	limiter->octets = 0;
	if (octets <= FOLD_LINE_MAX)
		return;
	limiter->seen.long_lines++;
	limiter->seen.folds +=
	    1 + (octets - FOLD_LINE_MAX - 1) / (FOLD_LINE_MAX - 1);
}

/* The header block is over; the body begins at this offset. */
static void
open_body(struct limiter *limiter, uint64_t offset)
{
	limiter->place = LIMITER_BODY;
	limiter->seen.header_end = offset;
	skeleton_open(&limiter->skeleton, &limiter->block);
}

/* The header line under way is the body's first, as far as it has come. */
static void
break_header(struct limiter *limiter)
{
	limiter->seen.header_broken = true;
	limiter->below = true;
	limiter->seen.body_escapes += limiter->line.escapes;
	limiter->seen.eightbit_body |= limiter->line.eightbit;
	limiter->octets = limiter->line.octets;
	open_body(limiter, limiter->line_start);
	if (skeleton_wants(&limiter->skeleton))
		skeleton_take(&limiter->skeleton, limiter->head,
		    limiter->head_length, false);
}

static void
check_header(struct limiter *limiter)
{
	const struct limiter_limits *limits = limiter->limits;
	const struct block *block = &limiter->block;

	if (block->field_bytes > limits->field_bytes)
		limiter->verdict = LIMITER_FIELD_BYTES;
	else if (block->bytes > limits->header_bytes)
		limiter->verdict = LIMITER_HEADER_BYTES;
	else if (block->fields > limits->header_fields)
		limiter->verdict = LIMITER_HEADER_FIELDS;
	else if (block->received > limits->received)
		limiter->verdict = LIMITER_HOPS;
	else if (limiter->hop.found > limits->own_received)
		limiter->verdict = LIMITER_CIRCLE;
	skeleton_check(&limiter->skeleton, block);
}

/* Bytes up to and with the first LF, or all. */
static size_t
measure_piece(const unsigned char *bytes, size_t length)
{
	const unsigned char *newline = memchr(bytes, '\n', length);

	return newline == NULL ? length : (size_t)(newline + 1 - bytes);
}

static void
end_header_line(struct limiter *limiter)
{
	limiter->seen.eightbit_header |= limiter->line.eightbit;
	limiter->line = (struct tally){ 0 };
	limiter->head_length = 0;
	limiter->line_start = limiter->offset;
}

/* Keeps the first bytes of a line that may turn out to be the body's. */
static void
keep_head(struct limiter *limiter, const unsigned char *bytes, size_t length)
{
	size_t room = sizeof limiter->head - limiter->head_length;

	memcpy(limiter->head + limiter->head_length, bytes, MIN(length, room));
	limiter->head_length += (uint32_t)MIN(length, room);
}

/* A field that is Bcc but for the odd bytes of its name.  A plain Bcc is taken
 * out by all who send. */
static void
check_name(struct limiter *limiter, const unsigned char *bytes, size_t length)
{
	suspect_take(&limiter->suspect, bytes, length);
	if (limiter->suspect.line && limiter->block.malformed)
		limiter->verdict = LIMITER_BCC;
	limiter->suspect.line = false;
}

/* Looks for our name, and for orders. */
static void
check_field(struct limiter *limiter, const unsigned char *bytes, size_t length)
{
	const struct block *block = &limiter->block;

	if (block->field_bytes <= length)
		hop_begin(&limiter->hop);
	if (block->kind == BLOCK_RECEIVED)
		hop_take(&limiter->hop, bytes, length);
	limiter->seen.orders |= block->kind == BLOCK_ORDER;
}

/* Takes one piece of a header line; false when it is the body's. */
static bool
take_header(struct limiter *limiter, const unsigned char *bytes, size_t length)
{
	bool ends = bytes[length - 1] == '\n';
	enum block_state state =
	    block_take(&limiter->block, bytes, length, ends);

	if (state == BLOCK_BROKEN) {
		break_header(limiter);
		return false;
	}
	limiter->offset += length;
	limiter->line.octets += count_octets(bytes, length);
	weigh(limiter, &limiter->line, bytes, length);
	check_field(limiter, bytes, length);
	check_header(limiter);
	check_name(limiter, bytes, length);
	if (ends)
		end_header_line(limiter);
	else
		keep_head(limiter, bytes, length);
	if (state == BLOCK_ENDED)
		open_body(limiter, limiter->offset);
	return true;
}

/* It is no mbox line: what was held back of it is the header's. */
static void
open_header(struct limiter *limiter)
{
	limiter->place = LIMITER_HEADER;
	limiter->offset = 0;
	if (limiter->mbox > 0)
		take_header(limiter, (const unsigned char *)mbox_from,
		    (size_t)MIN(limiter->mbox, MBOX_FROM_LENGTH));
	/* any blank is as good as another before a colon */
	while (limiter->offset < limiter->mbox)
		take_header(limiter, (const unsigned char *)" ", 1);
}

/* True when the line may still be an mbox line with this as its next byte. */
static bool
continues_mbox(const struct limiter *limiter, unsigned char byte)
{
	if (limiter->mbox < MBOX_FROM_LENGTH)
		return byte == (unsigned char)mbox_from[limiter->mbox];
	return byte == ' ' || byte == '\t';
}

/* Compares the first bytes with "From "; returns how many are dealt with.  With
 * blanks and a colon it is a From field (RFC 5322 4.5.2). */
static size_t
take_first(struct limiter *limiter, const unsigned char *bytes, size_t length)
{
	size_t taken = 0;

	while (taken < length && continues_mbox(limiter, bytes[taken])) {
		limiter->mbox++;
		taken++;
	}
	if (taken < length &&
	    (limiter->mbox < MBOX_FROM_LENGTH || bytes[taken] == ':')) {
		/* What came in this call is fed as it is. */
		limiter->mbox -= taken;
		open_header(limiter);
		return 0;
	}
	limiter->offset += taken;
	if (limiter->offset > limiter->limits->field_bytes)
		limiter->verdict = LIMITER_FIELD_BYTES;
	if (taken < length)
		limiter->place = LIMITER_MBOX;
	return taken;
}

/* The rest of a leading "From " line, which is no field of the mail. */
static size_t
take_mbox(struct limiter *limiter, const unsigned char *bytes, size_t length)
{
	struct tally dropped = { 0 };
	size_t piece = measure_piece(bytes, length);

	weigh(limiter, &dropped, bytes, piece);
	limiter->offset += piece;
	if (limiter->offset > limiter->limits->field_bytes)
		limiter->verdict = LIMITER_FIELD_BYTES;
	if (bytes[piece - 1] == '\n') {
		limiter->place = LIMITER_HEADER;
		limiter->line_start = limiter->offset;
		limiter->seen.header_start = limiter->offset;
	}
	return piece;
}

/* A piece of a line below the place where the header broke off. */
static void
check_below(struct limiter *limiter, const unsigned char *bytes, size_t length)
{
	suspect_take(&limiter->suspect, bytes, length);
	if (limiter->suspect.line)
		limiter->verdict = LIMITER_BCC;
	if (limiter->octets == 0 && bytes[length - 1] == '\n')
		limiter->below = false;
}

static size_t
take_body(struct limiter *limiter, const unsigned char *bytes, size_t length)
{
	struct tally tally = { 0 };
	const unsigned char *end = bytes + length;

	weigh(limiter, &tally, bytes, length);
	limiter->seen.body_escapes += tally.escapes;
	limiter->seen.eightbit_body |= tally.eightbit;
	limiter->offset += length;
	while (bytes < end) {
		size_t piece = measure_piece(bytes, (size_t)(end - bytes));
		bool ends = bytes[piece - 1] == '\n';

		limiter->octets += count_octets(bytes, piece);
		if (limiter->below)
			check_below(limiter, bytes, piece);
		if (skeleton_wants(&limiter->skeleton))
			skeleton_take(&limiter->skeleton, bytes, piece, ends);
		if (ends)
			end_body_line(limiter);
		bytes += piece;
	}
	return length;
}

/* Returns how many bytes were dealt with, perhaps none when the place has
 * changed. */
static size_t
take_bytes(struct limiter *limiter, const unsigned char *bytes, size_t length)
{
	size_t piece;

	switch (limiter->place) {
	case LIMITER_FIRST:
		return take_first(limiter, bytes, length);
	case LIMITER_MBOX:
		return take_mbox(limiter, bytes, length);
	case LIMITER_HEADER:
		piece = measure_piece(bytes, length);
		return take_header(limiter, bytes, piece) ? piece : 0;
	case LIMITER_BODY:
		return take_body(limiter, bytes, length);
	}
	g_assert_not_reached();
}

enum limiter_verdict
limiter_feed(struct limiter *limiter, const void *bytes, size_t length)
{
	const unsigned char *at = bytes, *end = at + length;

	while (at < end && limiter->verdict == LIMITER_OK)
		at += take_bytes(limiter, at, (size_t)(end - at));
	if (length > 0)
		limiter->line_ended = end[-1] == '\n';
	return limiter->verdict;
}

/* The mail has ended within its header. */
static void
end_header(struct limiter *limiter)
{
	if (!limiter->line_ended && limiter->block.place != BLOCK_LINE_VALUE) {
		break_header(limiter);
		return;
	}
	end_header_line(limiter);
	limiter->seen.header_broken = true;
	open_body(limiter, limiter->offset);
}

enum limiter_verdict
limiter_end(struct limiter *limiter, struct limiter_seen *seen)
{
	struct skeleton *skeleton = &limiter->skeleton;

	if (limiter->place == LIMITER_FIRST &&
	    limiter->mbox >= MBOX_FROM_LENGTH)
		limiter->place = LIMITER_MBOX;
	if (limiter->place == LIMITER_FIRST)
		open_header(limiter);
	if (limiter->place == LIMITER_MBOX) {
		limiter->seen.header_start = limiter->offset;
		limiter->place = LIMITER_HEADER;
		limiter->line_ended = true;
	}
	if (limiter->place == LIMITER_HEADER)
		end_header(limiter);
	if (!limiter->line_ended && skeleton_wants(skeleton))
		skeleton_take(skeleton, (const unsigned char *)"", 0, true);
	end_body_line(limiter);
	limiter->seen.bcc_inside = limiter->suspect.inside;
	limiter->seen.ends_with_newline = limiter->line_ended;
	limiter->seen.opaque = skeleton->opaque != NULL;
	limiter->seen.opaque_why = skeleton->opaque;
	*seen = limiter->seen;
	return limiter->verdict;
}

const char *
limiter_text(enum limiter_verdict verdict)
{
	switch (verdict) {
	case LIMITER_OK:
		return "the mail is within the limits";
	case LIMITER_HEADER_BYTES:
		return "header too large";
	case LIMITER_HEADER_FIELDS:
		return "too many header fields";
	case LIMITER_FIELD_BYTES:
		return "header field too long";
	case LIMITER_HOPS:
		return "too many hops: the mail goes in a loop";
	case LIMITER_CIRCLE:
		return "it was here before, several times: the mail goes in a "
		       "loop";
	case LIMITER_NUL:
		return "the mail holds a NUL byte";
	case LIMITER_BCC:
		return "the header is broken above or in a Bcc line, which "
		       "would be shown to all";
	}
	g_assert_not_reached();
}
