/* SPDX-License-Identifier: MIT */
/*
 * A reader takes a chunk of the spool through three steps, decoding, encoding
 * and JSON, any of which may do nothing, and gives out what came of it.  Its
 * buffers, sized for the worst a chunk can become, are made with the first
 * chunk: a request that holds its mail as text needs none.  Each segment must
 * give exactly what was said: the request's Content-Length has left already.
 */
#include "mail/segment.h"

#include "decode.h"
#include "fold.h"
#include "segment_range.h"

#include <errno.h>
#include <string.h>

#define CHUNK     4096
#define PLAIN_MAX (CHUNK + 2 * DECODE_SLACK)
#define STEP_MAX  (ENCODE_ROOM(PLAIN_MAX) + ENCODE_ROOM(0))
/* what leaves escaped was not encoded so that much, or needs no escapes but for
 * its line ends, quotes and backslashes */
#define OUT_MAX (2 * STEP_MAX)

struct segment {
	GString *text; /* bytes, or... */
	GBytes *bytes; /* ...bytes, or a range of the spool: */
	uint64_t offset, length;
	enum part_encoding encoding;
	enum encode_form form;
	bool json;     /* escaped besides */
	bool newline;  /* CRLF behind it */
	uint64_t size; /* that it gives */
};

struct segments {
	gatomicrefcount count;
	struct spool *spool;
	GArray *list; /* struct segment */
	uint64_t size;
	uint64_t memory;
};

/* What a chunk becomes, step by step. */
struct buffers {
	unsigned char in[CHUNK];
	unsigned char plain[PLAIN_MAX];
	unsigned char step[STEP_MAX];
	unsigned char out[OUT_MAX];
};

struct segment_reader {
	struct segments *segments;
	uint64_t given;
	unsigned at; /* number of the segment that is read */
	uint64_t segment_given;

	/* of this segment */
	uint64_t taken; /* bytes of its source */
	bool ended;     /* its last bytes are in out */
	struct decode decode;
	struct encode encode;

	size_t out_at, out_length;
	struct buffers *buffers; /* NULL: no chunk was taken */
};

static void
clear_segment(void *object)
{
	struct segment *segment = object;

	if (segment->text != NULL)
		g_string_free(segment->text, TRUE);
	if (segment->bytes != NULL)
		g_bytes_unref(segment->bytes);
}

struct segments *
segments_new(struct spool *spool)
{
	struct segments *segments = g_new0(struct segments, 1);

	g_atomic_ref_count_init(&segments->count);
	if (spool != NULL)
		segments->spool = spool_ref(spool);
	segments->list = g_array_new(FALSE, TRUE, sizeof(struct segment));
	g_array_set_clear_func(segments->list, clear_segment);
	return segments;
}

struct segments *
segments_ref(struct segments *segments)
{
	g_atomic_ref_count_inc(&segments->count);
	return segments;
}

void
segments_unref(struct segments *segments)
{
	if (segments == NULL || !g_atomic_ref_count_dec(&segments->count))
		return;
	g_array_unref(segments->list);
	if (segments->spool != NULL)
		spool_unref(segments->spool);
	g_free(segments);
}

static void
append_segment(struct segments *segments, const struct segment *segment)
{
	g_array_append_vals(segments->list, segment, 1);
	segments->size += segment->size;
	segments->memory += sizeof *segment;
}

/* The text that bytes are joined to. */
static struct segment *
open_text(struct segments *segments)
{
	struct segment *last = NULL;

	if (segments->list->len > 0)
		last = &g_array_index(
		    segments->list, struct segment, segments->list->len - 1);
	if (last == NULL || last->text == NULL) {
		struct segment text = { .text = g_string_new(NULL) };

		append_segment(segments, &text);
		last = &g_array_index(
		    segments->list, struct segment, segments->list->len - 1);
	}
	return last;
}

static void
grow_text(struct segments *segments, struct segment *text, size_t before)
{
	size_t more = text->text->len - before;

	text->size += more;
	segments->size += more;
	segments->memory += more;
}

void
segments_add(struct segments *segments, const void *bytes, size_t length)
{
	struct segment *text = open_text(segments);
	size_t before = text->text->len;

	g_string_append_len(text->text, bytes, (gssize)length);
	grow_text(segments, text, before);
}

void
segments_add_text(struct segments *segments, const char *text)
{
	segments_add(segments, text, strlen(text));
}

void
segments_printf(struct segments *segments, const char *format, ...)
{
	struct segment *text = open_text(segments);
	size_t before = text->text->len;
	va_list arguments;

	va_start(arguments, format);
	g_string_append_vprintf(text->text, format, arguments);
	va_end(arguments);
	grow_text(segments, text, before);
}

