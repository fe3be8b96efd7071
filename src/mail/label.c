/* SPDX-License-Identifier: MIT */
#include "label.h"

#include <glib.h>
#include <iconv.h>
#include <string.h>

/* What they mean who write one of several names. */
#define LATIN                  \
	{                      \
		"WINDOWS-1252" \
	}
#define CHINESE                    \
	{                          \
		"GB18030", "CP936" \
	}
#define TAIWANESE                     \
	{                             \
		"BIG5-HKSCS", "CP950" \
	}
#define KOREAN          \
	{               \
		"CP949" \
	}
#define SHIFTED                           \
	{                                 \
		"CP932", "SHIFT_JISX0213" \
	}
#define EXTENDED                                      \
	{                                             \
		"EUC-JP", "EUC-JP-MS", "EUC-JISX0213" \
	}
#define ESCAPED                                             \
	{                                                   \
		"ISO-2022-JP-2", LABEL_JIS, "ISO-2022-JP-3" \
	}
#define ESCAPED_2000                                        \
	{                                                   \
		"ISO-2022-JP-3", LABEL_JIS, "ISO-2022-JP-2" \
	}
#define ESCAPED_MS                         \
	{                                  \
		LABEL_JIS, "ISO-2022-JP-2" \
	}

/* Names without case and punctuation.  One that ends with '*' stands for all
 * that begin so; the first that fits counts.  No charsets: iconv knows it by
 * the name it has. */
struct row {
	const char *name;
	enum label_kind kind;
	const char *charsets[LABEL_CHARSETS];
};

