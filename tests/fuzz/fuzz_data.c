/* SPDX-License-Identifier: MIT */
/*
 * The decoder of DATA: whole and in pieces it emits the same, ends only at
 * CR LF . CR LF, and leaves no lone CR or LF.  The first byte sizes the pieces.
 */
#include "fuzz.h"

#include "data.h"
#include <glib.h>
#include <string.h>

const char *const fuzz_samples[] = { "\005Subject: x\r\n\r\n..x\r\n.\r\nQUIT",
	"\001a\n.\nb\r.\rc\r\n.\r\n", "\002\r\n.\r\r\n.\r\n", "\003.\r\n",
	"\004x\r\n.\n\r\n.\r\n", NULL };

const char *const fuzz_words[] = { "\r\n.\r\n", "\n.\n", "\r.\r", "\r\n.\n",
	"\n.\r\n", "\r\n..", "\r", "\n", ".", "\r\r\n", NULL };

static void
on_emit(void *object, const void *bytes, size_t length)
{
	g_string_append_len(object, bytes, (gssize)length);
}

static size_t
decode(const uint8_t *bytes, size_t length, size_t piece, GString *out)
{
	struct data data = { 0 };
	size_t used = 0;

	while (used < length && data.state != DATA_END) {
		size_t most = MIN(piece, length - used);
		size_t took =
		    data_decode(&data, bytes + used, most, on_emit, out);

		g_assert(took == most || data.state == DATA_END);
		used += took;
	}
	return data.state == DATA_END ? used : 0;
}

/* Where the first CR LF . CR LF ends, the beginning being after a CR LF; 0:
 * there is none. */
static size_t
find_end(const uint8_t *bytes, size_t length)
{
	static const char end[] = "\r\n.\r\n";
	const uint8_t *at;

	if (length >= 3 && memcmp(bytes, end + 2, 3) == 0)
		return 3;
	at = memmem(bytes, length, end, 5);
	return at == NULL ? 0 : (size_t)(at - bytes) + 5;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	g_autoptr(GString) whole = g_string_new(NULL);
	g_autoptr(GString) pieces = g_string_new(NULL);
	size_t piece, end;

	if (length == 0)
		return 0;
	piece = (size_t)bytes[0] % 16 + 1;
	end = decode(bytes + 1, length - 1, length, whole);
	g_assert(end == find_end(bytes + 1, length - 1));
	g_assert(end == decode(bytes + 1, length - 1, piece, pieces));
	g_assert(g_string_equal(whole, pieces));
	for (size_t i = 0; i < whole->len; i++) {
		if (whole->str[i] == '\n')
			g_assert(i > 0 && whole->str[i - 1] == '\r');
		if (whole->str[i] == '\r' && i + 1 < whole->len)
			g_assert(whole->str[i + 1] == '\n');
	}
	return 0;
}
