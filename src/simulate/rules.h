/* SPDX-License-Identifier: MIT */
/*
 * Rules say what the fields of a Mailgun request may be, one row a field.
 */
#ifndef SIMULATE_RULES_H
#define SIMULATE_RULES_H

#include "piece.h"

/* What a field holds. */
enum shape {
	SHAPE_TEXT,
	SHAPE_PEOPLE,   /* addresses, with names or without */
	SHAPE_FILE,     /* a file part */
	SHAPE_ON,       /* yes */
	SHAPE_YES,      /* yes no true false */
	SHAPE_HTMLONLY, /* those, or htmlonly */
	SHAPE_DATE,     /* RFC 5322, or seconds since 1970 */
	SHAPE_WITHIN,   /* 5m to 24h: 1h30m */
	SHAPE_HOURS,    /* 24h to 72h */
	SHAPE_ZONE,     /* HH:mm or hh:mmaa */
	SHAPE_TAG,      /* ASCII, up to 128 bytes */
	SHAPE_SELECTOR, /* domain/selector */
	SHAPE_JSON,     /* an object */
	SHAPE_HEADER,   /* h:NAME, NAME in ASCII */
};

struct rule {
	const char *name; /* ending with : what begins so */
	enum shape shape;
	unsigned at_most; /* times; 0: any */
	bool required;
};

/* Walks the parts along rows that end with an empty one.  The provider's text
 * of the first thing it refuses, or NULL; what it takes in silence but nobody
 * meant (a field it does not know, a second value) is added to notes. */
char *rules_check(
    const struct rule *rules, const GPtrArray *parts, GPtrArray *notes);

#endif
