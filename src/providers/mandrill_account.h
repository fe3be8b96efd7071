/* SPDX-License-Identifier: MIT */
/* The Mandrill account as its settings have it; immutable after open(). */
#ifndef PROVIDERS_MANDRILL_ACCOUNT_H
#define PROVIDERS_MANDRILL_ACCOUNT_H

#include "provider.h"

struct mandrill_account {
	const char *key;
	bool lookup; /* it may be asked whether it has a mail */
	struct verdict_table *errors, *pages;
};

/* The name under which each mail's metadata has our id. */
#define MANDRILL_ACCOUNT_METADATA "postferry_id"

#endif
