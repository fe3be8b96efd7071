/* SPDX-License-Identifier: MIT */
/*
 * The walk finds the parts as the skeleton does, which has seen that their
 * boundaries are plain, and looks at each line once.  What a part becomes is
 * known at its end, so its header is written then; what lies between the edits
 * is kept as ranges of the spool.
 */
#include "recode.h"

#include "fold.h"
#include "octets.h"
#include "part_head.h"
#include "skeleton.h"
#include "words.h"

#include <string.h>

/* Octets of text that is not to become base64. */
#define LEGIBLE_MAX 1000

/* An open multipart, or (without a boundary) an open nested message. */
struct level {
	bool kept;   /* signed: not to be touched */
	bool nested; /* within another message */
	bool digest; /* its parts are messages */
	size_t length;
	char boundary[SKELETON_BOUNDARY_MAX];
};

struct walk {
	const struct message *message;
	enum recode_need need;
	struct recode *recode;
	uint64_t kept_from; /* up to there all is in pieces */
	bool kept;          /* from there on nothing is folded either */
	struct level levels[SKELETON_LEVELS];
	unsigned depth;

	bool in_header, in_leaf;
	bool of_message; /* the header is a nested message's */
	uint64_t header_start;
	struct octets in_head; /* of the header under way */

	/* the leaf under way */
	struct part_head leaf;
	struct octets seen;
	uint64_t content;
	unsigned line_end; /* octets of its last line's end */
	struct octets outside;
};

static void
clear_piece(void *piece)
{
	g_free(((struct recode_piece *)piece)->text);
}

static void
add_range(
    struct walk *walk, uint64_t offset, uint64_t end, enum encode_form form)
{
	struct recode_piece piece = {
		.range = { .offset = offset,
		    .length = end - offset,
		    .form = form },
	};

	if (end > offset)
		g_array_append_val(walk->recode->pieces, piece);
	walk->kept_from = end;
}

static void
keep_until(struct walk *walk, uint64_t offset)
{
	bool folds = !walk->kept && walk->message->submission->seen.folds > 0;

	add_range(walk, walk->kept_from, offset,
	    folds ? ENCODE_FOLDED : ENCODE_PLAIN);
}

static void
add_text(struct walk *walk, const char *text)
{
	struct recode_piece piece = { .text = g_strdup(text) };

	g_array_append_val(walk->recode->pieces, piece);
}

/* It leaves as it is. */
static void
leave(struct recode *recode, const struct octets *seen)
{
	recode->eightbit |= seen->eightbit;
	recode->other |= seen->other;
}

static bool
is_ascii(const char *bytes, size_t length)
{
	unsigned char sum = 0;

	for (size_t i = 0; i < length; i++)
		sum |= (unsigned char)bytes[i];
	return sum <= 0x7f;
}

/* The field's place is taken by text. */
static void
replace_field(
    struct walk *walk, const struct header_field *field, const char *text)
{
	keep_until(walk, field->offset);
	add_text(walk, text);
	walk->kept_from = field->offset + field->length;
}

/* A field of a part with bytes over 0x7f; within a nested message it stays. */
static void
write_field(struct walk *walk, const struct part_head *head,
    const struct header_field *field)
{
	const char *bytes = header_bytes(head->header, field);
	g_autoptr(GString) text = g_string_new(NULL);

	walk->recode->folded |= field->longest > FOLD_LINE_MAX && !head->kept;
	if (is_ascii(bytes, field->length))
		return;
	if (walk->need != RECODE_SHORT && !head->kept && !head->nested &&
	    words_encode(text, field, walk->recode->charset)) {
		replace_field(walk, field, text->str);
		return;
	}
	walk->recode->eightbit = true;
	walk->recode->other |= !g_utf8_validate_len(bytes, field->length, NULL);
}

/* The header of a part or nested message; encoding and type are what it has to
 * say instead, NULL: what it says. */
static void
write_head(struct walk *walk, const struct part_head *head,
    const char *encoding, const char *type)
{
	static const char name[] = "Content-Transfer-Encoding";
	g_autofree char *line =
	    encoding == NULL ? NULL
			     : g_strdup_printf("%s: %s\r\n", name, encoding);
	bool written = encoding == NULL;

	for (unsigned i = 0; i < head->header->fields->len; i++) {
		const struct header_field *field = &g_array_index(
		    head->header->fields, struct header_field, i);

		if (encoding != NULL &&
		    g_ascii_strcasecmp(field->name, name) == 0) {
			replace_field(walk, field, line);
			written = true;
		} else {
			write_field(walk, head, field);
		}
	}
	if (written && type == NULL)
		return;
	keep_until(walk, head->blank);
	if (!written)
		add_text(walk, line);
	if (type != NULL)
		add_text(walk, type);
}

