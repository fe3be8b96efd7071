/* SPDX-License-Identifier: MIT */
#include "filename.h"

#include <string.h>

static const struct {
	const char *type, *ending;
} endings[] = {
	{ "application/gzip", ".gz" },
	{ "application/json", ".json" },
	{ "application/msword", ".doc" },
	{ "application/pdf", ".pdf" },
	{ "application/pgp-signature", ".asc" },
	{ "application/pkcs7-mime", ".p7m" },
	{ "application/pkcs7-signature", ".p7s" },
	{ "application/vnd.ms-excel", ".xls" },
	{ "application/vnd.openxmlformats-officedocument.presentationml"
	  ".presentation",
	    ".pptx" },
	{ "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	    ".xlsx" },
	{ "application/vnd.openxmlformats-officedocument.wordprocessingml"
	  ".document",
	    ".docx" },
	{ "application/xml", ".xml" },
	{ "application/zip", ".zip" },
	{ "image/bmp", ".bmp" },
	{ "image/gif", ".gif" },
	{ "image/jpeg", ".jpg" },
	{ "image/png", ".png" },
	{ "image/svg+xml", ".svg" },
	{ "image/tiff", ".tif" },
	{ "image/webp", ".webp" },
	{ "message/rfc822", ".eml" },
	{ "text/calendar", ".ics" },
	{ "text/csv", ".csv" },
	{ "text/html", ".html" },
	{ "text/plain", ".txt" },
	{ "text/vcard", ".vcf" },
	{ "text/xml", ".xml" },
};

static char *
clean_name(const char *name)
{
	char *clean = g_strdup(name);
	size_t length = strlen(clean);

	for (char *at = clean; *at != '\0'; at++)
		if (g_ascii_iscntrl(*at) || strchr("\"\\/", *at) != NULL)
			*at = '_';
	while (length > 0 && strchr(". ", clean[length - 1]) != NULL)
		clean[--length] = '\0';
	return clean;
}

static char *
make_from_type(const char *type)
{
	for (size_t i = 0; i < G_N_ELEMENTS(endings); i++)
		if (g_strcmp0(endings[i].type, type) == 0)
			return g_strconcat(
			    "attachment", endings[i].ending, NULL);
	return g_strdup("attachment");
}

static char *
make_name(const char *name, const char *type)
{
	char *clean = clean_name(name == NULL ? "" : name);

	if (*clean != '\0')
		return clean;
	g_free(clean);
	return make_from_type(type);
}

char *
filename_make(const struct part *part)
{
	return make_name(part->name, part->type);
}

char *
filename_make_inline(const struct part *part)
{
	return make_name(
	    part->content_id != NULL ? part->content_id : part->name,
	    part->type);
}

char *
filename_ascii(const char *name)
{
	char *ascii = g_str_to_ascii(name, "C");

	return g_strdelimit(ascii, "?", '_');
}
