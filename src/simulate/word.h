/* SPDX-License-Identifier: MIT */
/*
 * The words faults are written in: a row each.
 */
#ifndef SIMULATE_WORD_H
#define SIMULATE_WORD_H

#include "fault.h"

/* What stands behind the = of a word. */
enum word_argument {
	WORD_NONE,
	WORD_NUMBER,  /* must be there */
	WORD_DEFAULT, /* a number that may be left out */
	WORD_TEXT,    /* must be there */
	WORD_CODE,    /* 400 to 599 */
	WORD_STATUS,  /* 200 to 599 */
};

struct word {
	const char *name;
	enum fault_word word;
	int kinds; /* enum fault_kind */
	enum word_argument argument;
	uint64_t number; /* when it is left out */
	const char *help;
};

/* The row of that name, with or without lookup- or probe- before it, and the
 * moments (enum fault_moment) it is chosen at; NULL and error that tells what
 * is known. */
const struct word *word_find(
    const char *name, int kind, int *moments, GError **error);

/* A page about the words, for --help: a line each. */
char *word_page(int kinds);

#endif
