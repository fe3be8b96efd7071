/* SPDX-License-Identifier: MIT */
/*
 * The pictures that the HTML of a mail shows by their Content-ID (RFC 2392),
 * put into it as data: URLs (RFC 2397), for nothing else may be loaded for it.
 * Any thread that may read the disk.
 */
#ifndef STATUS_PICTURES_H
#define STATUS_PICTURES_H

#include "mail/parts.h"

/* The type as browsers know it, of a picture that holds no script; NULL: it is
 * none. */
const char *pictures_type(const struct parts_one *one);

/* The HTML with what it refers to; what is no such picture, or too large,
 * stays as it is.  New. */
GString *pictures_embed(GBytes *html, const struct spool *spool,
    const struct parts *parts, const struct spool_place *place);

#endif