static bool
must_recode(const struct walk *walk)
{
	const struct part_head *leaf = &walk->leaf;

	if (leaf->kept || leaf->header == NULL || !leaf->known)
		return false;
	if (walk->seen.long_lines)
		return true;
	if (!walk->seen.eightbit || walk->need <= RECODE_HEAD)
		return false;
	return walk->need == RECODE_SEVEN || !leaf->nested || walk->seen.other;
}

/* Quoted-printable has two octets more for each over 0x7f, base64 one more for
 * each three; a few lines stay what people can read. */
static bool
is_shorter_as_base64(const struct walk *walk)
{
	return walk->leaf.encoding == PART_IDENTITY &&
	       walk->seen.count > LEGIBLE_MAX &&
	       walk->seen.wide * 6 > walk->seen.count;
}

static enum encode_form
choose_form(const struct walk *walk)
{
	const struct part_head *leaf = &walk->leaf;

	/* breaks mean nothing there */
	if (leaf->encoding == PART_BASE64)
		return walk->seen.eightbit ? ENCODE_LINES : ENCODE_FOLDED;
	if (leaf->encoding == PART_QUOTED_PRINTABLE || leaf->type == NULL ||
	    g_str_has_prefix(leaf->type, "text/"))
		return is_shorter_as_base64(walk) ? ENCODE_LINES
						  : ENCODE_QUOTED;
	return ENCODE_LINES;
}

/* Text that does not say what it is says so once it is encoded: its charset is
 * what its bytes show, or unknown-8bit (RFC 1428). */
static const char *
choose_type(const struct walk *walk)
{
	if (walk->leaf.type != NULL || !walk->seen.eightbit)
		return NULL;
	return walk->seen.other
		   ? "Content-Type: text/plain; charset=unknown-8bit\r\n"
		   : "Content-Type: text/plain; charset=utf-8\r\n";
}

static void
recode_leaf(struct walk *walk, uint64_t end)
{
	enum encode_form form = choose_form(walk);
	const char *encoding =
	    form == ENCODE_QUOTED ? "quoted-printable" : "base64";
	struct recode_piece *piece;

	if (form == ENCODE_FOLDED)
		encoding = NULL;
	if (walk->leaf.own != NULL) {
		write_head(walk, &walk->leaf, encoding, choose_type(walk));
	} else {
		walk->recode->encoding = encoding;
		walk->recode->type = choose_type(walk);
	}
	keep_until(walk, walk->content);
	if (end == walk->content)
		return;
	add_range(walk, walk->content, end, form);
	piece = &g_array_index(walk->recode->pieces, struct recode_piece,
	    walk->recode->pieces->len - 1);
	if (form != ENCODE_FOLDED)
		piece->range.encoding = walk->leaf.encoding;
}

/* Lines that nobody here knows how to break without a change are folded. */
static void
leave_leaf(struct walk *walk, uint64_t end)
{
	if (walk->leaf.own != NULL && walk->leaf.header != NULL)
		write_head(walk, &walk->leaf, NULL, NULL);
	if (walk->seen.long_lines && !walk->leaf.kept) {
		keep_until(walk, walk->content);
		add_range(walk, walk->content, end, ENCODE_FOLDED);
		/* perhaps within a character */
		walk->seen.other |= walk->seen.eightbit;
		walk->recode->folded = true;
	}
	leave(walk->recode, &walk->seen);
}

static void
close_leaf(struct walk *walk, uint64_t end)
{
	if (!walk->in_leaf)
		return;
	walk->in_leaf = false;
	octets_end(&walk->seen);
	if (must_recode(walk))
		recode_leaf(walk, end);
	else
		leave_leaf(walk, end);
	part_head_clear(&walk->leaf);
}

static void
read_head(struct walk *walk, struct part_head *head)
{
	part_head_read(head);
	if (walk->recode->charset == NULL)
		walk->recode->charset = part_head_parameter(head, "charset");
}

static const struct level *
find_level(const struct walk *walk)
{
	static const struct level none;

	return walk->depth == 0 ? &none : &walk->levels[walk->depth - 1];
}

