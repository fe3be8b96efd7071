/* SPDX-License-Identifier: MIT */
/*
 * A finding is what `postferry doctor` says of one thing: that it is as it
 * should be, or what to do.  The main thread.
 */
#ifndef FINDING_H
#define FINDING_H

#include <glib.h>

enum finding_level {
	FINDING_OK,
	FINDING_WARN, /* it works, and somebody should look at it */
	FINDING_FAIL, /* mail is not taken, not sent, or not safe */
};

struct finding {
	enum finding_level level;
	char *subject; /* "listener local" */
	char *text;    /* what was seen */
	char *advice;  /* what to do; NULL: nothing */
};

/* A list of struct finding *. */
GPtrArray *findings_new(void);

/* Appends one; text is taken over, subject and advice (NULL: none) are copied.
 */
void findings_add(GPtrArray *findings, enum finding_level level,
    const char *subject, const char *advice, char *text);

/* The worst of them. */
enum finding_level findings_worst(const GPtrArray *findings);

/* Prints a line each, with the advice below it, or one JSON object. */
void findings_print(const GPtrArray *findings);
void findings_print_json(const GPtrArray *findings);

#endif
