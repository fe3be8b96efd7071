/* SPDX-License-Identifier: MIT */
/*
 * The parts of a mail: whatever its lines say they lie within each other and
 * within the mail, one behind the other, and decoding gives what was said.
 */
#include "fuzz.h"

#include "mail/parts.h"

#include <string.h>

#define MIXED "Content-Type: multipart/mixed; boundary=b\r\n\r\n"

const char *const fuzz_samples[] = { "Subject: x\r\n\r\nhello\r\n",
	MIXED "--b\r\n\r\none\r\n--b\r\nContent-Type: text/html\r\n"
	      "Content-Transfer-Encoding: base64\r\n\r\nPGI+\r\n--b--\r\n",
	MIXED "--b\r\nContent-Type: multipart/related; boundary=c\r\n\r\n"
	      "--c\r\n\r\n1\r\n--c--\r\n--b\r\nContent-Type: message/rfc822\r\n"
	      "\r\nSubject: y\r\n\r\nz\r\n--b--\r\n",
	"Content-Type: text/plain; charset=utf-8\r\n"
	"Content-Transfer-Encoding: quoted-printable\r\n\r\na=3D=\r\n=E9\r\n",
	NULL };

const char *const fuzz_words[] = { "\r\n", "\r\n\r\n", "--b", "--b\r\n",
	"--b--\r\n", "--c\r\n", "Content-Type: ", "multipart/mixed; boundary=c",
	"multipart/digest; boundary=b", "message/rfc822", "text/html",
	"name=", "; name*0*=utf-8''%",
	"Content-Disposition: attachment; filename=\"", "Content-ID: <", ">",
	"base64", "quoted-printable", "=\r\n", "=?", "\xe9", "/", "..",
	"; charset=", "From ", NULL };

static void
check_content(const struct spool *spool, const struct parts_one *one,
    const struct spool_place *place)
{
	struct spool *content = parts_decode(spool, one, place);
	GBytes *text = parts_text(spool, one);

	g_assert(content != NULL && text != NULL);
	g_assert(spool_size(content) == one->decoded_size);
	g_assert(g_utf8_validate_len(
	    g_bytes_get_data(text, NULL), g_bytes_get_size(text), NULL));
	spool_unref(content);
	g_bytes_unref(text);
}

static void
check_texts(const struct parts_one *one)
{
	g_assert(strchr(one->type, '/') != NULL && g_str_is_ascii(one->type));
	g_assert(one->name == NULL ||
		 (*one->name != '\0' && strpbrk(one->name, "/\\") == NULL &&
		     g_utf8_validate(one->name, -1, NULL)));
}

static void
check_parts(const struct spool *spool, const struct parts *parts,
    const struct spool_place *place)
{
	uint64_t end = 0;
	bool within = true; /* the next may be a level below */
	unsigned level = 0;

	for (unsigned i = 0; i < parts->list->len; i++) {
		const struct parts_one *one =
		    &g_array_index(parts->list, struct parts_one, i);

		g_assert((i == 0) == (one->level == 0));
		g_assert(one->level <= level + (within && i > 0));
		g_assert(one->offset >= end);
		end = one->offset + one->length;
		g_assert(end <= spool_size(spool));
		check_texts(one);
		if (!one->multipart)
			check_content(spool, one, place);
		level = one->level;
		within = one->multipart;
	}
}

/* Line ends as the DATA decoder leaves them. */
static GString *
mend_lines(const uint8_t *bytes, size_t length)
{
	GString *lines = g_string_sized_new(length);

	for (size_t i = 0; i < length; i++)
		if (bytes[i] == '\n')
			g_string_append(lines, "\r\n");
		else if (bytes[i] != '\r')
			g_string_append_c(lines, (char)bytes[i]);
	return lines;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static struct spool_place place;
	GString *lines = mend_lines(bytes, length);
	struct spool *spool;
	struct parts *parts;

	if (place.budget == NULL)
		place.budget = budget_new(UINT64_C(1) << 30);
	spool = spool_new(&place);
	g_assert(spool_append(spool, lines->str, lines->len));
	g_assert(spool_seal(spool));
	parts = parts_read(spool);
	g_assert(parts != NULL && parts->list->len > 0);
	check_parts(spool, parts, &place);
	parts_free(parts);
	spool_unref(spool);
	g_string_free(lines, TRUE);
	return 0;
}