void
segments_add_bytes(struct segments *segments, GBytes *bytes)
{
	struct segment segment = {
		.bytes = bytes,
		.size = g_bytes_get_size(bytes),
	};

	if (segment.size == 0)
		return;
	g_bytes_ref(bytes);
	append_segment(segments, &segment);
	segments->memory += segment.size;
}

void
segments_add_json(struct segments *segments, const void *text, size_t length)
{
	g_autofree char *valid = g_utf8_make_valid(text, (gssize)length);
	unsigned char escaped[6 * 256];
	size_t left = strlen(valid);

	for (const char *from = valid; left > 0;) {
		size_t take = MIN(left, 256);
		size_t size =
		    fold_json((const unsigned char *)from, take, escaped);

		segments_add(segments, escaped, size);
		from += take;
		left -= take;
	}
}

void
segments_add_part(
    struct segments *segments, const struct part *part, enum segment_form form)
{
	struct segment segment = {
		.offset = part->offset,
		.length = part->length,
		.encoding = part->encoding,
		.size = part->decoded_size,
	};

	g_assert(form == SEGMENT_PLAIN || form == SEGMENT_BASE64);
	if (form == SEGMENT_BASE64) {
		segment.form = ENCODE_BASE64;
		segment.size = (part->decoded_size + 2) / 3 * 4;
	}
	append_segment(segments, &segment);
}

void
segments_add_range(struct segments *segments, const struct segment_range *range,
    enum segment_form form)
{
	const struct segment segment = {
		.offset = range->offset,
		.length = range->length,
		.encoding = range->encoding,
		.form = range->form,
		.json = form == SEGMENT_JSON,
		.size = form == SEGMENT_JSON ? range->json_size : range->size,
	};

	g_assert(form == SEGMENT_PLAIN || form == SEGMENT_JSON);
	append_segment(segments, &segment);
}

void
segments_add_body(struct segments *segments, const struct limiter_seen *seen,
    enum segment_form form)
{
	uint64_t end = spool_size(segments->spool);
	struct segment segment = {
		.offset = seen->header_end,
		.length = end - seen->header_end,
		.json = form == SEGMENT_JSON,
		.newline = end > seen->header_end && !seen->ends_with_newline,
	};

	g_assert(form != SEGMENT_BASE64 && end >= seen->header_end);
	segment.size = segment.length;
	if (form == SEGMENT_FOLDED)
		segment.size += FOLD_BYTES * seen->folds;
	if (form == SEGMENT_JSON)
		segment.size +=
		    seen->body_escapes + FOLD_JSON_BYTES * seen->folds;
	if (segment.newline)
		segment.size += form == SEGMENT_JSON ? 4 : 2;
	/* the bytes go through no step when nothing is to be folded */
	if (form != SEGMENT_PLAIN && seen->folds > 0)
		segment.form = ENCODE_FOLDED;
	append_segment(segments, &segment);
}

uint64_t
segments_size(const struct segments *segments)
{
	return segments->size;
}

uint64_t
segments_memory(const struct segments *segments)
{
	return segments->memory;
}

static bool
has_segment(const struct segment_reader *reader)
{
	return reader->at < reader->segments->list->len;
}

static const struct segment *
current_segment(const struct segment_reader *reader)
{
	return &g_array_index(
	    reader->segments->list, struct segment, reader->at);
}

static void
start_segment(struct segment_reader *reader, unsigned at)
{
	reader->at = at;
	reader->segment_given = 0;
	reader->taken = 0;
	reader->ended = false;
	reader->out_at = reader->out_length = 0;
	if (!has_segment(reader))
		return;
	decode_start(&reader->decode, current_segment(reader)->encoding);
	encode_start(&reader->encode, current_segment(reader)->form);
}

struct segment_reader *
segment_reader_new(struct segments *segments)
{
	struct segment_reader *reader = g_new0(struct segment_reader, 1);

	reader->segments = segments_ref(segments);
	start_segment(reader, 0);
	return reader;
}

void
segment_reader_free(struct segment_reader *reader)
{
	if (reader == NULL)
		return;
	segments_unref(reader->segments);
	g_free(reader->buffers);
	g_free(reader);
}

uint64_t
segment_reader_given(const struct segment_reader *reader)
{
	return reader->given;
}

static bool
is_range(const struct segment *segment)
{
	return segment->text == NULL && segment->bytes == NULL;
}

/* The next bytes of a segment that holds them. */
static size_t
read_held(struct segment_reader *reader, const struct segment *segment,
    void *bytes, size_t length)
{
	const char *held = segment->text != NULL
			       ? segment->text->str
			       : g_bytes_get_data(segment->bytes, NULL);
	size_t take =
	    (size_t)MIN(length, segment->size - reader->segment_given);

	memcpy(bytes, held + reader->segment_given, take);
	return take;
}

