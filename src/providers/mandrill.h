/* SPDX-License-Identifier: MIT */
/* What Mandrill's translator knows of its account; immutable after open(). */
#ifndef PROVIDERS_MANDRILL_H
#define PROVIDERS_MANDRILL_H

#include "provider.h"

struct mandrill {
	const char *key;
	bool lookup; /* it may be asked whether it has a mail */
	struct verdict_table *errors, *pages;
};

/* The name under which each mail's metadata has our id. */
#define MANDRILL_METADATA "postferry_id"

#endif
