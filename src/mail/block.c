/* SPDX-License-Identifier: MIT */
#include "block.h"

#include <glib.h>
#include <string.h>

static const struct {
	const char *name; /* a name that ends with - is a prefix */
	enum block_kind kind;
} kinds[] = {
	{ "from", BLOCK_ADDRESS },
	{ "sender", BLOCK_ADDRESS },
	{ "reply-to", BLOCK_ADDRESS },
	{ "to", BLOCK_ADDRESS },
	{ "cc", BLOCK_ADDRESS },
	{ "bcc", BLOCK_ADDRESS },
	{ "resent-from", BLOCK_ADDRESS },
	{ "resent-sender", BLOCK_ADDRESS },
	{ "resent-reply-to", BLOCK_ADDRESS },
	{ "resent-to", BLOCK_ADDRESS },
	{ "resent-cc", BLOCK_ADDRESS },
	{ "resent-bcc", BLOCK_ADDRESS },
	{ "content-type", BLOCK_TYPE },
	{ "content-", BLOCK_CONTENT },
	{ "received", BLOCK_RECEIVED },
	{ "x-postferry-", BLOCK_ORDER },
};

void
block_start(struct block *block)
{
	/* type[] and name[] count only as far as their lengths say. */
	memset(block, 0, offsetof(struct block, name));
	block->type_length = 0;
}

static enum block_kind
find_kind(const char *name, size_t length)
{
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		size_t known = strlen(kinds[i].name);
		bool prefix = kinds[i].name[known - 1] == '-';

		if ((prefix ? length > known : length == known) &&
		    g_ascii_strncasecmp(name, kinds[i].name, known) == 0)
			return kinds[i].kind;
	}
	return BLOCK_OTHER;
}

/* RFC 5322 3.6.8: printable, and blanks may only follow the name. */
static bool
is_odd(unsigned char c)
{
	return (c < 0x21 || c > 0x7e) && c != ' ' && c != '\t';
}

static void
begin_field(struct block *block)
{
	block->fields++;
	block->kind = BLOCK_OTHER;
	block->field_bytes = 0;
	block->colons = 0;
	block->malformed = false;
	block->name_length = 0;
}

/* The colon has come: the line is a field. */
static void
name_field(struct block *block)
{
	/* A name that was cut is none of those that matter, but may begin as
	 * Content- does. */
	size_t length = MIN(block->name_length, (uint32_t)BLOCK_NAME_MAX);

	block->place = BLOCK_LINE_VALUE;
	if (!block->malformed)
		block->kind = find_kind(block->name, length);
	if (block->kind == BLOCK_RECEIVED)
		block->received++;
	if (block->kind == BLOCK_TYPE)
		block->types++;
}

static void
count_colons(struct block *block, const unsigned char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		block->colons += bytes[i] == ':';
}

static void
keep_type(struct block *block, const unsigned char *bytes, size_t length)
{
	while (length > 0 &&
	       (bytes[length - 1] == '\n' || bytes[length - 1] == '\r'))
		length--;
	if (block->type_length < BLOCK_TYPE_MAX)
		memcpy(block->type + block->type_length, bytes,
		    MIN(length, (size_t)BLOCK_TYPE_MAX - block->type_length));
	block->type_length += (uint32_t)length;
}

static void
take_value(struct block *block, const unsigned char *bytes, size_t length)
{
	if (block->kind == BLOCK_ADDRESS)
		count_colons(block, bytes, length);
	else if (block->kind == BLOCK_TYPE && block->types == 1)
		keep_type(block, bytes, length);
}

/* Takes bytes of the name; returns how many, the colon included.  Less than
 * length without the place being the value: the line is no field.  Bytes that
 * no name may hold do not end the header: what stands below would be body. */
static size_t
take_name(struct block *block, const unsigned char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char c = bytes[i];

		if (c == ':' && block->name_length > 0) {
			name_field(block);
			return i + 1;
		}
		if (c == ' ' || c == '\t')
			block->place = BLOCK_LINE_COLON;
		else if (c == '\r' || c == '\n' || c == ':' ||
			 block->place == BLOCK_LINE_COLON)
			return i;
		else if (block->name_length++ < BLOCK_NAME_MAX)
			block->name[block->name_length - 1] = (char)c;
		block->malformed |= is_odd(c);
	}
	return length;
}

/* Decides by the first byte what kind of line it is. */
static enum block_state
take_start(struct block *block, unsigned char first)
{
	if (first == '\r') {
		block->place = BLOCK_LINE_RETURN;
	} else if (first == '\n') {
		return BLOCK_ENDED;
	} else if (first == ' ' || first == '\t') {
		if (block->fields == 0)
			return BLOCK_BROKEN;
		block->place = BLOCK_LINE_VALUE;
	} else {
		begin_field(block);
		block->place = BLOCK_LINE_NAME;
	}
	return BLOCK_OPEN;
}

enum block_state
block_take(
    struct block *block, const unsigned char *bytes, size_t length, bool ends)
{
	enum block_state state = BLOCK_OPEN;
	size_t taken = 0;

	block->bytes += length;
	if (block->place == BLOCK_LINE_START && length > 0)
		state = take_start(block, bytes[0]);
	if (state != BLOCK_OPEN)
		return state;
	block->field_bytes += length;
	if (block->place == BLOCK_LINE_RETURN) {
		/* Only CR LF can follow: the decoder lets no lone CR pass. */
		return ends ? BLOCK_ENDED : BLOCK_OPEN;
	}
	if (block->place == BLOCK_LINE_NAME || block->place == BLOCK_LINE_COLON)
		taken = take_name(block, bytes, length);
	if (block->place != BLOCK_LINE_VALUE && (taken < length || ends))
		return BLOCK_BROKEN;
	take_value(block, bytes + taken, length - taken);
	if (ends)
		block->place = BLOCK_LINE_START;
	return BLOCK_OPEN;
}