/* Reads the source of a range; a spool that ends too early is as bad as one
 * that cannot be read. */
static ssize_t
read_source(struct segment_reader *reader, const struct segment *segment,
    void *bytes, size_t length)
{
	uint64_t left = segment->length - reader->taken;
	ssize_t taken;

	if (left == 0)
		return 0;
	taken = spool_read(reader->segments->spool,
	    segment->offset + reader->taken, bytes, (size_t)MIN(left, length));
	if (taken == 0) {
		errno = EIO;
		return -1;
	}
	if (taken > 0)
		reader->taken += (uint64_t)taken;
	return taken;
}

/* The first step: a chunk decoded; at the end of the source what was still
 * held back, and the CRLF that the last line lacks. */
static size_t
make_plain(
    struct segment_reader *reader, const struct segment *segment, size_t taken)
{
	unsigned char *plain = reader->buffers->plain;
	size_t length =
	    decode_bytes(&reader->decode, reader->buffers->in, taken, plain);

	if (taken > 0)
		return length;
	length += decode_end(&reader->decode, plain + length);
	if (segment->newline) {
		memcpy(plain + length, "\r\n", 2);
		length += 2;
	}
	return length;
}

/* The second and third: what was decoded becomes what leaves. */
static size_t
make_out(
    struct segment_reader *reader, const struct segment *segment, size_t length)
{
	unsigned char *out =
	    segment->json ? reader->buffers->step : reader->buffers->out;

	length =
	    encode_bytes(&reader->encode, reader->buffers->plain, length, out);
	if (reader->ended)
		length += encode_end(&reader->encode, out + length);
	return segment->json ? fold_json(out, length, reader->buffers->out)
			     : length;
}

/* Fills out from the next chunk.  -1 and errno; else 0, and nothing in out
 * only when the segment has ended. */
static int
fill_out(struct segment_reader *reader, const struct segment *segment)
{
	if (reader->buffers == NULL)
		reader->buffers = g_new(struct buffers, 1);
	reader->out_at = reader->out_length = 0;
	while (reader->out_length == 0 && !reader->ended) {
		ssize_t taken = read_source(reader, segment,
		    reader->buffers->in, sizeof reader->buffers->in);

		if (taken < 0)
			return -1;
		reader->ended = taken == 0;
		reader->out_length = make_out(reader, segment,
		    make_plain(reader, segment, (size_t)taken));
	}
	return 0;
}

/* The next bytes of a range: straight into the caller's buffer when they leave
 * as they are. */
static ssize_t
read_range(struct segment_reader *reader, const struct segment *segment,
    void *bytes, size_t length)
{
	size_t take;

	if (segment->form == ENCODE_PLAIN && !segment->json &&
	    segment->encoding == PART_IDENTITY &&
	    reader->taken < segment->length)
		return read_source(reader, segment, bytes, length);
	if (reader->out_at == reader->out_length &&
	    fill_out(reader, segment) != 0)
		return -1;
	take = MIN(length, reader->out_length - reader->out_at);
	memcpy(bytes, reader->buffers->out + reader->out_at, take);
	reader->out_at += take;
	return (ssize_t)take;
}

/* Whoever sends stops at the length that was said and would never learn that
 * there was more: so that is found out before the last bytes are given. */
static bool
has_ended(struct segment_reader *reader, const struct segment *segment)
{
	return reader->out_at == reader->out_length &&
	       fill_out(reader, segment) == 0 && reader->out_length == 0;
}

/* The next bytes of the current segment; 0 when it has ended. */
static ssize_t
read_segment(struct segment_reader *reader, void *bytes, size_t length)
{
	const struct segment *segment = current_segment(reader);
	uint64_t left = segment->size - reader->segment_given;
	ssize_t got;

	if (is_range(segment))
		got = read_range(reader, segment, bytes, length);
	else
		got = (ssize_t)read_held(reader, segment, bytes, length);
	if (got < 0)
		return -1;
	if ((uint64_t)got > left || (got == 0 && left > 0) ||
	    ((uint64_t)got == left && is_range(segment) &&
		!has_ended(reader, segment))) {
		errno = EIO;
		return -1;
	}
	reader->segment_given += (uint64_t)got;
	reader->given += (uint64_t)got;
	return got;
}

ssize_t
segment_reader_read(struct segment_reader *reader, void *bytes, size_t length)
{
	size_t filled = 0;

	while (filled < length && has_segment(reader)) {
		ssize_t got = read_segment(
		    reader, (char *)bytes + filled, length - filled);

		if (got < 0) {
			reader->given -= filled;
			return -1;
		}
		if (got == 0)
			start_segment(reader, reader->at + 1);
		filled += (size_t)got;
	}
	return (ssize_t)filled;
}
