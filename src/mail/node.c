/* SPDX-License-Identifier: MIT */
#include "node.h"

#include "lines.h"

#include <string.h>

static void
free_node(void *node)
{
	node_free(node);
}

struct node *
node_new(enum node_kind kind)
{
	struct node *node = g_new0(struct node, 1);

	node->kind = kind;
	node->children = g_ptr_array_new_with_free_func(free_node);
	return node;
}

void
node_free(struct node *node)
{
	if (node == NULL)
		return;
	g_ptr_array_unref(node->children);
	g_free(node->type);
	g_free(node->parameters);
	g_free(node->charset);
	g_free(node->start);
	g_free(node->disposition);
	g_free(node->name);
	g_free(node->content_id);
	g_free(node);
}

bool
node_is(const struct node *node, const char *type)
{
	if (g_str_has_suffix(type, "/"))
		return g_str_has_prefix(node->type, type);
	return strcmp(node->type, type) == 0;
}

static bool
is_token(const char *text)
{
	for (const char *at = text; *at != '\0'; at++)
		if (*at <= ' ' || *at > '~' ||
		    strchr("()<>@,;:\\\"/[]?=", *at) != NULL)
			return false;
	return *text != '\0';
}

bool
node_print_parameter(GString *out, const char *name, const char *value)
{
	if (!is_token(name))
		return false;
	for (const char *at = value; *at != '\0'; at++)
		if (*at < ' ' || *at > '~')
			return false;
	g_string_append_printf(out, "; %s=", name);
	if (is_token(value)) {
		g_string_append(out, value);
		return true;
	}
	g_string_append_c(out, '"');
	for (; *value != '\0'; value++) {
		if (*value == '"' || *value == '\\')
			g_string_append_c(out, '\\');
		g_string_append_c(out, *value);
	}
	g_string_append_c(out, '"');
	return true;
}

static bool
is_boundary(
    const unsigned char *line, size_t length, const GPtrArray *boundaries)
{
	if (length < 2 || memcmp(line, "--", 2) != 0)
		return false;
	for (unsigned i = 0; i < boundaries->len; i++) {
		const char *boundary = g_ptr_array_index(boundaries, i);
		size_t size = strlen(boundary);

		if (length - 2 >= size && memcmp(line + 2, boundary, size) == 0)
			return true;
	}
	return false;
}

uint64_t
node_find_end(
    const struct spool *spool, uint64_t offset, const GPtrArray *boundaries)
{
	struct lines lines;
	struct line line;
	uint64_t last = 0; /* octets of the end of the line before */

	lines_start(&lines, spool, offset, spool_size(spool));
	while (lines_next(&lines, &line)) {
		if (line.starts &&
		    is_boundary(line.bytes, line.length, boundaries))
			return line.offset - last;
		last = lines_end(&line);
	}
	return spool_size(spool);
}
