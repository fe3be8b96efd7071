/* SPDX-License-Identifier: MIT */
#include "marks.h"

#include <string.h>

/* Longer than any name of a field. */
#define MARK_MAX 128

/* All begin with the word that every one of Mailgun's has. */
static const char *const percents[] = { "%recipient", "%unsubscribe_",
	"%tag_unsubscribe_", "%mailing_list_unsubscribe_" };

const char *
marks_seek(const char *text, size_t length, const char *mark)
{
	const char *end = text + length;
	size_t size = strlen(mark);

	for (const char *at = text;
	     (at = memchr(at, *mark, (size_t)(end - at))) != NULL; at++) {
		if ((size_t)(end - at) < size)
			return NULL;
		if (memcmp(at, mark, size) == 0)
			return at;
	}
	return NULL;
}

/* A mark from `open` on that `close` ends, on the same line. */
static bool
holds(const char *text, size_t length, const char *open, const char *close)
{
	const char *end = text + length;
	const char *at = text;

	while ((at = marks_seek(at, (size_t)(end - at), open)) != NULL) {
		size_t room;
		const char *line;

		at += strlen(open);
		room = MIN((size_t)(end - at), MARK_MAX);
		line = memchr(at, '\n', room);
		if (line != NULL)
			room = (size_t)(line - at);
		if (marks_seek(at, room, close) != NULL)
			return true;
	}
	return false;
}

uint64_t
marks_find(const char *text, size_t length)
{
	uint64_t traits = 0;

	if (text == NULL || length == 0)
		return 0;
	for (size_t i = 0; i < G_N_ELEMENTS(percents); i++)
		if (holds(text, length, percents[i], "%"))
			traits |= TRAIT_MARK_PERCENT;
	if (holds(text, length, "*|", "|*"))
		traits |= TRAIT_MARK_STARS;
	if (holds(text, length, "{{", "}}"))
		traits |= TRAIT_MARK_BRACES;
	return traits;
}