static struct level *
push_level(struct walk *walk, const struct part_head *head)
{
	struct level *level;

	g_assert(walk->depth < SKELETON_LEVELS);
	level = &walk->levels[walk->depth++];
	memset(level, 0, sizeof *level);
	level->kept = head->kept;
	level->nested = head->nested;
	return level;
}

static bool
open_multipart(struct walk *walk, const struct part_head *head)
{
	g_autofree char *boundary = NULL;
	struct level *level;

	if (head->type == NULL || !g_str_has_prefix(head->type, "multipart/"))
		return false;
	boundary = part_head_parameter(head, "boundary");
	if (boundary == NULL)
		return false;
	g_strchomp(boundary);
	level = push_level(walk, head);
	level->kept |= strcmp(head->type, "multipart/signed") == 0;
	level->digest = strcmp(head->type, "multipart/digest") == 0;
	level->length = MIN(strlen(boundary), sizeof level->boundary);
	memcpy(level->boundary, boundary, level->length);
	return true;
}

static bool
open_message(struct walk *walk, const struct part_head *head)
{
	bool message = head->type == NULL
			   ? find_level(walk)->digest
			   : strcmp(head->type, "message/rfc822") == 0 ||
				 strcmp(head->type, "message/global") == 0;

	if (!message || head->encoding != PART_IDENTITY)
		return false;
	push_level(walk, head)->nested = true;
	walk->in_header = true;
	walk->of_message = true;
	walk->header_start = walk->content;
	return true;
}

/* From the offset on it is another level that says what may be done. */
static void
enter_level(struct walk *walk, uint64_t offset)
{
	bool kept = find_level(walk)->kept;

	if (kept != walk->kept)
		keep_until(walk, offset);
	walk->kept = kept;
}

/* A header has ended: what follows is what it says. */
static void
open_content(struct walk *walk, struct part_head *head)
{
	walk->in_header = false;
	if (head->header != NULL &&
	    (open_multipart(walk, head) || open_message(walk, head))) {
		if (head->own != NULL)
			write_head(walk, head, NULL, NULL);
		enter_level(walk, walk->content);
		part_head_clear(head);
		return;
	}
	/* what a message of another kind holds has no encoding of its own */
	if (head->type != NULL && g_str_has_prefix(head->type, "message/"))
		head->known = false;
	walk->leaf = *head;
	walk->in_leaf = true;
	walk->line_end = 0;
	memset(&walk->seen, 0, sizeof walk->seen);
}

/* A header that no empty line ends is not written anew. */
static void
leave_header(struct walk *walk)
{
	octets_end(&walk->in_head);
	leave(walk->recode, &walk->in_head);
	memset(&walk->in_head, 0, sizeof walk->in_head);
}

/* The header of a part or nested message ends at `blank`; content: what is
 * behind it. */
static void
close_header(struct walk *walk, uint64_t blank, uint64_t content)
{
	struct level *level = &walk->levels[walk->depth - 1];
	const struct limiter_seen seen = {
		.header_start = walk->header_start,
		.header_end = content,
	};
	struct part_head head = {
		.own = header_read(walk->message->submission->spool, &seen),
		.blank = blank,
	};

	if (head.own != NULL && blank < content)
		head.header = head.own;
	if (walk->of_message && head.header != NULL)
		level->kept |= part_head_is_signed(&head);
	enter_level(walk, walk->header_start);
	head.kept = level->kept;
	head.nested = level->nested;
	walk->of_message = false;
	walk->content = content;
	if (head.header != NULL) {
		memset(&walk->in_head, 0, sizeof walk->in_head);
		read_head(walk, &head);
	}
	leave_header(walk);
	open_content(walk, &head);
}

static void
take_header_line(struct walk *walk, const struct line *line)
{
	size_t text = line->length - lines_end(line);

	if (!line->starts) {
		octets_look(&walk->in_head, line);
		return;
	}
	if (text == 0 && line->ends)
		close_header(walk, line->offset, line->offset + line->length);
	else if (line->bytes[0] != ' ' && line->bytes[0] != '\t' &&
		 memchr(line->bytes, ':', text) == NULL)
		close_header(walk, line->offset, line->offset);
	else
		octets_look(&walk->in_head, line);
}