static const struct row rows[] = {
	{ "utf8", LABEL_LATIN, { "UTF-8" } },
	{ "usascii", LABEL_LATIN, LATIN },
	{ "ascii", LABEL_LATIN, LATIN },
	{ "ansix341968", LABEL_LATIN, LATIN },
	{ "latin1", LABEL_LATIN, LATIN },
	{ "l1", LABEL_LATIN, LATIN },
	{ "cp819", LABEL_LATIN, LATIN },
	{ "ibm819", LABEL_LATIN, LATIN },
	{ "iso88591", LABEL_LATIN, LATIN },
	{ "iso885911987", LABEL_LATIN, LATIN },
	{ "iso88596e", LABEL_SCRIPT, { "ISO-8859-6" } },
	{ "iso88596i", LABEL_SCRIPT, { "ISO-8859-6" } },
	{ "iso88598e", LABEL_SCRIPT, { "ISO-8859-8" } },
	{ "iso88598i", LABEL_SCRIPT, { "ISO-8859-8" } },
	{ "iso88599", LABEL_LATIN, { "WINDOWS-1254" } },
	{ "iso885911", LABEL_SCRIPT, { "CP874" } },
	{ "tis620", LABEL_SCRIPT, { "CP874" } },
	{ "iso88595", LABEL_SCRIPT, { NULL } },
	{ "iso88596", LABEL_SCRIPT, { NULL } },
	{ "iso88597", LABEL_SCRIPT, { NULL } },
	{ "iso88598", LABEL_SCRIPT, { NULL } },
	{ "iso8859*", LABEL_LATIN, { NULL } },
	{ "windows874", LABEL_SCRIPT, { "CP874" } },
	{ "windows31j", LABEL_PAIRS, SHIFTED },
	{ "windows936", LABEL_PAIRS, CHINESE },
	{ "windows949", LABEL_PAIRS, KOREAN },
	{ "windows1251", LABEL_SCRIPT, { NULL } },
	{ "windows1253", LABEL_SCRIPT, { NULL } },
	{ "windows1255", LABEL_SCRIPT, { NULL } },
	{ "windows1256", LABEL_SCRIPT, { NULL } },
	{ "windows125*", LABEL_LATIN, { NULL } },
	{ "cp1251", LABEL_SCRIPT, { NULL } },
	{ "cp1253", LABEL_SCRIPT, { NULL } },
	{ "cp1255", LABEL_SCRIPT, { NULL } },
	{ "cp1256", LABEL_SCRIPT, { NULL } },
	{ "cp125*", LABEL_LATIN, { NULL } },
	{ "koi8*", LABEL_SCRIPT, { NULL } },
	{ "xmacroman", LABEL_LATIN, { "MACINTOSH" } },
	{ "xmaccyrillic", LABEL_SCRIPT, { "MAC-CYRILLIC" } },
	{ "xmacce", LABEL_LATIN, { "MAC-CENTRALEUROPE" } },
	{ "gb2312*", LABEL_PAIRS, CHINESE },
	{ "csgb2312", LABEL_PAIRS, CHINESE },
	{ "gbk", LABEL_PAIRS, CHINESE },
	{ "xgbk", LABEL_PAIRS, CHINESE },
	{ "cp936", LABEL_PAIRS, CHINESE },
	{ "ms936", LABEL_PAIRS, CHINESE },
	{ "euccn", LABEL_PAIRS, CHINESE },
	{ "gb18030", LABEL_PAIRS, CHINESE },
	{ "big5", LABEL_PAIRS, TAIWANESE },
	{ "xbig5", LABEL_PAIRS, TAIWANESE },
	{ "cnbig5", LABEL_PAIRS, TAIWANESE },
	{ "csbig5", LABEL_PAIRS, TAIWANESE },
	{ "ksc5601*", LABEL_PAIRS, KOREAN },
	{ "csksc5601*", LABEL_PAIRS, KOREAN },
	{ "korean", LABEL_PAIRS, KOREAN },
	{ "euckr", LABEL_PAIRS, KOREAN },
	{ "xwindows949", LABEL_PAIRS, KOREAN },
	{ "shiftjis", LABEL_PAIRS, SHIFTED },
	{ "sjis", LABEL_PAIRS, SHIFTED },
	{ "xsjis", LABEL_PAIRS, SHIFTED },
	{ "mskanji", LABEL_PAIRS, SHIFTED },
	{ "csshiftjis", LABEL_PAIRS, SHIFTED },
	{ "xmscp932", LABEL_PAIRS, SHIFTED },
	{ "cp932", LABEL_PAIRS, SHIFTED },
	{ "eucjp", LABEL_PAIRS, EXTENDED },
	{ "xeucjp", LABEL_PAIRS, EXTENDED },
	{ "iso2022jp", LABEL_DISGUISED, ESCAPED },
	{ "iso2022jp1", LABEL_DISGUISED, ESCAPED },
	{ "iso2022jp2", LABEL_DISGUISED, ESCAPED },
	{ "iso2022jp3", LABEL_DISGUISED, ESCAPED_2000 },
	{ "iso2022jp2004", LABEL_DISGUISED, ESCAPED_2000 },
	{ "iso2022jpms", LABEL_DISGUISED, ESCAPED_MS },
	{ "cp5022*", LABEL_DISGUISED, ESCAPED_MS },
	{ "csiso2022jp", LABEL_DISGUISED, ESCAPED },
	{ "csiso2022*", LABEL_DISGUISED, { NULL } },
	{ "iso2022*", LABEL_DISGUISED, { NULL } },
	{ "utf16", LABEL_DISGUISED, { LABEL_UTF_16 } },
	{ "ucs2", LABEL_DISGUISED, { LABEL_UTF_16 } },
	{ "iso10646ucs2", LABEL_DISGUISED, { LABEL_UTF_16 } },
	{ "unicode", LABEL_DISGUISED, { LABEL_UTF_16 } },
	{ "csunicode", LABEL_DISGUISED, { LABEL_UTF_16 } },
	{ "utf32", LABEL_DISGUISED, { LABEL_UTF_32 } },
	{ "ucs4", LABEL_DISGUISED, { LABEL_UTF_32 } },
	{ "iso10646ucs4", LABEL_DISGUISED, { LABEL_UTF_32 } },
	{ "unicode11utf7", LABEL_DISGUISED, { "UTF-7" } },
	{ "utf7*", LABEL_DISGUISED, { NULL } },
	{ "hz*", LABEL_DISGUISED, { NULL } },
};

