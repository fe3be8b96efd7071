/* SPDX-License-Identifier: MIT */
#include "part_head.h"

#include <string.h>

bool
part_head_encoding(const char *word, enum part_encoding *encoding)
{
	static const struct {
		const char *name;
		enum part_encoding encoding;
	} encodings[] = {
		{ "7bit", PART_IDENTITY },
		{ "8bit", PART_IDENTITY },
		{ "binary", PART_IDENTITY },
		{ "quoted-printable", PART_QUOTED_PRINTABLE },
		{ "base64", PART_BASE64 },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(encodings); i++)
		if (g_ascii_strcasecmp(word, encodings[i].name) == 0) {
			*encoding = encodings[i].encoding;
			return true;
		}
	return false;
}

static void
read_encoding(struct part_head *head)
{
	static const char name[] = "Content-Transfer-Encoding";
	unsigned count = header_count(head->header, name);
	const struct header_field *field = header_find(head->header, name);

	head->known =
	    count == 0 ||
	    (count == 1 && part_head_encoding(field->body, &head->encoding));
}

void
part_head_read(struct part_head *head)
{
	const struct header_field *type =
	    header_find(head->header, "Content-Type");

	read_encoding(head);
	if (type == NULL)
		return;
	g_autofree char *word =
	    g_strndup(type->body, strcspn(type->body, "; \t("));
	head->type = g_ascii_strdown(word, -1);
	head->content_type = type->body;
}

char *
part_head_parameter(const struct part_head *head, const char *name)
{
	const char *body = head->content_type;
	size_t length = strlen(name);

	while (body != NULL && (body = strchr(body, ';')) != NULL) {
		body += 1 + strspn(body + 1, " \t");
		if (g_ascii_strncasecmp(body, name, length) != 0)
			continue;
		body += length + strspn(body + length, " \t");
		if (*body != '=')
			continue;
		body += 1 + strspn(body + 1, " \t");
		if (*body != '"')
			return g_strndup(body, strcspn(body, " \t;"));
		return g_strndup(body + 1, strcspn(body + 1, "\""));
	}
	return NULL;
}

bool
part_head_is_signed(const struct part_head *head)
{
	return header_find(head->header, "DKIM-Signature") != NULL ||
	       header_find(head->header, "ARC-Seal") != NULL;
}

void
part_head_clear(struct part_head *head)
{
	header_free(head->own);
	g_free(head->type);
	memset(head, 0, sizeof *head);
}
