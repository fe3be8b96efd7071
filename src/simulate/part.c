/* SPDX-License-Identifier: MIT */
#include "part.h"
#include <string.h>

struct part *
part_new(const char *name, const char *directory)
{
	struct part *part = g_new0(struct part, 1);

	part->name = g_strdup(name);
	part->body = blob_new(directory);
	return part;
}

struct part *
part_new_text(const char *name, const char *value)
{
	struct part *part = part_new(name, NULL);

	blob_append(part->body, value, strlen(value));
	return part;
}

void
part_free(struct part *part)
{
	g_free(part->name);
	g_free(part->filename);
	g_free(part->type);
	g_free(part->content_id);
	blob_free(part->body);
	g_free(part);
}

const struct part *
part_find(const GPtrArray *parts, const char *name)
{
	for (guint i = 0; i < parts->len; i++) {
		const struct part *part = parts->pdata[i];

		if (strcmp(part->name, name) == 0)
			return part;
	}
	return NULL;
}

const char *
part_value(const GPtrArray *parts, const char *name)
{
	const struct part *part = part_find(parts, name);

	return part != NULL ? blob_text(part->body) : NULL;
}