/* Converters that compose a letter and the mark behind it. */
static const char *const composing[] = { "windows1255", "cp1255", "mshebr",
	"windows1258", "cp1258", "tcvn*" };

/* What stands around a name: charset="'utf-8'", charset=utf-8; */
static void
clean_name(const char *text, char *name)
{
	static const char around[] = " \t\"';,";
	size_t length;

	text += strspn(text, around);
	length = strlen(text);
	while (length > 0 && strchr(around, text[length - 1]) != NULL)
		length--;
	if (length > LABEL_MAX)
		length = 0;
	memcpy(name, text, length);
	name[length] = '\0';
}

/* No path and no //SUFFIX, which iconv_open() would take for more. */
static bool
is_name(const char *name)
{
	for (const char *at = name; *at != '\0'; at++)
		if (!g_ascii_isalnum(*at) && strchr("-_.:+()", *at) == NULL)
			return false;
	return *name != '\0';
}

static void
simplify(const char *name, char *simple)
{
	for (; *name != '\0'; name++)
		if (g_ascii_isalnum(*name))
			*simple++ = g_ascii_tolower(*name);
	*simple = '\0';
}

static bool
fits(const char *simple, const char *pattern)
{
	size_t length = strlen(pattern);

	if (pattern[length - 1] == '*')
		return strncmp(simple, pattern, length - 1) == 0;
	return strcmp(simple, pattern) == 0;
}

static const struct row *
find_row(const char *simple)
{
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		if (fits(simple, rows[i].name))
			return &rows[i];
	return NULL;
}

static bool
is_composing(const char *simple)
{
	for (size_t i = 0; i < G_N_ELEMENTS(composing); i++)
		if (fits(simple, composing[i]))
			return true;
	return false;
}

/* Converts a few bytes; false when they are none of the charset. */
static bool
try_bytes(iconv_t converter, const char *bytes, size_t length, GString *out)
{
	char text[512], *in = (char *)bytes, *at = text;
	size_t room = sizeof text;
	bool fine;

	iconv(converter, NULL, NULL, NULL, NULL);
	fine = iconv(converter, &in, &length, &at, &room) != (size_t)-1;
	fine = iconv(converter, NULL, NULL, &at, &room) != (size_t)-1 && fine;
	g_string_truncate(out, 0);
	g_string_append_len(out, text, at - text);
	return fine;
}

/* The kind of a charset that no row speaks of, by what it makes of ASCII and
 * of two bytes that are one character of UTF-8. */
static enum label_kind
probe(const char *name)
{
	static const char pair[] = "\xc4\xa3";
	iconv_t converter = iconv_open("UTF-8", name);
	g_autoptr(GString) ascii = g_string_new("\t\n\r");
	g_autoptr(GString) text = g_string_new(NULL);
	enum label_kind kind = LABEL_SCRIPT;

	if (converter == (iconv_t)-1)
		return LABEL_LATIN;
	for (char c = ' '; c <= '~'; c++)
		g_string_append_c(ascii, c);
	if (!try_bytes(converter, ascii->str, ascii->len, text) ||
	    !g_string_equal(ascii, text))
		kind = LABEL_DISGUISED;
	else if (try_bytes(converter, pair, strlen(pair), text) &&
		 g_utf8_strlen(text->str, (gssize)text->len) == 1)
		kind = LABEL_PAIRS;
	iconv_close(converter);
	return kind;
}

void
label_read(struct label *label, const char *text)
{
	char simple[LABEL_MAX + 1];
	const struct row *row;

	*label = (struct label){ .kind = LABEL_LATIN };
	if (text == NULL)
		return;
	clean_name(text, label->name);
	if (!is_name(label->name)) {
		label->name[0] = '\0';
		return;
	}
	simplify(label->name, simple);
	row = find_row(simple);
	label->kind = row != NULL ? row->kind : probe(label->name);
	label->steps = is_composing(simple);
	if (row != NULL)
		memcpy(label->charsets, row->charsets, sizeof row->charsets);
	if (label->charsets[0] == NULL)
		label->charsets[0] = label->name;
}
