/* SPDX-License-Identifier: MIT */
/*
 * The files of src/status/web as they are, in the program: made when it is
 * built.
 */
#ifndef STATUS_WEB_FILES_H
#define STATUS_WEB_FILES_H

#include <stddef.h>

struct web_file {
	const char *name; /* "app.js" */
	const char *type; /* of its content */
	const char *etag; /* of its bytes, with its quotes */
	const unsigned char *bytes;
	size_t length;
};

/* In the order of their names, ending with one without. */
extern const struct web_file web_files[];

#endif
