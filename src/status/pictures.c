/* SPDX-License-Identifier: MIT */
#include "pictures.h"

#include <string.h>

/* Of all that one page holds, decoded. */
#define BYTES_MAX ((uint64_t)2 * 1024 * 1024)

#define SCHEME        "cid:"
#define SCHEME_LENGTH (sizeof SCHEME - 1)

/* What may end a Content-ID in HTML and CSS. */
#define ENDS "\"'<>()\\ \t\n"

struct embedding {
	const struct spool *spool;
	const struct parts *parts;
	const struct spool_place *place;
	GString *out;
	uint64_t left; /* bytes that may still be taken */
};

const char *
pictures_type(const struct parts_one *one)
{
	static const char *const types[] = { "image/png", "image/jpeg",
		"image/gif", "image/webp" };

	for (unsigned i = 0; i < G_N_ELEMENTS(types); i++)
		if (strcmp(one->type, types[i]) == 0)
			return types[i];
	return NULL;
}

/* The picture of that Content-ID; NULL: there is none. */
static const struct parts_one *
find_picture(const struct parts *parts, const char *id)
{
	g_autofree char *plain = g_uri_unescape_string(id, NULL);

	for (unsigned i = 0; i < parts->list->len; i++) {
		const struct parts_one *one =
		    &g_array_index(parts->list, struct parts_one, i);

		if (one->content_id != NULL && pictures_type(one) != NULL &&
		    (strcmp(one->content_id, id) == 0 ||
			g_strcmp0(one->content_id, plain) == 0))
			return one;
	}
	return NULL;
}

/* False, and nothing is appended, when it cannot be read. */
static bool
append_picture(struct embedding *embedding, const struct parts_one *one)
{
	size_t length = (size_t)one->decoded_size;
	g_autofree unsigned char *bytes = g_malloc(length + 1);
	g_autofree char *text = NULL;
	struct spool *content =
	    parts_decode(embedding->spool, one, embedding->place);
	size_t have = 0;
	ssize_t got = 1;

	if (content == NULL)
		return false;
	while (have < length && got > 0) {
		got = spool_read(content, have, bytes + have, length - have);
		have += got > 0 ? (size_t)got : 0;
	}
	spool_unref(content);
	if (have < length)
		return false;
	text = g_base64_encode(bytes, length);
	g_string_append_printf(
	    embedding->out, "data:%s;base64,%s", pictures_type(one), text);
	embedding->left -= length;
	return true;
}

/* Appends the picture that the reference names, or the reference as it is. */
static void
embed(struct embedding *embedding, const char *reference, size_t length)
{
	g_autofree char *id =
	    g_strndup(reference + SCHEME_LENGTH, length - SCHEME_LENGTH);
	const struct parts_one *one = find_picture(embedding->parts, id);

	if (one == NULL || one->decoded_size > embedding->left ||
	    !append_picture(embedding, one))
		g_string_append_len(embedding->out, reference, (gssize)length);
}

/* Letters of either case (RFC 3986 3.1); NULL: there is none. */
static const char *
find_scheme(const char *at, const char *end)
{
	for (; (size_t)(end - at) >= SCHEME_LENGTH; at++)
		if (g_ascii_strncasecmp(at, SCHEME, SCHEME_LENGTH) == 0)
			return at;
	return NULL;
}

GString *
pictures_embed(GBytes *html, const struct spool *spool,
    const struct parts *parts, const struct spool_place *place)
{
	gsize size;
	const char *at = g_bytes_get_data(html, &size), *end = at + size;
	const char *next;
	struct embedding embedding = { .spool = spool,
		.parts = parts,
		.place = place,
		.out = g_string_sized_new(size),
		.left = BYTES_MAX };

	while ((next = find_scheme(at, end)) != NULL) {
		size_t length = SCHEME_LENGTH;

		g_string_append_len(embedding.out, at, next - at);
		while (next + length < end &&
		       (next[length] == '\0' ||
			   strchr(ENDS, next[length]) == NULL))
			length++;
		embed(&embedding, next, length);
		at = next + length;
	}
	g_string_append_len(embedding.out, at, end - at);
	return embedding.out;
}