/* The line is this level's boundary: *end says the closing one. */
static bool
is_boundary(const struct level *level, const struct line *line, bool *end)
{
	const unsigned char *rest = line->bytes + 2 + level->length;
	size_t left;

	if (level->length == 0 || line->length < 2 + level->length ||
	    memcmp(line->bytes + 2, level->boundary, level->length) != 0)
		return false;
	left = line->length - 2 - level->length;
	*end = left >= 2 && rest[0] == '-' && rest[1] == '-';
	for (size_t i = 0; !*end && i < left; i++)
		if (strchr(" \t\r\n", rest[i]) == NULL || rest[i] == '\0')
			return false;
	return true;
}

static bool
take_boundary(struct walk *walk, const struct line *line)
{
	bool end = false;

	if (!line->starts || line->length < 2 || line->bytes[0] != '-' ||
	    line->bytes[1] != '-')
		return false;
	for (unsigned i = walk->depth; i-- > 0;) {
		if (!is_boundary(&walk->levels[i], line, &end))
			continue;
		close_leaf(walk, line->offset - walk->line_end);
		leave_header(walk);
		octets_look(&walk->outside, line);
		walk->depth = end ? i : i + 1;
		enter_level(walk, line->offset);
		walk->in_header = !end;
		walk->of_message = false;
		walk->header_start = line->offset + line->length;
		return true;
	}
	return false;
}

static void
take_line(struct walk *walk, const struct line *line)
{
	if (take_boundary(walk, line))
		return;
	if (walk->in_header) {
		take_header_line(walk, line);
		/* the line that broke it is content */
		if (walk->in_header || walk->content > line->offset)
			return;
	}
	if (!walk->in_leaf) {
		octets_look(&walk->outside, line);
		return;
	}
	octets_look(&walk->seen, line);
	walk->line_end = line->ends ? lines_end(line) : 0;
}

static void
finish(struct walk *walk)
{
	const struct submission *submission = walk->message->submission;
	uint64_t end = spool_size(submission->spool);
	const GArray *pieces = walk->recode->pieces;
	const struct recode_piece *last;

	close_leaf(walk, end);
	leave_header(walk);
	keep_until(walk, end);
	octets_end(&walk->outside);
	leave(walk->recode, &walk->outside);
	if (submission->seen.ends_with_newline || pieces->len == 0)
		return;
	last = &g_array_index(pieces, struct recode_piece, pieces->len - 1);
	if (last->range.form != ENCODE_LINES)
		add_text(walk, "\r\n");
}

static void
measure_pieces(const struct walk *walk)
{
	const GArray *pieces = walk->recode->pieces;

	for (unsigned i = 0; i < pieces->len; i++) {
		struct segment_range *range =
		    &g_array_index(pieces, struct recode_piece, i).range;

		if (range->length == 0)
			continue;
		if (range->form == ENCODE_PLAIN && walk->need != RECODE_UTF8)
			range->size = range->length;
		else
			segment_range_measure(
			    walk->message->submission->spool, range);
	}
}

/* With RECODE_UTF8 it goes where a signature of the whole mail does not hold
 * anyway. */
static bool
has_work(const struct message *message, enum recode_need need)
{
	const struct limiter_seen *seen = &message->submission->seen;

	if (seen->opaque ||
	    ((message->traits & TRAIT_DKIM) != 0 && need != RECODE_UTF8))
		return false;
	return seen->long_lines > 0 ||
	       (need != RECODE_SHORT &&
		   (seen->eightbit_body || seen->eightbit_header));
}

struct recode *
recode_make(const struct message *message, enum recode_need need)
{
	struct walk walk = { .message = message, .need = need };
	struct part_head head = { .header = message->header, .known = true };
	const struct spool *spool = message->submission->spool;
	struct lines lines;
	struct line line;

	if (!has_work(message, need))
		return NULL;
	walk.recode = g_new0(struct recode, 1);
	walk.recode->pieces =
	    g_array_new(FALSE, FALSE, sizeof(struct recode_piece));
	g_array_set_clear_func(walk.recode->pieces, clear_piece);
	walk.kept_from = walk.content = message->header->end;
	read_head(&walk, &head);
	open_content(&walk, &head);
	lines_start(&lines, spool, message->header->end, spool_size(spool));
	while (lines_next(&lines, &line))
		take_line(&walk, &line);
	finish(&walk);
	measure_pieces(&walk);
	return walk.recode;
}

void
recode_free(struct recode *recode)
{
	if (recode == NULL)
		return;
	g_array_unref(recode->pieces);
	g_free(recode->charset);
	g_free(recode);
}
