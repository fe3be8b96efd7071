/* SPDX-License-Identifier: MIT */
#include "piece.h"
#include <string.h>

struct piece *
piece_new(const char *name, const char *directory)
{
	struct piece *part = g_new0(struct piece, 1);

	part->name = g_strdup(name);
	part->body = blob_new(directory);
	return part;
}

struct piece *
piece_new_text(const char *name, const char *value)
{
	struct piece *part = piece_new(name, NULL);

	blob_append(part->body, value, strlen(value));
	return part;
}

void
piece_free(struct piece *part)
{
	if (part == NULL)
		return;
	g_free(part->name);
	g_free(part->filename);
	g_free(part->type);
	g_free(part->content_id);
	blob_free(part->body);
	g_free(part);
}

const struct piece *
piece_find(const GPtrArray *parts, const char *name)
{
	for (guint i = 0; i < parts->len; i++) {
		const struct piece *part = parts->pdata[i];

		if (strcmp(part->name, name) == 0)
			return part;
	}
	return NULL;
}
