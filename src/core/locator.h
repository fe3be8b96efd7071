/* SPDX-License-Identifier: MIT */
/*
 * The locator finds the line of every section and key of a settings file, which
 * GKeyFile does not tell, and the lines that are neither, at the first of which
 * GKeyFile would give up.  What it takes for a section or a key GKeyFile takes
 * for one too.
 */
#ifndef CORE_LOCATOR_H
#define CORE_LOCATOR_H

#include <glib.h>

enum place_kind {
	PLACE_SECTION,
	PLACE_KEY,
	PLACE_FAULT, /* a line that is nothing of what is allowed */
};

struct place {
	enum place_kind kind;
	unsigned line;     /* from 1 */
	char *section;     /* or that of the key; without needless blanks */
	char *key;         /* of a key */
	const char *fault; /* what is wrong, and what to do */
};

struct locator {
	GArray *places; /* struct place, in the order of the file */
	char *clean;    /* the text for GKeyFile: sections named as above, lines
			 * at fault left out */
};

/* text is UTF-8. */
struct locator *locator_new(const char *text);
void locator_free(struct locator *locator);

#endif
