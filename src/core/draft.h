/* SPDX-License-Identifier: MIT */
/*
 * A draft is what the sources say, section by section and key by key, before
 * any value is read: it knows which keys there are and which source wins.
 * While one config is read, on one thread.
 */
#ifndef CORE_DRAFT_H
#define CORE_DRAFT_H

#include "rows.h"
#include "told.h"

/* Later ones win. */
enum draft_source {
	DRAFT_FILE,
	DRAFT_ENVIRONMENT,
};

/* What a source says of a key. */
struct draft_entry {
	const struct setting *row; /* the first form that has this key */
	char *raw;                 /* as written: for messages */
	char *text;                /* what it comes to; NULL: at fault */
	char *origin;              /* file:line, or variable */
	enum draft_source source;
	bool is_path; /* raw is the path of a file with the secret */
};

struct draft_section {
	char *kind;
	char *title;              /* NULL: nameless */
	char *name;               /* "provider mailgun" */
	char *origin;             /* NULL: no source has it */
	bool broken;              /* what it lacks was said already */
	enum draft_source source; /* that had it first */
	GPtrArray *entries;       /* struct draft_entry */
};

struct draft {
	const struct rows *rows; /* borrowed */
	char *const *environment;
	GPtrArray *sections; /* struct draft_section; nameless ones first */
	GPtrArray *errors;   /* char, borrowed */
	struct told *told;   /* what they are about */
	GPtrArray *meant;    /* char *: names of sections that others, which
			      * cannot be, are taken to mean */
	GPtrArray *files;    /* char *: that secrets are read from */
	bool shapeless;      /* not even the sections are known: some line or
			      * variable says nothing */
};

/* What a source gives; copied. */
struct draft_given {
	const char *key;
	const char *text;
	const char *origin;
	enum draft_source source;
};

struct draft *draft_new(
    const struct rows *rows, char *const *environment, GPtrArray *errors);
void draft_free(struct draft *draft);

/* Adds an error: "ORIGIN: TEXT". */
void draft_fault(struct draft *draft, const char *origin, const char *format,
    ...) G_GNUC_PRINTF(3, 4);

/* The section of this name; NULL: there is none yet. */
struct draft_section *draft_find(const struct draft *draft, const char *name);

/* Adds the section; NULL (and an error added) when there may be none of that
 * name. */
struct draft_section *draft_add(struct draft *draft, const char *name,
    const char *origin, enum draft_source source);

/* After the last draft_add(): adds the sections that were meant and are not
 * there, broken, so that what refers to them is not at fault as well. */
void draft_complete(struct draft *draft);

/* Takes what a source gives for a key of the section; adds an error when there
 * is no such key, or it has been given already. */
void draft_set(struct draft *draft, struct draft_section *section,
    const struct draft_given *given);

/* What is given for the key; NULL: nothing. */
const struct draft_entry *draft_get(
    const struct draft_section *section, const char *key);

/* True when the section is of the one kind that is read (NULL: of any). */
bool draft_is_wanted(const struct draft_section *section, const char *only);

/* Makes the text of every entry of the sections that are wanted: ${NAME}
 * replaced, files with secrets read, secrets hidden from the log.  Adds an
 * error for each that has none. */
void draft_resolve(struct draft *draft, const char *only);

#endif
