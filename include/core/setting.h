/* SPDX-License-Identifier: MIT */
/*
 * Settings are what the user writes.  A table of forms (struct setting) says
 * for every key what it may hold: the reader (config.h), `postferry settings`,
 * the manual page and the full example are all made from it.  Immutable; any
 * thread.
 */
#ifndef CORE_SETTING_H
#define CORE_SETTING_H

#include <stdbool.h>
#include <stdint.h>

enum setting_type {
	SETTING_STRING,    /* any text */
	SETTING_NUMBER,    /* a whole number */
	SETTING_SIZE,      /* bytes: 25000000, 64k, 25m (powers of 1024) */
	SETTING_DURATION,  /* 500ms, 30s, 5m, 1h, 2d; read as milliseconds */
	SETTING_DURATIONS, /* some of these separated by commas, at least one;
			    * the range holds for each */
	SETTING_BOOL,      /* yes or no (true, false, on, off, 1, 0 too) */
	SETTING_CHOICE,    /* one of `choices` */
	SETTING_LIST,      /* names separated by commas, at least one */
	SETTING_NETWORKS,  /* networks separated by commas (network.h) */
	SETTING_ENDPOINT,  /* an address to listen on (network.h) */
	SETTING_URL,       /* scheme://host[:port]; https, http to loopback */
	SETTING_HOST,      /* a host name or an address literal */
	SETTING_DOMAIN,    /* a mail domain, as the user wrote it */
	SETTING_PATH,      /* an absolute path */
	SETTING_SECRET,    /* text never shown; KEY_file reads it from a file */
};

/* One form: a row of the table. */
struct setting {
	const char *section; /* server, listener, provider, route, ... */
	const char *key;
	enum setting_type type;
	const char *fallback; /* as a user would write it; NULL: no default */
	int64_t min, max;     /* of numbers, sizes, durations; 0, 0: no range */
	const char *choices;  /* of a choice: "queued|delivered" */
	const char *only;     /* provider type it belongs to; NULL: any */
	bool required;
	const char *help; /* one sentence for the manual */
};

/* What a person calls the type: "duration", "yes or no". */
const char *setting_type_text(enum setting_type type);

/* A value of the form that could stand in a file, of a secret the path of its
 * file: for messages.  Free with g_free(). */
char *setting_example(const struct setting *setting);

/* Writes a number of the form's type as a user would: "90s" is 90000 of a
 * duration, "64k" 65536 of a size.  Free with g_free(). */
char *setting_print_number(const struct setting *setting, int64_t number);

#endif
