/* SPDX-License-Identifier: MIT */
/*
 * Members say what the members of a Mandrill request may be, one row each.
 */
#ifndef SIMULATE_MEMBERS_H
#define SIMULATE_MEMBERS_H

#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>

enum member_shape {
	MEMBER_STRING,
	MEMBER_NAME,  /* a string that may not be null, as others may */
	MEMBER_EMAIL, /* a bare address */
	MEMBER_BOOL,
	MEMBER_DATE,    /* YYYY-MM-DD HH:MM:SS */
	MEMBER_STRINGS, /* a list of strings */
	MEMBER_EMAILS,  /* a list of bare addresses */
	MEMBER_OBJECT,  /* with members of its own */
	MEMBER_OBJECTS, /* a list of such */
	MEMBER_MAP,     /* an object of any names */
	MEMBER_HEADERS, /* the same; a list is ignored without a word */
	MEMBER_TYPE,    /* to, cc or bcc */
	MEMBER_IMAGE,   /* a media type image/... */
	MEMBER_TAGS,    /* strings of up to 50 bytes, none beginning with _ */
};

struct member {
	const char *name;
	enum member_shape shape;
	bool required;
	unsigned
	    most; /* characters of a string, bytes of a map as JSON; 0: any */
	const struct member *inside; /* rows, ending with an empty one */
};

/* Walks an object along rows that end with an empty one.  What Mandrill puts
 * behind "Validation error: " for the first thing it refuses, or NULL; what it
 * ignores in silence is added to notes. */
char *members_check(
    const struct member *rows, struct json_object *object, GPtrArray *notes);

#endif
