/* SPDX-License-Identifier: MIT */
#include "writer.h"

#include <string.h>

static void
begin_value(struct writer *writer)
{
	if (writer->comma)
		segments_add(writer->segments, ",", 1);
	writer->comma = true;
}

void
writer_open(struct writer *writer, char bracket)
{
	begin_value(writer);
	segments_add(writer->segments, &bracket, 1);
	writer->comma = false;
}

void
writer_close(struct writer *writer, char bracket)
{
	segments_add(writer->segments, &bracket, 1);
	writer->comma = true;
}

void
writer_name(struct writer *writer, const char *name)
{
	writer_text(writer, name);
	segments_add(writer->segments, ":", 1);
	writer->comma = false;
}

static void
write_string(struct writer *writer, const void *text, size_t length)
{
	writer_open_text(writer);
	segments_add_json(writer->segments, text, length);
	writer_close_text(writer);
}

void
writer_text(struct writer *writer, const char *text)
{
	write_string(writer, text, strlen(text));
}

void
writer_bytes(struct writer *writer, GBytes *text)
{
	size_t length;
	const void *bytes = g_bytes_get_data(text, &length);

	write_string(writer, length == 0 ? "" : bytes, length);
}

void
writer_literal(struct writer *writer, const char *json)
{
	begin_value(writer);
	segments_add_text(writer->segments, json);
}

void
writer_bool(struct writer *writer, bool value)
{
	writer_literal(writer, value ? "true" : "false");
}

void
writer_member(struct writer *writer, const char *name, const char *text)
{
	if (text == NULL)
		return;
	writer_name(writer, name);
	writer_text(writer, text);
}

void
writer_open_text(struct writer *writer)
{
	begin_value(writer);
	segments_add(writer->segments, "\"", 1);
}

void
writer_close_text(struct writer *writer)
{
	segments_add(writer->segments, "\"", 1);
}
