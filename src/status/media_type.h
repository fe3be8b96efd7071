/* SPDX-License-Identifier: MIT */
/* A media type is what a Content-Type says (RFC 9110 8.3.1).  Pure. */
#ifndef STATUS_MEDIA_TYPE_H
#define STATUS_MEDIA_TYPE_H

#include <stdbool.h>

/* True when the field, which may be NULL, names that type, whatever its
 * parameters are. */
bool media_type_is(const char *field, const char *type);

#endif
