/* SPDX-License-Identifier: MIT */
/*
 * The extra fields are the header fields that a request carries by name, beside
 * From, To, Cc and Subject, which have places of their own.  Any thread.
 */
#ifndef PROVIDERS_EXTRA_H
#define PROVIDERS_EXTRA_H

#include "mail/delivery.h"

struct extra {
	char *name;  /* ASCII */
	char *value; /* UTF-8, one line, no control characters */
};

/* struct extra *: Message-Id, Date, Sender and Reply-To first, then what the
 * guise adds, then the others in the mail's order; of those that repeat the
 * first, since an API takes one value for a name.  Those in `omit` (as struct
 * raw_options has it) are left out; NULL: none. */
GPtrArray *extra_read(const struct delivery *delivery, const char *const *omit);

#endif
