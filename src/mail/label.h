/* SPDX-License-Identifier: MIT */
/*
 * What the label of a charset means: what writers put there is often a smaller
 * charset than the one they wrote in, spelt in a way of their own.  Any thread.
 */
#ifndef MAIL_LABEL_H
#define MAIL_LABEL_H

#include <stdbool.h>
#include <stddef.h>

/* How text of the charset looks to who takes it for UTF-8. */
enum label_kind {
	LABEL_LATIN,     /* ASCII is ASCII; valid UTF-8 hardly by chance */
	LABEL_SCRIPT,    /* ASCII is ASCII; a word of another script than Latin
			  * can look like UTF-8 of quite another one */
	LABEL_PAIRS,     /* ASCII is ASCII; two bytes of a character can look
			  * like UTF-8 */
	LABEL_DISGUISED, /* even what looks like ASCII is something else */
};

#define LABEL_CHARSETS 3
#define LABEL_MAX      40 /* bytes of a name that iconv is asked for */

struct label {
	enum label_kind kind;
	/* for iconv_open(), to be tried in turn; NULL: no more */
	const char *charsets[LABEL_CHARSETS];
	bool steps;               /* one byte at a time: the converter would
				   * put two characters together into one */
	char name[LABEL_MAX + 1]; /* as it was given, cleaned */
};

/* Where these stand the order of the bytes is to be seen by a byte order mark,
 * or guessed. */
#define LABEL_UTF_16 "UTF-16"
#define LABEL_UTF_32 "UTF-32"

/* Reads the label, which is not to be copied; NULL or nonsense: no charset at
 * all. */
void label_read(struct label *label, const char *text);

/* For ISO-2022-JP as it is written, which iconv does not know: charsets[] has
 * this, and the bytes want to be turned into those of LABEL_JIS_CARRIER. */
#define LABEL_JIS         "ISO-2022-JP-MS"
#define LABEL_JIS_CARRIER "EUC-JP-MS"

#endif
