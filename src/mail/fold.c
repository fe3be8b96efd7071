/* SPDX-License-Identifier: MIT */
#include "fold.h"

#include <string.h>

size_t
fold_bytes(uint32_t *column, const unsigned char *in, size_t length,
    unsigned char *out)
{
	unsigned char *to = out;

	for (size_t i = 0; i < length; i++) {
		if (in[i] == '\n') {
			*column = 0;
		} else if (in[i] != '\r') {
			if (*column == FOLD_LINE_MAX) {
				memcpy(to, "\r\n ", FOLD_BYTES);
				to += FOLD_BYTES;
				*column = 1;
			}
			(*column)++;
		}
		*to++ = in[i];
	}
	return (size_t)(to - out);
}

/* The letter of the two-byte escapes, 'u' for the six-byte ones, 0: none. */
static const unsigned char escapes[256] = { [0] = 'u',
	[1] = 'u',
	[2] = 'u',
	[3] = 'u',
	[4] = 'u',
	[5] = 'u',
	[6] = 'u',
	[7] = 'u',
	['\b'] = 'b',
	['\t'] = 't',
	['\n'] = 'n',
	[11] = 'u',
	['\f'] = 'f',
	['\r'] = 'r',
	[14] = 'u',
	[15] = 'u',
	[16] = 'u',
	[17] = 'u',
	[18] = 'u',
	[19] = 'u',
	[20] = 'u',
	[21] = 'u',
	[22] = 'u',
	[23] = 'u',
	[24] = 'u',
	[25] = 'u',
	[26] = 'u',
	[27] = 'u',
	[28] = 'u',
	[29] = 'u',
	[30] = 'u',
	[31] = 'u',
	['"'] = '"',
	['\\'] = '\\',
	[127] = 'u' };

size_t
fold_json(const unsigned char *in, size_t length, unsigned char *out)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char *to = out;

	for (size_t i = 0; i < length; i++) {
		unsigned char escape = escapes[in[i]];

		if (escape == 0) {
			*to++ = in[i];
			continue;
		}
		*to++ = '\\';
		*to++ = escape;
		if (escape != 'u')
			continue;
		*to++ = '0';
		*to++ = '0';
		*to++ = (unsigned char)hex[in[i] >> 4];
		*to++ = (unsigned char)hex[in[i] & 0xf];
	}
	return (size_t)(to - out);
}

size_t
fold_json_size(const unsigned char *in, size_t length)
{
	size_t size = length;

	for (size_t i = 0; i < length; i++)
		size += escapes[in[i]] == 0 ? 0 : escapes[in[i]] == 'u' ? 5 : 1;
	return size;
}
