/* SPDX-License-Identifier: MIT */
/*
 * A notice is an alarm with texts of its own, on its way to whoever is to know.
 * Plain data.
 */
#ifndef ALARM_NOTICE_H
#define ALARM_NOTICE_H

#include "alarm.h"
#include <glib.h>

struct notice {
	char *kind, *subject;
	char *group; /* NULL: none */
	bool over;
	int64_t since_ms;    /* wall clock */
	char *text, *advice; /* advice NULL: there is none */
	unsigned left_out;   /* others before it of which nobody was told */
};

/* Texts are copied, each made one printable line. */
struct notice *notice_new(const struct alarm *alarm);
struct notice *notice_copy(const struct notice *notice);
/* NULL is fine. */
void notice_free(struct notice *notice);

/* The object that commands and URLs get, one line with its end.  New string. */
char *notice_json(const struct notice *notice, const char *hostname);

#endif
